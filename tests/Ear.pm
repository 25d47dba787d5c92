# A musicnn network small enough to be made in a test: channels of the front 3, 2, 2, 2, 1, one of each kind dead; 4 in the middle,
# 6 hidden, 3 tags.
# SPDX-License-Identifier: GPL-3.0-or-later
package Ear;
use strict;
use warnings;
use File::Path 'make_path';
use JSON::PP;
use Songpipe ();

my $json = JSON::PP->new->ascii->canonical;
my @front = ([7, 38, 3], [7, 67, 2], [128, 1, 2], [64, 1, 2], [32, 1, 1]);

sub shapes {
    my %s;
    my $norm = sub { my ($i, $n) = @_; $s{ 'batch_normalization' . ($i ? "_$i" : '') . "/$_" } = [$n] for qw(gamma beta moving_mean moving_variance) };
    my $layer = sub { my ($name, $i, @shape) = @_; $name .= "_$i" if $i; $s{"$name/kernel"} = \@shape; $s{"$name/bias"} = [$shape[-1]] };
    $norm->(0, 1);
    for my $i (0 .. 4) {
        my ($time, $bands, $n) = @{ $front[$i] };
        $layer->('conv2d', $i, $time, $bands, 1, $n);
        $norm->($i + 1, $n);
    }
    for my $i (5 .. 7) {
        $layer->('conv2d', $i, 7, $i == 5 ? 10 : 4, 1, 4);
        $norm->($i + 1, 4);
    }
    $norm->(9, 44);
    $layer->('dense', 0, 44, 6);
    $norm->(10, 6);
    $layer->('dense', 1, 6, 3);
    return \%s;
}

# Write a model folder; the header of the weights, and the configuration, may be changed on the way.
sub folder {
    my ($dir, %change) = @_;
    my ($shape, $at, $data, %header) = (shapes(), 0, '');
    my $state = 1;
    for my $name (sort keys %$shape) {
        my ($n, $width) = (1, $shape->{$name}[-1]);
        $n *= $_ for @{ $shape->{$name} };
        my $size = $name =~ /kernel/ ? 4 * sqrt($width / $n) : 1;
        my @x = map { $state = $state * 48271 % 2147483647; ($state / 2147483647 - 0.5) * $size } 1 .. $n;
        @x = map { 0.5 + abs } @x if $name =~ /variance/;
        if ($name =~ /^conv2d(_[1-3])?\/kernel/) {      # the first channel is dead
            $x[$_ * $width] *= 1e-12 for 0 .. @x / $width - 1;
        }
        $change{weights}->($name, \@x) if $change{weights};
        $data .= pack 'f<*', @x;
        $header{$name} = { dtype => 'F32', shape => $shape->{$name}, data_offsets => [$at, $at + 4 * $n] };
        $at += 4 * $n;
    }
    $change{header}->(\%header) if $change{header};
    my $head = $json->encode(\%header);
    make_path($dir);
    Songpipe::spew("$dir/model.safetensors", pack('Q<', length $head) . $head . $data);
    Songpipe::spew("$dir/config.json", $json->encode({ model_type => 'musicnn', tags => [qw(loud soft odd)], %{ $change{config} // {} } }));
    return $dir;
}

1;
