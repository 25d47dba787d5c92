# from-mxm: musiXmatch's bags of words as sparse vectors; what tfidf makes of them; lines that are bad
# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;
use Songpipe;
use Stream;
use Test::More;

# A packed sparse vector.
sub sparse {
    my ($d, %v) = @_;
    my @i = sort { $a <=> $b } keys %v;
    return "\x83" . str('sparse') . int64($d) . str('index') . tensor('<u4', [scalar @i], pack 'L<*', @i) .
        str('value') . tensor('<f4', [scalar @i], pack 'f<*', @v{@i});
}

my $songs = "# a comment\n# another\n%i,the,you,cat\nTRA,12,1:6,2:4,4:1\nTRB,7,3:2\nTRC,9\n";
my @got = records('from-mxm', $songs);
is_deeply(\@got, [
    { id => 'TRA', mxm => 12, x => { sparse => 4, index => [0, 1, 3], value => [6, 4, 1] } },
    { id => 'TRB', mxm => 7, x => { sparse => 4, index => [2], value => [2] } },
    { id => 'TRC', mxm => 9, x => { sparse => 4, index => [], value => [] } },
], 'songs, their words from 0, one without words');
like(runs('from-mxm -o bag | sp-info', $songs), qr/bag/, '-o');
is(runs('from-mxm | to-csv | head -1', $songs), "id,mxm,x:i,x:the,x:you,x:cat\n", 'the words are the columns');
is(runs('from-mxm', $songs =~ s/\n/\r\n/gr), runs('from-mxm', $songs), 'CRLF');
is(runs('from-mxm', "\xef\xbb\xbf$songs"), runs('from-mxm', $songs), 'a byte order mark');
is(runs('from-mxm', $songs =~ s/\n\z//r), runs('from-mxm', $songs), 'no line feed at the end');
spew("$tmp/train.txt", $songs);
spew("$tmp/test.txt", $songs =~ s/TR(.)/TS$1/gr);
is(scalar(records("from-mxm $tmp/train.txt $tmp/test.txt")), 6, 'two files of the same words');

# tfidf weighs them as it weighs the texts, but that words of one letter stay.
my $text = runs('from-json', join '', map { qq({"id": "$_->[0]", "lyrics": "$_->[1]"}\n) }
    ['TRA', 'the the the the cat ii ii ii ii ii ii'], ['TRB', 'you you'], ['TRC', '']);
my $counts = $songs =~ s/%i,/%ii,/r;
for my $options ('', '--sublinear-tf --norm l1', '--min-df 1 --max-features 3 --no-smooth-idf', '--binary') {
    is_deeply([map { $_->{x} } records("from-mxm | tfidf -q -i x $options", $counts)], [map { $_->{x} } records("tfidf -q $options", $text)],
        "tfidf of counts is that of texts: $options");
}
is(runs('from-mxm | tfidf -q -i x | to-csv | head -1', $songs), "id,mxm,x:cat,x:i,x:the,x:you\n", 'a word of one letter stays');
spew("$tmp/in.sp", runs('from-mxm', $songs));
my $all = runs("tfidf -q -i x --save $tmp/m.sp $tmp/in.sp");
is(runs("tfidf -q -i x -m $tmp/m.sp --no-history $tmp/in.sp"), runs('sp-fields --no-history', $all), 'a model applied');
is(runs("tfidf -q -i x -j 4 $tmp/in.sp"), $all, '-j 4');
my $name = { columns => { x => ['a', 'b'] } };
refuses(6, qr/^tfidf: r: x counts 2.5 times 'b': not a number of words/, 'tfidf -i x -o y', stream($name, record('r', x => sparse(2, 1 => 2.5))));
refuses(6, qr/^tfidf: r: x counts -1 times/, 'tfidf -i x -o y', stream($name, record('r', x => sparse(2, 0 => -1))));
refuses(6, qr/^tfidf: r: x counts 1e\+09 times/, 'tfidf -i x -o y', stream($name, record('r', x => sparse(2, 0 => 1e9))));
refuses(6, qr/^tfidf: r: x counts more than 1048576 words/, 'tfidf -i x -o y', stream($name, record('r', x => sparse(2, 0 => 1e6, 1 => 1e6))));
refuses(6, qr/^tfidf: r: the columns of x have no names/, 'tfidf -i x -o y', stream({}, record('r', x => sparse(2, 0 => 1))));
refuses(6, qr/^tfidf: TRA: x has counts of words: --ngrams needs their order/, "tfidf -i x --ngrams 1,2 $tmp/in.sp");

# Bad lines are named; the others go on.
my %bad = (
    'TRD' => 'not a song: TRACK,NUMBER,WORD:COUNT,...', ',1,1:2' => 'not a song: TRACK,NUMBER,WORD:COUNT,...',
    'TRD,x,1:2' => 'the second cell is not musiXmatch\'s number of the song', 'TRD,1,1:2,3' => 'cell 4 is not WORD:COUNT',
    'TRD,1,1:2,' => 'cell 4 is not WORD:COUNT', 'TRD,1,1:x' => 'cell 3 is not WORD:COUNT', 'TRD,1,1:2:3' => 'cell 3 is not WORD:COUNT',
    'TRD,1,5:1' => 'word 5 in cell 3: there are words 1 to 4', 'TRD,1,0:1' => 'word 0 in cell 3: there are words 1 to 4',
    'TRD,1,2:1,2:1' => 'word 2 in cell 4 comes after word 2: they must ascend', 'TRD,1,1:99999999999' => 'cell 3 is not WORD:COUNT',
    "TR\xff,1,1:1" => 'the id is not UTF-8',
);
for my $line (sort keys %bad) {
    my ($status, $out, $err) = run('from-mxm', $songs =~ s/TRC/$line\nTRC/r);
    is($status, 1, "status: $line");
    is($err, "from-mxm: stdin:6: $bad{$line}\nfrom-mxm: 1 bad, left out\n", "says why: $line");
    is(scalar(my @left = jsonl(runs('to-json', $out))), 3, "the others: $line");
}
refuses(6, qr/^from-mxm: stdin:1: no line of words, %WORD,WORD,..., before the first song/, 'from-mxm', "TRA,1,1:1\n", 1);
refuses(6, qr/^from-mxm: stdin: no line of words/, 'from-mxm', "# nothing\n", 1);
refuses(6, qr/^from-mxm: stdin:1: word 2 is empty/, 'from-mxm', "%a,,b\n", 1);
refuses(6, qr/^from-mxm: stdin:1: the word a appears twice/, 'from-mxm', "%a,b,a\n", 1);
refuses(6, qr/^from-mxm: stdin:1: the words are not UTF-8/, 'from-mxm', "%a,\xff\n", 1);
refuses(6, qr/test.txt:2: other words than those before/, "from-mxm $tmp/train.txt $tmp/test.txt", undef, 1)
    if spew("$tmp/test.txt", "#\n%a,b\n");
refuses(6, qr/^from-mxm: stdin:7: the id TRA appears twice, first on line 4/, 'from-mxm', $songs . "TRA,1,1:1\n", 1);
refuses(6, qr/^from-mxm: stdin: UTF-16: convert it first/, 'from-mxm', "\xff\xfe%\0a\0\n\0", 1);
refuses(2, qr/-o mxm: that is another field/, 'from-mxm -o mxm', $songs);
done_testing;
