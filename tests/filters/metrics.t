# metrics: scikit-learn's scores of every golden labelling under each --noise; truths, absences,
# what is undefined, what it refuses
# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;
use Cluster;
use JSON::PP;
use Songpipe;
use Stream;
use Test::More;

sub label { return defined $_[0] ? $_[0] =~ /^-?\d+$/ ? int64($_[0]) : str($_[0]) : nil() }

# Clusters of one row each that are copies of each other: scikit-learn's distances of 6e-8 between
# them stand in its Davies-Bouldin as ratios of 2. By numpy, from differences, pairs of equal
# centres left out: mean over i of max over j of (s_i + s_j) / |c_i - c_j|.
my %exact = (
    'dups dbscan_sensible' => 0.56165458800345269, 'dups dbscan_many' => 0.47783136613583771,
    'dups dbscan_border10' => 0.29580771861126992, 'gtzan dbscan_many' => 0.5259018134714285,
);
my %tolerance = (ami => 1e-9, davies_bouldin => 1e-7);
my @scores = qw(silhouette silhouette_cosine calinski_harabasz davies_bouldin nmi ami ari homogeneity completeness
    v_measure fowlkes_mallows purity matched_accuracy);

for my $set (sets(qw(blobs dups moons gtzan))) {
    my ($name, $dir) = @$set{qw(name dir)};
    my @rows = csv("$dir/labelings.csv");
    my $in = rows_sp("$dir/x.npy", "$tmp/in.sp", {}, map { my $c = $_; $c => [map { label($_->{$c}) } @rows] } keys %{ $rows[0] });
    for my $want (csv("$dir/metrics.csv")) {
        my $case = "$want->{case}, $want->{noise_mode}";
        my ($got) = records("metrics --cosine -c $want->{case} -t truth --noise $want->{noise_mode} $in");
        is_deeply([@$got{qw(n scored clusters)}], [@$want{qw(n scored clusters)}], "$name $case: counts");
        near_all([$got->{coverage}], [$want->{coverage}], 1e-15, 0, "$name $case: coverage");
        is($got->{reason} // '', $want->{reason}, "$name $case: reason");
        for my $score (@scores) {
            my $w = $want->{$score};
            $w = $exact{"$name $want->{case}"} // $w
                if $score eq 'davies_bouldin' && $want->{noise_mode} eq 'singletons';
            if ($w eq 'nan') {
                ok(exists $got->{$score} && !defined $got->{$score}, "$name $case: $score is nil");
            } else {
                # A score of thousands has no 10 digits behind the point.
                near_all([$got->{$score}], [$w], $tolerance{$score} // 1e-10, 1e-13, "$name $case: $score");
            }
        }
    }
}

# Small pairs of labels, without vectors.
my $at = 0;
for my $pair (jsonl(slurp_file("tests/golden/cluster/small_pairs.jsonl"))) {
    my ($t, $l) = @$pair{qw(truth labels)};
    my ($got) = records("metrics -t t", stream({}, map { record($_, t => int64($t->[$_]), cluster => int64($l->[$_])) } 0 .. $#$t));
    my $all_apart = keys %{ { map { $_ => 1 } @$t } } == @$t && keys %{ { map { $_ => 1 } @$l } } == @$l;
    for my $score (grep { exists $pair->{$_} } @scores) {
        my $want = $pair->{$score};
        $want = undef if !@$t;                          # nothing is scored: no score
        $want = 1 if @$t && $all_apart && $score eq 'fowlkes_mallows';     # see metrics(1)
        defined $want ? near_all([$got->{$score}], [$want], $score eq 'ami' ? 1e-9 : 1e-10, 0, "pair $at: $score")
            : is($got->{$score}, undef, "pair $at: $score is nil");
    }
    $at++;
}

# The record: its id and fields, one truth or several, no silhouette.
my @x = ([0, 0], [0, 1], [5, 5], [5, 6], [9, 0]);
my @a = ('p', 'p', 'q', 'q', undef);
my @b = (0, 1, 1, 1, 1);
my @c = (0, 0, 1, 1, -1);
spew("$tmp/in.sp", stream({ columns => { x => ['u', 'v'] } },
    map { record($_, x => vec(@{ $x[$_] }), a => label($a[$_]), b => label($b[$_]), cluster => int64($c[$_])) } 0 .. 4));
my ($r) = records("metrics --id run1 --set method=vae -s seed=3 --truth a $tmp/in.sp");
is_deeply([@$r{qw(id method seed truth with_truth classes nmi noise)}], ['run1', 'vae', 3, 'a', 4, 2, 1, 0.2], 'one truth');
($r) = records("metrics --truth a,b $tmp/in.sp");
is_deeply([@$r{qw(nmi.a purity.a with_truth.a with_truth.b classes.b)}], [1, 1, 4, 5, 2], 'two truths');
near_all([$r->{'purity.b'}], [4 / 5], 1e-15, 0, 'purity of the second');
ok(!exists $r->{nmi} && !exists $r->{truth}, 'names have the truth in them');
my ($again) = records("metrics -t a -t b $tmp/in.sp");
is_deeply($again, $r, 'two --truth');
($r) = records("metrics --no-silhouette $tmp/in.sp");
is_deeply([sort keys %$r], [qw(calinski_harabasz clusters coverage davies_bouldin id n noise reason scored)], 'no silhouette');
unlike(runs("metrics $tmp/in.sp"), qr/columns.{1,4}x/s, 'no columns of x');
is(runs("metrics -j 1 -t a $tmp/in.sp"), runs("metrics -j 3 -t a $tmp/in.sp"), 'any -j');

# Labels of any type; 1 and 1.0 are one, "1" is another.
my @mixed = (int64(1), f64(1), str('1'), bool(1), bool(0), f64(1.5), f64(1.5));
($r) = records("metrics -t t", stream({}, map { record($_, cluster => $mixed[$_], t => str('é')) } 0 .. $#mixed));
is($r->{clusters}, 5, 'types of labels');
like($r->{reason}, qr/^no field x/, 'no vectors: said');
ok(exists $r->{silhouette} && !defined $r->{silhouette}, 'no vectors: nil');

# Absent: cluster nil, x nil, truth nil everywhere; nothing at all.
my ($status, $out, $err) = run("metrics", stream({}, record('a', x => vec(1), cluster => nil()),
    record('b', x => nil(), cluster => int64(1)), map { record($_, x => vec($_), cluster => int64($_ % 2)) } 1 .. 4));
is($status, 0, 'nil is no error');
like($err, qr/2 without input skipped/, 'and is counted');
is(value((unseal($out))[0]{raw}{n}), 4, 'the others are scored');
($r) = records("metrics -t t", stream({}, map { record($_, x => vec($_), cluster => int64($_ % 2), t => nil()) } 1 .. 4));
is_deeply([@$r{qw(nmi with_truth reason)}], [undef, 0, 'no record has a t'], 'a truth that nobody has');
($r) = records("metrics -t t", stream({}));
is_deeply([@$r{qw(n coverage silhouette nmi reason)}], [0, undef, undef, undef, 'no rows left'], 'no records');

# Noise in all ways; two clusterings.
my @ways = records("metrics --noise all --id run --truth a $tmp/in.sp");
is_deeply([map { $_->{id} } @ways], [qw(run.cluster run.singletons run.drop)], 'noise in all ways');
for my $way (@ways) {
    my ($name) = $way->{id} =~ /\.(.*)/;
    my ($one) = records("metrics --noise $name --id $way->{id} --truth a $tmp/in.sp");
    is_deeply($way, $one, "the same as --noise $name");
}
($r) = records("metrics --truth b $tmp/in.sp");
near_all([$r->{matched_accuracy}], [3 / 5], 1e-15, 0, 'agreement with another clustering');
is(runs("metrics --no-history --per-cluster --truth a,b --cosine --set run=7 $tmp/in.sp"),
    runs("profile --no-history --truth a,b --cosine --set run=7 $tmp/in.sp"), '--per-cluster is profile');

# Names of any length: two truths that differ in their last byte only, and a long reason.
my ($one, $two) = map { 't' x 300 . $_ } 1, 2;
my $long = stream({}, map { record($_, x => vec($_), cluster => int64($_ % 2), $one => int64($_ % 2), $two => nil()) } 1 .. 4);
($r) = records("metrics -t $one,$two --bootstrap 9", $long);
is_deeply([@$r{"nmi.$one", "nmi.$two", "with_truth.$one", "with_truth.$two", "nmi.low.$one", "nmi.low.$two"}], [1, undef, 4, 0, 1, undef], 'long names');
is($r->{reason}, "no record has a $two", 'and a long reason');
my $id = 'i' x 600;
is(join(' ', map { $_->{id} } records("metrics --noise all --id $id", $long)), "$id.cluster $id.singletons $id.drop", 'a long id');

# Intervals: the matched share of 400 rows, 320 of them matched, is binomial.
my $many = stream({}, map { record($_, x => vec($_ % 2, $_ / 400), t => int64($_ % 2), cluster => int64(($_ % 10 < 2) ^ ($_ % 2))) } 1 .. 400);
($r) = records("metrics -t t --bootstrap 4000", $many);
near_all([@$r{qw(matched_accuracy.low matched_accuracy matched_accuracy.high)}], [0.8 - 0.0392, 0.8, 0.8 + 0.0392], 0.004, 0, 'interval');
ok($r->{"$_.low"} < $r->{$_} && $r->{$_} < $r->{"$_.high"}, "interval of $_") for qw(nmi ami ari purity silhouette);
is(runs("metrics -j 1 -t t --bootstrap 50", $many), runs("metrics -j 3 -t t --bootstrap 50", $many), 'intervals for any -j');
isnt(runs("metrics -t t --bootstrap 50 --seed 1", $many), runs("metrics -t t --bootstrap 50", $many), 'another seed');
($r) = records("metrics -t t --bootstrap 20", stream({}, map { record($_, x => vec($_), t => nil(), cluster => int64($_ % 2)) } 1 .. 4));
is_deeply([@$r{qw(nmi nmi.low nmi.high)}], [undef, undef, undef], 'no truth, no interval');

# 10^4 classes and as many clusters are too many to match.
($r) = records("metrics -t t", stream({}, map { record($_, t => int64($_), cluster => int64($_)) } 1 .. 10000));
is_deeply([@$r{qw(nmi matched_accuracy)}], [1, undef], 'too many to match');
like($r->{reason}, qr/too many clusters to match with those of t/, 'is said');

# --each: scikit-learn's silhouettes, and the other cluster that is nearest.
for (sets(qw(blobs moons dups gtzan))) {
    my $dir = $_->{dir};
    my @labels = csv("$dir/labelings.csv");
    my $all = rows_sp("$dir/x.npy", "$tmp/each.sp", {}, cluster => [map { int64($_->{kmeans}) } @labels]);
    my @got = records("metrics --each $all");
    near_all([map { $_->{silhouette} } @got], (npy("$dir/silhouette_kmeans.npy"))[0], 1e-10, 1e-10, "$_->{name}: --each");
    is(runs("metrics -j 1 --each $all"), runs("metrics -j 3 --each $all"), "$_->{name}: for any -j");
}
my @on_line = ([0, 'a'], [1, 'a'], [4, 'b'], [6, 'b'], [100, '7'], [5, undef]);
my @r = records('metrics --each', stream({}, map { record("p$_", x => vec($on_line[$_][0]),
    cluster => defined $on_line[$_][1] ? str($on_line[$_][1]) : nil()) } 0 .. 5));
is_deeply([map { $_->{next_cluster} } @r], ['b', 'b', 'a', 'a', 'b', undef], '--each: the next cluster, as it is called');
near_all([map { $_->{silhouette} } @r[0 .. 4]], [1 - 1 / 5, 1 - 1 / 4, 1 - 2 / 3.5, 1 - 2 / 5.5, 0], 1e-12, 0, 'by hand; alone is 0');
is($r[5]{silhouette}, undef, 'nil without a cluster');
@r = records('metrics --each', stream({}, map { record($_, x => vec($_), cluster => int64($_ > 2 ? -1 : 5)) } 1 .. 4));
is_deeply([map { [@$_{qw(silhouette next_cluster)}] } @r], [([undef, undef]) x 4], '--each: one cluster and noise');
refuses(2, qr/--each and --truth cannot be used together/, "metrics --each -t t $tmp/in.sp");
refuses(6, qr/a: no field cluster/, 'metrics --each', stream({}, record('a', x => vec(1))));

# --map: scikit-learn's scores of two columns as a map; labels that half of the records have; what it needs.
for my $set (sets_with('map_scores.csv', 'blobs')) {
    my ($want) = csv("$set->{dir}/map_scores.csv");
    my @rows = csv("$set->{dir}/labelings.csv");
    my ($x) = npy("$set->{dir}/x.npy");
    my $in = rows_sp("$set->{dir}/x.npy", "$tmp/map.sp", {}, xy => [map { vec(@$x[8 * $_, 8 * $_ + 1]) } 0 .. 299],
        cluster => [map { label($_->{kmeans}) } @rows], truth => [map { label($_->{truth}) } @rows],
        even => [map { $_ % 2 ? nil() : label($rows[$_]{truth}) } 0 .. 299]);
    my ($got) = records("metrics --no-silhouette --map xy -t truth,even $in");
    near_all([@$got{qw(trustworthiness continuity neighbour_hit neighbour_hit_truth.truth neighbour_hit_truth.even)}],
        [@$want{qw(trustworthiness continuity hit_kmeans hit_truth hit_truth_even)}], 1e-12, 0, "$set->{name}: --map");
    my @all = records("metrics --map xy --noise all -t truth $in");
    is(scalar grep({ $_->{trustworthiness} == $got->{trustworthiness} && defined $_->{neighbour_hit_truth} } @all), 3, 'without noise');
    ($got) = records("sp-sample -n 24 $in | metrics --map xy");
    is_deeply([@$got{qw(trustworthiness continuity reason)}], [undef, undef, 'a map needs 25 rows'], 'too few for a map');
    cmp_ok($got->{neighbour_hit}, '>', 0.1, 'but not for a hit');
    ($got) = records("sp-sample -n 12 $in | metrics --map xy");
    is($got->{neighbour_hit}, undef, 'too few for that, too');
    ($got) = records("sp-fields --drop x $in | metrics --map xy");
    is_deeply([@$got{qw(trustworthiness reason)}], [undef, 'no field x'], 'a map without vectors');
    near_all([$got->{neighbour_hit}], [$want->{hit_kmeans}], 1e-12, 0, 'has labels');
}
# Hubness by scipy's skew of scikit-learn's neighbours, and by mutual proximity.
for my $set (sets_with('hubs.csv', 'blobs')) {
    my ($want) = csv("$set->{dir}/hubs.csv");
    my ($got) = records('metrics --hubness --no-silhouette ' .
        rows_sp("$set->{dir}/x.npy", "$tmp/hubs.sp", {}, cluster => [map { int64($_ % 2) } 0 .. 299]));
    near_all([$got->{$_}], [$want->{$_}], 0, 1e-6, $_) for qw(hubness hubness_mutual);
}
($r) = records('metrics --hubness', stream({}, map { record($_, x => vec($_), cluster => int64($_ % 2)) } 1 .. 10));
is_deeply([@$r{qw(hubness hubness_mutual reason)}], [undef, undef, 'hubness needs 11 rows'], 'too few for hubness');
($r) = records('metrics --hubness', stream({}, map { record($_, x => vec($_), cluster => int64($_ % 2)) } 1 .. 11));
is_deeply([@$r{qw(hubness hubness_mutual reason)}], [0, 0, undef], 'of 11 each is everybody\'s');
refuses(2, qr/--per-cluster and --hubness cannot/, "metrics --per-cluster --hubness $tmp/in.sp");
refuses(2, qr/--each and --hubness cannot/, "metrics --each --hubness $tmp/in.sp");

# Noise that is dropped takes its places along: 30 on a line, and as many of noise that lie between them on the map only.
my @line = map { record("l$_", x => vec($_, 0), xy => vec($_), cluster => int64($_ > 15)) } 1 .. 30;
my @between = map { record("n$_", x => vec($_, 99), xy => vec($_ + 0.3), cluster => int64(-1)) } 1 .. 30;
my ($drop) = records('metrics --map xy --noise drop', stream({}, map { ($between[$_], $line[$_]) } 0 .. 29));
is_deeply([@$drop{qw(scored trustworthiness continuity)}], [30, 1, 1], 'the map without noise');
my ($kept) = records('metrics --map xy', stream({}, map { ($between[$_], $line[$_]) } 0 .. 29));
cmp_ok($kept->{trustworthiness}, '<', 0.9, 'and with it');
($r) = records('metrics --map xy', stream({}, record('a', x => vec(1), xy => nil(), cluster => int64(1)), record('b', x => vec(1), xy => vec(1), cluster => int64(1))));
is($r->{n}, 1, 'a place that is nil is skipped');
refuses(6, qr/a: no field at/, 'metrics --map at', stream({}, record('a', x => vec(1), cluster => int64(1))));
refuses(6, qr/b: xy/, 'metrics --map xy', stream({}, map { record($_->[0], x => vec(1), xy => vec(@$_[1 .. $#$_]), cluster => int64(1)) } ['a', 1, 2], ['b', 1]));
refuses(2, qr/--per-cluster and --map cannot/, "metrics --per-cluster --map xy $tmp/in.sp");
refuses(2, qr/--each and --map cannot/, "metrics --each --map xy $tmp/in.sp");

# What it refuses.
my $lacks = stream({}, record('a', cluster => int64(1)), record('b', x => vec(1), cluster => int64(1)),
    record('c', x => vec(2), cluster => int64(0)), record('d', x => vec(2), cluster => int64(1)));
refuses(6, qr/^metrics: a: no field x/, "metrics", $lacks);
($status, $out, $err) = run("metrics --on-error skip", $lacks);
is($status, 1, 'a vector is lacking, skip');
is(value((unseal($out))[0]{raw}{n}), 3, 'it does not count');
refuses(6, qr/c: no field x/, "metrics", stream({}, record('b', x => vec(1), cluster => int64(1)), record('c', cluster => int64(0))));
refuses(6, qr/a: no field cluster/, "metrics", stream({}, record('a', x => vec(1))));
refuses(6, qr/a: no field genre/, "metrics -t genre", stream({}, record('a', x => vec(1), cluster => int64(1))));
refuses(6, qr/a: cluster is not a label/, "metrics", stream({}, record('a', x => vec(1), cluster => vec(1))));
refuses(3, qr/id a appears twice/, "metrics", stream({}, map { record('a', x => vec(1), cluster => int64(1)) } 1, 2));
refuses(2, qr/--set 'x' is not NAME=VALUE/, "metrics --set x $tmp/in.sp");
refuses(2, qr/--truth 'a,' has an empty word/, "metrics --truth a, $tmp/in.sp");
refuses(2, qr/--per-cluster needs --noise=cluster or --noise=drop/, "metrics --per-cluster $_ $tmp/in.sp") for '--noise all', '--noise singletons';
refuses(2, qr/--per-cluster and --bootstrap cannot be used together/, "metrics --per-cluster --bootstrap 9 $tmp/in.sp");
refuses(4, qr/not enough memory for the silhouette: .* needed/, "metrics --max-memory 100 $tmp/in.sp");
done_testing;
