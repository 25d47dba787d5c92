# The same number in every way that MessagePack packs it, through every option that compares labels:
# it is one label. And what is not the same: text, true and false, other numbers.
# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;
use lib 'tests';
use Songpipe;
use Stream;
use Test::More;

# All packings of a whole number.
sub packings {
    my ($n) = @_;
    my @p;
    push @p, chr $n if $n >= 0 && $n < 128;
    push @p, chr(256 + $n) if $n < 0 && $n >= -32;
    push @p, pack 'CC', 0xcc, $n if $n >= 0 && $n < 1 << 8;
    push @p, pack 'Cn', 0xcd, $n if $n >= 0 && $n < 1 << 16;
    push @p, pack('CN', 0xce, $n), pack('CQ>', 0xcf, $n) if $n >= 0;
    push @p, pack 'Cc', 0xd0, $n if abs $n < 128;
    push @p, pack('Cs>', 0xd1, $n), pack('Cl>', 0xd2, $n), pack('Cq>', 0xd3, $n);
    return @p, pack('Cf>', 0xca, $n), pack('Cd>', 0xcb, $n);
}

# A stream of a record for each value in f, with more fields.
my @x = map { vec($_, 1) } 1 .. 40;
sub file {
    my ($name, @values) = @_;
    my $i = 0;
    spew("$tmp/$name", stream({}, map { record('r' . $i, f => $_, g => str('g'), x => $x[$i++], song => str('s'), nmi => f64(1)) } @values));
    return "$tmp/$name";
}

for my $number (3, 0, 2000, 70, -5, -1, -200) {
    my @p = packings($number);
    my $n = @p;
    my $file = file('in', @p);
    my $other = "$tmp/other";
    is(scalar(records("sp-sample -q --by f -n 1 $file")), 1, "$number: sp-sample --by makes one group of $n packings");
    my @pool = records("pool --by f $file");
    is(join(' ', map { "$_->{id} $_->{segments}" } @pool), "$number $n", "$number: pool --by");
    my ($pool) = records("pool --by song --majority f $file");
    is($pool->{'f.share'}, 1, "$number: pool --majority");
    my ($kept) = records("pool --by song $file");
    is($kept->{f}, $number, "$number: what pool keeps because it is equal");
    is(join(' ', map { "$_->{id} @{ $_->{x} }" } records("confusion -t f -c g $file")), "$number $n", "$number: confusion --truth");
    is(join(' ', map { "$_->{id} @{ $_->{x} }" } records("confusion -t g -c f $file")), "g $n", "$number: confusion --cluster");
    my ($m) = records("metrics -t f -c g $file");
    is("$m->{classes} $m->{with_truth}", "1 $n", "$number: metrics --truth");
    ($m) = records("metrics -c f $file");
    is("$m->{clusters} $m->{noise}", $number == -1 ? '1 1' : '1 0', "$number: metrics --cluster");
    ($m) = records("metrics -c f --noise drop $file");
    is($m->{scored}, $number == -1 ? 0 : $n, "$number: noise");
    ($m) = records("metrics -c g -t f --per-cluster $file");
    is("$m->{majority} $m->{majority_share}", "$number 1", "$number: a majority");
    is(scalar(split /\n/, runs("scoreboard -f csv --by f $file")), 2, "$number: scoreboard --by");
    like(runs("scatter -i x --color f $file"), qr/^array colour1\[@{[$number == -1 ? 3 : 4]}\]/m, "$number: scatter --color");
    like(runs("scatter -i x --shape f --color f $file"), qr/^array mark2\[@{[$number == -1 ? 3 : 4]}\]/m, "$number: scatter --shape");
    is(scalar(records("sp-match f eq $number $file")), $n, "$number: sp-match eq") if $number >= 0;
    is(scalar(records("sp-match f in 9999,$number $file")), $n, "$number: sp-match in");
    spew($other, stream({}, record($number, f => $p[-3], l => vec(7))));
    my $draw = "fuse x=1 l=1 --with $other --missing zero";
    is(join(' ', map { $_->{fused} } records("$draw --draw --by f $file")), join(' ', ('x+l') x $n), "$number: fuse --by");
    is(join(' ', map { $_->{fused} } records("$draw --on f $file")), join(' ', ('x+l') x $n), "$number: fuse --on");
    spew($other, stream({}, map { my $p = $_; record("o$p[$_]", f => $p[$_], l => vec($_)) } 0 .. $#p));
    spew("$tmp/one", stream({}, map { record("q$_", f => str('none'), x => vec(1)) } 1));
    my $second = file('second', reverse @p);
    is(runs("sp-diff $file $second"), '', "$number: sp-diff");
}

# What is not the same.
my $file = file('apart', str('3'), int64(3), str('true'), bool(1), f64(3.5), int64(4), f64(-3), pack('Cf>', 0xca, 0.1), f64(0.1));
is(scalar(records("sp-sample -q --by f -n 1 $file")), 9, 'text is not a number, true no text, and 0.1 in 32 bits not 0.1: sp-sample');
my ($m) = records("metrics -t f -c g $file");
is($m->{classes}, 9, 'the same: metrics');
is(scalar(records("confusion -t f -c g $file")), 9, 'the same: confusion');
my ($big) = records("metrics -t f -c g " . file('big', map { pack 'Cq>', 0xd3, $_ } 9007199254740993, 9007199254740992, -9007199254740993));
is($big->{classes}, 3, 'whole numbers that a double cannot tell apart');

# What is not a label, is none anywhere.
for my $bad (vec(1), "\xc4\x01a", f64('nan'), f64('inf'), "\xcf" . "\xff" x 8) {
    my $file = file('bad', $bad);
    for my $command ("sp-sample --by f -n 1", "pool --by f", "pool --by song --majority f", "confusion -t f -c g", "metrics -c g -t f",
        "metrics -c f", "scoreboard --by f") {
        refuses(6, qr/: r0: f is not a label \(a number, text, true or false\): it is /, "$command $file", undef, 1);
    }
}
done_testing;
