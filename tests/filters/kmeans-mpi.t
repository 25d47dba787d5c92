#!/usr/bin/perl
# kmeans under mpirun: the model of one process, byte for byte, however the vectors are shared out.
# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;
use Songpipe;
use Stream;
use Ranks;
use Test::More;

needs_ranks("kmeans -k 2 --save $tmp/none.sp");

srand 7;
my @records = map { record("n$_", x => $_ % 50 ? vec(map { 3 * int(rand 4) + rand } 1 .. 5) : nil) } 0 .. 3000;
same_model('vectors', \@records, 'kmeans -k 9 --n-init 4', [], [1500], [0, 1], [1, 2900, 3001], [600, 1200, 1800]);
run("kmeans -k 9 --n-init 4 $tmp/one.0.sp > $tmp/one.map");
run("kmeans -m $tmp/want.sp $tmp/cut.$_.sp > $tmp/cut.$_.map") for 0 .. 3;
is(runs("cat $tmp/cut.[0-3].map | to-csv"), runs("to-csv $tmp/one.map"), 'the records by the model, share by share: those of one process');
same_model('few steps', \@records, 'kmeans -k 40 --n-init 2 --max-iter 3', [10], [500, 2500]);
same_model('large numbers', [map { record("n$_", x => vec(1e30 * rand, -1e30 * rand)) } 1 .. 200], 'kmeans -k 3', [150]);

# Fewer different vectors than centres; starts that are equally far from all, and starts that no vector is near to.
my @same = map { record("s$_", x => vec($_ % 3, 1)) } 1 .. 300;
same_model('the same vectors', \@same, 'kmeans -k 5 --n-init 3', [100], [1, 2, 299]);
spew("$tmp/init.sp", stream({}, map { record("c$_", x => vec(1, 1, 1, 1, $_ < 3 ? 1 : 1e6 * $_)) } 1 .. 6));
same_model('centres without vectors', \@records, "kmeans --init $tmp/init.sp", [1000], [2000, 2500, 2501]);

my @few = map { record("v$_", x => vec($_, $_ * $_)) } 1 .. 6;
bad_vectors('kmeans -k 2', @few);
bad_shards('kmeans -k 2', @few);
shards('few', [map { record("v$_", x => vec($_, 1)) } 1 .. 4], 2);
fails('too few vectors', qr/4 vectors cannot make 5 clusters/, 2, 'few', 'kmeans -k 5');
fails('a scan', qr/mpirun needs a single number of clusters/, 2, 'few', 'kmeans -k 2:3');
fails('batches', qr/mpirun takes all vectors at each step: leave --batch out/, 2, 'few', 'kmeans -k 2 --batch 2');
kills_rank('kmeans -k 2');
done_testing;
