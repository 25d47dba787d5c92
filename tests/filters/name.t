#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;
use Songpipe;
use Stream;
use Test::More;

# Records of [cluster, genre, title, distance, words...]; undef is nil. Names of each cluster, in order.
my @words = qw(love night car rain);
sub songs {
    my $n = 0;
    return stream({ columns => { w => \@words } }, map {
        my ($c, $g, $t, $d, @w) = @$_;
        record('s' . $n++, cluster => defined $c ? int64($c) : nil(), genre => defined $g ? str($g) : nil(), title => defined $t ? str($t) : nil(),
            distance => f64($d // 0), w => @w ? vec(@w) : nil());
    } @_);
}
sub names {
    my ($options, $in) = @_;
    my %name;
    for (records("name -q $options", $in)) {
        my $c = $_->{cluster} // 'nil';
        ok(!exists $name{$c} || ($name{$c} // '') eq ($_->{name} // ''), "one name for $c") if exists $name{$c};
        $name{$c} = $_->{name};
    }
    return \%name;
}

my $in = songs([0, 'rock', 'A', 2, 1, 0, 0, 1], [0, 'rock', 'B', 1, 1, 0, 0, 1], [0, 'jazz', 'C', 1, 1, 0, 0, 0], [1, 'rock', 'D', 3, 0, 1, 0, 1],
    [2, 'jazz', 'E', 0, 0, 0, 5, 0], [2, undef, 'F', 0], [-1, 'rock', 'G', 0, 9, 0, 0, 0], [undef, 'rock', 'H', 0, 9, 0, 0, 0]);
is_deeply(names('-l genre', $in), { 0 => 'rock: cluster 0', 1 => 'rock: cluster 1', 2 => 'jazz', -1 => 'noise', nil => undef }, 'the label of most, told apart by the cluster');
is_deeply([map { $_->{share} } records('name -q -l genre', $in)], [(2 / 3) x 3, 1, 1, 1, 1, undef], 'its share, of those that have one');
is_deeply(names('-t title', $in), { 0 => 'B', 1 => 'D', 2 => 'E', -1 => 'noise', nil => undef }, 'the title with the least distance, of equal ones the first');
is_deeply(names('-t title --distance none', $in)->{0}, 'A', 'without distances the first');

# Means: 0: 1 0 0 2/3; 1: 0 1 0 1; 2: 0 0 5 0 (one song has none). Against the others:
# 0: 1 less 0, 0 less 1/2, 0 less 5/2, 2/3 less 1/2; 1: night 1, rain 1 - 2/4; 2: car 5.
is_deeply(names('-w w', $in), { 0 => 'love, rain', 1 => 'night, rain', 2 => 'car', -1 => 'noise', nil => undef }, 'words that stand out, by hand');
is(names('-w w -n 1', $in)->{0}, 'love', '-n');
# Those called rock are told from each other: rain is 2/3 less 1 for the first, 1 less 2/3 for the second.
is_deeply(names('-w w -l genre', $in), { 0 => 'rock: love', 1 => 'rock: night, rain', 2 => 'jazz', -1 => 'noise', nil => undef }, 'words against those of the same name only');
is_deeply(names('-l genre -t title', $in), { 0 => 'rock: B', 1 => 'rock: D', 2 => 'jazz', -1 => 'noise', nil => undef }, 'or titles');
is_deeply(names('-l genre -t title', songs([0, 'a', 'x'], [1, 'a', 'x'], [2, 'a'], [3])),
    { 0 => 'a: x: cluster 0', 1 => 'a: x: cluster 1', 2 => 'a: s2', 3 => 's3' }, 'the same in all; without a title the id');
is_deeply(names('-t title', songs([0, 'a', undef, 2], [0, 'a', undef, 1], [1, 'a', undef, 0], [1, 'a', 'T', 9])), { 0 => 's1', 1 => 'T' }, 'the nearest with a title, or else the nearest');
is_deeply(names('-l genre -t title', songs([0, 'a', 'x', 2], [0, undef, 'y', 1], [0, undef, 'z', 3], [1, 'b', 'v'], [1, undef, 'w'])), { 0 => 'y', 1 => 'b' }, 'a label that less than half of a cluster have is passed over');
is_deeply(names('-l genre', songs([0, 'a'], [0], [0])), { 0 => 'a' }, 'unless there is nothing else');
is_deeply(names('-l genre', songs([3, 'b'], [3, 'a'])), { 3 => 'b' }, 'of equal shares the first');


# A table of one's own.
sub table { spew("$tmp/t.csv", $_[0]); return "-f $tmp/t.csv" }
is_deeply(names(table("cluster,name\n0,\"Loud, \"\"er\"\"/\"\n2,x\n-1,odd\n1,\n"), $in), { 0 => 'Loud, "er"/', 1 => 'cluster 1', 2 => 'x', -1 => 'odd', nil => undef }, 'a table; an empty name is none');
is_deeply(names(table("more;cluster;name\n1,5;0;x\n;2;y, z\n"), $in), { 0 => 'x', 1 => 'cluster 1', 2 => 'y, z', -1 => 'noise', nil => undef }, 'with semicolons, as a spreadsheet writes it');
like((run('name ' . table("cluster\tname\n0\tx\n"), $in))[2], qr/^name: \S+t.csv: the delimiter is tab$/m, 'which is said');
is_deeply(names(table("name,more,cluster\nx,1,0\nx,2,1\n") . ' -l genre', $in), { 0 => 'x', 1 => 'x', 2 => 'jazz', -1 => 'noise', nil => undef }, 'clusters put together, the others by label');
is_deeply([map { $_->{family} } records('name -q -c genre -o family ' . table("genre,name\nrock,loud\njazz,soft\n"), $in)], [qw(loud loud soft loud soft), undef, 'loud', 'loud'], 'values of any field');
my (undef, undef, $err) = run('name ' . table("cluster,name\n0,a\n7,b\n8,c\n"), $in);
like($err, qr/^name: \S+t.csv: values of cluster that are not there: 2; the first is 7$/m, 'names without a cluster');
like($err, qr/^name: \S+t.csv: no name for 3 of 4 values of cluster$/m, 'clusters without a name');
refuses(2, qr/--output cluster is the field of the clusters; sp-fields --map cluster=FILE/, 'name -l genre -o cluster', $in);
refuses(6, qr/t.csv: no column name; its first line is to be: cluster,name/, 'name ' . table("cluster,Loud\n1,Soft\n"), $in);
refuses(6, qr/t.csv: no column cluster; its first line/, 'name ' . table("0,Loud\n1,Soft\n"), $in);
refuses(6, qr/t.csv:3: cluster 0 has a name already/, 'name ' . table("cluster,name\n0,a\n0,b\n"), $in);
refuses(6, qr/t.csv:2: the name is not UTF-8/, 'name ' . table("cluster,name\n0,\xff\n"), $in);
refuses(6, qr/t.csv:2: /, 'name ' . table("cluster,name\n0\n"), $in);
refuses(6, qr/nowhere/, "name -f $tmp/nowhere", $in);

# Names that are not harmless, and playlists of them.
my $nasty = songs([0, "a/b\n\e[1m", 'x'], [1, 'n' x 300, 'y'], [2, 'CON'], [3, ' ']);
my $got = names('-l genre', $nasty);
is($got->{0}, 'a/b??[1m', 'control characters');
is($got->{1}, 'n' x 100 . '...', '300 bytes');
spew("$tmp/n.sp", $nasty);
runs("name -q -l genre $tmp/n.sp | sp-fields --set path=a.mp3 | to-m3u --missing --by name --dir $tmp/lists");
is_deeply([sort map { s{.*/}{}r } glob "$tmp/lists/*"], [sort 'a_b__[1m.m3u8', 'n' x 100 . '___.m3u8', '_CON.m3u8', '_.m3u8'], 'playlists by name');

# Refused.
refuses(2, qr/what to name by/, 'name', $in);
refuses(6, qr/^name: title: the columns of this field have no names/m, 'name -w title', $in);
refuses(6, qr/^name: s0: no field artist/m, 'name -l artist', $in);
refuses(6, qr/^name: s0: w is not a label/m, 'name -l w', $in);
refuses(6, qr/^name: s0: name exists; give -o NAME/m, 'name -q -l genre | name -l genre', $in, 1);
refuses(6, qr/^name: more|^name: cluster has more than 4096 values/m, 'name -t title', songs(map { [$_, 'a', 'b'] } 1 .. 4097));
my ($status, $out) = run('name -q -l genre --on-error skip', stream({}, record('a', cluster => vec(1), genre => str('x')), record('b', cluster => int64(1), genre => vec(1)),
    record('c', cluster => int64(1), genre => str('y'))));
is($status, 1, 'bad ones are left out');
spew("$tmp/o.sp", $out);
is_deeply([map { [$_->{id}, $_->{name}] } records("cat $tmp/o.sp")], [['c', 'y']], 'and not counted');
is_deeply([records('name -l genre', stream({}))], [], 'of nothing');
done_testing;
