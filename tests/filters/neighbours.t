# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;
use Cluster;
use Songpipe;
use Stream;
use Test::More;

my $line = "id,p,genre\na,0,rock\nb,1,pop\nc,3,rock\nd,7,pop\n";
my @r = records('from-csv --id id | neighbours -k 2', $line);
is(join(' ', map { join '', @{ $_->{neighbours} } } @r), 'bc ac ba cb', 'nearest first, itself left out');
is_deeply([map { $_->{'neighbours.distance'} } @r], [[1, 3], [1, 2], [2, 3], [4, 6]], 'distances');
@r = records('from-csv --id id | neighbours -k 3 --of c', $line);
is(join(' ', map { "$_->{id}$_->{rank}:$_->{distance}:$_->{genre}" } @r), 'b1:2:pop a2:3:rock d3:4:pop', 'of one song');
@r = records('from-json | neighbours -k 1 --metric cosine',
    join '', map { qq({"id":"$_->[0]","x":[$_->[1]]}\n) } ['a', '1,0'], ['b', '0,3'], ['c', '9,1'], ['d', '1,9']);
is(join(' ', map { $_->{neighbours}[0] } @r), 'c d a b', 'cosine does not look at lengths');
near_all([map { $_->{'neighbours.distance'}[0] } @r], [(1 - 9 / sqrt(82)) x 4], 1e-7, 0, 'cosine distance');
@r = records('from-json | neighbours -k 1', qq({"id":"a","x":[1]}\n{"id":"b","x":null}\n{"id":"c","x":[1]}\n));
is_deeply([map { $_->{neighbours} } @r], [['c'], undef, ['a']], 'nil is nobody\'s neighbour; an equal one is');
refuses(6, qr/4 vectors are too few for 4 neighbours each/, 'from-csv --id id | neighbours -k 4', $line, 1);
refuses(6, qr/z: no record with this id/, 'from-csv --id id | neighbours -k 1 --of z', $line, 1);

my ($status, $out, $err) = run('from-json | neighbours -k 1 --of a --on-error skip | to-json', qq({"id":"a","x":[1]}\n{"id":"b","x":"text"}\n{"id":"c","x":[1]}\n));
is($status, 1, 'of one song among bad ones: status');
like($err, qr/^neighbours: b: x is not a vector/m, 'which are named');

