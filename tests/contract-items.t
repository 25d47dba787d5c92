#!/usr/bin/perl
# Every binary that reads records: the wanted field absent, nil, of another type, NaN or
# infinite, under each --on-error; no records, one, ids that appear twice; what passes by.
# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;
use Contract;
use Stream;
use Test::More;

my $nan = unpack 'f<', "\0\0\xc0\x7f";
my $inf = 9**9**9;

# What a filter does not take as bad, and why: tables write whatever is there; an array
# has a row of numbers for each record, NaN among them, and so none for nil; what a song
# without one of its parts becomes is --missing's to say.
my %exempt = (
    'to-csv' => qr/^(?!nil)/,
    'fuse' => qr/^absent$/,
    'to-npy' => qr/^(nil|NaN|-?Inf|empty)$/,
);

# Ways to spoil the field of a record: name => what becomes of the packed value.
sub spoils {
    my ($kind) = @_;
    my $numbers = sub { my ($v, $x) = @_; substr($v, -4) = pack 'f<', $x; $v };
    return (
        absent => sub { undef },
        'of another type' => sub { $kind eq 'text' ? bool(1) : str('no numbers') },
        $kind eq 'text' ? () : (
            NaN => sub { $numbers->($_[0], $nan) },
            Inf => sub { $numbers->($_[0], $inf) },
            '-Inf' => sub { $numbers->($_[0], -$inf) }),
        $kind eq 'vector' ? ('of another width' => sub { vec(1 .. 9) }, empty => sub { vec() }) : (),
    );
}

