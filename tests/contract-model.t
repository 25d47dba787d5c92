#!/usr/bin/perl
# Every binary that reads a model by -m: what it applies is what the fit applied; a model
# that is cut, damaged, another tool's or no model ends with 3; content that lies is survived.
# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;
use Contract;
use Stream;
use Test::More;

my ($step, $mutations) = asan() ? (29, 20) : (5, 100);
my $any = 0;

for my $name (binaries()) {
    my $d = describe($name);
    next if $d->{in} ne 'records' || !grep { $_->{name} eq 'model' && ($_->{arg} // '') eq 'FILE' } @{ $d->{options} };
    $any = 1;
    my $path = "$tmp/$name.model";
    my $in = input($d);
    my ($status, $fitted, $err) = model($d, $path);
    is($status, 0, "$name: a model is made") or diag($err);
    next if $status;
    my $bytes = slurp_file($path);
    # Options of the fit may make no sense beside a model.
    my @apply = ($name, own_example($d), '-m');
    @apply = ($name, '-m') if (go([@apply, $path], in => $in))[0] == 2;

    failures("$name: fits the same model again, and applies it as the fit did", sub {
        my ($wrong) = @_;
        model($d, "$path.2");
        $wrong->('another model the second time') if slurp_file("$path.2") ne $bytes;
        my ($got, $out, $err) = go([@apply, $path], in => $in);
        $wrong->("-m: status $got: $err") if $got;
        return if $got || !option($d, 'save') || $name =~ /^(tsne|umap)\z/;       # which place each by itself beside the fitted ones
        my ($one, $two) = map { join '', map { $_->{frame} } unseal($_) } $out, $fitted;
        $wrong->('-m gives other records than the fit that made it') if $one ne $two;
    });
    my $operand = spew("$tmp/$name.in", $in);
    my @on_stdin = (@apply, '/dev/stdin', $operand);
    my $judge = sub {
        my ($wrong, $what, $status, $got, $whole, undef, $lines, $first) = @_;
        $wrong->("$what: status $got: $first") if $got !~ $status;
        $wrong->("$what: the output looks whole") if $whole;
        $wrong->("$what: stderr is not one line of $name: $first") if $lines != 1 || $first !~ /^\Q$name\E: ./;
    };
    # 4: damage can make a record's size larger than --max-record.
    failures("$name: a model that is cut or damaged", sub {
        my ($wrong) = @_;
        for my $mode ('cut', 'flip') {
            $judge->($wrong, "$mode at $_->[0]", qr/^[34]$/, @$_[1 .. 5]) for damaged($mode, $step, $bytes, \@on_stdin);
        }
    });
    failures("$name: what is no model of it", sub {
        my ($wrong) = @_;
        my @frames = frames($bytes);
        my $content = substr $bytes, $frames[1][1], $frames[-1][1] - $frames[1][1];
        my $tool = option($d, 'save') ? $name : $name =~ s/-[^-]*$/-train/r;
        my $renamed = $content =~ s/\xa2id(.)\Q$tool\E/"\xa2id$1" . 'x' x length $tool/esr;
        my %no = (empty => '', records => $in, "another tool's" => stream({ kind => 'model' }, $renamed),
            'of kind records' => stream({ kind => 'records' }, $content),
            'without tensors' => stream({ kind => 'model' }, record($name)), 'without anything' => stream({ kind => 'model' }));
        for my $what (sort keys %no) {
            my ($got, $out, $err) = go([@apply, spew("$tmp/no.model", $no{$what})], in => $in);
            $wrong->("$what: status $got: $err") if $got != 3 || whole($out) || !one_line($name, $err);
        }
        my ($got, $out, $err) = go([@apply, "$tmp/none"], in => $in);
        $wrong->("no such file: status $got: $err") if $got != 6 || whole($out) || !one_line($name, $err);
    });
    failures("$name: a model whose content lies", sub {
        my ($wrong) = @_;
        for my $run (damaged('mutate', "1/$mutations", $bytes, \@on_stdin)) {
            my ($at, $got, $whole, undef, $lines, $first) = @$run;
            $wrong->("$at: status $got: $first") if $got > 6 || $got == 2;
            $wrong->("$at: status $got, an end record: $whole") if $whole != ($got =~ /^[015]$/ ? 1 : 0);
        }
    });
    failures("$name: input of another width than the model's", sub {
        my ($wrong) = @_;
        return if ($d->{reads}[0] || ['', ''])->[1] ne 'vector';
        for my $policy ('fail', 'skip', 'emit') {
            my ($got, $out, $err) = go([@apply, $path, "--on-error=$policy"], in => input($d, small => 1, narrow => 1));
            $wrong->("$policy: status $got: $err") if $got =~ ($policy eq 'fail' ? qr/^[^36]$/ : qr/^[^0136]$/) || $err eq '' || ($got > 1 && whole($out));
        }
    });
}
plan skip_all => 'no filter that reads a model' if !$any;
done_testing;
