# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;
use Cluster;
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

# Three far groups of 20, in 4 columns, of which one is constant; nil passes.
srand 3;
my @x = map { my $i = $_; [map({ ($i % 3 == $_ ? 1000 : 0) + rand } 0 .. 2), 7] } 0 .. 59;
my $json = join '', (map { qq({"id":"$_","x":[) . join(',', @{ $x[$_] }) . qq(],"where":[) . $_ % 3 . ',' . $_ / 60 . "]}\n" } 0 .. 59),
    qq({"id":"none","x":null,"where":[0,0]}\n);
sub groups_apart {
    my ($what, @r) = @_;
    my $wrong = 0;
    for my $r (@r) {
        my ($best) = sort { apart($r, $a) <=> apart($r, $b) } grep { $_ != $r } @r;
        $wrong++ if $best->{id} % 3 != $r->{id} % 3;
    }
    is($wrong, 0, $what);
}
sub apart { my ($a, $b) = map { $_->{xy} } @_; my $sum = 0; $sum += ($a->[$_] - $b->[$_])**2 for 0 .. $#$a; return $sum }
for my $how ('', '-n 3', '--init random', '--init where', '--metric cosine', '--angle 0', '--n-iter 300 --learning-rate 100 --early-exaggeration 4') {
    my @r = records("from-json | tsne -q --perplexity 10 $how", $json);
    is_deeply([map { $_->{id} } @r], [0 .. 59, 'none'], "$how: all records, in order");
    is($r[60]{xy}, undef, "$how: nil gives nil");
    is(scalar grep({ @{ $_->{xy} } == ($how =~ /3/ && $how !~ /300/ ? 3 : 2) } @r[0 .. 59]), 60, "$how: places");
    groups_apart("$how: the nearest on the map is of the same group", @r[0 .. 59]);
}

# The same bytes on any threads, others from another seed.
my $of = 'from-json | tsne -q --perplexity 10 --init random';
my $one = runs("$of -j 1", $json);
ok($one eq runs("$of -j $_", $json), "-j $_") for 2, 4;
ok($one ne runs("$of --seed 1", $json), 'another seed');

# A saved map: what was on it comes to lie where it is, and new points beside their likes; each by itself.
my @old = records("from-json | tsne -q --perplexity 10 --save $tmp/map.sp", $json);
my @new = records("from-json | tsne -q -m $tmp/map.sp", $json);
my ($size) = sort { $b <=> $a } map { apart($_, $old[0]) } @old[1 .. 59];
is(scalar grep({ apart($old[$_], $new[$_]) > $size / 100 } 0 .. 59), 0, 'placed where they were');
is($new[60]{xy}, undef, 'nil placed nowhere');
my @some = records("from-json | sp-match id eq 7 | tsne -q -m $tmp/map.sp", $json);
is_deeply($some[0]{xy}, $new[7]{xy}, 'one alone is placed as among others');
refuses(6, qr/x has 2 numbers, but the map .* was made of 4/, "from-json | tsne -m $tmp/map.sp", qq({"id":"a","x":[1,2]}\n), 1);
refuses(2, qr/another --components/, "from-json | tsne -n 3 -m $tmp/map.sp", $json);

# What has no map.
my @line = map { qq({"id":"$_","x":[$_,1]}\n) } 0 .. 9;
is(scalar(my @none = records('from-json | tsne', '')), 0, 'nothing of nothing');
refuses(6, qr/1 vector makes no map: at least 2/, 'from-json | tsne', $line[0], 1);
for my $n (2, 3) {
    my $few = join '', @line[0 .. $n - 1];
    refuses(6, qr/--perplexity 30 is too large for $n vectors: at most @{[$n - 1]}/, 'from-json | tsne', $few, 1);
    my @r = records('from-json | tsne -q --perplexity ' . ($n - 1), $few);
    is(scalar @r, $n, "$n of them");
}
refuses(6, qr/--init where: it has 1 numbers/, 'from-json | tsne --perplexity 1 --init where',
    join('', map { qq({"id":"$_","x":[$_],"where":[1]}\n) } 1 .. 3), 1);
refuses(6, qr/--init where: .*where/, 'from-json | tsne --perplexity 1 --init where', join('', @line[0 .. 2]), 1);
my @same = records('from-json | tsne -q --perplexity 5', join '', map { qq({"id":"$_","x":[4,4]}\n) } 1 .. 100);
is(scalar grep({ $_->{xy}[0] == $_->{xy}[0] && abs($_->{xy}[0]) < 1e4 } @same), 100, 'equal rows have places');
like(runs('from-json | tsne -q --perplexity 3 | scatter', join '', @line), qr/^unset tics\n.*^plot /ms, 'scatter draws xy');
done_testing;
