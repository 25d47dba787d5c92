#!/usr/bin/perl
# What has one name twice: keys of a header, of the end, of an array; members of JSON, in a text and in what a
# model holds; columns of a table. One of the two would be lost: each is refused, or both go on.
# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;
use Ear ();
use Encoder;
use Songpipe;
use Stream;
use Test::More;

sub file { spew("$tmp/$_[0]", $_[1]); return "$tmp/$_[0]" }

# ---- a stream ----

my @must = (str('version') . "\x01", str('kind') . str('records'));
my $fill = str('fill') . str('.' x 240);
sub headed { return file('headed.sp', seal(frame('H', chr(0x80 | @_ + 1) . join('', @_) . $fill) . record('a', x => vec(1, 2)))) }
runs('sp-info ' . headed(@must));
my $columns = str('columns') . "\x81" . str('x') . "\x92" . str('p') . str('q');
my $history = str('history') . "\x91\x82" . str('tool') . str('decode') . str('version') . str('1');
for (['version', $must[0]], ['kind', $must[1]], ['another kind', str('kind') . str('model')], ['columns', $columns, $columns], ['history', $history, $history]) {
    my ($what, @twice) = @$_;
    my $in = headed(@must, @twice);
    refuses(3, qr/malformed header: a key appears twice/, "$_ $in") for 'sp-info', 'l2norm', 'to-csv', 'kmeans -k 1', 'lda', 'tsne', 'mixture -k 1', 'outliers', 'hdbscan',
        'map-page', 'to-m3u', 'texture', 'contrast-train';
}
for my $field ('x', 'y', '') {
    my $one = str($field) . "\x92" . str('p') . str('q');
    refuses(3, qr/malformed header: it names the columns of a field twice/, "$_ " . headed(@must, str('columns') . "\x83$one" . str('z') . "\x90$one"))
        for 'sp-info', 'zscore', 'lda', 'tsne', 'map-page', 'contrast-train';
}
runs('sp-info ' . headed(@must, $columns, $history));

my $open = frame('H', Stream::head_body(fill => 240)) . record('a', x => vec(1, 2));
my ($records, $hash) = (str('records') . "\x01", str('xxh3') . "\xcf" . xxh3($open));
runs('sp-info ' . file('end.sp', $open . frame('E', "\x82$records$hash")));
refuses(3, qr/malformed end record: a key appears twice/, 'l2norm >/dev/null ' . file('end.sp', $open . frame('E', "\x83$_$records$hash")), undef, 1)
    for $records, $hash, str('records') . "\x07", str('xxh3') . "\x07";

# ---- an array, a map ----

my %key = (nd => "\xc3", type => str('<f4'), shape => "\x91\x02", data => "\xc4\x08" . pack('f<*', 1, 2));
sub array { return chr(0x80 | @_) . join '', map { "\xc4" . chr(length $_) . $_ . $key{$_} } @_ }
like(runs('to-json ' . file('array.sp', stream({}, record('a', x => array(qw(nd data shape type)))))), qr/"x":\[1,2\]/, 'keys in any order');
for my $twice (sort keys %key) {
    my $in = file('array.sp', stream({}, record('a', x => array(qw(nd type shape data), $twice))));
    refuses(6, qr/x is not a vector/, "l2norm $in", undef, 1);
}
my $map = stream({}, record('a', x => "\x82" . str('k') . "\x01" . str('k') . "\x02"));
like(runs('to-json', $map), qr/"x":\{"k":1,"k":2\}/, 'a map with a key twice: to-json gives both');
like(runs('sp-fields --drop y | to-json', $map), qr/"x":\{"k":1,"k":2\}/, '... and they pass on');

# ---- JSON ----

for ('{"id":"a","id":"b"}', '{"id":"a","x":1,"x":2}', '{"id":"a","x":{"k":1,"k":2}}', '{"id":"a","x":[{"k":[],"k":[]}]}', '{"id":"a","p":1,"\u0070":2}') {
    refuses(6, qr/duplicate object key/, 'from-json --on-error fail', "$_\n", 1);
    my ($status) = run('from-json >/dev/null', "$_\n{\"id\":\"c\"}\n");
    is($status, 1, '... or left out');
}
folder("$tmp/encoder");
my $weights = slurp_file("$tmp/encoder/model.safetensors");
my $size = unpack 'Q<', $weights;
my $header = substr $weights, 8, $size;
my ($entry) = $header =~ /("embeddings.LayerNorm.bias":\{[^}]*\})/ or die;
my $twice = $header =~ s/\}\s*$/,$entry}/r;
spew("$tmp/encoder/model.safetensors", pack('Q<', length $twice) . $twice . substr $weights, 8 + $size);
refuses(3, qr/duplicate object key/, "embed -m $tmp/encoder", runs('from-json', '{"id":"a","lyrics":"la"}'));

