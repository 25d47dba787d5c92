#!/usr/bin/perl
# zscore under mpirun: the model of one process, byte for byte; what is wrong with a shard ends all ranks.
# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;
use Songpipe;
use Stream;
use Ranks;
use Test::More;

needs_ranks("zscore --save $tmp/none.sp");

# More than two parts of 4096 records; some are nil, the first of all, too.
srand 7;
my @records = map { record("n$_", x => $_ % 50 ? vec(rand, 1e4 + rand, $_) : nil) } 0 .. 9000;
same_model('vectors', \@records, 'zscore', [], [4096], [5000], [1, 4095, 4100], [0, 0, 8999], [100, 5000, 5001]);
my @matrices = map { record("m$_", x => mat(2, map { rand } 1 .. 2 * ($_ % 5 + 1))) } 1 .. 4500;
same_model('matrices, by band', \@matrices, 'zscore --per band', [1000]);

my @few = map { record("v$_", x => vec($_, $_ * $_)) } 1 .. 6;
bad_vectors('zscore', @few);
bad_shards('zscore', @few);
shards('nil', [map { record("n$_", x => nil) } 1 .. 4], 2);
fails('nothing to fit', qr/no model to save: no record has x/, 2, 'nil', 'zscore');
refuses(2, qr/mpirun fits and writes no records: give --save/, "mpirun -n 1 zscore $tmp/few.0.sp 2>&1 >/dev/null | tee /dev/stderr >/dev/null");
kills_rank('zscore');
done_testing;
