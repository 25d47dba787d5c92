#!/usr/bin/perl
# What a new user does first: the terminal, packed files, files of another kind, one word for three.
# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;
use Songpipe;
use Contract ();
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
    refuses(/npy/ ? 3 : 6, qr/: \S+packed: \Q$how{$bytes}\E FILE \| \w/, "$_ $tmp/packed") for 'from-csv', 'from-json', 'from-npy', 'tracks --csv';
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
for my $bytes (sort keys %how) {
    my ($is, $how) = split /: /, $how{$bytes};
    spew("$tmp/packed", $bytes . "\1" x 40);
    refuses(3, qr/: \S+packed: not a songpipe stream but \Q$is: $how FILE > NEW, and give that\E$/m, $_)
        for "zscore -m $tmp/packed $tmp/stream.sp", "kmeans -m $tmp/packed $tmp/stream.sp", "vae-encode -m $tmp/packed $tmp/stream.sp",
            "kmeans --init $tmp/packed $tmp/stream.sp", "sp-join --with $tmp/packed $tmp/stream.sp", "tracks --not-in $tmp/packed $tmp/songs";
}
refuses(3, qr/table.csv: not a songpipe stream but text$/m, "zscore -m $tmp/table.csv $tmp/stream.sp");
refuses(3, qr/packed: not a songpipe stream but sound$/m, "zscore -m $tmp/packed $tmp/stream.sp") if spew("$tmp/packed", "ID3" . "\0" x 40);

refuses(1, qr/^from-json: \S+table.csv:1: bad JSON: .*; tables are read by from-csv$/m, "from-json $tmp/table.csv", undef, 1);

# Options of other programs.
refuses(2, qr/unknown option $_->[1]; did you mean --$_->[2]\?/, "$_->[0] $_->[1] $tmp/stream.sp")
    for ['to-csv', '-o', 'output'], ['kmeans', '-n', 'n-clusters'], ['kmeans', '-h', 'help'], ['tfidf', '-V', 'version'];
refuses(3, qr/^$_: all-MiniLM-L6-v2: no such folder; nothing is fetched from a network: give the path of a model's folder$/, "$_ -m all-MiniLM-L6-v2 $tmp/stream.sp")
    for 'embed', 'embed-audio';
refuses(2, qr/unknown option --$_->[1]; did you mean --$_->[2]\?/, "$_->[0] --$_->[1] 2 $tmp/stream.sp")
    for ['kmeans', 'load', 'model'], ['pca', 'load', 'model'], ['kmeans', 'n_clusters', 'n-clusters'], ['kmeans', 'k', 'n-clusters'], ['tsne', 'random_state', 'seed'],
        ['kmeans', 'n_jobs', 'jobs'], ['vae-train', 'batch_size', 'batch'], ['vae-train', 'latent-dim', 'latent'], ['vae-train', 'learning-rate', 'lr'], ['decode', 'sr', 'rate'];
refuses(6, qr/^kmeans: --init \Q$_\E: no such file: it is a stream of vectors to start from; without --init it is k-means\+\+$/, "kmeans -k 2 --init $_ $tmp/stream.sp")
    for 'kmean++', 'random';
refuses(6, qr/^mixture: --init kmeans: no such file/, "mixture -k 1 --init kmeans $tmp/stream.sp");
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

runs("from-json > $tmp/x.sp", join '', map { qq({"id":"$_","genre":"g","cluster":@{[$_ % 2]},"x":[1,$_]}\n) } 1 .. 4);
refuses(2, qr/^sp-match: 'genre eq rock' is one word: write FIELD, OP and VALUE without quotes around them all: sp-match genre eq rock;/,
    "sp-match 'genre eq rock' $tmp/x.sp");
spew("$tmp/empty", '');
refuses(2, qr/^sp-match: '\S+x.sp' is taken as VALUE, and nothing comes from stdin; with a file it is: sp-match genre $_->[0] VALUE \S+x.sp; /, $_->[1])
    for ['eq', "sp-match genre eq $tmp/x.sp"], ['match', "true | sp-match genre match $tmp/x.sp"], ['in', "sp-match genre in $tmp/x.sp <$tmp/empty"];
is(runs("cat $tmp/x.sp | sp-match genre ne $tmp/x.sp | sp-diff - $tmp/x.sp"), '', 'a VALUE that is the name of a file, and a stream on stdin');
refuses(3, qr/^sp-match: stdin: empty/, "sp-match genre eq g", undef, 1);
refuses(6, qr/^scatter: a table of confusion is not a map: heatmap draws it/, "confusion $tmp/x.sp | scatter");
done_testing;
