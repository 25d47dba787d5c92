#!/usr/bin/perl
# A first input that changes between two passes: one wording, one status, no whole output.
# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;
use POSIX qw(mkfifo);
use Test::More;
use Ear ();
use Encoder;
use Songpipe;

# Records FROM ... TO as JSON Lines, with numbers that `shift` moves.
sub lines {
    my ($from, $to, $shift) = @_;
    return join '', map { sprintf "{\"id\":\"s%d\",\"n\":%d,\"track\":\"t%d\",\"lyrics\":\"la %d\",\"c\":%d,\"y\":%s,\"x\":[%d,%d,%g]}\n", $_, $_ + $shift, $_ / 3, $_ % 5 + $shift,
        $_ % 2, $_ % 9 ? '[1]' : 'null', $_ % 7, $_ % 3, $_ + $shift }
        $from .. $to;
}

# Run the command on FIRST and then a pipe; when FIRST has been read to its end, and the program
# opens the pipe, FIRST becomes what it was with other numbers, with a record less or
# more. Returns status, stdout and stderr.
sub run_changing {
    my ($command, $change) = @_;
    my ($first, $pipe) = ("$tmp/first", "$tmp/pipe");
    my @content = map { runs('from-json', lines(@$_)) } [1, 40, 0], [41, 60, 0], $change;
    spew($first, $content[0]);
    unlink $pipe;
    mkfifo($pipe, 0600) or die;
    my $pid = fork();
    if (!$pid) {
        open STDOUT, '>', "$tmp/stdout";
        open STDERR, '>', "$tmp/stderr";
        exec 'bash', '-c', "exec $command $first $pipe";
    }
    alarm 60;
    open my $to, '>:raw', $pipe or die;     # waits until it is opened to be read
    spew($first, $content[2]);
    syswrite $to, $content[1];
    close $to;
    waitpid $pid, 0;
    alarm 0;
    my $status = $? & 127 ? 128 + ($? & 127) : $? >> 8;
    return ($status, slurp_file("$tmp/stdout"), slurp_file("$tmp/stderr"));
}

my @filters = ('zscore', 'sp-sample -n 5', 'sp-fields --shuffle n', 'to-csv', 'to-npy', 'kmeans -k 2', 'agglo -k 2', 'pca -n 2', 'whiten', 'lda --ridge 0.1', 'tfidf -o t', 'tsne --perplexity 2 -q', 'umap --n-epochs 9 -q',
    'hdbscan -c 2', 'mixture -k 2', 'mixture -k 2:3', 'outliers -k 2', 'outliers --method centre -c c', 'dbscan --eps 1', 'spectral -k 2', 'neighbours -k 2', 'metrics --each -c c',
    'fuse y=1 x=1 --missing mean');
my %changes = ('other numbers' => [1, 40, 1000], 'a record less' => [1, 39, 0], 'a record more' => [1, 41, 0]);
for my $command (@filters) {
    for my $what (sort keys %changes) {
        my ($status, $out, $err) = run_changing($command, $changes{$what});
        is($status, 6, "$command, $what: status 6") or diag($err);
        like($err, qr{^\S+: $tmp/first: changed while being read$}m, "$command, $what: says so");
        next if $command =~ /^to-/;
        ($status) = run("sp-info - < $tmp/stdout");
        isnt($status, 0, "$command, $what: its output does not look whole");
    }
}

# What is trained on reads the rows again where they lie.
for my $command ('vae-train --hidden 4 --latent 2 --epochs 2 -q', 'contrast-train --hidden 4 --out 2 --epochs 2 -q') {
    for my $what ('other numbers', 'a record less') {        # one more, behind those that were counted, is not looked at
        my ($status, undef, $err) = run_changing($command, $changes{$what});
        is($status, 6, "$command, $what: status 6") or diag($err);
        like($err, qr{changed while being read$}m, "$command, $what: says so");
        ($status) = run("sp-info - < $tmp/stdout");
        isnt($status, 0, "$command, $what: no whole model");
    }
}

