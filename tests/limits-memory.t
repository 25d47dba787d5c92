#!/usr/bin/perl
# What a stream, a text or a model claims, and what the machine lacks: --max-memory is kept by each filter,
# and where memory ends, there is a reason and status 4, no endless loop: the alarm is what fails.
# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;
use Ear ();
use Encoder;
use JSON::PP;
use Songpipe;
use Stream;
use Test::More;

my $patience = $ENV{SONGPIPE_ASAN} ? 120 : 20;
sub soon { return "timeout $patience bash -c '$_[0]'" }
sub file { spew("$tmp/$_[0]", $_[1]); return "$tmp/$_[0]" }

# ---- a vector of 2^28 - 1 numbers in 200 bytes, of which one is not zero ----

sub claims { return "\x83" . str('sparse') . pack('CN', 0xce, 2**28 - 1) . str('index') . tensor('<u4', [1], pack 'V', $_[0]) . str('value') . tensor('<f4', [1], pack 'f<', 1) }
my $claim = file('claim.sp', stream({}, map { record("r$_", g => str($_ % 2 ? 'a' : 'b'), t => str('t' . int $_ / 2), x => claims($_)) } 1 .. 4));
refuses(4, qr/not enough memory/, soon("$_ --max-memory 10M $claim"), undef, 1)
    for 'pool --by t', 'fuse x=1', "to-npy --output $tmp/x.npy", 'kmeans -k 2', 'agglo -k 2', 'dbscan --eps 1', 'spectral -k 2', 'neighbours -k 1',
        'metrics --cluster g --truth g', 'profile --cluster g', 'zscore', 'whiten', 'pca -n 1', 'pca -n 1 --solver randomized',
        'vae-train --hidden 1 --latent 1', 'scatter -i x', 'lda --by g', 'tsne --perplexity 1', 'umap', 'hdbscan -c 2', 'mixture -k 2', 'outliers -k 1', 'metrics --each --cluster g',
        'contrast-train --by g --hidden 1 --out 1', 'map-page -i x';
ok(!-e "$tmp/x.npy", 'to-npy leaves no file');
for ('l2norm', 'sp-info', 'to-json', 'sp-fields --keep x', 'sp-sample -n 1') {
    my ($status) = run(soon("$_ --max-memory 10M $claim"));
    is($status, 0, "$_ does not write the zeros out");
}

# ---- tables of ids, of labels and of groups; what is held of each record ----

SKIP: {
    skip 'the sanitizers hold memory of their own, which malloc does not tell', 1 if $ENV{SONGPIPE_ASAN};
    my $ids = file('ids.json', join '', map { "{\"id\":\"$_\",\"g\":\"label $_\",\"x\":[" . $_ % 7 . ",1]}\n" } 1 .. 900000);
    runs("from-json $ids >$tmp/ids.sp");
    refuses(4, qr/not enough memory: .* --max-memory is 2.0 MiB/, soon("$_ --max-memory 2M $tmp/ids.sp"), undef, 1)
        for 'sp-info', 'metrics --cluster g --truth g', 'pool --by g', 'confusion --cluster g --truth g', 'scatter -c g';
    refuses(4, qr/not enough memory: .* --max-memory is 2.0 MiB/, soon("from-json --max-memory 2M $ids"), undef, 1);

    # ---- JSON, which takes up to 75 times its bytes ----

    for my $part ('[]', '{}', '1', '""', '{"a":{"b":[1]}}', '[[[[[]]]]]') {
        my $json = file('blow.json', '{"id":"a","x":[' . join(',', ($part) x 1e6) . "]}\n");
        refuses(4, qr/not enough memory: .* --max-memory is 10.0 MiB/, soon("from-json --max-memory 10M $json"), undef, 1);
        my ($status, undef, $err) = run(soon("ulimit -v 60000; from-json --max-memory 10M $json"));
        is($status, 4, "$part: less than 60 MB") or diag($err);
    }
    refuses(4, qr/not enough memory/, soon("from-json --max-memory 5M " . file('flat.json', '{' . join(',', map { "\"k$_\":{}" } 1 .. 60000) . '}')), undef, 1);
}

# ---- a model that claims more than it has ----

