#!/usr/bin/perl
# What a new user does first: the terminal, packed files, files of another kind, one word for three.
# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;
use Songpipe;
use Contract ();
use Encoder ();
use Test::More;

# Whoever writes records refuses the terminal, before it reads: the input here is no stream at all.
SKIP: {
    skip 'no script(1)', 1 if !grep { -x "$_/script" } split /:/, $ENV{PATH};
    spew("$tmp/no.sp", 'no stream');
    for my $name (Contract::binaries()) {
        my $d = Contract::describe($name);
        my $plots = $d->{help} =~ /--terminal/;
        next if $d->{out} !~ /^(records|model)$/ && !$plots;
        my @words = $name eq 'tracks' ? () : grep { !/FILE|MODEL|DIR|EAR/ } @{ $d->{example} };
        next if "@{ $d->{example} }" =~ /FILE|MODEL|DIR|EAR/;
        my $command = join ' ', map { "'$_'" } $name, @words, "$tmp/no.sp";
        spew("$tmp/tty.sh", "$command </dev/null; echo status=\$?\n");
        my (undef, $out) = run("script -qec 'bash $tmp/tty.sh' /dev/null");
        my $what = $plots ? "a program for gnuplot is not written to a terminal: $name ... \\| gnuplot > picture.png" : 'records are not written to a terminal';
        like($out, qr/$what.*status=2/s, "$name refuses the terminal");
    }
}

# What is no stream is named.
my %packed = (
    "\x1f\x8b\x08\0\0\0\0\0" => 'gzip data: zcat FILE | zscore ...', "\x28\xb5\x2f\xfd\0\0\0" => 'zstd data: zstd -dc FILE | zscore ...',
    "\xfd7zXZ\0\0\4" => 'xz data: xzcat FILE | zscore ...', "ID3\3\0\0\0\0\0\0" => 'sound: tracks FILE | decode | zscore',
    '{"id":1,"x":[1,2]}' => 'JSON: from-json FILE | zscore ...',
);
for my $bytes (sort keys %packed) {
    for my $size (0, 40) {
        spew("$tmp/packed", $bytes . ' ' x $size);
        refuses(3, qr/^zscore: \S+packed: not a songpipe stream but \Q$packed{$bytes}\E$/m, "zscore $tmp/packed");
        refuses(3, qr/^zscore: stdin: not a songpipe stream but \Q$packed{$bytes}\E$/m, "cat $tmp/packed | zscore");
    }
}
refuses(3, qr/not a songpipe stream but sound: tracks FILE \| decode$/m, "decode $tmp/packed") if spew("$tmp/packed", "ID3" . "\0" x 40);

# Tables, JSON and arrays, too.
my %how = ("\x1f\x8b\x08\0" => 'gzip data: zcat', "\x28\xb5\x2f\xfd" => 'zstd data: zstd -dc', "\xfd7zXZ\0" => 'xz data: xzcat',
    'BZh91AY' => 'bzip2 data: bzcat', "PK\3\4\24" => 'a zip archive: unzip -p');
for my $bytes (sort keys %how) {
    spew("$tmp/packed", $bytes . "\1" x 40);
    refuses(/npy/ ? 3 : 6, qr/: \S+packed: \Q$how{$bytes}\E FILE \| \w/, "$_ $tmp/packed") for 'from-csv', 'from-json', 'from-npy';
    refuses(6, qr/^from-csv: stdin: \Q$how{$bytes}\E FILE \| from-csv \.\.\.$/m, "cat $tmp/packed | from-csv");
}
spew("$tmp/songs.xlsx", "PK\3\4" . "\0" x 26 . '[Content_Types].xml' . "\1" x 40);
refuses(6, qr/^from-csv: \S+songs.xlsx: a spreadsheet or document of an office program: save it as CSV there$/m, "from-csv $tmp/songs.xlsx");
spew("$tmp/short.csv", 'BZh');
runs("from-json > $tmp/stream.sp", qq({"id":"a","x":[1]}\n));
refuses(/npy/ ? 3 : 6, qr/stream.sp: a songpipe stream already: to-csv, to-json or to-npy make other files of it$/m, "$_ $tmp/stream.sp")
    for 'from-csv', 'from-json', 'from-npy', 'tracks --csv';
