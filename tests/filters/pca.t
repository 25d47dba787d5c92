# pca: scikit-learn's variances, components and scores; counts; models; inverse; few rows
# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;
use Cluster;
use Songpipe;
use Stream;
use Test::More;

sub flat { return [map { @{ $_->{x} || [] } } @_] }

# The first k of d numbers in each row.
sub first_columns {
    my ($k, $d, $x) = @_;
    return [map { @$x[$_ * $d .. $_ * $d + $k - 1] } 0 .. @$x / $d - 1];
}

for my $set (sets(qw(blobs dups moons gtzan))) {
    my ($name, $dir) = @$set{qw(name dir)};
    my $in = rows_sp("$dir/x.npy", "$tmp/in.sp");
    my ($x, $n, $d) = npy("$dir/x.npy");
    my @want = csv("$dir/pca_variance.csv");
    my @got = records("pca -q --save $tmp/m.sp $in");
    my $m = model("$tmp/m.sp");
    my $first = $want[0]{explained_variance};
    near_all($m->{variance}, column('explained_variance', @want), 1e-10 * $first, 0, "$name: variance");
    # A direction without variance is anybody's choice: leave the last of dups out.
    my $defined = grep { $_->{explained_variance} > 1e-12 * $first } @want;
    my ($v) = npy("$dir/pca_components.npy");
    near_all([@{ $m->{components} }[0 .. $defined * $d - 1]], [@$v[0 .. $defined * $d - 1]], 1e-8, 0, "$name: components");
    my ($scores, undef, $k) = npy("$dir/pca_scores16.npy");
    near_all(first_columns($k, $d, flat(@got)), $scores, 1e-5, 1e-6, "$name: scores");

    my ($white) = npy("$dir/pca_whitened16_first20.npy");
    my $kept = $defined < $k ? $defined : $k;
    my @whitened = records("pca -q --whiten --save $tmp/w.sp $in");
    near_all(first_columns($kept, $d, flat(@whitened[0 .. 19])), first_columns($kept, $k, $white), 1e-5, 1e-5, "$name: whitened");
    for my $case (csv("$dir/pca_count.csv")) {
        next if $case->{n_components} >= 1;
        my ($one) = records("pca -q -n $case->{n_components} $in");
        is(scalar @{ $one->{x} }, $case->{kept}, "$name: -n $case->{n_components}");
    }

    # A model gives what its fit gave; the inverse gives the input back; any -j.
    runs("pca -q -n 2 --save $tmp/two.sp $in >$tmp/fit.sp");
    is(runs("pca -q --no-history -m $tmp/two.sp $in"), runs("pca -q --no-history -n 2 $in"), "$name: applied");
    near_all(flat(records("pca -m $tmp/m.sp $in | pca -m $tmp/m.sp --inverse")), $x, 1e-5, 1e-6, "$name: there and back");
    near_all(flat(records("pca -m $tmp/w.sp $in | pca -m $tmp/w.sp --inverse")), $x, 1e-5, 1e-6,
        "$name: there and back, whitened");
    is(runs("pca -q -j 3 $in"), runs("pca -q -j 1 $in"), "$name: any -j");
    is(runs("cat $in | pca -q"), runs("pca -q $in"), "$name: a pipe");
}

# Fewer records than columns: 3 points on a line in 5 dimensions, one more a little off it.
my @line = map { [map { $_ } 0 + $_, 2 * $_, 0, 0, 2 * $_] } -1, 0, 1;
spew("$tmp/few.sp", stream({}, map { record("r$_", x => vec(@{ $line[$_] })) } 0 .. 2));
my @got = records("pca -q --save $tmp/f.sp $tmp/few.sp");
my $f = model("$tmp/f.sp");
near_all($f->{variance}, [9, 0, 0], 1e-14, 0, 'few records: variance');
near_all([@{ $f->{components} }[0 .. 4]], [1 / 3, 2 / 3, 0, 0, 2 / 3], 1e-15, 0, 'few records: the line');
near_all(flat(@got), [-3, 0, 0, 0, 0, 0, 3, 0, 0], 1e-6, 0, 'few records: scores');
near_all(flat(records("pca -q --whiten $tmp/few.sp")), [-1, 0, 0, 0, 0, 0, 1, 0, 0], 1e-6, 0,
    'what has no variance is 0 when whitened');

