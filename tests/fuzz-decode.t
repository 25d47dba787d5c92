#!/usr/bin/perl
# Damaged audio files go through decode: none hangs it or stops the run, each is a record with
# finite samples or is named with a reason, and the parent does not grow.
# SPDX-License-Identifier: GPL-3.0-or-later
#
# FUZZ_SECONDS (make fuzz): 2000 files (FUZZ_FILES=N) of a new seed; KEEP=DIR works there and keeps the files.
use strict;
use warnings;
use Songpipe;
use AudioFile;
use Test::More;

plan skip_all => 'no decode among these' if $ENV{CONTRACT} && $ENV{CONTRACT} !~ /\bdecode\b/;
my $files = $ENV{FUZZ_FILES} // ($ENV{FUZZ_SECONDS} ? 2000 : 63);
my $seed = $ENV{FUZZ_SEED} // ($ENV{FUZZ_SECONDS} ? time : 1);
my $dir = $ENV{KEEP} // "$tmp/sounds";
$ENV{ASAN_OPTIONS} .= ':hard_rss_limit_mb=3000' if $ENV{SONGPIPE_ASAN};     # the fence's own limit is off then
mkdir $dir;
runs("sounds make $dir");
spew("$dir/tag.mp3", slurp_file('tests/golden/decode/tone_tag.mp3'));
spew("$dir/no-tag.mp3", slurp_file('tests/golden/decode/tone_notag.mp3'));
spew("$dir/stray-$_", "\r\n" . slurp_file("$dir/$_")) for 'pcm16.wav', 'pcm16.flac', 'vorbis.ogg';

# Whole ones, of every format.
my @whole = map { s{.*/}{}r } glob "$dir/*.*";
my %got = map { $_->{id} => $_ } sounds('decode -r 0 ' . input(map { song("$dir/$_") } @whole));
is(join(' ', sort keys %got), join(' ', sort @whole), 'whole ones of every format are read');
for (sort keys %got) {
    my ($r, $power) = ($got{$_}, 0);
    $power += $_ * $_ for @{ $r->{pcm} };
    cmp_ok($power / @{ $r->{pcm} }, '>', 0.03, "$_: $r->{decoder}, $r->{rate} Hz: sounds");
}

# Damaged ones.
runs("sounds spoil $seed $files $dir");
my @bad = map { s{.*/}{}r } glob "$dir/bad/*";
is(scalar @bad, $files, "$files damaged ones of seed $seed");
input(map { song("$dir/bad/$_") } @bad);
open my $from, '-|', "exec timeout 3000 decode --max-cpu 10 $tmp/in.sp 2>$tmp/err" or die "decode: $!";
my (%record, $wrong, $records);
{
    local $/ = \(1 << 16);
    my $bytes = '';
    $records = 0;
    while (1) {                             # a record at a time, for they are many
        while (length $bytes < 16 || length $bytes < 16 + unpack 'N', substr $bytes, 12, 4) {
            my $more = <$from> // last;
            $bytes .= $more;
        }
        last if length $bytes < 16;
        my ($kind, $size) = unpack 'x2 a x9 N', $bytes;
        my $body = substr $bytes, 16, $size;
        substr $bytes, 0, 16 + $size, '';
        $wrong = 'a frame is cut' if length $body != $size;
        $record{end} = 1 if $kind eq 'E';
        next if $kind ne 'R';
        my ($id) = $body =~ /\xa2id(?:[\xa0-\xbf]|\xd9.)(\d{6}-[\w.-]+?)\xa4path/s or ($wrong = 'a record without id', last);
        $record{$id} = 1;
        $records++;
        my ($shape) = $body =~ /\xc4\x05shape\x91(.{1,9}?)\xc4\x04data/s or ($wrong = "$id: no samples", last);
        my $at = 6 + index $body, "\xc4\x04data";
        my $skip = { 0xc4 => 2, 0xc5 => 3, 0xc6 => 5 }->{ ord substr $body, $at, 1 };
        my $bytes_of = unpack { 2 => 'xC', 3 => 'xn', 5 => 'xN' }->{$skip}, substr $body, $at, 5;
        my @x = unpack 'f<*', substr $body, $at + $skip, $bytes_of < 40000 ? $bytes_of : 40000;
        $wrong = "$id: no samples" if !@x;
        $wrong = "$id: a sample that is not finite" if grep { $_ != $_ || abs == 9**9**9 } @x;
    }
}
close $from;
my $status = $? >> 8;
my $err = slurp_file("$tmp/err");
ok(!$wrong, 'records are whole, their samples finite') or diag($wrong);
ok($record{end}, 'the stream ends');
is($status, $records == $files ? 0 : 1, 'the status says that some are bad');
my @neither = grep { !$record{$_} && $err !~ /^decode: \Q$_\E: ./m } @bad;
is("@neither", '', 'each is a record or is named');
my @both = grep { $record{$_} && $err =~ /^decode: \Q$_\E: (?!cut short|its header says|damaged at|what follows)/m } @bad;
is("@both", '', 'and not both');
my %why;
$why{ s/\d+(\.\d+)?/N/gr }++ for $err =~ /^decode: \d{6}-\S+: (.*)/mg;
note("$records of $files are records; the others:");
note("$why{$_} \t$_") for sort { $why{$b} <=> $why{$a} } keys %why;
done_testing;
