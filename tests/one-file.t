#!/usr/bin/perl
# Files that a command writes beside stdout: two names of one file, an input that is an output, links,
# modes, what another run left behind, a disk that is full. (Stdout and operands: contract-io.t.)
# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;
use Cwd 'realpath';
use Songpipe;
use Test::More;

my $json = join '', map { sprintf "{\"id\":\"s%d\",\"lyrics\":\"words %d of a song\",\"x\":[%d,%d,%g]}\n", $_, $_ % 5, $_ % 7, $_ % 3, $_ / 8 } 1 .. 60;
spew("$tmp/in.json", $json);
my $in = runs("from-json $tmp/in.json");
spew("$tmp/in.csv", "id,a\n" . join '', map { "s$_,$_\n" } 1 .. 60);
sub fresh { spew("$tmp/F", $in); return "$tmp/F" }
sub kept { my ($name) = @_; return ok(slurp_file("$tmp/F") eq $in, "$name: the input is as it was") }

# An output that is the input.
my $train = 'vae-train --hidden 4 --latent 2 --epochs 2 -q';
for my $command ('zscore --save F F', 'whiten --save F F', 'pca -n 2 --save F F', 'tfidf --min-df 1 -o t --save F F', 'kmeans -k 2 --save F F',
    'kmeans -k 2:3 --scan F F', 'agglo -k 2 --tree F F', 'to-npy --ids F F', 'to-npy --output F F', 'to-csv --output F F',
    'to-json --output F F', "$train --log F F", "$train --checkpoint F F", 'zscore --save F <F', 'zscore --save ./F F',
    'zscore --save F in.sp F', 'kmeans -k 2 --init F --save F in.sp', 'pca -n 2 -m F in.sp --save F') {
    fresh();
    spew("$tmp/in.sp", $in);
    (my $c = $command) =~ s/(?<=[ <])F\b/$tmp\/F/g;
    $c =~ s/ \.\/F\b/ $tmp\/.\/F/;
    $c =~ s/in\.sp/$tmp\/in.sp/;
    refuses(2, qr/is read, and would be written|exclude/, $c);
    kept($command);
    unlink "$tmp/F.hard";
    link "$tmp/F", "$tmp/F.hard" or die;
    $c =~ s/\bF\b/F.hard/;
    refuses(2, qr/is read, and would be written|exclude/, "$c");
}
for my $source ("from-csv $tmp/in.csv >>$tmp/in.csv", "from-json $tmp/in.json >>$tmp/in.json", "from-csv <$tmp/in.csv >>$tmp/in.csv",
    "from-json /dev/null $tmp/in.json >>$tmp/in.json", "tracks --csv $tmp/in.csv >>$tmp/in.csv", "sp-diff $tmp/in.sp $tmp/F >>$tmp/F",
    "sp-join --with $tmp/F $tmp/in.sp >>$tmp/F") {
    fresh();
    my ($status, undef, $err) = run("ulimit -f 100; $source");
    is($status, 2, "status 2: $source") or diag($err);
    like($err, qr/is read, and would be written/, "says why: $source");
    kept($source);
}

# Two outputs that are one file.
for my $command ("zscore --save $tmp/o $tmp/in.sp >$tmp/o", "zscore --save /dev/stdout $tmp/in.sp | cat", "zscore --save /dev/fd/1 $tmp/in.sp >$tmp/o",
    "to-npy --ids /proc/self/fd/1 $tmp/in.sp | cat", "to-npy --output $tmp/new --ids $tmp/new $tmp/in.sp",
    "to-npy --output $tmp/new --ids $tmp/./new $tmp/in.sp", "$train --log $tmp/new --checkpoint $tmp/new $tmp/in.sp", "zscore --save $tmp/o $tmp/in.sp 2>>$tmp/o") {
    unlink "$tmp/new", "$tmp/o";
    my ($status, $out, $err) = run("$command");
    is($status, 2, "status 2: $command") or diag($err);
    is($out, '', "nothing on stdout: $command");
    ok(!-s "$tmp/o" || $command =~ /2>>/, "nothing written: $command");
    ok(!-e "$tmp/new", "nothing appears: $command");
}

# What is one file and may be.
runs("zscore --save /dev/null $tmp/in.sp >/dev/null");
runs("cat $tmp/in.sp | zscore - 2>/dev/null >/dev/null");
runs("sp-info $tmp/in.sp >$tmp/o 2>&1");
runs("$train --checkpoint $tmp/ck $tmp/in.sp >$tmp/m");
runs("$train --epochs 4 --checkpoint $tmp/ck --resume $tmp/ck $tmp/in.sp >$tmp/m");
refuses(2, qr/is read, and would be written/, "$train --epochs 4 --log $tmp/ck --resume $tmp/ck $tmp/in.sp");

