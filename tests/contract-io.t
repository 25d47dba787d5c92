#!/usr/bin/perl
# Every binary: full disks and closed pipes, the locale, threads, repeated runs, and
# input in one piece or several, from a file, a pipe or operands.
# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;
use Contract;
use Stream;
use Test::More;
use Text::ParseWords 'shellwords';

# A locale with a decimal comma, made here where the system has none.
my %german = (LC_ALL => 'de_DE.UTF-8');
if (`locale -a 2>/dev/null` !~ /^de_DE\.utf-?8$/im) {
    mkdir "$tmp/locales";
    my $made = system("localedef -i de_DE -f UTF-8 '$tmp/locales/de_DE.UTF-8' >/dev/null 2>&1") == 0;
    $made ? ($german{LOCPATH} = "$tmp/locales") : (%german = ());
}
note('no locale with a decimal comma: not tried') if !%german;

# What of an output must be the same although the first header may not: the record
# frames of a stream, all of a text.
sub substance {
    my ($d, $bytes) = @_;
    return writes_stream($d) ? join '', map { $_->{frame} } unseal($bytes) : $bytes;
}

for my $name (binaries()) {
    my $d = describe($name);
    my ($argv, %o) = sample($d);
    next if !$argv;
    my ($status, $want, $err) = go($argv, %o);
    failures("$name: runs on what it says that it reads", sub {
        $_[0]->("@$argv: status $status: $err") if $status;
        $_[0]->("@$argv: writes nothing") if $want eq '';
        $_[0]->("@$argv: no valid stream: $@") if writes_stream($d) && !defined eval { substance($d, $want) };
    });
    next if $status;

    failures("$name: the command in its history makes the same bytes", sub {
        my ($wrong) = @_;
        return if !writes_stream($d) || $name eq 'sp-split';        # which has no entry: the parts are the whole
        my (undef, $commands) = go(['sp-info', '--pipeline', spew("$tmp/said.sp", $want)]);
        my @words = shellwords($commands =~ s/ >.*$//mr =~ /(?:\A|\|\n)([^|]+)\n\z/);
        my @files = grep { -e } @$argv;
        s/^FILE(?:\.\.\.)?$/shift(@files) \/\/ '-'/e for @words;
        my ($got, $out, $err) = go([@words, map { /-q/ ? $_ : () } @$argv], %o);
        $wrong->("@words: status $got: $err") if $got || @files;
        $wrong->("@words: other bytes") if !$got && $out ne $want;
    });
    failures("$name: the same bytes again, for any -j, in any locale", sub {
        my ($wrong) = @_;
        my @runs = ['again', $argv, %o];
        push @runs, ['in German', $argv, %o, env => \%german] if %german;
        for (@runs) {
            my ($what, $argv, %o) = @$_;
            my ($got, $out, $err) = go($argv, %o);
            $wrong->("$what: status $got: $err") if $got;
            $wrong->("$what: other bytes") if $out ne $want;
        }
        my ($got, $out, $err);
        if (option($d, 'jobs')) {           # more records than threads are handed at a time
            my ($argv, %o) = sample($d, n => 90);
            (undef, my $one) = go([@$argv, '--jobs=1'], %o);
            for my $jobs (2, 4) {
                ($got, $out, $err) = go([@$argv, "--jobs=$jobs"], %o);
                $wrong->("-j $jobs: status $got: $err") if $got;
                $wrong->("-j $jobs: other bytes than with -j 1") if $out ne $one;
            }
        }
        ($got, $out, $err) = go([@$argv, '-q'], %o);
        $wrong->("-q: status $got, or it speaks: $err") if $got || $err ne '' || $out ne $want;
    });
    failures("$name: /dev/full exits 6, a closed pipe ends it quietly", sub {
        my ($wrong) = @_;
        my ($got, undef, $err) = go([@$argv, '-q'], %o, out => '/dev/full');
        $wrong->("/dev/full: status $got: $err") if $got != 6 || $err !~ /\A\Q$name\E: [^\n]+\n\z/;
        for my $ignore (0, 1) {
            ($got, undef, $err) = go([@$argv, '-q'], %o, out => 'closed', ignore_pipe => $ignore);
            $wrong->('a closed pipe', $ignore ? ', SIGPIPE ignored' : '', ": status $got: $err") if $got != 141 || $err ne '';
        }
    });
    failures("$name: without stderr the same; without stdin or stdout it says so, and no file takes their place", sub {
        my ($wrong) = @_;
        my %piped = defined $o{in} ? (pipe => $o{in}) : ();
        for (['stderr', %o, shut => [2]], ['stderr, a pipe', %piped, shut => [2]], (%piped ? () : ['stdin', shut => [0]]),
            (%piped ? () : ['stdin and stderr', shut => [0, 2]])) {
            my ($what, %o) = @$_;
            my ($got, $out, $err) = go($argv, %o);
            $wrong->("$what closed: status $got: $err") if $got;
            $wrong->("$what closed: other bytes") if $out ne $want;
        }
        for (['stdout', %o, shut => [1]], ['stdout, a pipe', %piped, shut => [1]], (%piped ? ['stdin', shut => [0]] : ()),
            ['stdin and stdout', shut => [0, 1]]) {
            my ($what, %o) = @$_;
            my ($got, $out, $err) = go([@$argv, '-q'], %o);
            $wrong->("$what closed: status $got, or other than one line: $err") if $got != 6 || !one_line($name, $err);
            $wrong->("$what closed: it writes") if $out ne '';
        }
        my ($got, $out, $err) = go([$name, '--help'], shut => [1]);
        $wrong->("--help, stdout closed: status $got: $err") if $got != 6;
    });
    next if $d->{in} !~ /^(records|any stream)$/;

    failures("$name: an output that is the input is refused before anything is written", sub {
        my ($wrong) = @_;
        my $path = spew("$tmp/both.sp", $o{in});
        my ($got, $out, $err) = go([@$argv, $path], append => $path);
        $wrong->("an operand: status $got: $err") if $got != 2 || !one_line($name, $err);
        ($got, $out, $err) = go([@$argv, spew("$tmp/first.sp", input($d, n => 2, first => 90)), $path], append => $path);
        $wrong->("the second operand: status $got: $err") if $got != 2 || !one_line($name, $err);
        ($got, $out, $err) = go($argv, in => $o{in}, append => "$tmp/.in");
        $wrong->("stdin: status $got: $err") if $got != 2 || !one_line($name, $err);
        $wrong->('the input is another one afterwards') if slurp_file($path) ne $o{in};
        symlink $path, "$tmp/both.link" or die if !-l "$tmp/both.link";
        for my $output (grep { ($_->{arg} // '') eq 'FILE' && $_->{name} =~ /^(save|output|ids|tree|scan|log|checkpoint)$/ } @{ $d->{options} }) {
            my $o = $output->{name};
            for my $name ($path, "$tmp/both.link") {
                ($got, $out, $err) = go([@$argv, "--$o", $name, $path]);
                $wrong->("--$o: status $got: $err") if $got != 2 || $out ne '' || slurp_file($path) ne $o{in};
                ($got, $out, $err) = go([@$argv, "--$o", $name], in => $o{in}, out => $path);
                $wrong->("--$o and stdout: status $got: $err") if $got != 2;
                spew($path, $o{in});
            }
        }
    });

    failures("$name: the same from a file, a pipe, an operand", sub {
        my ($wrong) = @_;
        my $path = spew("$tmp/operand.sp", $o{in});
        for (['an operand', [@$argv, $path]], ['-', [@$argv, '-'], %o], ['-- and an operand', [@$argv, '--', $path]],
            ['a pipe', $argv, pipe => $o{in}]) {
            my ($what, $argv, %o) = @$_;
            my ($got, $out, $err) = go($argv, %o);
            $wrong->("$what: status $got: $err") if $got;
            $wrong->("$what: other bytes") if $out ne $want;
        }
    });
    failures("$name: cat a b is the joined run", sub {
        my ($wrong) = @_;
        my ($a, $b) = (input($d, n => 5), input($d, n => 7, first => 5));
        my ($got, $out, $err) = go($argv, in => $a . $b);
        return $wrong->("cat: status $got: $err") if $got;
        $wrong->('cat: other records') if substance($d, $out) ne substance($d, $want);
        ($got, $out) = go([@$argv, spew("$tmp/a.sp", $a), spew("$tmp/b.sp", $b)]);
        $wrong->("two operands: status $got, or other records") if $got || substance($d, $out) ne substance($d, $want);
        ($got, $out, $err) = go($argv, in => $a . input($d, n => 7, first => 5, columns => 'z'));
        $wrong->("other columns: status $got: $err") if $got != 3 || whole($out);
    }) if $name ne 'sp-info' && $name ne 'sp-diff';
    failures("$name: --no-history leaves it out", sub {
        my ($got, $out) = go([@$argv, '--no-history'], %o);
        $_[0]->("status $got") if $got;
        $_[0]->('history is there') if $out =~ /history/ || $out =~ /songpipe/;
        $_[0]->('other records') if substance($d, $out) ne substance($d, $want);
    }) if option($d, 'no-history');
}
done_testing;
