#!/usr/bin/perl
# What a stream, a text or a model claims, and what the machine lacks: --max-memory is kept by each filter,
# and where memory ends, there is a reason and status 4, no endless loop: the alarm is what fails.
# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;
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
        'vae-train --hidden 1 --latent 1', 'scatter -i x';
ok(!-e "$tmp/x.npy", 'to-npy leaves no file');
for ('l2norm', 'sp-info', 'to-json', 'sp-fields --keep x', 'sp-sample -n 1') {
    my ($status) = run(soon("$_ --max-memory 10M $claim"));
    is($status, 0, "$_ does not write the zeros out");
}

# ---- tables of ids, of labels and of groups; what is held of each record ----

my $ids = file('ids.json', join '', map { "{\"id\":\"$_\",\"g\":\"label $_\",\"x\":[" . $_ % 7 . ",1]}\n" } 1 .. 900000);
runs("from-json $ids >$tmp/ids.sp");
refuses(4, qr/not enough memory: .* --max-memory is 2.0 MiB/, soon("$_ --max-memory 2M $tmp/ids.sp"), undef, 1)
    for 'sp-info', 'metrics --cluster g --truth g', 'pool --by g', 'confusion --cluster g --truth g', 'scatter -c g';
refuses(4, qr/not enough memory: .* --max-memory is 2.0 MiB/, soon("from-json --max-memory 2M $ids"), undef, 1);

# ---- JSON, which takes up to 75 times its bytes ----

for my $part ('[]', '{}', '1', '""', '{"a":{"b":[1]}}', '[[[[[]]]]]') {
    my $json = file('blow.json', '{"id":"a","x":[' . join(',', ($part) x 1e6) . "]}\n");
    refuses(4, qr/not enough memory: .* --max-memory is 10.0 MiB/, soon("from-json --max-memory 10M $json"), undef, 1);
    next if $ENV{SONGPIPE_ASAN};
    my ($status, undef, $err) = run(soon("ulimit -v 60000; from-json --max-memory 10M $json"));
    is($status, 4, "$part: less than 60 MB") or diag($err);
}
refuses(4, qr/not enough memory/, soon("from-json --max-memory 5M " . file('flat.json', '{' . join(',', map { "\"k$_\":{}" } 1 .. 60000) . '}')), undef, 1);

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
