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
is(points($program), '1 2 2 | 3 4 1 | 5 6 4 | 7 8 1', 'each point and its class; nil has none');
like($program, qr/^set xlabel 'tsne0'.*\nset yrange .*\nset ylabel 'tsne1'/m, 'axes are named after the columns');
like($program, qr/^set xrange \[0\.76:7\.24\]$/m, 'all points are inside');
is(runs("scatter -q $tmp/in.sp"), $program, 'the same bytes again');

$program = runs("scatter -q --color cluster,genre --shape genre --title \"it's\" $tmp/in.sp");
like($program, qr/^set multiplot layout 1,2 title 'it\xe2\x80\x99s' font/m, 'two panels under a title');
is(() = $program =~ /^plot /mg, 2, 'two plots');
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
    my ($status, $out, $err) = run("scatter --terminal $terminal --color f,\"\$(cat $tmp/field)\" --shape f " .
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
