#!/usr/bin/perl
# pca under mpirun: the model of one process, byte for byte.
# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;
use Songpipe;
use Stream;
use Ranks;
use Test::More;

needs_ranks("pca --save $tmp/none.sp");

srand 7;
my @records = map { record("n$_", x => $_ % 50 ? vec(1e4 + rand, rand, rand() * $_, $_ % 7) : nil) } 0 .. 1500;
same_model('vectors', \@records, 'pca', [], [700], [0, 1], [1, 255, 600], [100, 1200, 1501]);
same_model('a share of the variance, whitened', \@records, 'pca -n 0.9 --whiten', [1000]);

# 3 x 4 / 2 tiles of 256 columns; fewer rows than columns, and more.
my @wide = map { record("w$_", x => vec(map { rand } 1 .. 600)) } 1 .. 700;
same_model('many columns', \@wide, 'pca -n 5', [100], [300, 301, 650]);
same_model('fewer vectors than columns', [@wide[0 .. 299]], 'pca -n 5', [100], [50, 60, 200]);
same_model('drawn', \@wide, 'pca -n 5 --solver randomized --seed 3', [400]);

# Sparse vectors, and both kinds: what the first is settles how all are held.
my @sparse = map { record("s$_", x => sparse(60, map { $_ => rand } map { int rand 60 } 1 .. 4)) } 1 .. 120;
same_model('sparse vectors', \@sparse, 'pca -n 3', [50], [0, 1, 2]);
my @dense = map { record("d$_", x => vec(map { int rand 3 } 1 .. 60)) } 1 .. 40;
same_model('sparse ones first', [@sparse, @dense], 'pca -n 3', [120], [10, 100, 140]);
same_model('dense ones first', [@dense, @sparse], 'pca -n 3', [40], [10, 100, 140]);

my @few = map { record("v$_", x => vec($_, $_ * $_)) } 1 .. 6;
bad_vectors('pca', @few);
bad_shards('pca', @few);
shards('nil', [map { record("n$_", x => nil) } 1 .. 4], 2);
fails('nothing to fit', qr/0 records with x: at least 2 are needed/, 2, 'nil', 'pca');
kills_rank('pca');
done_testing;
