#!/usr/bin/perl
# examples/own-music: three songs, a file that is none and one that is too short; nothing is overwritten without -f.
# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;
use Cwd;
use Songpipe;
use Test::More;

my $script = getcwd() . '/examples/own-music';
plan skip_all => 'needs gnuplot' if system('command -v gnuplot >/dev/null');

# Two tones on noise, mono, 8 kHz.
sub song {
    my ($path, $hz, $samples) = @_;
    my $noise = $hz;
    my $pcm = pack 's<*', map {
        $noise = ($noise * 1103515245 + 12345) & 0x7fffffff;
        5000 * (sin($_ * $hz / 1273) + sin($_ * $hz / 955)) * (1 + sin($_ / $hz / 9)) / 2 + ($noise >> 16) / 20;
    } 1 .. $samples;
    spew($path, 'RIFF' . pack('V', 36 + length $pcm) . 'WAVEfmt ' . pack('VvvVVvv', 16, 1, 1, 8000, 16000, 2, 16) .
        'data' . pack('V', length $pcm) . $pcm);
}
mkdir "$tmp/$_" for 'my music', 'my music/a', 'my music/a/b';
song("$tmp/my music/$_->[0].wav", $_->[1], 50000) for ['one', 200], ['a/two', 210], ['a/b/three', 900];
song("$tmp/my music/blip.wav", 300, 2000);
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
song("$tmp/my music/four.wav", 950, 50000);
$said = runs("cd $tmp && K=2 '$script' -f 'my music' out");
like($said, qr/^4 songs, by a net that learned/, '-f runs again; four songs are enough to learn from');
is(scalar(csv("$tmp/out/songs.csv")), 4, '-f writes over it');
refuses(6, qr/^own-music: only 0 songs/m, "cd $tmp && mkdir none && '$script' none out2");
refuses(2, qr/^own-music: usage/, "'$script'");
done_testing;
