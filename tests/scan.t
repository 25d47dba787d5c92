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
    is(runs("$c -q --no-history -k 5:5 --scan $tmp/scan.sp --also stability $blobs"), $whole, "$c: a scan of one");
    my @one = records("cat $tmp/scan.sp");
    is("@{[map { $_->{k} } @one]}", 5, "$c: has its scores");
    ok($one[0]{stability} > 0.9, "$c: and how sure they are");
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

# The gap statistic and the stability: five far blobs are five, and halves of them agree; uniform rows are one.
for my $c ('kmeans', 'agglo', 'mixture --covariance spherical', 'spectral --affinity knn') {
    my ($status, $out, $err) = run("$c -k 1:7 --by gap --also stability --scan $tmp/scan.sp $blobs");
    my ($name) = $c =~ /^(\w+)/;
    like($err, qr/^$name: k = 5 is the best: gap [\d.]+$/m, "$c: the gap of five blobs");
    unlike($err, qr/stability/, "$c: the stability agrees");
    my @scan = records("cat $tmp/scan.sp");
    my @gap = map { $_->{gap} } @scan;
    ok(!(grep { $gap[$_] >= $gap[$_ + 1] - $scan[$_ + 1]{gap_s} } 0 .. 3) && $gap[4] >= $gap[5] - $scan[5]{gap_s}, "$c: by the rule of one s");
    is($scan[0]{stability}, undef, "$c: one cluster is always stable");
    my $five = runs("$c -q --no-history -k 1:7 --by stability $blobs");
    is($five, runs("$c -q --no-history -k 5 $blobs"), "$c: by the stability, and nothing is left of the draws");
    is($five, runs("$c -q -j 3 --no-history -k 1:7 --by stability $blobs"), "$c: for any -j");
    refuses(2, qr/--also 'gab' is neither gap nor stability/, "$c -k 1:7 --also gab $blobs");
    refuses(2, qr/--also needs a range/, "$c -k 2 --also gap $blobs");
}
# Far enough apart halves agree wholly; by chance they would on sum p^2 of the pairs and those that are apart in both.
my $far = stream({}, map { my $i = $_; record($i, x => vec(map { 1000 * (($i % 5) == $_) + sin($i * ($_ + 1)) } 0 .. 4)) } 0 .. 199);
runs("kmeans -q -k 5:6 --by stability --scan $tmp/scan.sp", $far);
my ($five) = records("cat $tmp/scan.sp");
near_all([$five->{stability}], [1], 1e-12, 0, 'five far blobs have stability 1');
ok($five->{stability_chance} > 0.66 && $five->{stability_chance} < 0.72, 'and 0.68 or so of the pairs would agree by chance');
my $state = 1;
my $uniform = stream({}, map { record($_, x => vec(map { $state = $state * 16807 % 2147483647; $state / 2147483647 } 1 .. 3)) } 1 .. 500);
like((run("$_ -k 1:6 --by gap", $uniform))[2], qr/k = 1 is the best: gap/, "$_: uniform rows are one cluster") for 'kmeans', 'mixture --covariance spherical';
like((run('kmeans -k 1:6 --by gap', $uniform))[2], qr/^kmeans: others choose otherwise: .*Calinski-Harabasz \d/m, 'those who choose otherwise are named');
unlike((run('kmeans -q -k 1:6 --by gap', $uniform))[2], qr/otherwise/, 'but not with -q');
is(runs("kmeans -q -k 1:4 --by gap --seed 3 --scan $tmp/a.sp $blobs; cat $tmp/a.sp"), runs("kmeans -q -k 1:4 --by gap --seed 3 --scan $tmp/a.sp $blobs; cat $tmp/a.sp"),
    'the same draws for a seed');

# Nothing to choose by.
my $alike = stream({}, map { record($_, x => vec(1, 2)) } 1 .. 4);
my ($status, $out, $err) = run("kmeans -k 1:3 --scan $tmp/scan.sp", $alike);
is($status, 0, 'nothing to choose by');
like($err, qr/no k from 1 to 3 has a score: taking the first/, 'is said');
is_deeply([map { [@$_{qw(inertia silhouette)}] } records("cat $tmp/scan.sp")], [[0, undef], [0, undef], [0, undef]], 'and nil');
refuses(4, qr/not enough memory for the silhouette/, "agglo -k 2:3 --max-memory 60000 $blobs");

done_testing;
