#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;
use Songpipe;
use Stream;
use Test::More;

# sp-diff of two lists of JSON lines: (status, stdout).
sub compare {
    my ($options, $a, $b) = @_;
    runs("from-json > $tmp/$_->[0].sp", $_->[1]) for ['a', $a], ['b', $b];
    my ($status, $out, $err) = run("sp-diff $options $tmp/a.sp $tmp/b.sp");
    is($err, '', "no message: $options $a $b");
    return ($status, $out);
}

sub equal {
    my ($options, $a, $b, $name) = @_;
    my ($status, $out) = compare($options, $a, $b);
    is("$status $out", '0 ', $name);
}

sub differ {
    my ($options, $a, $b, $name, @patterns) = @_;
    my ($status, $out) = compare($options, $a, $b);
    is($status, 1, $name) or diag($out);
    like($out, $_, "$name: $_") for @patterns;
}

my $one = '{"id":"a","n":3,"f":1.5,"s":"rock","b":true,"z":null,"x":[1,2,4],"m":[[1,2],[3,4]],' .
    '"p":{"sparse":9,"index":[1,4],"value":[1,2]},"o":{"k":[1,"t"]}}';
equal('', $one, $one, 'the same');
equal('', '{"id":"a","n":1,"s":"t"}', '{"id":"a","s":"t","n":1}', 'fields in another order');
equal('', '{"id":"a","n":3}', '{"id":"a","n":3.0}', 'whole number and float');
differ('', $one, $one =~ s/"n":3/"n":4/r, 'a number', qr/^1 of 9 fields differ, in 1 of 1 records; 1 of 11 numbers$/m,
    qr/^first: record 1 \(a\): n is 3 in A and 4 in B, off by 1 \(0.25 of it\)$/m, qr/^worst: record 1 \(a\): n is 3 /m);
