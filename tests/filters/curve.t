# curve: which numbers are drawn and how they are joined, bars, silhouettes and trees, and what gnuplot makes of it
# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;
use Picture;
use Songpipe;
use Stream;
use Test::More;

# The data of each series, a list of "x y low high" lines; their names.
sub series { return map { [split /\n/] } $_[0] =~ /^\$series\d+ << END_OF_SERIES\n(.*?)END_OF_SERIES\n/msg }
sub titles { return $_[0] =~ / title '([^']*)'/g }

# ---- lines ----

sub log_of { my ($seed, @loss) = @_; return stream({}, map { record($_, epoch => int64($_), loss => f64($loss[$_ - 1]), kl => $_ == 2 ? nil() : f64($_)) } 1 .. @loss) }
spew("$tmp/one.sp", log_of(1, 4, 2, 1));
spew("$tmp/two.sp", log_of(2, 8, 6, 5));
my $program = runs("curve -q $tmp/one.sp");
is_deeply([series($program)], [['1 4 4 4', '2 2 2 2', '3 1 1 1']], 'loss over epoch by itself');
is_deeply([titles($program)], [], 'one line needs no legend');
like($program, qr/^set xlabel 'epoch'.*\nset ylabel 'loss'/m, 'names of the axes');
$program = runs("cd $tmp && curve -q --by-file one.sp two.sp");
is_deeply([titles($program)], ['one.sp', 'two.sp'], 'files are lines');
is_deeply([(series($program))[1]], [['1 8 8 8', '2 6 6 6', '3 5 5 5']], 'the second has its numbers');
is(runs("cd $tmp && curve -q --by-file one.sp two.sp"), $program, 'the same bytes again');
$program = runs("curve -q -y loss,kl $tmp/one.sp");
is_deeply([titles($program)], ['loss', 'kl'], 'fields are lines');
is_deeply([(series($program))[1]], [['1 1 1 1', '3 3 3 3']], 'nil is no point');
unlike($program, qr/set ylabel/, 'the axis of two fields has no name');
drawn('lines', "curve -q --by-file $tmp/one.sp $tmp/two.sp --log-y");

# Points in any order are sorted; of equal x the mean and the deviation: 1, 2, 6 have 3 and sqrt(7).
my @seeds = map { record("s$_->[0]", k => int64($_->[1]), silhouette => f64($_->[2]), g => $_->[3]) }
    [1, 9, 1, int64(10)], [2, 2, 5, int64(10)], [3, 9, 2, int64(10)], [4, 9, 6, int64(10)], [5, 3, 7, int64(9)];
$program = runs('curve -q --by g', stream({}, @seeds));
is_deeply([titles($program)], ['9', '10'], 'numbers name lines in their order');
is_deeply([series($program)], [['3 7 7 7'], ['2 5 5 5', '9 3 0.3542486889 5.645751311']], 'the mean and one deviation');
like($program, qr/\$series2 using 1:3:4 with filledcurves/, 'in a band');
drawn('a band', 'curve -q --by g', stream({}, @seeds));
is_deeply([series(runs('curve -q -y a', stream({}, map { record("r$_", a => f64($_ / 2)) } 1 .. 3)))],
    [['1 0.5 0.5 0.5', '2 1 1 1', '3 1.5 1.5 1.5']], 'without x, the records in a row');

# Logarithms, what cannot be drawn on them, and what is not finite.
my @odd = map { record("r$_", epoch => int64($_), loss => f64([0, -1, 10, 'nan' * 1, 1000]->[$_])) } 0 .. 4;
my ($status, $out, $err) = run('curve --log-y', stream({}, @odd));
is($status, 0, 'logarithms');
is_deeply([series($out)], [['2 10 10 10', '4 1000 1000 1000']], 'of what is above 0');
like($err, qr/^curve: records left out, .* above 0 .*: 3$/m, 'the others are counted');
like($out, qr/^set logscale y$/m, 'gnuplot is told');
drawn('one point', 'curve', stream({}, $odd[2]));
drawn('one point in logarithms', 'curve --log-x --log-y', stream({}, $odd[2]));
refuses(6, qr/^curve: no points to draw/, 'curve -q --log-y', stream({}, @odd[0, 1]));

