# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;
use Cluster;
use Map;
use Songpipe;
use Stream;
use Test::More;

# Maps of the golden sets are as good as those of umap-learn: trustworthy, and the 5 nearest tell the label.
for my $set (sets_with('umap_quality.csv', 'blobs', 'gtzan')) {
    my ($name, $dir) = @$set{qw(name dir)};
    my @theirs = csv("$dir/umap_quality.csv");
    my ($trust) = sort { $a <=> $b } map { $_->{trustworthiness12} } @theirs;
    my ($right) = sort { $a <=> $b } map { $_->{knn5_accuracy} } @theirs;
    my @truth = map { $_->{truth} } csv("$dir/labelings.csv");
    my $sp = rows_sp("$dir/x.npy", "$tmp/$name.sp");
    for my $how ('', '--seed 1', '--init pca', '--init random --seed 2') {
        my ($status, $out, $err) = run("umap -j2 $how $sp");
        my ($kept) = $err =~ /trustworthiness ([\d.]+) \(k = 12\)/;
        is($status, 0, "$name $how: a map");
        cmp_ok($kept, '>', $trust - 0.003, "$name $how: as trustworthy");
        my @at = map { $_->{xy} } jsonl(scalar runs('to-json', $out));
        cmp_ok(nearest5(\@at, \@truth), '>', $right - 0.03, "$name $how: labels of the nearest");
    }
}

# The share of rows whose 5 nearest on the map have most often the row's own label; of labels as frequent the first in order.
sub nearest5 {
    my ($at, $truth) = @_;
    my $right = 0;
    for my $i (0 .. $#$at) {
        my @d = map { ($at->[$_][0] - $at->[$i][0])**2 + ($at->[$_][1] - $at->[$i][1])**2 } 0 .. $#$at;
        $d[$i] = 1e30;
        my ($far, @near) = (1e30, 0 .. 4);
        for my $j (5 .. $#d) {
            next if $d[$j] >= $far;
            @near = (sort { $d[$a] <=> $d[$b] } @near, $j)[0 .. 4];
            $far = $d[ $near[4] ];
        }
        my %votes;
        $votes{ $truth->[$_] }++ for @near;
        my ($most) = sort { $votes{$b} <=> $votes{$a} || $a cmp $b } keys %votes;
        $right += $most eq $truth->[$i];
    }
    return $right / @$at;
}

map_holds('umap', '', '' => 2, '-n 3' => 3, map { $_ => 2 } '--init random', '--init where', '--metric cosine', '--init pca',
    '--min-dist 0.5 --spread 2', '-k 5 --n-epochs 100 --learning-rate 0.5 --negative-sample-rate 9');

# What has no map, and what has an odd one.
my @line = map { qq({"id":"$_","x":[$_,1]}\n) } 0 .. 39;
for my $n (2, 3, 4, 15, 16) {
    my ($status, $out, $err) = run('from-json | umap', join '', @line[0 .. $n - 1]);
    my $most = $n > 2 ? $n - 1 : 2;
    is($status, 0, "$n of them");
    $n > 15 ? unlike($err, qr/too large/, "$n of them: enough")
            : like($err, qr/--n-neighbors 15 is too large for $n vectors: $most taken/, "$n of them: fewer neighbours");
    is(scalar grep({ $_->{xy}[0] == $_->{xy}[0] } jsonl(scalar runs('to-json', $out))), $n, "$n of them: placed");
}
my @row = records('from-json | umap -q -k 5', join '', @line);
my $apart = sub { abs($row[$_[0]]{xy}[0] - $row[$_[1]]{xy}[0]) + abs($row[$_[0]]{xy}[1] - $row[$_[1]]{xy}[1]) };
cmp_ok($apart->(0, 39), '>', 3 * $apart->(0, 1), 'a line stays one');
refuses(2, qr/--min-dist 2 is more than --spread 1/, 'from-json | umap --min-dist 2', $line[0]);
refuses(6, qr/--init where: .*spectral, pca, random or a field/, 'from-json | umap --init where', join('', @line[0 .. 2]), 1);
my $nan = 9**9**9 / 9**9**9;
refuses(6, qr/a: x\[1\] is -?nan/i, 'umap', stream({}, record('a', x => vec(1, $nan)), record('b', x => vec(1, 2))));
my @same = records('from-json | umap -q', join '', map { qq({"id":"$_","x":[4,4]}\n) } 1 .. 1000);
is(scalar grep({ $_->{xy}[0] == $_->{xy}[0] && abs($_->{xy}[0]) < 1e3 } @same), 1000, 'equal rows have places');
my @far = map { qq({"id":"$_","x":[@{[rand() + $_ % 2 * 1e6]},@{[rand]}]}\n) } 1 .. 200;
groups_apart('two far blobs', 2, records('from-json | umap -q', join '', @far));
like(runs('from-json | umap -q | scatter', join '', @line), qr/^unset tics\n.*^plot /ms, 'scatter draws xy');
done_testing;
