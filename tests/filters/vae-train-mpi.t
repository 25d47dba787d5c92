#!/usr/bin/perl
# vae-train under mpirun: the model, the log and the checkpoints of one process, byte for byte.
# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;
use Songpipe;
use Stream;
use Ranks;
use Test::More;

needs_ranks('vae-train');
$Ranks::save = '>';

# The log of the last run, less the speed.
sub lines { return runs("to-json $tmp/log.sp") =~ s/"speed":[^,}]*//gr }

# Vectors, some nil, of three kinds; and matrices.
srand 7;
my @records = map { record("n$_", x => $_ % 50 ? vec(map { rand() - 0.5 } 1 .. 9) : nil, kind => str('k' . int(rand 3))) } 0 .. 199;
my @matrices = map { record("m$_", logmel => mat(12, map { rand() - 0.5 } 1 .. 120)) } 1 .. 90;
my $dense = 'vae-train -q --hidden 40,12 --latent 3 --epochs 3';
same_model('dense', \@records, $dense, [], [90], [3, 60, 101], [0, 0, 199]);
same_model('rows held out, dropout, clipping', \@records,
           "$dense --batch 100 --validation 0.2 --dropout 0.2 --clip 1 --patience 2", [120], [3, 60, 101]);
same_model('residual, with a condition', \@records, "$dense --batch 128 --residual --condition kind -j 3", [1], [50, 100, 150]);
same_model('free bits', \@records, "$dense --batch 130 --free-bits 0.2", [7, 8]);
same_model('batches of one', \@records, 'vae-train -q --hidden 4 --latent 2 --epochs 1 --no-kl --batch 1', [70]);
my $conv = 'vae-train -q --latent 3 --epochs 2';
same_model('convolutions', \@matrices, "$conv --conv 5,7 --validation 0.1", [40], [30, 31, 60]);
same_model('on tiles, normalised', \@matrices, "$conv --conv 32,64 --batch 40 --batch-norm", [40]);
same_model('on tiles, four of them', \@matrices, "$conv --conv 32,64 --batch 90 -j 2", [20, 40, 60]);

shards('one', \@records);
shards('two', \@records, 90);
my $run = 'vae-train -q --hidden 40,12 --latent 3 --batch 100 --validation 0.1 --patience 9';
runs("$run --epochs 3 --log $tmp/log.sp $tmp/one.0.sp > /dev/null");
my $want = lines();
is((ranks(2, 'two', "$run --epochs 3 --log $tmp/log.sp"))[0], 0, 'two ranks with a log');
is(lines(), $want, 'it is that of one process');

# ---- checkpoints ----

shards('four', \@records, 40, 90, 130);
my @four = map { "$tmp/four.$_.sp" } 0 .. 3;
my $whole = runs("cat @four | $run --epochs 5");
my ($status, undef, $err) = ranks(4, 'four', "$run --epochs 2 --checkpoint $tmp/c.sp");
is($status, 0, 'four ranks write a checkpoint') or diag($err);
my $resume = "$run --epochs 5 --resume $tmp/c.sp";
is(runs("cat @four | $resume"), $whole, 'one process goes on');
is(runs("mpirun --oversubscribe -n 1 $resume $four[0] : -n 1 $resume @four[1 .. 3]"), $whole, 'two ranks go on, with other shares');
runs("cat @four | $run --epochs 2 --checkpoint $tmp/one.sp > /dev/null");
is((ranks(4, 'four', "$run --epochs 5 --resume $tmp/one.sp"))[3], $whole, 'four go on where one was');
is((ranks(4, 'four', "$run --epochs 5 --checkpoint $tmp/new.sp --resume $tmp/new.sp"))[3], $whole, 'a checkpoint that is not there yet');
my $other = qr/its run had data=.*this one has data=/;
refuses(2, $other, "$resume @four[1, 0, 2, 3]");
shards('four', \@records, 41, 90, 130);
fails('other shares', $other, 4, 'four', $resume);

# ---- what is bad ----

my @few = map { record("v$_", x => vec($_, $_ * $_)) } 1 .. 6;
bad_vectors($run, @few);
bad_shards($run, @few);
shards('nil', [map { record("n$_", x => nil) } 1 .. 4], 2);
fails('nothing to train on', qr/0 records with x: too few to train on/, 2, 'nil', $run);
shards('shape', [map { record("m$_", logmel => mat($_, 1 .. 24)) } 4, 6], 1);
fails('another shape', qr/logmel is \d x \d, that of rank \d is \d x \d/, 2, 'shape', 'vae-train --conv 2 --kernel 2');
kills_rank($run);
done_testing;
