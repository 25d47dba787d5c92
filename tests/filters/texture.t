# texture: numpy's numbers, which crops there are and what they carry, what is too short or bad
# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;
use Songpipe;
use Stream;
use Test::More;

# The song of tests/golden/texture/make.py.
sub song_frames {
    my ($n) = @_;
    return map { my $t = $_; [map { -30 - $_ + 12 * sin(.37 * $t + .9 * $_) + 7 * cos(.053 * $t * ($_ + 1)) } 0 .. 25] } 0 .. $n - 1;
}

sub song {
    my ($id, $n, $rate) = @_;
    return record($id, genre => str('rock'), logmel => tensor('<f4', [$n, 26], pack 'f<*', map { @$_ } song_frames($n)), frame_rate => f64($rate));
}
my $options = '-b 16 -c 8 --length 3 --hop 1.5';
spew("$tmp/two.sp", stream({}, song('a', 100, 20), song('b', 45, 20)));
my @got = records("texture $options $tmp/two.sp");
my @want = @{ (npy('tests/golden/texture/crops.npy'))[0] };
my $width = 6 * 16 + 8 + 3 * 36 + 12 * 14;
for my $i (0 .. 2) {
    my ($x, $y) = ($got[$i]{x}, [@want[$i * $width .. $i * $width + $width - 1]]);
    near_all($x, $y, 1e-5, 2e-5, "crop $i: numpy's numbers");
}
is(join(' ', map { "$_->{id} $_->{track} $_->{start} $_->{genre}" } @got), 'a#0000 a 0 rock a#0001 a 1.5 rock b#0000 b 0 rock', 'crops and what they carry');
ok(!exists $got[0]{logmel}, 'without the spectrogram');
like(runs("texture $options $tmp/two.sp | to-csv | head -1"), qr/,x:band0\.mean,x:band1\.mean,.*,x:band15\.step,x:cepstrum0\.mean,.*,x:cov0\.0,x:cov0\.1,.*,x:cov7\.7,x:delta70ms0\.0,.*,x:delta280ms7\.7,x:modulation0\.0,.*,x:modulation11\.13$/,
    'columns');
is(runs("texture -j 3 $options $tmp/two.sp"), runs("texture -j 1 $options $tmp/two.sp"), 'any -j');

# Groups are written in one order, as what they are among all.
my @some = records("texture $options --groups modulation,cepstrum $tmp/two.sp");
is(join(' ', @{ $some[0]{x} }), join(' ', @{ $got[0]{x} }[96 .. 103, $width - 168 .. $width - 1]), '--groups');

# Which crops: at floor(i hop) while they end in the song.
for my $case ([100, 20, 3, 1.5, '0 1.5'], [120, 20, 3, 1.5, '0 1.5 3'], [119, 20, 3, 1.5, '0 1.5'], [60, 20, 3, 9, '0'], [59, 20, 3, .5, '0'],
    [100, 20, 3, 2, '0 2'], [90, 10.77, 5, 2.5, join ' ', map { $_ / 10.77 } 0, 26]) {
    my ($n, $rate, $length, $hop, $starts) = @$case;
    my @crops = records("texture -g cepstrum --length $length --hop $hop", stream({}, song('s', $n, $rate)));
    near_all([map { $_->{start} } @crops], [split ' ', $starts], 1e-12, 0, "$n frames of $rate, $length s every $hop s");
}

# Too short: nil, and a note; nil stays.
my ($status, $out, $err) = run('texture --no-history', stream({}, song('short', 19, 20), record('none', logmel => nil(), frame_rate => nil()), song('a', 20, 20)));
is($status, 0, 'short ones and nil are no error');
my @r = jsonl(runs('to-json', $out));
is(join(' ', map { "$_->{id} $_->{track} " . (defined $_->{x} ? scalar @{ $_->{x} } : 'nil') } @r), 'short short nil none none nil a#0000 a ' . (6 * 26 + 20 + 3 * 210 + 168),
    'nil under 1 s, one crop from there on');
like($err, qr/^texture: 1 shorter than 1 s: nil$/m, 'and a note');
is((run('texture -q', stream({}, song('short', 19, 20))))[2], '', 'but with -q');

# Silence is a point like others.
my @silent = records('texture', stream({}, record('s', logmel => tensor('<f4', [200, 128], pack 'f<*', (-100) x (200 * 128)), frame_rate => f64(22050 / 512))));
is(scalar @{ $silent[0]{x} }, 1202, 'silence has 1202 numbers');
near_all([@{ $silent[0]{x} }[0, 64, 128, 404, 405]], [0, 1e-6, 0, log(.01), 0], 1e-6, 0, 'of a constant');

# What is bad, and what is refused.
refuses(6, qr/a: logmel has 2 bands, not 26/, 'texture', stream({}, song('b', 100, 20), record('a', logmel => tensor('<f4', [50, 2], pack 'f<*', (0) x 100), frame_rate => f64(20))));
refuses(6, qr/a: logmel\[0\]\[0\] is inf/, 'texture', stream({}, record('a', logmel => tensor('<f4', [50, 2], pack 'f<*', 9**9**9, (0) x 99), frame_rate => f64(20))));
refuses(6, qr/a: logmel holds numbers that are too large/, 'texture', stream({}, record('a', logmel => tensor('<f4', [50, 2], pack 'f<*', map { $_ % 3 ? 3e38 : -3e38 } 1 .. 100), frame_rate => f64(20))));
refuses(6, qr/a: no field frame_rate/, 'texture', stream({}, record('a', logmel => tensor('<f4', [50, 2], pack 'f<*', (0) x 100))));
refuses(6, qr/frame_rate with a number from 2 to 100000/, 'texture', stream({}, song('a', 100, $_))) for 1.9, 1e6, -5, 'nan';
refuses(6, qr/a: x exists/, 'texture', stream({}, record('a', x => vec(1), logmel => tensor('<f4', [50, 2], pack 'f<*', (0) x 100), frame_rate => f64(20))));
refuses(6, qr/--hop must be at least one frame/, 'texture --hop 0.01', stream({}, song('a', 100, 20)));
refuses(6, qr/logmel/, 'texture', stream({}, record('a', logmel => vec(1, 2), frame_rate => f64(20))));
refuses(2, qr/--groups 'bands' is not one of/, 'texture -g bands');
refuses(2, qr/--groups names cov twice/, 'texture -g cov,cov');
refuses(4, qr/memory/, 'texture --max-memory 1K',
    stream({}, record('long', logmel => tensor('<f4', [100000, 26], "\0" x (4 * 26 * 100000)), frame_rate => f64(20))));
done_testing;
