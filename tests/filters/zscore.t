# zscore: scikit-learn's mean, variance and scale; matrices; models; inverse; what it refuses
# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;
use Cluster;
use Songpipe;
use Stream;
use Test::More;

sub flat { return [map { ref $_->{x} && ref $_->{x}[0] ? map { @$_ } @{ $_->{x} } : @{ $_->{x} || [] } } @_] }

# The golden sets: statistics in double, scaled values within float32.
for my $set (sets(qw(blobs dups moons gtzan))) {
    my $npy = -e "$set->{dir}/raw.npy" ? 'raw' : 'x';
    my $in = rows_sp("$set->{dir}/$npy.npy", "$tmp/in.sp");
    my @got = records("zscore --save $tmp/m.sp $in");
    my $m = model("$tmp/m.sp");
    my @want = csv("$set->{dir}/zscore.csv");
    near_all($m->{$_}, column($_, @want), 0, 1e-12, "$set->{name}: $_") for qw(mean var scale);
    is($m->{config}{records}, scalar @got, "$set->{name}: counts the records");
    my ($x, $n, $d) = npy("$set->{dir}/$npy.npy");
    my @z = map { ($x->[$_] - $want[$_ % $d]{mean}) / $want[$_ % $d]{scale} } 0 .. $#$x;
    near_all(flat(@got), \@z, 1e-7, 1e-6, "$set->{name}: scaled");
    if ($npy eq 'raw') {
        my ($scaled) = npy("$set->{dir}/x.npy");
        near_all(flat(@got), $scaled, 1e-6, 1e-6, "$set->{name}: scikit-learn's x.npy");
    }
    # A model gives what its fit gave; the inverse gives the input back.
    is(runs("zscore --no-history -m $tmp/m.sp $in"), runs("zscore --no-history $in"), "$set->{name}: applied");
    my $back = flat(records("zscore -m $tmp/m.sp $in | zscore -m $tmp/m.sp --inverse"));
    my @off = map { ($back->[$_] - $x->[$_]) / $want[$_ % $d]{scale} } 0 .. $#$x;
    near_all(\@off, [(0) x @off], 2e-6, 0, "$set->{name}: there and back");
    is(runs("zscore -j 1 $in"), runs("zscore -j 3 $in"), "$set->{name}: any -j");
    is(runs("zscore --no-history $in"), runs("cat $in | zscore --no-history"), "$set->{name}: a pipe");
}

# Far from 0, where sums of squares would lose everything; a constant column; one record.
spew("$tmp/far.sp", stream({}, map { record("r$_", x => vec(16777000 + $_, 7, 1e30)) } 0 .. 4));
near_all(flat(records("zscore $tmp/far.sp")), [map { (($_ - 2) / sqrt 2, 0, 0) } 0 .. 4], 1e-6, 0, 'far from 0');
spew("$tmp/one.sp", stream({}, record('a', x => vec(3, -4))));
is_deeply(flat(records("zscore $tmp/one.sp")), [0, 0], 'one record becomes zeros');

