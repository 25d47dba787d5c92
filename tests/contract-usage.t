#!/usr/bin/perl
# Every binary: --help, --version, the man page's options, misuse.
# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;
use Contract;
use Test::More;

# The options of a man page: long name => {letter, arg, text}.
sub man_options {
    my ($path) = @_;
    my (%options, $now);
    my $in = 0;
    for (split /\n/, slurp_file($path)) {
        s/\\-/-/g;
        s/\b10(?:\^|\\\(ha|\*\*)(\d+)/1e$1/g;
        $in = /OPTIONS/ if /^\.Sh /;
        undef $now if /^\.(Sh|El|It)/;
        if ($in && /^\.It\s+(?:Fl (\S) , )?Fl -([\w-]+)(?:\s+(.*))?$/) {
            $now = $options{$2} = { letter => $1, arg => $3, text => '' };
        } elsif ($now) {
            $now->{text} .= s/^\.(?:Cm|Ar|Va|Fl|Ql|Dv|Pq|Em|Sy|Li)\s+//r . ' ';
        }
    }
    return \%options;
}

# Words of a choice: "Cm fail Ns | Ns Cm skip" and "fail|skip" alike.
sub words { return join '|', sort grep { !/^(Cm|Ns|Ar|No|\|)$/ } split /[\s|]+/, $_[0] }

# A default as a person would write it: numbers by value, words by letters.
sub same {
    my ($a, $b) = @_;
    s/[.,;:)]+$//, s/^"(.*)"$/$1/, s/\s+$// for $a, $b;
    my $number = qr/^-?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i;
    return $a == $b if $a =~ $number && $b =~ $number;
    return $a eq $b;
}

sub check_man {
    my ($d, $man, $wrong) = @_;
    my %help = map { $_->{name} => $_ } @{ $d->{options} };
    $wrong->("--$_ is not in the man page") for grep { !$man->{$_} } sort keys %help;
    $wrong->("--$_ is in the man page, not in --help") for grep { !$help{$_} } sort keys %$man;
    for my $name (grep { $man->{$_} } sort keys %help) {
        my ($h, $m) = ($help{$name}, $man->{$name});
        $wrong->("--$name: -" . ($h->{letter} // '') . ' in --help, -' . ($m->{letter} // '') . ' in the man page')
            if ($h->{letter} // '') ne ($m->{letter} // '');
        $wrong->("--$name: " . ($h->{arg} ? 'a' : 'no') . ' value in --help, not so in the man page')
            if !!$h->{arg} ne !!$m->{arg};
        $wrong->("--$name: $h->{arg} in --help, $m->{arg} in the man page")
            if $h->{type} eq 'choice' && $m->{arg} && words($h->{arg}) ne words($m->{arg});
        if (defined $h->{default} && $m->{text} =~ /\b[Dd]efault(?:s to|:)? (\S+)/) {
            my $said = $1;
            $wrong->("--$name: default $h->{default}, the man page says $said") if !same($h->{default}, $said);
        }
        if (defined $h->{min} && $m->{text} =~ /(-?[\d.]+(?:e[-+]?\d+)?) to (-?\d[\d.]*(?:e[-+]?\d+)?)/) {
            my ($lo, $hi) = ($1, $2);
            $wrong->("--$name: $h->{min} to $h->{max}, the man page says $lo to $hi")
                if !same($h->{min}, $lo) || !same($h->{max}, $hi);
        }
    }
}

# Values that an option must refuse.
sub bad_values {
    my ($o) = @_;
    my @bad;
    @bad = ('x', '', '1x') if $o->{type} =~ /^(int|real|seed|size)$/;
    push @bad, 'nan', 'inf' if $o->{type} eq 'real';
    push @bad, '1.5' if $o->{type} =~ /^(int|seed)$/;
    push @bad, '-1' if $o->{type} =~ /^(seed|size)$/;
    push @bad, '0', '1X', '99999999999999T' if $o->{type} eq 'size';
    push @bad, 'none of them', '' if $o->{type} eq 'choice';
    push @bad, '99999999999999999999' if $o->{type} =~ /^(int|seed)$/;
    if (defined $o->{min}) {
        push @bad, $o->{max} + 1 if $o->{max} < 1e15;
        push @bad, $o->{min} - 1;
    }
    return @bad;
}

for my $name (binaries()) {
    my $d = describe($name);
    failures("$name: --help and --version", sub {
        my ($wrong) = @_;
        for my $ask ('--help', '--version') {
            my ($status, $out, $err) = go([$name, $ask]);
            $wrong->("$ask: status $status, stderr '$err'") if $status || $err ne '';
            my $like = $ask eq '--help' ? qr/^Usage: \Q$name\E / : qr/^\Q$name\E \(songpipe\) \d+\.\d+\.\d+$/;
            $wrong->("$ask says $out") if $out !~ $like;
            ($status) = go([$name, $ask], out => '/dev/full');
            $wrong->("$ask > /dev/full: status $status") if $status != 6;
        }
        $wrong->('--help names no input, output or example') if !$d->{in} || !$d->{out};
        $wrong->("reads '@$_' is not FIELD KIND") for
            grep { @$_ != 2 || $_->[1] !~ /^(vector|samples|matrix|text|number|label|any)$/ } @{ $d->{reads} };
    });
    failures("$name: the man page has the options of --help", sub {
        my $page = "man/$name.1";
        return $_[0]->("no $page") if !-e $page;
        check_man($d, man_options($page), $_[0]);
    });
    failures("$name: misuse exits 2 and writes nothing", sub {
        my ($wrong) = @_;
        my @argvs = (['--no-such-option'], ['-?'], map { ["--$_->{name}"] } grep { $_->{arg} } @{ $d->{options} });
        for my $o (@{ $d->{options} }) {
            push @argvs, ["--$o->{name}=$_"], $o->{letter} ? ["-$o->{letter}", $_] : () for bad_values($o);
            push @argvs, ["--$o->{name}=x"] if !$o->{arg};
        }
        for my $argv (@argvs) {
            my ($status, $out, $err) = go([$name, @$argv]);
            $wrong->("@$argv: status $status, stdout " . length($out) . " bytes, stderr '$err'")
                if $status != 2 || $out ne '' || $err !~ /\A\Q$name\E: /;
        }
    });
    my @writes = map { $_->{name} } grep { ($_->{arg} // '') eq 'FILE' && $_->{text} =~ /\b(?:write|save|keep)\b/ } @{ $d->{options} };
    failures("$name: a file to write is not -", sub {
        my ($wrong) = @_;
        for my $option (@writes) {
            my ($status, $out, $err) = go([$name, @{ $d->{example} }, "--$option", '-'], $d->{in} eq 'records' ? (in => input($d)) : ());
            $wrong->("--$option: status $status, stderr '$err'") if $status != 2 || $out ne '' || $err !~ /--\Q$option\E '-' is not a file/;
        }
    }) if @writes;
    next if $d->{in} eq 'none' || grep { /^[A-Z.]+$/ } @{ $d->{example} };
    failures("$name: a file whose name begins with a dash", sub {
        my ($wrong) = @_;
        for my $operands (['-7.none'], ['-.5'], ['--', '-x.none'], ['--', '--quiet']) {
            my ($status, undef, $err) = go([$name, @{ $d->{example} }, @$operands]);
            $wrong->("@$operands: status $status, stderr '$err'") if $status == 2 || $err !~ /\Q$operands->[-1]\E/;
        }
    });
}
done_testing;
