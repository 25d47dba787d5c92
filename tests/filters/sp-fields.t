#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;
use Songpipe;
use Stream;
use Test::More;

my $in = join '', map { sprintf qq({"id":"r%d","genre":"%s","year":%d,"x":[%d,1]}\n), $_, (qw(rock pop jazz))[$_ % 3], $_, $_ } 1 .. 60;
runs("from-json > $tmp/in.sp", $in);

# Names of the fields of the first record, in order.
sub names { return join ' ', runs("sp-fields $_[0] $tmp/in.sp | to-json | head -1") =~ /"(\w+)":/g }

is(names(''), 'id genre year x', 'nothing asked, nothing done');
is(names('--keep year,genre'), 'id genre year', '--keep, in the order of the records');
refuses(6, qr/--keep: no record has a field gen\b/, "sp-fields --keep gen $tmp/in.sp", undef, 1);       # a part of a name is no name
is(names('--keep id'), 'id', 'the id stays');
is(names('--drop genre,id,none,x'), 'id year', '--drop');
is(names('-k genre,year -d year'), 'id genre', 'keep, then drop');
is(names('--rename genre=style'), 'id style year x', '--rename, in its place');
is(names('--rename genre=style --rename style=kind'), 'id kind year x', 'one after the other');
is(names('--rename genre=genre'), 'id genre year x', 'to itself');
is(names('-k genre --rename genre=g --set n=1'), 'id g n', 'keep, rename, set');
is(names('--set year=7 --set new=8'), 'id genre year x new', '--set, in its place or behind');

my ($r) = records("sp-fields --set i=3 --set n=-12 --set f=3.0 --set e=1e3 --set t=true --set u=false --set z=null --set s=text " .
    "--set v= --set w=a=b --set h=0x10 --set b=' 5' --set l=123456789012345678901 $tmp/in.sp");
is_deeply([map { $r->{$_} } qw(i n f e)], [3, -12, 3, 1000], 'numbers');
ok($r->{t} && !$r->{u} && ref $r->{t}, 'true and false');
is($r->{z}, undef, 'nil');
is_deeply([map { $r->{$_} } qw(s v w h b)], ['text', '', 'a=b', '0x10', ' 5'], 'text');
is(runs("sp-fields --set i=3 --set f=3.0 --keep i,f --set l=123456789012345678901 $tmp/in.sp | sp-fields --keep i,f,l | to-json | head -1"),
    qq({"id":"r1","i":3,"f":3.0,"l":1.2345678901234568e+20}\n), 'whole numbers stay whole; what is too large becomes a float');

# --map: values by a table; what is not in it stays.
spew("$tmp/g.csv", "genre,name\nrock,\"Hard, loud\"\npop,7\njazz,\n");
spew("$tmp/y.csv", "name,year\nfirst,1\n");
sub mapped { my ($out) = (run("sp-fields $_[0] $tmp/in.sp | to-json | head -3"))[1]; return join ' ', $out =~ /"(?:genre|kind|year)":(".*?"|\w+)/g }
is(mapped("-q --map genre=$tmp/g.csv"), '7 1 "jazz" 2 "Hard, loud" 3', '--map: text, a number, an empty name');
is(mapped("-q --map genre=$tmp/g.csv --map year=$tmp/y.csv --rename genre=kind"), '7 "first" "jazz" 2 "Hard, loud" 3', 'two tables, then rename');
is((run("sp-fields --map genre=$tmp/g.csv $tmp/in.sp"))[2], "sp-fields: $tmp/g.csv: no name for the genre of 20 records: it stays as it is\n", 'a note of the others');
is(runs("sp-fields -q -j 4 --map genre=$tmp/g.csv $tmp/in.sp | md5sum"), runs("sp-fields -q --map genre=$tmp/g.csv $tmp/in.sp | md5sum"), 'on four threads');
runs("cp $tmp/g.csv $tmp/same.csv; sed s/jazz/Jazz/ $tmp/g.csv > $tmp/less.csv");
my %made = map { $_ => runs("sp-fields -q --map genre=$tmp/$_.csv $tmp/in.sp | sp-info") =~ /(--map genre=xxh3:[0-9a-f]{16} )/ } qw(g same less);
ok($made{g} && $made{g} eq $made{same} && $made{g} ne $made{less}, 'the history has the hash of the table');
refuses(6, qr/^sp-fields: \Q$tmp\E\/g\.csv: no column year; its first line is to be: year,name$/m, "sp-fields --map year=$tmp/g.csv $tmp/in.sp");
spew("$tmp/n.csv", "none,x,name\n1,1,2\n");
refuses(6, qr/^sp-fields: r1: no field none to map;/m, "sp-fields --map none=$tmp/n.csv $tmp/in.sp", undef, 1);
refuses(6, qr/^sp-fields: r1: x is not a label/m, "sp-fields --map x=$tmp/n.csv $tmp/in.sp", undef, 1);
refuses(2, qr/--map genre: --drop leaves it out/, "sp-fields --map genre=$tmp/g.csv --drop genre $tmp/in.sp");
refuses(2, qr/--map 'genre=' is not FIELD=FILE/, "sp-fields --map genre= $tmp/in.sp");
refuses(6, qr/no such file/i, "sp-fields --map genre=$tmp/absent.csv $tmp/in.sp");

