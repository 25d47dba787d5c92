#!/usr/bin/perl
# sp-parallel --hosts: machines that are network namespaces of this one, each with a real sshd and a /root of its own.
# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;

# All of it, mounts and processes too, goes with this test.
BEGIN {
    my @apart = qw(unshare --net --mount --pid --fork --kill-child --mount-proc);
    exec @apart, $^X, (map { "-I$_" } @INC), $0
        if !$ENV{SONGPIPE_APART}++ && $> == 0 && system("@apart true 2>/dev/null") == 0;
    $ENV{SONGPIPE_APART} = $$ == 1;
}
use Songpipe;
use Test::More;

my ($sshd) = grep { -x } qw(/usr/sbin/sshd /sbin/sshd);
plan skip_all => 'needs root and namespaces' if !$ENV{SONGPIPE_APART};
for (['GNU parallel', 'parallel --version'], ['rsync', 'rsync --version'], ['ip', 'ip -V'], ['ssh', 'ssh -V'], ['ssh-keygen', 'which ssh-keygen']) {
    plan skip_all => "needs $_->[0]" if system("$_->[1] >/dev/null 2>&1") != 0;
}
plan skip_all => 'needs sshd' if !$sshd;

sub sh { system('bash', '-ec', $_[0]) == 0 or die "$_[0]\n" }

# ---- the machines ----

mkdir "$tmp/$_" for qw(home home/music alpha beta bare full old none few);
sh("mount --make-rprivate / && mount -t tmpfs none /run && mkdir -m 755 /run/sshd && ip link set lo up");
sh("ssh-keygen -q -t ed25519 -N '' -f $tmp/key && cp $tmp/key.pub $tmp/allowed && chmod 600 $tmp/allowed");
spew("$tmp/old/sp-parallel", "#!/bin/sh\necho 'sp-parallel (songpipe) 0.0.9'\n");
spew("$tmp/none/sp-parallel", "#!/bin/sh\nexit 127\n");
chmod 0755, "$tmp/old/sp-parallel", "$tmp/none/sp-parallel";
my %special = (bare => "mount -t tmpfs none $tmp/home;", full => "mount -t tmpfs -o size=4k,nr_inodes=64 none /root;");
my ($net, $config) = (0, "UserKnownHostsFile /dev/null\nStrictHostKeyChecking no\nLogLevel ERROR\nIdentityFile $tmp/key\n" .
    "KexAlgorithms curve25519-sha256\nBatchMode yes\nConnectTimeout 3\nServerAliveInterval 1\nServerAliveCountMax 2\n");
for my $host (qw(alpha beta bare full old none)) {
    my $ip = '10.77.' . ++$net;
    sh("ip netns add $host; ip link add $host type veth peer name eth0 netns $host; ip addr add $ip.1/24 dev $host;" .
        "ip link set $host up; ip -n $host addr add $ip.2/24 dev eth0; ip -n $host link set eth0 up");
    my $path = ($host eq 'old' || $host eq 'none' ? "$tmp/$host:" : '') . $ENV{PATH};
    spew("$tmp/$host.conf", "ListenAddress $ip.2\nHostKey $tmp/key\nAuthorizedKeysFile $tmp/allowed\nStrictModes no\n" .
        "PermitRootLogin yes\nPidFile none\nUsePAM no\nSetEnv PATH=$path\n");
    mkdir "$tmp/$host/root";
    sh("ip netns exec $host bash -c 'mount --bind $tmp/$host/root /root; @{[$special{$host} // '']}" .
        "exec $sshd -f $tmp/$host.conf' </dev/null >$tmp/$host.log 2>&1");
    $config .= "Host $host\nHostName $ip.2\n";
}
spew("$tmp/config", $config);
spew("$tmp/ssh", "#!/bin/sh\nexec ssh -F $tmp/config \"\$@\"\n");
chmod 0755, "$tmp/ssh";
$ENV{PARALLEL_SSH} = "$tmp/ssh";
my ($up, undef, $why) = run("for h in alpha beta bare full old none; do $tmp/ssh \$h true || exit; done");
plan skip_all => "needs an sshd that lets root in: $why" if $up != 0;

