# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;
use Cluster;
use Songpipe;
use Stream;
use Test::More;

# Two groups of points on a line, far apart.
my $line = "id,p\n" . join '', map { "p$_,$_\n" } 0, 1, 2, 3, 100, 101, 102, 103;
for my $way ('--affinity knn --n-neighbors 3', '--affinity rbf --gamma 0.5', '--affinity knn --n-neighbors 3 --labels discretize') {
    my @r = records("from-csv --id id | spectral -q -k 2 $way --save-embedding", $line);
    my @c = map { $_->{cluster} } @r;
    is(join('', map { $_ == $c[0] ? 'a' : 'b' } @c), 'aaaabbbb', "two groups: $way");
    is(scalar @{ $r[0]{embedding} }, 2, 'and the embedding has k columns');
}
my (undef, undef, $err) = run('from-csv --id id | spectral -k 2 --affinity knn --n-neighbors 3', $line);
like($err, qr/2 or more separate parts/, 'parts are pointed out');
(undef, undef, $err) = run('from-csv --id id | spectral -k 2', "id,p\na,0\nb,1\nc,3\n");
like($err, qr/gamma is 0\.25\b/, 'auto: 1 / median^2');
refuses(6, qr/2 vectors cannot make 3 clusters/, 'from-csv --id id | spectral -k 3', "id,p\na,0\nb,1\n", 1);
refuses(4, qr/similarity matrix: .* --max-memory/, 'from-csv --id id | spectral -k 2 --max-memory 300', $line, 1);
refuses(4, qr/matrix for LAPACK: .* --max-memory/, 'from-csv --id id | spectral -k 2 -a knn --max-memory 300', $line, 1);
refuses(2, qr/--gamma '-1' is neither a number above 0 nor auto/, 'spectral --gamma=-1');
my @r = records('from-json | spectral -q -k 1', qq({"id":"a","x":[1]}\n{"id":"b","x":null}\n{"id":"c","x":[2]}\n));
is_deeply([map { $_->{cluster} } @r], [0, undef, 0], 'nil is passed over');

# The agreement with the truth that scikit-learn reaches over its seeds.
for (sets(qw(blobs moons dups gtzan))) {
    my ($set, $dir) = @$_{qw(name dir)};
    my %range;
    my @truth = map { $_->{truth} } csv("$dir/labelings.csv");
    for my $q (csv("$dir/spectral_quality.csv")) {
        my $r = $range{"$q->{affinity} $q->{k}"} //= { map { $_ => [2, -2] } qw(ari nmi) };
        for (qw(ari nmi)) {
            $r->{$_}[0] = $q->{$_} if $q->{$_} < $r->{$_}[0];
            $r->{$_}[1] = $q->{$_} if $q->{$_} > $r->{$_}[1];
        }
    }
    my $x = rows_sp("$dir/x.npy", "$tmp/x.sp", {}, truth => [map { str($_) } @truth]);
    my $d = (npy("$dir/x.npy"))[2];
    for my $case (sort keys %range) {
        my ($kind, $k) = split / /, $case;
        # Dozens of parts, and eigenvalues that only LAPACK can part, which takes seconds; minutes with ASan.
        my @seeds = $kind eq 'rbf1' && $set eq 'gtzan' ? 0 : 0 .. 4;
        next if @seeds == 1 && $ENV{SONGPIPE_ASAN};
        my $options = $kind eq 'nn10' ? '--affinity knn' : '--gamma ' . ($kind eq 'rbf1' ? 1 : 1 / $d);
        my %got;
        for my $seed (@seeds) {
            my ($m) = records("spectral -q -k $k $options --seed $seed $x | metrics --no-silhouette -q -t truth");
            push @{ $got{$_} }, $m->{$_} for qw(ari nmi);
        }
        for my $score (qw(ari nmi)) {
            my ($median, $r) = ((sort { $a <=> $b } @{ $got{$score} })[@seeds / 2], $range{$case}{$score});
            ok($median >= $r->[0] - 0.02 && $median <= $r->[1] + 0.02, "$set $case: $score")
                or diag("@{ $got{$score} }, not within @$r");
        }
    }
}
done_testing;
