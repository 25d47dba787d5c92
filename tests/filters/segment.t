#!/usr/bin/perl
# segment: where pieces begin and end, which are taken, what they carry.
# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;
use Songpipe;
use AudioFile;
use Stream;
use Test::More;

# Samples 0 … n-1 at 100 Hz, so that a piece shows where it was cut.
sub ramp { my ($n) = @_; return (pcm => vec(0 .. $n - 1), rate => int64(100)) }
input(record('song', genre => str('rock'), ramp(1050), seconds => f64(10.5)));

# Options => the first and one past the last sample of each piece.
for my $case (
    ['--length 5' => [0, 500], [500, 1000]],
    ['--length 5 --keep-short' => [0, 500], [500, 1000], [1000, 1050]],
    ['-l 1' => (map { [100 * $_, 100 * $_ + 100] } 0 .. 9), [1000, 1050]],
    ['-l 1.01' => map { [101 * $_, 101 * $_ + 101] } 0 .. 9],
    ['--length 5 --drop-short' => [0, 500], [500, 1000]],
    ['-l 5 --hop 2.5' => [0, 500], [250, 750], [500, 1000], [750, 1050]],
    ['-l 5.5 --hop 2.5' => [0, 550], [250, 800], [500, 1050]],
    ['-l 3 --hop 5' => [0, 300], [500, 800]], ['-l 3 --hop 5 --keep-short' => [0, 300], [500, 800], [1000, 1050]],
    ['-l 10.5' => [0, 1050]], ['-l 20' => [0, 1050]], ['-l 0.333 --max 2 --keep-short' => [0, 33], [1032, 1050]],
    ['-l 1 --max 3' => [0, 100], [500, 600], [1000, 1050]], ['-l 1 --max 1' => [500, 600]],
    ['-l 1 --max 2 --drop-short' => [0, 100], [900, 1000]], ['-l 2 --max 100 --keep-short' => map { [200 * $_, 200 * $_ + 200 > 1050 ? 1050 : 200 * $_ + 200] } 0 .. 5],
    ['' => [0, 1000]],
) {
    my ($options, @want) = @$case;
    my @got = sounds("segment $options $tmp/in.sp");
    is(join(' ', map { "$_->{pcm}[0]-" . ($_->{pcm}[-1] + 1) } @got), join(' ', map { join '-', @$_ } @want), "segment $options");
    near_all([map { $_->{start} } @got], [map { $_->[0] / 100 } @want], 1e-12, 0, 'start');
    near_all([map { $_->{seconds} } @got], [map { ($_->[1] - $_->[0]) / 100 } @want], 1e-12, 0, 'seconds');
    my ($step) = $options =~ /--hop (\S+)/ ? $1 : $options =~ /(?:-l|--length) (\S+)/ ? $1 : 10;
    is(join(' ', map { $_->{id} } @got), join(' ', map { sprintf 'song#%04d', int($_->[0] / (100 * $step) + 0.5) } @want),
        'ids by the place in the track');
    is_deeply([map { "$_->{track} $_->{genre} $_->{rate}" } @got], [('song rock 100') x @want], 'what they carry');
}
my @padded = sounds("segment -l 4 --pad $tmp/in.sp");
is_deeply($padded[2]{pcm}, [800 .. 1049, (0) x 150], '--pad');
is($padded[2]{seconds}, 4, 'and its seconds');
@padded = sounds("segment -l 4 --pad --pad-value -80.5 $tmp/in.sp");
is_deeply($padded[2]{pcm}, [800 .. 1049, (-80.5) x 150], '--pad-value');

my (undef, undef, $note) = run("segment -l 5 $tmp/in.sp > /dev/null");
is($note, "segment: 1 remainder shorter than half of 5 s left out; --keep-short keeps it\n", 'a note says how many went');
is((run("segment $_ $tmp/in.sp > /dev/null"))[2], '', "no note: segment $_") for '-q -l 5', '-l 5 --keep-short', '-l 1';
# A song that is shorter than half the length is no remainder: it stays.
input(record('short', ramp(30)), record('clip', ramp(1001)));
is(join(' ', map { "$_->{id}=$_->{seconds}" } sounds("segment $tmp/in.sp")), 'short#0000=0.3 clip#0000=10', 'no song is lost, no point comes out of nothing');

