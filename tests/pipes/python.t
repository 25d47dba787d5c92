# SPDX-License-Identifier: GPL-3.0-or-later
# examples/songpipe.py: every kind of value there and back, streams that are none, filters that fail.
use strict;
use warnings;
use Cwd;
use Songpipe;
use Stream;
use Test::More;

my ($python) = grep { system("$_ -c 'import numpy, msgpack' 2>/dev/null") == 0 } grep { $_ } $ENV{PEERS}, 'python3';
plan skip_all => 'needs python3 with numpy and msgpack' if !$python;
$ENV{PYTHONPATH} = getcwd() . '/examples';
$ENV{PYTHONDONTWRITEBYTECODE} = 1;

# Run a script; what it printed.
sub script {
    my ($text, $in) = @_;
    spew("$tmp/s.py", "import numpy as np, songpipe\nfrom songpipe import *\n$text");
    return runs("cd $tmp && $python s.py", $in);
}

# What Python writes, songpipe reads.
my %value = (nil => 'None', yes => 'True', int => '-3', big => '2**62', double => '0.1', f4 => 'np.float32(0.5)', i8 => 'np.int64(7)', text => "'t\x{fc}xt'",
    list => "[1, 'two', None, [2.5]]", map => "{'k': {'l': 1}}", x => 'np.array([1.5, -2], "f4")', matrix => 'np.arange(6.0).reshape(2, 3).T',
    whole => 'np.arange(3)', wide => 'np.array([2**40])', swapped => 'np.array([1, 2], ">f8")', half => 'np.array([0.5], "f2")', flags => 'np.array([True, False])',
    empty => 'np.zeros(0, "f4")', sparse => 'Sparse(10, [1, 5], [0.5, 2])');
my @names = sort keys %value;
my $dict = join ', ', map { utf8::encode(my $v = $value{$_}); "'$_': $v" } @names;
script("write('a.sp', [{'id': 'a', 'path': b'caf\\xe9', $dict}, {'x': None, 'id': 'b'}], columns={'x': ['u', 'v']})");
my ($first, $second) = records("cat $tmp/a.sp");
is_deeply($first, { id => 'a', path => { bin => 'Y2Fm6Q==' }, nil => undef, yes => JSON::PP::true(), int => -3, big => 4611686018427387904, double => 0.1, f4 => 0.5, i8 => 7,
    text => "t\x{fc}xt", list => [1, 'two', undef, [2.5]], map => { k => { l => 1 } }, x => [1.5, -2], matrix => [[0, 3], [1, 4], [2, 5]], whole => [0, 1, 2],
    wide => [1099511627776], swapped => [1, 2], half => [0.5], flags => [1, 0], empty => [], sparse => { sparse => 10, index => [1, 5], value => [0.5, 2] } }, 'every kind of value');
is_deeply($second, { id => 'b', x => undef }, 'and of a second record');
like(runs("sp-info $tmp/a.sp"), qr/^columns  x 2: u v\n.*^valid    complete, checksum correct, ids unique$/ms, 'a valid stream, with the names of columns');
is(runs("sp-fields --keep x $tmp/a.sp | to-csv"), "id,u,v\na,1.5,-2\nb,,\n", 'that filters read');

# What filters write, Python reads, and writes again byte for byte.
is(script("h, r = read('a.sp')\nwrite('b.sp', r, h['columns'])\nprint(open('a.sp', 'rb').read() == open('b.sp', 'rb').read())"), "True\n", 'there and back');
spew("$tmp/f.sp", stream({ columns => { x => ['p', 'q'] } }, record('s', i => int64(-7), d => f64(0.1), n => nil(), t => str("\xc3\xa9"), raw => Stream::bin("\xff"), x => vec(1, 2),
    m => mat(2, 1, 2, 3, 4), l => Stream::array_of(int64(1), str('a')))));
is(script("h, r = read('f.sp')\nr = r[0]\nprint(h['columns'], [r[k] for k in ('id', 'i', 'd', 'n', 't', 'raw', 'l')], r['x'].dtype, r['x'].tolist(), r['m'].shape)"),
    "{'x': ['p', 'q']} ['s', -7, 0.1, None, '\xc3\xa9', b'\\xff', [1, 'a']] float32 [1.0, 2.0] (2, 2)\n", 'a stream of filters');
is(script("h, r = pipe('tfidf | sp-fields --keep x', [{'id': str(i), 'lyrics': t} for i, t in enumerate(['a cat', 'a cat sat', 'sat cat'])])\n" .
    "v = r[0]['x']\nprint(type(v).__name__, v.size == len(h['columns']['x']), len(v.index))"), "Sparse True 1\n", 'sparse vectors of tfidf');
