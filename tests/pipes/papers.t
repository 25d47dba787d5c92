#!/usr/bin/perl
# examples: the papers' tables of a few made songs, again from what was kept and from nothing.
# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;
use AudioFile;
use Cwd;
use Songpipe;
use Test::More;

my $examples = getcwd() . '/examples';
my $model = shared('models/all-MiniLM-L6-v2');
$model = Cwd::abs_path($model) if $model;
plan skip_all => 'needs gnuplot' if system('command -v gnuplot >/dev/null');

mkdir "$tmp/data";
my $table = "id,audio,lyrics,language,genre,artist\n";
my %words = (en => 'rain falls on the road and the night is long', de => 'der Regen faellt und die Nacht ist lang');
for my $n (1 .. 12) {
    my ($language, $genre) = ($n % 2 ? 'en' : 'de', $n <= 6 ? 'low' : 'high');
    hum("$tmp/data/$n.wav", 7, $n <= 6 ? 200 + 9 * $n : 1500 + 90 * $n, $n % 5);
    $table .= "s$n,$n.wav,\"$words{$language} word$n\",$language,$genre,a" . int(($n - 1) / 2) . "\n";
}
spew("$tmp/data/songs.csv", "${table}s13,nowhere.wav,gone,en,low,b\n");

sub tables {
    my ($which, $out, $more) = @_;
    return run("cd $tmp && make -s -f $examples/$which/Makefile DATA=data OUT=$out SEEDS=1 $more 2>&1");
}
my ($status, $said) = tables('hybrid-language', 'a', 'PIECES=1');
is($status, 0, 'paper A runs') or diag $said;
my $results = slurp_file("$tmp/a/RESULTS.md");
for my $t (1 .. 4) {
    my ($part) = $results =~ /^## Table $t\n(.*?)(?=^## |\z)/ms;
    like($part, qr/^\| paper: /m, "table $t has the paper's figures");
    like($part, qr/^\| (MFCC|audio|β-VAE).*?\| k-means +\| +-?\d/m, 'and ours');
}
like(slurp_file("$tmp/a/figure1.png"), qr/^\x89PNG/, 'a map');
(undef, $said) = tables('hybrid-language', 'a', 'PIECES=1');
unlike($said, qr/decode|make: \*/, 'what is there is not done again');
tables('hybrid-language', 'b', 'PIECES=1 RESULTS=1 results');
is(slurp_file("$tmp/b/RESULTS.md"), $results, 'the same from nothing');

SKIP: {
    skip 'needs ../shared', 5 if !$model;
    ($status, $said) = tables('multimodal', 'c', "MODEL=$model");
    is($status, 0, 'paper B runs') or diag $said;
    my @rows = slurp_file("$tmp/c/RESULTS.md") =~ /^\| (?!method)(.*?) +\|/mg;
    is(scalar(grep { !/^paper/ } @rows), 3 * 2 + 4 * 6 + 14, 'every row of ours');
    is(scalar(grep { /^paper/ } @rows), 10, 'and of the paper');
    ($status, $said) = tables('better', 'd', "PIECES=1 HYBRID=b MULTIMODAL=c TEXT=$model");
    is($status, 0, 'what the papers wished for runs') or diag $said;
    @rows = slurp_file("$tmp/d/RESULTS.md") =~ /^\| (?!method)(.*?) +\|/mg;
    is(join(' ', map { my $kind = $_; scalar grep { /^$kind/ } @rows } 'paper', 'again', 'contrast,', 'lyrics,', 'one song'), '7 12 4 24 2', 'rows of all kinds');
}
done_testing;