input(record('odd', pcm => vec(0 .. 7), rate => int64(8)));
is(join(' ', map { "$_->{pcm}[0]+" . @{ $_->{pcm} } } sounds("segment -l 0.3125 --hop 0.1875 $tmp/in.sp")), '0+3 2+3 3+3 5+3',
    'halves of samples are rounded up');

# Two channels, frames, other types, other names.
input(record('two', pcm => mat(2, 0 .. 39), rate => int64(10)));
my @got = sounds("segment -l 1.5 --keep-short $tmp/in.sp");
is_deeply([map { $_->{'pcm.shape'} } @got], [[15, 2], [5, 2]], 'several channels stay together');
is_deeply([map { @{ $_->{pcm} } } @got], [0 .. 39], 'in order');
input(record('frames', mfcc => mat(3, 0 .. 29), frame_rate => f64(2.5), 'a.frame_rate' => int64(5), a => mat(3, 0 .. 29)));
is_deeply([map { $_->{'mfcc.shape'}[0] } sounds("segment -i mfcc -l 1.6 $tmp/in.sp")], [4, 4, 2], 'frames by frame_rate');
is_deeply([map { $_->{'a.shape'}[0] } sounds("segment -i a -l 1.6 --keep-short $tmp/in.sp")], [8, 2], 'by the rate of their own field');
input(record('double', pcm => tensor('<f8', [5], pack 'd<*', 1 .. 5), rate => f64(1)));
is(join(' ', map { @{ $_->{pcm} } } records("segment -l 3 --pad --pad-value 9 $tmp/in.sp")), '1 2 3 4 5 9', 'doubles stay doubles');
like(runs("segment -l 3 $tmp/in.sp"), qr/<f8/, 'by their type');

# Nil, none, too short, no rate.
input(record('nil', pcm => nil(), rate => nil()), record('none', pcm => vec(), rate => int64(10)), record('short', pcm => vec(1, 2), rate => int64(10)));
my ($status, $out, $err) = run("segment -l 1 $tmp/in.sp > $tmp/out.sp");
@got = sounds("cat $tmp/out.sp");
is(join(' ', map { "$_->{id} $_->{track}" } @got), 'nil nil short#0000 short', 'nil passes, with a track; no samples give no piece');
($status, $out, $err) = run("segment -l 1 --drop-short $tmp/in.sp > $tmp/out.sp");
is($status, 0, 'a track without a piece is no error');
like($err, qr/^segment: 2 without any piece: shorter than 1 s$/m, 'and is counted');
input(record('a', pcm => vec(1, 2)));
refuses(6, qr/segment: a: no field rate/, "segment $tmp/in.sp");
input(record('a', pcm => vec(1, 2), rate => int64(8)));
refuses(6, qr/segment: a: --length and --hop must be at least one sample of 0.125 s/, "segment -l 0.01 $tmp/in.sp");
for ('--pad --drop-short', '--keep-short --pad', '--keep-short --drop-short', '--pad-value 3', '--length 0', '--hop -1') {
    refuses(2, qr/^segment: /, "segment $_ $tmp/in.sp");
}

# Pieces of pieces; the same for any -j.
input(map { record("s$_", ramp(100 + 37 * $_), track => str('x')) } 0 .. 99);
($status, $out, $err) = run("segment -l 1 $tmp/in.sp > $tmp/one.sp");
like($err, qr/^segment: overwriting an older field track$/m, 'a note where a field was there');
runs("segment -q -j 4 -l 1 $tmp/in.sp > $tmp/four.sp");
is(slurp_file("$tmp/four.sp"), slurp_file("$tmp/one.sp"), '-j 4: the same bytes');
done_testing;
