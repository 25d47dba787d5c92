#!/usr/bin/perl
# The pipelines of man 7 songpipe, as they stand there, on music made here: every block
# behind a line .\" run, in order, in one folder.
# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;
use Picture;
use Songpipe;
use Test::More;

# Three folders of three songs, eleven seconds each at 8 kHz: chords of their own on noise.
sub song {
    my ($path, $hz, $seed) = @_;
    my ($rate, $n, $noise) = (8000, 88000, $seed);
    my @step = map { 6.283185 * $_ / $rate } $hz, $hz * 1.25, $hz * (1.5 + $seed / 50);
    my $pcm = pack 's<*', map {
        $noise = ($noise * 1103515245 + 12345) & 0x7fffffff;
        my $t = $_;
        5000 * (1 + sin($t / (9000 + 500 * $seed))) * (sin($t * $step[0]) + sin($t * $step[1]) + sin($t * $step[2])) / 3
            + ($noise >> 16) / 20 - 800;
    } 1 .. $n;
    spew($path, 'RIFF' . pack('V', 36 + length $pcm) . 'WAVEfmt ' .
        pack('VvvVVvv', 16, 1, 1, $rate, 2 * $rate, 2, 16) . 'data' . pack('V', length $pcm) . $pcm);
}
my %hz = (low => 110, mid => 440, high => 1500);
mkdir "$tmp/music";
for my $genre (sort keys %hz) {
    mkdir "$tmp/music/$genre";
    song("$tmp/music/$genre/song$_.wav", $hz{$genre}, $_) for 1 .. 3;
}

my @blocks = page_blocks('man/songpipe.7', 'run');
ok(@blocks >= 8, @blocks . ' pipelines in the guide');

my $last = '';
for my $block (@blocks) {
    my ($first) = split /\n/, $block;
    spew("$tmp/block.sh", "set -euo pipefail\ncd $tmp\n$block");
    my ($status, $out, $err) = run("bash $tmp/block.sh");
    is($status, 0, "runs: $first") or diag($err);
    $last .= $out;
}

# What they left is what the guide says that it is.
my @map = records("cat $tmp/map.sp");
is(@map, 9, 'a record for each song');
is_deeply([map { scalar @{ $_->{x} } } @map], [(4) x 9], 'of four components');
my %together;
$together{ $_->{genre} }{ $_->{cluster} }++ for @map;
is_deeply([map { scalar keys %{ $together{$_} } } sort keys %hz], [1, 1, 1], 'songs that sound alike are together');
is(scalar(my @pooled = records("cat $tmp/pooled.sp")), 9, 'segments are pooled back to songs');
my @lengths = map { scalar @{ (records("cat $tmp/x$_.sp"))[0]{x} } } 80, 68;
is("@lengths", '80 68', 'the vectors of the papers');
is(scalar @{ (records("cat $tmp/mel.sp"))[0]{logmel} }, 256, 'and the tensor');
is(scalar(my @scores = split /\n/, slurp_file("$tmp/scores.csv")), 4, 'a line of scores for each k');
for my $c (qw(kmeans ward spectral)) {
    my %of;
    $of{ $_->{genre} }{ $_->{cluster} }++ for records("cat $tmp/$c.sp");
    is_deeply([map { scalar keys %{ $of{$_} } } sort keys %hz], [1, 1, 1], "$c: songs that sound alike are together");
}
is_deeply([map { $_->{id} } records("cat $tmp/scores.sp")], [qw(kmeans ward dbscan spectral)], 'a record of scores for each method');
like($last, qr/^ward +[-\d.]/m, 'the table of scores');
like($last, qr/^\| *kmeans *\| .*±/m, 'means over seeds');
is(scalar(my @points = grep { /^[-\d.e]+,[-\d.e]+$/ } split /\n/, slurp_file("$tmp/points.csv")), 9, 'a point for each song');
is_deeply([map { $_->{cluster} } grep { $_->{genre} ne 'high' } records("cat $tmp/all.sp")],
    [map { $_->{cluster} } records("cat $tmp/fitted.sp")], 'a model puts what it was fitted to where the fit did');
is(scalar(grep { @{ $_->{xy} } == 2 && $_->{cluster} < 3 } records("cat $tmp/songs-map.sp")), 9, 'a million songs, or nine');
my @programs = glob "$tmp/*.gp";
ok(@programs >= 10, @programs . ' pictures') or diag("@programs");
SKIP: {
    skip 'needs gnuplot', scalar @programs if !$gnuplot;
    for my $program (@programs) {
        my ($status, $out, $err) = run("gnuplot $program");
        is("$status$err" . substr($out, 1, 3), '0PNG', 'gnuplot draws ' . $program =~ s{.*/}{}r);
    }
}
done_testing;
