# l2norm: closed forms, scikit-learn's Normalizer; sparse, zero and nil; what it refuses
# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;
use Songpipe;
use Stream;
use Test::More;

# A packed sparse vector of d numbers: sparse(5, index => value, ...), ascending.
sub sparse {
    my ($d, @v) = @_;
    my @at = grep { $_ % 2 == 0 } 0 .. $#v;
    return "\x83" . str('sparse') . int64($d) . str('index') . tensor('<u4', [scalar @at], pack 'L<*', @v[@at]) .
        str('value') . tensor('<f4', [scalar @at], pack 'f<*', @v[map { $_ + 1 } @at]);
}

# A file of these packed vectors, with ids r0, r1, ... and columns p, q, ...
sub of {
    my ($name, @x) = @_;
    my $i = 0;
    spew("$tmp/$name.sp", stream({ columns => { x => ['p', 'q'] } }, map { record('r' . $i++, x => $_) } @x));
    return "$tmp/$name.sp";
}

sub flat { return [map { @{ $_->{x} } } @_] }

# By hand. Squares of the largest and smallest numbers leave the range of single precision.
my %hand = (l1 => [3 / 7, -4 / 7, 0.5, 0.5, 0.5, -0.5], l2 => [0.6, -0.8, sqrt(0.5), sqrt(0.5), sqrt(0.5), -sqrt(0.5)],
    max => [0.75, -1, 1, 1, 1, -1]);
my $hand = of('hand', vec(3, -4), vec(3e38, 3e38), vec(2**-149, -2**-149));
near_all(flat(records("l2norm --norm $_ $hand")), $hand{$_}, 0, 6e-8, "$_ by hand") for sort keys %hand;
is(runs("l2norm --no-history $hand"), runs("l2norm --no-history --norm l2 $hand"), 'the default is l2');
my $wide = of('wide', tensor('<f8', [2], pack 'd<*', 5, -12), tensor('<f2', [2], pack 'S<*', 0x4500, 0xca00));
near_all(flat(records("l2norm $wide")), [(5 / 13, -12 / 13) x 2], 0, 1.2e-7, 'double and half precision');

