# kmeans: scikit-learn's labels, steps, inertia and centres from given starts, its quality from
# its own; models; what does not converge; what it refuses
# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;
use Cluster;
use Songpipe;
use Stream;
use Test::More;

for my $set (sets(qw(blobs dups moons gtzan))) {
    my ($name, $dir) = @$set{qw(name dir)};
    my $in = rows_sp("$dir/x.npy", "$tmp/in.sp");
    my ($x, $n, $d) = npy("$dir/x.npy");
    for my $case (csv("$dir/kmeans.csv")) {
        my $c = "$dir/kmeans_$case->{case}";
        my $init = rows_sp("${c}_init.npy", "$tmp/init.sp");
        my $command = "kmeans --init $init --tol $case->{tol} --max-iter $case->{max_iter} --save $tmp/m.sp $in";
        # Stopped by max-iter it says so, unless that very step found the labels unchanged.
        my ($full) = grep { $_->{case} eq $case->{case} =~ s/_iter3//r } csv("$dir/kmeans.csv");
        my $stopped = $case->{case} =~ /iter3/ && $full->{n_iter} > 3;
        my ($status, $out, $err) = run("$command >$tmp/out.sp");
        is($status, $stopped ? 5 : 0, "$name $case->{case}: status") or diag($err);
        like($err, qr/no convergence within 3 steps/, "$name $case->{case}: says so") if $stopped;
        my @got = records("cat $tmp/out.sp");
        my ($labels) = npy("${c}_labels.npy");
        is_deeply([map { $_->{cluster} } @got], $labels, "$name $case->{case}: labels");
        my $m = model("$tmp/m.sp");
        is($m->{config}{n_iter}, $case->{n_iter}, "$name $case->{case}: steps");
        near_all([$m->{config}{inertia}], [$case->{inertia}], 0, 1e-10, "$name $case->{case}: inertia");
        my ($centres) = npy("${c}_centres.npy");
        near_all($m->{centres}, $centres, 1e-9, 0, "$name $case->{case}: centres");
        my @distance = map {
            my ($r, $l) = ($_, $labels->[$_]);
            my $ss = 0;
            $ss += ($x->[$r * $d + $_] - $centres->[$l * $d + $_])**2 for 0 .. $d - 1;
            sqrt $ss;
        } 0 .. $n - 1;
        near_all([map { $_->{distance} } @got], \@distance, 1e-9, 1e-9, "$name $case->{case}: distances");
        is(runs("kmeans --no-history -m $tmp/m.sp $in"), runs("sp-fields --no-history $tmp/out.sp"),
            "$name $case->{case}: the model predicts the same") if $case->{case} eq 'k10';
    }
    # Our own starts: median of 20 seeds no worse than their worst, the best within 1e-3 of their best.
    my @theirs = sort { $a <=> $b } map { $_->{inertia} } my @rows = csv("$dir/kmeans_quality.csv");
    my @ours;
    for my $seed (0 .. 19) {
        runs("kmeans -q -k $rows[0]{k} --seed $seed --save $tmp/m.sp $in >/dev/null");
        push @ours, model("$tmp/m.sp")->{config}{inertia};
    }
    @ours = sort { $a <=> $b } @ours;
    cmp_ok(($ours[9] + $ours[10]) / 2, '<=', $theirs[-1] * (1 + 1e-12), "$name: median of 20 seeds");
    cmp_ok($ours[0], '<=', $theirs[0] * 1.001, "$name: best of 20 seeds");
    my $one = runs("kmeans -q -k 7 -j 1 $in");
    is(runs("kmeans -q -k 7 -j $_ $in"), $one, "$name: -j $_") for 2, 5;
    isnt(runs("kmeans -q -k 7 --seed 1 $in"), $one, "$name: another seed");
}

# Names of fields, nil, the notes.
my @rows = (record('a', x => vec(0, 0)), record('b', x => nil()), record('c', x => vec(0, 1)), record('d', x => vec(9, 9)));
spew("$tmp/in.sp", stream({}, @rows));
my @got = records("kmeans -q -k 2 $tmp/in.sp");
is($got[0]{cluster}, $got[2]{cluster}, 'neighbours together');
isnt($got[0]{cluster}, $got[3]{cluster}, 'the far one apart');
is_deeply([map { $_->{distance} } @got], [0.5, undef, 0.5, 0], 'distance, nil where x is nil');
is($got[1]{cluster}, undef, 'no cluster where x is nil');
is_deeply([sort keys %{ (records("kmeans -q -k 2 -o km $tmp/in.sp"))[0] }], [qw(id km km.distance x)], '-o names both');
my ($status, $out, $err) = run("kmeans -k 2 $tmp/in.sp");
is($err, "kmeans: inertia 0.5 after 2 steps of the best start\nkmeans: 1 without input skipped\n", 'notes');
($status, $out, $err) = run("kmeans -k 3", stream({}, map { record($_, x => vec($_ % 2)) } 1 .. 6));
is($status, 0, 'more clusters than distinct vectors');
like($err, qr/only 2 of 3 clusters have members/, 'is said');

# What it refuses.
refuses(2, qr/not a whole number from 1/, "kmeans -k $_ $tmp/in.sp") for qw(0 2.5 x 3:2 2: :3 1e10);
refuses(2, qr/--init needs a single number/, "kmeans -k 2:3 --init $tmp/in.sp $tmp/in.sp");
refuses(2, qr/--n-clusters, --init or --model is missing/, "kmeans $tmp/in.sp");
refuses(2, qr/--model and --n-clusters cannot be used together/, "kmeans -k 2 -m $tmp/m.sp $tmp/in.sp");
refuses(6, qr/3 vectors cannot make 4 clusters/, "kmeans -k 4 $tmp/in.sp");
refuses(6, qr/0 vectors cannot make 1 clusters/, "kmeans -k 1", stream({}));
refuses(6, qr/cluster exists; give -o NAME/, "kmeans -q -k 2 $tmp/in.sp | kmeans -q -k 2");
spew("$tmp/init.sp", stream({}, map { record($_, x => vec($_, 1, 1)) } 1 .. 2));
refuses(6, qr/vectors of .*init.sp have 3 numbers, those of the input 2/, "kmeans --init $tmp/init.sp $tmp/in.sp");
spew("$tmp/init.sp", stream({}, map { record($_, x => vec($_, 1)) } 1 .. 2));
refuses(6, qr/init.sp has 2 records, not the 3 of -k/, "kmeans -k 3 --init $tmp/init.sp $tmp/in.sp");
spew("$tmp/init.sp", stream({}, record('p', y => vec(1))));
refuses(6, qr/init.sp: p: x is not a vector/, "kmeans --init $tmp/init.sp $tmp/in.sp");
refuses(4, qr/--max-memory/, "kmeans -k 2 --max-memory 40 $tmp/in.sp");
runs("kmeans -q -k 2 --save $tmp/two.sp $tmp/in.sp >/dev/null");
refuses(6, qr/x has 1 numbers, but the model .* was fitted to 2/, "kmeans -m $tmp/two.sp",
    stream({}, record('a', x => vec(1))));
is_deeply([records("kmeans -q -m $tmp/two.sp", stream({}))], [], 'a model on no records');

# --batch: no worse than scikit-learn's with the same batch and as many steps.
for my $set (sets_with('minibatch.csv', 'blobs')) {
    my $in = rows_sp("$set->{dir}/x.npy", "$tmp/x.sp");
    for my $theirs (csv("$set->{dir}/minibatch.csv")) {
        my (@ours, $steps);
        for my $seed (0 .. 39) {
            run("kmeans -q -k 10 --batch $theirs->{batch} --max-iter 1 --seed $seed --save $tmp/m.sp $in >/dev/null");
            my $c = model("$tmp/m.sp")->{config};
            push @ours, $c->{inertia};
            $steps = $c->{n_iter} if !$steps || $c->{n_iter} > $steps;
        }
        @ours = sort { $a <=> $b } @ours;
        cmp_ok($steps, '<=', $theirs->{steps}, "batches of $theirs->{batch}: no more steps");
        cmp_ok(($ours[19] + $ours[20]) / 2, '<=', $theirs->{inertia}, "batches of $theirs->{batch}: median of 40 seeds");
    }
    my $one = runs("kmeans -q -k 7 --batch 40 -j 1 --save $tmp/m.sp $in");
    is(runs("kmeans -q -k 7 --batch 40 -j $_ $in"), $one, "--batch -j $_") for 2, 5;
    is(runs("cat $in | kmeans -q -k 7 --batch 40"), $one, '--batch from a pipe');
    isnt(runs("kmeans -q -k 7 --batch 40 --seed 1 $in"), $one, '--batch, another seed');
    is(runs("kmeans --no-history -m $tmp/m.sp $in"), runs('sp-fields --no-history', $one), '--batch: the model predicts the same');
    my $init = rows_sp("$set->{dir}/kmeans_k10_init.npy", "$tmp/init.sp");
    is(scalar(records("kmeans -q --init $init --batch 100 --save $tmp/m.sp $in")), 300, '--batch --init');
    is(model("$tmp/m.sp")->{config}{k}, 10, 'has as many centres');
}
spew("$tmp/in.sp", stream({}, @rows, record('bad', x => vec('nan', 1))));
($status, $out, $err) = run("kmeans -k 2 --batch 3 --max-iter 100 --on-error skip $tmp/in.sp");
is($status, 1, '--batch with a bad vector: status');
like($err, qr/inertia \d\.\d+ after \d+ batches\n/, 'notes of --batch');
is(() = $err =~ /bad: x\[0\] is/g, 1, 'what is bad is said once');
@got = jsonl(runs('to-json', $out));
is_deeply([sort keys %{ $got[1] }], [qw(cluster distance id x)], 'nil has both fields');
is($got[0]{cluster}, $got[2]{cluster}, 'neighbours together');
is_deeply([map { defined $_->{distance} || 0 } @got], [1, 0, 1, 1], 'distances of --batch');
spew("$tmp/many.sp", stream({}, map { record($_, x => vec(map { $_ * 0.1 } 1 .. 63, $_ % 7)) } 1 .. 40000));
refuses(4, qr/--max-memory/, "kmeans -q -k 7 --max-memory 8M $tmp/many.sp");
runs("kmeans -q -k 7 --batch 100 --max-memory 8M $tmp/many.sp >$tmp/out.sp");
like(runs("sp-info $tmp/out.sp"), qr/40000/, '--batch in little memory');
runs("kmeans -q -k 7 --batch 100 --save $tmp/many.m $tmp/many.sp >$tmp/out.sp");
ok(runs("kmeans -m $tmp/many.m --max-memory 8M --no-history", slurp_file("$tmp/many.sp")) eq
    runs("sp-fields --no-history $tmp/out.sp"), '--model in little memory, from a pipe');
refuses(5, qr/no convergence within 1 passes: the output is valid/, "kmeans -k 7 --batch 40000 --max-iter 1 $tmp/many.sp", undef, 1);
refuses(2, qr/--batch '2:3' is not a number of vectors/, "kmeans -k 2 --batch 2:3 $tmp/in.sp");
refuses(2, qr/--batch needs a single number/, "kmeans -k 2:3 --batch 2 $tmp/in.sp");
refuses(2, qr/--batch and --$_->[0] cannot be used together/, "kmeans -k 2 --batch 2 --$_->[0] $_->[1] $tmp/in.sp")
    for ['tol', 0.1], ['also', 'gap'], ['scan', "$tmp/s.sp"];
refuses(6, qr/3 vectors cannot make 5 clusters/, "kmeans -k 5 --batch 2 --on-error skip $tmp/in.sp");
refuses(6, qr/cluster exists; give -o NAME/, "kmeans -q -k 1 $tmp/many.sp | kmeans -q -k 2 --batch 10");
done_testing;