# Tables, which are read once to be counted and once for their rows: the second input, a pipe, is waited for in
# between. Larger than what is read ahead.
sub table { my ($add, $rows) = @_; return "id,n\n" . join '', map { sprintf "song%06d,%d\n", $_, 1000000 + $_ + $add } 1 .. $rows // 40000 }
my $array = "\x93NUMPY\1\0" . pack('v', 118) . sprintf('%-117s', "{'descr': '<f4', 'fortran_order': False, 'shape': (40000, 2), }") . "\n";
my @later = (['other numbers', table(7)], ['a row less', table(0, 39999)], ['a row more', table(0, 40001)], ['nothing', '']);
for my $try (map({ ["from-npy -q --labels $tmp/labels.csv $tmp/pipe", $array, pack('f<*', 1 .. 80000), @$_] } @later),
    map({ ["from-csv -q $tmp/labels.csv $tmp/pipe", "id,n\n", "z1,8\n", @$_] } @later)) {
    my ($command, $first, $rest, $what, $later) = @$try;
    my ($name) = $command =~ /^(\S+)/;
    spew("$tmp/labels.csv", table(0));
    unlink "$tmp/pipe";
    mkfifo("$tmp/pipe", 0600) or die;
    my $pid = fork();
    if (!$pid) {
        open STDOUT, '>', "$tmp/stdout";
        open STDERR, '>', "$tmp/stderr";
        exec split ' ', $command;
    }
    alarm 60;
    local $SIG{PIPE} = 'IGNORE';
    open my $to, '>:raw', "$tmp/pipe" or die;
    syswrite $to, $first;                                   # it reads the table, then waits for the rest
    my $read = sub { slurp_file("/proc/$pid/io") =~ /rchar: (\d+)/ ? $1 : 0 };
    select undef, undef, undef, 0.02 until $read->() > length table(0);
    select undef, undef, undef, 0.2;
    spew("$tmp/labels.csv", $later) if $what ne 'nothing';
    print $to $rest;
    close $to;
    waitpid $pid, 0;
    alarm 0;
    is($? & 127 ? 128 + ($? & 127) : $? >> 8, $what eq 'nothing' ? 0 : 6, "$name, $what: status") or diag(slurp_file("$tmp/stderr"));
    like(slurp_file("$tmp/stderr"), qr{^$name: $tmp/labels.csv: changed while being read$}m, "$name, $what: says so") if $what ne 'nothing';
    my ($whole) = run("sp-info - < $tmp/stdout");
    ($what eq 'nothing' ? \&is : \&isnt)->($whole, 0, "$name, $what: whole or not");
}

# The weights of a model, which are mapped: cut, and overwritten, while they are in use.
my $model = folder("$tmp/model");
my $weights = slurp_file("$model/model.safetensors");
for my $change (['cut' => sub { truncate "$model/model.safetensors", 100 or die }],
    ['overwritten' => sub { open my $f, '+<:raw', "$model/model.safetensors" or die; seek $f, -8, 2; print $f pack 'f<2', 5, 5 }]) {
    my ($what, $do) = @$change;
    spew("$model/model.safetensors", $weights);
    my $pipe = "$tmp/texts";
    unlink $pipe;
    mkfifo($pipe, 0600) or die;
    my $pid = fork();
    if (!$pid) {
        open STDOUT, '>', "$tmp/stdout";
        open STDERR, '>', "$tmp/stderr";
        exec 'embed', '-q', '-m', $model, $pipe;
    }
    alarm 60;
    local $SIG{PIPE} = 'IGNORE';
    open my $to, '>:raw', $pipe or die;
    my $texts = runs('from-json', join '', map { qq({"id":"r$_","lyrics":"la love song"}\n) } 1 .. 40000);
    syswrite $to, substr $texts, 0, 1_500_000;      # more than the pipe holds: the model is open by then
    $do->();
    print $to substr $texts, 1_500_000;
    close $to;
    waitpid $pid, 0;
    alarm 0;
    is($? & 127 ? 128 + ($? & 127) : $? >> 8, 6, "embed, weights $what: status 6");
    like(slurp_file("$tmp/stderr"), qr{^embed: $model/model.safetensors: changed while being read\n$}, 'it says so, once');
    my ($whole) = run("sp-info - < $tmp/stdout");
    isnt($whole, 0, 'its output does not look whole');
}

# Those of musicnn, which are mapped until they are copied and hashed: a tensor that nobody asks for makes that last.
Ear::folder("$tmp/ear", header => sub {
    my ($end) = sort { $b <=> $a } map { $_->{data_offsets}[1] } values %{ $_[0] };
    $_[0]{spare} = { dtype => 'U8', shape => [256 << 20], data_offsets => [$end, $end + (256 << 20)] };
});
my $ear = "$tmp/ear/model.safetensors";
my $ear_weights = slurp_file($ear);
my $whole_size = (256 << 20) + -s $ear;
my $pcm = runs('from-json', '{"id":"a","rate":16000,"pcm":[' . join(',', map { sprintf '%.3f', sin $_ / 9 } 1 .. 50000) . ']}');
truncate $ear, $whole_size or die;
runs("embed-audio -q -m $tmp/ear >/dev/null", $pcm);
spew("$tmp/pcm", $pcm);
for my $change (['cut' => sub { truncate $ear, 100 or die }], ['overwritten' => sub { open my $f, '+<:raw', $ear or die; seek $f, -8, 2; print $f 'x' }]) {
    my ($what, $do) = @$change;
    spew($ear, $ear_weights);
    truncate $ear, $whole_size or die;
    my $pid = fork();
    if (!$pid) {
        open STDOUT, '>', "$tmp/stdout";
        open STDERR, '>', "$tmp/stderr";
        exec 'embed-audio', '-q', '-m', "$tmp/ear", "$tmp/pcm";
    }
    my $mapped = sub { open my $maps, '<', "/proc/$pid/maps" or return 0; return scalar grep { /model\.safetensors/ } <$maps> };
    my $tries = 0;
    select undef, undef, undef, 0.001 until $mapped->() || ++$tries > 20000;
    $do->();
    waitpid $pid, 0;
    like($? & 127 ? 128 + ($? & 127) : $? >> 8, qr/^[36]$/, "embed-audio, weights $what: status 6, or 3 where the header was cut");
    like(slurp_file("$tmp/stderr"), qr{^embed-audio: $ear: changed while being read\n$}, 'it says so, once');
    my ($whole) = run("sp-info - < $tmp/stdout");
    isnt($whole, 0, 'its output does not look whole');
}
done_testing();