for my $name (binaries()) {
    my $d = describe($name);
    next if $d->{in} ne 'records';
    my @argv = (argv($d), option($d, 'on-error') ? '--on-error=fail' : ());
    my $out_records = sub { my @r = eval { unseal($_[0]) }; $@ ? undef : \@r };
    my $is_stream = writes_stream($d);
    my $good = input($d, n => 12);
    my ($status, $out, $err) = go(\@argv, in => $good);
    failures("$name: the example of --help runs", sub { $_[0]->("status $status: $err") if $status });
    my $records = $is_stream ? $out_records->($out) : undef;
    # Whether it hands each record on: then what becomes of each can be told.
    my $hands_on = $records && join(',', map { $_->{id} } @$records) eq join(',', map { "id$_" } 0 .. 11);
    my ($field, $kind) = @{ ($d->{reads}[0] || []) };
    # The fields that a record gets: one without input has them, too, as nil.
    my ($before) = unseal($good);
    my @gets = $records && @$records && is_map($d) || $hands_on ? grep { !exists $before->{raw}{$_} } sort keys %{ $records->[0]{raw} } : ();
    my $lacks = sub {
        my ($records, $i) = @_;
        my ($r) = grep { $_->{id} eq "id$i" } @{ $records || [] };
        return !$r ? ' all: the record is not there' : join '', map { " $_" } grep { !exists $r->{raw}{$_} } @gets;
    };
    # A batch filter that adds to the records and so must be able to tell them apart.
    my $annotates = $hands_on && is_batch($d) && $field && defined $records->[0]{raw}{$field} &&
        index($good, $records->[0]{raw}{$field}) >= 0;

    failures("$name: what it does not read passes", sub {
        my ($wrong) = @_;
        for my $r (@{$records}) {
            my ($i) = $r->{id} =~ /^id(\d+)$/ or next;
            $wrong->("$r->{id}: the field passed is ", unpack 'H*', $r->{raw}{passed} // '')
                if ($r->{raw}{passed} // '') ne str("as it is $i");
        }
        my ($got, $out, $err) = go(\@argv, in => input($d, n => 12, more => [str('later'), str('unknown key')]));
        $wrong->("a header with an unknown key: status $got: $err") if $got != $status;
        $wrong->('a key of the header that it does not know is lost') if $out !~ /\xa5later\xabunknown key/;
    }) if $hands_on;

    failures("$name: no records, one, ids that appear twice", sub {
        my ($wrong) = @_;
        my $fine = sub {
            my ($what, $bytes, $may) = @_;
            my ($got, $out, $err) = go(\@argv, in => $bytes);
            $wrong->("$what: status $got: $err") if $got !~ $may;
            $wrong->("$what: status 0, and no valid stream") if $got == 0 && $is_stream && !$out_records->($out);
            $wrong->("$what: status $got, and it looks whole") if $got && whole($out);
            $wrong->("$what: not one line: $err") if $got && !one_line($name, $err);
            return $out;
        };
        my $any = is_map($d) ? qr/^0$/ : qr/^[06]$/;
        $out = $fine->('no records', input($d, n => 0), $any);
        $fine->('one record', input($d, n => 1), $any);
        my @ids = map { "id$_" } 0 .. 10, 4;
        $out = $fine->('an id twice', input($d, ids => \@ids), $annotates ? qr/^3$/ : is_map($d) ? qr/^0$/ : qr/^[03]$/);
    });

    next if !$field || $kind !~ /^(vector|matrix|samples|text)$/ || $status;

    my $nil_is_bad = $exempt{$name} && 'nil' =~ $exempt{$name};
    failures("$name: $field nil is no error", sub {
        my ($wrong) = @_;
        for (['the sixth', 5], ['the first', 0], ['the last', 11], ['all', 0 .. 11]) {
            my ($what, @at) = @$_;
            my %at = map { $_ => 1 } @at;
            my ($got, $out, $err) = go(\@argv, in => input($d, change => sub { $_[1]{$field} = nil() if $at{ $_[0] } }));
            my $may = @at == 1 || is_map($d) ? qr/^0$/ : qr/^[06]$/;
            $wrong->("$what: status $got: $err") if $got !~ $may;
            next if $got || !@gets && !$hands_on;
            my $r = $out_records->($out);
            $wrong->("$what: " . ($r ? @$r : 'no') . ' records come out') if !$r || $hands_on && @$r != 12;
            $lacks->($r, $_) && $wrong->("$what: id$_ lacks" . $lacks->($r, $_)) for @at;
            $wrong->("$what: has an error") if grep { $_->{raw}{error} } @{ $r || [] };
            $wrong->("$what: nothing became nil") if $r && $hands_on && !grep { $_ eq nil() } values %{ $r->[$at[0]]{raw} };
        }
    }) if !$nil_is_bad;
    my @spoils = spoils($kind);
    while (my ($what, $spoil) = splice @spoils, 0, 2) {
        next if $exempt{$name} && $what =~ $exempt{$name};
        failures("$name: $field $what, under each --on-error", sub {
            my ($wrong) = @_;
            for my $at (5, 0) {
                next if $what eq 'of another width' && $at == 0;
                my $in = input($d, change => sub { $_[1]{$field} = $spoil->($_[1]{$field}) if $_[0] == $at });
                my ($got, $out, $err) = go(\@argv, in => $in);
                $wrong->("at $at, fail: status $got: $err") if $got != 6;
                $wrong->("at $at, fail: looks whole") if whole($out);
                $wrong->("at $at, fail: id$at is not named in one line: $err") if !one_line($name, $err) || $err !~ /\bid$at\b/;
                next if !option($d, 'on-error');
                ($got, $out, $err) = go([@argv, '--on-error=skip'], in => $in);
                $wrong->("at $at, skip: status $got: $err") if $got != 1;
                $wrong->("at $at, skip: id$at is not named: $err") if $err !~ /^\Q$name\E: id$at\b/m;
                my $r = $is_stream ? $out_records->($out) : [];
                $wrong->("at $at, skip: no valid stream") if !$r;
                $wrong->("at $at, skip: " . @$r . ' records') if $r && $hands_on && @$r != 11;
                ($got, $out, $err) = go([@argv, '--on-error=emit'], in => $in);
                $wrong->("at $at, emit: status $got: $err") if $got != 0;
                $r = $is_stream ? $out_records->($out) : [];
                $wrong->("at $at, emit: no valid stream") if !$r;
                $wrong->("at $at, emit: id$at lacks" . $lacks->($r, $at)) if $r && @gets && $lacks->($r, $at);
                next if !$r || !$hands_on;
                $wrong->("at $at, emit: " . @$r . ' records') if @$r != 12;
                $wrong->("at $at, emit: no error in it, or in others")
                    if "@{[grep { $r->[$_]{raw}{error} } 0 .. $#$r]}" ne $at;
                $wrong->("at $at, emit: nothing is nil") if $r->[$at] && !grep { $_ eq nil() } values %{ $r->[$at]{raw} };
            }
        });
    }
}
plan skip_all => 'no filter that reads records' if !Test::More->builder->current_test;
done_testing;
