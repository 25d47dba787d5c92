# scatter: what is drawn and counted, and that no text of a record is more than text
# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;
use Songpipe;
use Stream;
use Test::More;

# Entries of the legend, in order.
sub legend { return $_[0] =~ /^     keyentry .* title (.*?)(?:, \\)?$/mg }

# Points of the data block, sorted.
sub points { my ($block) = $_[0] =~ /^\$points << END_OF_POINTS\n(.*)END_OF_POINTS\n/ms; return join ' | ', sort split /\n/, $block }

my @points = (
    record('a', xy => vec(1, 2), cluster => int64(10), genre => str('rock')),
    record('b', xy => vec(3, 4), cluster => int64(9), genre => str('jazz')),
    record('c', xy => vec(5, 6), cluster => int64(-1), genre => nil()),
    record('d', xy => nil(), cluster => int64(9), genre => str('jazz')),
    record('e', xy => vec(7, 8), cluster => int64(9), genre => str('pop')));
spew("$tmp/in.sp", stream({ columns => { xy => ['tsne0', 'tsne1'] } }, @points));

my $program = runs("scatter -q $tmp/in.sp");
is_deeply([legend($program)], ["'9'.' (2)'", "'10'.' (1)'", "'noise'.' (1)'"], 'clusters as numbers, noise last, counted');
like($program, qr/^set title '4 points, 2 clusters' /m, 'the title says what the stream knows');
like($program, qr/^array mark1\[5\] = \[7, 9, 7, 2, 6\]/m, 'classes differ by marks; others are filled, noise is a cross, none hollow');
is(points($program), '1 2 2 | 3 4 1 | 5 6 4 | 7 8 1', 'each point and its class; nil has none');
like($program, qr/^set xlabel 'tsne0'.*\nset ylabel 'tsne1'/m, 'axes are named after the columns');
like($program, qr/^unset tics$/m, 'a map has no numbers along its sides');
my ($x0, $x1, $y0, $y1) = $program =~ /^set xrange \[(\S+):(\S+)\]\n.*?^set yrange \[(\S+):(\S+)\]/ms;
ok($x0 <= 0.76 && $x1 >= 7.24 && $y0 <= 1.76 && $y1 >= 8.24, 'all points are inside');
sub margins { return map { [$_[0] =~ /^set ${_}margin at screen (\S+)$/mg] } qw(l r b t) }
my ($l, $r, $b, $t) = map { $_->[0] } margins($program);
near_all([($x1 - $x0) / (960 * ($r - $l))], [($y1 - $y0) / (720 * ($t - $b))], 0, 2e-3, 'one unit is as long to the right as upwards');
is(runs("scatter -q $tmp/in.sp"), $program, 'the same bytes again');