# A playlist whose file is the input, by its name or by a link.
mkdir "$tmp/lists";
for my $how ('name', 'link', 'stdin') {
    runs("from-json > $tmp/songs.sp", join '', map { qq({"id":"$_","path":"$_.mp3","cluster":$_}\n) } 0, 1);
    unlink glob "$tmp/lists/*";
    my $list = "$tmp/lists/cluster 1.m3u8";
    $how eq 'link' ? symlink("$tmp/songs.sp", $list) : rename("$tmp/songs.sp", $list) or die;
    my $input = $how eq 'link' ? "$tmp/songs.sp" : ($how eq 'stdin' ? '<' : '') . "'$list'";
    my $was = slurp_file($list);
    refuses(2, qr/is read, and would be written/, "to-m3u --missing --by cluster --force --dir $tmp/lists $input");
    is(slurp_file($list), $was, "$how: the input is as it was");
    ok(!-e "$tmp/lists/cluster 0.m3u8", "$how: nothing appears");
}

# Modes and links.
for my $mode (0600, 0640, 0604, 0755, 0666) {
    for my $command ("zscore --save $tmp/kept $tmp/in.sp", "to-csv --output $tmp/kept $tmp/in.sp", "$train --log $tmp/kept $tmp/in.sp") {
        spew("$tmp/kept", 'old');
        chmod $mode, "$tmp/kept";
        runs("umask 022; $command >/dev/null");
        is(sprintf('%o', (stat "$tmp/kept")[2] & 07777), sprintf('%o', $mode), "$command: keeps the mode");
        isnt(slurp_file("$tmp/kept"), 'old', "$command: it is the new one");
    }
}
unlink "$tmp/kept";
runs("umask 027; zscore --save $tmp/kept $tmp/in.sp >/dev/null");
is(sprintf('%o', (stat "$tmp/kept")[2] & 07777), '640', 'a new file has the mode that the umask leaves');
symlink "$tmp/kept", "$tmp/link" or die;
runs("zscore --save $tmp/link $tmp/in.sp >/dev/null");
ok(-l "$tmp/link" && realpath("$tmp/link") eq realpath("$tmp/kept"), 'a link stays one');
symlink "$tmp/nowhere", "$tmp/dangling" or die;
for my $command ("zscore --save $tmp/dangling $tmp/in.sp", "to-json --output $tmp/dangling $tmp/in.sp", "to-npy --ids $tmp/dangling $tmp/in.sp") {
    refuses(6, qr/dangling: cannot write: a link that leads nowhere/, $command);
    is(readlink "$tmp/dangling", "$tmp/nowhere", "$command: the link is as it was");
    ok(!-e "$tmp/nowhere", "$command: nothing appears there");
}

# A file with the name of a temporary one: left behind by a run that was killed, which had our number.
for my $command ("zscore --save $tmp/s/new $tmp/in.sp", "to-csv --output $tmp/s/new $tmp/in.sp", "to-npy --ids $tmp/s/new $tmp/in.sp") {
    mkdir "$tmp/s";
    my $stale = "for i in \"\" .0 .1 .2; do echo old >$tmp/s/new.\$\$\$i; done; exec";
    runs("bash -c '$stale $command' >/dev/null");
    is(scalar(() = glob "$tmp/s/*"), 5, "$command: the stale ones, and the new");
    unlink glob "$tmp/s/*";
}

# On systems without nameless files, too, nothing is left behind.
my $library = $ENV{SONGPIPE_PRELOAD} || 'build/preload/fail.so';
SKIP: {
    skip 'needs the library of tests/preload', 1 if !-e $library || $ENV{SONGPIPE_ASAN};
    my $with = 'env LD_PRELOAD=' . realpath($library) . ' FAIL_TMPFILE=1';
    spew("$tmp/bad.sp", substr $in, 0, -3);
    for my $command ('zscore --save S', 'to-csv --output S', 'to-json --output S', 'to-npy --output S --ids S.ids') {
        (my $c = $command) =~ s/\bS\b/$tmp\/s\/new/g;
        my ($name) = split ' ', $command;
        runs("$with $c $tmp/in.sp >/dev/null");
        is(scalar(() = glob "$tmp/s/*"), $command =~ /ids/ ? 2 : 1, "$command: appears");
        unlink glob "$tmp/s/*";
        for my $how ('FAIL_WRITE=full:40', 'FAIL_CLOSE=error') {
            my ($status, undef, $err) = run("$with $how $c $tmp/in.sp >/dev/null");
            is($status, 6, "$command: $how") or diag($err);
            like($err, qr/new\S*: cannot write: /, "$command: $how: names the file");
            is(scalar(() = glob "$tmp/s/*"), 0, "$command: $how: nothing is left");
        }
        my ($status, undef, $err) = run("$with $c $tmp/bad.sp >/dev/null");
        is($status, 3, "$command: a bad input") or diag($err);
        is(scalar(() = glob "$tmp/s/*"), 0, "$command: a bad input: nothing is left");
    }
}
done_testing;
