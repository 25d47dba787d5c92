# profile: what stands for each cluster
# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;
use Songpipe;
use Stream;
use Test::More;

my @x = ([0, 0], [0, 1], [5, 5], [5, 6], [9, 0]);
my @a = map { defined $_ ? str($_) : nil() } 'p', 'p', 'q', 'q', undef;
my @b = (0, 1, 1, 1, 1);
my @c = (0, 0, 1, 1, -1);
spew("$tmp/in.sp", stream({ columns => { x => ['u', 'v'] } },
    map { record($_, x => vec(@{ $x[$_] }), a => $a[$_], b => int64($b[$_]), cluster => int64($c[$_])) } 0 .. 4));

my @about = records("profile --truth a,b --set run=7 --cosine $tmp/in.sp");
is_deeply([map { [@$_{qw(id cluster run size share medoid top majority.a majority_share.a majority.b majority_share.b)}] } @about],
    [['0', 0, 7, 2, 0.4, '0', 'v', 'p', 1, 0, 0.5], ['1', 1, 7, 2, 0.4, '2', 'v, u', 'q', 1, 1, 1],
     ['-1', -1, 7, 1, 0.2, '4', 'u', undef, undef, 1, 1]], 'each cluster');
near_all([map { $_->{distance} } @about], [0.5, 0.5, 0], 1e-15, 0, 'mean distance to the centre');
my ($whole) = records("metrics --cosine $tmp/in.sp");
for my $which (qw(silhouette silhouette_cosine)) {
    my $mean = 0;
    $mean += $_->{$which} * $_->{share} for @about;
    near_all([$mean], [$whole->{$which}], 1e-15, 0, "$which of each cluster");
}
@about = records("profile --noise drop --no-silhouette $tmp/in.sp");
is_deeply([map { [@$_{qw(cluster share)}] } @about], [[0, 0.5], [1, 0.5]], 'each cluster but noise');
@about = records("profile", stream({}, map { record($_, cluster => str($_ % 2 ? 'ä' : 'b')) } 1 .. 4));
is_deeply([map { [$_->{cluster}, $_->{size}, $_->{silhouette}, exists $_->{medoid}] } @about],
    [["\x{e4}", 2, undef, ''], ['b', 2, undef, '']], 'each cluster, without vectors');
is_deeply([records("profile -t t", stream({}))], [], 'no cluster');

# As they were: a label of another type, a majority that is a number, a column without name.
@about = records("profile -t t", stream({}, map { record($_, x => vec(0, $_), cluster => bool($_ % 2), t => f64($_ < 4 ? 0.5 : 2)) } 1 .. 5));
is_deeply([map { [@$_{qw(id majority majority_share top)}] } @about], [['true', 0.5, 2 / 3, 'x1'], ['false', 0.5, 0.5, 'x1']], 'labels as they were');
is(ref $about[0]{cluster}, 'JSON::PP::Boolean', 'true stays true');

# Names of any length: two truths that differ in their last byte only, and a long field.
my ($one, $two, $input) = map { 't' x 300 . $_ } 1 .. 3;
my $long = stream({}, map { record($_, $input => vec(0, $_), cluster => int64(0), $one => str('a'), $two => str('b')) } 1 .. 4);
my ($r) = records("profile -i $input -t $one,$two", $long);
is_deeply([@$r{"majority.$one", "majority.$two", "majority_share.$one", "majority_share.$two", 'top'}], ['a', 'b', 1, 1, "${input}1"], 'long names');

refuses(2, qr/--cosine/, "profile --cosine --no-silhouette $tmp/in.sp");
refuses(2, qr/'singletons'/, "profile --noise singletons $tmp/in.sp");
refuses(6, qr/a: cluster is not a label/, "profile", stream({}, record('a', x => vec(1), cluster => vec(1))));
refuses(3, qr/id a appears twice/, "profile", stream({}, map { record('a', x => vec(1), cluster => int64(1)) } 1, 2));
refuses(4, qr/not enough memory for the silhouette: .* needed/, "profile --max-memory 100 $tmp/in.sp");
done_testing;
