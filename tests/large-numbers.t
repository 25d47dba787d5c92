#!/usr/bin/perl
# Numbers near the largest float: what is computed from them and is not finite is a bad record, or ends
# the run with a reason; none goes out with status 0 or 1.
# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;
use Songpipe;
use Test::More;

my @rows = ([3e38, -3e38, 1, 3e38], [-3e38, 3e38, 2, 3e38], [3e38, 3e38, -3, -3e38], [-3e38, -3e38, 4, 3e38], [3e38, -3e38, 5, -3e38],
    [-3e38, 3e38, 3e38, 1], [1, 2, 3, 4], [-3e38, -3e38, -3e38, -3e38]);
my @ids = 'a' .. 'h';
my $big = runs('from-json', join '', map { "{\"id\":\"$ids[$_]\",\"g\":\"r\",\"track\":\"t\",\"x\":[" . join(',', @{ $rows[$_] }) . "]}\n" } 0 .. $#rows);
spew("$tmp/big.sp", $big);

# Whether numbers in the stream are NaN or infinite.
sub holds { return runs("sp-info $tmp/out.sp") =~ /(\S+)\s.*with NaN or infinity/ ? $1 : '' }

for my $command ('zscore', 'zscore --per all', 'pca -n 2', 'pca -n 2 --solver randomized', 'pca -n 2 --whiten', 'whiten --ridge 1', 'l2norm',
    'neighbours -k 2', 'neighbours -k 2 --metric cosine', 'kmeans -k 2', 'agglo -k 2', 'dbscan --eps 1', 'spectral -k 2', 'fuse x=2', 'fuse x=1e30',
    'pool --by track', 'pool --by track --stats mean,std', 'sp-sample -n 2') {
    my ($status, undef, $err) = run("$command $tmp/big.sp >$tmp/out.sp");
    if ($status == 0) {
        is(holds(), '', "$command: what goes out is finite") or diag($err);
    } else {
        ok($status == 6 || $status == 2, "$command: status $status") or diag($err);
        like($err, qr/finite|too large|limit|dependent|there is no option|not one of|is -?(inf|nan)/, "$command: says why");
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
done_testing;
