# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;
use Cluster;
use Songpipe;
use Stream;
use Test::More;

# scikit-learn's GaussianMixture, from the clusters of k-means: means in float, whose nearest they are.
for (sets_with('gmm.csv', qw(blobs moons dups gtzan))) {
    my ($set, $dir) = @$_{qw(name dir)};
    runs("from-npy $dir/x.npy > $tmp/x.sp");
    my (undef, $n) = npy("$dir/x.npy");
    for my $c (csv("$dir/gmm.csv")) {
        my $name = "$set $c->{case}";
        my ($centres, $k, $d) = npy("$dir/kmeans_k$c->{k}_centres.npy");
        my $starts = stream({}, map { record($_, x => vec(@$centres[$_ * $d .. ($_ + 1) * $d - 1])) } 0 .. $k - 1);
        spew("$tmp/starts.sp", $starts);
        my @got = records("mixture -q --covariance $c->{covariance} --init $tmp/starts.sp --tol 1e-6 --max-iter 200 --save $tmp/m.sp $tmp/x.sp");
        my $m = model("$tmp/m.sp");
        is($m->{config}{n_iter}, $c->{n_iter}, "$name: steps");
        # Theirs of a constant column is mean x^2 - mean^2, which is 1e-10 and not 0 beside a reg_covar of 1e-6.
        near_all([@{ $m->{config} }{qw(lower_bound bic aic)}], [@$c{qw(lower_bound bic aic)}], 1e-8, 1e-6, "$name: likelihood, BIC, AIC");
        near_all($m->{means}, (npy("$dir/gmm_$c->{case}_means.npy"))[0], 0, 1e-5, "$name: means");
        near_all($m->{weights}, (npy("$dir/gmm_$c->{case}_weights.npy"))[0], 0, 1e-6, "$name: weights");
        is_deeply([map { $_->{cluster} } @got], (npy("$dir/gmm_$c->{case}_labels.npy"))[0], "$name: labels");
        my @sum = map { my $s = 0; $s += $_ for @{ $_->{p} }; $s } @got;
        near_all(\@sum, [(1) x $n], 0, 1e-6, "$name: what is likely adds up to 1");
    }
}

# By hand: two groups of four on a line, 100 apart, with variances 1.25 and 5; what is far off does not lose digits.
my @line = (0, 1, 2, 3, 100, 102, 104, 106);
for my $far (0, 1e6) {
    my $in = stream({}, map { record($_, x => vec($far + $line[$_], 5)) } 0 .. 7);
    my @got = records("mixture -k 2 -q --reg-covar 0.25 --covariance diag --save $tmp/m.sp", $in);
    is_deeply([map { $_->{cluster} == $got[0]{cluster} ? 0 : 1 } @got], [(0) x 4, (1) x 4], "at $far: two groups");
    my $m = model("$tmp/m.sp");
    my $a = $got[0]{cluster};
    near_all([@{ $m->{means} }[2 * $a, 2 - 2 * $a]], [$far + 1.5, $far + 103], 1e-12, 0, "at $far: means");
    near_all([@{ $m->{covariances} }[2 * $a, 2 - 2 * $a, 1]], [1.5, 5.25, 0.25], 1e-12, 0, "at $far: variances");
    near_all($m->{weights}, [0.5, 0.5], 1e-12, 0, "at $far: weights");
    my $log = -0.5 * log(2 * 3.14159265358979);
    my $want = 2 * $log + log(0.5) - 0.25 * log(1.5 * 5.25) - 0.5 * log(0.25) - 0.25 * (1.25 / 1.5 + 5 / 5.25);
    near_all([@{ $m->{config} }{qw(lower_bound aic)}], [$want, -16 * $want + 2 * 9], 1e-9, 0, "at $far: likelihood, AIC");
}

