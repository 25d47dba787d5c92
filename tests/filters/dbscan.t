# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;
use Cluster;
use Songpipe;
use Test::More;

sub clusters { return join ' ', map { $_->{cluster} // 'nil' } @_ }
sub cores { return join '', map { $_->{core} ? 1 : 0 } @_ }

# Two runs of four points, a border point between them, one far away.
my $line = "id,p\n" . join '', map { "p$_,$_\n" } 0, 0.5, 1, 1.5, 3, 4.5, 5, 5.5, 6, 50;
my @r = records('from-csv --id id | dbscan --eps 1.5 -m 4', $line);
is(clusters(@r), '0 0 0 0 0 1 1 1 1 -1', 'a border point joins the first cluster that reaches it');
is(cores(@r), '1111011110', 'cores have four within 1.5, just 1.5 counts');
my ($status, $out, $err) = run('from-csv --id id | dbscan --eps 0.1 -m 3', $line);
is($status, 0, 'all noise is a result');
like($err, qr/all 10 are noise.*--kdist.*hdbscan/, 'and pointed out');
(undef, undef, $err) = run('from-csv --id id | dbscan --eps 40 -m 4', $line);
like($err, qr/one cluster of 9.*--kdist.*hdbscan/, 'so is one cluster');
@r = records('from-csv --id id | dbscan --kdist -m 2', $line);
near_all([map { $_->{kdist} } @r], [(0.5) x 8, 1.5, 44], 0, 1e-12, 'sorted distances to the second, itself counted');
(undef, undef, $err) = run('from-csv --id id | dbscan --eps auto -m 2', $line);
like($err, qr/eps is 1\.5, the knee/, 'the knee is the last before the jump');

@r = records('from-json | dbscan --metric cosine --eps 0.01 -m 2',
    join '', map { qq({"id":"$_->[0]","x":[$_->[1]]}\n) } ['a', '1,0'], ['b', '5,0.1'], ['c', '0,2'], ['d', '0.01,1'], ['e', '-1,0']);
is(clusters(@r), '0 0 1 1 -1', 'cosine does not look at lengths');
@r = records('from-json | dbscan --eps 1e30 -m 2', qq({"id":"a","x":[1e30]}\n{"id":"b","x":[1.5e30]}\n{"id":"c","x":[9e30]}\n));
is(clusters(@r), '0 0 -1', 'numbers whose squares are too large for a float');
@r = records('from-json | dbscan -o k --eps 1 -m 1', qq({"id":"a","x":[1]}\n{"id":"b","x":null}\n));
is_deeply([map { [$_->{k}, exists $_->{'k.core'} ? 1 : 0] } @r], [[0, 1], [undef, 1]], 'side field under -o; nil stays nil');
refuses(2, qr/--eps 'x' is neither a number above 0 nor auto/, 'dbscan --eps x');
refuses(6, qr/1 vectors are too few for 5-distances/, q(from-json | dbscan --kdist), qq({"id":"a","x":[1]}\n), 1);

for (sets(qw(blobs moons dups gtzan))) {
    my ($set, $dir) = @$_{qw(name dir)};
    runs("from-npy $dir/x.npy > $tmp/x.sp");
    my @labels = csv("$dir/dbscan_labels.csv");
    for my $case (csv("$dir/dbscan.csv")) {
        my $name = $case->{case};
        my @got = records("dbscan -q --eps $case->{eps} --min-samples $case->{min_samples} $tmp/x.sp");
        is_deeply([map { $_->{cluster} } @got], [map { $_->{$name} } @labels], "$set $name: labels");
        is(cores(@got), join('', map { $_->{"${name}_core"} } @labels), "$set $name: cores");
    }
    my ($want) = npy("$dir/dbscan_kdist5.npy");
    near_all([map { $_->{kdist} } records("dbscan --kdist -m 5 $tmp/x.sp")], $want, 1e-9, 1e-10, "$set: kdist");
}

# --eps A:B: 20 values, each as if it were run alone and scored by metrics, which is held against scikit-learn.
my ($set) = sets('blobs');
runs("from-npy $set->{dir}/x.npy > $tmp/x.sp");
my $whole = runs("dbscan -q --no-history --eps 1:6 --scan $tmp/scan.sp $tmp/x.sp");
my @scan = records("cat $tmp/scan.sp");
near_all([map { $_->{eps} } @scan], [map { 6 ** ($_ / 19) } 0 .. 19], 1e-12, 1e-12, '20 values in a geometric row');
my @clusters;
for my $row (@scan) {
    my @got = records(sprintf "dbscan -q --eps %.17g $tmp/x.sp", $row->{eps});
    my %count;
    $count{$_->{cluster}}++ for @got;
    near_all([$row->{noise}], [($count{-1} // 0) / @got], 1e-12, 0, "eps $row->{eps}: the share of noise");
    delete $count{-1};
    is($row->{clusters}, keys %count, "eps $row->{eps}: clusters");
    push @clusters, scalar keys %count;
    my ($m) = records(sprintf "dbscan -q --eps %.17g $tmp/x.sp | metrics", $row->{eps});
    near_all([map { $_ // -9 } @$row{qw(silhouette calinski_harabasz davies_bouldin)}], [map { $_ // -9 } @$m{qw(silhouette calinski_harabasz davies_bouldin)}], 1e-9, 1e-9, "eps $row->{eps}: scores");
}
my ($best) = sort { $scan[$b]{silhouette} <=> $scan[$a]{silhouette} || $a <=> $b } grep { $clusters[$_] > 1 } 0 .. 19;
is($clusters[$best], 5, 'five blobs');
is($whole, runs(sprintf "dbscan -q --no-history --eps %.17g $tmp/x.sp", $scan[$best]{eps}), 'the output is that of the best silhouette');
($status, $out, $err) = run("dbscan --eps 1:6 $tmp/x.sp");
like($err, qr/^dbscan: eps = [\d.]+ is the best: silhouette 0\.\d+$/m, 'which is said');
is(runs("dbscan -q -j 1 --eps 1:6 $tmp/x.sp"), runs("dbscan -q -j 3 --eps 1:6 $tmp/x.sp"), 'for any -j');
like((run("dbscan --eps 10:20 $tmp/x.sp"))[2], qr/^dbscan: no eps from 10 to 20 gives two clusters: taking the first$/m, 'one cluster is no choice');
is(runs("dbscan -q --eps 1:2 --no-history", runs("sp-match id eq none $tmp/x.sp")), runs("sp-match --no-history id eq none $tmp/x.sp"), 'no vectors');
refuses(2, qr/--eps '$_' is neither a number above 0 nor auto, nor two as in 0.5:2, the smaller one first/, "dbscan --eps $_") for qw(2:1 1:1 0:1 1: :1 1:2:3 A:B x:y);
refuses(2, qr/--scan needs a range, as in --eps 0.5:2/, "dbscan --eps 1 --scan $tmp/s.sp $tmp/x.sp");
refuses(2, qr/either --kdist or --scan|--kdist/, "dbscan --eps 1:2 --kdist --scan $tmp/s.sp $tmp/x.sp");

# Of more than 100 000 vectors.
finds_cubes('dbscan --eps auto');
done_testing;
