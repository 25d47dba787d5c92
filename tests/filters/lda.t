# lda: scipy's numbers, real songs', models, what it refuses
# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;
use Cluster;
use Songpipe;
use Stream;
use Test::More;

sub rows { return map { [split /,/] } split /\n/, slurp_file($_[0]) }

# Whether the columns of @$got are those of @$want, but for the sign of each.
sub near_columns {
    my ($got, $want, $tolerance, $name) = @_;
    is(scalar @$got, scalar @$want, "$name: rows");
    for my $c (0 .. $#{ $want->[0] }) {
        my ($most) = sort { abs $want->[$b][$c] <=> abs $want->[$a][$c] } 0 .. $#$want;
        my $sign = $got->[$most][$c] * $want->[$most][$c] < 0 ? -1 : 1;
        near_all([map { $sign * $_->[$c] } @$got], [map { $_->[$c] } @$want], $tolerance, 0, "$name: column $c");
    }
}

my @rows = rows('tests/golden/lda/rows.csv');
my $i = 0;
spew("$tmp/in.sp", stream({}, map { my ($g, @x) = @$_; record('r' . $i++, track => str("t$g"), x => vec(@x)) } @rows));
my $all = "$tmp/in.sp";
my $fitted = "lda -n 3 --whiten-to 5 $all";
near_columns([map { $_->{x} } records($fitted)], [rows('tests/golden/lda/want.csv')], 2e-5, 'scipy');
like(runs("$fitted | to-csv | head -1"), qr/,lda0,lda1,lda2$/, 'columns');

# The rule of --whiten-to, and more directions than there are.
my ($status, $out, $err) = run("lda $all");
like($err, qr/5 directions, not 20/, '-n is bounded');
is(scalar @{ (jsonl(runs('to-json', $out)))[0]{x} }, 5, 'by the columns');
is(runs("lda -q --no-history --whiten-to 5 $all"), runs("lda -q --no-history $all"), 'half of the groups, where there are so many columns');
is(scalar @{ (records("lda -q --whiten-to 2 $all"))[0]{x} }, 2, 'by --whiten-to');

# Models, threads, pipes, nil.
runs("lda -n 3 --whiten-to 5 --save $tmp/m.sp $all >/dev/null");
is(runs("lda --no-history -m $tmp/m.sp $all"), runs("lda --no-history -n 3 --whiten-to 5 $all"), '-m gives what the fit gave');
my $m = model("$tmp/m.sp");
is("@{ $m->{config} }{qw(records groups whiten_to ridge)}", '40 13 5 0.5', 'what the model says');
is(runs("sp-fields --drop track $all | lda -m $tmp/m.sp --no-history | sp-fields --keep x --no-history"),
    runs("lda -m $tmp/m.sp --no-history $all | sp-fields --keep x --no-history"), 'no groups are needed to apply it');
is(runs("lda -q -j 3 $all"), runs("lda -q -j 1 $all"), 'any -j');
is(runs("cat $all | lda -n 3 --whiten-to 5"), runs($fitted), 'a pipe');
my @more = records('lda -q', slurp_file($all) . stream({}, record('n', track => str('t1'), x => nil())));
ok(!defined $more[40]{x}, 'nil stays nil');
is(join(' ', map { $_->{id} } records("lda -q -n 3 $all | pool --by track")), join(' ', map { "t$_" } 0 .. 12), 'pool makes groups');

# A column that says nothing changes nothing.
my $constant = stream({}, map { my ($g, @x) = @{ $rows[$_] }; record("r$_", track => str("t$g"), x => vec(@x, 7)) } 0 .. 39);
near_columns([map { $_->{x} } records('lda -n 3 --whiten-to 5', $constant)], [rows('tests/golden/lda/want.csv')], 2e-5, 'a constant column');

# What it refuses.
sub of { my ($groups, $each, $x) = @_; return stream({}, map { my $n = $_; record("r$n", track => str('t' . int($n / $each)), x => vec($x->($n))) } 0 .. $groups * $each - 1) }
my $wave = sub { sin($_[0] ** 2), cos(3 * $_[0]), sin($_[0]) };
refuses(6, qr/3 groups by track: at least 4 are needed/, 'lda', of(3, 5, $wave));
refuses(6, qr/no two of 9 records have the same track/, 'lda', of(9, 1, $wave));
refuses(6, qr/all vectors of x are equal/, 'lda', of(5, 3, sub { 1, 2, 3 }));
refuses(6, qr/0 records with x: at least 2/, 'lda', stream({}));
refuses(6, qr/does not vary within groups: it needs a --ridge above 0/, 'lda -q --ridge 0', of(5, 3, sub { my $g = int($_[0] / 3); $g, $g * $g }));
refuses(6, qr/no field album/, "lda --by album $all");
refuses(6, qr/x has 3 numbers, not 5/, "lda -m $tmp/m.sp", of(5, 3, $wave));
refuses(2, qr/cannot be used together/, "lda -m $tmp/m.sp --by artist $all");
refuses(2, qr/whole number/, "lda --whiten-to 2.5 $all");
refuses(4, qr/needed, --max-memory is/, "lda --max-memory 100 $all");

# 100 real songs, from numpy; not in the repository.
SKIP: {
    my $texture = shared('golden/texture');
    skip 'no ../shared', 1 if !$texture || !-e "$texture/lda_raw.npy";
    my ($x) = npy("$texture/lda_raw.npy");
    my ($want) = npy("$texture/lda_small.npy");
    spew("$tmp/small.sp", stream({}, map { record("r$_", track => str('t' . int($_ / 5)), x => vec(@$x[6 * $_ .. 6 * $_ + 5])) } 0 .. 59));
    near_columns([map { $_->{x} } records("lda -n 3 $tmp/small.sp | pool --by track")], [map { [@$want[3 * $_ .. 3 * $_ + 2]] } 0 .. 11], 2e-5, 'numpy');
}
done_testing;