spew("$tmp/table.csv", "id,a,b\nx,1,2\ny,\xc3\xa4,3\n");
refuses(3, qr/table.csv: not a songpipe stream but text; if it is a table: from-csv FILE \| zscore \.\.\.$/m, "zscore $tmp/table.csv");
spew("$tmp/no.sp", "\1\2" x 20);
refuses(3, qr/no.sp: not a songpipe stream$/m, "zscore $tmp/no.sp");

# A slip in an option's name.
refuses(2, qr/unknown option --$_->[1]; did you mean --$_->[2]\? operands/, "$_->[0] --$_->[1] 2 $tmp/stream.sp")
    for ['pca', 'components', 'n-components'], ['pca', 'n-componets', 'n-components'], ['kmeans', 'clusters', 'n-clusters'], ['zscore', 'svae', 'save'];
refuses(2, qr/unknown option --colour-of-the-sea; operands/, "zscore --colour-of-the-sea $tmp/stream.sp");
refuses(3, qr/: not a songpipe stream but JSON: from-json FILE \| pca \.\.\.$/m, 'pca', '[{"id":"a","x":[1,2]}]');

# A step is missing: who makes the field is said.
for (['mfcc', 'pcm; decode makes it; its fields: id, x'], ['summarize -o y', 'mfcc; mfcc makes it; '], ['metrics', 'cluster; kmeans and the like make it; '],
    ['tfidf', 'lyrics; tracks --text, from-csv or sp-join brings it; '], ['decode --on-error fail', 'path; tracks makes it; '], ['pool', 'track; segment makes it; '],
    ['map-page', 'xy; tsne or umap makes it; '], ['scoreboard', 'method; give --by; metrics --set method=NAME makes it; '],
    ['fuse x=1 q=1', 'q; give --missing skip, zero or mean; its fields: id, x']) {
    refuses(6, qr/^[a-z-]+: a: no field \Q$_->[1]\E/m, "$_->[0] $tmp/stream.sp");
}
like(runs("from-csv $tmp/short.csv | to-json"), qr/^$/, 'a table whose only column is BZh');

# A folder where a stream or a file is wanted.
mkdir "$tmp/songs";
refuses(3, qr/^$_: \S+songs: a folder, not a stream; of the sounds in it: tracks FOLDER \| decode \| $_$/m, "$_ $tmp/songs")
    for 'mfcc', 'zscore', 'sp-info', 'to-csv', 'texture';
refuses(3, qr/^zscore: \S+songs: a folder, not a stream$/m, "zscore -m $tmp/songs $tmp/stream.sp");
refuses(6, qr/^\S+: \S+songs: a folder, not a file$/m, "$_ $tmp/songs") for 'from-csv', 'from-json', 'from-npy', 'tracks --csv';

# What an option names cannot come through a pipe.
runs("zscore --save $tmp/z.model $tmp/stream.sp >/dev/null");
runs("from-json > $tmp/full.sp", qq({"id":"a","x":[1,2],"cluster":0,"lyrics":"la"}\n));
spew("$tmp/array.npy", "\x93NUMPY\1\0" . pack('v', 118) . sprintf('%-117s', "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1), }") . "\n" . pack 'f<', 1);
for my $bytes (sort keys %how) {
    my ($is, $how) = split /: /, $how{$bytes};
    spew("$tmp/packed", $bytes . "\1" x 40);
    refuses(3, qr/: \S+packed: not a songpipe stream but \Q$is: $how FILE > NEW, and give that\E$/m, $_)
        for "zscore -m $tmp/packed $tmp/stream.sp", "kmeans -m $tmp/packed $tmp/stream.sp", "vae-encode -m $tmp/packed $tmp/stream.sp",
            "kmeans --init $tmp/packed $tmp/stream.sp", "sp-join --with $tmp/packed $tmp/stream.sp", "tracks --not-in $tmp/packed $tmp/songs",
            "scatter --pca $tmp/packed $tmp/full.sp";
    refuses(6, qr/^[a-z-]+: \S+packed: \Q$is: $how FILE > NEW, and give that\E$/m, $_)
        for "tracks --csv $tmp/packed", "from-npy --labels $tmp/packed $tmp/array.npy", "name --from $tmp/packed $tmp/full.sp",
            "tfidf --stop-words $tmp/packed $tmp/full.sp";
}
refuses(3, qr/table.csv: not a songpipe stream but text$/m, "zscore -m $tmp/table.csv $tmp/stream.sp");
refuses(3, qr/table.csv: not a songpipe stream but text; if it is a table: from-csv FILE > NEW, and give that$/m, $_)
    for "sp-join --with $tmp/table.csv $tmp/stream.sp", "tracks --not-in $tmp/table.csv $tmp/songs", "kmeans --init $tmp/table.csv $tmp/stream.sp",
        "sp-diff $tmp/table.csv $tmp/stream.sp";
