# to-json: what JSON has no form for, files, broken input. Values: from-json.t.
# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;
use Test::More;
use Songpipe;
use Stream;

spew("$tmp/odd.sp", stream({}, record('a', 'x', tensor('<f4', [3], pack 'f<3', 9**9**9, -sin(9**9**9), 1), 's', str("a\xffb\xe2\x82"),
    'h', tensor('<f2', [2], pack 'v2', 0x3c00, 0x3555), 'd', tensor('<f8', [2], pack 'd<2', 0.1, 1e300),
    'i', tensor('<i4', [2], pack 'l<2', -5, 2147483647), 'u', tensor('<u4', [1], pack 'V', 4294967295), 'z', tensor('<f4', [], pack 'f<', 2),
    'big', "\xcf" . "\xff" x 8, 'e', "\xd4\x01A", 'k', "\x81\x07\xa1v", 'n', "\xca" . pack('f>', 0.1))));
my ($status, $out, $err) = run("to-json $tmp/odd.sp");
is($status, 0, 'odd values are written');
is($out, qq({"id":"a","x":[null,null,1],"s":"a\xef\xbf\xbdb\xef\xbf\xbd\xef\xbf\xbd","h":[1,0.33325195],"d":[0.1,1e+300],) .
    qq("i":[-5,2147483647],"u":[4294967295],"z":2,"big":18446744073709551615,"e":{"ext":"1AFB"},"k":{"7":"v"},"n":0.10000000149011612}\n),
    'each in its form');
like($err, qr/^to-json: values that are NaN or infinite, written as null: 2$/m, 'NaN and infinity are counted');
like($err, qr/^to-json: bytes that are not UTF-8, written as U\+FFFD: 3$/m, 'so are bytes that are not UTF-8');
spew("$tmp/deep.sp", stream({}, record('a', 'x', "\x91" x 5000 . "\x01")));
refuses(6, qr/^to-json: a: x cannot be written as JSON/, "to-json $tmp/deep.sp");
spew("$tmp/key.sp", stream({}, record('a', 'x', "\x81\xc0\x01")));
refuses(6, qr/^to-json: a: x cannot be written as JSON/, "to-json $tmp/key.sp");

runs("from-json --no-history | to-json --output $tmp/out.json", '{"id":"a"}');
is(slurp_file("$tmp/out.json"), qq({"id":"a"}\n), '--output');
my $cut = substr runs('from-json', '{"id":"a"}{"id":"b"}'), 0, -10;
($status, $out) = run("to-json --output $tmp/out.json", $cut);
is($status, 3, 'a cut stream: status 3');
is(slurp_file("$tmp/out.json"), qq({"id":"a"}\n), 'and the file is the old one');
is(runs('LC_ALL=de_DE.UTF-8 from-json | LC_ALL=de_DE.UTF-8 to-json', '{"id":"a","x":[0.5],"f":2.5}'), qq({"id":"a","x":[0.5],"f":2.5}\n),
    'no comma of the locale');
done_testing;
