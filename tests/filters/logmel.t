# logmel: librosa's numbers, cut and filled to a number of frames
# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;
use Songpipe;
use Sound;
use Stream;
use Test::More;

golden_cases('logmel', 'logmel', sub { $_[0]{options} =~ /top-db none/ ? 3e-2 : 2e-3 });

# Frames of a number: of 18 frames, 5 or 41.
spew("$tmp/in.sp", stream({}, sound('a', 22050, signal(0, 9000))));
sub logmel { my ($r) = records("logmel --n-mels 3 $_[0] $tmp/in.sp"); return $r->{logmel} }
my $all = logmel('');
is(scalar @$all, 18, '18 frames');
is_deeply(logmel('--frames 5'), [@$all[0 .. 4]], 'the first 5');
is_deeply(logmel('--frames 5 --crop centre'), [@$all[6 .. 10]], 'the middle 5');
is_deeply(logmel('--frames 18 --crop centre'), $all, 'as many as there are');
is_deeply(logmel('--frames 41 --pad -7.5'), [@$all, ([-7.5, -7.5, -7.5]) x 23], 'filled with a number');
is_deeply(logmel('--frames 41 --crop centre --pad 0'), [([0, 0, 0]) x 11, @$all, ([0, 0, 0]) x 12], 'on both sides');
is_deeply(logmel('--frames 41 --pad none'), $all, 'not filled');
is_deeply(logmel('--frames 41 --pad reflect'), [@$all, reverse(@$all[0 .. 16]), @$all[1 .. 6]], 'mirrored');
is_deeply(logmel('--frames 22 --crop centre --pad reflect'), [@$all[2, 1], @$all, @$all[16, 15]], 'mirrored on both sides');
my $filled = logmel('--frames 20 --top-db 30');
my $least = (sort { $a <=> $b } @{ flat(logmel('--top-db 30')) })[0];
is_deeply([@$filled[18, 19]], [([($least) x 3]) x 2], 'filled with the floor of the track');
is_deeply(logmel('--frames 19 --top-db none --amin 1e-5')->[18], [(-50) x 3], 'which is amin without --top-db');
is_deeply(logmel('--frames 19 --ref max --top-db 40')->[18], [(-40) x 3], 'or top_db below the reference');
my $turned = logmel('--mel-major --frames 5');
is_deeply($turned, [map { my $b = $_; [map { $all->[$_][$b] } 0 .. 4] } 0 .. 2], 'a band a row');

# Half floats: 11 bits.
my $half = logmel('--f16');
near_all(flat($half), flat($all), 0, 2**-11, 'half floats');
isnt("@{ $half->[3] }", "@{ $all->[3] }", 'which are no floats');
like(runs("logmel --f16 $tmp/in.sp"), qr/<f2/, 'stored as such');
ok(length(runs("logmel --f16 $tmp/in.sp")) < 0.75 * length(runs("logmel $tmp/in.sp")), 'and smaller');
my ($x) = records("logmel --n-mels 3 --f16 $tmp/in.sp | summarize -s max");
is_deeply($x->{x}, [map { my $c = $_; my $m = -1e9; $_->[$c] > $m and $m = $_->[$c] for @$half; $m } 0 .. 2], 'summarize takes them');

is(runs("logmel -j 2 $tmp/in.sp"), runs("logmel $tmp/in.sp"), '-j 2 gives the same bytes');
like(runs("logmel --n-mels 3 $tmp/in.sp"), qr/columns.*logmel0.*logmel2/s, 'columns are named');
refuses_bad_sound('logmel');
refuses(2, qr/--pad 'x' is neither a number from -1000000 to 1000000 nor floor\|reflect\|none/, 'logmel --pad x');
refuses(2, qr/--pad '' is neither a number/, 'logmel --pad ""');

done_testing;
