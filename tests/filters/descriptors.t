# descriptors: librosa's numbers for every option
# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;
use Songpipe;
use Sound;
use Stream;
use Test::More;

my @kinds = qw(centroid bandwidth rolloff flatness zcr rms);
my %allowed = (centroid => 0.1, bandwidth => 0.1, rolloff => 0.01, flatness => 1e-5, zcr => 1e-7, rms => 1e-6);
golden_cases('descriptors', 'descriptors', sub {
    my ($case, $column) = @_;
    my @which = $case->{options} =~ /--which (\S+)/ ? split /,/, $1 : @kinds;
    return $allowed{ $which[$column] };
});

# Closed forms: a constant has no rate of crossing, its RMS is itself; silence; a square wave.
spew("$tmp/in.sp", stream({}, sound('dc', 22050, (0.5) x 8192), sound('silence', 22050, (0) x 8192),
    sound('square', 22050, map { $_ / 32 & 1 ? -1 : 1 } 0 .. 8191), sound('empty', 22050)));
my ($dc, $silence, $square, $empty) = records("descriptors $tmp/in.sp");
is_deeply([@{ $dc->{descriptors}[8] }[4, 5]], [0, 0.5], 'a constant');
is_deeply($silence->{descriptors}[8], [0, 0, 0, 1, 0, 0], 'silence');
near_all([@{ $square->{descriptors}[8] }[4, 5]], [63 / 2048, 1], 1e-6, 0, 'a square wave');
is_deeply($empty->{descriptors}, [[0, 0, 0, 1, 0, 0]], 'no samples');
is_deeply([sort keys %$dc], [qw(descriptors frame_rate id rate)], 'samples are replaced');
like(runs("descriptors --which rms,zcr $tmp/in.sp"), qr/columns.{1,40}rms.{1,4}zcr/s, 'columns are named');
is(runs("descriptors -j 3 $tmp/in.sp"), runs("descriptors $tmp/in.sp"), '-j 3 gives the same bytes');
my ($x) = records("descriptors --which zcr,rms $tmp/in.sp | summarize -s max");
is_deeply($x->{x}, [0, 0.5], 'summarize takes them');

refuses_bad_sound('descriptors');
refuses(2, qr/--which 'pitch' is not one of centroid,/, 'descriptors --which rms,pitch');
refuses(2, qr/--which names rms twice/, 'descriptors --which rms,zcr,rms');
refuses(2, qr/--which 'rms,' has an empty word/, 'descriptors --which rms,');

done_testing;
