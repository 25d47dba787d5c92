# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;
use Cluster;
use Map;
use Songpipe;
use Stream;
use Test::More;

# Maps of the golden sets are as good as those of scikit-learn and openTSNE.
my %size = (blobs => 300, gtzan => 1000);
for my $set (sets('blobs', 'gtzan')) {
    my ($name, $dir) = @$set{qw(name dir)};
    my @theirs = csv("$dir/tsne_quality.csv");
    my ($kl) = sort { $a <=> $b } map { $_->{kl_exact} } @theirs;
    my ($trust) = sort { $a <=> $b } map { $_->{trustworthiness12} } @theirs;
    my $sp = rows_sp("$dir/x.npy", "$tmp/$name.sp");
    for my $how ('', '--init random --seed 1', '--init random --seed 2') {
        my ($status, $out, $err) = run("tsne -j2 $how $sp");
        my ($got, $kept) = $err =~ /KL divergence ([\d.]+) after 1000 steps; trustworthiness ([\d.]+) \(k = 12\)/;
        is($status, 0, "$name $how: a map");
        cmp_ok($got, '<', $kl * 1.01, "$name $how: at most 1 % above the lowest divergence of the peers");
        cmp_ok($kept, '>', $trust - 0.003, "$name $how: as trustworthy");
    }
}

map_holds('tsne', '--perplexity 10', '' => 2, '-n 3' => 3, map { $_ => 2 } '--init random', '--init where', '--metric cosine', '--angle 0',
    '--n-iter 300 --learning-rate 100 --early-exaggeration 4');

# What has no map.
my @line = map { qq({"id":"$_","x":[$_,1]}\n) } 0 .. 9;
for my $n (2, 3) {
    my $few = join '', @line[0 .. $n - 1];
    refuses(6, qr/--perplexity 30 is too large for $n vectors: at most @{[$n - 1]}/, 'from-json | tsne', $few, 1);
    my @r = records('from-json | tsne -q --perplexity ' . ($n - 1), $few);
    is(scalar @r, $n, "$n of them");
}
refuses(6, qr/--init where: .*where/, 'from-json | tsne --perplexity 1 --init where', join('', @line[0 .. 2]), 1);
my @same = records('from-json | tsne -q --perplexity 5', join '', map { qq({"id":"$_","x":[4,4]}\n) } 1 .. 100);
is(scalar grep({ $_->{xy}[0] == $_->{xy}[0] && abs($_->{xy}[0]) < 1e4 } @same), 100, 'equal rows have places');
like(runs('from-json | tsne -q --perplexity 3 | scatter', join '', @line), qr/^unset tics\n.*^plot /ms, 'scatter draws xy');
done_testing;