# What is not touched passes byte for byte, on any number of threads.
is(runs("sp-fields --no-history $tmp/in.sp | sp-diff $tmp/in.sp"), '', 'records pass');
is(runs("sp-fields -j $_ --set a=1 -d year $tmp/in.sp | md5sum"), runs("sp-fields --set a=1 -d year $tmp/in.sp | md5sum"), "-j $_") for 2, 4;

# Names of columns go with their field.
spew("$tmp/c.sp", stream({ columns => { x => ['u', 'v'], y => ['w'] } }, record('a', x => vec(1, 2), y => vec(3))));
sub columns { return join ' ', runs("sp-fields $_[0] $tmp/c.sp | sp-info") =~ /^columns +(.*)$/mg }
is(columns(''), 'x 2: u v y 1: w', 'columns pass');
is(columns('--drop x'), 'y 1: w', 'and go');
is(columns('--keep x'), 'x 2: u v', 'and stay');
is(columns('--rename x=z'), 'z 2: u v y 1: w', 'and are renamed');
is(columns('--set y=1'), 'x 2: u v', 'and go where the field becomes something else');

# --shuffle: the same values, dealt out otherwise; the other fields stay with their records.
my @before = records("cat $tmp/in.sp");
my @after = records("sp-fields --shuffle genre --seed 3 $tmp/in.sp");
is_deeply([sort map { $_->{genre} } @after], [sort map { $_->{genre} } @before], 'the same values');
my $moved = grep { $after[$_]{genre} ne $before[$_]{genre} } 0 .. $#before;
cmp_ok($moved, '>', 20, "$moved of 60 have another genre");
is_deeply([map { $_->{year} } @after], [map { $_->{year} } @before], 'other fields stay');
is(runs("sp-fields --shuffle genre --seed 3 $tmp/in.sp | md5sum"), runs("sp-fields --shuffle genre --seed 3 < $tmp/in.sp | md5sum"),
    'the same from standard input');
runs("from-json > $tmp/many.sp", join '', map { qq({"id":"$_","v":$_}\n) } 1 .. 5000);
is(runs("sp-fields -j 4 --shuffle v $tmp/many.sp | md5sum"), runs("sp-fields --shuffle v $tmp/many.sp | md5sum"), 'and on four threads');
is(runs("cat $tmp/in.sp | sp-fields --shuffle genre --seed 3 | md5sum"), runs("sp-fields --shuffle genre --seed 3 $tmp/in.sp | md5sum"), 'and from a pipe');
isnt(runs("sp-fields --no-history --shuffle genre --seed 4 $tmp/in.sp | md5sum"), runs("sp-fields --no-history --shuffle genre --seed 3 $tmp/in.sp | md5sum"), 'another seed');
is(names('--shuffle genre --rename genre=style'), 'id style year x', 'shuffled before it is renamed');
is(names('--shuffle genre --keep genre'), 'id genre', 'and before others are dropped');

