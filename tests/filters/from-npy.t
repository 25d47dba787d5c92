# from-npy: types, orders, shapes, labels, lying files.
# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;
use Test::More;
use Songpipe;
use Stream;

# A .npy file's bytes.
sub file {
    my ($type, $shape, $data, %o) = @_;
    my $head = $o{head} // "{'descr': '$type', 'fortran_order': " . ($o{fortran} ? 'True' : 'False') . ", 'shape': ($shape), }";
    my $version = $o{version} // 1;
    $head .= ' ' x (-(length($head) + ($version == 1 ? 11 : 13)) % 64) . "\n";
    return "\x93NUMPY" . pack('CC', $version, 0) . pack($version == 1 ? 'v' : 'V', length $head) . $head . $data;
}

sub back { return runs('from-npy | to-json', $_[0]) }

my $want = qq({"id":"0","x":[0,1,2]}\n{"id":"1","x":[3,4,100]}\n);
my @numbers = (0 .. 4, 100);
is(back(file('<f4', '2, 3', pack 'f<6', @numbers)), $want, 'float32');
is(back(file('>f4', '2, 3', pack 'f>6', @numbers)), $want, 'float32, big-endian');
is(back(file('<f8', '2, 3', pack 'd<6', @numbers)), $want, 'float64');
is(back(file('>f8', '2, 3', pack 'd>6', @numbers)), $want, 'float64, big-endian');
is(back(file('<f2', '2, 3', pack 'v6', 0, 0x3c00, 0x4000, 0x4200, 0x4400, 0x5640)), $want, 'float16');
is(back(file('|i1', '2, 3', pack 'c6', @numbers)), $want, 'int8');
is(back(file('>i2', '2, 3', pack 's>6', @numbers)), $want, 'int16');
is(back(file('<i4', '2, 3', pack 'l<6', @numbers)), $want, 'int32');
is(back(file('>i8', '2, 3', pack 'q>6', @numbers)), $want, 'int64');
is(back(file('|u1', '2, 3', pack 'C6', @numbers)), $want, 'uint8');
is(back(file('<u8', '2, 3', pack 'Q<6', @numbers)), $want, 'uint64');
is(back(file('|b1', '1, 3', pack 'C3', 0, 1, 7)), qq({"id":"0","x":[0,1,1]}\n), 'bool');
is(back(file('<i2', '1, 2', pack 's<2', -1, -32768)), qq({"id":"0","x":[-1,-32768]}\n), 'signs');
is(back(file('<f4', '2, 3', pack('f<6', 0, 3, 1, 4, 2, 100), fortran => 1)), $want, 'Fortran order');
is(back(file('<f4', '2, 2, 3', pack('f<12', 0 .. 11), fortran => 1)),
    qq({"id":"0","x":[[0,4,8],[2,6,10]]}\n{"id":"1","x":[[1,5,9],[3,7,11]]}\n), 'Fortran order, three dimensions');
is(back(file('<f4', '2, 2, 3', pack('f<12', 0 .. 11))), qq({"id":"0","x":[[0,1,2],[3,4,5]]}\n{"id":"1","x":[[6,7,8],[9,10,11]]}\n), 'three dimensions');
is(back(file('<i8', '2,', pack 'q<2', -7, 9007199254740993)), qq({"id":"0","x":-7}\n{"id":"1","x":9007199254740993}\n), 'one dimension: whole numbers');
is(back(file('<f8', '2,', pack 'd<2', 0.1, 2)), qq({"id":"0","x":0.1}\n{"id":"1","x":2.0}\n), 'one dimension: numbers');
is(back(file('|b1', '2,', "\0\1")), qq({"id":"0","x":false}\n{"id":"1","x":true}\n), 'one dimension: bools');
is(back(file('<f4', '2, 3', pack('f<6', @numbers), version => $_)), $want, "version $_") for 2, 3;
is(back(file('<f4', '0, 3', '')), '', 'no rows');
is(back(file('<f4', '2, 0', '')), qq({"id":"0","x":[]}\n{"id":"1","x":[]}\n), 'no columns');
is(back(file('', '', pack('f<2', 1, 2), head => '{"shape":(2L,1L),"fortran_order":False,"descr":"<f4"}')), qq({"id":"0","x":[1]}\n{"id":"1","x":[2]}\n),
    'a header in another order');