differ('', $one, $one =~ s/rock/pop/r, 'text', qr/^first: record 1 \(a\): s is "rock" in A and "pop" in B$/m);
differ('', $one, $one =~ s/true/false/r, 'true or false', qr/: b is true in A and false in B$/m);
differ('', $one, $one =~ s/null/0/r, 'nil', qr/: z is nil in A and a number in B$/m);
differ('', $one, $one =~ s/"z":null,//r, 'a missing field', qr/: z is missing from B$/m);
differ('', '{"id":"a"}', '{"id":"a","q":1}', 'a field too many', qr/^1 of 1 fields .*: q is missing from A$/ms);
differ('', $one, $one =~ s/"rock"/5/r, 'another type', qr/: s is text in A and a number in B$/m);
differ('', $one, $one =~ s/\[1,2,4\]/[1,2]/r, 'another width', qr/: x has the shape \[3\] in A and \[2\] in B$/m);
differ('', $one, $one =~ s/\[1,2,4\]/[[1,2,4]]/r, 'another rank', qr/: x has the shape \[3\] in A and \[1,3\] in B$/m);
differ('', $one, $one =~ s/\[3,4\]/[3,5]/r, 'an element', qr/: m\[1,1\] is 4 in A and 5 in B, off by 1 /m);
differ('', $one, $one =~ s/"k":\[1/"k":[2/r, 'what has no type', qr/: o has other bytes in B$/m);
differ('', $one, $one =~ s/"sparse":9/"sparse":8/r, 'the width of a sparse vector', qr/: p has 9 numbers in A and 8 in B$/m);
differ('', $one, $one =~ s/\[1,4\]/[1,5]/r, 'a sparse index', qr/: p\[4\] is 2 in A and 0 in B, off by 2$/m, qr/; 2 of 12 numbers$/m);
equal('', '{"id":"a","p":{"sparse":9,"index":[1,4],"value":[1,0]}}', '{"id":"a","p":{"sparse":9,"index":[1],"value":[1]}}',
    'a stored zero');

# Tolerances: |A - B| <= atol + rtol * |B|.
equal('--atol 0.5', '{"id":"a","x":[1,2]}', '{"id":"a","x":[1.5,2]}', '--atol reached');
differ('--atol 0.49', '{"id":"a","x":[1,2]}', '{"id":"a","x":[1.5,2]}', '--atol missed', qr/x\[0\] is 1 in A and 1.5 in B/);
equal('--rtol 0.25', '{"id":"a","n":3}', '{"id":"a","n":4}', '--rtol reached, of B');
differ('--rtol 0.25', '{"id":"a","n":4}', '{"id":"a","n":3}', '--rtol missed, of B', qr/n is 4/);
equal('--atol 1 --rtol 0.5', '{"id":"a","n":7}', '{"id":"a","n":4}', 'the sum of both');
differ('--atol 0.99 --rtol 0.5', '{"id":"a","n":7}', '{"id":"a","n":4}', 'more than the sum', qr/n is 7/);
differ('--rtol 1e300', '{"id":"a","n":1e-300}', '{"id":"a","n":0}', '--rtol of 0', qr/n is 1e-300/);
equal('', '{"id":"a","n":9007199254740993}', '{"id":"a","n":9007199254740993}', 'large whole numbers');
differ('', '{"id":"a","n":9007199254740993}', '{"id":"a","n":9007199254740992}', 'whole numbers beyond doubles', qr/off by 1 /);
differ('', '{"id":"a","n":9223372036854775807}', '{"id":"a","n":-9223372036854775807}', 'no overflow', qr/off by 1.84e\+19/);

# The first is not always the worst; by tolerances the worst is the one that misses most.
my $a = join '', map { qq({"id":"r$_","x":[0,100,$_]}\n) } 1 .. 5;
differ('', $a, $a =~ s/100,2/101,2/r =~ s/100,4/105,4/r, 'first and worst', qr/^2 of 5 fields differ, in 2 of 5 records; 2 of 15 numbers$/m,
    qr/^first: record 2 \(r2\): x\[1\] is 100 in A and 101 in B/m, qr/^worst: record 4 \(r4\): x\[1\] is 100 in A and 105 in B/m);
differ('--atol 1e-3 --rtol 0.1', $a, $a =~ s/100,4/130,4/r =~ s/0,100,5/0.5,100,5/r, 'by tolerance',
    qr/^worst: record 5 \(r5\): x\[0\] is 0 in A and 0.5 in B/m);
my ($status, $out) = compare('-v --atol 1', '{"id":"a","n":1,"f":2}', '{"id":"a","n":1.25,"f":2.75}');
is("$status $out", "0 worst: record 1 (a): f is 2 in A and 2.75 in B, off by 0.75 (0.273 of it)\n1 records, 2 fields and 2 numbers compared\n", '-v tells what is allowed');

# NaN and infinity.
my $nan = '{"id":"a","x":[1,null]}';
differ('--atol 1e308', $nan, $nan, 'NaN is not NaN', qr/^first: record 1 \(a\): x\[1\] is nan in A and nan in B$/m);
equal('--equal-nan', $nan, $nan, '--equal-nan');
differ('--equal-nan --atol 1e308', $nan, $nan =~ s/null/2/r, 'NaN and a number', qr/x\[1\] is nan in A and 2 in B$/m, qr/^worst: .* x\[1\]/m);
my $inf = sub { stream({}, record('a', x => vec(1, $_[0]))) };
spew("$tmp/$_->[0].sp", $inf->($_->[1])) for ['plus', 9**9**9], ['minus', -9**9**9], ['none', 5];
runs("sp-diff $tmp/plus.sp $tmp/plus.sp");
for (['plus', 'minus'], ['plus', 'none'], ['none', 'minus']) {
    ($status, $out) = run("sp-diff --atol 1e308 --rtol 1 $tmp/$_->[0].sp $tmp/$_->[1].sp");
    is($status, 1, "infinity: @$_");
}

# Other types of elements, and columns.
my $eight = stream({}, record('a', x => tensor('<f8', [3], pack 'd<*', 0.5, 2, 1e-30)));
my $four = stream({}, record('a', x => vec(0.5, 2, 0)));
spew("$tmp/8.sp", $eight);
spew("$tmp/4.sp", $four);
spew("$tmp/i.sp", stream({}, record('a', x => tensor('<i4', [3], pack 'l<*', 1, 2, 0))));
is((run("sp-diff --atol 1e-9 $tmp/8.sp $tmp/4.sp"))[0], 0, 'f8 and f4');
is((run("sp-diff $tmp/8.sp $tmp/4.sp"))[0], 1, 'f8 and f4, exactly');
is((run("sp-diff --atol 0.5 $tmp/4.sp $tmp/i.sp"))[0], 0, 'f4 and i4');
spew("$tmp/c$_->[0].sp", stream({ columns => { x => $_->[1] } }, record('a', x => vec(1, 2)))) for [1, ['u', 'v']], [2, ['u', 'w']], [3, ['u']];
spew("$tmp/c0.sp", stream({}, record('a', x => vec(1, 5))));
is((run("sp-diff $tmp/c1.sp $tmp/c1.sp"))[0], 0, 'the same columns');
for ([1, 2, 'columns of x: 1 is v in A and w in B'], [1, 3, 'columns of x: 2 are named in A and 1 in B'],
    [1, 0, 'columns of x are named only in A'], [0, 1, 'columns of x are named only in B']) {
    ($status, $out) = run("sp-diff $tmp/c$_->[0].sp $tmp/c$_->[1].sp");
    is($status, 1, $_->[2]);
    like($out, qr/^\Q$_->[2]\E$/m, $_->[2]);
}
like((run("sp-diff $tmp/c1.sp $tmp/c0.sp"))[1], qr/: x\[1\] \(v\) is 2 in A/, 'the name of the column');
spew("$tmp/m.sp", stream({ kind => 'model' }, record('a', x => vec(0.5, 2, 0))));
like((run("sp-diff $tmp/4.sp $tmp/m.sp"))[1], qr/^A holds records, B holds a model$/m, 'kinds');
runs("sp-diff $tmp/m.sp $tmp/m.sp");

# Records: number, ids and their order; the history counts for nothing.
differ('', qq({"id":"a"}\n{"id":"b"}\n), '{"id":"a"}', 'a record less', qr/^A has 2 records, B has 1$/m);
differ('', qq({"id":"a"}\n{"id":"b"}\n), qq({"id":"b"}\n{"id":"a"}\n), 'another order',
    qr/^2 of 2 records have another id in B and were not compared$/m, qr/^first: record 1 \(a\): id is b in B$/m);
runs("from-json > $tmp/a.sp", $a);
is(runs("sp-fields $tmp/a.sp | sp-diff $tmp/a.sp"), '', 'B is standard input');
is(runs("cat $tmp/a.sp | sp-diff - $tmp/a.sp"), '', 'A is standard input');
like((run("sp-diff $tmp/4.sp -", stream({}, record("a\e[31m", x => vec(1)))))[1], qr/id is a\?\[31m in B/, 'nothing moves the cursor');

# Broken streams and misuse.
refuses(3, qr/^sp-diff: stdin: cut short in a frame after 4 records /m, "head -c -50 $tmp/a.sp | sp-diff $tmp/a.sp");
refuses(3, qr/cut short/, "head -c -50 $tmp/a.sp | sp-diff - $tmp/8.sp");
refuses(2, qr/expected two streams/, 'sp-diff');
refuses(2, qr/expected two streams/, "sp-diff $tmp/a.sp $tmp/a.sp $tmp/a.sp");
refuses(2, qr/both standard input/, 'sp-diff - -');
refuses(2, qr/--atol '-1' is not a number/, "sp-diff --atol -1 $tmp/a.sp $tmp/a.sp");
refuses(6, qr/absent.sp: cannot open/, "sp-diff $tmp/a.sp $tmp/absent.sp");
($status, $out) = run("sp-diff $tmp/a.sp $tmp/4.sp > /dev/full");
is($status, 6, 'a full disk');
done_testing;
