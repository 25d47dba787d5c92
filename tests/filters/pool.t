# pool: means, majorities, what is kept of a group
# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;
use Songpipe;
use Stream;
use Test::More;

sub segment {
    my ($id, $track, $x, $cluster, %more) = @_;
    return record($id, track => defined $track ? str($track) : nil(), x => $x ? vec(@$x) : nil(), cluster => int64($cluster),
        map { $_ => $more{$_} } sort keys %more);
}

# Two songs, the segments of one apart from each other; one segment without a song.
my @all = (
    segment('a#0', 'a', [1, 2], 3, genre => str('rock'), start => f64(0), year => int64(1999), m => mat(1, 1, 2)),
    segment('b#0', 'b', [5, 5], 1, genre => str('jazz'), start => f64(0), year => int64(2001), m => mat(1, 1, 2)),
    segment('a#1', 'a', [2, 4], 0, genre => str('rock'), start => f64(10), year => int64(1999), m => mat(1, 1, 2)),
    segment('a#2', 'a', [6, 9], 0, genre => str('rock'), start => f64(20), year => int64(1999), m => mat(1, 1, 2)),
    segment('b#1', 'b', [7, 6], 1, genre => str('jazz'), start => f64(10), year => int64(2002), m => mat(1, 1, 2)),
    segment('c', undef, [8, 8], 2, genre => str('folk'), start => f64(30), year => int64(2003), m => mat(1, 1, 2)));
spew("$tmp/in.sp", stream({ columns => { x => ['u', 'v'], m => ['w'] } }, @all));
is_deeply([records("pool $tmp/in.sp")], [
    { id => 'a', track => 'a', x => [3, 5], cluster => 0, share => 2 / 3, segments => 3, genre => 'rock', year => 1999 },
    { id => 'b', track => 'b', x => [6, 5.5], cluster => 1, share => 1, segments => 2, genre => 'jazz', year => undef },
    { id => 'c', track => undef, x => [8, 8], cluster => 2, share => 1, segments => 1, genre => 'folk', year => 2003 },
], 'mean, majority and share; equal fields stay, others are nil or left out');
my $out = runs("pool $tmp/in.sp");
like($out, qr/u.*v/, 'names of columns stay');
unlike($out, qr/columns[^\0]*\xa1w/, 'but not those of what is left out');

is_deeply([map { [@$_{qw(id x segments)}] } records("pool --by cluster --majority genre $tmp/in.sp")],
    [[3, [1, 2], 1], [1, [6, 5.5], 2], [0, [4, 6.5], 2], [2, [8, 8], 1]], 'by a number');
my @voted = records("pool --by year --mean x --majority genre,track $tmp/in.sp");
is_deeply([@{ $voted[0] }{qw(id genre genre.share track track.share)}], [1999, 'rock', 1, 'a', 1], 'other fields voted on');

# Ties, nil, numbers spelled in two ways, sparse vectors.
sub pooled { my ($options, @records) = @_; return records("pool -q $options", stream({}, @records)) }
my ($tie) = pooled('', map { segment("t$_", 't', [$_], 4 - $_) } 1 .. 4);
is_deeply([@$tie{qw(cluster share)}], [3, 0.25], 'a tie goes to the value seen first');
my ($spelled) = pooled('', record('a', track => str('t'), x => vec(1), cluster => int64(5), y => int64(7)),
    record('b', track => str('t'), x => vec(2), cluster => pack('Cq>', 0xd3, 5), y => pack('Cq>', 0xd3, 7)));
is_deeply([@$spelled{qw(cluster share y)}], [5, 1, 7], 'one number in two spellings');
my @nil = pooled('', segment('a', 't', undef, 1), segment('b', 't', [3], 1), segment('c', 'u', undef, 1));
is_deeply([map { $_->{x} } @nil], [[3], undef], 'nil is passed over');
my ($only) = pooled('', record('a', track => str('t'), cluster => int64(1)));
is_deeply($only, { id => 't', track => 't', cluster => 1, share => 1, segments => 1 }, 'without vectors');
my ($big) = pooled('', map { segment("t$_", 't', [1e8 + $_], 1) } 0 .. 3);
is($big->{x}[0], 100000000, 'means are taken in double');
is_deeply([pooled('')], [], 'nothing gives nothing');

sub bad { my ($why, $options, @r) = @_; refuses(6, $why, "pool $options", stream({}, @r), 1) }
bad(qr/^pool: a: no field track/, '', record('a', x => vec(1)));
bad(qr/^pool: a: no field x and no field cluster: give --mean or --majority/, '', record('a', track => str('t')));
bad(qr/^pool: b: no field x/, '', segment('a', 't', [1], 1), record('b', track => str('t'), cluster => int64(1)));
bad(qr/^pool: a: no field y/, '--mean y', segment('a', 't', [1], 1));
bad(qr/^pool: b: x has 2 numbers, not 1/, '', segment('a', 't', [1], 1), segment('b', 't', [1, 2], 1));
bad(qr/^pool: a: x\[0\] is -?nan/, '', segment('a', 't', ['nan'], 1));
bad(qr/^pool: a: track is not a label/, '', record('a', track => vec(1), x => vec(1)));
my ($status, $text) = run('pool --on-error skip | to-json', stream({}, segment('a', 't', ['nan'], 1), segment('b', 't', [2], 0)));
is($status, 1, 'skip ends with 1');
is_deeply([jsonl($text)], [{ id => 't', track => 't', x => [2], cluster => 0, share => 1, segments => 1 }], 'without the bad one');

done_testing;
