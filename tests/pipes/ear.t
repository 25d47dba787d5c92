#!/usr/bin/perl
# examples/ear/run: six songs of two kinds. All rows, the same table again from what was kept and from nothing.
# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;
use AudioFile;
use Cwd;
use Songpipe;
use Test::More;

my $run = getcwd() . '/examples/ear/run';

mkdir "$tmp/$_" for qw(music music/low music/high);
hum("$tmp/music/low/$_.wav", 8, 200 + 9 * $_, 2) for 1 .. 3;
hum("$tmp/music/high/$_.wav", 8, 1500 + 90 * $_, 7) for 1 .. 3;

my $table = runs("cd $tmp && SEEDS=2 TRAININGS=1 '$run' music");
like($table, qr/^6 songs, k-means with k = 2, the number of labels[.]\nSeeds of k-means: 2; trainings of each net: 1[.]$/m, 'songs and labels are counted');
my %row = map { /^\| (.*?) +\| \S+ ± \S+ +\| \**(\S+) ± (\S+?)\** / ? ($1 => [$2, $3]) : () } split /\n/, $table;
is(join(' / ', sort keys %row), join(' / ', sort 'MFCC: mean, std; zscore', 'texture: pool, zscore, pca -n 30',
    'texture: lda, pool, l2norm', map { "texture: contrast-train$_" } '', ' --control pairs', ' --control untrained'), 'a row for each method');
is_deeply($row{'texture: pool, zscore, pca -n 30'}, ['1.000', '0.000'], 'the texture tells the two kinds apart');
is(runs("cd $tmp && SEEDS=2 TRAININGS=1 '$run' music"), $table, 'the same again from what was kept');
is(runs("cd $tmp && SEEDS=2 TRAININGS=1 '$run' music other"), $table, 'and from nothing');

refuses(2, qr/^usage: run MUSIC/m, "'$run'");
done_testing;
