# sp-join: partners by id, by a field and drawn; what is only on one side
# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;
use Songpipe;
use Test::More;

sub stream {
    my ($name, @records) = @_;
    spew("$tmp/$name.sp", runs('from-json', join "\n", @records, ''));
    return "$tmp/$name.sp";
}
sub rows {
    my ($fields, @records) = @_;
    return join '; ', map { my $r = $_; join ' ', map { $r->{$_} // (exists $r->{$_} ? 'nil' : '-') } @$fields } @records;
}

my $songs = stream('songs', map { qq({"id":"s$_","a":$_,"genre":"g@{[$_ % 2]}","n":$_}) } 1 .. 4);
my $other = stream('other', map { qq({"id":"s$_","genre":"other","title":"T$_","n":$_}) } 3, 1, 4, 2);
is(rows([qw(id a genre title)], records("sp-join --with $other $songs")), 's1 1 g1 T1; s2 2 g0 T2; s3 3 g1 T3; s4 4 g0 T4',
    'by id, in any order; fields that are there stay');
is(runs("sp-join --no-history -j 4 --with $other < $songs"), runs("sp-join --no-history --with $other $songs"), 'threads and a pipe: the same bytes');

# Who has no partner.
my $less = stream('less', '{"id":"s2","title":"T2"}', '{"id":"s9","title":"T9","year":1999}', '{"id":"s4","title":null}');
refuses(6, qr/^sp-join: s1: no partner in .*less.sp; give --missing skip or nil$/m, "sp-join --with $less $songs");
my ($status, $out, $err) = run("sp-join --missing nil --with $less $songs | to-json");
is(rows([qw(id title year)], jsonl($out)), 's1 nil nil; s2 T2 nil; s3 nil nil; s4 nil nil', 'nil: every record has all fields');
like($err, qr/^sp-join: 2 records have no partner in .*less.sp; 1 of its records has none here$/m, 'both are counted');
is(rows([qw(id title)], records("sp-join -q --missing skip --with $less $songs")), 's2 T2; s4 nil', 'skip leaves them out');
is(rows([qw(id a title year)], records("sp-join -q --missing skip --all --with $less $songs")), 's2 2 T2 nil; s4 4 nil nil; s9 nil T9 1999',
    '--all: what only the second stream has, at the end, nil where it has nothing');
is(rows([qw(id title)], jsonl((run("sp-join --on-error skip -q --with $less $songs | to-json"))[1])), 's2 T2; s4 nil', 'a record without partner is bad');

# By a field, whatever its type: ids are text.
my $segments = stream('segments', '{"id":"1","song":"s2","n":1}', '{"id":"2","song":"s4","n":2}', '{"id":"3","song":"s2","n":2.0}', '{"id":"4","song":null,"n":3}');
is(rows([qw(id title)], records("sp-join -q --missing nil --on song --with $less $segments")), '1 T2; 2 nil; 3 T2; 4 nil', '--on FIELD');
my $numbered = stream('numbered', '{"id":"1","t":"one"}', '{"id":"2","t":"two"}');
is(rows([qw(id t)], records("sp-join -q --missing nil --on n --with $numbered $segments")), '1 one; 2 two; 3 two; 4 nil', '--on a number');

# Drawn.
my $genres = stream('genres', map { qq({"id":"o$_","genre":"g@{[$_ % 2]}","title":$_}) } 1 .. 20);
my @drawn = records("sp-join -q --draw --by genre --with $genres $songs");
is(scalar(grep { ($_->{a} - $_->{title}) % 2 } @drawn), 0, '--by draws among those with the same label');
is(runs("sp-join -q --no-history -j 3 --draw --by genre --with $genres $songs"), runs("sp-join -q --no-history --draw --by genre --with $genres $songs"),
    'draws do not depend on threads');
isnt(runs("sp-join -q --no-history --draw --seed 1 --with $genres $songs"), runs("sp-join -q --no-history --draw --seed 2 --with $genres $songs"), '--seed');

# It is the join of fuse.
my $x = stream('x', map { qq({"id":"s$_","a":[$_]}) } 1 .. 5);
my $l = stream('l', map { qq({"id":"s$_","l":[$_,7]}) } 7, 4, 2);
for my $with ("--with $l", "--with $l --draw --seed 5") {
    my $all = $with =~ /draw/ ? '' : '--all';
    is(runs("sp-join -q --missing nil $all $with $x | fuse -q --no-history --missing zero a=1 l=2"),
        runs("fuse -q --no-history --missing zero a=1 l=2 $with $x"), "fuse $with");
}

# Columns come along, but not over the names of a field that is there.
my $named = "$tmp/named.sp";
spew($named, runs("from-csv --id id", "id,low,high\ns1,1,2\n"));
like(runs("sp-join -q --missing nil --with $named $songs | sp-info"), qr/^columns +x 2: low high$/m, 'columns of the second stream');
my $own = stream('own', '{"id":"s1","x":[5,6,7]}');
unlike(runs("sp-join -q --with $named $own | sp-info"), qr/low/, 'not where the field is its own');

refuses(2, qr/^sp-join: --with is missing: the second stream/m, "sp-join $songs");
refuses(2, qr/--all and --on cannot be used together: --all is for a join by id/, "sp-join --all --on n --with $less $songs");
refuses(2, qr/--by needs --draw/, "sp-join --by n --with $less $songs");
refuses(3, qr/id s2 appears twice/, "sp-join --with $tmp/twice.sp $songs") if spew("$tmp/twice.sp", slurp_file($less) x 2);

# The other stream is held as its bytes: 20 000 ids and labels, 0.6 MB.
spew("$tmp/many.sp", runs('from-csv', join '', "id,genre\n", map { "$_,rock\n" } 1 .. 20000));
is(runs("sp-join --max-memory 4M --with $tmp/many.sp $tmp/many.sp | sp-info --count"), "20000\n", 'labels in little memory');
done_testing;
