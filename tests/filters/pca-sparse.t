# pca of sparse vectors: the goldens' exact variances and scores of TF-IDF, dense and random
# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;
use JSON::PP;
use List::Util qw(sum0);
use Songpipe;
use Test::More;

# Texts of words drawn by a small generator, so that rows have much in common.
my $state = 7;
sub draw { $state = $state * 48271 % 2147483647; return $state % $_[0] }
my $json = join '', map {
    my $n = 5 + draw(30);
    encode_json({ id => "t$_", lyrics => join ' ', map { 'w' . int(draw(40) * draw(40) / 40) . 'x' } 1 .. $n }) . "\n"
} 1 .. 120;
spew("$tmp/t.sp", runs('from-json | tfidf -q -n 1,2', $json));

# The same vectors written out densely: fuse does that.
spew("$tmp/d.sp", runs("fuse x=1 $tmp/t.sp"));
for my $n (5, 20, 0.5) {
    my @thin = records("pca -q -n $n --save $tmp/thin.sp $tmp/t.sp");
    my @dense = records("pca -q -n $n --save $tmp/dense.sp $tmp/d.sp");
    near_all([map { @{ $_->{x} } } @thin], [map { @{ $_->{x} } } @dense], 1e-5, 0, "-n $n as of dense vectors");
    is_deeply([records("pca -m $tmp/thin.sp $tmp/t.sp")], \@thin, 'the model applies as it was fitted');
}
my $bytes = runs("pca -q --no-history -n 20 $tmp/t.sp");
is(runs("pca -q --no-history -n 20 -j 3 <$tmp/t.sp"), $bytes, 'a pipe and threads give the same bytes');
my ($status, $out, $err) = run("pca -n 20 --solver randomized --seed 1 $tmp/t.sp | to-json");
is($status, 0, '--solver randomized');
my ($share) = $err =~ /hold (\S+) of the variance/;
my ($exact) = (run("pca -n 20 $tmp/t.sp >/dev/null"))[2] =~ /hold (\S+) of/;
ok($share <= $exact + 1e-4 && $share > 0.97 * $exact, "holds a little less: $share of $exact");
is(runs("pca -q --no-history -n 20 --solver randomized --seed 1 -j 3 $tmp/t.sp | to-json"), $out, 'from its seed');
isnt(runs("pca -q --no-history -n 20 --solver randomized --seed 2 $tmp/t.sp | to-json"), $out, 'another seed gives another');
runs("pca -q -n 20 --solver randomized $tmp/d.sp >/dev/null");
refuses(2, qr/needs a whole number/, "pca --solver randomized $tmp/t.sp");
refuses(6, qr/at most 120/, "pca -n 121 --strict $tmp/t.sp");
my ($small) = records("pca -q -n 1", runs('from-json | tfidf -q', join '', map { qq({"id":$_,"lyrics":"la lu"}\n) } 1 .. 6));
is_deeply($small->{x}, [0], 'all texts equal: no variance');
my @nil = records('pca -q -n 1', runs('from-json | tfidf -q',
    join '', map { qq({"id":$_,"lyrics":@{[$_ == 3 ? 'null' : qq("la w$_ x${_}y")]}}\n) } 1 .. 9));
is($nil[2]{x}, undef, 'nil stays nil');

SKIP: {
    my $golden = shared('golden/text') && shared('data/lyrics') && shared('golden/text') or skip 'needs ../shared', 1;
    my $data = shared('data');
    my %sets = (bn_en_450 => [map { $_->{lyrics} // '' } records("from-csv --keep-columns --text lyrics $data/lyrics/bn_en_450.csv")]);
    my %song = map { $_->{id} => $_->{lyrics} // '' } records("from-csv --id id --keep-columns --text lyrics $data/msd200/songs.csv");
    $sets{msd200} = [@song{ split /\s+/, slurp_file("$golden/msd200_ids.txt") }];
    for my $set (sort keys %sets) {
        my $i = 0;
        my $texts = runs('from-json', join '', map { encode_json({ id => $i++, lyrics => $_ }) . "\n" } @{ $sets{$set} });
        for my $mode ($set eq 'msd200' ? 'marks' : qw(sklearn marks)) {
            my $base = "$golden/$set/paper_${mode}_pca64";
            my @want = csv("$base.csv");
            my @total = csv("${base}_total.csv");
            my @got = records("tfidf -q --token $mode -n 1,2 --max-features 5000 | pca -q -n 64 --save $tmp/g.sp | zscore -q", $texts);
            my %m = map { $_->{id} => $_ } jsonl(runs("to-json $tmp/g.sp"));
            my @variance = @{ $m{variance}{x} }[0 .. 63];      # of 200 rows all are kept: 64 are no small part
            near_all(\@variance, [map { $_->{explained_variance} } @want], 0, 1e-5, "$set, $mode: variance");
            near_all([(sum0 @variance) / $m{pca}{total_variance}], [$total[0]{total_ratio}], 0, 1e-5, "$set, $mode: total");
            my ($scores, $rows, $k) = npy("${base}_standardised_first20.npy");
            my @clear = grep { $want[$_]{gap_to_next} > 1e-5 && (!$_ || $want[$_ - 1]{gap_to_next} > 1e-5) } 0 .. 63;
            ok(@clear > 30, "$set, $mode: most components stand apart");
            near_all([map { @{ $_->{x} }[@clear] } @got[0 .. 19]], [map { my $r = $_; map { $scores->[$r * $k + $_] } @clear } 0 .. 19],
                2e-5, 0, "$set, $mode: standardised scores");
        }
    }
}

done_testing;
