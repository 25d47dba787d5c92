#!/usr/bin/perl
# System calls that fail: reads and writes in parts, interrupted ones, full disks. The output is
# the whole one, or the status says that it is not, and no reader takes it for whole.
# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;
use Test::More;
use Songpipe;

my $library = $ENV{SONGPIPE_PRELOAD} || 'build/preload/fail.so';
plan skip_all => 'needs the library of tests/preload' unless -e $library;
plan skip_all => 'the sanitizers want to be the first library' if $ENV{SONGPIPE_ASAN};
chomp($library = `realpath $library`);

my $json = join '', map { sprintf "{\"id\":\"s%d\",\"genre\":\"g%d\",\"lyrics\":\"words %d of a song\",\"x\":[%d,%d,%g]}\n",
    $_, $_ % 3, $_ % 5, $_ % 7, $_ % 3, $_ / 8 } 1 .. 300;
spew("$tmp/in.json", $json);
spew("$tmp/in.sp", runs('from-json', $json));
spew("$tmp/in.csv", runs("to-csv $tmp/in.sp"));
runs("to-npy --output $tmp/in.npy $tmp/in.sp");
spew("$tmp/stop", "of\na\n");
runs("zscore --save $tmp/z.sp $tmp/in.sp >/dev/null");

# Each as it reads a file by name (FILE) or, behind a pipe, stdin; whether it writes a stream.
my @filters = (
    ['zscore -q', 'in.sp', 1], ["zscore -q -m $tmp/z.sp", 'in.sp', 1], ['kmeans -k 3 -q', 'in.sp', 1],
    ['sp-sample -n 50 -q', 'in.sp', 1], ['sp-sort -q --max-memory 2K genre,id:r', 'in.sp', 1], ["tfidf -q --stop-words $tmp/stop -o t --min-df 1", 'in.sp', 1],
    ['sp-fields --keep x,genre', 'in.sp', 1], ['from-json', 'in.json', 1], ['from-csv', 'in.csv', 1], ['from-npy', 'in.npy', 1],
    ["from-npy --labels $tmp/in.csv -o v", 'in.npy', 1], ['vae-train --hidden 4 --latent 2 --epochs 2 -q', 'in.sp', 1],
    ['to-csv', 'in.sp', 0], ['to-json', 'in.sp', 0], ['to-npy', 'in.sp', 0], ['sp-info', 'in.sp', 0], ["sp-diff -v $tmp/in.sp", 'in.sp', 0],
);

for my $filter (@filters) {
    my ($command, $file, $stream) = @$filter;
    my $want = runs("$command $tmp/$file");
    for my $piped (0, 1) {
        my $go = sub {
            my ($how) = @_;
            my $reads = $piped ? "cat $tmp/$file | env LD_PRELOAD=$library $how $command" : "env LD_PRELOAD=$library $how $command $tmp/$file";
            return run($reads);
        };
        my $name = $command =~ s/ .*//r . ($piped ? ' of a pipe' : ' of a file');
        for my $how (qw(FAIL_READ=short FAIL_READ=again FAIL_WRITE=short FAIL_WRITE=again)) {
            my ($status, $out, $err) = $go->($how);
            is($status, 0, "$name: $how") or diag($err);
            ok($out eq $want, "$name: $how: the same output");
        }
        for my $at (grep { $_ < length $want } 0, 1, 100, length($want) - 1) {
            my ($status, $out, $err) = $go->("FAIL_WRITE=full:$at");
            is($status, 6, "$name: full after $at bytes") or diag($err);
            like($err, qr/: (cannot write|cannot keep the input in \S+ \(TMPDIR\)): No space left on device$/m, "$name: full after $at bytes: says so");
            cmp_ok(length $out, '<=', $at, "$name: full after $at bytes: writes no more");
            if ($stream) {
                spew("$tmp/cut.sp", $out);
                ($status) = run("sp-info $tmp/cut.sp");
                is($status, 3, "$name: full after $at bytes: not whole to a reader");
            }
        }
        for my $at (0, 50, 3000) {
            my ($status, $out, $err) = $go->("FAIL_READ=error:$at");
            is($status, 6, "$name: a read error after $at bytes") or diag($err);
            like($err, qr/: cannot read: Input\/output error$/m, "$name: a read error after $at bytes: says so");
            if ($stream) {
                spew("$tmp/cut.sp", $out);
                ($status) = run("sp-info $tmp/cut.sp");
                is($status, 3, "$name: a read error after $at bytes: not whole to a reader");
            }
        }
        my ($status) = $go->('FAIL_CLOSE=error');
        is($status, 6, "$name: what cannot be closed is not whole");
    }
}

# A file that appears when it is whole does not appear.
for my $command ("zscore -q --save $tmp/new/f $tmp/in.sp", "to-csv --output $tmp/new/f $tmp/in.sp",
                 "to-json --output $tmp/new/f $tmp/in.sp", "to-npy --output $tmp/new/f $tmp/in.sp") {
    mkdir "$tmp/new";
    for my $how ('FAIL_WRITE=full:40', 'FAIL_CLOSE=error') {
        my ($status, undef, $err) = run("LD_PRELOAD=$library $how $command >/dev/null");
        is($status, 6, "$command: $how") or diag($err);
        is(scalar(() = glob "$tmp/new/*"), 0, "$command: $how: nothing appears");
    }
}

done_testing();
