# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;
use Cluster;
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

# Three far groups of 20, in 4 columns, of which one is constant; nil passes.
srand 3;
my @x = map { my $i = $_; [map({ ($i % 3 == $_ ? 1000 : 0) + rand } 0 .. 2), 7] } 0 .. 59;
my $json = join '', (map { qq({"id":"$_","x":[) . join(',', @{ $x[$_] }) . qq(],"where":[) . $_ % 3 . ',' . $_ / 60 . "]}\n" } 0 .. 59),
    qq({"id":"none","x":null,"where":[0,0]}\n);
sub groups_apart {
    my ($what, $groups, @r) = @_;
    my $wrong = 0;
    for my $r (@r) {
        my ($best) = sort { apart($r, $a) <=> apart($r, $b) } grep { $_ != $r } @r;
        $wrong++ if $best->{id} % $groups != $r->{id} % $groups;
    }
    is($wrong, 0, $what);
}
sub apart { my ($a, $b) = map { $_->{xy} } @_; my $sum = 0; $sum += ($a->[$_] - $b->[$_])**2 for 0 .. $#$a; return $sum }
for my $how ('', '-n 3', '--init random', '--init where', '--metric cosine', '--init pca', '--min-dist 0.5 --spread 2', '-k 5 --n-epochs 100 --learning-rate 0.5 --negative-sample-rate 9') {
    my @r = records("from-json | umap -q $how", $json);
    is_deeply([map { $_->{id} } @r], [0 .. 59, 'none'], "$how: all records, in order");
    is($r[60]{xy}, undef, "$how: nil gives nil");
    is(scalar grep({ @{ $_->{xy} } == ($how =~ /-n 3/ ? 3 : 2) } @r[0 .. 59]), 60, "$how: places");
    groups_apart("$how: the nearest on the map is of the same group", 3, @r[0 .. 59]);
}

# The same bytes on any threads, others from another seed.
my $of = 'from-json | umap -q --init random';
my $one = runs("$of -j 1", $json);
ok($one eq runs("$of -j $_", $json), "-j $_") for 2, 4;
ok($one ne runs("$of --seed 1", $json), 'another seed');

# A saved map: what was on it comes to lie where it is, and new points beside their likes; each by itself.
my @old = records("from-json | umap -q --save $tmp/map.sp", $json);
my @new = records("from-json | umap -q -m $tmp/map.sp", $json);
my ($size) = sort { $b <=> $a } map { apart($_, $old[0]) } @old[1 .. 59];
is(scalar grep({ apart($old[$_], $new[$_]) > $size / 100 } 0 .. 59), 0, 'placed where they were');
is($new[60]{xy}, undef, 'nil placed nowhere');
my @some = records("from-json | sp-match id eq 7 | umap -q -m $tmp/map.sp", $json);
is_deeply($some[0]{xy}, $new[7]{xy}, 'one alone is placed as among others');
refuses(6, qr/x has 2 numbers, but the map .* was made of 4/, "from-json | umap -m $tmp/map.sp", qq({"id":"a","x":[1,2]}\n), 1);
refuses(2, qr/another --components/, "from-json | umap -n 3 -m $tmp/map.sp", $json);

# What has no map, and what has an odd one.
my @line = map { qq({"id":"$_","x":[$_,1]}\n) } 0 .. 39;
is(scalar(my @none = records('from-json | umap', '')), 0, 'nothing of nothing');
refuses(6, qr/1 vector makes no map: at least 2/, 'from-json | umap', $line[0], 1);
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
refuses(6, qr/--init where: it has 1 numbers/, 'from-json | umap --init where',
    join('', map { qq({"id":"$_","x":[$_],"where":[1]}\n) } 1 .. 3), 1);
refuses(6, qr/--init where: .*spectral, pca, random or a field/, 'from-json | umap --init where', join('', @line[0 .. 2]), 1);
my $nan = 9**9**9 / 9**9**9;
refuses(6, qr/a: x\[1\] is -?nan/i, 'umap', stream({}, record('a', x => vec(1, $nan)), record('b', x => vec(1, 2))));
my @same = records('from-json | umap -q', join '', map { qq({"id":"$_","x":[4,4]}\n) } 1 .. 1000);
is(scalar grep({ $_->{xy}[0] == $_->{xy}[0] && abs($_->{xy}[0]) < 1e3 } @same), 1000, 'equal rows have places');
my @far = map { qq({"id":"$_","x":[@{[rand() + $_ % 2 * 1e6]},@{[rand]}]}\n) } 1 .. 200;
groups_apart('two far blobs', 2, records('from-json | umap -q', join '', @far));
like(runs('from-json | umap -q | scatter', join '', @line), qr/^unset tics\n.*^plot /ms, 'scatter draws xy');
done_testing;
