#!/usr/bin/perl
# zscore under mpirun: the model of one process, byte for byte; what is wrong with a shard ends all ranks.
# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;
use Songpipe;
use Stream;
use Test::More;

plan skip_all => 'needs mpirun' if `mpirun --version 2>&1` !~ /Open MPI/;
my (undef, undef, $without) = run("OMPI_COMM_WORLD_SIZE=1 zscore --save $tmp/none.sp", stream({})) if system("ldd \$(which zscore) | grep -q libmpi") != 0;
if (defined $without) {
    like($without, qr/built without MPI/, 'without MPI, mpirun is refused');
    done_testing;
    exit;
}
$ENV{OMPI_ALLOW_RUN_AS_ROOT} = $ENV{OMPI_ALLOW_RUN_AS_ROOT_CONFIRM} = 1;

# Run zscore in n ranks on $tmp/NAME.RANK.sp.
sub ranks {
    my ($n, $name, $options) = @_;
    unlink "$tmp/out.sp";
    my ($status, $out, $err) = run("mpirun --oversubscribe -n $n zscore --save $tmp/out.sp $options $tmp/$name.%r.sp");
    return ($status, $out, $err, -e "$tmp/out.sp" ? slurp_file("$tmp/out.sp") : '');
}
# Write shards of the records, cut at these numbers. All have the same header, which fills a stream of few records up.
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
    my ($what, $pattern, $n, $name, $options) = @_;
    my ($status, $out, $err, $model) = ranks($n, $name, $options // '');
    ok($status != 0 && $model eq '', "$what: no model") or diag("status $status");
    like($err, $pattern, "$what: says why");
}

# More than two parts of 4096 records; some are nil, the first of all, too.
srand 7;
my @records = map { record("n$_", x => $_ % 50 ? vec(rand, 1e4 + rand, $_) : nil) } 0 .. 9000;
shards('one', \@records);
my ($status, $out, $err) = run("zscore --save $tmp/want.sp $tmp/one.0.sp > /dev/null");
my $want = slurp_file("$tmp/want.sp");
is($status, 0, 'one process') or diag($err);
for my $cut ([], [4096], [5000], [1, 4095, 4100], [0, 0, 8999], [100, 5000, 5001]) {
    shards('cut', \@records, @$cut);
    my ($status, $out, $err, $model) = ranks(@$cut + 1, 'cut', '');
    ok($status == 0 && $out eq '' && $model eq $want, "ranks cut at (@$cut): the model of one process") or diag("status $status: $err");
}
my @matrices = map { record("m$_", x => mat(2, map { rand } 1 .. 2 * ($_ % 5 + 1))) } 1 .. 4500;
shards('matrix', \@matrices);
run("zscore --per band --save $tmp/want.sp $tmp/matrix.0.sp > /dev/null");
shards('matrix', \@matrices, 1000);
my @got = ranks(2, 'matrix', '--per band');
ok($got[0] == 0 && $got[3] eq slurp_file("$tmp/want.sp"), 'matrices, by band') or diag($got[2]);

# ---- what is bad ----

my @few = map { record("v$_", x => vec($_, $_ * $_)) } 1 .. 6;
shards('few', [@few[0 .. 2], record('w', x => vec(1, 2, 3)), @few[3 .. 5]], 2);
fails('a bad record', qr/w: x has 3 numbers, not 2/, 2, 'few');
@got = ranks(2, 'few', '--on-error skip');
ok($got[0] == 1 && $got[3] ne '', 'a bad record that is skipped: status 1') or diag("@got[0, 2]");
shards('few', \@few, 3);
fails('a shard is missing', qr/few\.2\.sp: cannot open/, 3, 'few');
spew("$tmp/few.2.sp", '');
fails('a shard is empty', qr/few\.2\.sp: empty: no header/, 3, 'few');
spew("$tmp/few.2.sp", substr slurp_file("$tmp/few.1.sp"), 0, -5);
fails('a shard is cut', qr/few\.2\.sp: cut short/, 3, 'few');
spew("$tmp/few.2.sp", slurp_file("$tmp/few.1.sp"));
fails('a shard is given twice', qr/an id appears twice in the input of 3 ranks/, 3, 'few');
spew("$tmp/few.1.sp", stream({}, map { record("u$_", x => vec(1, 2, $_)) } 1 .. 3));
fails('another width', qr/x has \d numbers, that of rank \d has \d/, 2, 'few');
spew("$tmp/few.1.sp", stream({ columns => { x => ['a', 'b'] } }, @few[3 .. 5]));
fails('other columns', qr/its columns differ from those of rank/, 2, 'few');
shards('nil', [map { record("n$_", x => nil) } 1 .. 4], 2);
fails('nothing to fit', qr/no model to save: no record has x/, 2, 'nil');
refuses(2, qr/mpirun fits and writes no records: give --save/, "mpirun -n 1 zscore $tmp/few.0.sp 2>&1 >/dev/null | tee /dev/stderr >/dev/null");

# One rank of two waits for its input, and is killed.
sub read_or { open my $f, '<', $_[0] or return ''; local $/; return <$f> // '' }
unlink "$tmp/few.1.sp";
system('mkfifo', "$tmp/few.1.sp");
my $pid = fork // die;
if (!$pid) {
    for (1 .. 400) {
        my @ranks = grep { read_or("/proc/$_/comm") eq "zscore\n" && index(read_or("/proc/$_/cmdline"), $tmp) >= 0 }
            map { m{(\d+)$} } glob '/proc/[0-9]*';
        last if @ranks == 2 && kill 9, $ranks[rand @ranks];
        select undef, undef, undef, 0.05;
    }
    require POSIX;
    POSIX::_exit(0);
}
fails('a rank is killed', qr/signal 9/, 2, 'few');
waitpid $pid, 0;
done_testing;
