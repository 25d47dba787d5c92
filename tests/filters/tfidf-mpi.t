#!/usr/bin/perl
# tfidf under mpirun: the model of one process, byte for byte.
# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;
use Songpipe;
use Stream;
use Ranks;
use Test::More;

needs_ranks("tfidf --save $tmp/none.sp");

# Words of all lengths; some are only in one text, and one is in none of the others.
srand 7;
my @words = map { join '', map { ('a' .. 'e', "\xc3\xa9")[rand 6] } 0 .. 1 + rand 12 } 1 .. 400;
sub text { return str(join ' ', map { $words[rand() ** 3 * @words] } 1 .. 5 + rand 30) }
my @records = map { record("n$_", lyrics => $_ % 50 ? text() : nil) } 0 .. 600;
same_model('words', \@records, 'tfidf', [], [300], [0, 1], [1, 2, 599], [100, 200, 601]);
same_model('few of them', \@records, 'tfidf --max-features 50 --min-df 3 --max-df 0.4', [250], [100, 101, 300]);
spew("$tmp/stop", "aa\nbb\n$words[0]\n$words[3]\n");
same_model('pairs of words', \@records, "tfidf -n 1,2 --max-features 300 --stop-words $tmp/stop", [1], [200, 400, 401]);
same_model('all of up to four words', \@records, 'tfidf -n 1,4', [200, 400]);
same_model('no single words', \@records, 'tfidf -n 2,3 --min-df 2', [200, 201, 400], [333]);
run("tfidf -n 2,3 --min-df 2 $tmp/one.0.sp > $tmp/one.x");
run("tfidf -m $tmp/want.sp $tmp/cut.$_.sp > $tmp/cut.$_.x") for 0, 1;
is(runs("cat $tmp/cut.[01].x | to-json"), runs("to-json $tmp/one.x"), 'the records by the model, share by share: those of one process');
my @counts = map { record("c$_", x => sparse(4, map { int rand 4 => 1 + int rand 9 } 1 .. 3)) } 1 .. 20;
spew("$tmp/counts.$_.sp", stream({ columns => { x => ['one', 'two words', 'three', 'four'] } }, @counts[10 * $_ .. 10 * $_ + 9])) for 0, 1;
run("cat $tmp/counts.0.sp $tmp/counts.1.sp | tfidf -i x --save $tmp/want.sp > /dev/null");
my @got = ranks(2, 'counts', 'tfidf -i x');
ok($got[0] == 0 && $got[3] eq slurp_file("$tmp/want.sp"), 'counts of words') or diag($got[2]);

bad_shards('tfidf', map { record("v$_", lyrics => str("some word number$_")) } 1 .. 6);
shards('nil', [map { record("n$_", lyrics => nil) } 1 .. 4], 2);
fails('nothing to fit', qr/no text in lyrics: nothing to fit to/, 2, 'nil', 'tfidf');
shards('few', [map { record("n$_", lyrics => str('a b')) } 1 .. 4], 2);
fails('no words', qr/no term in 4 texts/, 2, 'few', 'tfidf --token sklearn');
fails('a bound', qr/mpirun counts exactly: leave --max-candidates out/, 2, 'few', 'tfidf --max-candidates 9');
kills_rank('tfidf');
done_testing;
