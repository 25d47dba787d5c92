#!/usr/bin/perl
# Damaged files other than the main stream (tests/fuzz/damage.c): tables, JSON, arrays, sounds with tags, the folders of
# encoders, what --with, --not-in, --init and -m name. No crash, no hang, no status that the manual does not know; a
# reason where something is wrong; an end record only where the status says that there is one.
# SPDX-License-Identifier: GPL-3.0-or-later
#
# FUZZ_SECONDS=N goes on with ever new seeds (make fuzz); CONTRACT='NAME...' tries only the readers of these filters;
# KEEP=DIR keeps what did harm.
use strict;
use warnings;
use Contract;
use Songpipe ();
use Stream;
use Test::More;

my $end = time + ($ENV{FUZZ_SECONDS} // 0);
my $seed = $ENV{FUZZ_SEED} // ($ENV{FUZZ_SECONDS} ? time : 1);
my $each = (asan() ? 4 : 12) * ($ENV{CONTRACT} ? 10 : 1);
my %only = map { $_ => 1 } split ' ', $ENV{CONTRACT} // '';

my $x = spew("$tmp/x.sp", stream({ columns => { x => [qw(a b)] } }, map {
    record("r$_", cluster => int64($_ % 2), lyrics => str("la song of $_"), x => vec($_ % 3, $_ / 2), track => str('t' . $_ % 4)) } 1 .. 12));
my $pcm = spew("$tmp/pcm.sp", stream({}, record('a', pcm => tensor('<f4', [400], pack 'f<*', map { sin } 1 .. 400), rate => int64(16000))));

# Of each: the filter; the file's bytes; its options, where AT is the file; 'beside' if the file is a stream.
my @readers;
sub reads { my ($name, $bytes, $args, $mode) = @_; push @readers, [$name, $bytes, $args, $mode // 'text'] if !%only || $only{$name} }

my $npy = sub {
    my ($version, $type, $fortran, $shape, $code, $n) = @_;
    my $head = "{'descr': '$type', 'fortran_order': $fortran, 'shape': $shape, }" . ' ' x 10 . "\n";
    return "\x93NUMPY" . chr($version) . "\0" . pack($version == 1 ? 'v' : 'V', length $head) . $head . pack "$code*", 1 .. $n;
};
reads('from-json', join('', map { qq({"id":"s$_","x":[$_,-1.5e3,null],"m":[[1,2],[3,4]],"t":"\\u00e9 \\"$_\\"","o":{"a":[true,{}]}}\n) } 1 .. 4), ['AT']);
reads('from-json', qq([{"id":1,"s":{"sparse":9,"index":[0,8],"value":[1,2]}},\n {"b":{"bin":"AAEC/w=="},\n"n":9223372036854775807}]\n), ['AT']);
reads('from-csv', qq(id,a,t,b\r\nr1,1,"x, ""y""\nz",2.5\r\nr2,,w,NA\r\nr3,1e5,,-0\r\n), ['AT']);
reads('from-csv', "\xef\xbb\xbfsep=;\nname;x:a;x:b\n" . join('', map { "k$_;$_;0,$_\n" } 1 .. 9), ['--decimal', ',', '--id', 'name', 'AT']);
reads('from-csv', "\xff\xfe" . join('', map { "$_\0" } split //, "id,a\nr1,2\nr2,3\n"), ['--keep-columns', 'AT']);
reads('from-npy', $npy->(1, '<f4', 'False', '(4, 2)', 'f<', 8), ['AT']);
reads('from-npy', $npy->(2, '<f8', 'True', '(4, 2)', 'd<', 8), ['AT']);
reads('from-npy', $npy->(1, '>f8', 'False', '(4, 2)', 'd>', 8), ['AT']);
spew("$tmp/four.npy", $npy->(1, '<f4', 'False', '(4, 2)', 'f<', 8));
reads('from-npy', "id,g,n\n" . join('', map { qq(r$_,"a ""b""",$_\n) } 1 .. 4), ['--labels', 'AT', "$tmp/four.npy"]);
reads('from-mxm', "# songs\n%i,the,you\n" . join('', map { "TR$_,$_,1:$_,3:1\n" } 1 .. 5), ['AT']);
reads('from-hdf5', Songpipe::slurp_file("tests/golden/hdf5/$_.h5"), ['--msd', 'AT']) for 'many', 'summary';
reads('from-hdf5', Songpipe::slurp_file('tests/golden/hdf5/rows.h5'), ['--id', 'names', map({ ('-d', "group/$_=$_") } qw(i8 f4 vector matrix fixed)),
    '-d', 'table.count=n', 'AT']);
reads('from-csv', "id\tgenre\n" . join('', map { "TR$_\tR&B$_\n" } 1 .. 9), ['--delimiter', 'tab', 'AT']);
reads('sp-fields', qq(cluster,name\n0,"one, ""1"""\n1,2\n), ['--map', 'cluster=AT', $x]);
reads('tracks', qq(path,id,genre,lyrics\na.wav,1,"rock, pop","la\nla"\r\nb.mp3,2,,x\n../c.flac,3,jazz,\n), ['--csv', 'AT']);
reads('name', qq(cluster,name\n0,"one, ""1"""\n1,two\n), ['--from', 'AT', $x]);
reads('tfidf', "the\nand\n\xc3\xa9\n", ['--stop-words', 'AT', '-o', 'l', $x]);
reads('sp-join', stream({ columns => { y => [qw(p q)] } }, map { record("r$_", y => vec($_, 1), n => int64($_)) } 1 .. 12), ['--with', 'AT', $x], 'beside');
reads('fuse', stream({ columns => { y => [qw(p q)] } }, map { record("r$_", y => vec($_, 1)) } 1 .. 12), ['--with', 'AT', 'x=1', 'y=2', $x], 'beside');
reads('tracks', stream({}, record('a')), ['--not-in', 'AT', $tmp], 'beside');
reads('kmeans', stream({}, map { record("c$_", x => vec($_, 1)) } 1 .. 2), ['--init', 'AT', '-o', 'k', $x], 'beside');

# Sounds with tags.
if (!%only || $only{tracks}) {
    Songpipe::runs("sounds make $tmp/sounds") if mkdir "$tmp/sounds";
    my $text = sub { "$_[0]" . pack('N', 1 + length $_[1]) . "\0\0\3$_[1]" };
    my $frames = $text->('TIT2', "Caf\xc3\xa9") . $text->('TCON', '(17)(52)') . $text->('TDRC', '1999-01') . $text->('TPE1', 'A/B') . "\0" x 40;
    my $id3 = sub { my ($v, $n) = ($_[0], length $frames); "ID3$v\0\0" . pack('C4', map { $n >> 7 * $_ & 127 } 3, 2, 1, 0) . $frames };
    my $v1 = 'TAG' . 'title' . "\0" x 25 . 'artist' . "\0" x 24 . 'album' . "\0" x 25 . '1999' . "\0" x 30 . chr 17;
    my $mp3 = Songpipe::slurp_file('tests/golden/decode/tone_notag.mp3');
    for (['mp3', $id3->("\4") . $mp3], ['mp3', $id3->("\3") . substr($mp3, 0, 2000) . $v1], map { ['ogg', $_] } map { Songpipe::slurp_file($_) }
        glob("$tmp/sounds/{vorbis.ogg,opus.opus,pcm16.flac,pcm16.wav,pcm16.aiff,layer3.mp3}")) {
        reads('tracks', substr($_->[1], 0, 20000), ['--tags', 'AT']);
    }
}

# Folders of encoders: each file in its turn.
sub folder {
    my ($name, $dir, $input, @files) = @_;
    for my $file (@files) {
        next if %only && !$only{$name};
        my $copy = "$tmp/folder" . @readers;
        system('cp', '-r', '-L', $dir, $copy) == 0 && system('chmod', '-R', 'u+w', $copy) == 0 or die "cannot copy $dir";
        reads($name, Songpipe::slurp_file("$copy/$file"), ['-m', $copy, '-o', 'e', $input]);
        $readers[-1][4] = "$copy/$file";
    }
}
folder('embed', Encoder::folder("$tmp/bert"), $x, 'config.json', 'modules.json', '1_Pooling/config.json', 'vocab.txt', 'model.safetensors');
folder('embed', 'tests/golden/embed/multilingual/model', $x, 'tokenizer.json', 'tokenizer_config.json', 'config.json');
if (-e 'tests/golden/embed/multilingual/model/sentencepiece.bpe.model' && (!%only || $only{embed})) {
    folder('embed', 'tests/golden/embed/multilingual/model', $x, 'sentencepiece.bpe.model');
    unlink $readers[-1][4] =~ s/[^\/]*$/tokenizer.json/r;
}
folder('embed-audio', Ear::folder("$tmp/ear"), $pcm, 'config.json', 'model.safetensors');

# Models that filters make.
for (['zscore', '--save'], ['pca', '--save'], ['whiten', '--save'], ['lda', '--save'], ['tfidf', '-o l --save'], ['kmeans', '-o k -k 2 --save'],
    ['mixture', '-o k -k 2 --save'], ['tsne', '--perplexity 2 --n-iter 20 -o xy --save'], ['umap', '-k 3 -o xy --save'],
    ['vae-encode', 'vae-train --hidden 3 --latent 2 --epochs 1'], ['vae-decode', 'vae-train --hidden 3 --latent 2 --epochs 1'],
    ['contrast-encode', 'contrast-train --hidden 3 --out 2 --epochs 1'],
    ['vae-train', '--hidden 3 --latent 2 --epochs 1 --checkpoint'], ['contrast-train', '--hidden 3 --out 2 --epochs 1 --checkpoint']) {
    my ($name, $how) = @$_;
    next if %only && !$only{$name};
    Songpipe::runs($how =~ /train/ ? "$how -q $x > $tmp/$name.model" : "$name -q $how $tmp/$name.model $x >/dev/null");
    my @resumed = $how =~ /^(.*) --epochs 1 --checkpoint/ ? (split(/ /, $1), '--epochs', 2, '--resume', 'AT') : ('-m', 'AT', '-o', 'out');
    reads($name, Songpipe::slurp_file("$tmp/$name.model"), ['-q', @resumed, $x], 'beside');
}

# What sp-parallel keeps, and its list of machines.
if ((!%only || $only{'sp-parallel'}) && `parallel --version 2>&1` =~ /^GNU parallel/) {
    my @block = ('--block', 5, '-j', 1);
    $ENV{PARALLEL_SSH} = 'false';
    Songpipe::runs("sp-parallel @block --resume $tmp/kept l2norm $x > /dev/null");
    reads('sp-parallel', Songpipe::slurp_file("$tmp/kept"), [@block, '--resume', 'AT', 'l2norm', $x]);
    reads('sp-parallel', ":\n# alpha\n", [@block, '--retries', 1, '--hosts', 'AT', 'l2norm', $x]);
}

plan skip_all => 'no reader of files among these' if !@readers;
my ($tried, %count) = 0;
do {
    for my $i (0 .. $#readers) {
        my ($name, $bytes, $args, $mode, $at) = @{ $readers[$i] };
        $at //= "$tmp/at$i";
        my @argv = ($name, map { s/^(.*=)?AT$/($1 \/\/ '') . $at/er } @$args);
        failures("@argv: $each mutations of seed $seed", sub {
            my ($wrong) = @_;
            for my $run (damaged($mode, "$seed/$each", $bytes, \@argv, $at)) {
                my ($number, $status, $whole, $size, $lines, $first) = @$run;
                my $promised = $status =~ /^[015]$/ ? 1 : 0;
                my $usage = $first =~ / of another | not a file of |its run had /;    # what --resume says of a file
                $wrong->("$number: status $status: $first") if $status > 6 || ($status == 2 && !$usage);
                $wrong->("$number: status $status, an end record: $whole") if $whole != $promised;
                $wrong->("$number: status $status, and nothing is said") if $status && !$lines;
                $tried++;
                $count{$status}++;
            }
        });
    }
    $seed++;
} while (time < $end);
note("$tried mutations; statuses " . join ', ', map { "$_: $count{$_}" } sort keys %count);
cmp_ok(scalar(keys %count), '>', 1, 'some are good and some bad');
done_testing;