# Every order is as likely: places of the first of four values over 600 seeds, chi-square
# with 3 degrees of freedom, 0.9999 quantile 21.1.
runs("from-json > $tmp/four.sp", join '', map { qq({"id":"$_","v":$_}\n) } 0 .. 3);
my $lines = runs("for s in \$(seq 200); do sp-fields --shuffle v --seed \$s $tmp/four.sp; done | to-json 2>/dev/null");
my @place = (0) x 4;
/"id":"(\d)","v":0/ and $place[$1]++ for split /\n/, $lines;
my $chi = 0;
$chi += ($_ - 50)**2 / 50 for @place;
cmp_ok($chi, '<', 21.1, "the first value is in every place alike (@place)");

refuses(6, qr/^sp-fields: r1: no field a to rename;/m, "sp-fields --rename a=b $tmp/in.sp", undef, 1);
refuses(6, qr/^sp-fields: r1: year exists: drop it first$/m, "sp-fields --rename genre=year $tmp/in.sp", undef, 1);
is(names('-d year --rename genre=year'), 'id year x', 'dropped first');
refuses(6, qr/^sp-fields: r1: no field none;/m, "sp-fields --shuffle none $tmp/in.sp", undef, 1);
my ($status, $out, $err) = run("sp-fields --set h=1 $tmp/in.sp | cat $tmp/in.sp - | sp-fields -q --shuffle h --on-error skip | to-json");
is($status, 1, 'records without the field, under skip');
is(scalar(jsonl($out)), 60, 'are left out');
($status, $out, $err) = run("sp-fields --rename a=b --on-error emit $tmp/in.sp | to-json");
is($status, 0, 'emit ends with 0');
is_deeply([map { $_->{error} } jsonl($out)], [('no field a to rename') x 60], 'and gives the reason');
refuses(2, qr/--set 'a' is not NAME=VALUE/, "sp-fields --set a $tmp/in.sp");
refuses(2, qr/--set '=1' is not NAME=VALUE/, "sp-fields --set =1 $tmp/in.sp");
refuses(2, qr/--set 'id=1' is not NAME=VALUE of a field other than id/, "sp-fields --set id=1 $tmp/in.sp");
refuses(2, qr/--rename 'a=' is not OLD=NEW/, "sp-fields --rename a= $tmp/in.sp");
refuses(2, qr/--rename 'id=a' is not OLD=NEW of a field other than id/, "sp-fields --rename id=a $tmp/in.sp");
refuses(2, qr/--keep 'a,,b' has an empty word/, "sp-fields --keep a,,b $tmp/in.sp");
is(names('-k year -k genre'), names('-k year,genre'), 'a list that goes on');
is_deeply([records(q(sp-fields --set=-a=-1 --set ' b= c' --set e=0 | sp-fields -k ' b,-a' --rename '-a= -d'), stream({}, record('r')))],
    [{ id => 'r', ' b' => ' c', ' -d' => -1 }], 'names and values that begin with a blank or a dash');
refuses(2, qr/ids stay with their records/, "sp-fields --shuffle id $tmp/in.sp");
refuses(6, qr/r1: id exists/, "sp-fields --rename genre=id $tmp/in.sp", undef, 1);

# Typos are not passed over in silence.
spew("$tmp/typo.sp", stream({}, map { record("r$_", genre => str('x'), cluster => int64($_)) } 0 .. 99));
refuses(6, qr/^sp-fields: --keep: no record has a field clutser; did you mean cluster\?$/m, "sp-fields -j 4 --keep genre,clutser $tmp/typo.sp", undef, 1);
refuses(6, qr/^sp-fields: --keep: no record has a field nosuch$/m, "sp-fields --keep cluster,nosuch $tmp/typo.sp", undef, 1);
my ($typo, $all, $said) = run("sp-fields --drop gnere,cluster $tmp/typo.sp | to-json | wc -l");
like($said, qr/^sp-fields: --drop: no record has a field gnere; did you mean genre\?$/m, '--drop: a note');
for ('--drop id', '--drop x,id', '--drop id --drop x') {
    my ($status, undef, $err) = run("sp-fields $_ $tmp/in.sp | to-json");
    is($err, "sp-fields: --drop id: the id stays, no record is without one\n", "$_: a note");
    is($status, 0, '... and no more');
}
is((run("sp-fields -q --drop id $tmp/in.sp | to-json"))[2], '', '-q: none');
is("$typo $all", "0 100\n", 'and the work is done');
runs("sp-fields --keep nosuch", stream({}));
done_testing;
