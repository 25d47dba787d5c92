# What the tests of features share: records of samples, librosa's numbers beside ours.
# SPDX-License-Identifier: GPL-3.0-or-later
package Sound;
use strict;
use warnings;
use Exporter 'import';
use Songpipe;
use Stream;
use Test::More;

our @EXPORT = qw(pcm sound signal flat golden_cases golden_matrix refuses_bad_sound);

# Samples as a packed tensor; a record of them.
sub pcm { return tensor('<f4', [scalar @_], pack 'f<*', @_) }
sub sound { my ($id, $rate, @y) = @_; return record($id, pcm => pcm(@y), rate => int64($rate)) }

# Samples first ... last - 1 of the golden signal.
my $signal;
sub signal {
    my ($first, $last) = @_;
    ($signal) = npy('tests/golden/dsp/signal.npy') if !$signal;
    return @$signal[$first .. $last - 1];
}

sub flat { return [map { ref $_ ? @$_ : $_ } @{ $_[0] }] }

# Every case of tests/golden/dsp/NAME.csv, whose matrix the filter writes to the field. Columns
# are held to $tolerance->(case, column) each; $more->(record, case) looks at the rest.
sub golden_cases {
    my ($filter, $field, $tolerance, $more) = @_;
    my ($first, @lines) = split /\n/, slurp_file("tests/golden/dsp/$field.csv");
    my @names = split /,/, $first;
    for my $line (@lines) {
        my $case = {};
        @$case{@names} = map { tr/"//dr } split /,/, $line, @names;     # the options are last
        my $name = $case->{case};
        spew("$tmp/case.sp", stream({}, sound($name, $case->{rate}, signal(@$case{qw(first last)}))));
        my ($r) = records("$filter -q $case->{options} $tmp/case.sp");
        my ($want, $frames, $d) = npy("tests/golden/dsp/$name.npy");
        is(scalar @{ $r->{$field} || [] }, $frames, "$name: frames");
        for my $c (0 .. $d - 1) {
            my @ours = map { $_->[$c] } @{ $r->{$field} };
            near_all(\@ours, [map { $want->[$_ * $d + $c] } 0 .. $frames - 1], $tolerance->($case, $c), 0, "$name: column $c");
        }
        $more->($r, $case) if $more;
    }
}

# Ours [frame][row] against a golden [row][frame], which may have fewer frames.
sub golden_matrix {
    my ($ours, $path, $tolerance, $name) = @_;
    my ($numbers, $rows, $frames) = npy($path);
    my @want = map { my $t = $_; map { $numbers->[$_ * $frames + $t] } 0 .. $rows - 1 } 0 .. $frames - 1;
    ok(@$ours == $frames || (@$ours > $frames && $frames == 100), "$name: frames");
    near_all(flat([@$ours[0 .. $frames - 1]]), \@want, $tolerance, 0, $name);
}

# What no filter of sound takes.
sub refuses_bad_sound {
    my ($filter) = @_;
    my @rate = (rate => int64(22050));
    my $bad = sub {
        my ($why, $options, @fields) = @_;
        refuses(6, $why, "$filter $options", stream({}, record('r', @fields)), 1);
    };
    $bad->(qr/^$filter: r: pcm\[2\] is -?nan$/, '', pcm => pcm(1, 2, 'nan', 4), @rate);
    $bad->(qr/^$filter: r: pcm\[0\] is -inf$/, '', pcm => pcm('-inf', 4), @rate);
    $bad->(qr/^$filter: r: pcm has 2 channels: mix them first/, '', pcm => mat(2, 1 .. 8), @rate);
    $bad->(qr/^$filter: r: pcm holds no samples/, '', pcm => str('x'), @rate);
    $bad->(qr/^$filter: r: no field rate: set it/, '', pcm => pcm(1, 2));
    $bad->(qr/^$filter: r: rate is not a number of 1 Hz/, '', pcm => pcm(1, 2), rate => int64(0));
    $bad->(qr/^$filter: r: no field pcm/, '', @rate);
    $bad->(qr/^$filter: r: pcm is too large: its power overflows/, '', pcm => pcm((1e30) x 100), @rate);
    $bad->(qr/^$filter: r: 100 samples are too few for --no-center/, '--no-center', pcm => pcm((1) x 100), @rate);
    $bad->(qr/^$filter: r: 0 samples are too few for --pad-mode/, '--pad-mode edge', pcm => pcm(), @rate);
    refuses(2, qr/--win-length 4096 is more than --n-fft 2048/, "$filter --win-length 4096");
    my ($nil) = records("$filter -q", stream({}, record('r', pcm => nil(), rate => nil())));
    is((grep { defined } values %$nil), 1, 'nil gives nil');
}

1;
