#!/usr/bin/perl
# Two options of which one undoes the other, or an option that changes nothing where it stands: refused with a
# reason, or, where the output is right all the same, said. Nothing is lost in silence.
# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;
use Songpipe;
use Test::More;

my $x = "$tmp/x.sp";
runs("from-json >$x", join '', map { qq({"id":"$_","g":"@{[$_ % 2]}","track":"t@{[$_ % 4]}","t":"la la @{[$_ % 3]} no","y":[1],"x":[$_,@{[$_ % 5]},1]}\n) } 1 .. 12);
my $table = "$tmp/t.csv";
spew($table, "t,a,b\nr,1,2\ns,3,4\n");
my $npy = "$tmp/a.npy";
runs("to-npy --output $npy $x");
runs("pca -q -n 2 --save $tmp/pca.model $x >/dev/null");
runs("$_ -q -k 2 --save $tmp/$_.model $x >/dev/null") for 'kmeans', 'mixture';
runs("vae-train -q --hidden 2 --latent 1 --epochs 1 $x >$tmp/vae.model");

# ---- refused ----

for (
    ['fuse x=0', 'all weights are 0: so would be all numbers'], ['fuse x=0 y=-0', 'all weights are 0'],
    ["sp-match g eq A --ignore-case", '--ignore-case is for match, not for eq'], ['sp-match --ignore-case g in a,b', '--ignore-case is for match, not for in'],
    ['sp-fields --rename y=z --set z=1', '--rename and --set both make z'],
    ['sp-fields --shuffle g --drop g', '--shuffle g: --drop leaves it out'], ['sp-fields --shuffle g --keep x', '--shuffle g: --keep leaves it out'],
    ['kmeans -k 2 --by davies_bouldin', '--by needs a range of numbers of clusters'], ['agglo -k 2 --by calinski_harabasz', '--by needs a range'],
    ['mixture -k 2 --by aic', '--by needs a range'], ['spectral -k 2 --by davies_bouldin', '--by needs a range'],
    ["kmeans --init $x --n-init 3", '--init and --n-init cannot be used together: it is one start'], ["mixture --init $x --n-init 3", '--init and --n-init'],
    (map { my $c = $_; map { ["$c -m $tmp/$c.model --$_", '--model and --(n-init|max-iter|tol) cannot be used together'] } 'n-init 3', 'max-iter 5', 'tol 1' } 'kmeans', 'mixture'),
    ["pca -m $tmp/pca.model --solver randomized", '--model and --solver cannot'], ['spectral -k 2 --labels discretize --n-init 3', '--n-init needs --labels=kmeans'],
    (map { ["dbscan --kdist --$_", '--kdist and --(eps|output) cannot'] } 'eps 2', 'output z'), ['neighbours -k 2 --of 1 -o z', '--of and --output cannot be used together: it writes rank and distance'],
    ['metrics --cluster g --per-cluster --id z', '--per-cluster and --id cannot'], ['scoreboard --by g --format csv --digits 2', '--format=csv and --digits cannot be used together: CSV has all digits'],
    ['tfidf -i t -o z --no-idf --no-smooth-idf', 'smoothing is a part of the idf'], ['tfidf -i t -o z --binary --sublinear-tf', '1 \+ ln\(1\) is 1'],
    ['logmel --pad reflect', '--pad needs --frames'], ['logmel --crop centre', '--crop needs --frames'],
    (map { ["descriptors --which centroid --$_->[0] $_->[1]", "--$_->[0] is about $_->[2], which --which leaves out"] } ['p', 3, 'bandwidth'], ['roll-percent', '.5', 'rolloff'],
        ['amin', '1e-5', 'flatness'], ['power', 1, 'flatness'], ['threshold', 1, 'zcr']),
    ['summarize -i mfcc --stats x=mean', '--input mfcc: every --stats names a field of its own'],
    ['to-m3u --order path --distance d', '--distance needs --order=centre'], ['to-m3u -i x', '--input needs --order=path'], ['to-m3u --force', '--force needs --dir'],
    (map { ["vae-decode -m $tmp/vae.model --$_ 4", "--$_ needs --traverse"] } 'steps', 'range'),
    (map { ["vae-train --$_", '--(kernel|stride|plain) needs --conv'] } 'kernel 3', 'stride 1', 'plain'), ['vae-train --conv 4 --hidden 3', '--conv and --hidden cannot be used together'],
    (map { ["vae-train --no-kl --$_", '--no-kl and --(beta|anneal|free-bits) cannot be used together: they are about the KL term'] } 'beta 2', 'anneal linear:3', 'free-bits 1'),
    (map { my $c = $_; map { ["$c --$_->[0] .5 $_->[1]", "--$_->[0] needs --schedule=$_->[2]"] } ['lr-min', '', 'cosine'], ['gamma', '--schedule cosine', 'step'] } 'vae-train'),
    ['contrast-train --schedule constant --lr-min .1', '--lr-min needs --schedule=cosine'], ['contrast-train --step-size 3', '--step-size needs --schedule=step'],
    ['contrast-train --by track --with x', '--with x is the --input itself'],
) {
    my ($command, $why) = @$_;
    refuses(2, qr/^\S+: '?.*$why/, "$command $x");
}
refuses(2, qr/--keep-columns and --output cannot be used together: columns that are kept make no vector/, "from-csv --keep-columns -o v $table");
refuses(2, qr/--csv and --suffixes cannot be used together: all files of the table are taken/, "tracks --csv $table --path t --suffixes wav");

# ---- said ----

for (['fuse x=1 y=0', 'y has the weight 0: its numbers are all 0'], ["vae-train --hidden 2 --latent 1 --epochs 1 --slope .3", '--slope changes nothing: it is of --activation leaky-relu']) {
    my ($command, $says) = @$_;
    like((run("$command $x"))[2], qr/^\S+: \Q$says\E$/m, "$command: said");
    unlike((run("$command -q $x"))[2], qr/\Q$says\E/, "$command -q: not said");
}
is_deeply([map { $_->{x} } records("fuse -q x=1 y=0 $x | sp-match id eq 1")], [[1, 1, 1, 0]], 'what is said is so');
for (['--id t --drop t', '--drop t: it is the id, which stays'], ['--text a --drop a', '--text a: --drop leaves it out']) {
    my ($options, $says) = @$_;
    is((run("from-csv $options $table"))[2], "from-csv: $table: $says\n", "from-csv $options: said");
    is((run("from-csv -q $options $table"))[2], '', '... but not with -q');
}
is_deeply([map { [$_->{id}, $_->{x}] } records("from-csv -q --id t --drop t $table")], [['r', [1, 2]], ['s', [3, 4]]], 'the id stays');
done_testing;
