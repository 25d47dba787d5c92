# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;
use Cluster;
use Songpipe;
use Test::More;

# Points on a line at 0, 1, 4, 9, 20. Single linkage joins at the gaps 1, 3, 5, 11; complete
# at 1, 4, 9, 20; average by hand: {0,1} 1, +4: 3.5, +9: (9+8+5)/3, +20: (20+19+16+11)/4.
# Ward: sqrt(2 ab / (a + b)) times the distance of the means.
my $line = "id,p\na,0\nb,1\nc,4\nd,9\ne,20\n";
my %heights = (
    single => [1, 3, 5, 11],
    complete => [1, 4, 9, 20],
    average => [1, 3.5, 22 / 3, 66 / 4],
    ward => [1, sqrt(4 / 3) * 3.5, sqrt(6 / 4) * (9 - 5 / 3), sqrt(8 / 5) * (20 - 3.5)],
);
for my $linkage (sort keys %heights) {
    my @r = records("from-csv --id id | agglo -k 2 --linkage $linkage --tree $tmp/tree.sp", $line);
    is(join(' ', map { $_->{cluster} } @r), '0 0 0 0 1', "$linkage: two clusters");
    my @tree = records("cat $tmp/tree.sp");
    near_all([map { $_->{height} } @tree], $heights{$linkage}, 1e-12, $linkage =~ /average|complete/ ? 1e-6 : 1e-12,
        "$linkage: heights");
    is(join(' ', map { "$_->{left}-$_->{right}:$_->{size}" } @tree), '0-1:2 2-5:3 3-6:4 4-7:5', "$linkage: nodes");
}
my @r = records('from-csv --id id | agglo --linkage single --distance 5', $line);
is(join(' ', map { $_->{cluster} } @r), '0 0 0 1 2', 'clusters at the distance or above stay apart');

# Among all neighbours it is plain Ward; among few, far groups are joined last.
for my $k (4, 1) {
    my @tree = (runs("from-csv --id id | agglo --connectivity knn:$k --tree $tmp/tree.sp > $tmp/out.sp", $line),
        records("cat $tmp/tree.sp"));
    shift @tree;
    near_all([map { $_->{height} } @tree], $heights{ward}, 1e-12, 1e-12, "knn:$k: heights") if $k == 4;
    is($tree[-1]{size}, 5, "knn:$k: one tree");
}
refuses(2, qr/is not knn:K/, 'agglo --connectivity 5');
refuses(2, qr/--connectivity needs --linkage=ward/, 'agglo --connectivity knn:5 --linkage single');
refuses(6, qr/5 vectors cannot make 6 clusters/, "from-csv --id id | agglo -k 6", $line, 1);
refuses(2, qr/cannot be used together/, "agglo $_ --distance 1") for '-k 2', '-k 2:3';
refuses(2, qr/starts at 0/, 'agglo -k 0:3');
refuses(4, qr/distance matrix: .* needed/,
    'from-csv --id id | agglo --linkage average --max-memory 30', $line, 1);
@r = records(q(from-json | agglo -k 1), qq({"id":"a","x":[1]}\n{"id":"b","x":null}\n));
is_deeply([map { $_->{cluster} } @r], [0, undef], 'nil is passed over');

# scipy's trees and scikit-learn's cuts.
for (sets(qw(blobs moons dups gtzan))) {
    my ($set, $dir) = @$_{qw(name dir)};
    runs("from-npy $dir/x.npy > $tmp/x.sp");
    my @labels = csv("$dir/agglo_labels.csv");
    for my $case (sort keys %{ $labels[0] }) {
        my ($linkage, $k) = $case =~ /^(\w+)_k(\d+)$/;
        my @got = records("agglo -k $k --linkage $linkage --tree $tmp/tree.sp $tmp/x.sp");
        is_deeply([map { $_->{cluster} } @got], [map { $_->{$case} } @labels], "$set $case: labels");
        my ($want) = npy("$dir/agglo_${linkage}_merges.npy");
        my @want = map { $want->[4 * $_ + 2] } 0 .. $#$want / 4;
        my @tree = records("cat $tmp/tree.sp");
        near_all([map { $_->{height} } @tree], \@want, 1e-12,
            $linkage =~ /average|complete/ ? 1e-5 : 1e-9, "$set $case: heights");
    }
}
done_testing;
