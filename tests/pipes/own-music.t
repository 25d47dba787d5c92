#!/usr/bin/perl
# examples/own-music: three songs, a file that is none and one that is too short; what is left behind.
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

my ($status, $said, $err) = run("cd $tmp && '$script' 'my music' out");
is($status, 0, 'three songs are enough');
like($said, qr/^3 songs in 2 clusters; not read: 1; shorter than a second: 1$/m, 'songs are counted');
like($said, qr/^  broken: not audio/m, 'what failed is named, and why');
like($said, qr/^  (one|a\/two) \(2\): (one; a\/two|a\/two; one)$/m, 'what is alike is together, under a name');
like($said, qr/^Odd ones: none stands out$/m, 'the odd ones');
like($said, qr/^How sure .*: not known: too few songs, or all alike$/m, 'how sure');
is($said =~ tr/\n//, 7, 'in ten lines or so');
my @rows = csv("$tmp/out/songs.csv");
is(join(' ', sort map { $_->{"\xef\xbb\xbfid"} } @rows), 'a/b/three a/two one', 'songs.csv has every song, behind a byte order mark');
is_deeply([grep { !-e $_->{path} } @rows], [], 'and its file, from wherever');
like(slurp_file("$tmp/out/map.png"), qr/^\x89PNG/, 'map.png is a picture');
like(slurp_file("$tmp/out/map.html"), qr/my(?:%20| )music\/a\/b\/three\.wav/, 'map.html has sound');
my @lists = glob "'$tmp/out/playlists/*.m3u8'";
is(scalar @lists, 2, 'a playlist for each cluster');
is_deeply([sort map { grep { !/^#/ } split /\n/, slurp_file($_) } @lists], [map { "../../my music/$_.wav" } 'a/b/three', 'a/two', 'one'], 'with paths that lead from there to the song');
is_deeply([sort map { s{.*/}{}r } glob "$tmp/out/*"], [qw(map.html map.png map.sp own-music.log playlists songs.csv)], 'and nothing else is left');

# Nothing is overwritten without -f, and nothing but an earlier result with it.
spew("$tmp/out/songs.csv", 'mine');
spew("$tmp/out/playlists/old.m3u8", '');
refuses(6, qr/^own-music: out is there: -f writes over an earlier result$/m, "cd $tmp && '$script' 'my music' out");
is(slurp_file("$tmp/out/songs.csv"), 'mine', 'nothing of an earlier run is overwritten');
refuses(6, qr/^own-music: my music is there: -f writes over an earlier result$/m, "cd $tmp && '$script' -f 'my music' 'my music'");
hum("$tmp/my music/fo\"ur\n;.wav", 6.25, 950, 7);
($status, $said, $err) = run("cd $tmp && K=2 '$script' -f 'my music' out");
like($said, qr/^4 songs in 2 clusters/, '-f runs again, with K');
is(scalar(records("cat $tmp/out/map.sp")), 4, '-f writes over it');
isnt(slurp_file("$tmp/out/songs.csv"), 'mine', 'all of it');
ok(!-e "$tmp/out/playlists/old.m3u8", 'and no playlist of the earlier one stays');
like($said, qr/playlists \(of most: see own-music.log\)/, 'that one is in no playlist is said');
like(slurp_file("$tmp/out/own-music.log"), qr/^  broken: not audio.*\n/m, 'the log is whole');
like(slurp_file("$tmp/out/own-music.log"), qr/to-m3u: .*its path has a line break/, 'a name that no playlist can hold is in the log');

my $got = (run("cd $tmp && mkdir none && '$script' none out2"))[2];
like($got, qr/^tracks: .*none: no audio files in it\n.*^own-music: 0 songs of 0 files could be used.*^own-music: stopped/ms, 'an empty folder');
refuses(6, qr/^own-music: nowhere: not a folder/m, "cd $tmp && '$script' nowhere out3");
refuses(2, qr/^own-music: usage/, "'$script'");
refuses(2, qr/^own-music: K=x is not a whole number/m, "cd $tmp && K=x '$script' 'my music' out4");
done_testing;
