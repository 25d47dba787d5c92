# What the tests of zscore, pca, kmeans and metrics share: streams of .npy rows, and models taken apart.
# SPDX-License-Identifier: GPL-3.0-or-later
package Cluster;
use strict;
use warnings;
no warnings 'portable';
use Exporter 'import';
use Songpipe;
use Stream;
use Test::More;

our @EXPORT = qw(rows_sp many_sp finds_cubes value model column sets sets_with);

# Folders of golden cluster sets: those in the repository, and the shared ones, which are left out
# where they are not there.
sub sets { return sets_with('x.npy', @_) }

# The same of those that have a file.
sub sets_with {
    my ($file, @names) = @_;
    my @found;
    for my $name (@names) {
        my ($dir) = grep { defined && -e "$_/$file" } "tests/golden/cluster/$name", shared("golden/cluster/$name");
        Test::More->builder->skip("needs ../shared: $file of the set $name") if !$dir;
        push @found, { name => $name, dir => $dir } if $dir;
    }
    return @found;
}

# Write a stream of x.npy's rows, ids from 0, with more fields (name => [packed values]) and
# columns; returns its path.
sub rows_sp {
    my ($npy, $path, $head, %fields) = @_;
    my ($x, $n, $d) = npy($npy);
    spew($path, stream($head || {}, map {
        my $i = $_;
        record($i, x => vec(@$x[$i * $d .. ($i + 1) * $d - 1]), map { $_ => $fields{$_}[$i] } sort keys %fields);
    } 0 .. $n - 1));
    return $path;
}

# Write a stream of vectors, of three numbers that $row gives for 1, 2, ...: more than the 100 000 up to which neighbours are
# found exactly. Returns its path.
my $many = 100_100;
sub many_sp {
    my ($path, $row) = @_;
    srand 1;
    spew("$path.npy", "\x93NUMPY\x01\x00" . pack('v', 118) .
        sprintf("%-117s\n", "{'descr': '<f4', 'fortran_order': False, 'shape': ($many, 3), }") . pack 'f<*', map { $row->($_) } 1 .. $many);
    runs("from-npy $path.npy >$path");
    return $path;
}

# Whether a command that works on neighbours that are nearly right finds four cubes, and points far apart.
sub finds_cubes {
    my ($command) = @_;
    SKIP: {
        skip 'the sanitizers take a minute', 1 if $ENV{SONGPIPE_ASAN};
        my $in = many_sp("$tmp/many.sp", sub { $_[0] % 1000 ? (rand() + 3 * ($_[0] % 4), rand, rand) : (9 + $_[0] / 50, 0, 0) });
        my ($status, undef, $err) = run("$command $in >$tmp/out.sp");
        is($status, 0, 'more than 100 000');
        like($err, qr/^\w+: [\d.]+ % of the neighbours of 100 vectors are right: above 100000, they are looked for by NN-descent$/m, 'says so');
        my @labels = split ' ', runs("sp-fields --keep cluster $tmp/out.sp | to-csv | tail -n +2 | cut -d , -f 2");
        is("@labels", join(' ', map { $_ % 1000 ? ($_ - 1) % 4 : -1 } 1 .. $many), 'each cube is a cluster, what lies apart noise');
    }
}

# A packed value: number, text, undef, or the list of a tensor's numbers.
sub value {
    my ($p) = @_;
    my $c = ord $p;
    return undef if $c == 0xc0;
    return $c & 1 if $c == 0xc2 || $c == 0xc3;
    return $c if $c < 0x80;
    return $c - 256 if $c >= 0xe0;
    return Stream::text_of($p) if ($c & 0xe0) == 0xa0 || ($c >= 0xd9 && $c <= 0xdb);
    my %code = (0xca => 'f>', 0xcb => 'd>', 0xcc => 'C', 0xcd => 'n', 0xce => 'N', 0xcf => 'Q>', 0xd0 => 'c',
        0xd1 => 's>', 0xd2 => 'l>', 0xd3 => 'q>');
    return unpack "x$code{$c}", $p if $code{$c};
    my ($type) = $p =~ /\xc4\x04type.(...)/s or die 'no tensor';
    my $at = index($p, "\xc4\x04data") + 6;
    my $head = { 0xc4 => 2, 0xc5 => 3, 0xc6 => 5 }->{ ord substr $p, $at, 1 };
    my %of = ('<f4' => 'f<*', '<f2' => 'S<*', '<f8' => 'd<*', '<i4' => 'l<*', '<u4' => 'L<*');
    return [unpack $of{$type}, substr $p, $at + $head];
}

# A model file: {config => {...}, tensor's name => [numbers]}.
sub model {
    my ($config, @tensors) = unseal(slurp_file($_[0]));
    my %m = map { $_->{id} => value($_->{raw}{x}) } @tensors;
    $m{config} = { map { $_ => value($config->{raw}{$_}) } @{ $config->{names} } };
    return \%m;
}

# One column of rows as csv() gives them.
sub column {
    my ($name, @rows) = @_;
    return [map { $_->{$name} } @rows];
}

1;
