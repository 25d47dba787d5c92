# What the tests of plotters share: what gnuplot makes of their programs.
# SPDX-License-Identifier: GPL-3.0-or-later
package Picture;
use strict;
use warnings;
use Exporter 'import';
use Songpipe;
use Test::More;

our @EXPORT = qw($gnuplot drawn);

our $gnuplot = !system 'gnuplot --version >/dev/null 2>&1';

# gnuplot says nothing, and makes a picture of each kind.
sub drawn {
    my ($name, $command, $in) = @_;
    SKIP: {
        skip 'needs gnuplot', 8 if !$gnuplot;
        my %begins = (pngcairo => qr/\A\x89PNG/, svg => qr/<svg /, pdfcairo => qr/\A%PDF/, dumb => qr/\S/);
        for my $terminal (sort keys %begins) {
            my ($status, $out, $err) = run("$command --terminal $terminal | gnuplot", $in);
            is("$status$err", '0', "$name: $terminal: gnuplot draws it");
            like($out, $begins{$terminal}, "$name: $terminal: a picture");
        }
    }
    return;
}

1;