$program = runs("scatter -q --color cluster,genre --shape genre --title \"it's\" $tmp/in.sp");
like($program, qr/^set multiplot layout 1,2 title 'it\xe2\x80\x99s' font/m, 'two panels under a title');
is(() = $program =~ /^plot /mg, 2, 'two plots');
my ($left, $right) = margins($program);
near_all([$right->[0] - $left->[0]], [$right->[1] - $left->[1]], 2e-4, 0, 'panels are equally wide');
cmp_ok($left->[1] - $right->[0], '>', 0.08, 'and a legend has room between them');
my %meant;
push @{ $meant{$1} }, $2 while $program =~ /^     keyentry .* linecolor rgb '(#[0-9a-f]+)' title (.*?)\.'/mg;
is(join(' ', grep { $_ !~ /#(606060|b4b4b4|ffffff)/ && @{ $meant{$_} } > 1 } sort keys %meant), '', 'no colour means two things');
my @genres = ("'jazz'.' (1)'", "'pop'.' (1)'", "'rock'.' (1)'", "'none'.' (1)'");
is_deeply([(legend($program))[5 .. 12]], [@genres, @genres], 'legends of shapes and of colours');
is(points($program), '1 2 2 3 3 | 3 4 1 1 1 | 5 6 4 6 6 | 7 8 1 2 2', 'classes of both panels and of the shape');

# A scale for numbers with a fraction, the first two columns of x, no label at all.
my @numbers = map { record("r$_", x => vec($_, $_ * $_, 5), tempo => $_ == 3 ? nil() : f64(90.5 + $_), on => bool($_ % 2)) } 1 .. 3;
spew("$tmp/x.sp", stream({}, @numbers));
$program = runs("scatter --color tempo $tmp/x.sp");
like($program, qr/^set cblabel 'tempo'\nplot \$points using 1:2:\(7\):3 .* palette notitle$/m, 'a scale of colours');
is(points($program), '1 1 91.5 | 2 4 92.5 | 3 9 NaN', 'its values');
like($program, qr/^set xlabel 'x 1'/m, 'columns without names');
is_deeply([legend(runs("scatter --color on $tmp/x.sp"))], ["'false'.' (1)'", "'true'.' (2)'"], 'true and false');
is_deeply([legend(runs("scatter $tmp/x.sp"))], [], 'without a label, no legend');
my ($capitals, $small) = map { ((margins(runs('scatter -q --color g', runs('from-json', qq({"id":"a","xy":[1,2],"g":"$_"})))))[1])->[0] }
    'WOMBATS AMOEBA', 'wombats amoeba';
cmp_ok($capitals, '<', $small, 'capitals in a legend take more room');

# Clusters stand in the order of the labels that they hold most of.
my @held = map { record("h$_->[0]", xy => vec($_->[0], 1), cluster => int64($_->[1]), genre => str($_->[2])) }
    [1, 7, 'a'], [2, 7, 'a'], [3, 7, 'b'], [4, 3, 'c'], [5, 5, 'a'], [6, 9, 'b'];
for my $color ('cluster,genre', 'genre,cluster') {
    my @entries = grep { /^'\d'/ } legend(runs("scatter -q --color $color", stream({}, @held)));
    is_deeply(\@entries, ["'7'.' (3)'", "'5'.' (1)'", "'9'.' (1)'", "'3'.' (1)'"], "$color: clusters by the label they hold most of");
}

# Names beside points, but not over others; outlines; shares of the variance.
my @near = map { record("name $_", xy => vec(@{ { a => [0, 0], b => [0.01, 0.01], c => [10, 5] }->{$_} }), cluster => int64(1)) } 'a' .. 'c';
$program = runs('scatter -q --names id --title ""', stream({}, @near));
unlike($program, qr/^set title/m, 'an empty title is none');
is(join(' ', map { "name $_" } $program =~ /^set label 'name (.)' at /mg), 'name a name b name c', 'names that have room');
is(() = runs('scatter -q --names g', stream({}, record('a', xy => vec(1, 1), g => nil()), record('b', xy => vec(1, 1), g => str('it')))) =~ /^set label/mg, 1, 'nil has no name; points on one spot');
my @heap = map { record("name $_", xy => vec($_ % 20, int $_ / 20), cluster => int64(1)) } 0 .. 399;
my @written = runs('scatter -q --names id', stream({}, @heap)) =~ /^set label '(name \d+)' at (\S+),(\S+) center/mg;
cmp_ok(@written / 3, '<', 400, 'and not those that have none');
my @square = map { record("q$_->[0]", xy => vec(@$_[1, 2]), cluster => int64(1)) } [1, 0, 0], [2, 2, 0], [3, 2, 2], [4, 0, 2], [5, 1, 1], [6, 1, 0];
$program = runs('scatter -q --hull', stream({}, @square));
is(($program =~ /^\$hulls << END_OF_HULLS\n(.*)END_OF_HULLS/ms)[0] =~ s/ 0x0072b2\n/ | /gr, '0 0 | 2 0 | 2 2 | 0 2 | 0 0 | ', 'the outline of a class');
is(system("gnuplot >/dev/null 2>&1 <<'END'\n${program}END\n"), 0, 'gnuplot draws it');
# Lines of equal density, in several panels, on a spot and on a line; gnuplot makes lines of them.
my %clouds = (cloud => [map { [cos($_) * ($_ % 7), sin($_) * ($_ % 5)] } 1 .. 60], spot => [[3, 3], [3, 3]], line => [[1, 2], [2, 2], [4, 2]], one => [[0, 0]]);
for my $cloud (sort keys %clouds) {
    my $n = 0;
    my @cloud = map { record('k' . $n++, xy => vec(@$_), cluster => int64($n % 2), genre => str('g' . $n % 3)) } @{ $clouds{$cloud} };
    $program = runs('scatter -q --density --color cluster,genre --names id', stream({}, @cloud));
    is(() = $program =~ /^     \$contours using 1:2 with lines/mg, 2, "$cloud: contours in both panels");
    my ($status, $out, $err) = run('gnuplot', $program);
    is("$status$err", '0', "$cloud: gnuplot draws it");
    ($status, $out, $err) = run('gnuplot', ($program =~ s/^set multiplot.*//msr) . "set terminal dumb\nset print '-'\nprint \$contours\n");
    cmp_ok(scalar(() = $out =~ /^# Contour /mg), '>=', 1, "$cloud: there are lines") if $cloud eq 'cloud';
}
spew("$tmp/pca.sp", runs("pca -q --save $tmp/pca.model", stream({}, map { record("w$_->[0]", x => vec(@$_[1, 2])) } [1, 3, 0], [2, -3, 0], [3, 0, 1], [4, 0, -1])));
$program = runs("scatter -q --pca $tmp/pca.model $tmp/pca.sp");
like($program, qr/^set xlabel 'pca0 \(90\.0 % of the variance\)'/m, 'the share of the first component');
like($program, qr/^set ylabel 'pca1 \(10\.0 % of the variance\)'/m, 'and of the second');
unlike($program, qr/^unset tics$/m, 'components have numbers along their axes');
my @each = map { record("e$_", xy => vec($_, 1), silhouette => f64($_ / 4), cluster => int64($_ % 2)) } 1, 2;
like(runs('scatter', stream({}, @each)), qr/^set title '2 points, 2 clusters, silhouette 0\.375' /m, 'the mean silhouette, where the stream has them');

# More classes than can be told apart.
my @many = map { record("m$_", xy => vec($_ % 7, $_), genre => str(sprintf 'g%02d', $_ < 100 ? $_ % 50 : $_ % 5)) } 0 .. 199;
my @legend = legend(runs('scatter --color genre', stream({}, @many)));
is_deeply([scalar @legend, $legend[0], $legend[-1]], [20, "'g00'.' (22)'", "'31 others'.' (62)'"], 'the largest, and others');
@legend = legend(runs('scatter --shape genre', stream({}, @many)));
is_deeply([@legend[0 .. 3], $legend[-1]], ["' '", "'genre'", "'g00'.' (22)'", "'g01'.' (22)'", "'45 others'.' (90)'"],
    'and of shapes');

# Whatever a text holds, it stays a text.
my $nasty = "`touch $tmp/run` \"q\" 'q' \$x \@x {b}_c^2 \\n %d \x01\n\xff";
spew("$tmp/nasty.sp", stream({ columns => { xy => [$nasty, $nasty] } }, map { record("n$_", xy => vec($_, 1),
    $nasty => str("$nasty$_"), f => str("'.system('touch $tmp/run').'")) } 1 .. 3));
spew("$tmp/field", $nasty);
for my $terminal (qw(pngcairo svg pdfcairo dumb)) {
    my ($status, $out, $err) = run("scatter --density --hull --names f --terminal $terminal --color f,\"\$(cat $tmp/field)\" --shape f " .
        "--title \"\$(cat $tmp/field)\" $tmp/nasty.sp | gnuplot");
    is("$status$err", '0', "gnuplot draws it: $terminal");
    like($out, { pngcairo => qr/\A\x89PNG/, svg => qr/<svg /, pdfcairo => qr/\A%PDF/, dumb => qr/touch/ }->{$terminal}, 'a picture');
}
ok(!-e "$tmp/run", 'no command was run');

# One point, equal points: gnuplot has a range to draw.
my ($status, $out, $err) = run('scatter | gnuplot', stream({}, record('a', xy => vec(1e6, 2))));
is("$status$err", '0', 'one point');

sub bad { my ($why, $options, @r) = @_; refuses(6, $why, "scatter -q $options", stream({}, @r)) }
bad(qr/^scatter: a: no field xy and no field x;/, '', record('a', y => vec(1, 2)));
bad(qr/^scatter: a: no field y;/, '-i y', record('a', xy => vec(1, 2)));
bad(qr/^scatter: a: x has one column, but a map needs two/, '', record('a', x => vec(1)));
bad(qr/^scatter: a: xy\[1\] is inf/, '', record('a', xy => vec(1, 'inf')));
bad(qr/^scatter: a: no field genre/, '--color genre', record('a', xy => vec(1, 2)));
bad(qr/^scatter: a: genre is not a label/, '--color genre', record('a', xy => vec(1, 2), genre => vec(1)));
bad(qr/^scatter: no points to draw/, '', record('a', xy => nil()));
refuses(2, qr/--size '10x10' is not WIDTHxHEIGHT/, 'scatter --size 10x10');
like(runs("scatter -q --size 300,200 $tmp/in.sp"), qr/^set terminal pngcairo size 300,200 noenhanced/m, '--size');

done_testing;
