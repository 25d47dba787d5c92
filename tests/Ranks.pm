# Ranks - a filter under mpirun, for tests: shares of the same records, and what is wrong with one.
# SPDX-License-Identifier: GPL-3.0-or-later
package Ranks;
use strict;
use warnings;
use Exporter 'import';
use Fcntl;
use POSIX ();
use Songpipe;
use Stream;
use Test::More;

our @EXPORT = qw(needs_ranks ranks shards fails same_model bad_shards bad_vectors kills_rank sparse);
$ENV{OMPI_ALLOW_RUN_AS_ROOT} = $ENV{OMPI_ALLOW_RUN_AS_ROOT_CONFIRM} = 1;

# Leave unless the build has MPI; one that has none must say so, run with these options.
sub needs_ranks {
    my ($command) = @_;
    my ($filter) = split ' ', $command;
    plan skip_all => 'needs mpirun' if `mpirun --version 2>&1` !~ /Open MPI/;
    return if system("ldd \$(which $filter) | grep -q libmpi") == 0;
    my (undef, undef, $err) = run("OMPI_COMM_WORLD_SIZE=1 $command", stream({}));
    like($err, qr/built without MPI/, 'without MPI, mpirun is refused');
    done_testing;
    exit;
}

# The option that a model's file follows; of filters that write it to stdout ">".
our $save = '--save';

# Run the command in n ranks on $tmp/NAME.RANK.sp, with --save: status, stdout, stderr, and the model, '' if there is none.
sub ranks {
    my ($n, $name, $command) = @_;
    unlink "$tmp/out.sp";
    my ($status, $out, $err) = run("mpirun --oversubscribe -n $n $command $save $tmp/out.sp $tmp/$name.%r.sp");
    return ($status, $out, $err, -e "$tmp/out.sp" ? slurp_file("$tmp/out.sp") : '');
}

# Write shares of the records, cut at these numbers. All have the same header, which fills a stream of few records up.
sub shards {
    my ($name, $records, @at) = @_;
    my $from = 0;
    for my $i (0 .. @at) {
        my $to = $i < @at ? $at[$i] : @$records;
        spew("$tmp/$name.$i.sp", stream({ fill => 241 }, @$records[$from .. $to - 1]));
        $from = $to;
    }
}

sub fails {
    my ($what, $pattern, $n, $name, $command) = @_;
    my ($status, $out, $err, $model) = ranks($n, $name, $command);
    ok($status != 0 && $model eq '' && $out eq '', "$what: nothing comes of it") or diag("status $status");
    like($err, $pattern, "$what: says why");
}

# The records make the same model in one process, and in as many ranks as each list of cuts has shares.
sub same_model {
    my ($what, $records, $command, @cuts) = @_;
    shards('one', $records);
    my ($status, $out, $err) = run("$command $tmp/one.0.sp > /dev/null $save $tmp/want.sp");
    my $want = slurp_file("$tmp/want.sp");
    ok($status == 0 || $status == 5, "$what: one process") or diag($err);
    for my $cut (@cuts) {
        shards('cut', $records, @$cut);
        my ($got, $text, $why, $model) = ranks(@$cut + 1, 'cut', $command);
        ok($got == $status && $text eq '' && $model eq $want, "$what: ranks cut at (@$cut): the model of one process")
            or diag("status $got: $why");
    }
}

# A sparse vector of d numbers, of which those given are not 0.
sub sparse {
    my ($d, %v) = @_;
    my @i = sort { $a <=> $b } keys %v;
    return "\x83" . str('sparse') . int64($d) . str('index') . tensor('<u4', [scalar @i], pack 'L<*', @i) .
        str('value') . tensor('<f4', [scalar @i], pack 'f<*', @v{@i});
}

# What may be wrong with the vectors of a share, where those of the six records have 2 numbers.
sub bad_vectors {
    my ($command, @few) = @_;
    shards('few', [@few[0 .. 2], record('w', x => vec(1, 2, 3)), @few[3 .. 5]], 2);
    fails('a bad record', qr/w: x has 3 numbers, not 2/, 2, 'few', $command);
    my @got = ranks(2, 'few', "$command --on-error skip");
    ok($got[0] == 1 && $got[3] ne '', 'a bad record that is skipped: status 1') or diag("@got[0, 2]");
    shards('few', \@few, 3);
    spew("$tmp/few.1.sp", stream({}, map { record("u$_", x => vec(1, 2, $_)) } 1 .. 3));
    fails('another width', qr/x has \d numbers, (that of rank \d has|not) \d/, 2, 'few', $command);
}

# What may be wrong with a share of six records.
sub bad_shards {
    my ($command, @few) = @_;
    shards('few', \@few, 3);
    unlink "$tmp/few.2.sp";
    fails('a shard is missing', qr/few\.2\.sp: cannot open/, 3, 'few', $command);
    spew("$tmp/few.2.sp", '');
    fails('a shard is empty', qr/few\.2\.sp: empty: no header/, 3, 'few', $command);
    spew("$tmp/few.2.sp", substr slurp_file("$tmp/few.1.sp"), 0, -5);
    fails('a shard is cut', qr/few\.2\.sp: cut short/, 3, 'few', $command);
    spew("$tmp/few.2.sp", slurp_file("$tmp/few.1.sp"));
    fails('a shard is given twice', qr/an id appears twice in the input of 3 ranks/, 3, 'few', $command);
    spew("$tmp/few.1.sp", stream({ columns => { x => ['a', 'b'] } }, @few[3 .. 5]));
    fails('other columns', qr/its columns differ from those of rank/, 2, 'few', $command);
}

sub read_or { open my $f, '<', $_[0] or return ''; local $/; return <$f> // '' }

# Rank 1 of two waits for its input, and one of them is killed. Only then: a rank killed while it joins may hang mpirun.
sub kills_rank {
    my ($command) = @_;
    my ($filter) = split ' ', $command;
    unlink "$tmp/few.1.sp";
    system('mkfifo', "$tmp/few.1.sp");
    my $pid = fork // die;
    if (!$pid) {
        my $to;
        for (1 .. 1200) {
            last if sysopen $to, "$tmp/few.1.sp", O_WRONLY | O_NONBLOCK;    # fails as long as nobody reads
            select undef, undef, undef, 0.05;
        }
        my @ranks = grep { read_or("/proc/$_/comm") eq "$filter\n" && index(read_or("/proc/$_/cmdline"), $tmp) >= 0 }
            map { m{(\d+)$} } glob '/proc/[0-9]*';
        kill 9, $ranks[rand @ranks];
        sleep 60;                       # else rank 1 might find its input empty
        POSIX::_exit(0);
    }
    fails('a rank is killed', qr/signal 9/, 2, 'few', $command);
    kill 9, $pid;
    waitpid $pid, 0;
}
1;
