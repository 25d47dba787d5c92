# mfcc: librosa's numbers for every option, other answers where librosa has none
# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;
use Songpipe;
use Stream;
use Test::More;

my ($signal) = npy('tests/golden/dsp/signal.npy');
sub pcm { return tensor('<f4', [scalar @_], pack 'f<*', @_) }
sub one { my ($id, $rate, @y) = @_; return record($id, pcm => pcm(@y), rate => int64($rate)) }
sub input { spew("$tmp/in.sp", stream({}, @_)); return "$tmp/in.sp" }
sub flat { return [map { @$_ } @{ $_[0] }] }

# Every option, against librosa (tests/golden/dsp/make_golden.py).
for my $case (csv('tests/golden/dsp/mfcc.csv')) {
    my ($first, $last) = @$case{qw(first last)};
    input(one($case->{case}, $case->{rate}, @$signal[$first .. $last - 1]));
    my ($r) = records("mfcc -q $case->{options} $tmp/in.sp");
    my ($want, $frames, $d) = npy("tests/golden/dsp/$case->{case}.npy");
    is(scalar @{ $r->{mfcc} }, $frames, "$case->{case}: frames");
    near_all(flat($r->{mfcc}), $want, $case->{case} =~ /none/ ? 5e-3 : 1e-3, 0, "$case->{case}: librosa's");
}

# librosa's matrices of the signals, as far as they need no decoder.
SKIP: {
    my $golden = shared('golden/audio') or skip 'needs ../shared', 1;
    for my $name (qw(noise_48000.wav speech_8000.au sweep_44100_stereo.flac)) {
        my ($y) = npy("$golden/resampled/$name.npy");
        input(one($name, 22050, @$y));
        my ($r) = records("mfcc -n 40 $tmp/in.sp");
        my ($want, $d, $frames) = npy("$golden/matrices/$name/mfcc40.npy");
        my @got = map { my $k = $_; map { $_->[$k] } @{ $r->{mfcc} } } 0 .. $d - 1;
        near_all(\@got, $want, 1e-3, 0, "$name: librosa's");
    }
}

# What it writes.
my @y = @$signal[0 .. 2999];
input(one('a', 22050, @y), one('b', 8000, @y), record('c', pcm => nil(), rate => nil()));
my ($a, $b, $c) = records("mfcc -n 3 --hop-length 1000 $tmp/in.sp");
is_deeply([map { join ',', sort keys %$_ } $a, $b, $c], ['frame_rate,id,mfcc,rate', 'frame_rate,id,mfcc,rate', 'frame_rate,id,mfcc,rate'],
    'samples are replaced, the rest is kept');
is_deeply([$a->{frame_rate}, $b->{frame_rate}, $c->{mfcc}], [22.05, 8, undef], 'frames a second; nil gives nil');
is(scalar @{ $b->{mfcc} }, 4, 'frames of the second');
isnt($a->{mfcc}[1][1], $b->{mfcc}[1][1], 'each record has bands of its own rate');
my ($again) = records("sp-fields --drop z $tmp/in.sp | mfcc -n 3 --hop-length 1000 -j 4 --keep -o m");
is_deeply([sort keys %$again], [qw(id m m.frame_rate pcm rate)], '--keep and -o');
is_deeply($again->{m}, $a->{mfcc}, 'the same numbers');
like(runs("mfcc -n 3 $tmp/in.sp"), qr/columns.*mfcc0.*mfcc1.*mfcc2/s, 'columns are named');

my ($silent) = records('mfcc', stream({}, one('s', 22050, (0) x 3000)));
near_all($silent->{mfcc}[0], [-1131.3708499, (0) x 19], 1e-3, 0, 'silence is -100 dB in each band');

# What is bad, and named.
sub bad { my ($why, $options, @fields) = @_; refuses(6, $why, "mfcc $options", stream({}, record('r', @fields)), 1) }
my @rate = (rate => int64(22050));
bad(qr/^mfcc: r: pcm\[2\] is -?nan$/, '', pcm => pcm(1, 2, 'nan', 4), @rate);
bad(qr/^mfcc: r: pcm\[0\] is -inf$/, '', pcm => pcm('-inf', 4), @rate);
bad(qr/^mfcc: r: pcm has 2 channels: mix them first/, '', pcm => mat(2, 1 .. 8), @rate);
bad(qr/^mfcc: r: pcm holds no samples/, '', pcm => str('x'), @rate);
bad(qr/^mfcc: r: no field rate: set it/, '', pcm => pcm(1, 2));
bad(qr/^mfcc: r: rate is not a number of 1 Hz/, '', pcm => pcm(1, 2), rate => int64(0));
bad(qr/^mfcc: r: no field pcm/, '', @rate);
bad(qr/^mfcc: r: pcm is too large: its power overflows/, '', pcm => pcm((1e30) x 100), @rate);
bad(qr/^mfcc: r: 100 samples are too few for --no-center/, '--no-center', pcm => pcm((1) x 100), @rate);
bad(qr/^mfcc: r: 0 samples are too few for --pad-mode/, '--pad-mode edge', pcm => pcm(), @rate);
my ($emitted) = records('mfcc --on-error emit 2>/dev/null', stream({}, record('r', pcm => pcm(1, 'nan'), @rate)));
$emitted->{error} =~ s/-nan/nan/;
is_deeply($emitted, { id => 'r', mfcc => undef, frame_rate => undef, rate => 22050, error => 'pcm[1] is nan' }, '--on-error emit');

my ($status, undef, $note) = run("mfcc --n-fft 64 $tmp/in.sp");
is($status, 0, 'bands between the bins are no error');
like($note, qr/\Amfcc: \d+ of 128 mel bands are empty at 22050 Hz: give a smaller --n-mels or a larger --n-fft\n(mfcc: 1 without.*\n)?\z/,
    'but said, once');

refuses(2, qr/--n-mfcc 41 is more than --n-mels 40/, 'mfcc -n 41 --n-mels 40');
refuses(2, qr/--win-length 4096 is more than --n-fft 2048/, 'mfcc --win-length 4096');
refuses(2, qr/--fmax 100 is not above --fmin 200/, 'mfcc --fmin 200 --fmax 100');
refuses(2, qr/--top-db 'x' is neither a number from 0 to 1000000 nor none/, 'mfcc --top-db x');
refuses(2, qr/--ref '0' is neither a number above 0 nor max/, 'mfcc --ref 0');

done_testing;
