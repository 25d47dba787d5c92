#!/usr/bin/perl
# While a filter waits for more input, what it has done is out: for every -j, from threads and from
# children. Nothing is measured: a filter that keeps something back would wait forever.
# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;
use IO::Select;
use IPC::Open2;
use Songpipe;
use AudioFile;
use Sound;
use Stream;
use Test::More;

# Feed `command` its stream record by record, and take what it makes of each before the next one.
# Returns how many came while it waited for the next.
sub one_by_one {
    my ($command, $records) = @_;
    my $stream = stream({}, @$records);
    my @frames = map { substr $stream, $_->[1], 16 + $_->[2] } frames($stream);
    my $pid = open2(my $from, my $to, "exec $command 2>$tmp/err");
    binmode $_ for $from, $to;
    my ($seen, $came) = ('', 0);
    syswrite $to, shift @frames;
    for my $i (0 .. $#$records) {
        syswrite $to, shift @frames;
        while (defined $seen && (() = $seen =~ /\xd7RSONGPIPE/g) <= $i) {
            my $n = IO::Select->new($from)->can_read(20) ? sysread($from, $seen, 1 << 20, length $seen) : 0;
            $seen = undef if !$n;
        }
        last if !defined $seen;
        $came++;
    }
    kill 'KILL', $pid if !defined $seen;
    syswrite $to, $_ for defined $seen ? @frames : ();
    close $to;
    1 while sysread $from, my $rest, 1 << 20;
    waitpid $pid, 0;
    return $came;
}

my @sounds = map { sound("s$_", 22050, (0.1) x 4000) } 1 .. 5;
for my $j (1, 2, 4) {
    is(one_by_one("mfcc -j $j", \@sounds), 5, "mfcc -j $j: each record before the next one is read");
    is(one_by_one("sp-fields -j $j --set a=1", \@sounds), 5, "sp-fields -j $j");
}
wav("$tmp/a.wav", 8000, 1, 0, (0.1) x 800);
is(one_by_one("decode -j 2", [map { song("$tmp/a.wav", "s$_") } 1 .. 5]), 5, 'decode -j 2');
done_testing;
