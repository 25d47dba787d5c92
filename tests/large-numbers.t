#!/usr/bin/perl
# Numbers near the largest float: what is computed from them and is not finite is a bad record, or ends
# the run with a reason; none goes out with status 0 or 1.
# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;
use Encoder;
use Songpipe;
use Stream;
use Test::More;

my @rows = ([3e38, -3e38, 1, 3e38], [-3e38, 3e38, 2, 3e38], [3e38, 3e38, -3, -3e38], [-3e38, -3e38, 4, 3e38], [3e38, -3e38, 5, -3e38],
    [-3e38, 3e38, 3e38, 1], [1, 2, 3, 4], [-3e38, -3e38, -3e38, -3e38]);
my @ids = 'a' .. 'h';
my $big = runs('from-json', join '', map { "{\"id\":\"$ids[$_]\",\"g\":\"" . ('r', 's')[$_ % 2] . "\",\"c\":" . int($_ / 3) . ",\"track\":\"t\",\"x\":[" . join(',', @{ $rows[$_] }) . "]}\n" } 0 .. $#rows);
spew("$tmp/big.sp", $big);

# Whether numbers in the stream are NaN or infinite.
sub holds { return runs("sp-info $tmp/out.sp") =~ /(\S+)\s.*with NaN or infinity/ ? $1 : '' }

for my $command ('zscore', 'zscore --per all', 'pca -n 2', 'pca -n 2 --solver randomized', 'pca -n 2 --whiten', 'whiten --ridge 1', 'l2norm',
    'neighbours -k 2', 'neighbours -k 2 --metric cosine', 'kmeans -k 2', 'agglo -k 2', 'dbscan --eps 1', 'spectral -k 2', 'fuse x=2', 'fuse x=1e30',
    'pool --by track', 'pool --by track --stats mean,std', 'sp-sample -n 2', 'kmeans -k 2:3', 'agglo -k 2:3', 'spectral -k 2 --affinity knn', 'hdbscan --min-cluster-size 2',
    'metrics --cluster c --truth g', 'metrics --cluster c --truth g --cosine', 'metrics --cluster c --truth g --bootstrap 20', 'metrics --cluster c --per-cluster',
    'profile --cluster c --truth g', 'profile --cluster c --cosine', 'confusion --cluster c --truth g', 'l2norm --norm l1', 'l2norm --norm max', 'zscore --per element',
    'vae-train --hidden 3 --latent 2 --epochs 2 -q', 'vae-train --hidden 3 --latent 2 --epochs 2 -q --recon l1', 'sp-fields --keep x',
    "sp-join --with $tmp/big.sp") {
    my ($status, undef, $err) = run("$command $tmp/big.sp >$tmp/out.sp");
    if ($status == 0) {
        is(holds(), '', "$command: what goes out is finite") or diag($err);
    } elsif ($status == 5) {
        like($err, qr/diverged/, "$command: status 5");
        is(holds(), '', "$command: its model is finite");
    } else {
        ok($status == 6 || $status == 2, "$command: status $status") or diag($err);
        like($err, qr/finite|too large|limit|dependent|unknown option|not one of|is -?(inf|nan)/, "$command: says why");
    }
}
for my $command ('fuse x=2', 'fuse x=1e30', 'pca -n 2', 'pca -n 2 --solver randomized') {
    refuses(6, qr/: [a-h]: x would not be finite: the numbers that it is computed from are too large$/m, "$command $tmp/big.sp", undef, 1);
    my ($status, undef, $err) = run("$command --on-error skip $tmp/big.sp >$tmp/out.sp");
    is($status, 1, "$command --on-error skip: status 1") or diag($err);
    is(holds(), '', "$command --on-error skip: the rest is finite");
    runs("$command --on-error emit $tmp/big.sp >$tmp/out.sp");
    is(holds(), '', "$command --on-error emit: nil, or finite");
    like(runs("to-json $tmp/out.sp"), qr/"x":null.*would not be finite/, "$command --on-error emit: with the reason");
}
refuses(6, qr/: a: neighbours.distance would not be finite/, "neighbours -k 2 $tmp/big.sp", undef, 1);
my $frames = runs('from-json', '{"id":"a","m":[[3e38,1],[3e38,2],[-3e38,3],[3e38,4]],"frame_rate":10}' . "\n");
for my $stats ('mean', 'mean,std', 'std', 'median,iqr', 'skew') {
    my ($status, undef, $err) = run("summarize -i m --stats $stats >$tmp/out.sp", $frames);
    $status == 0 ? is(holds(), '', "summarize --stats $stats: what goes out is finite") : ok($status == 6 || $status == 2, "summarize --stats $stats: status $status") || diag($err);
}

# Nets: of an input that is too large, and of weights that are.
runs("zscore $tmp/big.sp | vae-train --hidden 3 --latent 2 --epochs 1 -q >$tmp/vae.sp 2>/dev/null || true");
my $trained = runs('from-json | vae-train --hidden 3 --latent 2 --epochs 1 -q', join '', map { "{\"id\":\"$_\",\"x\":[$_,1,2,3]}\n" } 1 .. 8);
my $heavy = $trained;
my $packed = $trained =~ s/\x93\xd7ESONGPIPE.*//sr;
$packed =~ s/(dec\.2\.bias.*?\xc4\x10)(.{16})/$1 . pack 'f<4', (3e38) x 4/se or die;
$packed =~ s/(\xa7mu\.bias.*?\xc4\x08)(.{8})/$1 . pack 'f<2', (3e38) x 2/se or die;
spew("$tmp/vae.sp", $trained);
spew("$tmp/heavy.sp", seal($packed));
for my $model ('vae.sp', 'heavy.sp') {
    for my $command (map({ "vae-encode -m $tmp/$model $_ $tmp/big.sp" } '', '--sample', '--both', '--score', '--sample --both --score'),
        map { "vae-decode -m $tmp/$model $_" } "$tmp/codes.sp") {
        spew("$tmp/codes.sp", runs('from-json', '{"id":"a","x":[3e38,-3e38]}' . "\n" . '{"id":"b","x":[3e38,3e38]}' . "\n"));
        my ($status, undef, $err) = run("$command >$tmp/out.sp");
        $status == 0 ? is(holds(), '', "$command: what goes out is finite") : like($err, qr/finite|too large/, "$command: says why");
    }
}
folder("$tmp/encoder");
my $weights = slurp_file("$tmp/encoder/model.safetensors");
my $head = 8 + unpack 'Q<', $weights;
for my $times (1e10, 1e30, 6e38) {
    spew("$tmp/encoder/model.safetensors", substr($weights, 0, $head) . pack 'f<*', map { $_ * $times } unpack 'f<*', substr $weights, $head);
    my ($status, undef, $err) = run("embed -m $tmp/encoder >$tmp/out.sp", runs('from-json', '{"id":"a","lyrics":"la love"}'));
    $status == 0 ? is(holds(), '', "embed, weights times $times: finite") : like($err, qr/finite/, "embed, weights times $times: says why");
}

# Sound.
my $pcm = runs('from-json', '{"id":"a","rate":22050,"pcm":[' . join(',', map { (3e38, -3e38)[$_ / 7 % 2] } 1 .. 8000) . ']}');
for my $command ('mfcc', 'logmel', 'chromagram', 'descriptors', 'segment --length 0.1') {
    my ($status, undef, $err) = run("$command >$tmp/out.sp", $pcm);
    $status == 0 ? is(holds(), '', "$command: what goes out is finite") : like($err, qr/overflows|finite/, "$command: says why");
}

# Numbers to text and back: none becomes infinite on the way.
like(runs("to-json $tmp/big.sp | from-json | sp-diff - $tmp/big.sp && to-csv $tmp/big.sp | from-csv --id id | sp-info"), qr/valid/, 'as text and back');
unlike(runs("sp-info $tmp/big.sp"), qr/NaN|infinity/, '... finite');
done_testing;
