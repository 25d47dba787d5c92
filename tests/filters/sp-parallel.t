#!/usr/bin/perl
# sp-parallel: the bytes of the run without it, whatever is bad, killed, full or done already.
# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;
use Contract qw(argv binaries describe failures input);
use Songpipe;
use Stream;
use Test::More;

plan skip_all => 'needs GNU parallel' if `parallel --version 2>&1` !~ /^GNU parallel/;
$ENV{TMPDIR} = "$tmp/blocks";
mkdir $ENV{TMPDIR};

# What lies in TMPDIR, once those that clean up behind a run that failed have had their time.
sub left {
    my $left = '';
    for (1 .. 100) {
        $left = join ' ', grep { !/\/\.\.?$/ } glob "$tmp/blocks/* $tmp/blocks/.*";
        last if $left eq '';
        select undef, undef, undef, 0.1;
    }
    return $left;
}
# The songs' stream with the path of record 10 changed by a letter.
sub other {
    my @frames = frames(my $bytes = slurp_file("$tmp/songs.sp"));
    substr($bytes, $frames[10][1] + 16, $frames[10][2]) =~ s/wav/waw/;
    return seal(substr $bytes, 0, $frames[-1][1]);
}
sub lines { return join '', sort split /^/, $_[0] }

# Songs, three of which cannot be decoded, and one without a path.
sub wav { return 'RIFF' . pack('V', 36 + length $_[0]) . 'WAVEfmt ' . pack('VvvVVvv', 16, 1, 1, 8000, 16000, 2, 16) . 'data' . pack('V', length $_[0]) . $_[0] }
mkdir "$tmp/music";
for my $i (1 .. 20) {
    spew(sprintf("$tmp/music/%02d.wav", $i), $i % 6 == 2 ? "no sound $i" : wav(pack 's<*', map { 9000 * sin($_ * $i / 50) } 1 .. 3000));
}
runs("cd $tmp && tracks music > songs.sp");
my $some = "$tmp/songs.sp";
my $pipeline = 'decode -j 1 | mfcc -n 5 | summarize';

# ---- the same bytes ----

my ($status, $want, $said) = run("cd $tmp && decode -j 1 songs.sp | mfcc -n 5 | summarize", undef);
is($status, 1, 'some songs are bad');
for my $o ('-j 1 --block 1', '-j 2 --block 3', '-j 4 --block 7', '-j 2 --block 1000', '') {
    my ($got, $out, $err) = run("cd $tmp && sp-parallel $o -- '$pipeline' songs.sp");
    is($got, 1, "status 1 with '$o'");
    ok($out eq $want, "the bytes of the run without it with '$o'");
    is(lines($err), lines($said), "each message once, counts added up, with '$o'");
}
is(left(), '', 'nothing is left in TMPDIR');

my $empty = runs("sp-match id eq none $some");
ok(runs('sp-parallel cat', $empty) eq $empty, 'no records');
ok(runs("sp-parallel --block 3 cat < $some") eq slurp_file($some), 'a command that changes nothing, not even the total');
ok(runs("cat $some $some | sp-parallel --block 7 'sp-fields --drop path'") eq runs("cat $some $some | sp-fields --drop path"),
    'two streams in one, a block of both');
ok(runs("sp-parallel --block 6 'sp-match id ge 12' $some") eq runs("sp-match id ge 12 $some"), 'blocks of which nothing is left');
ok(runs(q(sp-parallel --block 6 'sp-fields --set "x={}{1}" # {.} it'"'"'s' ) . $some) eq runs("sp-fields --set 'x={}{1}' $some"),
    'a command with what GNU parallel and a shell would replace');
my $frames = stream({}, (map { record("n$_", m => nil) } 1 .. 5), map { record("v$_", m => mat(2, $_, 2, 3, 4)) } 1 .. 5);
ok(runs("sp-parallel --block 2 'summarize -i m -o x'", $frames) eq runs('summarize -i m -o x', $frames),
    'columns that the first blocks do not know');

my $twice = stream({}, map { record('same', x => vec(1, 2, 3 + $_)) } 1 .. 6);
ok(runs('sp-parallel --block 2 l2norm', $twice) eq runs('l2norm', $twice), 'ids twice in different blocks, as without blocks');
refuses(3, qr/block 2: its header contradicts those of the blocks before it/, 'sp-parallel -j 1 --block 1 "summarize -i m -o x"',
    stream({}, map { record("n$_", m => mat($_, 1 .. 2 * $_)) } 2 .. 5));

