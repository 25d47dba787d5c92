#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;
use Songpipe;
use Test::More;

# 900 records: group "a" has 600, "b" 290, "c" 7, and three are of none.
spew("$tmp/in.jsonl", join '', map {
    my $g = $_ % 300 == 150 ? 'null' : $_ % 128 == 1 ? '"c"' : $_ % 3 ? '"a"' : '"b"';
    qq({"id":"r$_","g":$g,"n":$_}\n)
} 0 .. 899);
runs("from-json $tmp/in.jsonl > $tmp/in.sp");
my %size;
$size{ $_->{g} // 'none' }++ for records("cat $tmp/in.sp");

sub drawn { return map { $_->{n} } records("sp-sample $_[0] $tmp/in.sp") }
sub ascending { my @n = @_; return !grep { $n[$_ - 1] >= $n[$_] } 1 .. $#n }

my @ten = drawn('-n 10');
is(scalar(@ten), 10, 'exactly -n');
ok(ascending(@ten), 'in the order of the input');
is_deeply([drawn('-n 10 --seed 0')], \@ten, 'the default seed is 0');
isnt(join(' ', drawn('-n 10 --seed 1')), join(' ', @ten), 'another seed draws others');
is(scalar(drawn('--share 0.1')), 90, 'a tenth');
is(scalar(drawn('--share 0.0505')), 45, 'shares are rounded: 45.45');
is(scalar(drawn('--share 0.0506')), 46, '45.54');
is(scalar(drawn('--share 0')), 0, 'nothing');
is(scalar(drawn('--share 1')), 900, 'all');
is(scalar(drawn('-n 0')), 0, 'none');

# The two halves of a split make the whole.
my %seen;
$seen{$_}++ for drawn('--share 0.8 --seed 5'), drawn('-v --share 0.8 --seed 5');
is(scalar(keys %seen), 900, 'with -v: the others');
is(scalar(grep { $_ != 1 } values %seen), 0, 'each once');

# The first and the last.
is(join(' ', drawn('--first -n 3')), '0 1 2', '--first');
is(join(' ', drawn('--last -n 3')), '897 898 899', '--last');
is(join(' ', drawn('-v --last --share 0.995')), '0 1 2 3', 'all but the last');
is(join(' ', drawn('--first --by g -n 2')), '0 1 2 3 4 129', 'of each group');
is(join(' ', drawn('--last --by g -n 1')), join(' ', sort { $a <=> $b } map { my $g = $_; (grep { ($_->{g} // '') eq $g } records("cat $tmp/in.sp"))[-1]{n} } qw(a b c)), 'the last of each');
refuses(2, qr/--first and --last cannot be used together/, "sp-sample -n 1 --first --last $tmp/in.sp");

# By group.
my %of = map { $_->{n} => $_->{g} // 'none' } records("cat $tmp/in.sp");
my ($status, $out, $err) = run("sp-sample -n 20 --by g $tmp/in.sp | to-json");
is($status, 0, '-n by group');
my %n;
$n{ $of{ $_->{n} } }++ for jsonl($out);
is_deeply(\%n, { a => 20, b => 20, c => $size{c} }, '20 of each group that has them, those of no group left out');
like($err, qr/1 of 3 groups have fewer than 20 records/, 'says so');
like($err, qr/3 without input skipped/, 'and counts those of no group');
%n = ();
$n{ $of{$_} }++ for drawn('--share 0.25 --by g -q');
is_deeply(\%n, { map { $_ => int($size{$_} * 0.25 + 0.5) } qw(a b c) }, 'a share of each group');
my @a = grep { $of{$_} eq 'a' } drawn('-n 15 --by g -q');
is_deeply([map { $_->{n} } records("sp-match g eq a $tmp/in.sp | sp-sample -n 15 --by g")], \@a,
    'other groups change nothing in what is drawn of one');

# From a pipe, which is kept in TMPDIR and not left there; and from several files.
mkdir "$tmp/spool";
is(runs("cat $tmp/in.sp | TMPDIR=$tmp/spool sp-sample -n 10 | md5sum"), runs("sp-sample -n 10 $tmp/in.sp | md5sum"), 'from a pipe');
is(scalar(() = glob "$tmp/spool/* $tmp/spool/.??*"), 0, 'leaves nothing in TMPDIR');

# Every position is drawn alike: 2000 groups of 10, 3 of each; chi-square with 9 degrees of
# freedom, 0.9999 quantile 33.7. (Without replacement the statistic is smaller still.)
spew("$tmp/many.jsonl", join '', map { my $g = $_; map { qq({"id":"$g.$_","g":$g,"k":$_}\n) } 0 .. 9 } 1 .. 2000);
my @count = (0) x 10;
$count[ $_->{k} ]++ for records("from-json $tmp/many.jsonl | sp-sample -n 3 --by g --seed 7");
is(eval { my $s = 0; $s += $_ for @count; $s }, 6000, '3 of each of 2000 groups');
my $chi = 0;
$chi += ($_ - 600)**2 / 600 for @count;
cmp_ok($chi, '<', 33.7, "every position alike (chi-square $chi)");
cmp_ok($chi, '>', 0.3, 'and not by a rule');

like(runs("sp-sample -n 1000 $tmp/in.sp 2>&1 >/dev/null"), qr/only 900 records: all are drawn/, 'more than there are');
is(runs("sp-match n lt 0 $tmp/in.sp | sp-sample -n 3 | to-json"), '', 'of nothing');
refuses(2, qr/--count or --share is missing: how many to draw/, "sp-sample $tmp/in.sp");
refuses(2, qr/--count and --share cannot be used together/, "sp-sample -n 3 --share 0.1 $tmp/in.sp");
refuses(2, qr/--share '1.5' is not a number from 0 to 1/, "sp-sample --share 1.5 $tmp/in.sp");
refuses(6, qr/^sp-sample: r0: no field h;/m, "sp-sample -n 3 --by h $tmp/in.sp", undef, 1);
spew("$tmp/more.jsonl", slurp_file("$tmp/in.jsonl") =~ s/"id":"/"id":"h/gr);
($status, $out, $err) = run("from-json $tmp/more.jsonl | sp-fields --set h=1 | cat $tmp/in.sp - | sp-sample -q -n 5 --by h --on-error skip | to-json");
is($status, 1, 'records without the field under skip');
is(scalar(jsonl($out)), 5, 'the others are drawn from');
done_testing;
