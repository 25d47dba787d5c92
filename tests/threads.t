#!/usr/bin/perl
# Every filter with -j, on eight threads: more records than threads, some nil, some bad, some with a field that
# is in the way. The same bytes and the same messages as on one, each message once. `make check-tsan`
# runs this under the thread sanitizer, which ends a filter with 99.
# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;
use Contract;
use Stream;
use Test::More;

for my $name (binaries()) {
    my $d = describe($name);
    next if $d->{in} ne 'records' || !option($d, 'jobs');
    my @bad = option($d, 'on-error') ? '--on-error=skip' : ();
    my $in = input($d, n => 40, change => sub {
        my ($i, $v) = @_;
        return if !$i;                 # the first record is seen to before there are threads
        $v->{$_} = str("in the way $i") for qw(fused x.rate chroma.frame_rate track start x.distance cluster.distance x.logvar);
        my ($first) = map { $_->[0] } @{ $d->{reads} };
        return if !defined $first;
        $v->{$first} = "\xc0" if $i % 7 == 3;
        $v->{$first} = str('no such thing') if @bad && is_map($d) && $i % 11 == 5;
    });
    failures("$name: on eight threads as on one", sub {
        my ($wrong) = @_;
        my ($status, $out, $err) = go([argv($d, n => 40), @bad, '-j', 1], in => $in);
        for (1 .. (asan() ? 1 : 3)) {
            my ($got, $again, $said) = go([argv($d, n => 40), @bad, '-j', 8], in => $in);
            $wrong->("status $got, not $status: $said") if $got != $status;
            $wrong->('other bytes') if $again ne $out;
            $wrong->("other messages: $said, not $err") if join('', sort $said =~ /.*\n/g) ne join('', sort $err =~ /.*\n/g);
        }
    });
}
done_testing;
