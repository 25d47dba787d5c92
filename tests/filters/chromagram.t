# chromagram: librosa's numbers and tuning for every option
# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;
use Songpipe;
use Sound;
use Stream;
use Test::More;

golden_cases('chromagram', 'chroma', sub { $_[0]{options} =~ /none/ ? 0.1 : 1e-5 }, sub {
    my ($r, $case) = @_;
    near_all([$r->{tuning}], [$case->{tuning}], 1e-6, 0, "$case->{case}: tuning");
});

# A tone of 440 Hz is an A, one a quarter of a tone higher is tuned so.
sub tone { my ($hz) = @_; return map { sin(6.283185307179586 * $hz * $_ / 22050) } 0 .. 8191 }
spew("$tmp/in.sp", stream({}, sound('a', 22050, tone(440)), sound('b', 22050, tone(440 * 2**(0.25 / 12))),
    sound('c', 22050, tone(261.6256))));
my @r = records("chromagram $tmp/in.sp");
is_deeply([sort keys %{ $r[0] }], [qw(chroma frame_rate id rate tuning)], 'samples are replaced');
my @strongest = map { my $frame = $_->{chroma}[8]; (sort { $frame->[$b] <=> $frame->[$a] } 0 .. 11)[0] } @r;
is_deeply(\@strongest, [9, 9, 0], 'A, A and C');
near_all([map { $_->{tuning} } @r[0, 1]], [0, 0.25], 0.035, 0, 'tuning');
is($r[0]{chroma}[8][9], 1, 'the strongest is 1');
is(runs("chromagram -j 3 $tmp/in.sp"), runs("chromagram $tmp/in.sp"), '-j 3 gives the same bytes');
my ($kept) = records("chromagram --keep -o c -n 3 $tmp/in.sp");
is_deeply([sort keys %$kept], [qw(c c.frame_rate c.tuning id pcm rate)], '--keep and -o');
like(runs("chromagram -n 3 $tmp/in.sp"), qr/columns.*chroma0.*chroma2/s, 'columns are named');

refuses_bad_sound('chromagram');
refuses(2, qr/--tuning 'x' is neither a number from -1000000 to 1000000 nor auto/, 'chromagram --tuning x');

done_testing;