# Names of columns, there and back; nil; sparse vectors; the note.
spew("$tmp/n.sp", stream({ columns => { a => ['p', 'q'] } }, record(0, a => nil()),
    map { record($_, a => vec($_, $_ * $_)) } 1 .. 4));
like(runs("pca -q -i a -n 1 --save $tmp/n.model $tmp/n.sp"), qr/columns\x81\xa1a\x91\xa4pca0/, 'columns pca0, ...');
like(runs("pca -q -i a -m $tmp/n.model $tmp/n.sp | pca -q -i a -m $tmp/n.model --inverse"),
    qr/columns\x81\xa1a\x92\xa1p\xa1q/, 'the inverse has the old names');
my ($nil) = records("pca -q -i a -o z $tmp/n.sp");
is_deeply($nil, { id => '0', z => undef }, 'nil stays nil, -o replaces');
sub sparse {
    my ($d, %v) = @_;
    my @i = sort { $a <=> $b } keys %v;
    return "\x83" . str('sparse') . int64($d) . str('index') . tensor('<u4', [scalar @i], pack 'L<*', @i) .
        str('value') . tensor('<f4', [scalar @i], pack 'f<*', @v{@i});
}
spew("$tmp/s.sp", stream({}, map { record($_, x => sparse(4, 1 => $_, 3 => $_ % 3)) } 1 .. 6));
spew("$tmp/d.sp", stream({}, map { record($_, x => vec(0, $_, 0, $_ % 3)) } 1 .. 6));
is(runs("pca -q $tmp/s.sp"), runs("pca -q $tmp/d.sp"), 'sparse as dense');
my ($status, $out, $err) = run("pca -n 1 $tmp/few.sp");
is($err, "pca: 1 of 3 components hold 1.0000 of the variance of 3 records\n", 'says the share');

# What it refuses.
refuses(6, qr/4 components of 3 records with 5 columns: there are at most 3/, "pca -n 4 --strict $tmp/few.sp");
is(runs("pca --no-history -n 4 $tmp/few.sp"), runs("pca --no-history -n 3 $tmp/few.sp"), '-n 4 of 3 records: 3 components');
like((run("pca -n 4 $tmp/few.sp > /dev/null"))[2], qr/^pca: 3 records with 5 columns have only 3 components, not 4$/m, 'and a note');
refuses(6, qr/1 record with x: at least 2/, "pca", stream({}, record('a', x => vec(1, 2))));
refuses(6, qr/0 records/, "pca", stream({}));
refuses(2, qr/neither a whole number nor a share/, "pca -n 1.5 $tmp/few.sp");
refuses(2, qr/--inverse needs --model/, "pca --inverse $tmp/few.sp");
refuses(2, qr/cannot be used together/, "pca -m $tmp/m.sp $_ $tmp/few.sp") for "-n 2", "--whiten", "--save $tmp/no.sp";
refuses(6, qr/x has 5 numbers, not 2/, "pca -m $tmp/two2.sp $tmp/few.sp", undef, 1)
    if runs("pca -q --save $tmp/two2.sp", stream({}, map { record($_, x => vec($_, -$_)) } 1 .. 3));
refuses(3, qr/a model made by zscore, not by pca/, "pca -m $tmp/z.sp $tmp/few.sp")
    if runs("zscore --save $tmp/z.sp $tmp/few.sp");
refuses(4, qr/--max-memory/, "pca --max-memory 100 $tmp/few.sp");
done_testing;
