#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;
use Songpipe;
use Stream;
use Test::More;

# ---- what it says of records ----

spew("$tmp/in.jsonl", <<'END');
{"id":"a","n":3,"f":1.5,"s":"rock","b":true,"z":null,"x":[1,2,4],"m":[[1,2],[3,4]]}
{"id":"b","n":5,"f":-2,"s":"pop","b":false,"z":null,"x":[1,2,null],"m":[[1,2]],"only":1}
{"id":"c","n":4,"f":0,"s":null,"b":true,"z":null,"x":[1,2,4],"m":[[1,2],[1,2],[1,2]]}
END
runs("from-json $tmp/in.jsonl > $tmp/in.sp");
my $info = runs("sp-info $tmp/in.sp");
is(runs("sp-info < $tmp/in.sp"), $info, 'the same from standard input');
like($info, qr/^$_$/m, $_) for 'kind     records', 'history  from-json --on-error skip  # \S+', 'records  3',
    'valid    complete, checksum correct, ids unique',
    'field +type +records +nil +missing +values',
    'id +text +3 +0 +0  "a", 3 different',
    'n +whole +3 +0 +0  3 to 5',
    'f +number +3 +0 +0  -2 to 1.5',
    's +text +2 +1 +0  "rock", 2 different',
    'b +true/false +3 +0 +0  true in 2',
    'z +- +0 +3 +0',
    'x +f4 \[3\] +3 +0 +0  1 with NaN or infinity',
    'm +f4 \[1-3, 2\] +3 +0 +0',
    'only +whole +1 +0 +2  1';

is(runs("sp-info --count $tmp/in.sp $tmp/in.sp"), "6\n", '--count, of several');
is(runs("sp-match id eq none $tmp/in.sp | sp-info --count"), "0\n", '--count, of none');
refuses(3, qr/^sp-info: stdin: cut short after 3 records/m, 'sp-info --count', do { my $b = slurp_file("$tmp/in.sp"); substr $b, 0, (frames($b))[-1][1] });
refuses(2, qr/--count and --by/, "sp-info --count --by s $tmp/in.sp");

spew("$tmp/c.sp", stream({ columns => { x => ['u', 'v'], y => [map { "c$_" } 0 .. 9] } },
    record("a\e[2J", x => vec(1, 2), y => vec(1 .. 10), t => str("\e]0;t\a" . "\xc3\xa9" x 30)), record('b', x => vec(3, 4), y => nil())));
$info = runs("sp-info $tmp/c.sp");
like($info, qr/^columns  x 2: u v$/m, 'names of columns');
like($info, qr/^columns  y 10: c0 c1 c2 c3 \.\.\. c9$/m, 'many of them');
like($info, qr/^history  none$/m, 'no history');
like($info, qr/"\?\]0;t\?(\xc3\xa9){17}\.\.\."$/m, 'text is cut between characters');
unlike($info, qr/[\e\a]/, 'nothing moves the cursor');

spew("$tmp/model.sp", stream({ kind => 'model' }, record('zscore', ddof => int64(1), per => str('column')),
    record('mean', x => vec(1, 2, 3)), record('scale', x => mat(2, 1 .. 6))));
$info = runs("sp-info $tmp/model.sp");
like($info, qr/^$_$/m, $_) for 'kind     model', 'model    zscore ddof=1 per=column', 'tensor   mean f4 \[3\]', 'tensor   scale f4 \[3, 2\]';
like(runs("sp-match id eq none $tmp/in.sp | sp-info"), qr/^records  0$/m, 'no records');

# ---- broken streams: 3, where it breaks, and nothing on stdout ----

refuses(3, qr/^sp-info: stdin: cut short after 3 records: no end record$/m,
    'sp-info', do { my $b = slurp_file("$tmp/in.sp"); substr $b, 0, (frames($b))[-1][1] });
refuses(3, qr/^sp-info: stdin: cut short in a frame after 1 records \(\d+ bytes of it are there, from byte \d+ on\)$/m,
    'sp-info', do { my $b = slurp_file("$tmp/in.sp"); substr $b, 0, (frames($b))[2][1] + 30 });
