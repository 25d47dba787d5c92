#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;
use Songpipe;
use Stream;
use Test::More;

sub line { return stream({}, map { record("p$_", x => vec($_, 0), cluster => int64(1), distance => f64(0)) } @_) }
sub way { return join ' ', map { $_->{id} } records("journey -q $_[0]", $_[1]) }

# On a line of points, from end to end: even steps, whether the way has more songs (k = 2: each point) or, with all points
# as neighbours, no more than its ends.
my $line = line(map { ($_ * 37) % 101 } 0 .. 100);
is(way("--from p0 --to p100 -n 11 -k $_", $line), join(' ', map { 'p' . 10 * $_ } 0 .. 10), "k = $_: each tenth") for 2, 3;
is(way("--from p100 --to p0 -n 5 -k $_", $line), 'p100 p75 p50 p25 p0', "k = $_: back, each 25th") for 2, 100;
is(way('--from p7 --to p3 -n 2', $line), 'p7 p3', 'only the ends');
my @r = records('journey -q --from p10 --to p20 -n 6 -k 2', $line);
is_deeply([map { [$_->{step}, $_->{distance}] } @r], [map { [$_ + 1, 2 * $_] } 0 .. 5], 'steps, and the distance along the way');

# Round a ring, which a straight way would cross: 0 to 18 of 36 goes by neighbours, and the shorter side.
my $ring = stream({}, map { record("r$_", x => vec(map { 10 * $_ } cos($_ * 3.14159265358979 / 18), sin($_ * 3.14159265358979 / 18))) } 0 .. 35);
is(way('--from r0 --to r12 -n 5 -k 2', $ring), 'r0 r3 r6 r9 r12', 'round a ring');
is(way('--from r0 --to r27 -n 4 -k 2', $ring), 'r0 r33 r30 r27', 'by its shorter side');
is(way('--from r0 --to r12 -n 5 -k 2 --metric cosine', $ring), 'r0 r3 r6 r9 r12', 'by the cosine');

# A gap: 9 and 100 are each other's tenth.
my $gap = line(0 .. 9, 100 .. 109);
my ($status, $out, $err) = run('journey --from p0 --to p109 -n 20 -k 3 | to-json', $gap);
like($err, qr/^journey: no way by songs among each other's 3 nearest: there is a gap, which -k 12 gets over$/m, 'a gap is said');
is(scalar(jsonl($out)), 20, 'and got over');
is((run('journey --from p0 --to p109 -n 20 -k 10', $gap))[2] =~ /gap/ ? 1 : 0, 0, '10 are enough');
like((run('journey --from p0 --to p109 -n 20 -k 9', $gap))[2], qr/which -k 18/, '9 are not');
(undef, $out, $err) = run('journey --from p3 --to p7 -k 2 | to-json', $gap);
is(join(' ', map { $_->{id} } jsonl($out)), 'p3 p4 p5 p6 p7', 'all that lie between');
like($err, qr/^journey: the way has 5 songs, not 12: no others lie between them$/m, 'fewer than asked for is said');
like($err, qr/^journey: overwriting an older field distance$/m, 'and distance is overwritten');

# For to-m3u, in order.
is(join(' ', runs('journey -q --from p9 --to p3 -n 4 | sp-fields --set path=a | to-m3u --missing | grep -c EXTINF', $line)), "4\n", 'a playlist');
is(runs(q{journey -q --from p9 --to p3 -n 4 -k 2 | to-json | perl -pe 's/"id":"(\w+)"/"id":"$1","path":"$1"/' | from-json | to-m3u --missing | grep -v '#'}, $line),
    "p9\np7\np5\np3\n", 'to-m3u keeps the order');

# Copies at one place, nil vectors, two songs.
is(way('--from a --to c -n 3 -k 1', stream({}, map { record($_->[0], x => vec($_->[1])) } ['a', 0], ['b', 0], ['c', 0])), 'a c', 'at one place nothing lies between');
is(way('--from a --to b', stream({}, record('a', x => vec(1)), record('n', x => nil()), record('b', x => vec(2)))), 'a b', 'nil is passed over');
is(runs('journey -q -j 1 --from r0 --to r12 | md5sum', $ring), runs('journey -q -j 3 --from r0 --to r12 | md5sum', $ring), 'on any threads');

refuses(2, qr/--from is missing/, 'journey --to a', $line);
refuses(2, qr/--to is missing/, 'journey --from a', $line);
refuses(2, qr/are the same song/, 'journey --from p1 --to p1', $line);
refuses(6, qr/^journey: p500: no record with this id has a vector/m, 'journey --from p1 --to p500', $line);
refuses(6, qr/^journey: n: no record with this id has a vector/m, 'journey --from n --to b', stream({}, record('n', x => nil()), record('b', x => vec(2)), record('c', x => vec(2))));
refuses(6, qr/step exists/, 'sp-fields --set step=1 | journey --from p1 --to p2', $line);
refuses(4, qr/^journey: no way from p0 to p5000 by songs among each other's \d+ nearest, and -k \d+ needs \d+ MiB/m, 'journey -q --max-memory 8M --from p0 --to p5000', line(0 .. 2000, 5000 .. 7000));
done_testing;
