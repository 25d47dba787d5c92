# The features of real music, from files to numbers, are librosa's
# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;
use Songpipe;
use Test::More;

my $golden = shared('golden/audio');
my $music = shared('data/gtzan100');
plan skip_all => 'needs ../shared' if !$golden || !$music;

my %want = map { $_->{id} => $_ } csv("$golden/features80.csv");
my @names = ((map { "mean_$_" } 0 .. 39), map { "std_$_" } 0 .. 39);

my $work = 'mfcc -n 40 | summarize --stats mean,std';
my $out = runs("tracks --label 'genre=regex:([a-z]+)[.]' $music | decode | $work");
my %got = map { $_->{id} => $_ } records('cat', $out);
is(keys %got, 100, '100 clips');
for my $id (sort keys %want) {
    is($got{$id}{genre}, $id =~ s/\..*//r, "$id: genre");
    near_all($got{$id}{x}, [@{ $want{$id} }{@names}], 1e-4, 0, "$id: 80 numbers");
}
is(runs("tracks --label 'genre=regex:([a-z]+)[.]' $music | decode -j 2 | mfcc -n 40 -j 2 | summarize --stats mean,std -j 2"),
    $out, 'the same bytes with -j 2');

%want = map { $_->{id} => $_ } csv("$golden/mp3/features80.csv");
%got = map { $_->{id} => $_ } records("tracks $golden/mp3 | decode | $work");
near_all($got{$_}{x}, [@{ $want{$_} }{@names}], 1e-4, 0, "$_: 80 numbers of an mp3") for sort keys %want;

# Whole matrices of odd signals, and the first 100 frames of songs.
my %decoded = map { $_ => "tracks $golden/signals/$_ | decode" } qw(dc_22050.wav impulse_22050.wav noise_48000.wav
    one_sample.wav silence_22050.wav sine440_22050.wav speech_8000.au sweep_44100_stereo.flac);
$decoded{$_} = "tracks $music/$_.flac | decode" for qw(blues.00000 classical.00003 hiphop.00005 jazz.00002 metal.00007 reggae.00004);

# A golden [row][frame] as our [frame][row], and ours cut to as many frames.
sub compare {
    my ($ours, $path, $tolerance, $name) = @_;
    my ($flat, $rows, $frames) = npy($path);
    my @want = map { my $t = $_; map { $flat->[$_ * $frames + $t] } 0 .. $rows - 1 } 0 .. $frames - 1;
    ok(@$ours >= $frames && ($frames == 100 || @$ours == $frames), "$name: frames");
    near_all([map { @$_ } @$ours[0 .. $frames - 1]], \@want, $tolerance, 0, $name);
}
for my $name (sort keys %decoded) {
    my ($r) = records("$decoded{$name} | mfcc -n 40");
    compare($r->{mfcc}, "$golden/matrices/$name/mfcc40.npy", 1e-3, "$name: mfcc40");
}
my %variants = (mfcc20_lifter22 => ['--lifter 22', 2e-3], mfcc20_dct3 => ['--dct-type 3', 1e-3],
    mfcc20_dctraw => ['--norm none', 5e-3], mfcc20_htkmel => ['--htk --mel-norm none', 1e-3],
    mfcc20_htkmel_lifter22 => ['--htk --mel-norm none --lifter 22', 2e-3],
    mfcc13_40mels_1024_256 => ['-n 13 --n-mels 40 --n-fft 1024 --hop-length 256', 1e-3]);
for my $name (sort keys %variants) {
    my ($r) = records("$decoded{'blues.00000'} | mfcc $variants{$name}[0]");
    compare($r->{mfcc}, "$golden/variants/blues.00000/$name.npy", $variants{$name}[1], $name);
}

done_testing;
