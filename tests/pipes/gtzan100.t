# The features of real music, from files to numbers, are librosa's
# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;
use Songpipe;
use Sound;
use Test::More;

my $golden = shared('golden/audio');
my $music = shared('data/gtzan100');
plan skip_all => 'needs ../shared' if !$golden || !$music;

# Both papers' vectors: 80 numbers, and 68 as golden/audio/README.md defines them.
my @eighty = ((map { "mean_$_" } 0 .. 39), map { "std_$_" } 0 .. 39);
my $eighty = 'mfcc -n 40 JOBS | summarize --stats mean,std JOBS';
my $more = 'mfcc --keep JOBS | chromagram --keep JOBS | descriptors --which centroid,bandwidth,rolloff,zcr JOBS | ' .
    'summarize --stats mfcc=mean,std --stats chroma=mean,std --stats descriptors=mean JOBS';
sub piped { my ($in, $pipe, $jobs) = @_; $pipe =~ s/JOBS/$jobs/g; return runs("$in | decode $jobs | $pipe") }

# Columns of features68.csv in the order of our vector, and what is allowed.
my @parts = ([mfcc => 40, 1e-4], [chroma => 24, 1e-5], [centroid => 1, 1e-2], [bandwidth => 1, 1e-2], [rolloff => 1, 0.1], [zcr => 1, 1e-7]);

sub compare {
    my ($table80, $table68, $in, $name) = @_;
    my $out = piped($in, $eighty, '');
    is(piped($in, $eighty, '-j 2'), $out, "$name: the same bytes with -j 2");
    my %got = map { $_->{id} => $_ } records('cat', $out);
    my @want = csv($table80);
    is(keys %got, @want, "$name: number of records");
    near_all($got{ $_->{id} }{x}, [@$_{@eighty}], 1e-4, 0, "$_->{id}: 80 numbers") for @want;
    $out = piped($in, $more, '');
    %got = map { $_->{id} => $_ } records('cat', $out);
    my ($first) = split /\n/, slurp_file($table68);
    my (undef, @names) = split /,/, $first;
    for my $row (csv($table68)) {
        my @want = @$row{@names};
        my @ours = @{ $got{ $row->{id} }{x} };
        is(@ours, 68, "$row->{id}: 68 numbers");
        near_all([splice @ours, 0, $_->[1]], [splice @want, 0, $_->[1]], $_->[2], 0, "$row->{id}: $_->[0]") for @parts;
    }
    return %got;
}
my %songs = compare("$golden/features80.csv", "$golden/features68.csv", "tracks --label 'genre=regex:([a-z]+)[.]' $music", 'gtzan100');
is($songs{$_}{genre}, s/\..*//r, "$_: genre") for sort keys %songs;
my %mp3 = compare("$golden/mp3/features80.csv", "$golden/mp3/features68.csv", "tracks $golden/mp3", 'mp3');
my %tuning = map { $_->{id} => $_->{tuning} } csv("$golden/tuning.csv");
near_all([map { $songs{$_}{tuning} } sort keys %songs], [map { $tuning{$_} } sort keys %songs], 1e-6, 0, 'tuning of 100 songs');

# Whole matrices of odd signals, and the first 100 frames of songs.
my %decoded = map { $_ => "tracks $golden/signals/$_ | decode" } qw(dc_22050.wav impulse_22050.wav noise_48000.wav
    one_sample.wav silence_22050.wav sine440_22050.wav speech_8000.au sweep_44100_stereo.flac);
$decoded{$_} = "tracks $music/$_.flac | decode" for qw(blues.00000 classical.00003 hiphop.00005 jazz.00002 metal.00007 reggae.00004);
my @columns = qw(centroid bandwidth rolloff zcr rms);
for my $name (sort keys %decoded) {
    my $folder = "$golden/matrices/$name";
    my ($r) = records("$decoded{$name} | mfcc -n 40 --keep | logmel --keep | chromagram --keep | descriptors --which " . join ',', @columns);
    golden_matrix($r->{mfcc}, "$folder/mfcc40.npy", 1e-3, "$name: mfcc40");
    golden_matrix([map { [@$_[0 .. 19]] } @{ $r->{mfcc} }], "$folder/mfcc20.npy", 1e-3, "$name: mfcc20");
    golden_matrix($r->{logmel}, "$folder/logmel.npy", 2e-3, "$name: logmel");
    my %allowed = (centroid => 0.1, bandwidth => $name =~ /^dc/ ? 5 : 0.1, rolloff => 0.01, zcr => 1e-7, rms => 1e-6);
    for my $c (0 .. $#columns) {
        golden_matrix([map { [$_->[$c]] } @{ $r->{descriptors} }], "$folder/$columns[$c].npy", $allowed{ $columns[$c] }, "$name: $columns[$c]");
    }
    ($r) = records("$decoded{$name} | chromagram --tuning $tuning{$name}") if $name =~ /^impulse/;    # flat: its peaks are rounding noise
    near_all([$r->{tuning}], [$tuning{$name}], 1e-6, 0, "$name: tuning");
    golden_matrix($r->{chroma}, "$folder/chroma.npy", 1e-5, "$name: chroma");
}
my %variants = (mfcc20_lifter22 => ['mfcc --lifter 22', 2e-3], mfcc20_dct3 => ['mfcc --dct-type 3', 1e-3],
    mfcc20_dctraw => ['mfcc --norm none', 5e-3], mfcc20_htkmel => ['mfcc --htk --mel-norm none', 1e-3],
    mfcc20_htkmel_lifter22 => ['mfcc --htk --mel-norm none --lifter 22', 2e-3],
    mfcc13_40mels_1024_256 => ['mfcc -n 13 --n-mels 40 --n-fft 1024 --hop-length 256', 1e-3],
    logmel_refmax => ['logmel --ref max', 2e-3], logmel_notop => ['logmel --top-db none', 3e-2]);
for my $name (sort keys %variants) {
    my ($command, $tolerance) = @{ $variants{$name} };
    my ($r) = records("$decoded{'blues.00000'} | $command");
    golden_matrix($r->{mfcc} // $r->{logmel}, "$golden/variants/blues.00000/$name.npy", $tolerance, $name);
}

done_testing;
