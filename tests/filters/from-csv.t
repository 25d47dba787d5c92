# from-csv: what columns become, ids, forms of the text, bad rows.
# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;
use Test::More;
use Songpipe;
use Stream;

sub back { my ($text, $options) = @_; return runs('from-csv ' . ($options // '') . ' | to-json', $text) }

# ---- columns ----
my $songs = <<'END';
id,a,title,b,year,empty
s1,1,One,0.5,1999,
s2,-2,"Two, too",1e3,2001,
s3, +.5 ,"3",-0,2002,
END
is(back($songs), <<'END', 'numbers are x, the rest fields; empty cells are nil');
{"id":"s1","x":[1,0.5,1999],"title":"One","empty":null}
{"id":"s2","x":[-2,1000,2001],"title":"Two, too","empty":null}
{"id":"s3","x":[0.5,-0,2002],"title":"3","empty":null}
END
is(back($songs, '--text year,b --drop empty -o v'), <<'END', '--text, --drop, -o');
{"id":"s1","v":[1],"title":"One","b":"0.5","year":"1999"}
{"id":"s2","v":[-2],"title":"Two, too","b":"1e3","year":"2001"}
{"id":"s3","v":[0.5],"title":"3","b":"-0","year":"2002"}
END
is(back($songs, '--keep-columns -d empty'), <<'END', '--keep-columns: int, float, str');
{"id":"s1","a":1.0,"title":"One","b":0.5,"year":1999}
{"id":"s2","a":-2.0,"title":"Two, too","b":1000.0,"year":2001}
{"id":"s3","a":0.5,"title":"3","b":-0.0,"year":2002}
END
like(runs('from-csv | to-csv | head -n 1', $songs), qr/^id,a,b,year,title,empty$/, 'x has the names of its columns');
is(back("a,a b\n1,2\n"), qq({"id":"0","x":[1,2]}\n), 'rows are numbered');
is(back("a,b\nx,y\n"), qq({"id":"0","a":"x","b":"y"}\n), 'no numbers, no x');
is(back("a,b\n0x10,1\n"), qq({"id":"0","x":[1],"a":"0x10"}\n), 'hexadecimal is text');
is(back("a,b,c,d,e,f,g\n1.,.5,1e5,1.e-5,-.5E+1,007,12345678901234567890\n", '--keep-columns'),
    qq({"id":"0","a":1.0,"b":0.5,"c":100000.0,"d":1e-05,"e":-5.0,"f":7,"g":12345678901234567000.0}\n) =~ s/12345678901234567000.0/1.2345678901234567e+19/r,
    'forms of numbers');
is(back("a,b,c,d,e\n.,1e,1e+,-,1.2.3\n", '--keep-columns'), qq({"id":"0","a":".","b":"1e","c":"1e+","d":"-","e":"1.2.3"}\n), 'what is not a number');

my ($status, $out, $err) = run('from-csv | to-json', "id,a,b\n1,NA,2\n2,3,4\n3,5,\n");
is($out, qq({"id":"1","x":null}\n{"id":"2","x":[3,4]}\n{"id":"3","x":null}\n), 'a row that lacks a number has nil');
is($status, 0, 'which is not bad');
like($err, qr/^from-csv: stdin: rows that lack a number, whose x is nil: 2 \(the first: line 2, column a\)$/m, 'and is counted');
is(back("id,a,t\n1,NaN,NA\n2,2,null\n", '--keep-columns'), qq({"id":"1","a":null,"t":"NA"}\n{"id":"2","a":2,"t":"null"}\n),
    'NA is missing among numbers, a word among words');
(undef, undef, $err) = run('from-csv | cat > /dev/null', "id,a\n" . join('', map { "$_,$_\n" } 1 .. 99) . "x,oops\n");
like($err, qr/^from-csv: stdin: column a is text: cells that are not numbers: 1, the first on line 101$/m, 'a spoilt column is noted');

# ---- ids ----
is(back("name,id,v\na,7,1\n"), qq({"id":"7","x":[1],"name":"a"}\n), 'the column id, as text');
is(back(",v\n10,1\n11,2\n"), qq({"id":"10","x":[1]}\n{"id":"11","x":[2]}\n), 'a first column without a name is the id');
is(back("a,,v\n10,b,1\n"), qq({"id":"0","x":[10,1],"column2":"b"}\n), 'another one is called by its place');
is(back("name,id,v\na,7,1\n", '--id name --drop id'), qq({"id":"a","x":[1]}\n), '--id');
refuses(6, qr/^from-csv: stdin: there is a column id besides name: .*--drop id/, 'from-csv --id name | cat >/dev/null', "name,id\na,1\n");
refuses(6, qr/^from-csv: stdin: --id: no column is called nam; the first line has name, v$/, 'from-csv --id nam', "name,v\na,1\n");
refuses(6, qr/^from-csv: stdin: --drop: no column is called w/, 'from-csv --drop v,w', "name,v\na,1\n");
is(back(qq("a,b",c,d\nx,y,z\n), "--drop 'a,b' --drop c"), qq({"id":"0","d":"z"}\n), 'a name with a comma in it');
refuses(6, qr/^from-csv: stdin:5: the id a appears twice, first on line 2/, 'from-csv | cat >/dev/null', qq(id,t\na,"x\n\ny"\na,z\n));
refuses(6, qr/^from-csv: stdin: column x is a field: give -o NAME/, 'from-csv', "x,y\na,1\n");
is(back("x,y\n1,2\n"), qq({"id":"0","x":[1,2]}\n), 'a column x in x is no harm');

# ---- columns of to-csv ----
is(back("id,x:a,n,x:b,t,l:0\n1,2,3,4,5,6\n", '--text t'), qq({"id":"1","x":[2,4],"l":[6],"n":3,"t":"5"}\n), 'FIELD:NAME');
is(back("id,x:a,n,x:b\n1,2,3,4\n", '-o y'), qq({"id":"1","y":[2,3,4]}\n), 'unless the field is another');
is(back("id,x:a,n,x:b\n1,2,3,4\n", '--keep-columns'), qq({"id":"1","x:a":2,"n":3,"x:b":4}\n), 'or every column a field');
is(back("id,x:a,x:b\n1,2,oops\n2,3,4\n", '2>/dev/null'), qq({"id":"1","x":[2],"x:b":"oops"}\n{"id":"2","x":[3],"x:b":"4"}\n), 'a spoilt one is text');
is(back("id,x:a,x:b,n\n1,,,3\n2,,,4\n", '-q'), qq({"id":"1","x":null,"n":3}\n{"id":"2","x":null,"n":4}\n), 'a vector that is nil in all rows');
is(runs('from-csv | to-csv', "id,x:mfcc0.mean,x:mfcc0.std,n\n1,2,3,4\n"), "id,x:mfcc0.mean,x:mfcc0.std,n\n1,2,3,4\n", 'names without the field');
refuses(6, qr/column l is a field: give -o NAME/, 'from-csv', "x:0,l:0,l\n1,2,a\n");
my $wide = join ',', 'x:0', map { "a$_:b" } 1 .. 3000;
is(length runs('from-csv --no-history | to-csv', "$wide\n" . join(',', 0 .. 3000) . "\n") > 3000, 1, '3000 vectors');

# ---- tables of spreadsheets ----
sub utf16 { my ($text, $order) = @_; utf8::decode($text); return join '', map { my $c = ord; pack "${order}*", $c < 0x10000 ? $c : (0xd800 + (($c - 0x10000) >> 10), 0xdc00 + ($c & 0x3ff)) } split //, "\x{feff}$text" }
my $odd = "id,t,v\r\na,caf\xc3\xa9 \xf0\x9d\x84\x9e,1\r\nb,\"\xe2\x82\xac,\r\n\",2\r\n";
is(back(utf16($odd, $_)), back($odd), "UTF-16, $_") for 'v', 'n';
my $big = "id,t\n" . join '', map { "r$_," . chr(195) . chr(169) . "\xf0\x9d\x84\x9e" x ($_ * 37 % 500) . "\n" } 1 .. 300;
is(back(utf16($big, 'v')), back($big), 'across the ends of buffers');
is(runs("(for b in " . join(' ', map { sprintf '\\\\x%02x', ord } split //, utf16("id,v\na,1\n", 'v')) . "; do printf \$b; done) | from-csv | to-json"),
    qq({"id":"a","x":[1]}\n), 'from a pipe that gives a byte at a time');
(undef, $out, $err) = run('from-csv | to-json', utf16("id,t\na,x\n", 'v') . pack('v*', 0x62, 0x2c, 0xd800, 0x0a) . "c\0");
is($out, qq({"id":"a","t":"x"}\n), 'half a pair is bad');
like($err, qr/t is not UTF-8/, 'and said');
refuses(6, qr/a NUL character \(convert UTF-16 that has no mark first, with iconv/, 'from-csv', substr utf16("id,t\na,x\n", 'v'), 2);
refuses(6, qr/^from-json: stdin: UTF-16: convert it first, with iconv/, 'from-json | cat >/dev/null', utf16('{"id":1}', 'n'));

is(back("sep=;\r\nid;v\r\na;1\r\n", $_), qq({"id":"a","x":[1]}\n), "sep=; $_") for '', "--delimiter ';'", '--delimiter tab';
is(back(utf16("sep=\t\r\nid\tv\r\na\t1\r\n", 'v')), qq({"id":"a","x":[1]}\n), 'a tab, in UTF-16');
is(back("sep=,\nid,v\na,1\n"), qq({"id":"a","x":[1]}\n), 'a comma');
is(back("sep=,v\na,1\n"), qq({"id":"0","x":[1],"sep=":"a"}\n), 'a column called sep= is one');
bad("sep=;\nid;v\na\nb;2\n", 3, '1 cell where the first line has 2', 'b');

my $comma = "id;tempo;energy;n\na;120,5;0,81;1\nb;98,2;-1,5e3;2\nc;;7;3\n";
($status, $out, $err) = run("from-csv --delimiter ';' | to-json", $comma);
like($err, qr/^from-csv: stdin: column tempo is text: numbers with a decimal comma: 2; --decimal , reads them$/m, 'a decimal comma is noted');
like($err, qr/column energy is text: numbers with a decimal comma: 2/, 'also beside whole numbers');
is(back($comma, "--delimiter ';' --decimal ,"), <<'END', '--decimal ,');
{"id":"a","x":[120.5,0.81,1]}
{"id":"b","x":[98.2,-1500,2]}
{"id":"c","x":null}
END
is(back($comma =~ s/c;;/c;1.5;/r, "-q --delimiter ';' --decimal , --keep-columns"), <<'END', 'with a comma, 1.5 is text');
{"id":"a","tempo":"120,5","energy":0.81,"n":1}
{"id":"b","tempo":"98,2","energy":-1500.0,"n":2}
{"id":"c","tempo":"1.5","energy":7.0,"n":3}
END
is(back(qq(id,v\na,"1,5"\n), '--decimal ,'), qq({"id":"a","x":[1.5]}\n), 'in quotes beside commas');
is(back("id,v\na,1.5\n", '--decimal .'), qq({"id":"a","x":[1.5]}\n), 'a point');
refuses(2, qr/--decimal ':' is neither a point nor a comma/, 'from-csv --decimal :', '');
(undef, undef, $err) = run("from-csv --text t --delimiter ';' | cat >/dev/null", "id;t\na;1,5\n");
is($err, '', 'no note of what --text names');
(undef, undef, $err) = run('from-csv | cat >/dev/null', "id|v|w\na|1|2\n");
like($err, qr/^from-csv: stdin: one column, id\|v\|w: with --delimiter '\|' there would be more$/m, 'another delimiter is noted');

# The delimiter is guessed by the first line, and stands in the history.
for (["id;v;w\na;1;2\n", ';', "';'"], ["id\tv\tw\na\t1\t2\n", 'tab', 'tab'], [qq(\n\n"id";v;"w,x,y,z"\na;1;2\n), ';', "';'"],
    [utf16("id;v;w\na;1;2\n", 'v'), ';', "';'"], [qq(id;v;"w\n,,,,,"\na;1;2\n), ';', "';'"]) {
    my ($text, $name, $said) = @$_;
    ($status, $out, $err) = run("from-csv > $tmp/g.sp", $text);
    is($err, "from-csv: stdin: the delimiter is $said\n", "$said is guessed, and said");
    is(runs("to-json $tmp/g.sp"), qq({"id":"a","x":[1,2]}\n), "$said: cells");
    like(runs("sp-info --pipeline $tmp/g.sp"), qr/--delimiter '?\Q$name\E'? /, "$said: in the history");
    is((run('from-csv -q | cat >/dev/null', $text))[2], '', "$said: quiet");
}
like(runs('from-csv | sp-info --pipeline', "id,v\na,1\n"), qr/--delimiter , /, 'a comma, as ever');
is(back("id,v;w\na,1\n"), qq({"id":"a","x":[1]}\n), 'of as many, the comma');
is(back("id;v\na;1\n", "--delimiter ','"), qq({"id":"0","id;v":"a;1"}\n), 'what is said is not guessed');
is(back("id;" . 'v' x 200000 . ",\na;1\n", '-q --keep-columns'), qq({"id":"a",") . 'v' x 200000 . qq(,":1}\n), 'a first line larger than any buffer');
spew("$tmp/d1.csv", "id;v\na;1\n");
spew("$tmp/d2.csv", "id;v\nb;2\n");
is(runs("from-csv -q $tmp/d1.csv $tmp/d2.csv | to-json"), qq({"id":"a","x":[1]}\n{"id":"b","x":[2]}\n), 'of several files');
(undef, undef, $err) = run("from-csv --delimiter ';' | cat >/dev/null", "id,v\na,1\n");
like($err, qr/with --delimiter ',' there/, 'and a comma');

is(back("Unnamed: 0,v\n7,1\n8,2\n"), qq({"id":"7","x":[1]}\n{"id":"8","x":[2]}\n), 'Unnamed: 0 is the id');
is(back("Unnamed: 0.1,Unnamed: 0,v\n7,3,1\n"), qq({"id":"7","x":[1],"Unnamed: 0":3}\n), 'of several the first, and no other is a feature');
($status, $out, $err) = run('from-csv | to-json', ",id,v\n0,a,1\n1,b,2\n");
is($out, qq({"id":"a","x":[1],"column1":0}\n{"id":"b","x":[2],"column1":1}\n), 'a column without a name beside an id is no feature');
like($err, qr/^from-csv: stdin: column column1 counts the rows: it is a field of its own, not in x$/m, 'which is noted');
is(back("Unnamed: 1,v\n7,1\n"), qq({"id":"0","x":[7,1]}\n), 'Unnamed: 1 is a column that lacks a name');

# ---- forms of the text ----
is(back(qq(\xef\xbb\xbfid,t\r\na,"1\r\n2"\r\n\r\nb,"say ""hi"""\r\nc,5" disc\r\nd,"")), <<'END', 'mark, CRLF, quotes, empty lines');
{"id":"a","t":"1\r\n2"}
{"id":"b","t":"say \"hi\""}
{"id":"c","t":"5\" disc"}
{"id":"d","t":null}
END
is(back("id,t\ra,x\rb,y"), qq({"id":"a","t":"x"}\n{"id":"b","t":"y"}\n), 'lines that end with CR');
is(back("id;t\na;1,5\n", "--delimiter ';'"), qq({"id":"a","t":"1,5"}\n), '--delimiter');
is(back("id\tt\na\tx y\n", '--delimiter tab'), qq({"id":"a","t":"x y"}\n), '--delimiter tab');
refuses(2, qr/--delimiter '$_->[0]' is not a single character/, "from-csv --delimiter $_->[1]", '') for [';;', "';;'"], ['"', "'\"'"], ['', "''"];
is(back(qq("id","t"\n"a","x"\n)), qq({"id":"a","t":"x"}\n), 'quotes around all');
my @long = map { 'x' x (997 * $_ % 70000) . '"' } 1 .. 60;
is(join(',', map { $_->{t} } jsonl(back("id,t\n" . join '', map { "$_,\"" . $long[$_] =~ s/"/""/r . "\"\n" } 0 .. 59))), join(',', @long),
    'cells across the ends of buffers');
spew("$tmp/a.csv", "id,v,t\na,1,x\n");
spew("$tmp/b.csv", "id,v,t\nb,2.5,\n");
my $both = qq({"id":"a","x":[1],"t":"x"}\n{"id":"b","x":[2.5],"t":null}\n);
is(runs("from-csv $tmp/a.csv $tmp/b.csv | to-json"), $both, 'several files');
is(runs("cat $tmp/b.csv | from-csv $tmp/a.csv - | to-json"), $both, 'a file and a pipe');
is(runs("(read -r skipped; from-csv | to-json) < <(echo; cat $tmp/a.csv)"), qq({"id":"a","x":[1],"t":"x"}\n), 'a pipe that was read from before');
spew("$tmp/c.csv", "v,id,t\n1,c,x\n");
refuses(6, qr{^from-csv: \S+/c.csv: its columns differ from those of \S+/a.csv}, "from-csv $tmp/a.csv $tmp/c.csv");
is(runs("from-csv --no-history $tmp/a.csv"), runs("cat $tmp/a.csv | from-csv --no-history"), 'a file and a pipe give the same bytes');
is(back("id,v\n"), '', 'no rows, no records');

# ---- bad text ----
sub bad {
    my ($text, $line, $why, $left, $options) = @_;
    my ($status, $out, $err) = run('from-csv ' . ($options // '') . ' | to-json', $text);
    is($status, 1, "status 1: $why");
    like($err, qr/^from-csv: stdin:$line: $why/m, "says why: $why");
    is(join(' ', map { $_->{id} } jsonl($out)), $left, "the rest is there: $why");
}
bad("id,a,b\nu,1,2\nv,1\nw,3,4\n", 3, '2 cells where the first line has 3', 'u w');
bad("id,a,b\nu,1,2\nv,1,2,3\nw,3,4\n", 3, '4 cells where', 'u w');
bad("id,t\nu,\"a\"b\nv,c\n", 2, 'text after a closing quote', 'v');
bad("id,t\nu,\"\"b\nv,c\n", 2, 'text after a closing quote', 'v');
bad("id,t\nu,a\0b\nv,c\n", 2, 'a NUL character', 'v');
bad("id,t\nu,\"a\0b\"\nv,c\n", 2, 'a NUL character', 'v');
bad("id,t\nu,x\nv,\"a\nb,c\n", 3, 'the quote that opens on line 3 is never closed', 'u');
bad("id,t\nu,\"a\rb\r\nc\"\nv\rw,x\n", 5, '1 cell where', 'u w');
bad("id,t\r\nu,x\r\n\r\nv\r\nw,y\r\n", 4, '1 cell where', 'u w');
bad("id,t\n,x\nv,y\n", 2, 'no id: the cell of id is empty', 'v');
bad("id,a\nu,inf\nv,1\n", 2, 'a is inf: no finite 32-bit float', 'v');
bad("id,a\nu,1e39\nv,1\n", 2, 'a is 1e39: no finite 32-bit float', 'v');
bad("id,a\nu,1e999\nv,1.5\n", 2, 'a is 1e999: not a finite number', 'v', '--keep-columns');
bad("id,t\nu,\xe9t\xe9\nv,y\n", 2, 't is not UTF-8: .*iconv', 'v');
bad("id,t\n\xe9,x\nv,y\n", 2, 'the id is not UTF-8', 'v');
spew("$tmp/b\xe9d.csv", "id,a\nu\n");
is_deeply([map { [$_->{id}, $_->{error}] } jsonl(runs("from-csv --on-error emit $tmp/b\xe9d.csv | to-json"))],
    [["$tmp/b%E9d.csv:2", '1 cell where the first line has 2']], 'the place as an id, though the path is not UTF-8');
(undef, $out) = run('from-csv --on-error emit | to-json', "id,a\nu,1\nv\n");
is_deeply([map { [$_->{id}, $_->{error} // ''] } jsonl($out)], [['u', ''], ['stdin:3', '1 cell where the first line has 2']], 'emit');
refuses(6, qr/^from-csv: stdin:3: 1 cell /, 'from-csv --on-error fail | cat >/dev/null', "id,a\nu,1\nv\n");
refuses(6, qr/^from-csv: stdin: empty/, 'from-csv', '');
refuses(6, qr/^from-csv: stdin:1: two columns \(1 and 3\) are called a/, 'from-csv', "a,b,a\n1,2,3\n");
refuses(6, qr/^from-csv: stdin:1: the quote that opens on line 2/, 'from-csv', qq(a,"b\n","c\n));
refuses(6, qr/^from-csv: stdin: the name of column 2 is not UTF-8/, 'from-csv', "a,\xe9\n1,2\n");
refuses(4, qr/^from-csv: stdin:2: a row larger than --max-record .*quote/, 'from-csv --max-record 10K', qq(a,b\n1,") . 'x' x 20000);
refuses(6, qr{^from-csv: /nowhere: cannot open}, 'from-csv /nowhere');
refuses(6, qr{^from-csv: /tmp: a folder, not a file$}m, 'from-csv /tmp');
refuses(2, qr/-o id/, 'from-csv -o id', "a\n1\n");

# ---- what a table seems to be, and numbers with marks ----
sub noted { my ($text, $options) = @_; return (run('from-csv ' . ($options // '') . ' | cat >/dev/null', $text))[2] }
like(noted("id,v\na,$_->[0]\nb,$_->[1]\n"), qr/^from-csv: stdin: column v is text: numbers with other marks than a point, .*: 2, the first on line 2$/m, "$_->[0]: noted")
    for ['"1,234.5"', '"12,000"'], ['1.234.567', '5.000.000'], ['5%', '12 %'], ['$5.00', '$3'], ['(5)', '(7.5)'], ["\xe2\x88\x925", "\xe2\x88\x927"], ["1\xc2\xa0234", "2\xe2\x80\xaf000"], ["1'234", "5'000"];
is(noted("id,v\na,$_->[0]\nb,$_->[1]\n"), '', "$_->[0]: text as ever") for ['2024-01-02', '2023-05-06'], ['31.12.2024', '1.2.2023'], ['1.2.3', '2.0.1'], ['12 34 56', '1 2'], ['a', 'b'], ['1-2', '3-4'];
like(noted("id;v\na;1.234,5\nb;2.000,0\n", '--decimal ,'), qr/column v is text: numbers with other marks/, 'with a decimal comma');
is(back("id,a,b\n1,$_,2\n2,3,4\n", '-q'), qq({"id":"1","x":null}\n{"id":"2","x":[3,4]}\n), "$_ is missing among numbers") for 'n/a', '#N/A', '<NA>', '-nan', '-NaN';
like(noted("ID,a\nr,1\n"), qr/^from-csv: stdin: rows are numbered, and 'ID' is a column like others: --id 'ID' makes it the id$/m, 'ID is not id');
is(noted("ID,a\nr,1\n", $_), '', "... $_") for '--id ID', '--drop ID';
is(noted("id,ID,a\nr,1,2\n"), '', '... beside an id');
like(noted("My songs;;\n;;\nid;a;b\nr;1;2\n"), qr/^from-csv: stdin: 2 of 3 columns have no name: is the first line a title\?$/m, 'a title above the table');
is(noted("id,a,b,\nr,1,2,\n"), '', 'one column without a name is none');
like(noted(qq({"id":1}\n)), qr/^from-csv: stdin: its first line looks like JSON, which from-json reads$/m, 'JSON');
like(noted("<html><body>\n"), qr/^from-csv: stdin: its first line looks like a web page$/m, 'a web page');
like(noted("id,a\n"), qr/^from-csv: stdin: no rows after the names of the columns$/m, 'no rows');
is(noted($_, '-q'), '', 'quiet') for "ID,a\nr,1\n", "a;;\nb;;\n", "{\n", "id,a\n", "id,v\na,5%\n";

# ---- a real table ----
SKIP: {
    my $gtzan = shared('data/features/gtzan_features_30_sec.csv') or skip 'needs ../shared', 6;
    my @rows = csv($gtzan);
    my @got = records("from-csv --id filename --drop length $gtzan");
    is(@got, 1000, 'GTZAN: rows');
    is_deeply([map { $_->{id} } @got], [map { $_->{filename} } @rows], 'GTZAN: ids');
    is_deeply([map { $_->{label} } @got], [map { $_->{label} } @rows], 'GTZAN: labels');
    is(@{ $got[0]{x} }, 57, 'GTZAN: 57 numbers');
    my ($first) = split /\r?\n/, slurp_file($gtzan);
    my @names = grep { !/^(filename|length|label)$/ } split /,/, $first;
    my (@want, @have);
    push @want, @$_{@names} for @rows;
    push @have, @{ $_->{x} } for @got;
    near_all(\@have, \@want, 0, 1.2e-7, 'GTZAN: the numbers, to 32 bits');
}

# --on-error emit: a bad row has all that others have, as nil, also before the first good one, and the next filter goes on.
spew("$tmp/bad.csv", "id,genre,a,b\nz,x\na,x,1,2\nb,x,1\nc,y,3,4\n");
is_deeply([map { join ' ', map { $_ // 'nil' } @$_{qw(id genre)}, exists $_->{x} ? defined $_->{x} ? 'x' : 'nil' : 'none' } records("from-csv --on-error emit $tmp/bad.csv")],
    ["$tmp/bad.csv:2 nil nil", 'a x x', "$tmp/bad.csv:4 nil nil", 'c y x'], '--on-error emit writes nil');
like((run("from-csv --on-error emit $tmp/bad.csv | zscore > /dev/null"))[2], qr/^zscore: 2 without input skipped$/m, 'and the next filter goes on');
spew("$tmp/bad.csv", "id,a\nz,1,2\n");
is(runs("from-csv --on-error emit $tmp/bad.csv | to-json"), qq({"id":"$tmp/bad.csv:2","error":"3 cells where the first line has 2"}\n), 'no good row: no fields are known');
done_testing;
