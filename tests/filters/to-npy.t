# to-npy: types and shapes, rows of nil, ids.
# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;
use Test::More;
use Songpipe;
use Stream;

sub array {
    my ($json, $options) = @_;
    my $bytes = runs('from-json | to-npy ' . ($options // ''), $json);
    is(length($1) % 64, 0, 'the header is padded') if $bytes =~ /\A(\x93NUMPY.*?\n)/s;
    my ($type, $shape) = $bytes =~ /'descr': '(.*?)', 'fortran_order': False, 'shape': \((.*?)\), }/;
    return ($type, $shape, substr $bytes, 10 + unpack 'x8 v', $bytes);
}
is_deeply([array('{"x":[1,2,3]}{"x":[4,5,0.1]}')], ['<f4', '2, 3', pack 'f<6', 1 .. 5, 0.1], 'vectors');
is_deeply([array('{"m":[[1,2]]}{"m":[[3,4]]}', '-i m')], ['<f4', '2, 1, 2', pack 'f<4', 1 .. 4], 'matrices');
is_deeply([array('{"n":5}{"n":-6}', '-i n')], ['<i8', '2,', pack 'q<2', 5, -6], 'ints');
is_deeply([array('{"n":5}{"n":0.5}', '-i n')], ['<f8', '2,', pack 'd<2', 5, 0.5], 'numbers');
is_deeply([array('{"n":true}{"n":false}', '-i n')], ['|b1', '2,', "\1\0"], 'bools');
is_deeply([array('{"x":{"sparse":3,"index":[1],"value":[2]}}')], ['<f4', '1, 3', pack 'f<3', 0, 2, 0], 'sparse vectors');
is_deeply([array('{"x":[1,0.1]}', '--f64')], ['<f8', '1, 2', pack 'd<2', 1, unpack 'f', pack 'f', 0.1], '--f64');
is_deeply([array('{"n":5}{"n":null}', '-i n --on-error emit')]->[0], '<f8', 'rows of NaN make whole numbers floats');
spew("$tmp/types.sp", stream({}, record('a', 'd', tensor('<f8', [2], pack 'd<2', 0.1, 1), 'i', tensor('<i4', [1], pack 'l<', -5), 'u', tensor('<u4', [1], pack 'V', 4e9),
    'h', tensor('<f2', [1], pack 'v', 0x3555))));
is((npy_of("to-npy -i $_->[0] $tmp/types.sp"))[0], $_->[1], "type of $_->[0]") for ['d', '<f8'], ['i', '<i4'], ['u', '<u4'], ['h', '<f4'];
sub npy_of { my $b = runs($_[0]); return $b =~ /'descr': '(.*?)'/ }
is(unpack('V', substr runs("to-npy -i u $tmp/types.sp"), -4), 4000000000, 'uint32 in full');

my $holes = '{"id":"a","x":[1,2]}{"id":"b","x":null}{"id":"c","x":[3,4]}{"id":"d","x":null}';
refuses(6, qr/^to-npy: b: x is nil, as in 2 of 4 records: leave them out .*--on-error emit/, 'from-json | to-npy', $holes);
my ($status, $out, $err) = run("from-json | to-npy --on-error skip --ids $tmp/ids.txt", $holes);
is($status, 1, 'skip: status 1');
is(substr($out, -16), pack('f<4', 1 .. 4), 'skip: leaves them out');
like($out, qr/'shape': \(2, 2\)/, 'skip: and the shape says so');
is(slurp_file("$tmp/ids.txt"), "a\nc\n", '--ids has those that are in');
like($err, qr/^to-npy: b: x is nil$/m, 'skip: names them');
($status, $out, $err) = run("from-json | to-npy --on-error emit --ids $tmp/ids.txt", $holes);
is($status, 0, 'emit: status 0');
is_deeply([map { $_ == $_ ? $_ : 'nan' } unpack 'f<8', substr $out, -32], [1, 2, 'nan', 'nan', 3, 4, 'nan', 'nan'], 'emit: rows of NaN');
is(slurp_file("$tmp/ids.txt"), "a\nb\nc\nd\n", 'emit: all ids');
refuses(6, qr/^to-npy: b: x is 3 where earlier records have 2: an array has one shape/, 'from-json | to-npy', '{"id":"a","x":[1,2]}{"id":"b","x":[1,2,3]}');
refuses(6, qr/^to-npy: b: x is 2 where earlier records have a number/, 'from-json | to-npy', '{"id":"a","x":1}{"id":"b","x":[1,2]}');
refuses(6, qr/^to-npy: a: no field x;/, 'from-json | to-npy', '{"id":"a"}');
refuses(6, qr/^to-npy: a: x is neither an array nor a number/, 'from-json | to-npy', '{"id":"a","x":"b"}');
refuses(4, qr/^to-npy: a row of 4000000000 numbers is larger than --max-record/, 'from-json | to-npy',
    '{"x":{"sparse":4000000000,"index":[],"value":[]}}');
refuses(6, qr/^to-npy: no record has x/, 'from-json | to-npy', '');
refuses(6, qr/^to-npy: x is nil in all records/, 'from-json | to-npy --on-error emit', '{"x":null}');
refuses(6, qr/an id contains a line break/, "from-json | to-npy --ids $tmp/no.txt | cat >/dev/null", '{"id":"a\nb","x":[1]}');
ok(!-e "$tmp/no.txt", 'a file that is not whole does not appear');
refuses(3, qr/cut short/, 'to-npy', substr(runs('from-json', '{"x":[1]}'), 0, -5));
runs("from-json | to-npy --output $tmp/out.npy", '{"x":[1]}');
is_deeply([npy("$tmp/out.npy")], [[1], 1, 1], '--output');
done_testing;