refuses(3, qr/array.npy: not a songpipe stream but a NumPy array: from-npy FILE > NEW, and give that$/m, "sp-join --with $tmp/array.npy $tmp/stream.sp");
refuses(6, qr/^tfidf: english: no such file: it has the words to leave out, one per line$/, "tfidf --stop-words english $tmp/stream.sp");

# Records where a model is wanted, a model where records are.
for my $name ('zscore', 'pca', 'whiten', 'lda', 'tfidf', 'kmeans', 'mixture', 'tsne', 'umap') {
    refuses(3, qr/^$name: \S+stream.sp: holds records where a model is wanted, as it is made by $name --save FILE$/m, "$name -m $tmp/stream.sp $tmp/stream.sp");
}
refuses(3, qr/^\S+: \S+stream.sp: holds records where a model is wanted, as it is made by $_->[1]$/m, "$_->[0] $tmp/stream.sp $tmp/full.sp")
    for ['vae-encode -m', 'vae-train > FILE'], ['vae-decode -m', 'vae-train > FILE'], ['contrast-encode -m', 'contrast-train > FILE'],
        ['scatter --pca', 'pca --save FILE'], ['vae-train --hidden 2 --latent 1 --resume', 'vae-train --checkpoint FILE'];
refuses(3, qr/^$_: \S+z.model: holds a model where records are wanted: -m FILE applies it, of the filter that made it$/m, "$_ $tmp/z.model") for 'zscore', 'tsne', 'to-csv';
refuses(3, qr/z.model: holds a model where records are wanted$/m, "sp-join --with $tmp/z.model $tmp/stream.sp");

# A folder that is no model's.
mkdir "$tmp/folder";
refuses(3, qr/^embed: \S+: $_->[1]: a model's folder holds config.json, model.safetensors and tokenizer.json, as sentence-transformers saves it$/m,
    "embed -m $tmp/$_->[0] $tmp/stream.sp") for ['folder', 'no config.json in this folder'], ['stream.sp', 'a file, not a folder'];
refuses(3, qr/^embed-audio: \S+: $_->[1]: a network's folder holds config.json and model.safetensors; examples\/get-musicnn makes one$/m,
    "embed-audio -m $tmp/$_->[0] $tmp/stream.sp") for ['folder', 'no config.json in this folder'], ['stream.sp', 'a file, not a folder'];
refuses(3, qr/packed: not a songpipe stream but sound$/m, "zscore -m $tmp/packed $tmp/stream.sp") if spew("$tmp/packed", "ID3" . "\0" x 40);

refuses(1, qr/^from-json: \S+table.csv:1: bad JSON: .*; tables are read by from-csv$/m, "from-json $tmp/table.csv", undef, 1);

# Options of other programs.
refuses(2, qr/unknown option $_->[1]; did you mean --$_->[2]\?/, "$_->[0] $_->[1] $tmp/stream.sp")
    for ['to-csv', '-o', 'output'], ['kmeans', '-n', 'n-clusters'], ['neighbours', '-n', 'n-neighbors'], ['kmeans', '-h', 'help'], ['tfidf', '-V', 'version'];