# More lines than can be told apart.
my @many = map { my $n = $_; map { record("m$n.$_", epoch => int64($_), loss => f64($n + $_), run => str("run $n")) } 1, 2 } 1 .. 200;
$program = runs('curve -q --by run', stream({}, @many));
my @titles = titles($program);
is_deeply([scalar @titles, @titles[0, 18, 19]], [20, 'run 1', 'run 19', '181 others'], '19 and others');
is(scalar(() = $program =~ /linecolor rgb '#b4b4b4'/g), 181, 'these are grey');
drawn('200 lines', 'curve -q --by run', stream({}, @many));

# ---- bars ----

my @scores = map { record("s$_->[0]", method => str($_->[1]), nmi => f64($_->[2]), ari => f64(-0.25), 'ari.std' => f64(0.5)) }
    [1, 'ward', 0.5], [2, 'kmeans', 0.25], [3, 'kmeans', 0.75];
$program = runs('curve -q --bars -y nmi,ari', stream({}, @scores));
like($program, qr/^set xtics \('ward' 0, 'kmeans' 1\)$/m, 'groups in the order in which they come');
is_deeply([series($program)], [['-0.2 0.5 0.5 0.5', '0.8 0.5 0.1464466094 0.8535533906'],
    ['0.2 -0.25 -0.75 0.25', '1.2 -0.25 -0.25 -0.25']], 'side by side; the deviation of two runs, and .std of one');
is_deeply([titles($program)], ['nmi', 'ari'], 'and which is which');
drawn('bars', 'curve -q --bars -y nmi,ari', stream({}, @scores));
{
    my $four = stream({}, record('a', method => str('m'), map { ($_ => f64(1)) } qw(w x y z)));
    my @fills = map { /fill pattern (\d)/ ? $1 : '' } grep { /with boxes/ } split /\n/, runs('curve -q --bars -y w,x,y,z', $four);
    is_deeply(\@fills, ['', '', 4, 5], 'without colour the bars are told apart by light and dark, and by hatching');
    drawn('bars of four scores', 'curve -q --bars -y w,x,y,z', $four);
}
like(runs('curve -q --bars -y nmi', stream({}, @scores[0, 1])), qr/^set yrange \[0:\]$/m, 'bars stand on 0');
drawn('200 bars', 'curve -q --bars -x run -y loss', stream({}, @many));
$program = runs('curve -q --bars -x run -y loss', stream({}, @many));
my ($tics) = $program =~ /^set xtics (.*)$/m;
like($tics, qr/^rotate by 90/, 'names upright');
my $names = () = $tics =~ /'/g;
cmp_ok($names / 2, '<', 80, 'and not all of them');

# ---- silhouettes ----

my @each = map { record("e$_->[0]", cluster => int64($_->[1]), silhouette => $_->[2]) } [1, 1, f64(0.2)], [2, 0, f64(0.5)], [3, 1, f64(0.9)], [4, 1, nil()];
$program = runs('curve -q --silhouette', stream({}, @each));
is_deeply([series($program)], [['0 0.5', '1 0.5'], ['2 0.9', '3 0.9', '3 0.2', '4 0.2']], 'the largest first, cluster by cluster');
like($program, qr/^set xtics \('0 \(1\)' 0\.5, '1 \(2\)' 3\)$/m, 'and how many');
like($program, qr/^     0\.5333333333 with lines .* title 'mean 0\.533'$/m, 'the mean');
drawn('silhouettes', 'curve -q --silhouette', stream({}, @each));

# ---- trees: heights of scipy's layout ----

sub merge { my ($id, $left, $right, $height) = @_; return record($id, left => int64($left), right => int64($right), height => f64($height), size => int64(2)) }
my $tree = stream({}, merge(4, 0, 2, 1), merge(5, 1, 3, 2), merge(6, 4, 5, 5));
sub branches { my ($data) = $_[0] =~ /^\$tree << END_OF_TREE\n(.*)END_OF_TREE\n/ms; return join '|', split /\n\n/, $data =~ s/(?<!\n)\n(?!\n)/,/gr }
$program = runs('curve --tree', $tree);
is(branches($program), '1.5 5,0.5 5,0.5 1|0.5 1,0 1,0 0|0.5 1,1 1,1 0|1.5 5,2.5 5,2.5 2|2.5 2,2 2,2 0|2.5 2,3 2,3 0', 'branches, from the root');
like($program, qr/^set xtics \('0' 0, '2' 1, '1' 2, '3' 3\)$/m, 'leaves are vectors');
like(runs('curve --tree --leaves 3', $tree), qr/^set xtics \('\(2\)' 0, '1' 1, '3' 2\)$/m, 'what is left together is called by its size');
spew("$tmp/songs.sp", stream({}, map { record("song $_", cluster => $_ eq 'b' ? nil() : int64(1)) } 'a' .. 'e'));
like(runs("curve --tree --songs $tmp/songs.sp", $tree), qr/^set xtics \('song a' 0, 'song d' 1, 'song c' 2, 'song e' 3\)$/m, 'names, but of what was not clustered');
drawn('a tree', 'curve --tree', $tree);
drawn('the least tree', 'curve --tree', stream({}, merge(2, 0, 1, 0)));

