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
done_testing;
