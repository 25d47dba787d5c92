# from-json, from-csv, from-npy on damaged text and arrays, drawn from a seed: they end with
# a status of their own, and what they call whole is whole. FUZZ=10000 tries more.
# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;
use Test::More;
use Songpipe;

my $tries = $ENV{FUZZ} || ($ENV{SONGPIPE_ASAN} ? 40 : 80);

my $head = "{'descr': '<f4', 'fortran_order': False, 'shape': (4, 2), }" . ' ' x 10 . "\n";
my $fortran = $head =~ s/False/True/r;
my %seeds = (
    'from-json' => [
        join('', map { qq({"id":"s$_","x":[$_,-1.5e3,null],"m":[[1,2],[3,4]],"t":"\\u00e9 \\"$_\\"","o":{"a":[true,{}]}}\n) } 1 .. 4),
        qq([{"id":1,"s":{"sparse":9,"index":[0,8],"value":[1,2]}},\n {"b":{"bin":"AAEC/w=="},\n"n":9223372036854775807}]\n),
    ],
    'from-csv --id id' => [
        qq(id,a,t,b\r\nr1,1,"x, ""y""\nz",2.5\r\nr2,,w,NA\r\nr3,1e5,,-0\r\n),
        "\xef\xbb\xbfid,a,b\n" . join('', map { "k$_,$_,0.$_\n" } 1 .. 9),
    ],
    'from-npy' => [
        "\x93NUMPY\x01\x00" . pack('v', length $head) . $head . pack('f<8', 1 .. 8),
        "\x93NUMPY\x02\x00" . pack('V', length $fortran) . $fortran . pack('f<8', 1 .. 8),
        "\x93NUMPY\x01\x00" . pack('v', length($head) - 1) . ($head =~ s/<f4/>f8/r =~ s/ \n$/\n/r) . pack('d>8', 1 .. 8),
    ],
);
my @words = ('"', '""', "\n", "\r", "\0", ',', '[', ']', '{', '}', ':', '\\', '\\u', 'null', '1e999', '-', "\xff", "\xef\xbb\xbf", '(', ')', "'",
    '18446744073709551615', '0', '9' x 30, 'L', 'inf', '<f8', '|O', 'True', '"id":', "\xff\xff\xff\xff");

# One change of a text.
sub change {
    my ($s) = @_;
    my ($at, $n) = (int rand length $s, 1 + int rand(rand() < 0.2 ? 40 : 4));
    my $kind = int rand 7;
    if ($kind == 0) { substr($s, $at, 1) = substr($s, $at, 1) ^ chr(1 << int rand 8) }
    elsif ($kind == 1) { substr($s, $at, 1) = chr int rand 256 }
    elsif ($kind == 2) { substr($s, $at, $n) = '' }
    elsif ($kind == 3) { substr($s, $at, 0) = substr $s, int rand length $s, $n }
    elsif ($kind == 4) { $s = substr $s, 0, $at }
    else { substr($s, $at, rand() < 0.5 ? 0 : $n) = $words[rand @words] }
    return $s eq '' ? "\n" : $s;
}

srand 7;
for my $reader (sort keys %seeds) {
    my ($name) = split / /, $reader;
    my @seeds = @{ $seeds{$reader} };
    my $dir = "$tmp/$name";
    mkdir $dir;
    for my $i (0 .. $tries - 1) {
        my $s = $seeds[$i % @seeds];
        $s = change($s) for 1 .. int rand 5;        # or none
        spew("$dir/$i", $s);
    }
    spew("$tmp/$name.sh", <<"END");
for i in \$(seq 0 @{[$tries - 1]}); do
    timeout 60 $reader $dir/\$i 2>$dir/err | timeout 60 to-json >$dir/out 2>$dir/err2
    echo "\$i \${PIPESTATUS[*]} \$(grep -vc '^$name: ' $dir/err) \$(head -c 100 $dir/err | head -n 1 | tr -c ' -~\\n' '?')"
done
END
    my @ran = split /\n/, runs("bash $tmp/$name.sh");
    my @wrong;
    for (@ran) {
        my ($i, $from, $to, $other, $said) = split / /, $_, 5;
        my $good = $from <= 1 ? $to == 0 : $from =~ /^[346]$/ && $to == 3 && $said ne '';
        push @wrong, $_ if !$good || $other;
    }
    is(@ran, $tries, "$name: all tried");
    ok(!@wrong, "$name: each ends with a status and a reason") or diag(join "\n", @wrong > 8 ? @wrong[0 .. 7] : @wrong);
    my %seen;
    $seen{ (split)[1] }++ for @ran;
    cmp_ok(scalar(keys %seen), '>=', 2, "$name: some are good and some bad: " . join ', ', map { "$_: $seen{$_}" } sort keys %seen);
}
done_testing;
