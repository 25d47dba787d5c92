# SPDX-License-Identifier: GPL-3.0-or-later
# -k A:B of every clusterer: each k as if it were run alone and scored by metrics; the best of each score.
use strict;
use warnings;
use Cluster;
use Songpipe;
use Stream;
use Test::More;

my @scores = qw(silhouette calinski_harabasz davies_bouldin);
my @clusterers = ('kmeans', 'agglo', 'agglo --linkage average', 'agglo --connectivity knn:10', 'spectral', 'spectral --affinity knn --labels discretize');
my ($set) = sets('blobs');
my $blobs = rows_sp("$set->{dir}/x.npy", "$tmp/blobs.sp");
for my $c (@clusterers) {
    my $whole = runs("$c --no-history -k 2:7 --scan $tmp/scan.sp $blobs");
    is($whole, runs("$c --no-history -k 5 $blobs"), "$c: a scan finds five blobs");
    is($whole, runs("$c --no-history -k 2:7 --by $_ $blobs"), "$c: by $_, too") for @scores[1, 2];
    my @scan = records("cat $tmp/scan.sp");
    is_deeply([map { $_->{k} } @scan], [2 .. 7], "$c: every k");
    for my $row (@scan) {
        my ($m) = records("$c -q -k $row->{k} $blobs | metrics");
        near_all([@$row{@scores}], [@$m{@scores}], 1e-9, 1e-9, "$c: k $row->{k} as metrics scores it");
    }
    my ($name) = $c =~ /^(\w+)/;
    like((run("$c -k 2:7 $blobs"))[2], qr/^$name: k = 5 is the best: silhouette 0\.\d+$/m, "$c: says which");
    is(runs("$c -q -j 1 -k 3:6 $blobs"), runs("$c -q -j 3 -k 3:6 $blobs"), "$c: a scan for any -j");
    refuses(6, qr/300 vectors cannot make 301 clusters/, "$c -k 299:301 $blobs");
    refuses(2, qr/--scan needs a range/, "$c -k 2 --scan $tmp/scan.sp $blobs");
}

# What kmeans has beside: the inertia, its knee, steps.
is(runs("kmeans -q -k 2:7 --by inertia-knee --no-history --scan $tmp/scan.sp $blobs"), runs("kmeans -q --no-history -k 5 $blobs"), 'the knee');
for my $row (records("cat $tmp/scan.sp")) {
    runs("kmeans -q -k $row->{k} --save $tmp/m.sp $blobs");
    is_deeply([@$row{qw(inertia n_iter)}], [@{ model("$tmp/m.sp")->{config} }{qw(inertia n_iter)}], "k $row->{k}: inertia, steps");
    is_deeply([sort keys %$row], [sort @scores, qw(id k inertia n_iter converged)], 'and no more');
}
refuses(2, qr/--by 'inertia-knee' is not one of/, "agglo -k 2:3 --by inertia-knee $blobs");
runs("agglo -q -k 2:3 --scan $tmp/scan.sp $blobs");
is_deeply([sort keys %$_], [sort @scores, qw(id k)], 'a tree has neither') for records("cat $tmp/scan.sp");

# Nothing to choose by.
my $alike = stream({}, map { record($_, x => vec(1, 2)) } 1 .. 4);
my ($status, $out, $err) = run("kmeans -k 1:3 --scan $tmp/scan.sp", $alike);
is($status, 0, 'nothing to choose by');
like($err, qr/no k from 1 to 3 has a score: taking the first/, 'is said');
is_deeply([map { [@$_{qw(inertia silhouette)}] } records("cat $tmp/scan.sp")], [[0, undef], [0, undef], [0, undef]], 'and nil');
refuses(4, qr/not enough memory for the silhouette/, "agglo -k 2:3 --max-memory 60000 $blobs");

done_testing;
