#!/usr/bin/perl
# What costs a stream a few bytes must not cost the machine its memory or its time: claims of great arrays,
# many names, names whose hashes fall together, deep nesting, patterns. Each ends soon, or is refused with a
# reason: the alarm is what fails.
# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;
no warnings 'portable';
use Songpipe;
use Stream;
use Test::More;

my $patience = $ENV{SONGPIPE_ASAN} ? 120 : 20;
sub soon { return "timeout $patience bash -c " . quoted($_[0]) }
sub quoted { return "'" . $_[0] =~ s/'/'\\''/gr . "'" }
sub file { spew("$tmp/$_[0]", $_[1]); return "$tmp/$_[0]" }

# ---- arrays that claim rows without elements ----

for my $shape ([2**62, 0], [0, 2**62], [2**20, 0, 2**20], [2**32, 0], [70000, 0]) {
    my $in = file('empty.sp', stream({}, record('a', x => tensor('<f4', $shape, ''))));
    my ($status, $out) = run(soon("to-json $in | head -c 1000"));
    is($status, 0, "to-json of @$shape ends");
    unlike($out, qr/\[\[?\]/, '... as what is no array');
    ($status) = run(soon("segment --length 1 --hop 1 --rate 1 $in"));
    isnt($status, 124, "segment of @$shape ends");
    my $header = "{'descr': '<f4', 'fortran_order': False, 'shape': (" . join(', ', map { sprintf '%d', $_ } @$shape) . "), }";
    $header .= ' ' x (117 - length $header) . "\n";
    refuses(3, qr/without elements|too large/, soon('from-npy ' . file('e.npy', "\x93NUMPY\1\0" . pack('v', length $header) . $header)));
}
my $rows = file('rows.sp', stream({}, record('a', x => tensor('<f4', [3, 0], ''))));
like(runs("to-json $rows"), qr/"x":\[\[\],\[\],\[\]\]/, 'a few empty rows are an array, as they were');

# ---- sparse vectors inside each other: no recursion ----

my $deep = "\x82" . str('sparse') . "\x01" . str('index');
my $nested = file('nested.sp', stream({}, record('a', x => $deep x 3000 . "\xc0")));
for my $filter ('l2norm', 'sp-info', 'to-csv', 'sp-fields --keep x') {
    my ($status) = run(soon("$filter $nested >/dev/null"));
    ok($status < 100, "$filter of 3000 sparse vectors in each other: status $status");
}

# ---- many fields ----

sub many { my ($n, $prefix) = @_; return map { ("$prefix$_" => int64(1)) } 1 .. $n }
my $wide = file('wide.sp', stream({}, record('a', many(4095, 'f'))));
runs(soon("$_ $wide >/dev/null")) for 'sp-info', 'to-csv', 'to-json', 'sp-fields --drop f7';
runs(soon("sp-diff $wide $wide"));
my $n = 65537;
my $wider = file('wider.sp', frame('H', Stream::head_body()) . frame('R', pack('CN', 0xdf, $n) . str('id') . str('a') . join '', map { str("f$_") . "\1" } 2 .. $n));
refuses(3, qr/record 1 is malformed: it has more than 65536 fields/, soon("$_ $wider")) for 'sp-info', 'to-csv';
refuses(4, qr/a record of more than 65536 fields/, soon('from-json'), '{"id":"a"' . join('', map { ",\"f$_\":1" } 1 .. $n) . '}', 1);
my $members = file('members.json', '{"id":"a"' . join('', map { ",\"f$_\":1" } 1 .. 50000) . '}');
runs(soon("from-json $members > $tmp/members.sp"));
runs(soon("$_ $tmp/members.sp >/dev/null")) for 'sp-info', 'to-csv', 'to-json', "sp-diff $tmp/members.sp";
my $own = file('own.json', join '', map { my $i = $_; '{"id":"' . $i . '"' . join('', map { ",\"f$i-$_\":1" } 1 .. 3) . "}\n" } 1 .. 30000);
runs(soon("from-json $own | sp-info | tail -n 1"));

# ---- many fields' columns in the header ----

sub header_of {
    my ($n) = @_;
    return frame('H', "\x83" . str('version') . "\x01" . str('kind') . str('records') . str('columns') . pack('CN', 0xdf, $n) .
        join '', map { str("field$_") . "\x91" . str('x') } 1 .. $n);
}
my $columns = file('columns.sp', seal(header_of(60000) . record('a', x => int64(1))));
refuses(3, qr/columns of over 4096 fields/, soon("$_ $columns")) for 'sp-info', 'l2norm', 'to-json';
my $fewer = file('fewer.sp', seal(header_of(4096) . record('a', x => int64(1))));
runs(soon("cat $fewer | sp-info"));

# ---- deep maps ----

my $map = ("\x81" . str('k')) x 90 . "\x93" . "\x01" x 3;
like(runs('to-json ' . file('map.sp', stream({}, record('a', x => $map)))), qr/\{"k":\[1,1,1\]/, '90 maps in each other');
my $flat = ("\x92" x 990) . "\x01" . "\x01" x 990;
refuses(6, qr/over 100 deep/, soon('to-json ' . file('flat.sp', stream({}, record('a', x => $flat)))));

# ---- 40 000 labels of a condition ----

my $labelled = file('labelled.json', join '', map { "{\"id\":\"$_\",\"g\":\"label $_\",\"x\":[" . $_ % 7 . ",1,2]}\n" } 1 .. 40000);
refuses(6, qr/g has more than 4096 values/, soon("from-json $labelled | vae-train --condition g --hidden 1 --latent 1 --epochs 1 -q"));

# ---- 200 000 songs, artist after artist, to be kept apart ----

my $apart = file('apart.json', join '', map { "{\"id\":\"$_\",\"path\":\"$_.mp3\",\"a\":" . int($_ / 100000) . "}\n" } 0 .. 199999);
is(runs(soon("from-json $apart | to-m3u --missing --order stream --apart a | sed -n \"5p;7p\"")), "100000.mp3\n1.mp3\n", 'one of each by turns');

# ---- a step of the history with 100 000 options ----

my $step = str('history') . "\x91\x83" . str('tool') . str('decode') . str('version') . str('1') . str('args') . pack('CN', 0xdf, 100000) . join '', map { str("o$_") . "\x01" } 1 .. 100000;
my $old = file('steps.sp', seal(frame('H', "\x83" . str('version') . "\x01" . str('kind') . str('records') . $step) . join '', map { record($_, x => vec(1, 2)) } 1 .. 40));
runs(soon("sp-parallel -j 2 --block 10 l2norm $old >/dev/null")) if grep { -x "$_/parallel" } split /:/, $ENV{PATH};

# ---- patterns ----

my $one = file('one.sp', stream({}, record('a', t => str('x'))));
for my $pattern ('(' x 50000 . 'a' . ')' x 50000, '(' x 51 . 'a' . ')' x 51, 'a' x 1001, '(a)\\1', '((a{1000}){1000}){1000}') {
    my $short = substr($pattern, 0, 20);
    refuses(2, qr/longer than 1000|inside each other|back-reference|multiply/, soon('sp-match t match ' . quoted($pattern) . " $one"));
    next if length $pattern > 60000;
    refuses(2, qr/longer than 1000|inside each other|back-reference|multiply/, soon('tracks --label g=' . quoted("regex:$pattern") . " $tmp"));
}
refuses(6, qr/t is longer than 16384 bytes/, 'from-json | sp-match t match "^a.*b"', '{"id":"a","t":"' . 'a' x 100000 . '"}', 1);
for my $pattern ('a.*b', '(a|aa)+b', '(.*)(.*)(.*)(.*)b', 'a+a*a*b') {
    my $in = file('long.json', '{"id":"a","t":"' . 'a' x 100000 . '"}' . "\n{\"id\":\"b\",\"t\":\"ab\"}\n");
    is_deeply([map { $_->{id} } records(soon("from-json $in | sp-match t match '$pattern'"))], ['b'], "$pattern in 100 kB");
}
is_deeply([map { $_->{id} } records(q(from-json | sp-match t match '^b|c$'), qq({"id":"1","t":"b"}\n{"id":"2","t":"ab"}\n{"id":"3","t":"ac"}\n{"id":"4","t":"a\\nb"}\n{"id":"5","t":"\\u0000\\n\\u00e4c"}\n))],
    [1, 3, 5], 'anchors stay where they were');
my $path = file('paths.csv', "path\n" . 'a' x 100000 . ".wav\n");
my ($ended) = run(soon("tracks --csv $path --label 'g=regex:a.*(a.*)b'"));
isnt($ended, 124, 'a pattern on a path of 100 kB');

# ---- a sparse vector that claims 2^28 - 1 numbers ----

my $claim = file('claim.sp', stream({}, map { record($_, g => str('x'), x => "\x83" . str('sparse') . pack('CN', 0xce, 2**28 - 1) .
    str('index') . tensor('<u4', [1], pack 'V', 1) . str('value') . tensor('<f4', [1], pack 'f<', 1)) } 'a', 'b'));
refuses(4, qr/not enough memory/, soon("$_ --max-memory 10M $claim"), undef, 1)
    for 'kmeans -k 2', 'agglo -k 2', 'dbscan --eps 1', 'vae-train --hidden 1 --latent 1', 'neighbours -k 1';

# ---- the limits as the pages tell them, from both sides ----

my $root = __FILE__ =~ s{tests/limits.t$}{}r;
sub page { return slurp_file("${root}man/$_[0]") }
my $one_text = runs('from-json', '{"id":"a","t":"aaa"}');
for (['a' x 1000, 'a' x 1001], ['(' x 50 . 'a' . ')' x 50, '(' x 51 . 'a' . ')' x 51], ['(a{1,40}){1,25}', '(a{1,40}){1,26}']) {
    my ($within, $beyond) = @$_;
    runs('sp-match t match ' . quoted($within), $one_text);
    refuses(2, qr/longer than 1000|inside each other|multiply/, 'sp-match t match ' . quoted($beyond), $one_text);
}
my $long = sub { return runs('from-json', '{"id":"a","t":"' . 'b' x $_[0] . '"}') };
runs('sp-match t match "^a.*b"', $long->(16384));
refuses(6, qr/longer than 16384 bytes/, 'sp-match t match "^a.*b"', $long->(16385), 1);
my $inner = sub { return stream({}, record('a', x => "\x91" x $_[0] . "\xc0")) };
like(runs('to-json', $inner->(100)), qr/\[{100}null/, 'to-json, 100 values within each other');
refuses(6, qr/x/, 'to-json', $inner->(101), 1);
runs('sp-info >/dev/null', seal(header_of(4096) . record('a', x => int64(1))));
for (['sp-match.1', 1000, 50, 16384], ['tracks.1', 1000, 50, 4096], ['vae-train.1', 4096], ['to-json.1', 100, 65536], ['songpipe.5', 65536, 4096]) {
    my ($name, @numbers) = @$_;
    like(page($name), qr/\b$_\b/, "$name tells of $_") for @numbers;
}
done_testing;
