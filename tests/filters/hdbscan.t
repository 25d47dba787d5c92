# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;
use Cluster;
use Songpipe;
use Stream;
use Test::More;

# By hand: runs of points 1 and 0.5 apart, and one far away.
my $line = "id,p\n" . join '', map { "p$_,$_\n" } 0, 1, 2, 3, 4, 100, 100.5, 101, 101.5, 102, 400;
my @r = records('from-csv --id id | hdbscan -c 3 -m 2', $line);
is_deeply([map { $_->{cluster} } @r], [(0) x 5, (1) x 5, -1], 'two runs of unlike density, and noise');
near_all([map { $_->{probability} } @r], [(1) x 10, 0], 1e-12, 0, 'no point of a run is farther out than another');
near_all([map { $_->{outlier} } @r], [(0) x 10, 1 - 0.5 / 298], 1e-7, 0, 'GLOSH: the densest below the root is at 0.5');
@r = records("from-csv --id id | hdbscan -c 3 -m 2 --epsilon 97", $line);
is_deeply([map { $_->{cluster} } @r], [(0) x 5, (1) x 5, -1], 'both begin at 96: without --allow-single they stay');
@r = records("from-csv --id id | hdbscan -c 3 -m 2 --epsilon 97 --allow-single", $line);
is_deeply([map { $_->{cluster} } @r], [(0) x 10, -1], 'with it they are one');
@r = records("from-csv --id id | hdbscan -c 3 -m 2 --tree $tmp/tree.sp -o k", $line);
is_deeply([sort grep { /^k/ } keys %{ $r[0] }], [qw(k k.outlier k.probability)], 'side fields under -o');
my @tree = records("cat $tmp/tree.sp");
is_deeply([map { [@$_{qw(id parent size cluster)}] } @tree[0, 10, 11, 12]], [[0, $r[0]{k} == $tree[11]{cluster} ? 12 : 13, 1, 0], [10, 11, 1, -1],
    [12, 11, 5, $tree[11]{cluster}], [13, 11, 5, 1 - $tree[11]{cluster}]], '--tree: points, then clusters below the root');
near_all([map { $_->{height} } @tree], [(1) x 5, (0.5) x 5, 298, 96, 96], 1e-12, 0, 'and heights');
@r = records('from-json | hdbscan -c 2 --metric cosine', join '', map { qq({"id":"$_->[0]","x":[$_->[1]]}\n) }
    ['a', '1,0'], ['b', '5,0.1'], ['c', '0,2'], ['d', '0.01,1'], ['e', '0,7']);
is_deeply([map { $_->{cluster} } @r], [0, 0, 1, 1, 1], 'cosine does not look at lengths');

# What is of no use is pointed out; what cannot be is refused.
my ($status, $out, $err) = run('from-csv --id id | hdbscan -c 6', $line);
is($status, 0, 'all noise is a result');
like($err, qr/all 11 are noise: a smaller --min-cluster-size or --min-samples may find clusters; --allow-single lets all be one/, 'and pointed out');
refuses(6, qr/11 vectors cannot make a cluster of 12: give a smaller --min-cluster-size/, 'from-csv --id id | hdbscan -c 12', $line);
refuses(6, qr/11 vectors are too few for --min-samples 12/, 'from-csv --id id | hdbscan -m 12', $line);
refuses(6, qr/1 vectors cannot make a cluster of 5/, 'hdbscan', stream({}, record('a', x => vec(1))));
refuses(2, qr/--min-cluster-size/, 'hdbscan -c 1', stream({}));
is_deeply([map { $_->{cluster} } records('hdbscan -q', stream({}, map { record($_, x => vec(3, 3)) } 1 .. 9))], [(-1) x 9], 'copies part nowhere');
is_deeply([map { [@$_{qw(cluster probability outlier)}] } records('hdbscan -q --allow-single', stream({}, map { record($_, x => vec(3, 3)) } 1 .. 9))],
    [([0, 1, 0]) x 9], 'but may be one');

# scikit-learn's: partitions, probabilities, and the tree's weights. A point that joins two clusters at the height at which they
# meet is left out: there it is in either, as an unstable sort has it.
for (sets_with('hdbscan.csv', qw(blobs moons dups gtzan))) {
    my ($set, $dir) = @$_{qw(name dir)};
    runs("from-npy $dir/x.npy > $tmp/x.sp");
    my @labels = csv("$dir/hdbscan_labels.csv");
    my @probability = csv("$dir/hdbscan_probabilities.csv");
    for my $c (csv("$dir/hdbscan.csv")) {
        my @got = records("hdbscan -q -c $c->{min_cluster_size} -m $c->{min_samples} --method $c->{method} --epsilon $c->{epsilon} " .
            ($c->{allow_single} ? '--allow-single ' : '') . "--tree $tmp/tree.sp $tmp/x.sp");
        my @tree = records("cat $tmp/tree.sp");
        my %parts = map { $_->{height} => 1 } @tree[@got .. $#tree];
        my @clear = grep { !$parts{ $tree[$_]{height} } } 0 .. $#got;
        cmp_ok(@clear, '>=', 0.95 * @got, "$set $c->{case}: few points are between two");
        my (%theirs, %ours, @clash);
        for (@clear) {
            my ($l, $m) = ($got[$_]{cluster}, $labels[$_]{ $c->{case} });
            $theirs{$l} //= $m;
            $ours{$m} //= $l;
            push @clash, "$_: $l $m" if $theirs{$l} != $m || $ours{$m} != $l || ($l < 0) != ($m < 0);
        }
        is("@clash", '', "$set $c->{case}: the same clusters and noise");
        near_all([map { $got[$_]{probability} } @clear], [map { $probability[$_]{ $c->{case} } } @clear], 0, 1e-9,
            "$set $c->{case}: probabilities") if $set ne 'dups';
    }
}
for (sets_with('hdbscan_mst.npy', qw(blobs moons dups gtzan))) {
    my ($set, $dir) = @$_{qw(name dir)};
    runs("from-npy $dir/x.npy | hdbscan -q -c 2 -m 5 --tree $tmp/tree.sp > $tmp/out.sp");
    my ($want) = npy("$dir/hdbscan_mst.npy");
    my @rows = records("cat $tmp/tree.sp");
    my @points = sort { $a <=> $b } map { $_->{height} } grep { $_->{size} == 1 } @rows;
    my @heights = sort { $a <=> $b } map { $_->{height} } @rows;
    my %is = map { sprintf('%.9g', $_) => 1 } @$want;
    is(scalar(grep { !$is{ sprintf '%.9g', $_ } } @heights), 0, "$set: every height is a weight of the minimum spanning tree");
    near_all([$heights[0], $heights[-1]], [@$want[0, -1]], 1e-12, 0, "$set: from the least to the largest");
}

# Of more than 100 000 vectors.
finds_cubes('hdbscan -c 200 -m 5');
done_testing;
