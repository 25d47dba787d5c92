#!/usr/bin/perl
# make install and uninstall: every filter, its man page and completion, under a prefix,
# with names of one's own; and what the completion answers.
# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;
use File::Find;
use Songpipe;
use Test::More;

sub files_under {
    my ($top) = @_;
    my @files;
    find(sub { push @files, substr $File::Find::name, 1 + length $top if !-d || -l }, $top);
    return sort @files;
}

# No compiling here: what `make check` built is installed.
my $make = "make -s DESTDIR=$tmp/dest PREFIX=/opt/songpipe PROGPREFIX=sp. --old-file=all";
runs("$make install");
my @names = map { m{([^/]+)\.c$} } glob 'filters/*.c';
my @want = (
    (map { "bin/sp.$_" } @names),
    (map { "share/man/man1/sp.$_" } map { m{([^/]+)$} } glob 'man/*.1'),
    (map { m{\.(\d)$} ? "share/man/man$1/" . s{.*/}{}r : () } glob 'man/*.[57]'),
    (map { "share/bash-completion/completions/$_" } 'songpipe', map { "sp.$_" } @names));
is_deeply([files_under("$tmp/dest/opt/songpipe")], [sort @want], 'what install puts in place');
like(runs("$tmp/dest/opt/songpipe/bin/sp.sp-fields --version"), qr/^sp-fields \(songpipe\)/, 'and it runs');

# The completion that bash loads by the command's name.
sub completes {
    my ($want, @words) = @_;
    my $line = join ' ', map { "'$_'" } @words;
    my $got = runs("cd $tmp; PATH=$tmp/dest/opt/songpipe/bin:\$PATH; " .
        ". $tmp/dest/opt/songpipe/share/bash-completion/completions/$words[0]; complete -p $words[0] >/dev/null; " .
        "COMP_WORDS=($line) COMP_CWORD=$#words; _songpipe $words[0]; echo \"\${COMPREPLY[*]}\"");
    is($got, "$want\n", "completes: @words");
}
spew("$tmp/some.sp", '');
completes('--on-error', 'sp.mfcc', '--on');
completes('fail skip emit', 'sp.mfcc', '--on-error', '');
completes('skip', 'sp.mfcc', '--on-error', '=', 's');
completes('some.sp', 'sp.mfcc', 'so');
completes('', 'sp.mfcc', '--n-mfcc', '');

runs("$make uninstall");
is_deeply([files_under("$tmp/dest")], [], 'uninstall takes it all away');
done_testing;
