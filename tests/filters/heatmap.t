# heatmap: tables, matrices and similarities, their numbers and their axes, and what gnuplot makes of it
# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;
use List::Util qw(sum);
use Picture;
use Songpipe;
use Stream;
use Test::More;

# Numbers of the cells, by row; what is written in cells.
sub cells { my ($data) = $_[0] =~ /^\$cells << END_OF_CELLS\n(.*)END_OF_CELLS\n/ms; return [map { [split] } split /\n/, $data] }
sub texts { my ($data) = $_[0] =~ /^\$texts << END_OF_TEXTS\n(.*)END_OF_TEXTS\n/ms; return join ' | ', split /\n/, $data // '' }
sub tics { my ($axis, $program) = @_; return $program =~ /^set ${axis}tics .*?\((.*)\)$/m }

# ---- a confusion ----

my @songs = map { record("s$_->[0]", genre => str($_->[1]), cluster => int64($_->[2])) }
    [1, 'rock', 3], [2, 'rock', 3], [3, 'jazz', 0], [4, 'rock', 0], [5, 'pop', 3];
spew("$tmp/songs.sp", stream({}, @songs));
my $program = runs("confusion -q $tmp/songs.sp | heatmap -q");
is_deeply(cells($program), [[1, 0], [0, 1], [1, 2]], 'counts');
is((tics('x', $program))[0], "'0' 0, '3' 1", 'clusters to the right');
is((tics('y', $program))[0], "'jazz' 0, 'pop' 1, 'rock' 2", 'genres');
like($program, qr/^set yrange \[2\.5:-0\.5\]$/m, 'downwards');
like($program, qr/^set xlabel 'cluster'.*^set ylabel 'genre'.*^set cblabel 'records'/ms, 'what they are');
like($program, qr/^set cbrange \[0:2\]$/m, 'from 0');
is(texts($program), '0 0 1 0x303030 | 1 0 0 0x303030 | 0 1 0 0x303030 | 1 1 1 0x303030 | 0 2 1 0x303030 | 1 2 2 0xffffff', 'numbers in cells, white on dark ones');
is(runs("confusion -q $tmp/songs.sp | heatmap -q"), $program, 'the same bytes again');
spew("$tmp/confusion.sp", runs("confusion -q $tmp/songs.sp"));
$program = runs("heatmap --normalize $tmp/confusion.sp");
is_deeply(cells($program), [[1, 0], [0, 1], [0.3333, 0.6667]], 'shares of the rows');
like(texts($program), qr/^0 0 1\.00 0xffffff .* 1 2 0\.67 0xffffff$/, 'with two digits');
drawn('a confusion', "heatmap --normalize --title it\\'s $tmp/confusion.sp");
SKIP: {
    skip 'needs gnuplot', 2 if !$gnuplot;
    my $picture = runs("heatmap --terminal dumb --size 60x20 $tmp/confusion.sp | gnuplot");
    like($picture, qr/^ *rock \|\S* +1 +2 /m, 'dumb: a row in letters');
    my $svg = runs("heatmap --terminal svg $tmp/confusion.sp | gnuplot");
    is(join(' ', sort $svg =~ />(jazz|pop|rock|genre|cluster|records)</g), 'cluster genre jazz pop records rock', 'svg: all names are there');
}

# 200 x 200: every name cannot be there, no number is, the picture has all cells.
my @many = map { record("r$_", x => vec(map { $_ % 7 } $_ .. $_ + 199)) } 100 .. 299;
$program = runs('heatmap --size 800x600', stream({}, @many));
is(scalar @{ cells($program) }, 200, '200 rows');
is(texts($program), '', 'without numbers');
cmp_ok(scalar(() = (tics('y', $program))[0] =~ /'r/g), '<', 50, 'names where there is room');
drawn('200 x 200', 'heatmap', stream({}, @many));

# More rows than pixels: 400 rows on 150 and something: blocks of neighbours, and the mean of all stays.
my @tall = map { record("t$_", x => vec($_, 1)) } 1 .. 400;
my $cells = cells(runs('heatmap --size 200x200', stream({}, @tall)));
cmp_ok(scalar @$cells, '<=', 200, 'no more rows than pixels');
near_all([$cells->[0][0], sum(map { $_->[1] } @$cells) / @$cells], [(1 + int(400 / @$cells)) / 2, 1], 0.01, 0, 'means of neighbours');
drawn('one cell', 'heatmap', stream({}, record('a', x => vec(0))));
drawn('one row', 'heatmap', stream({}, record('a', x => vec(1 .. 300))));
like(runs('heatmap', stream({}, record('a', x => vec(-1, 3)))), qr/^set cbrange \[-3:3\]$/m, 'numbers below 0: the same on both sides');

# ---- a matrix ----

my $frames = stream({ columns => { chroma => ['C', 'G'] } }, record('none', chroma => nil()),
    record('a', chroma => mat(2, 1, 2, 3, 4, 5, 6), frame_rate => f64(4)), record('b', chroma => mat(2, 7, 8), frame_rate => f64(4)));
$program = runs('heatmap -q -i chroma', $frames);
is_deeply(cells($program), [[1, 3, 5], [2, 4, 6]], 'time to the right');
is((tics('y', $program))[0], "'C' 0, 'G' 1", 'bands by their names');
like($program, qr/^set xrange \[-0\.125:0\.625\]\nset xlabel 'seconds'/m, 'in seconds');
like($program, qr/^set yrange \[-0\.5:1\.5\]$/m, 'upwards');
is_deeply(cells(runs('heatmap -q -i chroma --id b', $frames)), [[7], [8]], 'the record that is asked for');
drawn('a matrix', 'heatmap -q -i chroma', $frames);

# Mel bands: where HTK's and Slaney's formulas have 1000 Hz. 60 bands from 0 to 4000 Hz.
my $pcm = stream({}, record('a', pcm => tensor('<f4', [8000], pack 'f<*', map { sin($_ / 3) } 1 .. 8000), rate => int64(8000)));
my %mel = (htk => sub { 2595 * log(1 + $_[0] / 700) / log(10) }, slaney => sub { $_[0] < 1000 ? 3 * $_[0] / 200 : 15 + 27 * log($_[0] / 1000) / log(6.4) });
for my $scale (sort keys %mel) {
    my $options = $scale eq 'htk' ? '--htk' : '';
    for my $major ('', '--mel-major') {
        $program = runs("logmel -q --n-mels 60 $options $major | heatmap -i logmel", $pcm);
        my ($at) = (tics('y', $program))[0] =~ /'1000' ([\d.]+)/;
        near_all([$at], [61 * $mel{$scale}->(1000) / $mel{$scale}->(4000) - 1], 1e-4, 0, "$scale $major: 1000 Hz");
        like($program, qr/^set ylabel 'Hz'.*^set cblabel 'dB'/ms, "$scale $major: Hz and dB");
        is(scalar @{ cells($program) }, 60, "$scale $major: a row for each band");
    }
}
drawn('a spectrogram', "heatmap -i logmel", runs('logmel -q', $pcm));

# ---- similarities ----

my @alike = map { record("a$_->[0]", x => vec(@$_[2, 3]), cluster => int64($_->[1])) } [1, 1, 1, 0], [2, 0, 0, 2], [3, 1, 3, 4], [4, 0, 0, 0];
$program = runs('heatmap --similarity', stream({}, @alike));
is_deeply(cells($program), [[1, 0, 0, 0.8], [0, 0, 0, 0], [0, 0, 1, 0.6], [0.8, 0, 0.6, 1]], 'cosines, group by group; of nothing 0');
is((tics('x', $program))[0], "'0' 0.5, '1' 2.5", 'groups in the middle');
like($program, qr/^set arrow from 1\.5,-0\.5 to 1\.5,3\.5 nohead/m, 'a line between them');
drawn('similarities', 'heatmap --similarity', stream({}, @alike));
my @crowd = map { record("c$_", x => vec(sin($_), cos($_)), g => str($_ % 3)) } 1 .. 1500;
$program = runs('heatmap --similarity --by g', stream({}, @crowd));
cmp_ok(scalar @{ cells($program) }, '<=', 600, 'means of 1500');
is((tics('x', $program))[0], "'0' 249.5, '1' 749.5, '2' 1249.5", 'axes count songs');

# ---- what it refuses ----

refuses(6, qr/^heatmap: nothing to draw/, 'heatmap -q', stream({}, record('a', x => nil())));
refuses(6, qr/^heatmap: z: no record with this id has what --input names; the first id is \S+$/, 'heatmap -q -i chroma --id z', $frames);
refuses(6, qr/^heatmap: --normalize: a number is below 0/, 'heatmap --normalize', stream({}, record('a', x => vec(1, -1))));
refuses(6, qr/^heatmap: a: no field x; .* its fields: id, loss/, 'heatmap', stream({}, record('a', loss => f64(1))));
refuses(6, qr/^heatmap: a: no field cluster/, 'heatmap --similarity', stream({}, record('a', x => vec(1))));
refuses(6, qr/^heatmap: a: frame_rate is 0/, 'heatmap', stream({}, record('a', x => mat(1, 2), frame_rate => f64(0))));
refuses(6, qr/^heatmap: a: x is not a vector/, 'heatmap --similarity', stream({}, record('a', x => mat(1, 2), cluster => int64(1))));
refuses(2, qr/--by needs --similarity/, 'heatmap --by g');

done_testing;