sub words { my %word = @_; return map { $_ => str($word{$_}) } sort keys %word }
sub sizes { return tensor('<i4', [scalar @_], pack 'l<*', @_) }
sub vae {
    my (%more) = @_;
    my %m = (input => str('x'), shape => sizes(4), conv => bool(0), hidden => sizes(3), latent => int64(2), slope => f64(.01), batch_norm => bool(0),
        residual => bool(0), dropout => f64(0), variational => bool(1), logvar_max => f64(0), beta => f64(1), %more);
    my %shape = ('enc.0.weight' => [3, 4], 'enc.0.bias' => [3], 'mu.weight' => [2, 3], 'mu.bias' => [2], 'logvar.weight' => [2, 3], 'logvar.bias' => [2],
        'dec.0.weight' => [3, 2], 'dec.0.bias' => [3], 'dec.2.weight' => [4, 3], 'dec.2.bias' => [4]);
    my @weights = map { my $n = 1; $n *= $_ for @{ $shape{$_} }; record($_, x => tensor('<f4', $shape{$_}, pack 'f<*', (.1) x $n)) } sort keys %shape;
    return file('vae.model', stream({ kind => 'model' }, record('vae-train', words(activation => 'relu', recon => 'mse', reduce => 'sum'), %m), @weights));
}
my $four = runs('from-json', '{"id":"a","x":[1,2,3,4]}' . "\n" . '{"id":"b","x":[4,3,2,2]}' . "\n");
my $limit = $ENV{SONGPIPE_ASAN} ? '' : 'ulimit -v 300000; unset OPENBLAS_NUM_THREADS; ';
runs("vae-encode -m ${\vae()}", $four);
my @images = (conv => bool(1), shape => sizes(16384, 16384), kernel => int64(3), stride => int64(1));
for (['hidden 2^24', hidden => sizes(2**24)], ['input 2^28', shape => sizes(2**24)], ['latent 2^20', latent => int64(2**20)], ['16 widths', hidden => sizes((4096) x 16)],
    ['residual', hidden => sizes(8192), residual => bool(1)], ['a condition', hidden => sizes(65536), categories => str('{"g":["a"]}')],
    ['images', @images, channels => sizes(1)], ['channels', @images, channels => sizes(2**24, 2**24)]) {
    my ($what, @lies) = @$_;
    refuses(3, qr/bad model|not a vector|no tensor/, soon($limit . "vae-encode -m ${\vae(@lies)}"), $four) if $what ne 'channels';
    refuses(3, qr/bad model/, soon($limit . "vae-decode -m $tmp/vae.model"), runs("from-json", '{"id":"a","x":[1,2]}')) if $what eq 'latent 2^20';
    my ($status) = run(soon($limit . "vae-encode -m ${\vae(@lies)}"), $four);
    ok($status == 3 || $status == 4, "$what: status $status");
}
sub contrast {
    my (%more) = @_;
    my %m = (towers => int64(1), hidden => sizes(3), out => int64(2), 'a.input' => str('x'), 'a.whitened' => int64(4),
        map({ ("a.$_" => tensor('<f8', [4], pack 'd<*', (1) x 4)) } qw(mean scale)), %more);
    my %shape = ('a.whiten.weight' => [4, 4], 'a.0.weight' => [3, 4], 'a.0.bias' => [3], 'a.2.weight' => [2, 3], 'a.2.bias' => [2]);
    my @weights = map { my $n = 1; $n *= $_ for @{ $shape{$_} }; record($_, x => tensor('<f4', $shape{$_}, pack 'f<*', (.1) x $n)) } sort keys %shape;
    return file('contrast.model', stream({ kind => 'model' }, record('contrast-train', %m), @weights));
}
runs("contrast-encode -m ${\contrast()}", $four);
refuses(3, qr/bad model|no tensor/, soon($limit . "contrast-encode -m ${\contrast(@$_)}"), $four)
    for [hidden => sizes(65536, 65536)], [hidden => sizes((65536) x 16)], [out => int64(65536), hidden => sizes(65536)], ['a.whitened' => int64(65536), hidden => sizes(65536)];
