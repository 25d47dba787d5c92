#!/usr/bin/perl
# Every binary that reads a stream: one that is empty, cut, damaged, of the wrong kind, of
# a later version or too large ends with 3, one line on stderr, and nothing that looks whole.
# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;
use Contract;
use Stream;
use Test::More;

my $step = asan() ? 7 : 1;

for my $name (binaries()) {
    my $d = describe($name);
    next if $d->{in} !~ /^(records|model|any stream)$/;
    # Notes about what a damaged number means may come before the damage is seen: not under -q.
    my @argv = (argv($d, n => 2, small => 1), '-q', option($d, 'on-error') ? '--on-error=fail' : ());
    my $small = input($d, n => 2, small => 1);
    my ($usual) = go(\@argv, in => $small);
    # What may come where a record's content is bad: it is found before the end is seen.
    my $content = $usual == 0 ? qr/^3$/ : qr/^[36]$/;

    # What a run on bytes that are no good must have come to; $status matches what it may end with.
    my $judge = sub {
        my ($wrong, $what, $status, $got, $whole, $bytes, $lines, $first) = @_;
        my $too_large = $got == 4 && $first =~ /larger than --max-record/;      # what a damaged size claims
        $wrong->("$what: status $got: $first") if $got !~ $status && !$too_large;
        $wrong->("$what: the output looks whole") if $whole;
        $wrong->("$what: a sink wrote without a valid end") if is_sink($d) && $name !~ /^to-/ && $bytes;
        return if $name eq 'sp-parallel';       # what its command says comes first
        $wrong->("$what: stderr is not one line of $name: $first") if $lines != 1 || $first !~ /^\Q$name\E: ./;
    };
    my $refuse = sub {
        my ($wrong, $what, $bytes, $status, @more) = @_;
        my ($got, $out, $err) = go([@argv, @more], in => $bytes);
        $judge->($wrong, $what, $status, $got, whole($out), length $out, $err =~ tr/\n//, $err);
    };

    failures("$name: empty, or no stream", sub {
        my ($wrong) = @_;
        $refuse->($wrong, 'empty', '', qr/^3$/);
        $refuse->($wrong, 'text', "a,b\n1,2\n", qr/^3$/);
        $refuse->($wrong, 'zeros', "\0" x 100, qr/^3$/);
        $refuse->($wrong, 'an end first', substr($small, (frames($small))[-1][1]), qr/^3$/);
        my ($got, $out, $err) = go([@argv, "$tmp/none.sp"]);
        $wrong->("no such file: status $got: $err") if $got != 6 || !one_line($name, $err) || whole($out);
        if ($name ne 'sp-diff') {
            my @two = (spew("$tmp/good.sp", $small), spew("$tmp/empty.sp", ''));
            ($got, $out, $err) = go([@argv, @two]);
            $wrong->("an empty second operand: status $got: $err") if $got !~ $content || !one_line($name, $err) || whole($out);
        }
        ($got, $out, $err) = go([@argv, $tmp]);
        $wrong->("a directory: status $got: $err") if $got !~ /^[36]$/ || !one_line($name, $err) || whole($out);
    });
    failures("$name: cut at every byte", sub {
        my ($wrong) = @_;
        my $end = (frames($small))[-1][1];
        $judge->($wrong, "cut at $_->[0]", $content, @$_[1 .. 5]) for damaged('cut', $step, $small, \@argv);
        for my $policy (option($d, 'on-error') ? qw(skip emit) : ()) {
            $refuse->($wrong, "cut at $_, $policy", substr($small, 0, $_), qr/^3$/, "--on-error=$policy")
                for $end - 1, $end, $end + 20;
        }
        $refuse->($wrong, 'a byte too many', "$small\x93", $content);
        $refuse->($wrong, 'the second of two cut', $small . substr($small, 0, -1), $content);
    });
    failures("$name: a bit flipped in each byte", sub {
        my ($wrong) = @_;
        my @frames = frames($small);
        for my $run (damaged('flip', $step, $small, \@argv)) {
            my ($kind, $at) = @{ (grep { $_->[1] <= $run->[0] } @frames)[-1] };
            # In a record's content the damage may be what no filter can read; in a header's, columns
            # that are not those of a model.
            my $named = $kind eq 'H' && grep { /\bMODEL\b/ } @{ $d->{example} };
            my $may = ($kind eq 'R' || $named) && $run->[0] >= $at + 16 ? qr/^[36]$/ : $content;
            $judge->($wrong, "bit at $run->[0] ($kind)", $may, @$run[1 .. 5]);
        }
    });
    failures("$name: the wrong kind, a later version, lies about sizes", sub {
        my ($wrong) = @_;
        if ($d->{in} ne 'any stream') {
            my $other = $d->{in} eq 'model' ? 'records' : 'model';
            $refuse->($wrong, "a stream of kind $other", input($d, n => 2, small => 1, kind => $other), qr/^3$/);
        }
        $refuse->($wrong, 'an unknown kind', input($d, n => 2, small => 1, kind => 'songs'), qr/^3$/);
        $refuse->($wrong, 'version 2', input($d, n => 2, small => 1, version => 2), qr/^3$/);
        $refuse->($wrong, 'over --max-record', $small, qr/^4$/, '--max-record=20') if option($d, 'max-record');
        my $second = (frames($small))[1][1];
        for my $lie ("\xff\xff\xff\xff", "\x40\x00\x00\x01", "\x3f\xff\xff\xf0", "\x00\x00\x00\x00") {
            my $bytes = $small;
            substr($bytes, $second + 12, 4) = $lie;
            $refuse->($wrong, 'a size of ' . unpack('H*', $lie), $bytes, $lie =~ /^\0/ ? qr/^3$/ : $content);
        }
        # The head's size is right, the MessagePack inside claims 4 G elements.
        for my $claim ("\xdd\xff\xff\xff\xff", "\xdf\xff\xff\xff\xff", "\xc6\xff\xff\xff\xff", "\xdb\xff\xff\xff\xf0") {
            my $bytes = frame('H', head_body(kind => $d->{in} eq 'model' ? 'model' : 'records', fill => 241)) .
                frame('R', "\x82" . str('id') . str('a') . str('x') . $claim);
            $refuse->($wrong, 'a record of ' . unpack('H*', $claim), seal($bytes), qr/^3$/);
        }
        for my $head ("\xdf\xff\xff\xff\xff", "\x80", "\xc0", '', "\x81" . str('version') . str('1'), "\x81\x01\x01") {
            $refuse->($wrong, 'a header of ' . unpack('H*', $head), seal(frame('H', $head) . $small), qr/^3$/);
        }
    });
    my @files = grep { $_->{type} eq 'text' && $_->{arg} eq 'FILE' && $_->{name} =~ /^(output|save)$/ } @{ $d->{options} };
    for my $o (@files) {
        failures("$name: --$o->{name} appears only when it is whole", sub {
            my $path = "$tmp/appears";
            my ($got) = go([@argv, "--$o->{name}=$path"], in => substr($small, 0, -1));
            $_[0]->("status $got") if $got != 3;
            $_[0]->("$path is there") if -e $path;
            unlink $path;
            my @left = grep { /appears/ } glob "$tmp/* $tmp/.*";
            $_[0]->("left behind: @left") if @left;
        });
    }
}
done_testing;