# ---- every filter: the same bytes, or a refusal ----

for my $name (binaries()) {
    my $d = describe($name);
    next if $d->{in} ne 'records' || $d->{out} ne 'records' || $name eq 'sp-parallel';
    my $one = $d->{help} =~ /^records  one by one(.*)$/m ? $1 : undef;
    my @argv = argv($d);
    my $model = "$Contract::tmp/$name.own.sp";
    if (($one // '') =~ /with --model/ && !grep { /^-m$|^--model/ } @argv) {
        Contract::go([$name, Contract::own_example($d), '--save', $model], in => input($d));
        @argv = ($name, '--model', $model);
    }
    my $command = join ' ', map { "\Q$_\E" } @argv;
    my $in = input($d, n => 12);
    my ($plain, $out) = run($command, $in);
    my ($got, $blocks, $err) = run("sp-parallel --block 5 -j 2 " . ("\Q$command\E"), $in);
    if (defined $one) {
        ok($plain == 0 && $got == 0 && $out eq $blocks, "$name: the same bytes") or diag("status $plain and $got: $err");
        next if $one !~ /with --model/ || $name eq 'lda';
        ($got, $blocks, $err) = run("sp-parallel --block 5 '@{[join ' ', $name, Contract::own_example($d)]}'", $in);
    }
    ok($got != 0 && $blocks eq '', "$name: refused") or diag($err);
}

# ---- what is refused ----

refuses(2, qr/zscore looks at all records together, if not with --model/, 'sp-parallel "l2norm | zscore"', stream({}));
refuses(6, qr/no-such-filter.*\n.*a program of the command is not there/, "sp-parallel no-such-filter $some");
refuses(2, qr/writes no stream/, "sp-parallel to-csv $some");
refuses(2, qr/leaves out the history/, "sp-parallel 'sp-fields --set a=1 --no-history' $some");
refuses(2, qr/records of its own/, "sp-parallel 'cat >/dev/null; cat $some' $some");
refuses(3, qr/cut short/, 'sp-parallel --block 3 cat', substr(slurp_file($some), 0, -10));
refuses(6, qr/03: rate.*\nsp-parallel: block 2 \(records 3 to 4\): the command ended with status 6 on this machine/s,
    "sp-parallel --block 2 -j 1 mfcc", stream({}, map { record("0$_", pcm => vec(1 .. 9), rate => $_ == 3 ? str('x') : int64(8000)) } 1 .. 6));
refuses(3, qr/[12]\.out: cut short in a frame after 10 records/, "sp-parallel --block 10 'sp-match id ne none; [ ! -e $tmp/again ] || echo; : > $tmp/again' $some");
refuses(6, qr/GNU parallel is not installed/, "mkdir $tmp/few; for x in bash cat mkdir rm sp-parallel; do ln -s \$(command -v \$x) $tmp/few; done;" .
    "PATH=$tmp/few sp-parallel cat $some");
SKIP: {
    skip 'no /dev/full', 1 if !-w '/dev/full';
    my ($got, undef, $err) = run("sp-parallel cat $some > /dev/full");
    ok($got == 6 && $err =~ /No space/, 'a full disk at the end');
}
is(left(), '', 'nothing is left in TMPDIR');

# ---- --resume ----

my $kept = "$tmp/kept";
my $slow = "cd $tmp && sp-parallel --block 3 -j 2 --resume $kept";
my $count = "echo >> $tmp/count; $pipeline";
($status) = run("$slow '$count' songs.sp | cmp - <(decode -j 1 songs.sp | mfcc -n 5 | summarize)");
my $blocks = () = slurp_file("$tmp/count") =~ /\n/g;
is($blocks, 8, 'seven blocks, and the trial');
my ($again, $out) = run("$slow '$count' songs.sp");
ok($again == 1 && $out eq $want, 'a run that finds all of it done');
$blocks = () = slurp_file("$tmp/count") =~ /\n/g;
is($blocks, 9, 'does only the trial');
refuses(2, qr/of another command/, "$slow 'decode -j 1' songs.sp");
refuses(2, qr/of another command/, "$slow --block 4 '$count' songs.sp");
runs("sp-parallel --block 8 --resume $tmp/other cat $some");
refuses(2, qr/of another input: block 2 differs/, "sp-parallel --block 8 --resume $tmp/other cat", other());
refuses(2, qr/not a file of sp-parallel/, "echo text > $tmp/text; sp-parallel --resume $tmp/text cat $some");
refuses(6, qr/another run is using it/, "flock $kept bash -c \"$slow '$count' songs.sp\"") if -x '/usr/bin/flock';
my $first = fork // die;
if (!$first) {
    require POSIX;
    my @run = run("sp-parallel --block 3 --resume $tmp/shared '[ ! -e $tmp/tried ] || { : > $tmp/begun; until [ -e $tmp/go ]; do sleep 0.05; done; }; : > $tmp/tried; cat' $some > $tmp/first.sp");
    POSIX::_exit($run[0]);
}
for (1 .. 200) {
    last if -e "$tmp/begun";
    select undef, undef, undef, 0.05;
}
refuses(6, qr/shared: another run is using it/, "sp-parallel --block 3 --resume $tmp/shared cat $some");
spew("$tmp/go", '');
waitpid $first, 0;
ok($? == 0 && slurp_file("$tmp/first.sp") eq slurp_file($some), 'the other one is not disturbed');
my $bytes = slurp_file($kept);
failures('a file cut at any place, or damaged there', sub {
    for my $at (map { int($_ * length($bytes) / 5) } 0 .. 4) {
        for my $bad (substr($bytes, 0, $at), substr($bytes, 0, $at) . 'x' . substr $bytes, $at + 1) {
            next if $at < 24 && length $bad > $at;
            spew($kept, $bad);
            my ($got, $out, $err) = run("$slow '$count' songs.sp");
            $_[0]->("at $at: status $got: $err") if $got != 1 || $out ne $want || slurp_file($kept) eq $bad;
        }
    }
});

# ---- anything killed ----

# Processes of the session, by /proc.
sub members {
    my ($session) = @_;
    return grep { my ($s) = slurp_or("/proc/$_/stat") =~ /^.*\) \S \S+ \S+ (\d+)/s; ($s // 0) == $session } map { m{(\d+)$} } glob '/proc/[0-9]*';
}
sub slurp_or { open my $f, '<', $_[0] or return ''; local $/; return <$f> // '' }

# Start a command in a session of its own; its leader.
sub apart {
    my $pid = fork // die;
    return $pid if $pid;
    require POSIX;
    POSIX::setsid();
    exec 'bash', '-c', $_[0];
}
# Wait until the session has no processes; those that it still has.
sub gone {
    for (1 .. 50) {
        last if !members($_[0]);
        select undef, undef, undef, 0.1;
    }
    return members($_[0]);
}

my $hangs = apart("exec sp-parallel 'echo > $tmp/hangs; sleep 100 | sleep 100' $some 2>/dev/null");
for (1 .. 200) {
    last if -s "$tmp/hangs" && (() = members($hangs)) > 4;
    select undef, undef, undef, 0.05;
}
kill 9, $hangs;
waitpid $hangs, 0;
is_deeply([gone($hangs)], [], 'a command that hangs while it is tried goes with sp-parallel') or kill 9, members($hangs);
($again, $out, my $killed) = run("cd $tmp && sp-parallel --block 1000 'decode -j 1 | { echo >> nth; [ \$(wc -l < nth) != 2 ] || " .
    "kill -9 \$BASHPID; exec mfcc -n 5; } | summarize' songs.sp");
ok($again == 1 && $out eq $want, 'a filter in the middle is killed: the block is tried again') or diag("status $again: $killed");
is(() = slurp_file("$tmp/nth") =~ /\n/g, 3, '... once');

# The shell that removes the folder is killed while it waits for the first block.
my $keeper = apart("(head -c 400 $some; until [ -e $tmp/killed ]; do sleep 0.05; done; tail -c +401 $some) | " .
    "sp-parallel --block 100 cat 2> $tmp/keeper.err");
for (1 .. 200) {
    my @shells = grep { slurp_or("/proc/$_/cmdline") =~ /trap 'cd/ } members($keeper);
    last if @shells && kill 9, @shells;
    select undef, undef, undef, 0.05;
}
spew("$tmp/killed", '');
waitpid $keeper, 0;
like(slurp_file("$tmp/keeper.err"), qr/block 1 .*GNU parallel ended before it, with status 137/, 'the keeper is killed');
is(left(), '', '... and the folder goes all the same');

failures('a process killed at random', sub {
    my ($wrong) = @_;
    for my $try (1 .. $ENV{SONGPIPE_KILLS} || 2) {
        unlink $kept;
        my $pid = apart("$slow '$count' songs.sp > $tmp/killed.sp 2>/dev/null");
        select undef, undef, undef, rand 1.2;
        my @all = grep { $_ != $pid } members($pid);
        kill 9, $all[rand @all] if @all;
        waitpid $pid, 0;
        my ($got, $out) = ($? >> 8, slurp_or("$tmp/killed.sp"));
        $wrong->("$try: status $got, and the output is wrong") if $got <= 1 && $out ne $want;
        $wrong->("$try: looks whole, and is not") if Contract::whole($out) && $out ne $want;
        kill 9, gone($pid);
        ($got, $out, my $err) = run("$slow '$count' songs.sp");
        $wrong->("$try: resumed with status $got: $err") if $got != 1 || $out ne $want;
    }
});

# ---- other machines, by a false ssh: each has a folder of its own for a home ----

SKIP: {
    skip 'needs rsync', 1 if `rsync --version 2>&1` !~ /version/;
    spew("$tmp/ssh", <<'END' =~ s/TMP/$tmp/gr);
#!/bin/bash
while [[ $1 == -* ]]; do [[ $1 == -[olp] ]] && shift; shift; done
host=$1; shift
[[ $host != gone ]] || { echo "ssh: $host: No route to host" >&2; exit 255; }
[[ $1 != -- ]] || shift
echo "$host" >> TMP/hosts.log
cd TMP/$host && export HOME=$PWD
[[ $host != old && $host != bare ]] || PATH=TMP/$host:$PATH
eval "$*"
END
    chmod 0755, "$tmp/ssh";
    mkdir "$tmp/$_" for qw(alpha beta old bare);
    spew("$tmp/old/sp-parallel", "#!/bin/sh\necho 'sp-parallel (songpipe) 0.0.9'\n");
    spew("$tmp/bare/sp-parallel", "#!/bin/sh\nexit 127\n");
    chmod 0755, map { "$tmp/$_/sp-parallel" } qw(old bare);
    local $ENV{PARALLEL_SSH} = "$tmp/ssh";
    my $far = sub {
        spew("$tmp/hosts", join '', map { "$_\n" } @_);
        return run("cd $tmp && sp-parallel -j 1 --block 3 --hosts hosts '$pipeline' songs.sp");
    };
    my ($got, $out, $err) = $far->('alpha', 'beta', ':');
    ok($got == 1 && $out eq $want && lines($err) eq lines($said), 'three machines') or diag("status $got: $err");
    my $log = slurp_file("$tmp/hosts.log");
    like($log, qr/alpha.*beta|beta.*alpha/s, 'both had work');
    ($got, $out, $err) = $far->('gone', ':');
    ok($got == 1 && $out eq $want, 'one that cannot be reached') or diag("status $got: $err");
    ($got, $out, $err) = $far->('gone');
    ok($got == 6 && $out eq '' && $err =~ /No route.*block \d .*status 255 on gone/s, 'none that can') or diag("status $got: $err");
    ($got, $out, $err) = $far->('old');
    ok($got == 2 && $out eq '' && $err =~ /refused by old: it has .*0\.0\.9, not /, 'another version') or diag("status $got: $err");
    ($got, $out, $err) = $far->('bare');
    ok($got == 2 && $out eq '' && $err =~ /refused by bare: it has no songpipe/, 'no songpipe') or diag("status $got: $err");
    ($got, $out, $err) = $far->("al\x9bpha");
    ok($got == 6 && $out eq '' && $err =~ /hosts: not a list of machines/, 'a list that is no text') or diag("status $got: $err");
    ($got, $out, $err) = $far->('# alpha', '', ' ');
    ok($got == 6 && $out eq '' && $err =~ /hosts: names no machine/, 'a list of none') or diag("status $got: $err");
    my @rest = grep { !/sp-parallel$|sshlogin/ } split /\n/, `find $tmp/alpha $tmp/beta -type f`;
    is("@rest", '', 'nothing is left on them');
}
is(left(), '', 'nothing is left in TMPDIR');
done_testing;
