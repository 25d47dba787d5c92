#!/usr/bin/perl
# Names and values with commas, quotes, line ends, control characters, 300 bytes, blanks, dashes:
# through every text sink and every option that names a field, read back by parsers of our own.
# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;
use Encode qw(encode_utf8 decode_utf8);
use JSON::PP;
use Test::More;
use Songpipe;

binmode Test::More->builder->$_, ':utf8' for qw(output failure_output todo_output);

# What names and values hold: a word for the test's name, and the text.
my @nasty = (
    comma => 'nm,i', quote => 'say "x"', 'only quotes' => '""', CR => "a\rb", LF => "a\nb", CRLF => "a\r\nb", separator => "a\x1fb",
    'a blank in front' => ' a', 'a blank behind' => 'a ', 'only a blank' => ' ', 'a dash in front' => '-a', 'two dashes' => '--by',
    bar => 'a|b', backslash => 'a\\b\\', apostrophe => "it's", 'a star' => '**a*', 'an equals sign' => 'a=b', escape => "a\e[31mb",
    'a tab' => "a\tb", semicolon => 'a;b', long => 'x' x 300, letters => "\x{e9}\x{1f3b5}", 'a number' => '12', 'a word of JSON' => 'null',
    'marks of gnuplot' => '`date` $x @x {/=40 b}_c^2 %d %%', Bengali => "\x{997}\x{be8}\x{9be}\x{9a8}", 'from the right' => "\x{5e9}\x{5dc}\x{5d5}\x{5dd}",
);
my (%text, @words);
while (my ($word, $text) = splice @nasty, 0, 2) {
    push @words, $word;
    $text{$word} = $text;
}

my $json = JSON::PP->new->utf8->canonical;
sub stream { return runs('from-json', join '', map { $json->encode($_) . "\n" } @_) }
sub quoted { return "'" . encode_utf8($_[0]) =~ s/'/'\\''/gr . "'" }

# RFC 4180, and nothing more generous: a list of rows, or undef where it is malformed.
sub parse_csv {
    my ($bytes, $delimiter) = @_;
    my ($text, $d) = (decode_utf8($bytes), quotemeta($delimiter // ','));
    my @rows = [];
    while (length $text) {
        $text =~ s/^"((?:[^"]|"")*)"// || $text =~ s/^([^"\r\n$d]*)// or return;
        push @{ $rows[-1] }, $1 =~ s/""/"/gr;
        next if $text =~ s/^$d// && length $text;
        $text =~ s/^\n// or return;
        push @rows, [] if length $text;
    }
    return \@rows;
}

# Lines for a terminal: nothing but printing characters, as many lines as wanted.
sub lines_ok {
    my ($bytes, $wanted, $name) = @_;
    my $text = decode_utf8($bytes);
    my @lines = split /\n/, $text, -1;
    is(pop @lines, '', "$name: ends with a line feed");
    is(scalar @lines, $wanted, "$name: $wanted lines") if defined $wanted;
    return unlike($text, qr/[\x00-\x09\x0b-\x1f\x7f\x{fffd}]/, "$name: prints no control characters");
}

