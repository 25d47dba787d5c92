#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;
use Songpipe;
use Test::More;

spew("$tmp/songs.jsonl", <<'END');
{"id":"a","seconds":10,"gain":-3.5,"genre":"rock","title":"Let It Be","live":true,"x":[1,2],"big":9007199254740993}
{"id":"b","seconds":30,"gain":2.25,"genre":"pop","title":"Ça va","live":false,"x":[1,2],"big":9007199254740992}
{"id":"c","seconds":30.5,"gain":-5,"genre":null,"title":"ça va aussi","live":null,"x":null,"big":0}
{"id":"d","seconds":45,"gain":0,"genre":"rocket","title":"","live":true,"x":[1,2],"big":-1}
END
runs("from-json $tmp/songs.jsonl > $tmp/songs.sp");

sub ids_of { return join '', map { $_->{id} } records("sp-match $_[0] $tmp/songs.sp") }

# Each condition: the ids that meet it, and with -v those that do not.
for my $case (
    ['seconds eq 30' => 'b'], ['seconds ne 30' => 'acd'], ['seconds lt 30.5' => 'ab'], ['seconds le 30.5' => 'abc'],
    ['seconds gt 30' => 'cd'], ['seconds ge 3e1' => 'bcd'], ['seconds in 10,45' => 'ad'],
    ['gain lt -4' => 'c'], ['gain eq -3.5' => 'a'], ['gain in -5,-.0' => 'cd'], ['gain ge -1' => 'bd'],
    ['big eq 9007199254740993' => 'a'], ['big eq 9007199254740992.0' => 'b'], ['big lt 1.5e308' => 'abcd'], ['big lt 9007199254740993' => 'bcd'],
    ['genre eq rock' => 'a'], ['genre ne rock' => 'bd'], ['genre in rock,pop' => 'ab'], ['genre in roc' => ''], ['genre lt rocketeer' => 'abd'], ['genre gt rocke' => 'd'],
    ['genre lt rock' => 'b'], ['genre gt rock' => 'd'], ['genre ge rock' => 'ad'], ["title eq ''" => 'd'],
    ["title in ''" => 'd'], ["title in 'x,'" => 'd'], ["title in ,x" => 'd'], ['id gt b' => 'cd'], ["genre match '^rock'" => 'ad'], ["genre match 'o.k\$|pop'" => 'ab'],
    ["title match '^.a va'" => 'bc'], ["title match '^[çÇ]'" => 'bc'], ["title match 'it be'" => ''],
    ["--ignore-case title match 'it be|^ç'" => 'abc'],
    ['live eq true' => 'ad'], ['live ne true' => 'b'], ['live in false' => 'b'],
    ['genre present' => 'abd'], ['genre absent' => 'c'], ['x present' => 'abd'], ['lyrics present' => ''],
    ['lyrics absent' => 'abcd'],
) {
    my ($condition, $want) = @$case;
    my $rest = join '', grep { index($want, $_) < 0 } qw(a b c d);
    is(ids_of($condition), $want, $condition);
    is(ids_of("-v $condition"), $rest, "-v $condition");
}
is(ids_of('gain lt -4 --invert'), 'abd', 'an option after a negative number');
is(ids_of("-- genre match -x"), '', 'a word after --');

# A blank or a dash in front is a part of the word.
spew("$tmp/dashes.jsonl", join '', map { qq({"id":"$_","t":"$_"}\n) } ' -a', '-a', ' -5', '-5', '-.5', '--', '-');
runs("from-json $tmp/dashes.jsonl > $tmp/dashes.sp");
for my $word (' -a', '-a', ' -5', '-5', '-.5', '--', '-') {
    my $dashes = $word =~ /^-(?:-|a)/ ? '--' : '';
    is_deeply([map { $_->{id} } records("sp-match $dashes t eq '$word' < $tmp/dashes.sp")], [$word], "the word '$word'");
    my $command = runs("sp-match $dashes t eq '$word' < $tmp/dashes.sp | sp-info --pipeline") =~ s/.*\n(?=sp-match)|\n\z//gsr;
    is_deeply([map { $_->{id} } records("$command < $tmp/dashes.sp")], [$word], "and its command from the history") or diag $command;
}
refuses(2, qr/unknown option -a; operands that begin with a dash go after --/, "sp-match t eq -a < $tmp/dashes.sp");
refuses(2, qr/unknown option --x\?y;/, "sp-match \$(printf -- '--x\\033y') < $tmp/dashes.sp");

