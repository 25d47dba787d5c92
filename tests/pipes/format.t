#!/usr/bin/perl
# man 5 songpipe is exact: the bytes that it shows are those that come out, and with
# PEERS=python (msgpack, msgpack-numpy, xxhash) its programs read and write streams.
# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;
use Songpipe;
use Stream;
use Test::More;

my $page = slurp_file('man/songpipe.5');
my @blocks = map { s/\\-/-/gr =~ s/\\e/\\/gr } $page =~ /^\.Bd -literal -offset indent\n(.*?)^\.Ed/msg;

# The example: each line its offset, its bytes, what they are.
my ($command) = grep { /^echo/ } @blocks;
my ($dump) = grep { /^  0  93/ } @blocks;
my ($bytes, $right) = ('', 1);
for (split /\n/, $dump) {
    my ($at, $hex) = /^ *(\d+)  ((?:[0-9a-f]{2} )*[0-9a-f]{2})  / or fail("a line of the dump: $_");
    $right &&= $at == length $bytes;
    $bytes .= pack 'H*', $hex =~ s/ //gr;
}
ok($right, 'the offsets of the dump follow from its bytes');
is(unpack('H*', runs($command)), unpack('H*', $bytes), 'the dump is what the command writes');

# The layout: every frame of a stream of every kind begins with these 16 bytes.
my ($layout) = grep { /^93 .*array of 3/ } @blocks;
my $pattern = join '', map { /^((?:[0-9a-fKS]{2} ?)+)/ ? $1 : () } split /\n/, $layout;
$pattern =~ s/ //g;
is(length $pattern, 32, '16 bytes of layout');
$pattern =~ s/KK/(?:48|52|45)/;
$pattern =~ s/SS/../g;
my $stream = runs(q(for i in 1 2; do echo '{"id":"a","x":[1,2,3],"t":"text"}' | from-json; done));
my @frames = frames($stream);
is(join('', map { $_->[0] } @frames), 'HREHRE', 'two streams, one behind the other');
is(scalar(grep { unpack('H*', substr $stream, $_->[1], 16) !~ /^$pattern$/ } @frames), 0, 'the layout of every frame');

# Reading and writing from Python.
SKIP: {
    my $python = $ENV{PEERS};
    skip 'PEERS names no Python', 5 if !$python;
    my ($reader) = grep { /Unpacker/ } @blocks;
    my ($writer) = grep { /packb/ } @blocks;
    runs("from-json > $tmp/a.sp", qq({"id":"one","x":[1,2.5]}\n{"id":"two","x":[[1],[2]]}\n));
    spew("$tmp/read.py", $reader);
    spew("$tmp/write.py", $writer);
    is(runs("cd $tmp && $python read.py"), "one [1.  2.5]\ntwo [[1.]\n [2.]]\n", 'the program that reads');
    is(runs("$python $tmp/write.py | to-json"), qq({"id":"a","x":[1,2]}\n{"id":"b","x":[3,4]}\n), 'the program that writes');
}
done_testing;