# Against a plain search in Perl, on points that tie and appear twice: by distance, then order.
srand 7;
my @p = map { [map { int rand 4 } 1 .. 3] } 1 .. 300;
my $json = join '', map { qq({"id":"$_","x":[) . join(',', @{ $p[$_] }) . "]}\n" } 0 .. $#p;
@r = records('from-json | neighbours -k 7', $json);
my $wrong = 0;
for my $i (0 .. $#p) {
    my %sq;
    for my $j (grep { $_ != $i } 0 .. $#p) {
        my $sum = 0;
        $sum += ($p[$i][$_] - $p[$j][$_])**2 for 0 .. 2;
        $sq{$j} = $sum;
    }
    my @want = (sort { $sq{$a} <=> $sq{$b} || $a <=> $b } keys %sq)[0 .. 6];
    $wrong++ if "@want" ne "@{ $r[$i]{neighbours} }";
}
is($wrong, 0, 'all as a plain search finds them');
is(runs("from-json | neighbours -k 7 -j 1", $json), runs("from-json | neighbours -k 7 -j 3", $json), 'on any threads');

# Mutual proximity: against numpy and scipy.
for my $set (sets_with('mutual5.csv', 'blobs')) {
    my @got = records('neighbours --mutual -k 5 ' . rows_sp("$set->{dir}/x.npy", "$tmp/x.sp", {}));
    for my $want (csv("$set->{dir}/mutual5.csv")) {
        my $r = $got[$want->{row}];
        is("@{ $r->{neighbours} }", join(' ', map { $want->{"near$_"} } 0 .. 4), "mutual: of row $want->{row}");
        near_all($r->{'neighbours.distance'}, [map { $want->{"far$_"} } 0 .. 4], 1e-7, 0, "mutual: 1 - MP of row $want->{row}");
    }
}
is(runs("neighbours --mutual -k 4 -j 1 $tmp/x.sp"), runs("neighbours --mutual -k 4 -j 3 $tmp/x.sp"), 'mutual: on any threads');
my ($all) = grep { $_->{id} eq '16' } records("neighbours --mutual -k 4 $tmp/x.sp");
is(join(' ', map { $_->{id} } records("neighbours --mutual -k 4 --of 16 $tmp/x.sp")), "@{ $all->{neighbours} }", 'mutual: of one song');
# Cosine: of some directions, in any lengths.
my @dirs = ([1, 0], [1, 0.2], [0, 1], [-1, 0.5], [0.3, -1]);
my ($one, $many) = map { my $grow = $_; [map { "@{ $_->{neighbours} }" } records('neighbours --mutual -k 4 --metric cosine',
    stream({}, map { my $i = $_; record($i, x => vec(map { $_ * $grow**$i } @{ $dirs[$i] })) } 0 .. 4))] } 1, 8;
is_deeply($one, $many, 'mutual: cosine does not look at lengths');

# Duplicates: songs on a line, a and d the same, e and f close to it, g missing.
my $twice = "id,p\na,0\nb,10\nc,20\nd,0\ne,31\nf,31.5\nh,43\ni,55\n";
sub twins { my ($options, $in) = @_; return join ' ', map { "$_->{id}=$_->{duplicate}:$_->{'duplicate.distance'}" } records("from-csv | neighbours --duplicates -q $options", $in // $twice) }
is(twins(''), 'a=d:0 d=a:0 e=f:0.5 f=e:0.5', 'duplicates: within a quarter of the median, 1.3125');
is(twins('--within 0'), 'a=d:0 d=a:0', 'duplicates: --within 0');
is(twins('', $twice =~ s/,([\d.]+)$/',' . $1 * 1024/germ), 'a=d:0 d=a:0 e=f:512 f=e:512', 'duplicates: the scale does not matter');
is(twins('', "id,p\na,1\n") . twins('', "id,p\n") . twins('', "id,p\na,1\nb,2\n"), '', 'duplicates: of one song, none, two that differ');
is(twins('', "id,p\na,1\nb,1\nc,1\n"), 'a=b:0 b=a:0 c=a:0', 'duplicates: all are one');
is(twins('', "id,p\na,1\nb,\nc,1\nd,5\ne,9\n"), 'a=c:0 c=a:0', 'duplicates: songs without vector are left out');
is(runs('from-csv | neighbours --duplicates -q -o same | sp-fields --keep same,same.distance | to-csv', $twice),
    "id,same,same.distance\na,d,0\nd,a,0\ne,f,0.5\nf,e,0.5\n", 'duplicates: -o, to-csv');
is(runs('from-csv | neighbours --duplicates -q | sp-match duplicate eq a | to-csv', $twice), "id,p,duplicate,duplicate.distance\nd,0,a,0\n" =~ s/,p,/,x:p,/r, 'duplicates: sp-match');
($status, $out, $err) = run('from-csv | neighbours --duplicates', $twice);
like($err, qr/^neighbours: 4 of 8 have another within 1.3125, a quarter of the median distance to the nearest$/m, 'duplicates: the note');
refuses(2, qr/--within needs --duplicates/, 'neighbours --within 1', runs('from-csv', $twice));
refuses(2, qr/--duplicates and --mutual cannot/, 'neighbours --duplicates --mutual', runs('from-csv', $twice));
# Of more than 100 000 vectors they are looked for nearly, and it says how near.
many_sp("$tmp/many.sp", sub { (rand, rand, rand) });
{
    my ($status, undef, $err) = run("neighbours -k 5 -j 1 $tmp/many.sp >$tmp/one.sp");
    is($status, 0, 'more than 100 000');
    like($err, qr/^neighbours: [\d.]+ % of the neighbours of 100 vectors are right: above 100000, they are looked for by NN-descent\n\z/, 'says so');
    cmp_ok(($err =~ /([\d.]+) %/)[0], '>=', 95, 'most are right');
    runs("neighbours -q -k 5 -j 3 $tmp/many.sp >$tmp/three.sp");
    ok(slurp_file("$tmp/one.sp") eq slurp_file("$tmp/three.sp"), 'the same bytes for -j 3');
    ($status, undef, $err) = run("neighbours -k 33 $tmp/many.sp >$tmp/one.sp");
    is("$status $err", '0 ', 'more than 32 each: exactly, and it does not say otherwise');
}
done_testing;