# What passes is the record as it came, byte for byte.
my $all = runs("sp-match --no-history id present $tmp/songs.sp | tail -c +17 | md5sum");
is($all, runs("sp-fields --no-history $tmp/songs.sp | tail -c +17 | md5sum"), 'records pass unchanged');


refuses(6, qr/^sp-match: a: no field lyrics; tracks --text, from-csv or sp-join brings it; its/m, "sp-match lyrics eq x $tmp/songs.sp", undef, 1);
refuses(6, qr/^sp-match: a: no field lyrics; tracks --text, from-csv or sp-join brings it; its/m, "sp-match -v lyrics eq x $tmp/songs.sp", undef, 1);
refuses(6, qr/a: seconds is a number, and 'long' is not/, "sp-match seconds ge long $tmp/songs.sp", undef, 1);
refuses(6, qr/a: seconds is a number, and '0x10' is not/, "sp-match seconds ge 0x10 $tmp/songs.sp", undef, 1);
refuses(6, qr/a: seconds is not text/, "sp-match seconds match 3 $tmp/songs.sp", undef, 1);
refuses(6, qr/a: x is neither text nor a number/, "sp-match x eq 1 $tmp/songs.sp", undef, 1);
refuses(6, qr/a: live is true or false/, "sp-match live gt false $tmp/songs.sp", undef, 1);
my ($status, $out, $err) = run("sp-match --on-error skip title match a $tmp/songs.sp | to-json");
is($status, 0, 'nothing to skip');
($status, $out, $err) = run("sp-fields --set year=1999 $tmp/songs.sp | cat - $tmp/songs.sp | sp-match -q --on-error skip year eq 1999 | to-json");
is($status, 1, 'bad records left out');
is(scalar(jsonl($out)), 4, 'the good ones remain');
like($err, qr/4 bad, left out/, 'and are counted');

refuses(2, qr/'has' is not one of eq\|ne\|lt\|le\|gt\|ge\|in\|match\|present\|absent/, "sp-match genre has rock < $tmp/songs.sp");
refuses(2, qr/expected FIELD OP/, 'sp-match');
refuses(2, qr/expected FIELD OP/, 'sp-match genre');
refuses(2, qr/expected FIELD OP/, "sp-match genre eq < $tmp/songs.sp");
refuses(2, qr/'a\(' is not an extended regular expression: /, "sp-match genre match 'a(' < $tmp/songs.sp");
refuses(6, qr/cannot open/, "sp-match genre present $tmp/none.sp");

# A word may hold a comma.
spew("$tmp/comma.jsonl", qq({"id":"a","g":"R, B"}\n{"id":"b","g":"soul"}\n{"id":"c","g":"R"}\n{"id":"d","g":"R\\\\"}\n{"id":"e","g":""}\n));
for (['R\, B,soul' => 'ab'], ['\,,R' => 'c'], ['R, B' => 'c'], ['soul,' => 'be'], ['R\\' => 'd']) {
    my ($words, $ids) = @$_;
    is(join('', map { $_->{id} } records("from-json $tmp/comma.jsonl | sp-match g in '$words'")), $ids, "in '$words'");
}

# The words are in the history, and four threads give the same bytes.
like(runs("sp-match genre in 'rock,hard rock' $tmp/songs.sp | sp-info --pipeline"),
    qr/^sp-match --on-error fail genre in 'rock,hard rock'$/m, 'the condition in the history');
is(runs("sp-match -j 4 gain lt 1 $tmp/songs.sp | md5sum"), runs("sp-match gain lt 1 $tmp/songs.sp | md5sum"), '-j 4');

refuses(6, qr/^sp-match: a: no field gnere; did you mean genre\? its fields: id, genre, x$/m, 'sp-match gnere eq rock',
    runs('from-json', qq({"id":"a","genre":"rock","x":[1]}\n)), 1);
my $typos = runs('from-json', join '', map { qq({"id":"r$_","genre":"rock"}\n) } 1 .. 3);
is((run('sp-match --on-error skip gnere eq rock | to-json', $typos))[2],
    "sp-match: r1: no field gnere; did you mean genre? its fields: id, genre\nsp-match: r2: no field gnere\nsp-match: r3: no field gnere\nsp-match: 3 bad, left out\n",
    'the fields there are, once');
is(runs('sp-match -j 1 --on-error emit gnere eq rock', $typos), runs('sp-match -j 4 --on-error emit gnere eq rock', $typos), 'and the same for any -j');
done_testing;