my $f8 = sub { my ($shape, @x) = @_; return tensor('<f8', $shape, pack 'd<*', @x) };
my %fitted = (
    'kmeans' => [[k => int64(2**31 - 1), records => int64(4), inertia => f64(1), n_iter => int64(1), converged => bool(1)], centres => $f8->([2, 4], 1 .. 8)],
    'pca' => [[records => int64(1e15), components => int64(1e9), whiten => bool(0), total_variance => f64(1)],
        mean => $f8->([4], 1 .. 4), components => $f8->([1, 4], 1 .. 4), variance => $f8->([1], 1)],
    'whiten' => [[records => int64(2), ridge => f64(0)], mean => $f8->([4], 1 .. 4), whitening => $f8->([2, 4], 1 .. 8)],
    'zscore' => [[records => int64(2), n => int64(1e15), per => str('column')], mean => $f8->([4], 1 .. 4), var => $f8->([2], 1, 1), scale => $f8->([4], (1) x 4)],
);
for my $name (sort keys %fitted) {
    my ($config, @tensors) = @{ $fitted{$name} };
    my @records = (record($name, input => str('x'), @$config));
    while (my ($id, $x) = splice @tensors, 0, 2) { push @records, record($id, x => $x) }
    refuses(3, qr/bad model: \S+ has \d+ (rows|columns), not/, soon($limit . "$name -m " . file("$name.model", stream({ kind => 'model' }, @records))), $four);
}
# Models of a few hundred bytes for the filters that fit one of their own.
my %later = (
    'lda' => [[records => int64(1e15), groups => int64(1e15), whiten_to => int64(4096), ridge => f64(0)], mean => $f8->([4], 1 .. 4), components => $f8->([2, 4], 1 .. 8),
        within => $f8->([1], 1)],
    'mixture' => [[records => int64(1e15), words(covariance => 'full'), k => int64(2**31 - 1), n_iter => int64(1), converged => bool(1),
        (map { $_ => f64(1) } qw(least_variance lower_bound bic aic))], weights => $f8->([2], .5, .5), means => $f8->([2, 4], 1 .. 8), covariances => $f8->([8, 4], (1) x 32)],
    map({ $_ => [[records => int64(1e9), components => int64(3), words(metric => 'euclidean'), $_ eq 'umap' ? (n_neighbors => int64(2), min_dist => f64(.1), spread => f64(1), learning_rate => f64(1), negative_sample_rate => int64(5)) : ()], x => $f8->([2, 4], 1 .. 8), xy => $f8->([2, 3], 1 .. 6)] } qw(tsne umap)),
);
sub lying {
    my ($name, $config, @tensors) = @_;
    my @records = (record($name, input => str('x'), @$config));
    while (my ($id, $x) = splice @tensors, 0, 2) { push @records, record($id, x => $x) }
    return file("$name.model", stream({ kind => 'model' }, @records));
}
for my $name (sort keys %later) {
    refuses(3, qr/bad model: \S+ has \d+ (rows|columns), not/, soon($limit . "$name --max-memory 20M -o o -m ${\lying($name, @{ $later{$name} })}"), $four);
}
# A mixture whose covariances are those of more clusters, or of another kind.
for my $kind ('full', 'tied', 'diag', 'spherical') {
    my @m = @{ $later{mixture} };
    $m[0] = [records => int64(4), words(covariance => $kind), k => int64(2), n_iter => int64(1), converged => bool(1), (map { $_ => f64(1) } qw(least_variance lower_bound bic aic))];
    my ($status, undef, $err) = run(soon("mixture --max-memory 20M -o o -m ${\lying('mixture', @m)}"), $four);
    $kind eq 'full' ? is($status, 0, 'mixture: as it should be') || diag($err) : like("$status $err", qr/^3 .*bad model: its covariances do not fit its means/s, "mixture, $kind: the rows of another kind");
}
# Shapes of nothing times very many, and of very many.
for my $shape ([2**31, 2**31], [0, 2**40], [2**40, 0], [2**62, 4]) {
    for my $name (sort keys %later) {
        my ($config, @tensors) = @{ $later{$name} };
        my ($status, undef, $err) = run(soon($limit . "$name --max-memory 20M -o o -m ${\lying($name, $config, map { $_ % 2 ? tensor('<f8', $shape, '') : $tensors[$_] } 0 .. $#tensors)}"), $four);
        is($status, 3, "$name, tensors of @$shape: status 3") or diag($err);
        like($err, qr/bad model|malformed/, '... with a reason');
    }
}

# ---- the weights of musicnn ----

