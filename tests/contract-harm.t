#!/usr/bin/perl
# Every binary: what means harm. Control characters in names, ids and options, which must not reach a
# terminal; ids and fields that come twice; ids that leave no room for the reason; limits.
# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;
use Contract;
use Encode ();
use Stream;
use Test::More;

# Escapes, C1 as UTF-8 and as a byte, overrides and isolates of the direction, DEL, BEL, CR, what is not UTF-8.
my @nasty = ("a\e]0;x\ab", "a\xc2\x9b31mb", "a\x9b31mb", "a\xe2\x80\xaeb", "a\xe2\x80\xaab", "a\xe2\x81\xa6b", "a\xe2\x81\xa9b",
    "a\x7fb\rc", "a\xffb", "a\xc0\x9bb", "a\xed\xa0\x80b");

# Two of them, others each time: a binary sees all, but not each at each place.
my $turn = 0;
sub some { return map { $nasty[$turn++ % @nasty] } 1 .. 2 }

# What of the bytes a terminal would obey: undef if they are harmless.
sub harm {
    my ($bytes) = @_;
    my $text = eval { Encode::decode('UTF-8', $bytes, Encode::FB_CROAK | Encode::LEAVE_SRC) } // return 'not UTF-8';
    return $text =~ /([\x00-\x08\x0b-\x1f\x7f-\x9f\x{202a}-\x{202e}\x{2066}-\x{2069}])/ ? sprintf('U+%04X', ord $1) : undef;
}

sub shown { return $_[0] =~ s/([^ -~])/sprintf '\\x%02x', ord $1/ger }

my @binaries = binaries();
chdir $tmp or die "$tmp: $!";     # some are told to write files of such names
for my $name (@binaries) {
    my $d = describe($name);
    my ($argv, %o) = sample($d);
    next if !$argv;
    my $reports = $name =~ /^(sp-info|sp-diff|scoreboard)$/;

    failures("$name: options, words and file names that are nasty", sub {
        my ($wrong) = @_;
        my @tries = map { ([$name, "--$_"], [$name, "-$_"]) } some();
        push @tries, map { ([@$argv, "$tmp/$_"], [$name, $_, $_, $_]) } some();
        for my $option (grep { $_->{type} ne 'flag' } @{ $d->{options} }) {
            push @tries, map { [@$argv, "--$option->{name}=$_"] } some();
        }
        for my $try (@tries) {
            my ($status, $out, $err) = go($try, %o);
            my $harm = harm($err) // ($reports ? harm($out) : undef);
            $wrong->(shown("@$try: $harm: $err")) if defined $harm;
            $wrong->(shown("@$try: status $status")) if $status > 6;
        }
    });
    next if $d->{in} !~ /^(records|any stream)$/;

    failures("$name: ids, fields, labels and columns that are nasty", sub {
        my ($wrong) = @_;
        my @fields = map { $_->[0] } @{ $d->{reads} };
        for my $nasty ($reports ? @nasty : some()) {
            my %inputs = (
                'ids' => input($d, n => 3, ids => [map { "$_$nasty" } 1 .. 3]),
                'one id twice' => input($d, n => 3, ids => [$nasty, $nasty, 'c']),
                'columns' => input($d, n => 3, columns => $nasty),
                'a field' => input($d, n => 3, change => sub { $_[1]{$nasty} = str($nasty) }),
                'a field twice' => stream({}, record('a', $nasty => nil(), $nasty => nil())),
                'other columns' => input($d, n => 3) . input($d, n => 3, columns => $nasty, ids => ['x' .. 'z']),
            );
            $inputs{"$_ that is text"} = input($d, n => 3, ids => [map { "$_$nasty" } 1 .. 3], change => sub { my (undef, $v) = @_; $v->{$_} = str($nasty) }) for @fields;
            $inputs{"no $_"} = input($d, n => 3, ids => [map { "$_$nasty" } 1 .. 3], change => sub { my (undef, $v) = @_; delete $v->{$_} }) for @fields;
            for my $what (sort keys %inputs) {
                for my $more ([], (option($d, 'on-error') ? ['--on-error=skip'] : ()), ($name eq 'sp-info' ? ['--pipeline'] : ())) {
                    my ($status, $out, $err) = go([@$argv, @$more], in => $inputs{$what});
                    my $harm = harm($err) // ($reports ? harm($out) : undef);
                    $wrong->(shown("$what, @$more: $harm: $err")) if defined $harm;
                    $wrong->(shown("$what, @$more: status $status")) if $status > 6;
                }
            }
        }
    });

    failures("$name: a long id leaves room for the reason", sub {
        my ($wrong) = @_;
        for my $long ('x' x 3000, "\xc3\xa9" x 20000) {
            for my $field (map { $_->[0] } @{ $d->{reads} }) {
                my $bad = input($d, n => 3, ids => [map { "$_$long" } 1 .. 3], change => sub { my (undef, $v) = @_; delete $v->{$field} });
                my ($status, $out, $err) = go([@$argv, '-q'], in => $bad);
                next if $status != 6 || $err !~ /(xxx|\xc3\xa9\xc3\xa9)/;    # not said by its id
                $wrong->('no reason: ', $err) if $err !~ /\Q$field\E|nil/;
                $wrong->('the id is not short: ', length $err) if length $err > 1000;
                $wrong->('cut in a character') if defined harm($err) || $err =~ /\?/;
            }
        }
    });

    failures("$name: a record with one field twice is bad", sub {
        my ($wrong) = @_;
        my @more = map { ("f$_" => nil()) } 1 .. 40;
        for (['at once', 'p', nil(), 'p', nil()], ['the id', 'id', str('b')], ['among many', @more, 'f7' => nil()], ['an empty name', '' => nil(), '' => nil()]) {
            my ($what, @twice) = @$_;
            my ($status, $out, $err) = go([@$argv, '-q'], in => stream({}, record('a', @twice)));
            $wrong->("$what: status $status: $err") if $status != 3 || whole($out) || $err !~ /record 1 is malformed: field \S* ?appears twice/;
        }
        my $late = input($d, n => 3) =~ s/\x93\xd7ESONGPIPE.*//sr;
        my ($status, $out, $err) = go([@$argv, '-q'], in => seal($late . record('a', 'p', nil(), 'p', nil())));
        $wrong->("a later one: status $status: $err") if $status != 3 || whole($out);
    });

    failures("$name: what reads the whole stream takes no id twice", sub {
        my ($wrong) = @_;
        my $twice = input($d, n => 12);
        for my $in ([in => $twice . $twice], [pipe => $twice . $twice], [in => input($d, n => 3, ids => ['a', 'b', 'a'])]) {
            my ($status, $out, $err) = go([@$argv, '-q'], @$in);
            $wrong->("status $status: $err") if $status != 3 || whole($out) || "$err$out" !~ /twice|again|repeated/;
            last if $name eq 'sp-info';
        }
    }) if !is_map($d) && !grep { $name eq $_ } qw(to-json sp-diff sp-sort decode sp-match embed);     # these hold a few records

    failures("$name: a record over --max-record is status 4", sub {
        my ($wrong) = @_;
        my ($status, $out, $err) = go([@$argv, '--max-record=100'], in => input($d, n => 1, change => sub { $_[1]{more} = str('x' x 1000) }));
        $wrong->("status $status: $err") if $status != 4 || $err !~ /larger than --max-record/ || whole($out);
    }) if option($d, 'max-record');
}
done_testing;
