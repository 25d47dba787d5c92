#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;
use Songpipe;
use Stream;
use Test::More;

sub ids { return join ' ', map { $_->{id} } records("sp-sort $_[0]") }

# Values in rising order, each twice, so that the second shows that ties keep their order: but for nil all are different.
my @up = (bool(0), bool(1), f64(-9e99), int64(-2), f64(-1.5), int64(0), f64(0.25), int64(3), f64(3.5), int64(1 << 53), int64((1 << 53) + 1),
    int64(2**60), f64(9**9**9), str(''), str('10'), str('9'), str('A'), str('a'), str("a\0"), str("a\0b"), str('a b'), str("\xc3\xa9"));
my @place = map { ($_ * 7) % 23 } 0 .. 22;          # 23 is prime: all of them, mixed
my @value = (@up, nil);
spew("$tmp/v.sp", stream({}, map { my $n = $_; map { record("$n.$_", v => $value[$n], other => str("o$_")) } 1, 2 } @place));
is(ids("v $tmp/v.sp"), join(' ', map { ("$_.1", "$_.2") } 0 .. 22), 'truth, numbers, text, nil; equal ones as they came');
my $down = join ' ', map { ("$_.1", "$_.2") } reverse(0 .. 21), 22;
is(ids("v:r $tmp/v.sp"), $down, 'the other way round: nil is last again, equal ones as they came');
is(ids("-r v $tmp/v.sp"), $down, '-r');
is(ids("-r v:r $tmp/v.sp"), ids("v $tmp/v.sp"), '-r of :r');
is(ids("other:r,v $tmp/v.sp"), join(' ', map({ "$_.2" } 0 .. 22), map { "$_.1" } 0 .. 22), 'each field its own way');

# 3 is 3.0 in any width, NaN is beside nil, and a path that is not UTF-8 is text.
spew("$tmp/odd.sp", stream({}, record('a', v => nil), record('b', v => f64(3)), record('c', v => f64('nan')), record('d', v => Stream::bin("\xff")),
    record('e', v => int64(3)), record('f', v => str("\xfe")), record('g', v => "\xcd\0\3")));
is(ids("v $tmp/odd.sp"), 'b e g f d a c', 'one notion of a number');

# Beside sort(1): 5000 songs by text and number, in memory and through files.
srand 3;
my @song = map { { id => "s$_", artist => 'Artist ' . int rand 50, year => 1950 + int rand 70, score => int(rand 1e6) / 1e6 } } 1 .. 5000;
spew("$tmp/songs.jsonl", join '', map { qq({"id":"$_->{id}","artist":"$_->{artist}","year":$_->{year},"score":$_->{score}}\n) } @song);
runs("from-json $tmp/songs.jsonl >$tmp/songs.sp");
spew("$tmp/songs.txt", join '', map { "$_->{artist}\t$_->{year}\t$_->{score}\t$_->{id}\n" } @song);
my %key = ('artist,year:r' => '-k1,1 -k2,2nr', score => '-k3,3g', 'year,score' => '-k2,2n -k3,3g', 'artist:r' => '-k1,1r', id => '-k4,4');
for my $by (sort keys %key) {
    my $want = runs("LC_ALL=C sort -s -t '\t' $key{$by} $tmp/songs.txt | cut -f4");
    my $got = join '', map { "$_->{id}\n" } records("sp-sort $by $tmp/songs.sp");
    is($got, $want, "$by: as sort $key{$by}");
    is(runs("sp-sort --max-memory $_ $by $tmp/songs.sp | md5sum"), runs("sp-sort $by $tmp/songs.sp | md5sum"), "$by: within $_") for '2K', '50K';
}

# Records are the same bytes; vectors and columns, too.
sub bodies { my ($bytes) = @_; return sort map { substr $bytes, $_->[1], 16 + $_->[2] } grep { $_->[0] eq 'R' } frames($bytes) }
my @bodies = bodies(runs("sp-sort v $tmp/v.sp"));
is_deeply(\@bodies, [bodies(slurp_file("$tmp/v.sp"))], 'byte for byte');
is(scalar(@bodies), 46, 'all of them');
like(runs("sp-sort artist,year:r $tmp/songs.sp | sp-info"), qr/^\s+sp-sort .*artist,year:r/m, 'in the history as it was given');
is(runs("cat $tmp/v.sp $tmp/v.sp | sp-sort v | sp-match v absent | to-json | wc -l") + 0, 4, 'streams behind each other; ids are not looked at');
is(runs("sp-match v absent $tmp/v.sp | sp-match v present | sp-sort v | to-json"), '', 'of nothing');

# A killed one leaves nothing in TMPDIR, and a full one is named.
mkdir "$tmp/spool";
my $pid = open(my $pipe, '|-', "TMPDIR=$tmp/spool exec sp-sort --max-memory 2K artist >/dev/null") or die;
print $pipe substr slurp_file("$tmp/songs.sp"), 0, 300000;
$pipe->flush;
my $open = 0;
for (1 .. 200) {
    last if $open = grep { (readlink $_ // '') =~ /^\Q$tmp\E.spool/ } glob "/proc/$pid/fd/*";
    select undef, undef, undef, .02;
}
ok($open, 'a file in TMPDIR is open');
kill 'KILL', $pid;
waitpid $pid, 0;
is(scalar(() = glob "$tmp/spool/* $tmp/spool/.??*"), 0, 'killed: leaves nothing in TMPDIR');
refuses(6, qr/^sp-sort: cannot keep the input in \S+spool \(TMPDIR\): File too large$/m, "ulimit -f 50; TMPDIR=$tmp/spool sp-sort --max-memory 2K id $tmp/songs.sp");
refuses(6, qr/^sp-sort: cannot keep the input in \S+nowhere \(TMPDIR\): No such file/m, "TMPDIR=$tmp/nowhere sp-sort --max-memory 2K id $tmp/songs.sp");

# What is bad.
spew("$tmp/bad.sp", stream({}, record('a', v => int64(2)), record('b', w => int64(1)), record('c', v => vec(1, 2)), record('d', v => int64(1))));
refuses(6, qr/^sp-sort: b: no field v/m, "sp-sort v $tmp/bad.sp");
refuses(6, qr/^sp-sort: c: v is not a label .*: it is an array \[2\]/m, "sp-match v present $tmp/bad.sp | sp-sort v");
my ($status, $out, $err) = run("sp-sort --on-error skip v $tmp/bad.sp | to-json");
is($status, 1, 'skip: status');
is(join(' ', map { $_->{id} } jsonl($out)), 'd a', 'skip: the others');
is(scalar(() = $err =~ /^sp-sort: [bc]: /mg), 2, 'each is named once');
my @all = records("sp-sort --on-error emit -r v $tmp/bad.sp");
is(join(' ', map { $_->{id} } @all), 'a d b c', 'emit: bad ones are last');
is(join(' ', map { $_->{error} ? 1 : 0 } @all), '0 0 1 1', 'with the reason');
refuses(2, qr/^Usage|FIELD/m, 'sp-sort');
refuses(2, qr/empty word/, "sp-sort v, $tmp/v.sp");
refuses(3, qr/cut short/, "head -c 200 $tmp/v.sp | sp-sort v");
done_testing;
