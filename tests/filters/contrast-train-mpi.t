#!/usr/bin/perl
# contrast-train under mpirun: the model, the log, the checkpoints and what is said of one process, byte for byte; songs whose
# crops lie in several shards.
# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;
use Songpipe;
use Stream;
use Ranks;
use Test::More;

needs_ranks('contrast-train');
$Ranks::save = '>';

# Crops of songs, which come mixed, some nil, one of no song; songs of two vectors, of which some have one, in 4 crops of each.
srand 7;
sub draw { return map { rand() - 0.5 } 1 .. $_[0] }
my @crops = map { record("c$_", track => $_ % 70 ? str('s' . $_ % 83) : nil, x => $_ % 50 ? vec(draw(12)) : nil) } 0 .. 299;
my @both = map { record("b$_", track => str('t' . int($_ / 4)), a => $_ % 9 ? vec(draw(5)) : nil, l => $_ % 7 ? vec(draw(40)) : nil) }
    0 .. 279;
my $run = 'contrast-train -q --hidden 40,12 --out 6';
same_model('songs in two shards', \@crops, "$run --epochs 9", [], [90], [3, 60, 101], [0, 0, 299]);
same_model('batches of 70', \@crops, "$run --batch 70 --epochs 4 -j 3", [150], [1, 2, 200]);
same_model('songs held out, clipping', \@crops, "$run --batch 64 --validation 0.2 --clip 1 --patience 2 --epochs 9", [120], [3, 60, 101]);
same_model('each by itself', \@crops, "$run --by id --epochs 2 --temperature 0.2", [1, 7]);
same_model('fewer songs than columns', [map { record("w$_", track => str($_ % 9), x => vec(draw(40))) } 0 .. 26], "$run --epochs 3", [13], [9, 10, 11]);
same_model('two vectors', \@both, "$run -i a --with l --epochs 3", [90], [33, 34, 201]);
same_model('two vectors of songs', \@both, "$run -i a --with l --by track --batch 33 --epochs 3", [90], [33, 34, 201]);
same_model('half of them in each shard', [map { record("h$_", a => $_ < 99 ? vec(draw(3)) : nil, l => $_ > 50 ? vec(draw(4)) : nil) } 0 .. 149],
           "$run -i a --with l --epochs 2", [40], [51, 99], [50, 51]);
same_model('pairs', \@crops, "$run --control pairs --epochs 2", [90]);
same_model('untrained', \@crops, "$run --control untrained", [90]);

# What is said, and the log but for the speed.
shards('one', \@crops);
shards('two', \@crops, 90);
my $talk = ($run =~ s/ -q//r) . " --epochs 3 --log $tmp/log.sp";
my (undef, undef, $told) = run("$talk $tmp/one.0.sp > /dev/null");
my $log = runs("to-json $tmp/log.sp") =~ s/"speed":[^,}]*//gr;
my ($status, undef, $err) = ranks(2, 'two', $talk);
is($status, 0, 'two ranks that speak');
is($err, $told, 'they say once what one process says');
like($told, qr/^contrast-train: [\d.]+ % of the records/m, 'of all records');
is(runs("to-json $tmp/log.sp") =~ s/"speed":[^,}]*//gr, $log, 'their log is that of one process');

# ---- checkpoints ----

shards('four', \@crops, 40, 90, 130);
my @four = map { "$tmp/four.$_.sp" } 0 .. 3;
$run .= ' --batch 50 --validation 0.1 --patience 9 --schedule constant';
my $whole = runs("cat @four | $run --epochs 5");
($status, undef, $err) = ranks(4, 'four', "$run --epochs 2 --checkpoint $tmp/c.sp");
is($status, 0, 'four ranks write a checkpoint') or diag($err);
my $resume = "$run --epochs 5 --resume $tmp/c.sp";
ok(runs("cat @four | $resume") eq $whole, 'one process goes on');
ok(runs("mpirun --oversubscribe -n 1 $resume $four[0] : -n 1 $resume @four[1 .. 3]") eq $whole, 'two ranks go on, with other shares');
runs("cat @four | $run --epochs 2 --checkpoint $tmp/one.sp > /dev/null");
ok((ranks(4, 'four', "$run --epochs 5 --resume $tmp/one.sp"))[3] eq $whole, 'four go on where one was');
my $other = qr/its run had data=.*this one has data=/;
refuses(2, $other, "$resume @four[1, 0, 2, 3]");
shards('four', \@crops, 41, 90, 130);
fails('other shares', $other, 4, 'four', $resume);

# ---- what is bad ----

my @few = map { record("v$_", x => vec($_, $_ * $_)) } 1 .. 6;
$run = 'contrast-train -q --hidden 8 --out 2 --by id --epochs 2';
bad_vectors($run, @few);
bad_shards($run, @few);
shards('three', [@few[0 .. 2]], 1, 2);
fails('too few', qr/3 songs with x: at least 4 are needed/, 3, 'three', $run);
shards('nil', [map { record("n$_", x => nil) } 1 .. 4], 2);
fails('nothing to train on', qr/no record has a vector x to train on/, 2, 'nil', $run);
shards('same', [map { record("s$_", x => vec(1, 2)) } 1 .. 9], 2);
fails('nothing to learn', qr/all vectors x are equal/, 2, 'same', $run);
shards('few', \@few, 3);
fails('no label', qr/v\d: no field track/, 2, 'few', $run =~ s/--by id//r);
kills_rank($run);
done_testing;