# Matrices: 2 x 3 and 3 x 3 by bands, by all; by elements where the shapes agree; half precision.
my @a = (1, 2, 3, 4, 5, 6);
my @b = (7, 8, 9, 1, 0, 2, 5, 5, 5);
spew("$tmp/m.sp", stream({}, record('a', x => mat(3, @a)), record('n', x => nil()), record('b', x => mat(3, @b))));
sub z {
    my ($width, @x) = @_;
    my (@mean, @var, @z);
    my $n = @x / $width;
    $mean[$_ % $width] += $x[$_] / $n for 0 .. $#x;
    $var[$_ % $width] += ($x[$_] - $mean[$_ % $width])**2 / $n for 0 .. $#x;
    return [map { ($x[$_] - $mean[$_ % $width]) / (sqrt $var[$_ % $width] || 1) } 0 .. $#x];
}
near_all(flat(records("zscore -q --per band $tmp/m.sp")), z(3, @a, @b), 1e-6, 0, 'per band');
near_all(flat(records("zscore -q --per all $tmp/m.sp")), z(1, @a, @b), 1e-6, 0, 'per all');
my @shapes = map { scalar @{ $_->{x} || [] } } records("zscore -q --per band $tmp/m.sp");
is_deeply(\@shapes, [2, 0, 3], 'shapes stay, nil stays');
spew("$tmp/e.sp", stream({}, map { record($_, x => mat(2, $_, 2 * $_, 1, $_ * $_)) } 1 .. 4));
near_all(flat(records("zscore --per element --save $tmp/em.sp $tmp/e.sp")), z(4, map { ($_, 2 * $_, 1, $_ * $_) } 1 .. 4),
    1e-6, 0, 'per element');
is(runs("zscore --no-history -m $tmp/em.sp $tmp/e.sp"), runs("zscore --no-history -p element $tmp/e.sp"),
    'the model knows --per');
spew("$tmp/h.sp", stream({}, map { record($_, x => tensor('<f2', [1, 2], pack 'S<*', 0x3c00 + $_, 0xc000)) } 0, 1024));
near_all(flat(records("zscore --per all $tmp/h.sp")), z(1, 1, -2, 2, -2), 1e-6, 0, 'float16');
near_all(flat(records("zscore --per all $tmp/far.sp")), z(1, map { (16777000 + $_, 7, 1e30) } 0 .. 4), 1e-6, 0,
    'vectors per all');

# Field names, columns, other fields.
spew("$tmp/f.sp", stream({ columns => { a => ['p', 'q'] } },
    map { record($_, a => vec($_, 1), b => int64($_)) } 1 .. 3));
my ($r) = records("zscore -i a -o z --save $tmp/am.sp $tmp/f.sp");
is_deeply([sort keys %$r], ['b', 'id', 'z'], '-o replaces');
($r) = records("zscore -i a -o z --keep $tmp/f.sp");
is_deeply([sort keys %$r], ['a', 'b', 'id', 'z'], '--keep keeps');
like(runs("zscore -i a -o z $tmp/f.sp"), qr/columns\x81\xa1z\x92\xa1p\xa1q/, 'names of columns follow');

# What it refuses.
spew("$tmp/g.sp", stream({ columns => { a => ['p', 'other'] } }, record(1, a => vec(1, 2))));
refuses(6, qr/column 1 of a is other, .* fitted to q/, "zscore -m $tmp/am.sp -i a $tmp/g.sp");
refuses(6, qr/x is a matrix: give --per/, "zscore $tmp/e.sp");
refuses(6, qr/b: x has 9 elements, not 6/, "zscore -p element $tmp/m.sp");
refuses(6, qr/no model to save: no record has x/, "zscore -q --save $tmp/no.sp", stream({}, record('a', x => nil())));
ok(!-e "$tmp/no.sp", 'and saves none');
is(scalar(() = unseal(runs("zscore", stream({})))), 0, 'no records in, none out');
refuses(6, qr/b: x\[1\] is -?nan/, "zscore", stream({}, record('a', x => vec(1, 2)), record('b', x => vec(1, 'nan'))));
refuses(6, qr/a: no field y/, "zscore -i y $tmp/one.sp");
runs("zscore --save $tmp/m8.sp >/dev/null", stream({}, record('a', x => vec(1 .. 8))));
refuses(6, qr/x has 2 numbers, not 8/, "zscore -m $tmp/m8.sp $tmp/one.sp");
refuses(2, qr/--inverse needs --model/, "zscore --inverse $tmp/one.sp");
refuses(2, qr/cannot be used together/, "zscore -m $tmp/am.sp --save $tmp/no.sp $tmp/one.sp");
refuses(3, qr/kind|model/, "zscore -m $tmp/one.sp $tmp/one.sp");
my ($status, $out, $err) = run("zscore --on-error=skip",
    stream({}, record('a', x => vec(1, 5)), record('b', x => vec(1)), record('c', x => vec(3, 5))));
is($status, 1, 'skip: status 1');
is_deeply([map { value($_->{raw}{x}) } unseal($out)], [[-1, 0], [1, 0]], 'skip: fits the others');
done_testing;
