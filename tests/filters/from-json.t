# from-json: values there and back by to-json, forms of the text, ids, bad text.
# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;
use Test::More;
use Songpipe;
use Stream;

# What comes back from a line of JSON.
sub back { return runs('from-json | to-json', $_[0]) }

# ---- values ----
my %same = (
    'null, bool, int, float' => '{"id":"a","z":null,"t":true,"f":false,"i":-7,"x":2.5,"w":3.0,"e":1e-300,"h":1.7976931348623157e+308}',
    'integers to the last digit' => '{"id":"a","i":9223372036854775807,"j":-9223372036854775808}',
    'strings' => '{"id":"a","s":"","q":"\"\\\\/","c":"\u0000\u0001\b\f\n\r\t","u":"বাংলা é 𝄞","key \"q\"\n":"x"}',
    'vectors' => '{"id":"a","x":[1,2.5,-3],"f":[0.1,1e-45,3.4028235e+38,16777216],"e":[],"n":[null,1]}',
    'matrices' => '{"id":"a","m":[[1,2,3],[4,5,6]],"c":[[[1],[2]],[[3],[4]]],"e":[[],[]]}',
    'what is no tensor stays what it is' => '{"id":"a","r":[[1],[2,3]],"m":[1,"a",null,[2]],"n":[null],"o":{"a":{"b":[1.0,true]}}}',
    'sparse' => '{"id":"a","s":{"sparse":9,"index":[0,8],"value":[0.5,null]},"e":{"sparse":0,"index":[],"value":[]}}',
    'no sparse' => '{"id":"a","s":{"sparse":2,"index":[1,0],"value":[1,1]},"t":{"sparse":2,"index":[2],"value":[1]},"u":{"sparse":2,"index":[1],"value":[]}}',
    'bytes' => '{"id":"a","b":{"bin":"AAEC/w=="},"c":{"bin":"AAE="},"d":{"bin":"AAEC"},"e":{"bin":""}}',
    'no bytes' => '{"id":"a","b":{"bin":"AAE"},"c":{"bin":"A=AA"},"d":{"bin":"AA=A"},"f":{"bin":"A==="},"g":{"bin":"===="},"e":{"bin":"AA\u0000="}}',
);
is(back("$same{$_}\n"), "$same{$_}\n", "$_ come back") for sort keys %same;

is(back('{"id":"a","x":[0.10000000149011612,1.00000001,5e-324,-0.0]}'), qq({"id":"a","x":[0.1,1,0,-0]}\n), 'elements are 32-bit floats');

my @types = map { $_->{raw} } unseal(runs('from-json --no-history', '{"id":"a","x":[1,2],"m":[[1],[2]],"i":3,"f":3.0,"o":{"k":1}}'));
is_deeply([map { unpack 'H*', $types[0]{$_} } qw(i f)], ['03', 'cb4008000000000000'], 'int and float');
ok($types[0]{x} eq "\x85\xc4\x02nd\xc3\xc4\x04type\xa3<f4\xc4\x04kind\xc4\x00\xc4\x05shape\x91\x02\xc4\x04data\xc4\x08" . pack('f<2', 1, 2),
    'a vector is what msgpack-numpy packs');
like((unseal(runs('from-json', '{"id":"a","x":[]}')))[0]{raw}{x}, qr/\xc4\x05shape\x91\x00\xc4\x04data\xc4\x00$/, 'an empty array is a vector of nothing');
like($types[0]{m}, qr/\xc4\x05shape\x92\x02\x01/, 'a matrix has two dimensions');

# ---- forms of the text ----
my $three = qq({"id":"0","n":0}\n{"id":"1","n":1}\n{"id":"2","n":2}\n);
is(back(qq({"n":0}\n\n  {"n":1}\r\n{"n":2})), $three, 'a line each, with empty lines and none at the end');
is(back('{"n":0}{"n":1} {"n":2}'), $three, 'one behind the other');
is(back(qq({\n "n":\n 0\n}\n{\n "n": 1 }\n{"n"\n:2}\n)), $three, 'over lines');
is(back(qq([{"n":0},\n{"n":1}\n,{"n":2}]\n)), $three, 'in an array');
is(back(qq(\xef\xbb\xbf[\n] {"n":0} [{"n":1}] []\n{"n":2}\n)), $three, 'all mixed, behind a byte order mark');
is(back(''), '', 'no text, no records');
is(back(" \n"), '', 'blanks, no records');
spew("$tmp/a.json", '{"n":0}');
spew("$tmp/b.json", "{\"n\":1}\n{\"n\":2}");
is(runs("from-json $tmp/a.json $tmp/b.json | to-json"), $three, 'several files');
my $long = join '', map { '{"id":"' . $_ . '","t":"' . ('x' x (37 * $_ % 5000)) . "\"}\n" } 1 .. 300;
is(back($long), $long, 'lines across the ends of buffers');
is(runs(q(perl -e '$| = 1; for (split //, q({"id":"a","x":[1,22,3]} [{"id":"b"}])) { print }' | from-json | to-json)),
    qq({"id":"a","x":[1,22,3]}\n{"id":"b"}\n), 'a byte at a time');

