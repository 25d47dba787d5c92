# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;
use Songpipe;
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
refuses(4, qr/similarity matrix needs .* --max-memory/, 'from-csv --id id | spectral -k 2 --max-memory 300', $line, 1);
refuses(2, qr/--gamma '-1' is no number above 0/, 'spectral --gamma=-1');
my @r = records('from-json | spectral -q -k 1', qq({"id":"a","x":[1]}\n{"id":"b","x":null}\n{"id":"c","x":[2]}\n));
is_deeply([map { $_->{cluster} } @r], [0, undef, 0], 'nil is passed over');

# The agreement with the truth that scikit-learn reaches over its seeds.
SKIP: {
    my $golden = shared('golden/cluster') or skip 'needs ../shared', 1;
    for my $set (qw(blobs moons gtzan)) {
        my %range;
        my @truth = map { $_->{truth} } csv("$golden/$set/labelings.csv");
        for my $q (csv("$golden/$set/spectral_quality.csv")) {
            my $r = $range{"$q->{affinity} $q->{k}"} //= [2, -2];
            $r->[0] = $q->{ari} if $q->{ari} < $r->[0];
            $r->[1] = $q->{ari} if $q->{ari} > $r->[1];
        }
        my ($x, $n, $d) = npy("$golden/$set/x.npy");
        runs("from-npy $golden/$set/x.npy > $tmp/x.sp");
        for my $case (sort keys %range) {
            my ($kind, $k) = split / /, $case;
            next if $kind eq 'rbf1';        # dozens of parts in gtzan: any choice of k of them is right
            my $options = $kind eq 'nn10' ? '--affinity knn' : '--gamma ' . 1 / $d;
            my @ari;
            for my $seed (0 .. 4) {
                my @got = map { $_->{cluster} } records("spectral -q -k $k $options --seed $seed $tmp/x.sp");
                push @ari, ari(\@truth, \@got);
            }
            my $median = (sort { $a <=> $b } @ari)[2];
            ok($median >= $range{$case}[0] - 0.02 && $median <= $range{$case}[1] + 0.02, "$set $case: ARI")
                or diag("@ari, not within @{ $range{$case} }");
        }
    }
}

# Adjusted Rand index (Hubert and Arabie 1985, equation 5).
sub ari {
    my ($u, $v) = @_;
    my (%n, %a, %b);
    for my $i (0 .. $#$u) {
        $n{"$u->[$i] $v->[$i]"}++;
        $a{ $u->[$i] }++;
        $b{ $v->[$i] }++;
    }
    my $pairs = sub { my $s = 0; $s += $_ * ($_ - 1) / 2 for @_; return $s };
    my ($index, $x, $y) = ($pairs->(values %n), $pairs->(values %a), $pairs->(values %b));
    my $expected = $x * $y / $pairs->(scalar @$u);
    return ($index - $expected) / (($x + $y) / 2 - $expected);
}
done_testing;