# One cluster has one covariance, tied or not; a model gives what its fit gave.
my ($set) = sets('blobs');
my $blobs = rows_sp("$set->{dir}/x.npy", "$tmp/blobs.sp");
my %one = map { runs("mixture -q -k 1 --covariance $_ --save $tmp/$_.sp $blobs"); $_ => model("$tmp/$_.sp") } qw(tied full);
near_all($one{tied}{covariances}, $one{full}{covariances}, 1e-12, 1e-15, 'tied and full of one cluster');
for my $kind (qw(spherical diag tied full)) {
    my $fitted = runs("mixture -q -k 5 --covariance $kind --n-init 3 --no-history --save $tmp/m.sp $blobs");
    is(runs("mixture -q -k 5 --covariance $kind --init kmeans --n-init 3 --no-history $blobs"), $fitted, "$kind: --init kmeans is the default");
    is(runs("mixture --no-history -m $tmp/m.sp $blobs"), $fitted, "$kind: the model gives what its fit gave");
    is(runs("mixture -q -j 1 -k 5 --covariance $kind $blobs"), runs("mixture -q -j 3 -k 5 --covariance $kind $blobs"), "$kind: for any -j");
}
my @frames = map { $_->{frame} =~ s/full/diag/r } unseal(slurp_file("$tmp/m.sp"));
spew("$tmp/bad.sp", stream({ kind => 'model' }, @frames));
refuses(3, qr/its covariances do not fit its means/, "mixture -m $tmp/bad.sp $blobs");
refuses(6, qr/x has 2 numbers, but the model .* was fitted to 8/, "mixture -m $tmp/m.sp", stream({}, record('a', x => vec(1, 2))));
is(scalar records("mixture -m $tmp/m.sp", stream({})), 0, 'a model and no records');
my $some = stream({}, map { record($_, x => $_ % 5 ? vec(map { $_ / 7 } 1 .. 8) : $_ % 2 ? nil : vec(1, 2, 3)) } 1 .. 9000);
my @all = records("mixture -m $tmp/m.sp --on-error emit --max-memory 8M", $some);
is_deeply([scalar @all, scalar grep({ defined $_->{cluster} } @all), scalar grep({ @{ $_->{p} // [] } == 5 } @all),
        scalar grep({ $_->{error} } @all)], [9000, 7200, 7200, 900], 'a model on several blocks: nil and bad ones among them');
refuses(2, qr/the model has its clusters/, "mixture -m $tmp/m.sp -k 3 $blobs");

# What collapses is held, and said.
my ($status, $out, $err) = run('mixture -k 2 --covariance full', stream({}, map { record($_, x => vec($_ % 2, $_ % 2, 7)) } 1 .. 20));
is($status, 0, 'copies are no error');
like($err, qr/2 of 2 clusters have no spread in some direction: --reg-covar holds them/, 'and said');
like((run('mixture -k 2 --reg-covar 0', stream({}, map { record($_, x => vec($_ % 2, $_ % 2)) } 1 .. 20)))[2],
    qr/2 of 2 clusters have no spread in some direction: a least variance holds them/, 'without --reg-covar, too');
is_deeply([map { $_->{cluster} } records('mixture -q -k 1', stream({}, record('a', x => vec(3, 4))))], [0], 'one record');
refuses(6, qr/3 vectors cannot make 4 clusters/, 'mixture -k 4', stream({}, map { record($_, x => vec($_)) } 1 .. 3));
like((run("mixture -k 5 --max-iter 1 $blobs"))[2], qr/no convergence within 1 steps/, 'steps that do not suffice');
is((run("mixture -k 5 --max-iter 1 $blobs"))[0], 5, 'are status 5');

# A scan takes the least BIC.
my ($chosen) = run("mixture -k 1:8 --covariance spherical --scan $tmp/scan.sp $blobs");
my @scan = records("cat $tmp/scan.sp");
is_deeply([map { $_->{k} } @scan], [1 .. 8], 'every k');
is_deeply([sort keys %{ $scan[0] }], [sort qw(id k bic aic silhouette calinski_harabasz davies_bouldin n_iter converged)], 'and its scores');
runs("mixture -q -k $_->{k} --covariance spherical --save $tmp/m.sp $blobs"),
    near_all([@$_{qw(bic aic)}], [@{ model("$tmp/m.sp")->{config} }{qw(bic aic)}], 1e-12, 0, "k $_->{k}: as by itself") for @scan;
my ($best) = sort { $a->{bic} <=> $b->{bic} } @scan;
like((run("mixture -k 1:8 --covariance spherical $blobs"))[2], qr/^mixture: k = $best->{k} is the best: BIC /m, 'the least BIC');
done_testing;
