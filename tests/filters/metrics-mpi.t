#!/usr/bin/perl
# metrics under mpirun: the scores of one process, byte for byte.
# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;
use Songpipe;
use Stream;
use Ranks;
use Test::More;

needs_ranks('metrics');
$Ranks::save = '>';

# Three blocks of 512 rows and a part of a fourth; noise, and nil of each kind. Other fields are not sent along.
srand 7;
my @records = map {
    my $k = int rand 5;
    record("n$_", lyrics => str('la' x 50), x => $_ % 50 ? vec(map { $k + 2 * rand } 1 .. 3) : nil, cluster => int64($k - 1),
        genre => $_ % 7 ? str("g" . int(rand 3)) : nil, year => int64(1990 + int rand 4), xy => vec(rand, rand));
} 0 .. 1800;
same_model('scores', \@records, 'metrics --truth genre,year --noise all', [], [900], [0, 1], [1, 2, 1799], [500, 1000, 1801]);
my @few = @records[1 .. 300];
same_model('all that there is', \@few, 'metrics --truth genre --map xy --hubness --cosine --bootstrap 20 --set run=a', [150], [0, 299]);
same_model('each cluster', \@few, 'metrics --per-cluster --truth genre', [150], [100, 200]);
same_model('no vectors', [map { record("c$_", cluster => int64($_ % 3), t => int64($_ % 2)) } 1 .. 30], 'metrics -t t', [10], [1, 29]);

# So many clusters that the sums of all rows are not held.
my @many = map { record("m$_", x => vec(rand, rand), cluster => int64(int($_ / 2))) } 1 .. 8400;
same_model('many clusters', \@many, 'metrics', [4000]);

@few = map { record("v$_", x => vec($_, $_ * $_), cluster => int64($_ % 2)) } 1 .. 6;
bad_shards('metrics', @few);
shards('few', [@few[0 .. 2], record('w', x => vec(1, 2, 3), cluster => int64(1)), @few[3 .. 5]], 2);
fails('another width', qr/w: x has 3 numbers, not 2/, 2, 'few', 'metrics');
fails('each', qr/mpirun gives scores: leave --each out/, 2, 'few', 'metrics --each');
kills_rank('metrics');
done_testing;