# hdbscan's: 1000 vectors would be 0 ... 9, the root 10; vectors leave clusters 11 and 12 at heights 1 and 2 at last.
sub leaves { my ($id, $parent, $height, $size) = @_; return record($id, parent => int64($parent), height => f64($height), size => int64($size), cluster => int64(0)) }
$program = runs('curve --tree', stream({}, (map { leaves($_, 11, $_ == 3 ? 1 : 3, 1) } 0 .. 4), (map { leaves($_, 12, 2, 1) } 5 .. 9), leaves(11, 10, 4, 5), leaves(12, 10, 4, 5)));
is(branches($program), '0.5 4,0 4,0 1|0.5 4,1 4,1 2', 'branches of clusters end where the last vectors leave');
like($program, qr/^set xtics \('\(5\)' 0, '\(5\)' 1\)$/m, 'and are called by their size');

my @grown = map { record("g$_", x => vec(sin($_ * 7), cos($_ * $_), $_ % 3)) } 0 .. 29;
runs("agglo -q -k 3 --tree $tmp/tree.sp >$tmp/grown.sp", stream({}, @grown));
$program = runs("curve --tree --songs $tmp/grown.sp $tmp/tree.sp");
is(join(' ', sort map { /^'(g\d+)'/ } split /, /, ($program =~ /^set xtics .*?\((.*)\)$/m)[0]), join(' ', sort map { "g$_" } 0 .. 29), 'agglo: every song is a leaf');
is(scalar(() = branches($program) =~ /\|/g) + 1, 58, 'agglo: two branches for each merge');

my $why = 'curve: cannot draw this as a tree:';
refuses(6, qr/^$why it has several roots/, 'curve --tree', stream({}, merge(4, 0, 1, 1), merge(5, 2, 3, 2)));
refuses(6, qr/^$why a node has two parents/, 'curve --tree', stream({}, merge(3, 0, 1, 1), merge(4, 0, 3, 2)));
refuses(6, qr/^$why it has no root/, 'curve --tree', stream({}, merge(2, 3, 0, 1), merge(3, 2, 1, 2)));
refuses(6, qr/^$why numbers of nodes are left out/, 'curve --tree', stream({}, merge(4000000, 0, 1, 1)));
refuses(6, qr/^$why a node is part of itself/, 'curve --tree', stream({}, merge(2, 3, 0, 1), merge(3, 2, 1, 2), merge(6, 4, 5, 2)));
refuses(6, qr/^curve: 1000: left is not a number of a tree/, 'curve --tree', stream({}, merge(1000, -1, 1, 1)));
refuses(6, qr/^curve: a: its id is not the number of a node/, 'curve --tree', stream({}, merge('a', 0, 1, 1)));
refuses(6, qr/^curve: no merges to draw/, 'curve -q --tree', stream({}));

# ---- what it refuses ----

refuses(6, qr/^curve: a: no field loss, kdist or silhouette; give -y; its fields: id, x/, 'curve', stream({}, record('a', x => vec(1, 2))));
refuses(6, qr/^curve: a: loss is not a number: "low"/, 'curve', stream({}, record('a', loss => str('low'))));
refuses(6, qr/^curve: a: no field step/, 'curve -x step', stream({}, record('a', loss => f64(1))));
refuses(6, qr/^curve: a: g is not a label/, 'curve --by g', stream({}, record('a', loss => f64(1), g => vec(1))));
refuses(6, qr/^curve: no points to draw/, 'curve -q', stream({}, record('a', loss => nil())));
refuses(6, qr/^curve: a: no field height/, 'curve --tree', stream({}, record('a', loss => f64(1))));
refuses(3, qr/two.sp: id 1 appears twice/, "curve -q $tmp/one.sp $tmp/two.sp");
refuses(2, qr/--bars needs --y: the scores to draw/, 'curve --bars');
refuses(2, qr/--size '10x10' is not WIDTHxHEIGHT/, 'curve --size 10x10');

done_testing;
