#!/usr/bin/perl
# examples/own-music: three songs, a file that is none and one that is too short; nothing is overwritten without -f.
# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;
use AudioFile;
use Cwd;
use Songpipe;
use Test::More;

my $script = getcwd() . '/examples/own-music';
plan skip_all => 'needs gnuplot' if system('command -v gnuplot >/dev/null');

mkdir "$tmp/$_" for 'my music', 'my music/a', 'my music/a/b';
hum("$tmp/my music/$_->[0].wav", 6.25, @$_[1, 2]) for ['one', 200, 2], ['a/two', 210, 2], ['a/b/three', 900, 7];
hum("$tmp/my music/blip.wav", 0.25, 300, 2);
spew("$tmp/my music/broken.mp3", 'nothing');

my $said = runs("cd $tmp && '$script' 'my music' out");
like($said, qr/^3 songs, by texture alone .* 1 shorter than a second/, 'songs are counted');
like($said, qr/^decode: broken: not audio/m, 'what failed is named, and why');
like($said, qr/^    blip: too short$/m, 'what is too short is named');
like($said, qr/^cluster \d: 2 songs, most typical:\n    (one|a\/two)\n    (one|a\/two)$/m, 'what is alike is together');
my @rows = csv("$tmp/out/songs.csv");
is(join(' ', sort map { $_->{id} } @rows), 'a/b/three a/two one', 'songs.csv has every song');
like(slurp_file("$tmp/out/map.png"), qr/^\x89PNG/, 'map.png is a picture');

spew("$tmp/out/songs.csv", 'mine');
refuses(6, qr/^own-music: out is there already: -f writes over it$/m, "cd $tmp && '$script' 'my music' out");
is(slurp_file("$tmp/out/songs.csv"), 'mine', 'nothing of an earlier run is overwritten');
hum("$tmp/my music/four.wav", 6.25, 950, 7);
$said = runs("cd $tmp && K=2 '$script' -f 'my music' out");
like($said, qr/^4 songs, by a net that learned/, '-f runs again; four songs are enough to learn from');
is(scalar(csv("$tmp/out/songs.csv")), 4, '-f writes over it');
refuses(6, qr/^own-music: only 0 songs/m, "cd $tmp && mkdir none && '$script' none out2");
refuses(2, qr/^own-music: usage/, "'$script'");
done_testing;
