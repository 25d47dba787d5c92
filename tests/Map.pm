# What the tests of tsne and umap share: three groups to lay out, and what holds of every map.
# SPDX-License-Identifier: GPL-3.0-or-later
package Map;
use strict;
use warnings;
use Exporter 'import';
use Songpipe;
use Test::More;

our @EXPORT = qw(groups groups_apart map_holds);

# Three far groups of 20 by id modulo 3, in 4 columns, of which one is constant; nil passes.
sub groups {
    srand 3;
    my @x = map { my $i = $_; [map({ ($i % 3 == $_ ? 1000 : 0) + rand } 0 .. 2), 7] } 0 .. 59;
    return join '', (map { qq({"id":"$_","x":[) . join(',', @{ $x[$_] }) . qq(],"where":[) . $_ % 3 . ',' . $_ / 60 . "]}\n" } 0 .. 59),
        qq({"id":"none","x":null,"where":[0,0]}\n);
}

sub apart { my ($a, $b) = map { $_->{xy} } @_; my $sum = 0; $sum += ($a->[$_] - $b->[$_])**2 for 0 .. $#$a; return $sum }

# The nearest on the map of each record has the same id, modulo the number of groups.
sub groups_apart {
    my ($what, $groups, @r) = @_;
    my $wrong = 0;
    for my $r (@r) {
        my ($best) = sort { apart($r, $a) <=> apart($r, $b) } grep { $_ != $r } @r;
        $wrong++ if $best->{id} % $groups != $r->{id} % $groups;
    }
    is($wrong, 0, $what);
}

# Of `filter` with the options that 60 records need: maps by each of the ways, each with its dimensions; threads; a saved map.
sub map_holds {
    my ($filter, $options, %ways) = @_;
    my $json = groups();
    for my $how (sort keys %ways) {
        my @r = records("from-json | $filter -q $options $how", $json);
        is_deeply([map { $_->{id} } @r], [0 .. 59, 'none'], "$how: all records, in order");
        is($r[60]{xy}, undef, "$how: nil gives nil");
        is(scalar grep({ @{ $_->{xy} } == $ways{$how} } @r[0 .. 59]), 60, "$how: places");
        groups_apart("$how: the nearest on the map is of the same group", 3, @r[0 .. 59]);
    }

    # The same bytes on any threads, others from another seed.
    my $of = "from-json | $filter -q $options --init random";
    my $one = runs("$of -j 1", $json);
    ok($one eq runs("$of -j $_", $json), "-j $_") for 2, 4;
    ok($one ne runs("$of --seed 1", $json), 'another seed');

    # What was on a saved map comes to lie where it is, and new points beside their likes; each by itself.
    my @old = records("from-json | $filter -q $options --save $tmp/map.sp", $json);
    my @new = records("from-json | $filter -q -m $tmp/map.sp", $json);
    my ($size) = sort { $b <=> $a } map { apart($_, $old[0]) } @old[1 .. 59];
    is(scalar grep({ apart($old[$_], $new[$_]) > $size / 100 } 0 .. 59), 0, 'placed where they were');
    is($new[60]{xy}, undef, 'nil placed nowhere');
    my @some = records("from-json | sp-match id eq 7 | $filter -q -m $tmp/map.sp", $json);
    is_deeply($some[0]{xy}, $new[7]{xy}, 'one alone is placed as among others');
    refuses(6, qr/x has 2 numbers, but the map .* was made of 4/, "from-json | $filter -m $tmp/map.sp", qq({"id":"a","x":[1,2]}\n), 1);
    refuses(2, qr/another --components/, "from-json | $filter -n 3 -m $tmp/map.sp", $json);
    is(scalar(my @none = records("from-json | $filter", '')), 0, 'nothing of nothing');
    refuses(6, qr/1 vector makes no map: at least 2/, "from-json | $filter", qq({"id":"a","x":[1]}\n), 1);
    refuses(6, qr/--init where: it has 1 numbers/, "from-json | $filter $options --init where",
        join('', map { qq({"id":"$_","x":[$_],"where":[1]}\n) } 1 .. 20), 1);
}

1;