for my $word (@words) {
    my $t = $text{$word};
    my $plain = $t =~ s/[\x00-\x1f\x7f]/?/gr;       # as it is shown
    spew("$tmp/n.sp", stream({ id => 's1', $t => 0.5, value => $t }, { id => 's2', $t => 2, value => "$t$t" }));

    my $rows = parse_csv(runs("to-csv $tmp/n.sp"));
    is_deeply($rows, [['id', sort($t, 'value')], map { my $r = $_; [$r->{id}, map { $r->{$_} } sort $t, 'value'] }
        { id => 's1', $t => '0.5', value => $t }, { id => 's2', $t => '2', value => "$t$t" }], "to-csv: $word");
    for my $delimiter (';', "\t") {
        is_deeply(parse_csv(runs('to-csv --delimiter ' . quoted($delimiter) . " $tmp/n.sp"), $delimiter), $rows, "to-csv, another delimiter: $word");
    }
    is_deeply([map { $json->decode($_) } split /\n/, runs("to-csv $tmp/n.sp | from-csv --keep-columns | to-json")],
        [map { $json->decode($_) } split /\n/, runs("to-json $tmp/n.sp")], "from-csv reads to-csv's table: $word")
        unless $t =~ /^(12|null)$/;
    is_deeply([map { $json->decode($_) } split /\n/, runs("to-json $tmp/n.sp")],
        [{ id => 's1', $t => 0.5, value => $t }, { id => 's2', $t => 2, value => "$t$t" }], "to-json: $word");

    # the names of a vector's columns
    spew("$tmp/c.csv", encode_utf8('id,"' . $t =~ s/"/""/gr . "\",z\n1,2,3\n"));
    is_deeply(parse_csv(runs("from-csv $tmp/c.csv | to-csv"))->[0], ['id', $t, 'z'], "to-csv, columns: $word");

    # scoreboard: labels, and a score's name
    spew("$tmp/b.sp", stream(map { { id => "r$_->[0]", method => $_->[1], seed => $_->[2], $t => $_->[0] / 4 } }
        [1, $t, 'A'], [2, $t, 'A'], [3, 'other', 'A'], [4, $t, $t]));
    is_deeply(parse_csv(runs("scoreboard -f csv --by method,seed $tmp/b.sp")),
        [['method', 'seed', 'runs', $t, "$t.std", "$t.best"], [$t, 'A', 2, '0.375', '0.1767766952966369', 0],
         ['other', 'A', 1, '0.75', 0, 0], [$t, $t, 1, 1, 0, 1]], "scoreboard -f csv: $word");
    my $table = runs("scoreboard -f markdown --by method,seed $tmp/b.sp");
    lines_ok($table, 5, "scoreboard -f markdown: $word");
    my @cells = map { [map { s/^ +| +$//gr } split /(?<!\\)\|/, $_, -1] } split /\n/, decode_utf8($table);
    is_deeply([map { scalar @$_ } @cells], [(5) x 5], "scoreboard -f markdown: five cells in each line: $word");
    is($cells[2][1] =~ s/\\\|/|/gr, $plain =~ s/^ +| +$//gr, "scoreboard -f markdown: the label: $word");
    $table = runs("scoreboard --by method,seed $tmp/b.sp");
    lines_ok($table, 4, "scoreboard: $word");
    is(substr(decode_utf8((split /\n/, $table)[1]), 0, length $plain), $plain, "scoreboard: the label: $word");

    # what is said of a stream
    my $info = runs("sp-info $tmp/n.sp");
    lines_ok($info, undef, "sp-info: $word");
    like(decode_utf8($info), qr/^\Q$plain\E +number +2 +0 +0  0\.5 to 2$/m, "sp-info: the field: $word");
    spew("$tmp/m.sp", stream({ id => $t, $t => 1, value => 'x' }, { id => 's2', value => "$t$t" }));
    spew("$tmp/o.sp", stream({ id => $t, $t => 2, value => $t }, { id => "s2$t", $t => 2, value => "$t$t" }));
    my ($status, $diff) = run("sp-diff -v $tmp/m.sp $tmp/o.sp");
    is($status, 1, "sp-diff: $word");
    lines_ok($diff, 5, "sp-diff: $word");
    like(decode_utf8($diff), qr/^worst: record 1 \(\Q$plain\E\): \Q$plain\E is 1 in A and 2 in B, off by 1 \(0\.5 of it\)$/m, "sp-diff: what differs: $word");

    # a picture's program: whatever is shown stands in a literal, and there gnuplot knows nothing
    my $field = $t =~ /,/ ? 'label' : $t;           # --color takes a list
    spew("$tmp/p.sp", stream(map { { id => "p$_", xy => [$_, $_ % 2], $field => $_ % 2 ? $t : 'z' } } 1 .. 4));
    my $program = runs('scatter --color=' . quoted($field) . " $tmp/p.sp");
    (my $rest = decode_utf8($program)) =~ s/'[^'\n]*'//g;
    unlike($rest, qr/'/, "scatter: every literal ends on its line: $word");
    is(scalar(() = $rest =~ /keyentry/g), 2, "scatter: two classes in the legend: $word");
    (my $shown = $t) =~ s/[\x00-\x1f\x7f]/ /g;
    $shown =~ s/'/\x{2019}/g;
    $shown = substr($shown, 0, 32) . "\x{2026}" if length $shown > 32;
    like(decode_utf8($program), qr/title '\Q$shown\E'\.' \(2\)'/, "scatter: the class: $word");

    my $names = sub {
        my ($what, $program, $literals, $most, $double) = @_;
        my $text = decode_utf8($program);
        (my $outside = $text) =~ s/'[^'\n]*'//g;
        unlike($outside, qr/['`\@]|\$(?!series|tree|cells|texts|points|hulls|\d)/, "$what: every literal ends on its line, and nothing stands outside: $word");
        (my $want = $t) =~ s/[\x00-\x1f\x7f]/ /g;
        $want =~ s/'/\x{2019}/g;
        $want = substr($want, 0, $most) . "\x{2026}" if length $want > $most;
        $want =~ s/%/%%/g if $double;
        my $found = () = $text =~ /'\Q$want\E'/g;
        is($found, $literals, "$what: the name: $word");
    };
    spew("$tmp/c.sp", stream(map { { id => "p$_", loss => $_, group => $_ % 2 ? $t : 'z' } } 1 .. 4));
    $names->('curve --by', runs("curve --by group $tmp/c.sp"), 1, 32);
    $names->('curve --bars', runs("curve --bars -y loss -x group $tmp/c.sp"), 1, 24, 1);
    $names->('curve --title', runs('curve --title=' . quoted($t) . " $tmp/c.sp"), 1, 106) if length $t < 300;
    spew("$tmp/f.sp", stream(map { { id => "p$_", $t => $_ } } 1 .. 4));
    $names->('curve -y', runs('curve --y=' . quoted($t =~ s/([\\,])/\\$1/gr) . " $tmp/f.sp"), 1, 60) if $t !~ /\\/;
    spew("$tmp/t.sp", stream({ id => '2', left => 0, right => 1, height => 1.5, size => 2 }));
    spew("$tmp/s.sp", stream({ id => $t }, { id => 's2' }));
    $names->('curve --songs', runs("curve --tree --songs $tmp/s.sp $tmp/t.sp"), 1, 24, 1);

    spew("$tmp/o.sp", stream({ id => $t, xy => [1, 2] }, { id => 's2', xy => [3, 4] }));
    $names->('scatter --names', runs("scatter --names id $tmp/o.sp"), 1, 24);
    spew("$tmp/h.sp", stream({ id => $t, x => [1, 2] }, { id => 's2', x => [3, 4] }));
    $names->('heatmap, rows', runs("heatmap $tmp/h.sp"), 1, 24, 1);
    $names->('heatmap, columns', runs("from-csv $tmp/c.csv | heatmap"), 1, 24, 1);
    spew("$tmp/g.sp", stream({ id => 's1', x => [1, 2], group => $t }, { id => 's2', x => [3, 4], group => 'z' }));
    $names->('heatmap --by', runs("heatmap --similarity --by group $tmp/g.sp"), 2, 24, 1);
    $names->('heatmap, confusion', runs("confusion --truth group --cluster group $tmp/g.sp | heatmap"), 2, 24, 1);

    # an array and its ids
    spew("$tmp/a.sp", stream({ id => "i$t", $t => 0.5 }, { id => $t, $t => 2 }));
    if ($t =~ /\n/) {
        refuses(6, qr/--ids: an id contains a line break/, "to-npy --ids $tmp/ids --input=" . quoted($t) . " $tmp/a.sp", undef, 1);
    } else {
        runs("to-npy --output $tmp/a.npy --ids $tmp/ids --input=" . quoted($t) . " $tmp/a.sp");
        is_deeply([npy("$tmp/a.npy")], [[0.5, 2], 2], "to-npy -i: $word");
        is(slurp_file("$tmp/ids"), encode_utf8("i$t\n$t\n"), "to-npy --ids: $word");
    }
}

# Options that name a field: NAME is the name, and what comes out of it must have the field FIELD.
my @options = (
    ['zscore --input=NAME', sub { $_[0] }], ['zscore --input=x --output=NAME', sub { $_[0] }, 1], ['pca -n 2 -q --input=NAME', sub { $_[0] }],
    ['kmeans -k 2 -q --input=NAME', sub { 'cluster' }], ['kmeans -k 2 -q --input=x --output=NAME', sub { $_[0] }, 1],
    ['kmeans -k 2 -q --input=x --output=NAME', sub { "$_[0].distance" }, 1], ['dbscan --eps 1 -q --input=NAME', sub { 'cluster' }],
    ['neighbours -k 2 --input=NAME', sub { 'neighbours' }], ['sp-fields --keep=NAME', sub { $_[0] }], ['sp-fields --drop=NAME', sub { 'x' }],
    ['sp-fields --rename=x=NAME', sub { $_[0] }, 1], ['sp-fields --shuffle=NAME', sub { $_[0] }], ['sp-match -- NAME present', sub { $_[0] }],
    ['metrics --truth=NAME --input=x', sub { 'nmi' }, 0, 1], ['sp-sample -n 3 --by=NAME', sub { $_[0] }, 0, 1],
    ['sp-sort -- NAME', sub { $_[0] }, 0, 1],
);
for my $word (@words) {
    my $t = $text{$word};
    for my $option (@options) {
        my ($command, $field, $new, $label) = @$option;
        next if $command =~ /--(keep|drop|truth|by)=|sp-sort/ && $t =~ /,/;     # a list
        next if $command =~ /rename/ && $t =~ /=/;
        spew("$tmp/in.sp", stream(map { { id => "s$_", x => [$_ % 3, $_ % 5, $_ / 2], cluster => $_ % 2, tag => "t" . $_ % 2,
            $new ? () : $label ? ($t => $_ % 2 ? $t : 'z') : ($t => [$_ % 2, $_ % 7, $_ / 3]) } } 1 .. 9));
        $command = "sp-fields --drop cluster | $command" unless $command =~ /^metrics/;
        my @out = map { $json->decode($_) } split /\n/, runs($command =~ s/NAME/quoted($t)/er . ' | to-json', slurp_file("$tmp/in.sp"));
        ok(@out && exists $out[0]{ $field->($t) }, "$command: $word");
    }
}

# What no argument and no name of a table can hold: NUL, and bytes that are not UTF-8.
my $in = $json->encode({ id => 's1', value => "a\0b" }) . "\n";
my ($status, $out, $err) = run('from-json | to-csv', $in);
is_deeply(parse_csv($out), [['id', 'value'], ['s1', "a\x{fffd}b"]], 'to-csv: NUL');
like($err, qr/^to-csv: bytes that are NUL or not UTF-8, written as U\+FFFD: 1$/m, 'to-csv: says so');
is($json->decode(runs('from-json | to-json', $in))->{value}, "a\0b", 'to-json: NUL');
lines_ok(runs('from-json | sp-info', $in), undef, 'sp-info: NUL');
is_deeply(parse_csv(runs('from-json | scoreboard --by value -f csv', $json->encode({ id => 1, value => "a\0b", n1 => 1 }) . "\n")),
    [['value', 'runs', 'n1', 'n1.std', 'n1.best'], ["a\x{fffd}b", 1, 1, 0, 1]], 'scoreboard: NUL');

done_testing();
