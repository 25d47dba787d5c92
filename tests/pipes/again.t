#!/usr/bin/perl
# sp-info --pipeline: a result says how it was made, and those commands, with the operands
# and models filled in for FILE, make the same bytes.
# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;
use Songpipe;
use Test::More;

# Nine songs in three folders, 6 s each at 8 kHz: two tones on noise.
for my $song (0 .. 8) {
    my ($genre, $noise, $hz) = ((qw(low mid high))[$song / 3], $song + 1, 150 * 3**int($song / 3) * (1 + $song / 40));
    mkdir "$tmp/music";
    mkdir "$tmp/music/$genre";
    my $pcm = pack 's<*', map {
        $noise = ($noise * 1103515245 + 12345) & 0x7fffffff;
        6000 * (1 + sin($_ / 5000)) * (sin($_ * $hz / 1273) + sin($_ * $hz / 955)) / 2 + ($noise >> 16) / 20 - 800;
    } 1 .. 48000;
    spew("$tmp/music/$genre/it's $song.wav", 'RIFF' . pack('V', 36 + length $pcm) . 'WAVEfmt ' .
        pack('VvvVVvv', 16, 1, 1, 8000, 16000, 2, 16) . 'data' . pack('V', length $pcm) . $pcm);
}

# Run a command that writes $tmp/out.sp; then what that says it was, with FILE filled in by
# the files in turn; the bytes must be the same.
sub again {
    my ($name, $command, @files) = @_;
    runs("cd $tmp && $command > out.sp");
    my $commands = runs("sp-info --pipeline $tmp/out.sp");
    $commands =~ s/\bFILE\b(\.\.\.)?/shift(@files) \/\/ 'none'/ge;
    is(scalar(@files), 0, "$name: every file has its place");
    $commands =~ s/\n\z/ >again.sp\n/ if $commands !~ m{>/dev/null$};
    spew("$tmp/again.sh", $commands);
    runs("cd $tmp && sh again.sh");
    is(runs("cmp $tmp/out.sp $tmp/again.sp"), '', "$name: the same bytes");
    return $commands;
}

my $features = 'tracks --label genre=dir music | decode --rate 8000 | segment --length 2 --drop-short | ' .
    'mfcc -n 13 --n-fft 512 --hop-length 256 --n-mels 40 | summarize --stats mean,std,delta:std';
my $said = again('features', $features, 'music');
like($said, qr/^mfcc .*--n-mfcc 13 --dct-type 2 .*--hop-length 256 .* \|$/m, 'given and default parameters are there');
rename "$tmp/out.sp", "$tmp/x.sp";

again('the whole way', "$features | zscore --save z.sp | pca -n 0.9 --save p.sp | kmeans -k 3 --seed 5 --save k.sp | pool",
    'music');
again('on from a file', 'zscore x.sp | pca -n 4 --whiten', 'music');
again('models', 'zscore -m z.sp x.sp | pca -m p.sp | kmeans -m k.sp', 'music', qw(z.sp p.sp k.sp));
runs("cd $tmp && zscore -m z.sp x.sp | pca -m p.sp | sp-sample -n 3 > init.sp");
again('a start from a file', 'zscore -m z.sp x.sp | pca -m p.sp | kmeans -k 3 --init init.sp', 'music', qw(z.sp p.sp init.sp));
again('odd words', "sp-match id match 'it'\\''s [0-4]#' x.sp | sp-fields --set 'note=a \"b\" \$c' --shuffle genre --seed 9 | sp-sample -n 2 --by genre",
    'music');
again('a model', "zscore x.sp --save out2.sp > /dev/null; cat out2.sp", 'music', 'again.sp');
done_testing;
