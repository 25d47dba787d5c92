# What nobody wants to cluster: nothing, one record, copies, columns that do not vary, numbers that
# float cannot square, all noise, truths that lack or are many, too little memory
# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;
use Songpipe;
use Stream;
use Test::More;

my @clusterers = ('kmeans -k 2', 'agglo -k 2', 'agglo -k 2 --linkage single', 'agglo -k 2 --linkage average',
    'agglo -k 2 --linkage complete', 'agglo -k 2 --connectivity knn:2', 'dbscan --eps 1 -m 2', 'hdbscan -c 3 -m 2', 'mixture -k 2 --reg-covar 0', 'spectral -k 2',
    'spectral -k 2 --labels discretize', 'spectral -k 2 --affinity knn --n-neighbors 5');
my @of_k = grep { !/dbscan/ } @clusterers;

sub labels { return [map { $_->{cluster} } records("$_[0] -q", $_[1])] }

# The labels, numbered by first appearance.
sub partition {
    my %number = (-1 => -1);
    my $next = 0;
    return [map { exists $number{$_} ? $number{$_} : ($number{$_} = $next++) } @{ labels(@_) }];
}

sub rows { my @x = @_; return stream({}, map { record(sprintf('%03d', $_), x => vec(@{ $x[$_] })) } 0 .. $#x) }

# None, one, fewer than clusters.
for my $c ((grep { !/kmeans|mixture/ } @clusterers), 'neighbours -k 1') {
    is_deeply([records("$c -q", stream({}))], [], "$c: no records in, none out");
}
refuses(6, qr/0 vectors cannot make 2 clusters/, $_, stream({})) for 'kmeans -k 2', 'mixture -k 2';
refuses(6, qr/0 vectors are too few for 5-distances/, 'dbscan --eps auto', stream({}));
my $one = rows([1, 2]);
is_deeply(labels($_, $one), [0], "$_: one record") for 'kmeans -k 1', 'agglo -k 1', 'agglo -k 1 --linkage complete',
    'agglo --distance 1', 'dbscan -m 1', 'agglo -k 1 --connectivity knn:3';
is_deeply(labels('dbscan -m 2', $one), [-1], 'dbscan: one record is noise');
refuses(6, qr/1 vectors have no graph/, 'spectral -k 1', $one);
refuses(6, qr/1 vectors are too few for 1 neighbours/, 'neighbours -k 1', $one);
refuses(6, qr/1 vectors cannot make 2 clusters/, $_, $one) for grep { !/spectral/ } @of_k;
my $three = rows([1, 2], [1, 3], [9, 9]);
refuses(6, qr/3 vectors cannot make 4 clusters/, s/-k 2/-k 4/r, $three) for @of_k;
is_deeply([sort { $a <=> $b } @{ labels(s/-k 2/-k 3/r, $three) }], [0, 1, 2], s/-k 2/-k 3/r . ': as many clusters as records')
    for grep { !/discretize/ } map { s/--n-neighbors 5/--n-neighbors 2/r } @of_k;
is_deeply(labels(s/-k 2/-k 1/r, $three), [0, 0, 0], s/-k 2/-k 1/r . ': one cluster')
    for map { s/--n-neighbors 5/--n-neighbors 2/r } @of_k;

# Copies: one place, so one cluster where places decide, and as many as wished where counts do.
my $copies = rows(map { [3, -1, 2] } 1 .. 12);
is_deeply(labels($_, $copies), [(0) x 12], "$_: copies") for 'kmeans -k 2', 'dbscan --eps 1e-30 -m 2', 'dbscan -m 2 --eps auto', 'agglo --distance 1e-30';
for my $c (grep { /agglo|spectral/ } @clusterers) {
    my %used = map { $_ => 1 } @{ labels($c, $copies) };
    ok((grep { $used{$_} } 0, 1) == keys %used, "$c: copies have labels 0 and 1 at most");
}
my ($scores) = records('kmeans -q -k 2 | metrics', $copies);
is_deeply([@$scores{qw(clusters silhouette davies_bouldin)}], [1, undef, undef], 'metrics: copies in one cluster');
($scores) = records('agglo -k 2 --linkage single | metrics', $copies);
is_deeply([@$scores{qw(clusters silhouette calinski_harabasz davies_bouldin)}], [2, 0, 1, 0], 'metrics: copies in two');
is_deeply([map { $_->{'neighbours.distance'} } records('neighbours -k 2 -q', $copies)], [([0, 0]) x 12], 'neighbours: copies are at distance 0');

# Columns that do not vary change nothing.
my @blobs = map { my $i = $_; [map { ($i % 2) * 20 + sin(7.3 * $i + 3 * $_) } 1 .. 3] } 0 .. 39;
for my $c (@clusterers) {
    my $eps = $c =~ s/--eps 1/--eps 3/r =~ s/-c 3/-c 12/r;
    is_deeply(partition($eps, rows(map { [5, @$_, 0] } @blobs)), [(0, 1) x 20], "$eps: constant columns");
}

# Very large and very small: the same clusters as of the same numbers near 1.
for my $unit (1e30, 8e36, 1e-30) {
    my $in = rows(map { [map { $_ * $unit } @$_] } @blobs);
    for my $c (map { s/--eps 1/'--eps ' . 3 * $unit/re =~ s/-c 3/-c 12/r } @clusterers) {
        is_deeply(partition($c, $in), [(0, 1) x 20], "$c: numbers of $unit");
    }
    my ($s) = records('kmeans -q -k 2 | metrics --cosine', $in);
    my ($near_one) = records('kmeans -q -k 2 | metrics --cosine', rows(@blobs));
    near_all([@$s{qw(silhouette silhouette_cosine calinski_harabasz davies_bouldin)}],
        [@$near_one{qw(silhouette silhouette_cosine calinski_harabasz davies_bouldin)}], 0, 1e-5, "metrics: numbers of $unit");
}
# One record far out: nothing changes for the others.
for my $c ('dbscan --eps 3 -m 3', 'dbscan --kdist -m 4', 'neighbours -k 3') {
    my @plain = records("$c -q", rows(@blobs));
    for my $far (1e16, 1e25, $c =~ /neighbours/ ? () : 3.4e38) {
        my @got = records("$c -q", rows(@blobs, [$far, -$far, 0]));
        pop @got;
        is_deeply(\@got, \@plain, "$c: one record at $far");
    }
}
refuses(6, qr/neighbours.distance would not be finite/, 'neighbours -k 3 -q', rows(@blobs, [3.4e38, -3.4e38, 0]), 1);
is_deeply(partition($_, rows(@blobs, [3.4e38, 0, 0])), [(0) x 40, 1], "$_: one record at 3.4e38")
    for 'kmeans -k 2', grep { /agglo/ && !/connectivity/ } @clusterers;
is_deeply(partition($_, rows(map { [$_ % 2 ? 3.4e38 : -3.4e38, $_] } 0 .. 11)), [(0, 1) x 6], "$_: from end to end of float")
    for grep { !/dbscan/ } @clusterers;

# NaN, infinite, another width: which record, which number.
for my $c (@clusterers, 'neighbours -k 1') {
    for my $bad ([9**9**9, 'inf'], [-9**9**9, '-inf'], [9**9**9 / 9**9**9, '-?nan']) {
        refuses(6, qr/001: x\[1\] is $bad->[1]/, $c, rows([1, 2], [1, $bad->[0]], [3, 4], [5, 6], [7, 8], [9, 9]));
    }
    refuses(6, qr/002: x has 3 numbers, not 2/, $c, rows([1, 2], [1, 5], [3, 4, 5]));
}

# Under emit it goes on with nil in every field that the filter writes, and nil as nil.
my @with_bad = (map({ record($_, x => vec($_, $_ ** 2)) } 1 .. 4), record('bad', x => vec(9**9**9, 0)), record('none', x => nil()),
    record('last', x => vec(3, 3)));
for my $c (@clusterers, 'spectral -k 2 --save-embedding', 'neighbours -k 1') {
    my @r = records("$c -q --on-error emit", stream({}, @with_bad));
    my @new = grep { !/^(id|x|error)$/ } sort keys %{ $r[0] };
    is_deeply([map { my $r = $_; [map { exists $r->{$_} ? defined $r->{$_} : 'gone' } @new] } @r[0, 4, 5, 6]],
        [map { my $has = $_; [map { $has } @new] } 1, '', '', 1], "$c: nil for a bad and a nil record");
    like($r[4]{error}, qr/x\[0\] is inf/, "$c: and why");
    ok(!exists $r[5]{error}, "$c: nil is no error");
}

# All noise.
my $noise = stream({}, map { record($_, x => vec($_, $_ % 3), t => int64($_ % 2), cluster => int64(-1)) } 1 .. 6);
my %way = map { $_->{id} =~ s/.*\.//r => $_ } records('metrics -t t --noise all', $noise);
is_deeply([map { [@{ $way{$_} }{qw(n scored clusters noise coverage)}] } qw(cluster singletons drop)],
    [[6, 6, 1, 1, 1], [6, 6, 6, 1, 1], [6, 0, 0, 1, 0]], 'metrics: all noise');
is_deeply([map { $way{$_}{reason} } qw(cluster singletons drop)], ['one cluster: inner scores need 2 <= clusters <= n-1',
    'every row its own cluster: inner scores need 2 <= clusters <= n-1', 'no rows left'], 'metrics: why nothing is scored');
is_deeply([@{ $way{drop} }{qw(nmi ari matched_accuracy silhouette)}], [(undef) x 4], 'metrics: nothing left');
my @about = records('metrics --per-cluster -t t', $noise);
is_deeply([map { [@$_{qw(id cluster size majority_share)}] } @about], [['-1', -1, 6, 0.5]], 'metrics --per-cluster: all noise');
is_deeply([records('metrics --per-cluster --noise drop -t t', $noise)], [], 'metrics --per-cluster: nothing left');
my @table = records('confusion -t t', $noise);
is_deeply([map { $_->{x} } @table], [[3], [3]], 'confusion: all noise is one column');

# Truth missing on some records: they are left out of it, and counted.
my $some = stream({}, map { record($_, x => vec($_, $_ % 3), t => $_ % 3 ? int64($_ % 2) : nil(), cluster => int64($_ % 2)) } 1 .. 9);
my ($m) = records('metrics -t t', $some);
is_deeply([@$m{qw(n scored with_truth ari purity matched_accuracy)}], [9, 9, 6, 1, 1, 1], 'metrics: truth on 6 of 9');
my ($status, $out, $err) = run('confusion -t t', $some);
like($err, qr/^confusion: 3 without input skipped$/m, 'confusion: truth on 6 of 9');
is($status, 0, 'is no error');

# A truth of its own for each of many records.
my $many = $ENV{SONGPIPE_ASAN} ? 100000 : 1000000;
runs("perl -e 'print qq(id,t,cluster\\n); print qq(\$_,s\$_,), \$_ % 10, qq(\\n) for 1 .. $many' | from-csv --keep-columns > $tmp/many.sp");
($m) = records("metrics -t t --noise cluster $tmp/many.sp");
is_deeply([@$m{qw(with_truth classes clusters completeness)}], [$many, $many, 10, 1], 'metrics: a truth for each');
near_all([@$m{qw(homogeneity ami purity matched_accuracy)}], [log(10) / log($many), 0, 10 / $many, 10 / $many], 1e-9, 0, 'its scores');

# Too little memory: what needs it, before anything is computed.
my $hundred = rows(map { [map { $_ } $_ .. $_ + 9] } 1 .. 100);
refuses(4, qr/not enough memory for the matrix of all vectors: .* needed/, "$_ --max-memory 3999", $hundred)
    for @clusterers, 'neighbours -k 2';
my %needs = ('kmeans -k 2' => 'two copies of the vectors', 'kmeans -k 2:3' => 'two copies of the vectors',
    'agglo' => "the vectors, their clusters' centres and the tree", 'agglo --linkage average' => 'the distance matrix',
    'agglo --linkage single' => "the vectors, their clusters' centres and the tree",
    'dbscan --eps 1' => 'the vectors and a sorted copy', 'spectral -k 2' => 'the similarity matrix',
    'neighbours -k 2' => 'the list of neighbours');
refuses(4, qr/^\w+: not enough memory for $needs{$_}: \d+\.\d MiB needed, --max-memory is/, "$_ --max-memory 5K", $hundred) for sort keys %needs;
refuses(4, qr/not enough memory for the silhouette: .* needed/, 'metrics --max-memory 10K',
    stream({}, map { record($_, x => vec(1 .. 10), cluster => int64($_ % 2)) } 1 .. 100));

# The same bytes for any -j, of more rows than one block holds.
my @large = map { my $i = $_; [map { ($i % 7) * (3 - $_) + 2 * sin($i * (1.7 + $_)) } 1 .. 5] } 1 .. 3000;
spew("$tmp/large.sp", rows(@large));
for my $c ('kmeans -k 7', 'kmeans -k 2:4 --n-init 2', 'mixture -k 7', 'mixture -k 3 --covariance spherical', 'agglo -k 7', 'agglo -k 7 --linkage single', 'agglo -k 7 --linkage average',
    'agglo -k 7 --connectivity knn:5', 'dbscan --eps 0.5', 'dbscan --eps auto', 'dbscan --kdist', 'hdbscan', 'spectral -k 7 --affinity knn',
    'spectral -k 3 --gamma 0.1', 'neighbours -k 5', 'outliers -k 5', 'kmeans -k 7 | metrics --cosine --bootstrap 20 -t cluster -j', 'kmeans -k 7 | metrics --per-cluster -j') {
    my ($short, @sums) = ($c =~ s/ -j$//r);
    push @sums, runs("$short -q -j $_ " . ($c =~ /\|/ ? '' : "$tmp/large.sp") . ' | sha256sum', $c =~ /\|/ ? slurp_file("$tmp/large.sp") : undef) for 1, 2, 4;
    ok($sums[0] eq $sums[1] && $sums[0] eq $sums[2], "$short: the same bytes for -j 1, 2, 4");
}
done_testing;
