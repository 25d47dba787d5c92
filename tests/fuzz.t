#!/usr/bin/perl
# Mutated streams: the readers of common/stream in one process (tests/fuzz/stream.c), and
# every binary that reads a stream (tests/fuzz/damage.c). No crash, no hang, no status that
# the manual does not know, and an end record only where the status says that there is one.
# SPDX-License-Identifier: GPL-3.0-or-later
#
# FUZZ_SECONDS=N goes on with ever new seeds (make fuzz); CONTRACT='NAME...' tries only these; KEEP=DIR keeps what did harm.
use strict;
use warnings;
use Contract;
use Test::More;

my $end = time + ($ENV{FUZZ_SECONDS} // 0);
my $seed = $ENV{FUZZ_SEED} // ($ENV{FUZZ_SECONDS} ? time : 1);
my ($deep, $each) = asan() ? (2000, 5) : (20000, 25);
($deep, $each) = (0, 20 * $each) if $ENV{CONTRACT};
my ($tried, %count) = 0;
my @names = grep { describe($_)->{in} =~ /^(records|model|any stream)$/ } binaries();
plan skip_all => 'no reader of streams among these' if !@names;

# As few records as it runs on.
my %fit;
for my $name (@names) {
    my $d = describe($name);
    my $runs = sub { my %o = (n => $_[0], small => 1); return (go([argv($d, %o)], in => input($d, %o)))[0] == 0 };
    ($fit{$name}) = grep { $runs->($_) } 3, 9;
    ok($fit{$name}, "$name runs on what is to be damaged");
}

do {
    my $said = $deep && `stream $seed $deep 2>$tmp/stream.err`;
    is($?, 0, "readers: $deep mutations of seed $seed") or diag($said, slurp_file("$tmp/stream.err") =~ s/^songpipe: .*\n//gmr) if $deep;
    for my $name (@names) {
        my $d = describe($name);
        my %o = (n => $fit{$name} // 3, small => 1);
        my @argv = argv($d, %o);
        failures("$name: $each mutations of seed $seed", sub {
            my ($wrong) = @_;
            for my $run (damaged('mutate', "$seed/$each", input($d, %o), \@argv)) {
                my ($at, $status, $whole, $bytes, $lines, $first) = @$run;
                my $promised = writes_stream($d) && $status =~ /^[015]$/ ? 1 : 0;
                $wrong->("$at: status $status: $first") if $status > 6 || $status == 2;
                $wrong->("$at: status $status, an end record: $whole") if $whole != $promised;
                $wrong->("$at: status $status, and nothing is said") if $status && !$lines && !$bytes;
                $tried++;
                $count{$status}++;
            }
        });
    }
    $seed++;
} while (time < $end);
note("$tried mutations; statuses " . join ', ', map { "$_: $count{$_}" } sort keys %count);
done_testing;
