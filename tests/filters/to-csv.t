# to-csv: columns, names, cells, and the way back.
# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;
use Test::More;
use Songpipe;
use Stream;

sub table { my ($json, $options) = @_; return runs('from-json | to-csv ' . ($options // ''), $json) }

is(table('{"id":"a","x":[1,-2.5],"n":3,"f":0.1,"t":"rock","b":true,"z":null}'),
    "id,x:0,x:1,n,f,t,b,z\na,1,-2.5,3,0.1,rock,true,\n", 'a column for each scalar and element');
is(table('{"id":"a","x":null,"n":1}{"id":"b","g":"pop","x":[1,2]}{"x":[3,4],"n":2,"id":"c"}'),
    "id,x:0,x:1,n,g\na,,,1,\nb,1,2,,pop\nc,3,4,2,\n", 'the columns of all records; nil and missing are empty');
is(table(q({"id":"a,b","t":"say \"hi\"","u":"1\n2","v":"c\rd","w":" e ","x":"","y":"f"})),
    qq(id,t,u,v,w,x,y\n"a,b","say ""hi""","1\n2","c\rd", e ,"",f\n), 'quotes where they are needed');
is(table('{"id":"a;b","t":"c,d"}', "--delimiter ';'"), qq(id;t\n"a;b";c,d\n), '--delimiter');
is(table('{"id":"a","t":"b c"}', '--delimiter tab'), qq(id\tt\na\tb c\n), '--delimiter tab');
is(table('{"id":"a","t":"b c"}', '--no-header'), qq(a,b c\n), '--no-header');
is(table(''), "id\n", 'no records');
is(table('{"id":"a","s":{"sparse":4,"index":[1,3],"value":[0.5,2]}}'), "id,s0,s1,s2,s3\na,0,0.5,0,2\n", 'sparse vectors are written in full');
is(table('{"id":"a","x":[null,1]}'), "id,x0,x1\na,nan,1\n", 'NaN');
is(table('{"id":"a","x":[],"n":1}'), "id,n\na,1\n", 'a vector of nothing has no columns');

# lists of texts
is(table('{"id":"a","l":["b","c d"]}{"id":"b","l":["e,f"]}{"id":"c","l":null}{"id":"d","l":"g"}'), qq(id,l\na,b;c d\nb,"e,f"\nc,\nd,g\n),
    'a list of texts is one cell');
is(table(q({"id":"a","l":["b;c","d","","e\"f"]})), qq(id,l\na,"""b;c"";d;"""";""e""""f"""\n), 'quotes within quotes');
is(table(q({"id":"a","l":["=b","c"]}), "--safe --delimiter ';'"), qq(id;l\na;"'=b;c"\n), 'with ; as the delimiter, and safe');
is(table('{"id":"a","x":[1],"l":["7"]}'), "id,x:0,l\na,1,7\n", 'one that reads as a number counts as one');
is(table('{"id":"a","x":[1],"l":["7","8"]}'), "id,x0,l\na,1,7;8\n", 'two do not');
is(runs('from-csv | neighbours -k 2 | sp-fields --drop neighbours.distance | to-csv', "id,p\na;,0\nb,1\nc,3\n"),
    qq(id,p,neighbours\na;,0,b;c\nb,1,"""a;"";c"\nc,3,"b;""a;"""\n), 'neighbours');

# names
my $named = runs('from-csv -o v', "id,p,q\na,1,2\n");
is(runs('to-csv', $named), "id,p,q\na,1,2\n", 'names from the header');
is(runs('sp-fields --set q=5 | to-csv', $named), "id,v:p,v:q,q\na,1,2,5\n", 'beside other numbers with the field in front');
is(runs('sp-fields --set q=a | to-csv', $named), "id,p,v.q,q\na,1,2,a\n", 'beside text only where the name is taken');
is(runs('sp-fields --set q=7up | to-csv', $named), "id,p,v.q,q\na,1,2,7up\n", 'text that is no number');
is(table('{"id":"a","x":[1],"year":"1999"}'), "id,x:0,year\na,1,1999\n", 'text that reads as a number counts as one');
is(table('{"id":"a","x":[1],"t":"3"}{"id":"b","x":[1],"t":"three"}'), "id,x0,t\na,1,3\nb,1,three\n", 'unless other text does not');
is(table('{"id":"a","a":[1,2],"b":[3]}'), "id,a:0,a:1,b:0\na,1,2,3\n", 'two vectors');
is(table('{"id":"7","x":[1],"b":true,"z":null}'), "id,x0,b,z\n7,1,true,\n", 'the id, true and nil are not numbers');
refuses(6, qr/^to-csv: two columns would be called x:0/, 'from-json | to-csv', '{"id":"a","x":[1],"x:0":2}');

# what has no place
refuses(6, qr/^to-csv: a: m is a matrix.*sp-fields/, 'from-json | to-csv', '{"id":"a","m":[[1],[2]]}');
refuses(6, qr/^to-csv: a: m is a map or a list not of texts/, 'from-json | to-csv', qq({"id":"a","m":$_})) for '{"b":1}', '["b",[1]]', '[["b"]]';
refuses(6, qr/^to-csv: a: m is binary/, 'from-json | to-csv', '{"id":"a","m":{"bin":"AAEC"}}');
refuses(6, qr/^to-csv: a: m has over a million/, 'from-json | to-csv', '{"id":"a","m":{"sparse":4000000000,"index":[],"value":[]}}');
refuses(6, qr/^to-csv: b: x is a vector of 3 elements where earlier records have a vector of 2/, 'from-json | to-csv',
    '{"id":"a","x":[1,2]}{"id":"b","x":[1,2,3]}');
refuses(6, qr/^to-csv: b: x is not a vector but 1 element where/, 'from-json | to-csv', '{"id":"a","x":[1]}{"id":"b","x":1}');
refuses(2, qr/not a single character/, 'from-json | to-csv --delimiter xx', '{}');

# what JSON cannot make
spew("$tmp/odd.sp", stream({}, record('a', 'f', f64(9**9**9), 's', str("a\xffb"), 'h', tensor('<f2', [1], pack 'v', 0x3555), 'd', tensor('<f8', [1], pack 'd<', 0.1),
    'i', tensor('<i4', [1], pack 'l<', -5), 'z', tensor('<f4', [], pack 'f<', 2), 'big', "\xcf" . "\xff" x 8, 'p', "\xc4\x02/\xff")));
my ($status, $out, $err) = run("to-csv $tmp/odd.sp");
is($out, "id,f,s,h:0,d:0,i:0,z,big,p\na,inf,a\xef\xbf\xbdb,0.33325195,0.1,-5,2,18446744073709551615,/\xef\xbf\xbd\n", 'odd values');
like($err, qr/^to-csv: bytes that are NUL or not UTF-8, written as U\+FFFD: 2$/m, 'bytes that are not UTF-8 are counted');

# joined runs
my $runs = runs('(echo \'{"id":"r1","k":5,"nmi":0.5}\' | from-json; echo \'{"id":"r2","k":10,"nmi":0.25,"ari":1}\' | from-json) | to-csv');
is($runs, "id,k,nmi,ari\nr1,5,0.5,\nr2,10,0.25,1\n", 'runs that were joined by cat make one table');

# one name that begins as another, fields in another order
spew("$tmp/nul.sp", stream({}, record('a', 'a', int64(1), "a\0b", int64(2))));
is(runs("to-csv -q $tmp/nul.sp 2>/dev/null"), "id,a,a\xef\xbf\xbdb\na,1,2\n", 'a field a\0b has a value of its own');
spew("$tmp/nul.sp", stream({}, record('a', "a\0b", int64(2)), record('b', 'a', int64(1))));
is(runs("to-csv -q $tmp/nul.sp 2>/dev/null"), "id,a\xef\xbf\xbdb,a\na,2,\nb,,1\n", 'also where a is in another record');
is(table(join '', map { my $i = $_; qq({"id":"$i",) . join(',', map { "\"f$_\":$_" } $i ? reverse 1 .. 40 : 1 .. 40) . "}" } 0, 1), join("\n",
    join(',', 'id', map { "f$_" } 1 .. 40), map { join ',', $_, 1 .. 40 } 0, 1) . "\n", 'fields in another order');

# formulas
is(table(q({"id":"=1+1","a":"+x","b":"-x","c":"@x","d":"\tx","e":"\rx","f":"a=b","g":-5,"h":"","=i":"'"}), '--safe'),
    qq('=1+1,'+x,'-x,'\@x,'\tx,"'\rx",a=b,-5,"",'\n) =~ s/^/"id,a,b,c,d,e,f,g,h,'=i\n"/er =~ s/"id,a(.*)"/id,a$1/sr, '--safe');
is(table('{"id":"=1+1"}'), "id\n=1+1\n", 'without it, text is what it is');

# a byte order mark
is(table(q({"id":"a","t":"\u00e9","n":1}), '--bom'), "\xef\xbb\xbfid,t,n\na,\xc3\xa9,1\n", '--bom');
is(table('{"id":"a","n":1}', '--bom --no-header'), "\xef\xbb\xbfa,1\n", '--bom without a header');

# broken input, files
my $two = runs('from-json', '{"id":"a"}{"id":"b"}');
refuses(3, qr/^to-csv: stdin: cut short/, 'to-csv', substr $two, 0, -5);
spew("$tmp/two.sp", $two);
is(runs("to-csv $tmp/two.sp"), "id\na\nb\n", 'a file');
runs("to-csv --output $tmp/two.csv $tmp/two.sp");
is(slurp_file("$tmp/two.csv"), "id\na\nb\n", '--output');
($status) = run('LC_ALL=de_DE.UTF-8 to-csv >/dev/full', $two);
is($status, 6, 'a full disk');

# there and back
sub there_and_back {
    my ($json, $options) = @_;
    return runs("from-json --no-history | to-csv | from-csv --no-history $options | to-json", $json);
}
my $mixed = '{"id":"a","x":[1.5,-2],"seconds":30.000045351473922,"rate":44100,"g":"rock"}' . "\n" . '{"id":"b","x":null,"seconds":null,"rate":8000,"g":null}' . "\n";
is(there_and_back($mixed, ''), $mixed, 'numbers beside x come back as fields');
my $several = qq({"id":"a","a":[1,2],"b.c":[0.1],"cluster":-1}\n);
is(there_and_back('{"id":"a","x":[1,2],"l":["7"]}{"id":"b","x":[3,4],"l":["8"]}', ''),
    qq({"id":"a","x":[1,2],"l":7}\n{"id":"b","x":[3,4],"l":8}\n), 'lists come back as what their text is, beside x');
is(there_and_back($several, '-o a'), $several, 'and several vectors');
my $all = runs("from-csv --no-history | sp-fields --no-history --set seconds=2.5 --set cluster=3", "id,p,q\na,1,2\nb,3,4\n");
is(runs('to-csv | from-csv --no-history', $all), $all, 'names and all, byte for byte');
my @names = ('id', map({ my $of = $_; map { "mfcc$_.$of" } 0 .. 39 } 'mean', 'std'));
my $songs = runs('from-csv --no-history | sp-fields --no-history --set seconds=30.5 --set rate=22050 --set cluster=2',
    join '', map { join(',', @$_) . "\n" } \@names, map { my $i = $_; ["s$i", map { $_ / 8 + $i } 1 .. 80] } 1 .. 3);
is(runs('to-csv | from-csv --no-history', $songs), $songs, '80 columns beside seconds, rate and cluster, byte for byte');
my $json = join '', map { my $i = $_; qq({"id":"r$i","x":[) . join(',', map { sprintf '%.9g', unpack 'f', pack 'L', (0x9e3779b9 * ($i * 7 + $_)) & 0xbf7fffff } 1 .. 4) .
    qq(],"t":"a\\n\\"$i\\","}\n) } 1 .. 200;
is(runs('from-json --no-history | to-csv | from-csv --no-history | sp-fields --no-history --set v=1 | to-json', $json),
    runs('from-json --no-history | sp-fields --set v=1 | to-json', $json), 'every bit comes back by from-csv');
done_testing;