refuses(3, qr/checksum/, 'sp-info', slurp_file("$tmp/in.sp") =~ s/rock/sock/r);
refuses(3, qr/no frame where one should begin, after 2 records, at byte \d+/, 'sp-info',
    do { my $b = slurp_file("$tmp/in.sp"); substr($b, (frames($b))[3][1], 1) = 'x'; $b });
my $record = slurp_file("$tmp/in.sp");
refuses(3, qr/record 2 is malformed/, 'sp-info', seal(frame('H', head_body(fill => 250)) . record('a') . frame('R', "\x82\xa2id\xa1b")));
refuses(3, qr/no such|not a songpipe stream/, 'sp-info', "a,b\n1,2\n" x 9);
refuses(3, qr/empty/, 'sp-info', '');

# Whole, but not right: all is said, and the status is 3 still.
my ($status, $out, $err) = run("cat $tmp/in.sp $tmp/in.sp | sp-info");
is($status, 3, 'ids that come again');
like($out, qr/^problem  3 ids are repeated; the first is a$/m, 'are told');
unlike($out, qr/^valid/m, 'as no valid stream');
like($err, qr/^sp-info: stdin: complete, but not valid/, 'on stderr too');
spew("$tmp/w.sp", stream({ columns => { x => ['u', 'v'] } }, record('a', x => vec(1, 2)), record('b', x => vec(3))));
($status, $out, $err) = run("sp-info $tmp/w.sp");
is($status, 3, 'a width that is not that of the columns');
like($out, qr/^problem  1 of x do not have the 2 columns named in the header$/m, 'is told');

# ---- --pipeline ----

is(runs("sp-info --pipeline $tmp/in.sp"), "from-json --on-error skip FILE...\n", 'one command');
refuses(6, qr/has no history/, "sp-fields --no-history $tmp/in.sp | sp-info --pipeline");
refuses(3, qr/cut short/, "head -c -9 $tmp/in.sp | sp-info --pipeline");

# What the shell could take for something else comes back as it was.
my @odd = ('', ' ', "it's", '$HOME', '`id`', '"', '\\', '\\n', '*', '?', '[a]', '{a,b}', '~', '#x', '!x', 'a b', "a\tb", "two\nlines",
    "\e[2J", "\x7f", "caf\xc3\xa9", ';', '&', '|', '<>', '()', '-x', '--', '%d', '=');
my $set = join ' ', map { my $w = "f$_=$odd[$_]"; $w =~ s/'/'\\''/g; "--set '$w'" } 0 .. $#odd;
runs("from-json $tmp/in.jsonl | sp-fields $set --seed 18446744073709551615 > $tmp/odd.sp");
my $commands = runs("sp-info --pipeline $tmp/odd.sp");
unlike($commands, qr/[\e\x7f]/, 'no control characters');
is((records("cat $tmp/odd.sp"))[0]{f8}, '*', 'as it was set');
spew("$tmp/again.sh", $commands =~ s/FILE\.\.\./$tmp\/in.jsonl/r);
is(runs("bash $tmp/again.sh | md5sum"), runs("md5sum < $tmp/odd.sp"), 'bash does the same again');
is(runs("dash $tmp/again.sh | md5sum"), runs("md5sum < $tmp/odd.sp"), 'so does dash') if -x '/bin/dash';

# A longer one: words, negative numbers, lists, flags, choices, several operands.
runs("from-json $tmp/in.jsonl | sp-fields --rename f=g --rename s=t --shuffle b | sp-match -v g lt -1.5e-3 | " .
    "sp-match -- t match '-|o' | sp-sample --share 0.7 --by b -q > $tmp/long.sp");
$commands = runs("sp-info --pipeline $tmp/long.sp");
is($commands, <<'END', 'the commands, one a line');
from-json --on-error skip FILE... |
sp-fields --rename f=g --rename s=t --shuffle b --seed 0 --on-error fail |
sp-match --invert --on-error fail g lt -1.5e-3 |
sp-match --on-error fail -- t match '-|o' |
sp-sample --count -1 --share 0.7 --by b --seed 0 --on-error fail
END
spew("$tmp/again.sh", $commands =~ s/FILE\.\.\./$tmp\/in.jsonl/r);
is(runs("sh $tmp/again.sh | md5sum"), runs("md5sum < $tmp/long.sp"), 'give the same bytes');

