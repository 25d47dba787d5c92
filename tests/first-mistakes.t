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
        next if $d->{out} !~ /^(records|model)$/;
        my @words = $name eq 'tracks' ? () : grep { !/FILE|MODEL|DIR|EAR/ } @{ $d->{example} };
        next if "@{ $d->{example} }" =~ /FILE|MODEL|DIR|EAR/;
        my $command = join ' ', map { "'$_'" } $name, @words, "$tmp/no.sp";
        spew("$tmp/tty.sh", "$command </dev/null; echo status=\$?\n");
        my (undef, $out) = run("script -qec 'bash $tmp/tty.sh' /dev/null");
        like($out, qr/records are not written to a terminal.*status=2/s, "$name refuses the terminal");
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
    ['tfidf', 'lyrics; tracks --text, from-csv or sp-join brings it; '], ['decode --on-error fail', 'path; tracks makes it; '], ['pool', 'track; segment makes it; ']) {
    refuses(6, qr/^[a-z]+: a: no field \Q$_->[1]\E/m, "$_->[0] $tmp/stream.sp");
}
like(runs("from-csv $tmp/short.csv | to-json"), qr/^$/, 'a table whose only column is BZh');

runs("from-json > $tmp/x.sp", join '', map { qq({"id":"$_","genre":"g","cluster":@{[$_ % 2]},"x":[1,$_]}\n) } 1 .. 4);
refuses(2, qr/^sp-match: 'genre eq rock' is one word: write FIELD, OP and VALUE without quotes around them all: sp-match genre eq rock;/,
    "sp-match 'genre eq rock' $tmp/x.sp");
refuses(6, qr/^scatter: a table of confusion is not a map: draw the records themselves/, "confusion $tmp/x.sp | scatter");
done_testing;
