# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;
use Cluster;
use Songpipe;
use Stream;
use Test::More;

sub on_line { my @x = @_; return stream({}, map { record("p$_", x => vec($x[$_]), cluster => int64($_ < 3 ? 7 : $_ == 7 ? -1 : 2)) } 0 .. $#x) }
sub odd { return [map { $_->{outlier} } @_] }

# By hand, on a line.
my $line = on_line(0, 1, 2, 10, 11, 12, 20, 50);
near_all(odd(records('outliers --method knn -k 2', $line)), [2, 1, 2, 2, 1, 2, 9, 38], 1e-12, 0, 'knn: the distance to the second');
my $centres = odd(records('outliers --method centre', $line));
near_all([@$centres[0 .. 6]], [1, 0, 1, 3.25, 2.25, 1.25, 6.75], 1e-12, 0, 'centre: the distance to the mean of the cluster');
is($centres->[7], undef, 'noise has no centre');
my $even = odd(records('outliers -k 2', on_line(map { $_ } 0 .. 9)));
near_all([@$even[3 .. 6]], [(1) x 4], 1e-9, 0, 'LOF: as dense as around its neighbours is 1');
# Reaches of 0, 1, 2, 4 with k = 1 (to 1, 0, 1, 2): 1, 1, 1, 2.
near_all(odd(records('outliers -k 1', on_line(0, 1, 2.5, 5))), [1, 1, 1.5, 2.5 / 1.5], 1e-9, 0, 'LOF by hand');
near_all(odd(records('outliers -k 2', on_line((5) x 6))), [(1) x 6], 1e-12, 0, 'copies are as dense as copies');
for my $unit (1e-20, 1e20) {
    near_all(odd(records('outliers -k 1', on_line(map { $_ * $unit } 0, 1, 2.5, 5))), [1, 1, 1.5, 2.5 / 1.5], 1e-6, 0, "LOF has no unit: $unit");
}
my @r = records('from-json | outliers --metric cosine --method knn -k 1', join '', map { qq({"id":"$_->[0]","x":[$_->[1]]}\n) }
    ['a', '1,0'], ['b', '5,0'], ['c', '0,2'], ['d', '0,3']);
near_all(odd(@r), [(0) x 4], 0, 1e-7, 'cosine does not look at lengths');
is_deeply([map { exists $_->{k} ? defined $_->{k} : 'gone' } records('outliers -o k -k 1', stream({}, map({ record($_, x => vec($_)) } 1 .. 3), record('none', x => nil())))],
    [1, 1, 1, ''], '-o, and nil stays nil');

# Refused.
refuses(6, qr/8 vectors are too few for 8 neighbours each: give a smaller -k/, 'outliers -k 8', $line);
refuses(6, qr/no field/, 'outliers --method centre', stream({}, record('a', x => vec(1))));
refuses(2, qr/--cluster needs --method=centre/, 'outliers -c genre', $line);
refuses(2, qr/the distance is Euclidean/, 'outliers --method centre -k 2', $line);
is_deeply([records('outliers', stream({}))], [], 'no records in, none out');

# scikit-learn's LocalOutlierFactor; where 20th neighbours tie, theirs is nan.
for (sets_with('lof20.npy', qw(blobs moons dups gtzan))) {
    my ($set, $dir) = @$_{qw(name dir)};
    my ($want) = npy("$dir/lof20.npy");
    my @got = records("from-npy $dir/x.npy | outliers -q");
    my @clear = grep { $want->[$_] == $want->[$_] } 0 .. $#got;
    near_all([map { $got[$_]{outlier} } @clear], [@$want[@clear]], 1e-9, 0, "$set: LOF of " . @clear);
    is(runs("from-npy $dir/x.npy | outliers -j 1"), runs("from-npy $dir/x.npy | outliers -j 3"), "$set: for any -j");
}
done_testing;