# ---- labels ----
spew("$tmp/x.npy", file('<f4', '2, 3', pack 'f<6', @numbers));
spew("$tmp/y.csv", "id,genre,year,score\na,rock,1999,\nb,,2000,0.5\n");
is(runs("from-npy $tmp/x.npy --labels $tmp/y.csv -o v | to-json"), <<'END', 'a table of labels');
{"id":"a","v":[0,1,2],"genre":"rock","year":1999,"score":null}
{"id":"b","v":[3,4,100],"genre":null,"year":2000,"score":0.5}
END
is(runs("cat $tmp/y.csv | from-npy $tmp/x.npy --labels - --text year | to-csv --no-header"), "a,0,1,2,rock,1999,\nb,3,4,100,,2000,0.5\n", 'from a pipe');
like(runs("from-npy $tmp/x.npy --labels $tmp/y.csv --text year | to-json"), qr/"year":"1999"/, '--text');
spew("$tmp/z.csv", "name,v\na,1\nb,2\n");
is(runs("from-npy $tmp/x.npy --labels $tmp/z.csv | to-json | head -n 1"), qq({"id":"0","x":[0,1,2],"name":"a","v":1}\n), 'a table without ids');
is(runs("from-npy $tmp/x.npy --labels $tmp/z.csv --id name | to-json | head -n 1"), qq({"id":"a","x":[0,1,2],"v":1}\n), '--id');
refuses(6, qr/y.csv has a column year: give -o NAME/, "from-npy $tmp/x.npy --labels $tmp/y.csv -o year");
spew("$tmp/z.csv", "id\na\n");
refuses(6, qr/^from-npy: \S+z.csv has 1 row, but \S+x.npy has 2$/, "from-npy $tmp/x.npy --labels $tmp/z.csv");
spew("$tmp/z.csv", "id\na\na\n");
refuses(6, qr/^from-npy: \S+z.csv:3: the id a appears twice, first on line 2/, "from-npy $tmp/x.npy --labels $tmp/z.csv | cat >/dev/null");
spew("$tmp/z.csv", "id,t\na,x\nb\nc,x\n");
refuses(6, qr/^from-npy: \S+z.csv:3: 1 cell where/, "from-npy $tmp/x.npy --labels $tmp/z.csv | cat >/dev/null");
spew("$tmp/z.csv", "id,t\n,x\nb,x\n");
my ($status, $out, $err) = run("from-npy $tmp/x.npy --labels $tmp/z.csv | to-json");
is($status, 1, 'a label that is bad');
is($out, qq({"id":"b","x":[3,4,100],"t":"x"}\n), 'leaves out its row, and no other moves');
refuses(2, qr/--id needs --labels: it is a column of that table/, "from-npy $tmp/x.npy --id a");
refuses(2, qr/cannot both come from stdin/, 'from-npy --labels -', '');
refuses(2, qr/one array at a time/, "from-npy $tmp/x.npy $tmp/x.npy");
($status, $out, $err) = run('from-npy --on-error emit | to-json', file('<f8', '2, 2', pack 'd<4', 1, 1e39, 1, 2));
is_deeply([map { [$_->{id}, $_->{x}, $_->{error}] } jsonl($out)], [['0', undef, '1e+39 in column 1 does not fit a 32-bit float'], ['1', [1, 2], undef]], 'emit');
is(runs('from-npy | to-csv --no-header', file('<f4', '1, 3', pack 'f<3', 9**9**9, -9**9**9, -sin(9**9**9))), "0,inf,-inf,nan\n", 'infinity and NaN pass');

# ---- files that lie ----
my $good = file('<f4', '2, 3', pack 'f<6', @numbers);
refuses(3, qr/^from-npy: stdin: (empty|cut short)/, 'from-npy | cat >/dev/null', substr $good, 0, $_) for 0, 1, 9, 11, 12, 60, length($good) - 1, length($good) - 13;
refuses(3, qr/^from-npy: stdin: goes on after its last row, row 2/, 'from-npy | cat >/dev/null', "$good\0");
refuses(3, qr/cut short: 24 of 48 bytes/, 'from-npy', file('<f4', '4, 3', pack('f<6', @numbers), fortran => 1));
refuses(3, qr/goes on after its last row, row 1/, 'from-npy', file('<f4', '1, 3', pack('f<6', @numbers), fortran => 1));
refuses(3, qr/a zip archive/, 'from-npy', "PK\x03\x04" . 'x' x 50);
refuses(3, qr/a version of .npy later than 3/, 'from-npy', file('<f4', '1, 1', 'abcd', version => 4));
refuses(3, qr/structured array/, 'from-npy', file('', '', 'abcd', head => "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }"));
refuses(3, qr/Python objects/, 'from-npy', file('|O', '1,', 'abcd'));
refuses(3, qr/neither floats/, 'from-npy', file($_, '1,', 'abcdefgh')) for '<c8', '<f3', '<i0', '<U4', '|S4', '<f16', '|b2', '<M8';
refuses(3, qr/single number/, 'from-npy', file('<f4', '', 'abcd'));
refuses(3, qr/shape is too large/, 'from-npy', file('<f4', $_, 'abcd')) for '4294967296, 4294967296', '0, 9223372036854775807, 4', '99999999999999999999,', '9223372036854775807,';
refuses(3, qr/too many dimensions/, 'from-npy', file('<f4', '1, ' x 10, 'abcd'));
refuses(4, qr/--max-record/, 'from-npy', file('<f4', '1, 1152921504606846', 'abcd'));
refuses(3, qr/an array without elements/, 'from-npy', file('<f4', '0, 1152921504606846', ''));
refuses(3, qr/malformed header/, 'from-npy', file('', '', 'abcd', head => $_)) for '', '{', '{}', '()', "{'descr': '<f4'}", "{'descr' '<f4', }",
    "{'descr': '<f4', 'fortran_order': Maybe, 'shape': (1,), }", "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }",
    "{'descr': '<f4', 'fortran_order': False, 'shape': 1, }", "{'descr': '<f4', 'fortran_order': False, 'shape': (1", "{'descr': '<f4",
    "{'descr': '!f4', 'fortran_order': False, 'shape': (1,), }", "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), } x",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'evil': 1}", "{'descr': '<f4', 'fortran_order': False, 'shape': (1 1), }";
my $claims = "\x93NUMPY\x02\x00\xff\xff\xff\xff{";
refuses(3, qr/over 1 MiB/, 'from-npy', $claims);

is(runs('from-npy | to-npy', $good), $good, 'there and back by to-npy, byte for byte');
done_testing;
