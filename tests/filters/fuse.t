# fuse: weights, missing parts, joins
# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;
use JSON::PP;
use Songpipe;
use Test::More;

# A stream of these JSON records, as a file.
sub stream {
    my ($name, @records) = @_;
    spew("$tmp/$name.sp", runs('from-json', join "\n", @records, ''));
    return "$tmp/$name.sp";
}
sub x { return map { $_->{x} } @_ }

my $two = stream('two', '{"id":"p","a":[3,4],"l":[0,5,12],"genre":"rock"}', '{"id":"q","a":[1,0],"l":[1,1,1],"genre":"pop"}');
my @r = records("fuse a=1 l=0.5 $two");
is_deeply([x(@r)], [[3, 4, 0, 2.5, 6], [1, 0, .5, .5, .5]], 'weighed and put together');
is_deeply([sort keys %{ $r[0] }], [qw(fused genre id x)], 'the parts are replaced');
is($r[0]{fused}, 'a+l', 'and named');
is_deeply([x(records("fuse l=-2 a=1 $two"))], [[0, -10, -24, 3, 4], [-2, -2, -2, 1, 0]], 'in the order of the words');
near_all([map { @$_ } x(records("fuse --normalize l2 a=2 l=13 $two"))],
    [1.2, 1.6, 0, 5, 12, 2, 0, map { 13 / sqrt 3 } 1 .. 3], 1e-6, 0, '--normalize l2');
is_deeply([sort keys %{ (records("fuse --keep -o f a=1 l=1 $two"))[0] }], [qw(a f f.fused genre id l)], '--keep and -o');
is_deeply([x(records("fuse x=2", runs('from-json', qq({"id":"1","x":[1,2]}\n))))], [[2, 4]], 'a part may be called as the output');
like(runs("fuse a=1 l=0.5 $two | sp-info"), qr/^columns +x 5: a0 a1 l0 l1 l2$/m, 'columns of parts without names');
my $named = runs("from-csv --id id -o a", "id,low,high\n1,1,2\n") ;
like(runs("fuse a=1 | sp-info", $named), qr/^columns +x 2: a.low a.high$/m, 'and with names');
my $sparse = runs('from-json', qq({"id":"1","lyrics":"la love"}\n{"id":"2","lyrics":"la"}\n));
near_all([map { @$_ } x(records('tfidf -q --no-idf --norm l1 -o l | fuse l=2', $sparse))], [1, 1, 2, 0], 1e-7, 0, 'sparse parts');

my ($p, $q) = map { $_ x 900 } 'p', 'q';
my ($long) = records("fuse $p=1 $q=1", runs('from-json', qq({"id":"1","$p":[1],"$q":[2]}\n)));
is($long->{fused}, "$p+$q", 'names of any length');

# ---- half songs ----

my $half = stream('half', '{"id":"1","a":null,"l":[2,4]}', '{"id":"2","a":[1],"l":[4,8]}', '{"id":"3","a":[3],"l":null}',
    '{"id":"4","a":null,"l":null}', '{"id":"5","a":[5]}');