# ---- runs ----

sub wav { return 'RIFF' . pack('V', 36 + length $_[0]) . 'WAVEfmt ' . pack('VvvVVvv', 16, 1, 1, 8000, 16000, 2, 16) . 'data' . pack('V', length $_[0]) . $_[0] }
for my $i (1 .. 6) {
    spew(sprintf("$tmp/home/music/%02d.wav", $i), $i == 5 ? 'no sound' : wav(pack 's<*', map { 9000 * sin($_ * $i / 50) } 1 .. 3000));
}
my $pipeline = 'decode -j 1 | mfcc -n 5 | summarize';
runs("cd $tmp/home && tracks music > $tmp/songs.sp && tracks $tmp/home/music > $tmp/absolute.sp");
my (undef, $want, $said) = run("cd $tmp/home && decode -j 1 $tmp/songs.sp | mfcc -n 5 | summarize");

# Status, output and messages of a run; $command instead of the pipeline, $songs instead of songs.sp.
sub far {
    my ($hosts, $options, $command, $songs) = @_;
    spew("$tmp/hosts", join '', map { "$_\n" } split ' ', $hosts);
    return run("cd $tmp/home && sp-parallel -j 1 --block 3 --hosts $tmp/hosts $options -- '" . ($command // $pipeline) .
        "' $tmp/@{[$songs // 'songs.sp']}");
}
sub same {
    my ($what, @run) = @_;
    ok($run[0] == 1 && $run[1] eq $want, "$what: the bytes of one machine") or diag("status $run[0]: $run[2]");
}
sub fails {
    my ($what, $status, $pattern, @run) = @_;
    ok($run[0] == $status && $run[1] eq '', "$what: status $status and no output") or diag("status $run[0]: $run[2]");
    like($run[2], $pattern, "$what: says why");
}

my @run = far('alpha beta', '', "echo \$PARALLEL_SSHHOST >> $tmp/log; $pipeline");
my ($with) = @run;
same('two machines', @run);
is(join('', sort split /^/, $run[2]), join('', sort split /^/, $said), 'each message once');
my %had = map { $_ => 1 } split /\n/, slurp_file("$tmp/log");
ok($had{alpha} && $had{beta}, 'both had work');
same('the songs are sent', far('bare beta', '--send'));
fails('a path that cannot be sent', 2, qr/--send: \/.* is not in this folder/, far('bare', '--send', $pipeline, 'absolute.sp'));
fails('without the music', 2, qr/refused by bare: it has no file music\/01\.wav/, far('bare', ''));
fails('another version', 2, qr/refused by old: it has .*0\.0\.9, not /, far('old', ''));
fails('no songpipe', 2, qr/refused by none: it has no songpipe/, far('none', ''));
same('a full disk on one of two', far('full beta', ''));
fails('a full disk on all', 6, qr/No space left.*block \d .*on full/s, far('full', '--retries 2'));

# One vanishes while it works; then there is none.
my $slow = "[ \"\$PARALLEL_SSHHOST\" != alpha ] || { : > $tmp/begun; sleep 2; }; $pipeline";
my $vanish = sub {
    unlink "$tmp/begun";
    my $pid = fork // die;
    if (!$pid) {
        select undef, undef, undef, 0.05 until -e "$tmp/begun";
        system('ip link set alpha down');
        require POSIX;
        POSIX::_exit(0);
    }
    @run = far(@_, $slow);
    waitpid $pid, 0;
    return @run;
};
unlink "$tmp/kept";
fails('a machine that vanishes, of one', 6, qr/block \d .*on alpha/, $vanish->('alpha', "--retries 2 --resume $tmp/kept"));
sh('ip link set alpha up');
same('... and goes on with two', $vanish->('alpha beta', "--resume $tmp/kept"));
sh('ip link set alpha up');
my @left = grep { !/sshlogin/ } split /\n/, `find $tmp/beta/root $tmp/bare/root -path '*/.parallel/tmp/*' ! -name . -type f`;
is("@left", '', 'nothing is left on those that stayed');
done_testing;
