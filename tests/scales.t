#!/usr/bin/perl
# Scaling that was forgotten: a fit on columns of unlike scales, and a model that is applied to vectors made in another way.
# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;
use Songpipe;
use Test::More;

spew("$tmp/raw.csv", join '', "id,centroid,zcr\n", map { join(',', "s$_", 1000 + 300 * sin $_, 0.1 + 0.01 * cos $_) . "\n" } 1 .. 40);
runs("from-csv $tmp/raw.csv > $tmp/raw.sp; zscore --save $tmp/z.model $tmp/raw.sp > $tmp/z.sp");
my $vae = 'vae-train --hidden 4 --latent 2 --epochs 1';
for ('kmeans -k 2', 'kmeans -k 2:3', 'agglo -k 2', 'dbscan --eps 100', 'spectral -k 2', $vae, 'neighbours -k 3', 'journey --from s1 --to s2', 'outliers', 'hdbscan', 'mixture -k 2', 'umap', 'tsne --perplexity 5') {
    my ($status, $out, $err) = run("$_ $tmp/raw.sp");
    my @said = grep { /zscore\?/ } split /\n/, $err;
    my ($name) = /^(\S+)/;
    like($said[0] // '', qr/^$name: the columns of x have unlike scales: deviation 0\.00\d+ \(zcr\) and 2\d\d \(centroid\); zscore\?$/, "$_ says so");
    is(@said, 1, 'once');
    unlike((run("$_ $tmp/z.sp"))[2], qr/zscore/, 'not behind zscore');
    unlike((run("$_ -q $tmp/raw.sp"))[2], qr/zscore/, 'nor with -q');
}
unlike((run("$_ $tmp/raw.sp"))[2], qr/zscore\?/, "not $_") for 'zscore', 'whiten', 'pca';

# The histories tell how the vectors were made.
runs("kmeans -k 2 --save $tmp/k.model $tmp/z.sp > $tmp/k.sp; pca --save $tmp/p.model $tmp/z.sp > $tmp/p.sp; $vae $tmp/z.sp > $tmp/v.model");
runs("contrast-train -q --by id --hidden 4 --out 2 --epochs 1 $tmp/z.sp > $tmp/c.model");
runs("$_ --save $tmp/@{[/^(\w+)/]}.model $tmp/z.sp >/dev/null") for 'mixture -k 2', 'umap -k 5', 'tsne --perplexity 5 --n-iter 20', 'whiten';
for ("kmeans -m $tmp/k.model", "pca -m $tmp/p.model", "vae-encode -m $tmp/v.model", "contrast-encode -m $tmp/c.model", map { "$_ -m $tmp/$_.model" } 'mixture', 'umap', 'tsne', 'whiten') {
    my ($status, $out, $err) = run("$_ $tmp/raw.sp");
    is($status, 0, $_);
    is(scalar(() = $err =~ /was fitted to vectors behind zscore, which the input has not been through: apply the same zscore/g), 1, 'names the missing step, once');
    unlike((run("zscore -m $tmp/z.model $tmp/raw.sp | $_"))[2], qr/behind/, 'not where it is there');
    unlike((run("zscore --no-history -m $tmp/z.model $tmp/raw.sp | sp-fields --no-history | $_"))[2], qr/behind/, 'nor without a history');
}
done_testing;