# scikit-learn's numbers, of dense and of sparse rows. They are rounded to single precision, and again as text.
my @rows = map { [split /,/] } split /\n/, slurp_file('tests/golden/l2norm/rows.csv');
my $dense = of('dense', map { vec(@$_) } @rows);
my $sparse = of('sparse', map { my $x = $_; sparse(scalar @$x, map { $x->[$_] != 0 ? ($_ => $x->[$_]) : () } 0 .. $#$x) } @rows);
for my $norm (qw(l1 l2 max)) {
    my $want = [split /[,\n]/, slurp_file("tests/golden/l2norm/$norm.csv")];
    near_all(flat(records("l2norm -q --norm $norm $dense")), $want, 0, 1.2e-7, "$norm is scikit-learn's");
    my @got = map { $_->{x} } records("l2norm -q --norm $norm $sparse");
    is_deeply([map { $_->{index} } @got], [map { my $x = $_; [grep { $x->[$_] != 0 } 0 .. $#$x] } @rows], "$norm: sparse stays sparse");
    is_deeply([map { @{ $_->{value} } } @got], [grep { $_ != 0 } @{ flat(records("l2norm -q --norm $norm $dense")) }], "$norm: sparse as dense");
}

# Zero and nil.
my $zeros = of('zeros', vec(0, 0), nil(), sparse(2), vec(0, 5), sparse(2, 1 => 0));
for my $norm (qw(l1 l2 max)) {
    my ($status, $out, $err) = run("l2norm --norm $norm $zeros | to-json");
    is($status, 0, "$norm: zero is no error");
    my $none = { sparse => 2, index => [], value => [] };
    is_deeply([map { $_->{x} } jsonl($out)], [[0, 0], undef, $none, [0, 1], { sparse => 2, index => [1], value => [0] }],
        "$norm: zero and nil stay");
    is(join('', sort $err =~ /.*\n/g), "l2norm: 1 without input skipped\nl2norm: zero vectors, left as they are: 3\n",
        "$norm: both are counted");
}
is((run("l2norm -q $zeros"))[2], '', '-q counts nothing');
is((run("l2norm $hand"))[2], '', 'nothing to count, nothing said');

# Fields, columns, several inputs, threads.
like(runs("l2norm $hand"), qr/columns\x81\xa1x\x92\xa1p\xa1q/, 'columns keep their names');
like(runs("l2norm -o y $hand"), qr/columns\x81\xa1y\x92\xa1p\xa1q/, 'under another field, too');
is_deeply([sort keys %{ (records("l2norm -o y $hand"))[0] }], ['id', 'y'], '-o replaces');
is_deeply([sort keys %{ (records("l2norm -o y --keep $hand"))[0] }], ['id', 'x', 'y'], '--keep keeps');
my ($kept) = records("l2norm -o y --keep $hand | l2norm -i y -o z");
is_deeply([$kept->{x}, sort keys %$kept], [[3, -4], 'id', 'x', 'z'], '-i reads another field, and x is as it was');
is(scalar @{ flat(records("l2norm -q $hand $wide")) }, 10, 'several inputs');
my $many = of('many', (map { $_ % 3 ? vec($_, -1) : sparse(2, 1 => $_) } 1 .. 300), vec(0, 0));
is(runs("l2norm -j 4 $many"), runs("l2norm $many"), 'any -j');
is(runs("cat $many | l2norm"), runs("l2norm $many"), 'a pipe');

# What it refuses.
refuses(6, qr/^l2norm: r0: x\[1\] \(q\) is -?nan$/, 'l2norm ' . of('bad', vec(1, 'nan')));
refuses(6, qr/^l2norm: r0: x\[1\] \(q\) is -inf$/, 'l2norm ' . of('bad', sparse(2, 1 => '-inf')));
refuses(6, qr/^l2norm: r0: x\[0\] \(p\) is inf$/, 'l2norm ' . of('bad', tensor('<f8', [1], pack 'd<', 1e300)));
refuses(6, qr/r0: x is not a vector/, 'l2norm ' . of('bad', $_)) for str('one'), mat(2, 1 .. 4);
refuses(6, qr/r1: x has 3 numbers, not 2/, 'l2norm ' . of('bad', @$_), undef, 1)
    for [vec(1, 2), vec(1, 2, 3)], [vec(1, 2), sparse(3, 0 => 1)], [sparse(2), vec(1, 2, 3)];
refuses(2, qr/l1\|l2\|max/, "l2norm --norm l3 $hand");
my ($status, $out, $err) = run("l2norm --on-error skip " . of('bad', vec(1, 2, 'nan'), vec(0, 2)) . ' | to-json');
is_deeply([$status, map { $_->{x} } jsonl($out)], [1, [0, 1]], 'a bad record settles no width');

# What is no vector is said with its type and shape, and what helps.
for (
    [tensor('<i8', [3], pack 'q<*', 1 .. 3), qr/x is not a vector of floats or 32-bit integers but an array of type <i8, shape 3: save it as '<f4'/],
    [tensor('>f4', [3], pack 'f>*', 1 .. 3), qr/an array of type >f4 \(big-endian\), shape 3: save/],
    [tensor('|b1', [2], pack 'C*', 0, 1), qr/an array of type \|b1, shape 2: save/],
    [mat(2, 1 .. 6), qr/x is not a vector but an array of type <f4, shape 3 x 2: summarize makes a vector of it/],
    [str('one'), qr/x is not a vector but "one": tfidf and embed make vectors of text/],
    [int64(7), qr/x is not a vector but 7$/m], [Stream::array_of(int64(1)), qr/x is not a vector but a list or a map/],
) {
    spew("$tmp/odd.sp", stream({}, record('r0', x => $_->[0])));
    refuses(6, $_->[1], "l2norm $tmp/odd.sp", undef, 1);
}
done_testing;
