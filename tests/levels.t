#!/usr/bin/perl
# The unit tests of what computes, held down to the levels below this machine's (common/levels): any x86-64
# and x86-64-v2, whatever this one can do. Its own level is what all other tests run at.
# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;
use Songpipe;
use Test::More;

my ($build) = $ENV{PATH} =~ m{([^:]*)/fuzz(?::|$)} or plan skip_all => 'run by make check';
my $levels = `nm $build/unit/nn_layers` =~ /gemm_panel\.3/;
plan skip_all => 'compiled for one level only' if !$levels;
for my $unit (qw(math gemm_bf16 nn_layers dsp kmeans score sparse)) {
    for my $level (qw(v1 v2)) {
        my $out = runs("SONGPIPE_ARCH=$level CMOCKA_MESSAGE_OUTPUT=TAP $build/unit/$unit");
        unlike($out, qr/^not ok (?!\d+ # SKIP)/m, "$unit at $level");
    }
}
done_testing;