refuses(6, qr/1: no (vector|field) a; give --missing skip, zero or mean/, "fuse a=1 l=0.5 $half");
my %want = (
    skip => [[1, 2, 4], undef],
    zero => [[0, 1, 2], [1, 2, 4], [3, 0, 0], undef, [5, 0, 0]],
    mean => [[3, 1, 2], [1, 2, 4], [3, 1.5, 3], undef, [5, 1.5, 3]],
);
for my $missing (sort keys %want) {
    my ($status, $out, $err) = run("fuse --missing $missing a=1 l=0.5 $half | to-json");
    is($status, 0, "--missing $missing");
    is_deeply([x(jsonl($out))], $want{$missing}, "--missing $missing");
    is(runs("cat $half | fuse -q --no-history -j 3 --missing $missing a=1 l=0.5"),
        runs("fuse -q --no-history --missing $missing a=1 l=0.5 $half"), 'a pipe and threads give the same bytes');
}
is_deeply([map { $_->{fused} } records("fuse -q --missing zero a=1 l=0.5 $half")], ['l', 'a+l', 'a', undef, 'a'], 'fused says what was there');
near_all([map { @{ $_ // [] } } x(records("fuse -q -n l2 --missing mean l=1 $half"))], [map { @$_ } ([1 / sqrt 5, 2 / sqrt 5]) x 2], 1e-6, 0,
    'one part alone');

# ---- joins ----

my $audio = stream('audio', map { qq({"id":"s$_","a":[$_],"genre":"g@{[$_ % 2]}"}) } 1 .. 6);
my $lyrics = stream('lyrics', map { qq({"id":"s$_","l":[@{[$_ * 10]}],"genre":"g@{[$_ % 2]}","title":"T$_"}) } 5, 1, 3, 2, 4, 6);
is_deeply([x(records("fuse a=1 l=1 --with $lyrics $audio"))], [map { [$_, $_ * 10] } 1 .. 6], '--with joins by id in any order');
my $less = stream('less', map { qq({"id":"s$_","l":[@{[$_ * 10]}],"title":"T$_"}) } 2, 9, 4);
refuses(6, qr/s1: no (vector|field) l; give/, "fuse a=1 l=1 --with $less $audio");
my $some = stream('some', map { qq({"id":"s$_","a":[$_]}) } 2, 4);
refuses(6, qr/s9: only in .*less.sp; give/, "fuse a=1 l=1 --with $less $some", undef, 1);
my ($status, $out, $err) = run("fuse a=1 l=1 --missing zero --with $less $audio | to-json");
is_deeply([x(jsonl($out))], [[1, 0], [2, 20], [3, 0], [4, 40], [5, 0], [6, 0], [0, 90]], 'zero for both sides');
like($err, qr/4 records have no partner in .*less.sp; 1 of its records has none here/, 'both sides are counted');
is_deeply([@{ (jsonl($out))[6] }{qw(id title fused)}], [qw(s9 T9 l)], "what is there only comes last, with its fields");
is_deeply([x(records("fuse -q a=1 l=1 --missing skip --with $less $audio"))], [[2, 20], [4, 40]], 'skip leaves both out');
is_deeply([x(records("fuse -q a=1 l=1 --missing mean --with $less $audio"))],
    [[1, 50], [2, 20], [3, 50], [4, 40], [5, 50], [6, 50], [3.5, 90]], 'mean for both sides');
my $segments = stream('segments', map {; qq({"id":"s$_#0001","track":"s$_","a":[$_]}), qq({"id":"s$_#0002","track":"s$_","a":[-$_]}) } 1, 2);
is_deeply([x(records("fuse -q a=1 l=1 --on track --with $lyrics $segments"))], [[1, 10], [-1, 10], [2, 20], [-2, 20]], '--on track');

my @drawn = records("fuse -q a=1 l=1 --by genre --draw --seed 3 --with $lyrics $audio");
is(scalar(grep { ($_->{x}[0] - $_->{x}[1] / 10) % 2 } @drawn), 0, '--by draws a partner of the same label');
isnt(join(' ', map { $_->{x}[1] } @drawn), '10 20 30 40 50 60', 'not the song itself');
is(runs("fuse -q --no-history -j 4 a=1 l=1 --by genre --draw --seed 3 --with $lyrics $audio"),
    runs("fuse -q --no-history a=1 l=1 --by genre --draw --seed 3 --with $lyrics $audio"), 'draws do not depend on threads');
my %seen = map { join(' ', map { $_->{x}[1] } records("fuse -q a=1 l=1 --draw --seed $_ --with $lyrics $audio")) => 1 } 1 .. 4;
ok(keys %seen > 1, 'other seeds draw others');
is_deeply([x(records("fuse -q a=1 l=1 --by genre --draw --missing zero --with $lyrics", runs('from-json', qq({"id":"1","a":[1],"genre":"x"}\n))))],
    [[1, 0]], 'no song of that label');

# ---- bad input ----

for my $bad ('', 'a', 'a=x', '=1', 'a=1 a=2', 'a=1 --by genre', "a=1 --draw", 'a=1 --on track', "a=1 --with $lyrics --draw --on track", 'a=nan') {
    refuses(2, qr/try/, "fuse $bad", '');
}
refuses(6, qr/x exists; give -o NAME/, 'fuse a=1', runs('from-json', qq({"id":"1","a":[1],"x":[2]}\n)));
refuses(6, qr/2: a has 2 numbers, not 1/, 'fuse a=1', runs('from-json', qq({"id":"1","a":[1]}\n{"id":"2","a":[1,2]}\n)), 1);
refuses(6, qr/a is not a vector/, 'fuse a=1', runs('from-json', qq({"id":"1","a":"one"}\n)));
refuses(6, qr/no record has a vector l/, "fuse --missing zero a=1 l=1", runs('from-json', qq({"id":"1","a":[1]}\n)));
spew("$tmp/dup.sp", slurp_file($less) x 2);
refuses(3, qr/appears twice/, "fuse a=1 --with $tmp/dup.sp $audio");
refuses(6, qr/cannot open/, "fuse a=1 --with $tmp/nowhere $audio");
my ($emit) = records("fuse -q --on-error emit a=1", runs('from-json', qq({"id":"1","a":"one"}\n{"id":"2","a":[1]}\n)));
is($emit->{x}, undef, '--on-error emit');

done_testing;
