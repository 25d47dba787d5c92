#!/usr/bin/perl
# The Makefile, in a small tree of its own: what a changed flag compiles again, what clean takes
# away and what it leaves, what a missing package says, and what dist packs.
# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;
use Cwd 'getcwd';
use File::Copy 'copy';
use File::Path 'make_path';
use Songpipe;
use Test::More;

delete @ENV{qw(MAKEFLAGS MAKEOVERRIDES MFLAGS MAKELEVEL BUILD BIN CFLAGS LDFLAGS CPPFLAGS ARCH CC)};
my $tree = "$tmp/tree";
make_path("$tree/filters", "$tree/common/base", "$tree/common/math", "$tree/tests");
my $root = getcwd();
for my $file ('Makefile', 'common/base/version.c', 'common/base/version.h', grep { -e } qw(common/base/arch.c common/base/arch.h common/levels)) {
    copy("$root/$file", "$tree/$file") or die "$file: $!";
    chmod 0755, "$tree/$file" if -x "$root/$file";
}
spew("$tree/common/math/two.c", "int two(void);\nint two(void) { return 2; }\n");
spew("$tree/filters/one.c", <<'END');
#include <stdio.h>
#include "base/version.h"
int two(void);
int main(void) { printf("one %s %d\n", songpipe_version, two()); }
END

my $make = "make --no-print-directory -C $tree";
# The files that a make compiles (CC) and links (LD), in order of their names.
sub makes {
    my ($what, @want) = @_;
    my $said = runs("$make $what");
    is_deeply([sort $said =~ /^  (?:CC|LD)  (?:.*\/)?([\w.]+)/mg], [sort @want], "what 'make $what' makes") or diag($said);
}
my @all = (qw(one.c two.c version.c one), -e "$tree/common/base/arch.c" ? 'arch.c' : ());
makes('', @all);
is(runs("$tree/bin/one"), "one 0.1.0 2\n", 'and it runs');
makes('');
makes('VERSION=9', qw(version.c one));
is(runs("$tree/bin/one"), "one 9 2\n", 'the new version');
makes('VERSION=9');
makes('', qw(version.c one));
makes($_, @all) for 'CFLAGS=-O1', 'CFLAGS=-O1 ARCH=-DNEW', 'CFLAGS=-O1 ARCH=-DNEW CC=gcc', 'CFLAGS=-O1 CPPFLAGS=-DNEW', '';
makes('LDFLAGS=-Wl,-O1', 'one');
makes('BUILD=other', @all);
makes('BUILD=other');
makes('', 'one');

# Clean: the environment names nothing, and on the command line only what was made goes.
for my $folder (qw(bin build other build/common)) {
    spew("$tree/$folder/precious", 'mine');
}
make_path("$tmp/precious/common");
spew("$tmp/precious/$_", 'mine') for qw(one one.o common/one.o);
runs("$make clean BUILD=$tmp/precious BIN=$tmp/precious");
runs("BIN=$tmp/precious BUILD=$tmp/precious $make clean");
ok(-e "$tmp/precious/$_", "clean leaves $_ of a folder that was not built in") for qw(one one.o common/one.o);
is(runs("find $tree/bin $tree/build -type f | sort"), join('', map { "$tree/$_\n" } qw(bin/precious build/common/precious build/precious)),
    'clean takes what was built and leaves the rest');
runs("$make clean BUILD=other");
is(runs("find $tree/other -type f"), "$tree/other/precious\n", 'and so in a folder by name');

refuses(2, qr/no-such-package.*make deps/s, "$make PKGS=no-such-package", undef, 1);

runs("$make dist");
my $packed = runs("tar tf $tree/songpipe-0.1.0.tar.xz");
like($packed, qr{^songpipe-0\.1\.0/Makefile$}m, 'dist without git');
unlike($packed, qr{/(bin|build)/|tar}, 'without what was built');
done_testing;