my $pcm = runs('from-json', '{"id":"a","rate":16000,"pcm":[' . join(',', map { sprintf '%.3f', sin $_ / 9 } 1 .. 1000) . ']}');
for my $lie (['a shape without data', sub { $_[0]{'dense/kernel'}{shape} = [44, 2**40] }], ['its product over 2^64', sub { $_[0]{'dense/kernel'}{shape} = [2**40, 2**40] }],
    ['offsets beyond the end', sub { $_[0]{'dense/kernel'}{data_offsets}[1] += 2**40 }], ['nothing of it', sub { $_[0]{'dense/kernel'}{shape} = [44, 0]; }],
    ['as many as there are', sub { $_[0]{'dense/kernel'}{shape} = [2**53, 2**10] }], ['another type', sub { $_[0]{'dense/kernel'}{dtype} = 'F16' }]) {
    Ear::folder("$tmp/ear", header => $lie->[1]);
    refuses(3, qr/^embed-audio: .*model.safetensors: tensor dense.kernel: its (shape is malformed|data (lies beyond the end of the file|has another size than its shape))/m,
        soon($limit . "embed-audio -q --max-memory 100M -m $tmp/ear"), $pcm);
}
for my $size (2**30, 2**62, 2**64 - 1) {
    Ear::folder("$tmp/ear");
    my $bytes = slurp_file("$tmp/ear/model.safetensors");
    spew("$tmp/ear/model.safetensors", pack('Q<', $size) . substr $bytes, 8);
    refuses(3, qr/its header claims \d+ bytes/, soon($limit . "embed-audio -q -m $tmp/ear"), $pcm);
}
SKIP: {
    skip 'the sanitizers hold memory of their own, which malloc does not tell', 1 if $ENV{SONGPIPE_ASAN};
    # A file of 3 GB that takes no place on the disk: the last layer before the tags is as wide as it claims.
    my $dir = Ear::folder("$tmp/ear");
    my $bytes = slurp_file("$dir/model.safetensors");
    my $head = substr $bytes, 8, unpack 'Q<', $bytes;
    my $begin = 0;
    my %entries = %{ decode_json($head) };
    $entries{'dense/kernel'}{shape} = [44, 2**24];
    for my $name (sort { $entries{$a}{data_offsets}[0] <=> $entries{$b}{data_offsets}[0] } keys %entries) {
        my $size = 4;
        $size *= $_ for @{ $entries{$name}{shape} };
        $entries{$name}{data_offsets} = [$begin, $begin + $size];
        $begin += $size;
    }
    my $lying = encode_json(\%entries);
    spew("$dir/model.safetensors", pack('Q<', length $lying) . $lying);
    truncate "$dir/model.safetensors", 8 + $begin + length $lying or die;
    refuses(4, qr/not enough memory: .* --max-memory is 100.0 MiB/, "timeout 60 embed-audio -q --max-memory 100M -m $dir", $pcm);
    unlink "$dir/model.safetensors";
}

# ---- tables of words, sentence encoders ----

refuses(3, qr/bad model/, soon($limit . 'tfidf -i t -m ' . file('tfidf.model', stream({ kind => 'model' }, record('tfidf', input => str('t'), texts => int64(2**32 - 1),
    words(ngrams => '1,1', min_df => '1', max_df => '1', token => 'words', strip_accents => 'none', norm => 'l2', terms => "a\n" x 3, stop_words => ''),
    (map { $_ => bool(0) } qw(lowercase sublinear_tf binary use_idf smooth_idf)), max_features => int64(2**32 - 2), max_candidates => int64(4e9)),
    record('df', x => tensor('<u4', [2], pack 'L<*', 1, 1)), record('idf', x => $f8->([2], 1, 1))))), runs('from-json', '{"id":"a","t":"a b"}'));
for (['hidden_size', 2**30], ['num_hidden_layers', 2e9], ['intermediate_size', 2**30], ['max_position_embeddings', 2**31], ['vocab_size', 2**31], ['type_vocab_size', 2**31],
    ['num_attention_heads', 2**30]) {
    my ($name, $claim) = @$_;
    folder("$tmp/encoder", config => { $name => $claim });
    my ($status, $out, $err) = run(soon($limit . "embed -m $tmp/encoder"), runs('from-json', '{"id":"a","lyrics":"la love"}'));
    ok($status == 3 || $status == 6 || $status == 2, "embed, $name: status $status") or diag($err);
    like($err, qr/^embed: .*(as config.json has it|not a number|no tensor|$name|does not|words)/m, '... with a reason');
}

# ---- few addresses: OpenBLAS would look for its buffers for ever ----

SKIP: {
    skip 'the sanitizers want all addresses', 1 if $ENV{SONGPIPE_ASAN};
    my $rows = file('rows.json', join '', map { my $i = $_; "{\"id\":\"$i\",\"x\":[" . join(',', map { sprintf '%.4f', sin $i * $_ } 1 .. 30) . "]}\n" } 1 .. 60);
    runs("from-json $rows >$tmp/rows.sp");
    my $whole = runs("pca -n 2 $tmp/rows.sp 2>/dev/null");
    for my $limit ('-v 70000', '-v 100000', '-v 150000', '-v 300000', '-v 1000000', '-d 60000') {
        for my $filter ('pca -n 2', 'pca -n 2 --solver randomized', 'pca -n 2 -j 4', 'whiten', 'spectral -k 2', 'spectral -k 2 --labels discretize', 'kmeans -k 2') {
            my ($status, $out, $err) = run(soon("unset OPENBLAS_NUM_THREADS; ulimit $limit; $filter $tmp/rows.sp"));
            ok($status == 0 || $status == 4, "$filter, ulimit $limit: status $status") or diag($err);
            like($err, qr/no memory for|cannot start thread|not enough memory/, '... with a reason') if $status;
            is($out, $whole, '... and the same bytes') if $status == 0 && $filter eq 'pca -n 2';
        }
    }
}
done_testing;