# A history from elsewhere: what is nil or false is no option, a hash is FILE, the rest is quoted.
sub entry {
    my ($tool, @args) = @_;
    return "\x83" . str('tool') . str($tool) . str('version') . str('9') . str('args') . chr(0x80 | @args / 2) . join '', @args;
}
sub history { return stream({ kind => $_[0], more => [str('history'), chr(0x90 | $#_) . join '', @_[1 .. $#_]] }, record('a')) }
my $odd = history('records',
    entry('kmeans', str('k') => int64(3), str('tol') => f64(1e-4), str('third') => f64(1 / 3), str('init') => "\x81" . str('xxh3') . "\xcf" . "\x80" x 8,
        str('no') => bool(0), str('nil') => nil(), str('seed') => "\xcf" . "\xff" x 8, str('a b') => bool(1)),
    entry('$(reboot)', str('words') => "\x92" . str('-x') . int64(-5)));
is(runs('sp-info --pipeline', $odd), <<'END', 'a history from elsewhere');
kmeans --k 3 --tol 0.0001 --third 0.3333333333333333 --init FILE --seed 18446744073709551615 --'a b' FILE...
# not of songpipe: '$(reboot)' -- -x -5
END
is(runs('sp-info --pipeline', history('model', entry('zscore'))), "zscore FILE... --save FILE >/dev/null\n", 'a model beside other output');
is(runs('sp-info --pipeline', history('model', entry('vae-train'))), "vae-train FILE...\n", 'a model that is the output');
refuses(3, qr/entry 2 of its history is malformed/, 'sp-info --pipeline', history('records', entry('a'), int64(3)));
like(runs('sp-info', history('records', entry('a'), int64(3))), qr/^ {9}\(a malformed entry\)/m, 'is told');

# A table of tracks names its files: the commands run as they stand, but for FILE.
mkdir "$tmp/again";
spew("$tmp/again/a.wav", '');
spew("$tmp/again/t.csv", "path,genre\na.wav,rock\n");
my $again = runs("tracks --csv $tmp/again/t.csv | tee $tmp/again/t.sp | sp-info --pipeline");
like($again, qr/^tracks --csv FILE (?!.*FILE)/, 'tracks --csv has no operands');
$again =~ s/FILE/$tmp\/again\/t.csv/;
is(runs($again), slurp_file("$tmp/again/t.sp"), 'and makes the same bytes');

# What is not of songpipe is not run, on however many lines; what is, is.
my $evil = runs('sp-info --pipeline', history('records', entry('from-json'), entry("rm", str('words') => "\x91" . str("x\ntouch $tmp/evil")), entry('zscore'), entry('reboot')));
is($evil, "from-json FILE... |\n# not of songpipe: rm 'x touch $tmp/evil'\nzscore\n# not of songpipe: reboot\n", 'unknown tools are commented out');
for my $tool (map { s/.*\///r } glob 'filters/*.c') {
    $tool =~ s/\.c$//;
    is(runs('sp-info --pipeline', history('records', entry($tool))), "$tool FILE...\n", "$tool is known");
}

# --by: counts of values.
spew("$tmp/by.jsonl", join '', map { qq({"id":"b$_","g":) . (qw("rock" "jazz" 3 3.0 true null "jazz" "a/\\u0007b"))[$_ % 8] . qq(,"x":[$_]}\n) } 0 .. 15);
is(runs("from-json $tmp/by.jsonl | sp-info --by g"), <<'T', 'counts of values, equal ones in order');
  records    share  g
        4   25.0 %  3
        4   25.0 %  jazz
        2   12.5 %  true
        2   12.5 %  a/?b
        2   12.5 %  rock
        2   12.5 %  (nil)
T
is(runs("from-json $tmp/by.jsonl | sp-match id eq none | sp-info -b g"), "  records    share  g\n", 'counts of nothing');
refuses(6, qr/^sp-info: b0: no field h;/m, "from-json $tmp/by.jsonl | sp-info --by h");
refuses(6, qr/^sp-info: b0: x is not a label/m, "from-json $tmp/by.jsonl | sp-info --by x");
done_testing;
