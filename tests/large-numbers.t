#!/usr/bin/perl
# Numbers near the largest float: what is computed from them and is not finite is a bad record, or ends
# the run with a reason; none goes out with status 0 or 1.
# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;
use Ear ();
use Encoder;
use Songpipe;
use Stream;
use Test::More;

my @rows = ([3e38, -3e38, 1, 3e38], [-3e38, 3e38, 2, 3e38], [3e38, 3e38, -3, -3e38], [-3e38, -3e38, 4, 3e38], [3e38, -3e38, 5, -3e38],
    [-3e38, 3e38, 3e38, 1], [1, 2, 3, 4], [-3e38, -3e38, -3e38, -3e38]);
my @ids = 'a' .. 'h';
my $big = runs('from-json', join '', map { "{\"id\":\"$ids[$_]\",\"g\":\"" . ('r', 's')[$_ % 2] . "\",\"h\":" . int($_ / 2) . ",\"c\":" . int($_ / 3) . ",\"track\":\"t\",\"x\":[" . join(',', @{ $rows[$_] }) . "]}\n" } 0 .. $#rows);
spew("$tmp/big.sp", $big);

# Whether numbers in the stream are NaN or infinite.
sub holds { return runs("sp-info $tmp/out.sp") =~ /(\S+)\s.*with NaN or infinity/ ? $1 : '' }

for my $command ('zscore', 'zscore --per all', 'pca -n 2', 'pca -n 2 --solver randomized', 'pca -n 2 --whiten', 'whiten --ridge 1', 'l2norm',
    'neighbours -k 2', 'neighbours -k 2 --metric cosine', 'kmeans -k 2', 'agglo -k 2', 'dbscan --eps 1', 'spectral -k 2', 'fuse x=2', 'fuse x=1e30',
    'pool --by track', 'pool --by track --stats mean,std', 'sp-sample -n 2', 'kmeans -k 2:3', 'agglo -k 2:3', 'spectral -k 2 --affinity knn', 'hdbscan --min-cluster-size 2',
    'metrics --cluster c --truth g', 'metrics --cluster c --truth g --cosine', 'metrics --cluster c --truth g --bootstrap 20', 'metrics --cluster c --per-cluster',
    'profile --cluster c --truth g', 'profile --cluster c --cosine', 'confusion --cluster c --truth g', 'l2norm --norm l1', 'l2norm --norm max', 'zscore --per element',
    'vae-train --hidden 3 --latent 2 --epochs 2 -q', 'vae-train --hidden 3 --latent 2 --epochs 2 -q --recon l1', 'sp-fields --keep x',
    "sp-join --with $tmp/big.sp", 'lda --by h --ridge 0.1', 'lda --by h', 'tsne --perplexity 2 --n-iter 20 -q', 'tsne --perplexity 2 --n-iter 20 -q --metric cosine',
    'tsne --perplexity 2 --n-iter 20 -q --init random', 'umap -k 3 -q', 'umap -k 3 -q --init pca', 'umap -k 3 -q --metric cosine', 'sp-sort c', 'mixture -k 2', 'mixture -k 1 --covariance full', 'mixture -k 2:3', 'hdbscan -c 2 --metric cosine', 'outliers -k 2',
    'outliers -k 2 --method knn', 'outliers -k 2 --metric cosine', 'outliers --method centre --cluster c', 'metrics --each --cluster c',
    'contrast-train --by h --hidden 3 --out 2 --epochs 2 -q', 'contrast-train --by h --hidden 3 --out 2 --epochs 2 -q --control untrained') {
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
runs("from-json >$tmp/even.sp", join '', map { my $i = $_; "{\"id\":\"$i\",\"g\":\"@{[$i % 4]}\",\"x\":[" . join(',', map { sprintf '%.3f', sin $i * $_ } 1 .. 4) . "]}\n" } 1 .. 12);
my %weights;
for my $fit ("lda --by g --save", "mixture -k 2 -o c --save", "tsne --perplexity 2 --n-iter 20 -q -o xy --save", "umap -k 3 -q --save", "contrast-train --by g --hidden 3 --out 2 --epochs 1 -q") {
    my ($name) = $fit =~ /^(\S+)/;
    my $model = "$tmp/$name.model";
    runs("$fit " . ($fit =~ /--save/ ? "$model $tmp/even.sp >/dev/null" : "$tmp/even.sp >$model"));
    # Each tensor of the model by turns: its numbers near the largest.
    my $bytes = slurp_file($model) =~ s/\x93\xd7ESONGPIPE.*//sr;
    my @models = ($bytes);
    for my $type ('f', 'd') {
        my $code = $type eq 'f' ? '<f4' : '<f8';
        while ($bytes =~ /\Q$code\E.*?\xc4\x04data\xc4(.)/sg) {
            my ($at, $n) = (pos $bytes, ord $1);
            my $size = $type eq 'f' ? 4 : 8;
            my $changed = $bytes;
            substr($changed, $at, $n) = pack "$type<*", ($type eq 'f' ? 3e38 : 1e300) x ($n / $size);
            push @models, $changed;
        }
    }
    cmp_ok(scalar @models, '>', 1, "$name: models with heavy tensors");
    my $use = $name =~ s/-train$/-encode/r;
    for my $i (0 .. $#models) {
        spew("$tmp/one.model", seal($models[$i]));
        for my $in ('big', 'even') {
            my ($status, undef, $err) = run("$use -o out -m $tmp/one.model $tmp/$in.sp >$tmp/out.sp");
            $status == 0 ? is(holds(), '', "$use, model $i, $in: what goes out is finite") : like($err, qr/finite|too large|bad model|limit|far/, "$use, model $i, $in: says why ($status)");
        }
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
my $pcm = runs('from-json', '{"id":"a","rate":22050,"pcm":[' . join(',', map { (3e38, -3e38)[$_ / 7 % 2] } 1 .. 30000) . ']}');
Ear::folder("$tmp/ear");
Ear::folder("$tmp/heavy", weights => sub { my ($name, $x) = @_; @$x = map { $_ * 4e38 } @$x if $name =~ /dense.*kernel/ });
for my $command ('mfcc', 'logmel', 'chromagram', 'descriptors', 'segment --length 0.1', "embed-audio -m $tmp/ear", "embed-audio -m $tmp/heavy", "embed-audio -m $tmp/ear --layer taggram") {
    my ($status, undef, $err) = run("$command >$tmp/out.sp", $pcm);
    $status == 0 ? is(holds(), '', "$command: what goes out is finite") : like($err, qr/overflows|finite|too loud/, "$command: says why");
}

my $soft = runs('from-json', '{"id":"a","rate":16000,"pcm":[' . join(',', map { sprintf '%.4f', sin $_ / 9 } 1 .. 50000) . ']}');
runs("embed-audio -m $tmp/ear -q >$tmp/out.sp", $soft);
is(holds(), '', 'embed-audio: finite');
refuses(6, qr/^embed-audio: a: the network gives numbers that are not finite$/, "embed-audio -m $tmp/heavy -q", $soft, 1);
my $bands = runs('from-json', '{"id":"a","frame_rate":43,"logmel":[' . join(',', map { '[' . join(',', map { (3e38, -3e38, 1)[$_ % 3] } 1 .. 40) . ']' } 1 .. 200) . ']}');
for my $command ('texture', 'texture --groups band', 'texture --groups modulation') {
    my ($status, undef, $err) = run("$command >$tmp/out.sp", $bands);
    $status == 0 ? is(holds(), '', "$command: what goes out is finite") : like($err, qr/too large|finite/, "$command: says why");
}
runs("from-json >$tmp/far.sp", join '', map { '{"id":"' . $_ . '","path":"' . $_ . '.wav","cluster":1,"distance":' . 1e308 * $_ . ',"xy":[' . 3e38 * $_ . ',' . -3e38 * $_ . "]}\n" } -1, 0, 1);
for my $command ('map-page', 'scatter', 'to-m3u --missing', 'to-m3u --missing --order path -i xy') {
    my ($status, $out, $err) = run("$command $tmp/far.sp");
    $out =~ s/<script>.*|<style>.*?<\/style>//gs;           # the page's own words
    $status == 0 ? unlike($out, qr/\b(nan|inf|infinity)\b/i, "$command: what it writes is finite") : like($err, qr/too large|finite/, "$command: says why ($status)");
}

# Numbers to text and back: none becomes infinite on the way.
like(runs("to-json $tmp/big.sp | from-json | sp-diff - $tmp/big.sp && to-csv $tmp/big.sp | from-csv --id id | sp-info"), qr/valid/, 'as text and back');
unlike(runs("sp-info $tmp/big.sp"), qr/NaN|infinity/, '... finite');
done_testing;