Ear::folder("$tmp/ear");
my $pcm = runs('from-json', '{"id":"a","rate":16000,"pcm":[1,0,1]}');
runs("embed-audio -m $tmp/ear -q", $pcm);
my $ear = slurp_file("$tmp/ear/model.safetensors");
$size = unpack 'Q<', $ear;
$header = substr $ear, 8, $size;
($entry) = $header =~ /("dense\/bias":\{[^}]*\})/ or die;
$twice = $header =~ s/\}\s*$/,$entry}/r;
spew("$tmp/ear/model.safetensors", pack('Q<', length $twice) . $twice . substr $ear, 8 + $size);
refuses(3, qr/model.safetensors: .*duplicate object key/, "embed-audio -m $tmp/ear", $pcm);
spew("$tmp/ear/model.safetensors", $ear);
my $config = slurp_file("$tmp/ear/config.json");
spew("$tmp/ear/config.json", $config =~ s/\}\s*$/,"model_type":"musicnn"}/r);
refuses(3, qr/config.json: .*duplicate object key/, "embed-audio -m $tmp/ear", $pcm);
spew("$tmp/ear/config.json", $config =~ s/"soft"/"loud"/r);
refuses(3, qr/config.json: tag loud is there twice/, "embed-audio -m $tmp/ear", $pcm);

# ---- a model: a value of its configuration, a tensor ----

runs("from-json >$tmp/rows.sp", join '', map { my $i = $_; "{\"id\":\"$i\",\"track\":\"@{[$i % 4]}\",\"x\":[" . join(',', map { sprintf '%.3f', sin $i * $_ } 1 .. 4) . "]}\n" } 1 .. 12);
for my $fit ("lda --save", "mixture -k 2 -o c --save", "tsne --perplexity 2 --n-iter 20 -q -o xy --save", "umap -k 3 -q --save", "contrast-train --hidden 3 --out 2 --epochs 1 -q", "zscore --save",
    "vae-train --hidden 3 --latent 2 --epochs 1 -q", "kmeans -k 2 -q --save") {
    my ($name) = $fit =~ /^(\S+)/;
    runs("$fit " . ($fit =~ /--save/ ? "$tmp/m.model $tmp/rows.sp >/dev/null" : "$tmp/rows.sp >$tmp/m.model"));
    my @parts = unseal(slurp_file("$tmp/m.model"));
    my $use = $name =~ s/-train$/-encode/r;
    my @frames = map { $_->{frame} } @parts;
    my $again = file('again.model', stream({ kind => 'model' }, @frames, $frames[-1]));
    refuses(3, qr/twice/, "$use -o out -m $again $tmp/rows.sp");
}

# ---- a table ----

refuses(6, qr/two columns \(2 and 3\) are called g/, 'from-csv', "id,g,g\n1,r,s\n");
my $npy = file('a.npy', "\x93NUMPY\1\0" . pack('v', 118) . sprintf('%-117s', "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1), }") . "\n" . pack 'f<', 1);
refuses(6, qr/two columns \(2 and 3\) are called g/, "from-npy --labels " . file('l.csv', "id,g,g\n1,r,s\n") . " $npy");
refuses(6, qr/two columns \(2 and 3\) are called g/, "tracks --csv " . file('t.csv', "path,g,g\n1.wav,r,s\n"));

# ---- a list, a name with a value ----

my $x = file('x.sp', runs('from-json', join '', map { qq({"id":"$_","g":"a","cluster":0,"track":"t","x":[$_,1],"m":[[1,2],[3,4]]}\n) } 1 .. 3));
for ('metrics --truth g,g', 'metrics --truth g --truth g', 'profile --truth g,g', 'pool --mean g,g', 'pool --majority g,g', 'scoreboard --by g,g', 'scoreboard --columns g,g',
    'scatter --color g,g', 'curve --y g,g', 'summarize --stats g,g', 'descriptors --which g,g', 'texture --groups g,g', 'vae-train --condition g,g', 'tracks --label g=dir --label g=dir',
    'tracks --text g=a --text g=b', 'metrics --set g=1 --set g=2', 'profile --set g=1 --set g=2', 'sp-fields --set g=1 --set g=2', 'sp-fields --rename g=h --rename g=i') {
    my ($option) = /(--\S+)/;
    refuses(2, qr/^\S+: $option names g twice;/, "$_ $x");
}
refuses(2, qr/--stats names std twice/, "summarize -i m -o y --stats mean --stats std,median --stats std $x");
refuses(2, qr/--stats names std twice/, "summarize -o y --stats m=mean,std --stats x=std --stats m=std $x");
runs("summarize -i m -o y --stats mean --stats std $x >/dev/null");
my $frames = runs('from-json', '{"id":"a","mfcc":[[1,2],[3,5]]}');
refuses(2, qr/--stats names mean twice/, $_, $frames) for 'summarize --stats mean --stats mfcc=mean', 'summarize --stats mfcc=std,mean --stats max --stats mean',
    'summarize -i mfcc --stats mean --stats mfcc=mean';
runs("summarize --stats mean --stats mfcc=std >/dev/null", $frames);
# Sets, in which twice is once.
is(runs("sp-fields --keep g,g --keep g $x | to-json"), runs("sp-fields --keep g $x | to-json"), 'a set of fields to keep');
is(runs("sp-fields --drop g,g $x | to-json"), runs("sp-fields --drop g $x | to-json"), '... to drop');
runs("vae-train --hidden 4,4 --latent 1 --epochs 1 -q $x >/dev/null");
done_testing;
