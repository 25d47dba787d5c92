#!/usr/bin/perl
# tracks --tags: what files of each format say about themselves; the files are made here.
# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;
use Songpipe;
use AudioFile;
use Test::More;

my @names = qw(title artist album genre year);
sub tags {
    my ($file, @args) = @_;
    my ($r) = sounds("cd $tmp && tracks --tags @args $file");
    return join '|', map { $_ // 'nil' } @$r{@names};
}
my $mp3 = slurp_file('tests/golden/decode/tone_tag.mp3');

# ---- ID3 ----

sub syncsafe { my ($n) = @_; return pack 'C4', map { $n >> $_ & 127 } 21, 14, 7, 0 }
sub frame { my ($version, $name, $text) = @_; return $name . ($version == 4 ? syncsafe(length $text) : pack 'N', length $text) . "\0\0$text" }

# An ID3v2 tag: frames as NAME => text with its encoding's byte.
sub id3v2 {
    my ($version, @frames) = @_;
    my $body = '';
    $body .= frame($version, splice @frames, 0, 2) while @frames;
    return "ID3" . chr($version) . "\0\0" . syncsafe(length $body) . $body;
}
sub id3v1 {
    my ($title, $artist, $album, $year, $genre) = @_;
    return pack 'a3 a30 a30 a30 a4 a30 C', 'TAG', $title, $artist, $album, $year, '', $genre;
}

spew("$tmp/v23.mp3", id3v2(3, TIT2 => "\0caf\xe9", TPE1 => "\1\xff\xfe\xf6\x00n\x00", TALB => "\0Record  ", TCON => "\0(17)", TYER => "\0" . '1987') . $mp3);
is(tags('v23.mp3'), "caf\xc3\xa9|\xc3\xb6n|Record|Rock|1987", 'ID3v2.3: Latin-1, UTF-16, blanks at the end, a genre by number');
spew("$tmp/v24.mp3", id3v2(4, TIT2 => "\3\xe0\xa6\x97", TPE1 => "\2\0n", TCON => "\3" . '17', TDRC => "\3" . '2004-05-06T07:08:09') . $mp3);
is(tags('v24.mp3'), "\xe0\xa6\x97|n|nil|Rock|2004", 'ID3v2.4: UTF-8, UTF-16BE, the year of TDRC');
for (['(17)Rock', 'Rock'], ['(17)Hard', 'Rock Hard'], ['80s', '80s'], ['2-Step', '2-Step'], ['20th Century', '20th Century'], ['(52)(53)', 'Electronic Pop-Folk'], ['17', 'Rock'],
    ['(80)', 'Folk'], ['131', 'Indie'], ['(147)(191)', 'Synthpop Psybient'], ['300', '300'], ['Rock & Roll', 'Rock & Roll']) {
    my ($in, $want) = @$_;
    spew("$tmp/g.mp3", id3v2(3, TCON => "\0$in") . $mp3);
    is(tags('g.mp3'), "nil|nil|nil|$want|nil", "the genre $in");
}
spew("$tmp/v1.mp3", $mp3 . id3v1("Gr\xfc\xdfe", 'Somebody', 'Album  ', '2003', 8));
is(tags('v1.mp3'), "Gr\xc3\xbc\xc3\x9fe|Somebody|Album|Jazz|2003", 'ID3v1');
spew("$tmp/v1.mp3", $mp3 . id3v1('', '', '', '', 131));
is(tags('v1.mp3'), 'nil|nil|nil|Indie|nil', 'its genres above 79');
spew("$tmp/two.mp3", id3v2(4, TPE1 => "\3A\0B", TCON => "\3" . "17\0Jazz\0" . '131', TIT2 => "\1\xfe\xff\0c\0\xe9") . $mp3);
is(tags('two.mp3'), "c\xc3\xa9|A B|nil|Rock Jazz Indie|nil", 'several values; UTF-16 of the other order');
spew("$tmp/both.mp3", id3v2(4, TIT2 => "\3longer than ID3v1 may be, by far", TDRC => "\3" . '1999') . $mp3 . id3v1('longer than ID3v1 may be, by f', 'Behind', '', '1998', 255));
is(tags('both.mp3'), 'longer than ID3v1 may be, by far|Behind|nil|nil|1999', 'ID3v2 stands above ID3v1, which fills in');
spew("$tmp/none.mp3", $mp3);
is(tags('none.mp3'), 'nil|nil|nil|nil|nil', 'no tags');
spew("$tmp/named.x", slurp_file("$tmp/v24.mp3"));
is(tags('named.x'), tags('v24.mp3'), 'an MP3 by its content');

# ---- Vorbis comments ----

sub comment { return pack('V/a* V (V/a*)*', 'maker', scalar @_, @_) }
my @comments = ('TITLE=Ti', 'artist=Ar', 'Album=Al', 'GENRE=20th Century', 'DATE=1999-12-31');
# A FLAC file of 16 bit, 8000 Hz, one channel: no frames.
my $info = pack('n n', 4096, 4096) . "\0" x 6 . pack('N N', 8000 << 12 | 15 << 4, 0) . "\0" x 16;
sub flac {
    my $text = comment(@_);
    return 'fLaC' . "\0" . substr(pack('N', length $info), 1) . $info . "\x84" . substr(pack('N', length $text), 1) . $text;
}
my $flac = flac(@comments);
spew("$tmp/a.flac", $flac);
is(tags('a.flac'), 'Ti|Ar|Al|20th Century|1999', 'FLAC');
spew("$tmp/flac.mp3", $flac);
is(tags('flac.mp3'), 'Ti|Ar|Al|20th Century|1999', 'whatever its name');
spew("$tmp/b.flac", flac('GENRE=17', 'DATE=31.12.1998'));
is(tags('b.flac'), 'nil|nil|nil|17|1998', 'numbers are names there; a date that ends with the year');
spew("$tmp/c.flac", flac('DATE=19970102'));
is(tags('c.flac'), 'nil|nil|nil|nil|1997', 'a date of eight digits');

# Ogg pages of one packet each, without a checksum, which TagLib does not ask for.
sub ogg {
    my ($n, $out) = (0, '');
    for my $packet (@_) {
        my @lacing = ((255) x (length($packet) / 255), length($packet) % 255);
        $out .= 'OggS' . pack('C C q< V V V C C*', 0, $n == 0 ? 2 : $n == $#_ ? 4 : 0, 0, 7, $n++, 0, scalar @lacing, @lacing) . $packet;
    }
    return $out;
}
spew("$tmp/a.opus", ogg('OpusHead' . pack('C C v V v C', 1, 1, 0, 48000, 0, 0), 'OpusTags' . comment(@comments), "\xfc" . "\0" x 9));
is(tags('a.opus'), 'Ti|Ar|Al|20th Century|1999', 'Opus');
spew("$tmp/a.ogg", ogg("\1vorbis" . pack('V C V V V V C C', 0, 1, 8000, 0, 64000, 0, 0x88, 1), "\3vorbis" . comment(@comments) . "\1", "\5vorbis"));
is(tags('a.ogg'), 'Ti|Ar|Al|20th Century|1999', 'Ogg Vorbis');

# ---- MP4 ----

sub atom { my ($name, @in) = @_; my $body = join '', @in; return pack('N a4', 8 + length $body, $name) . $body }
sub item { my ($name, $type, $value) = @_; return atom($name, atom('data', pack('N N', $type, 0), $value)) }
spew("$tmp/a.m4a", atom('ftyp', 'M4A ', "\0\0\0\0") . atom('moov', atom('udta', atom('meta', "\0\0\0\0", atom('hdlr', "\0" x 8, 'mdirappl', "\0" x 9),
    atom('ilst', item("\xa9nam", 1, 'Ti'), item("\xa9ART", 1, "\xc3\x84r"), item("\xa9alb", 1, 'Al'), item("\xa9gen", 1, '2-Step'), item("\xa9day", 1, '2011-02-03T08:00:00Z'))))));
is(tags('a.m4a'), "Ti|\xc3\x84r|Al|2-Step|2011", 'M4A');
spew("$tmp/b.m4a", atom('ftyp', 'M4A ', "\0\0\0\0") . atom('moov', atom('udta', atom('meta', "\0\0\0\0", atom('hdlr', "\0" x 8, 'mdirappl', "\0" x 9),
    atom('ilst', item('gnre', 0, "\0\x12"))))));
is(tags('b.m4a'), 'nil|nil|nil|Rock|nil', 'its genre by number, which counts from 1');

# ---- RIFF, AIFF, APE ----

sub chunk { my ($order, $name, $body) = @_; return $name . pack($order, length $body) . $body . (length($body) % 2 ? "\0" : '') }
sub with_chunk {
    my ($name, $body) = @_;
    my $wav = slurp_file(wav("$tmp/i.wav", 8000, 1, 0, (0) x 80)) . chunk('V', $name, $body);
    substr($wav, 4, 4) = pack 'V', length($wav) - 8;
    return $wav;
}
sub list { my @in = @_; my $body = 'INFO'; $body .= chunk('V', splice(@in, 0, 2)) while @in; return $body }
spew("$tmp/info.wav", with_chunk(LIST => list(INAM => "Title\0", IART => "Artist\0", IPRD => "Record\0", IGNR => "80s\0", ICRD => "1999-12-31\0")));
is(tags('info.wav'), 'Title|Artist|Record|80s|1999', 'WAV, a LIST of INFO');
spew("$tmp/id3.wav", with_chunk('id3 ', id3v2(4, TIT2 => "\3Title", TDRC => "\3" . '2001')));
is(tags('id3.wav'), 'Title|nil|nil|nil|2001', 'WAV, a chunk of ID3');
spew("$tmp/latin.wav", with_chunk(LIST => list(INAM => "caf\xe9\0", ICRD => "1999\0")));
is(tags('latin.wav'), "caf\xc3\xa9|nil|nil|nil|1999", 'text that is not UTF-8 is taken for Latin-1');
spew("$tmp/named.dat", slurp_file("$tmp/info.wav"));
is(tags('named.dat'), 'Title|Artist|Record|80s|1999', 'a WAV file of another name');
my $comm = chunk('N', 'COMM', pack('n N n', 1, 8, 16) . "\x40\x0b\xfa\0\0\0\0\0\0\0") . chunk('N', 'SSND', "\0" x 24) .
    chunk('N', 'ID3 ', id3v2(3, TIT2 => "\0Title", TYER => "\0" . '1985'));
spew("$tmp/a.aiff", 'FORM' . pack('N', 4 + length $comm) . 'AIFF' . $comm);
is(tags('a.aiff'), 'Title|nil|nil|nil|1985', 'AIFF');
# APEv2: items of UTF-8 and a footer, behind an MP3.
my @items = (Title => 'Ti', Artist => 'Ar', Year => '1995', Genre => '80s');
my ($ape, $n) = ('', @items / 2);
while (my ($key, $value) = splice @items, 0, 2) { $ape .= pack('V V', length $value, 0) . "$key\0$value" }
spew("$tmp/ape.mp3", $mp3 . $ape . 'APETAGEX' . pack('V V V V', 2000, 32 + length $ape, $n, 0) . "\0" x 8);
is(tags('ape.mp3'), 'Ti|Ar|nil|80s|1995', 'APE');

# ---- what has none ----

spew("$tmp/junk.mp3", 'no audio at all');
spew("$tmp/empty.flac", '');
spew("$tmp/cut.m4a", substr slurp_file("$tmp/a.m4a"), 0, 100);
spew("$tmp/short.flac", substr $flac, 0, 70);
symlink '/dev/zero', "$tmp/zero.wav";
my ($status, undef, $err) = run("cd $tmp && tracks --tags junk.mp3 empty.flac cut.m4a short.flac zero.wav > bad.sp");
is($status, 0, 'files that are damaged or no audio: no error');
is($err, '', 'and nothing to say');
is(scalar(grep { my $r = $_; !grep { defined $r->{$_} } @names } sounds("cat $tmp/bad.sp")), 5, 'nor tags');
my ($r) = records("cd $tmp && tracks --tags --label 'genre=regex:v.' v23.mp3");
is_deeply([@$r{qw(genre year)}], ['v2', 1987], 'a label stands above a tag; the year is a number');
for my $case (['08-genre-begins-with-digit', '2step=2-Step 80s=80s 80s_mp3=80s 20th_century=20th_Century two_numbers=Electronic_Pop-Folk', 'genre'],
    ['09-year-id3v24', 'ffmpeg=1999 tdrc=2004 v23=1999', 'year']) {
    my ($name, $want, $field) = @$case;
    my $folder = shared("cases/$name");
  SKIP: {
        skip 'needs ../shared', 1 if !$folder;
        is(join(' ', sort map { "$_->{id}=" . ($_->{$field} // 'nil') =~ s/ /_/gr } sounds("tracks --tags $folder")), join(' ', sort split / /, $want), $name);
    }
}
done_testing;