refuses(3, qr/^$_: all-MiniLM-L6-v2: no such folder; nothing is fetched from a network: give the path of a model's folder$/, "$_ -m all-MiniLM-L6-v2 $tmp/stream.sp")
    for 'embed', 'embed-audio';
refuses(2, qr/unknown option --$_->[1]; did you mean --$_->[2]\?/, "$_->[0] --$_->[1] 2 $tmp/stream.sp")
    for ['kmeans', 'load', 'model'], ['pca', 'load', 'model'], ['kmeans', 'n_clusters', 'n-clusters'], ['kmeans', 'k', 'n-clusters'], ['tsne', 'random_state', 'seed'],
        ['kmeans', 'n_jobs', 'jobs'], ['vae-train', 'batch_size', 'batch'], ['vae-train', 'latent-dim', 'latent'], ['vae-train', 'learning-rate', 'lr'], ['decode', 'sr', 'rate'];
Encoder::folder("$tmp/old-encoder");
rename "$tmp/old-encoder/model.safetensors", "$tmp/old-encoder/pytorch_model.bin" or die;
refuses(3, qr/model.safetensors: cannot open: .*; pytorch_model.bin is not read: it may hold code$/m, "embed -m $tmp/old-encoder $tmp/full.sp");
spew("$tmp/old-encoder/model.safetensors.index.json", '{}');
refuses(3, qr/model.safetensors: cannot open: .*; weights in several files are not read: save them as one$/m, "embed -m $tmp/old-encoder $tmp/full.sp");

# All that base/elsewhere knows is said, and no option of ours hides it.
my $known = slurp_file('common/base/elsewhere.c');
my %text;
$text{$1} = $2 while $known =~ /^#define (\w+) "(.*)"$/mg;
my ($count, @silent) = 0;
while ($known =~ /^ +\{ (NULL|[A-Z]+|(?:[A-Z]+ )?"[^"]*"), "([^"]*)",\s+(?:([A-Z]+) )?"([^"]*)" \},$/mg) {
    my ($programs, $names, $says) = ($1, $2, ($3 ? $text{$3} : '') . $4);
    $programs =~ s/\b([A-Z]+)\b/exists $text{$1} ? $text{$1} : $1/ge;
    my $any = $programs eq 'NULL';
    $programs = 'kmeans|pca|tsne|vae-train|decode|from-csv|to-csv|sp-diff' if $any;
    my ($want, $helped) = ($says =~ /^--\S+$/ ? "did you mean $says?" : $says, 0);
    for my $program (split /[|]/, $programs =~ tr/" //dr) {
        for my $name (split /[|]/, $names) {
            my $dash = length $name > 1 ? '--' : '-';
            my (undef, undef, $err) = run("$program $dash$name 1");
            $helped += my $good = index($err, "unknown option $dash$name; $want") >= 0;
            push @silent, "$program $dash$name: $err" if !$good && !$any;
        }
    }
    push @silent, "$names: no program" if !$helped;
    $count++;
}
cmp_ok($count, '>', 90, 'what is known of other programs is found');
ok(!@silent, '... and said') or diag(@silent);
for (['kmeans --metric cosine', 'distances are Euclidean; .*: l2norm \| kmeans'], ['kmeans --random_state 0', 'did you mean --seed\?'],
    ['agglo --distance_threshold 1', 'did you mean --distance\?'], ['hdbscan --max-cluster-size 9', 'no size is too large'],
    ['mixture --n_components 2', 'did you mean --n-clusters\?'], ['tfidf --ngram_range 1,2', 'did you mean --ngrams\?'],
    ['mfcc --sr 8000', 'decode --rate N'], ['scatter -o map.png', '\| gnuplot > map.png'], ['vae-train --save m', 'the model is the output: > FILE'],
    ['decode --path a', 'tracks FILE \| decode'], ['to-csv --columns id', 'sp-fields --keep']) {
    refuses(2, qr/unknown option -\S+; .*$_->[1]/, $_->[0]);
}
refuses(6, qr/^kmeans: --init \Q$_\E: no such file: it is a stream of vectors to start from; without --init it is k-means\+\+$/, "kmeans -k 2 --init $_ $tmp/stream.sp")
    for 'kmean++', 'random';
refuses(6, qr/^mixture: --init kmean: no such file/, "mixture -k 1 --init kmean $tmp/stream.sp");
refuses(6, qr/^tsne: a: --init pac: no field pac: it is pca, random or a field with places$/, 'tsne --init pac --perplexity 1', runs('from-json', '{"id":"a","x":[1]}{"id":"b","x":[2]}{"id":"c","x":[4]}'));

# A file that is no sound, given to tracks: it is listed, as it may be a sound that nobody knows, with a note.
for ("$tmp/table.csv", "$tmp/stream.sp", "$tmp/no.sp") {
    my (undef, $out, $err) = run("tracks $_ | to-json");
    like($err, qr/^tracks: \Q$_\E: not sound, by its content; files that a table names are listed by --csv FILE$/m, "tracks $_ says what it is not");
    like($out, qr/"path":"\Q$_\E"/, '... and lists it');
}
spew("$tmp/a.sph", "\1" x 40);
my $wav = 'RIFF' . pack('V', 40) . 'WAVEfmt ' . pack('VvvVVvv', 16, 1, 1, 8000, 16000, 2, 16) . 'data' . pack('V', 4) . "\0" x 4;
spew("$tmp/$_", $wav) for 'songs/a.wav', 'unnamed';
for ("$tmp/a.sph", "$tmp/unnamed", "$tmp/songs", "--suffixes csv $tmp/table.csv", "-q $tmp/table.csv") {
    my ($status, undef, $err) = run("tracks $_");
    is($err, '', "tracks $_: no note");
}

# What an option that must be there is about.
refuses(2, qr/^[a-z-]+: --$_->[1] is missing: $_->[2];/, "$_->[0] $tmp/full.sp")
    for ['journey', 'from', 'the id of a song'], ['journey --from a', 'to', 'the id of a song'], ['vae-encode', 'model', 'what vae-train wrote'],
        ['vae-decode', 'model', 'what vae-train wrote'], ['contrast-encode', 'model', 'what contrast-train wrote'];

# A file to write behind the one to read.
refuses(6, qr/^\w\S*: \S+out.$_->[1]: cannot open: no such file; all files are read, and the output goes to stdout: > FILE$/m, "$_->[0] $tmp/full.sp $tmp/out.$_->[1]")
    for ['to-csv', 'csv'], ['to-json', 'json'], ['to-npy', 'npy'], ['zscore', 'sp'], ['kmeans -k 1 -o k', 'sp'], ['scatter', 'png'];
refuses(6, qr/none.sp: cannot open: No such file or directory$/m, "zscore $tmp/none.sp $tmp/full.sp");

# A field that is called like a file.
for (['zscore -o z.sp', 'output z.sp is the name of a field; the output goes to stdout: > FILE'], ['kmeans -k 1 -o out.csv', 'output out.csv is the name of a field; .*'],
    ['l2norm -q -o z.sp', ''], ['l2norm -o z.space', '']) {
    my ($status, undef, $err) = run("$_->[0] $tmp/stream.sp");
    is($status, 0, "$_->[0]: done");
    $_->[1] ? like($err, qr/^[a-z0-9]+: --$_->[1]$/m, '... with a note') : is($err, '', '... without a note');
}
refuses(6, qr/^zscore: --input y.sp is the name of a field; files are words without an option$/m, "zscore -i y.sp $tmp/stream.sp");

# An id that no record has, where an option names one.
runs("from-json > $tmp/songs.sp", join '', map { qq({"id":"song$_","x":[$_,1]}\n) } 1 .. 9);
refuses(6, qr/^$_->[0]: .*no record with this id has .*; $_->[2]$/m, "$_->[0] $_->[1] $tmp/songs.sp")
    for ['journey', '--from sogn2 --to song3', 'did you mean song2\?'], ['journey', '--from song2 --to "Let it be"', 'the first id is song1'],
        ['neighbours', '-k 2 --of song11', 'did you mean song1\?'], ['heatmap', '--id song_3', 'did you mean song3\?'];
refuses(6, qr/^journey: a: no record with this id has a vector$/m, 'journey --from a --to b', runs('from-json', '{"id":"a","x":null}'));

# Signs for operators; sound that has no tag in front; a program that is not there.
refuses(2, qr/^sp-match: '\Q$_->[0]\E' is not an operator: did you mean \Q$_->[1]\E\?/, "sp-match x '$_->[0]' 1 $tmp/stream.sp") for ['==', 'eq'], ['=', 'eq'], ['!=', 'ne'], ['>', 'gt'], ['<=', 'le'], ['=~', 'match'], ['contains', 'match'];
refuses(2, qr/^sp-match: 'cluster=1' is one word: FIELD, OP and VALUE are three, as in sp-match genre eq rock/, "sp-match cluster=1 $tmp/stream.sp");
refuses(2, qr/^sp-match: 'xx' is not one of eq\|ne/, "sp-match x xx 1 $tmp/stream.sp");
for my $head ("\xff\xfb\x90\x64", "\xff\xf3\x40\xc4", "\xff\xfa\x90\x64", "\xff\xf2\x40\xc4") {
    spew("$tmp/song.mp3", $head . "\1" x 40);
    refuses(3, qr/not a songpipe stream but sound: tracks FILE \| decode \| zscore$/m, "zscore $tmp/song.mp3");
    refuses(/npy/ ? 3 : 6, qr/song.mp3: sound: tracks FILE \| decode makes a stream of it$/m, "$_ $tmp/song.mp3") for 'from-csv', 'from-json', 'from-npy', 'tracks --csv';
}
if (grep { -x "$_/parallel" } split /:/, $ENV{PATH}) {
    refuses(6, qr/^sp-parallel: a program of the command is not there$/m, "sp-parallel nosuchprogram $tmp/stream.sp");
}

# Orders, trees, partners, suffixes.
spew("$tmp/nothing", '');
refuses(2, qr/^sp-sort: '\S+songs.sp' is taken as FIELD, and nothing comes from stdin; with a file it is: sp-sort FIELD \S+songs.sp;/, "sp-sort $tmp/songs.sp <$tmp/nothing");
refuses(6, qr/^sp-sort: song1: no field id:desc; FIELD:r is from the largest down; its fields/, "sp-sort id:desc $tmp/songs.sp");
refuses(6, qr/^curve: a: no field silhouette; metrics makes it, metrics --each of each song;/, "curve --silhouette $tmp/full.sp");
runs("agglo -k 2 -q --tree $tmp/tree.sp $tmp/songs.sp >/dev/null");
refuses(6, qr/^curve: \d+: no field loss, kdist or silhouette; --tree draws a tree;/, "curve $tmp/tree.sp");
refuses(6, qr/^curve: song1: no field height; agglo --tree or hdbscan --tree writes it;/, "curve --tree $tmp/songs.sp");
refuses(6, qr/^outliers: song1: no field cluster; kmeans and the like make it; its fields: id, x$/m, "outliers --method centre $tmp/songs.sp");
refuses(6, qr/^sp-join: song1: no field gnere; its fields: id, x$/m, "sp-join --with $tmp/songs.sp $_ $tmp/songs.sp", undef, 1) for '--on gnere', '--draw --by gnere';
refuses(2, qr/^spectral: --n-neighbors needs --affinity/, "spectral -k 2 --n-neighbors 3 $tmp/songs.sp");
refuses(2, qr/^spectral: --gamma needs --affinity/, "spectral -k 2 --affinity knn --gamma 3 $tmp/songs.sp");
spew("$tmp/names.csv", "cluster;name\n0;a\n");
like(runs("name --from $tmp/names.csv $tmp/full.sp | to-json"), qr/"name":"a"/, 'a table with semicolons');
is(runs("tracks --suffixes .wav $tmp/songs --no-history"), runs("tracks --suffixes wav $tmp/songs --no-history"), 'a suffix with its dot');
like((run("sp-match x absent $tmp/songs.sp | sp-fields --set xy=1 | map-page"))[2],
    qr/^map-page: no record has a xy: the page shows no song$/m, 'a page without songs');
my $three = runs('from-json', '{"id":"a","x":[1,2,3]}');
is((run('map-page -i x', $three))[2], "map-page: x has 3 columns: the page shows the first two\n", 'a page of vectors');
is((run('map-page -q -i x', $three))[2], '', '-q: without a note');
is((run("map-page -i x $tmp/songs.sp"))[2], '', 'nor where there are two');

runs("from-json > $tmp/x.sp", join '', map { qq({"id":"$_","genre":"g","cluster":@{[$_ % 2]},"x":[1,$_]}\n) } 1 .. 4);
refuses(2, qr/^sp-match: 'genre eq rock' is one word: FIELD, OP and VALUE are three, as in sp-match genre eq rock;/,
    "sp-match 'genre eq rock' $tmp/x.sp");
spew("$tmp/empty", '');
refuses(2, qr/^sp-match: '\S+x.sp' is taken as VALUE, and nothing comes from stdin; with a file it is: sp-match genre $_->[0] VALUE \S+x.sp; /, $_->[1])
    for ['eq', "sp-match genre eq $tmp/x.sp"], ['match', "true | sp-match genre match $tmp/x.sp"], ['in', "sp-match genre in $tmp/x.sp <$tmp/empty"];
is(runs("cat $tmp/x.sp | sp-match genre ne $tmp/x.sp | sp-diff - $tmp/x.sp"), '', 'a VALUE that is the name of a file, and a stream on stdin');
refuses(3, qr/^sp-match: stdin: empty/, "sp-match genre eq g", undef, 1);
refuses(6, qr/^scatter: a table of confusion is not a map: heatmap draws it/, "confusion $tmp/x.sp | scatter");
done_testing;
