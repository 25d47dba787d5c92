# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;
use Songpipe;
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
done_testing;