# ---- ids ----
is(back('{"id":7}{"id":-0.5}{"id":"x"}{}'), qq({"id":"7"}\n{"id":"-0.5"}\n{"id":"x"}\n{"id":"3"}\n), 'numbers become text, none the number');
is(runs('from-json --id k | to-json', '{"a":1,"k":"x"}'), qq({"id":"x","a":1}\n), '--id takes another member');
refuses(6, qr/^from-json: stdin:2: the id a appears twice, first on line 1; .*--id/, 'from-json | cat >/dev/null', qq({"id":"a"}\n{"id":"a"}\n));
refuses(1, qr/^from-json: stdin:1: no member k to be the id$/m, 'from-json --id k | to-json', '{"id":"a"}', 1);
refuses(1, qr/stdin:1: has a member id beside k/, 'from-json --id k | to-json', '{"id":"a","k":"b"}', 1);
refuses(1, qr/stdin:1: the id \(id\) is neither text nor a number/, 'from-json | to-json', "{\"id\":$_}", 1)
    for qw(null true [1] {} "");

# ---- bad text ----
sub bad {
    my ($text, $line, $why, $left) = @_;
    my ($status, $out, $err) = run('from-json | to-json', $text);
    (my $shown = substr $text, 0, 60) =~ s/[^ -~]/?/g;
    is($status, 1, "status 1: $shown");
    like($err, qr/^from-json: stdin:$line: $why/m, "names line $line: $shown");
    is(join(' ', map { $_->{id} } jsonl($out)), $left, "the rest is there: $shown");
}
bad(qq({"id":"a"}\n{"id":\n{"id":"c"}\n), 2, 'bad JSON: .*, on line 4', 'a c');
bad(qq({"id":"a"}\n{"id":"b","x":[1,2\n{"id":"c"}\n{"id":"d"}\n), 2, 'bad JSON: .*, on line 3', 'a c d');
bad(qq({"id":"a"}\n{"id":"b\n{"id":"c"}\n), 2, 'bad JSON', 'a c');
bad(qq([{"id":"a"},\n {"id" "b"},\n {"id":"c"}]\n), 2, 'bad JSON', 'a c');
bad(qq([{"id":"a"},\n {"id":"b"}\n), 3, 'bad JSON: an array that never ends', 'a b');
bad(qq([{"id":"a"},]\n), 1, 'bad JSON', 'a');
bad(qq([{"id":"a"} {"id":"b"}]\n{"id":"c"}\n), 1, 'bad JSON: no comma', 'a c');
bad(qq({"id":"a"}\n]\n{"id":"b"}\n), 2, 'bad JSON', 'a b');
bad(qq({"id":"a"}\n"text" 3\n{"id":"b"}\n), 2, 'no object', 'a b');
bad(qq({"id":"a","x":NaN}\n{"id":"b"}\n), 1, 'bad JSON', 'b');
bad(qq({"id":"a","x":1,"x":2}\n{"id":"b"}\n), 1, 'bad JSON: duplicate', 'b');
bad(qq({"id":"a","i":9223372036854775808}\n{"id":"b"}\n), 1, 'bad JSON: too big integer', 'b');
bad(qq({"id":"a","x":[1,1e39]}\n{"id":"b"}\n), 1, 'x: a number too large for a 32-bit float', 'b');
bad(qq({"id":"a","s":"\xe9t\xe9"}\n{"id":"b"}\n), 1, 'bad JSON: unable to decode byte 0xe9', 'b');
bad(qq({"id":"a"}\n) . '[' x 100000 . qq(\n{"id":"b"}\n), 2, 'bad JSON: maximum parsing depth', 'a b');
bad(qq({"id":"a"}\n\x00\n{"id":"b"}\n), 2, 'bad JSON', 'a b');

my ($status, $out, $err) = run('from-json --on-error emit | to-json', qq({"id":"a"}\n{"id":1 2}\n));
is($status, 0, 'emit: status 0');
is_deeply([map { [$_->{id}, $_->{error} ? 'why' : ''] } jsonl($out)], [['a', ''], ['stdin:2', 'why']], 'emit: a record with the reason');
refuses(6, qr/^from-json: stdin:1: bad JSON/, 'from-json --on-error fail | cat >/dev/null', '{', 0);
refuses(4, qr/^from-json: stdin:2: an object larger than --max-record/, 'from-json --max-record 100K | cat >/dev/null',
    qq({"id":"a"}\n{"id":") . 'x' x 300000 . '"}');
refuses(6, qr{^from-json: /nowhere: cannot open}, 'from-json /nowhere');
refuses(6, qr{^from-json: /tmp: a folder, not a file$}, 'from-json /tmp | cat >/dev/null');

is(runs("from-json --on-error emit | to-json", qq({"id":"a","x":[1,2],"g":"r"}\n[1]\n)),
    qq({"id":"a","x":[1,2],"g":"r"}\n{"id":"stdin:2","error":"no object: a record is {\\"name\\": value, ...}","x":null,"g":null}\n),
    '--on-error emit: a bad object has the members of the first good one, as nil');
done_testing;