is(script("r = read('f.sp')[1]\nwrite('g.sp', r)\nimport sys\nwrite(sys.stdout.buffer, r)"), slurp_file("$tmp/g.sp"), 'to a file that is open');
is(script("import io\nb = open('a.sp', 'rb').read()\nprint(len(read(io.BytesIO(b))[1]), len(read(io.BytesIO(b + open('a.sp', 'rb').read()))[1]))"), "2 4\n", 'from one; streams that cat joined');

# The checksum, whatever the length; that of filters is a peer's (libxxhash).
my @lengths = (0, 1, 7, 50, 51, 100, 160, 161, 170, 900, 1000, 2000, 5_000_000);
script("for n in @{[join ', ', @lengths]}:\n    write(f'n{n}.sp', [{'id': 'a', 't': 'x' * n}])");
for my $n (@lengths) {
    is(runs("from-json --no-history | cmp - $tmp/n$n.sp && echo same", '{"id":"a","t":"' . 'x' x $n . '"}'), "same\n", "$n bytes of text: the same bytes as filters write");
}

# What is no stream, no record, or no pipeline.
sub fails {
    my (@cases) = @_;
    my @said = split /^--\n/m, script(join '', map { "try:\n    $_->[0]\n    print('no error')\nexcept Exception as e:\n    print(type(e).__name__, e)\nprint('--')\n" } @cases);
    like($said[$_], $cases[$_][1], $cases[$_][2]) for 0 .. $#cases;
}
my $whole = slurp_file("$tmp/a.sp");
my @streams = (['cut', substr($whole, 0, -10), 'breaks off after 2 records'], ['short', substr($whole, 0, 5), 'damaged at byte 0'], ['none', '', 'empty'],
    ['text', "id,x\n", 'not a songpipe stream'], ['flip', $whole =~ s/two/tvo/r, 'checksum is wrong'],
    ['headless', substr($whole, 16 + unpack 'N', substr $whole, 12, 4), 'damaged at byte 0']);
spew("$tmp/$_->[0].sp", $_->[1]) for @streams;
fails(map { ["read('$_->[0].sp')", qr/^StreamError $_->[0].sp: .*$_->[2]/, "$_->[0] is refused"] } @streams);
fails(["write('x.sp', [{'id': 'a'}, {'id': 'a'}])", qr/^ValueError id 'a' appears twice/, 'an id twice'],
    ["write('x.sp', [{'x': 1}])", qr/^ValueError id None is no text/, 'no id'],
    ["write('x.sp', [{'id': 'a', 'x': np.array(['t'])}])", qr/^TypeError an array of <U1/, 'an array of text'],
    ["write('x.sp', [{'id': 'a', 'x': object()}])", qr/^TypeError object is no value/, 'what is no value'],
    ["pipe('zscore | kmeans -k 9', [{'id': 'a', 'x': np.zeros(2, 'f4')}])", qr/^PipeError zscore \| kmeans -k 9: status 6\n.*kmeans: 1 vectors cannot make 9 clusters/s, 'what a filter says is in the exception'],
    ["pipe('kmeans -k 2 | to-csv', [{'id': 'a'}])", qr/^PipeError .*: status 3\n.*kmeans: a: /s, 'of the first filter, too'],
    ["pipe('nowhere', [])", qr/^PipeError nowhere: status 127/, 'no such filter']);
ok(!-e "$tmp/x.sp", 'nothing was written');

# Filters.
is(script("r = [{'id': str(i), 'x': np.array([i // 3 * 10.0, i], 'f4')} for i in range(6)]\nh, c = pipe('zscore | kmeans -q -k 2', r, columns={'x': ['a', 'b']})\n" .
    "print([s['cluster'] == c[0]['cluster'] for s in c], h['columns'], [e['tool'] for e in h['history']])"), "[True, True, True, False, False, False] {'x': ['a', 'b']} ['zscore', 'kmeans']\n", 'a pipeline');
is(script("print(pipe('to-csv', [{'id': 'a', 'n': 1}]), end='')"), "id,n\na,1\n", 'text');
like((run("cd $tmp && $python -c \"import songpipe; print(len(songpipe.pipe('l2norm --on-error skip', [{'id': 'a', 'x': songpipe.np.ones(2)}, {'id': 'b'}])[1]))\" "))[1], qr/^1$/, 'a bad record that is skipped is no failure');

SKIP: {
    skip 'needs pandas', 1 if system("$python -c 'import pandas' 2>/dev/null");
    is(script("h, r = read('f.sp')\nf = to_frame(r + [{'id': 'z', 'i': 1}], h['columns'])\nprint(list(f.columns), list(f.index), f['i'].sum(), f['x:p'].tolist())"),
        "['i', 'd', 'n', 't', 'raw', 'x:p', 'x:q', 'm', 'l'] ['s', 'z'] -6 [1.0, nan]\n", 'a data frame');
}
done_testing;
