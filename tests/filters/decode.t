#!/usr/bin/perl
# decode: every signal of the goldens, librosa's samples, bad files, limits, pieces, order.
# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;
use POSIX 'mkfifo';
use AudioFile;
use Songpipe;
use Stream;
use Test::More;

my $own = 'tests/golden/decode';
my $golden = shared('golden/audio');

# ---- the signals: lengths, rates, reasons ----

my %reason = (
    'cut.flac' => qr/breaks off/, 'damaged.flac' => qr/breaks off/, 'empty.wav' => qr/no samples/,
    'float_nan.wav' => qr/NaN at sample 1000/, 'text.mp3' => qr/not audio/, 'zero_bytes.wav' => qr/empty file/,
    'truncated.wav' => qr/cut short: 11025 samples of the 44100/,
);
my %decoder = (flac => qr/^libsndfile 1/, mp3 => qr/^libmpg123 /, au => qr/^libsox 14/, wav => qr/^libsox 14/,
    'float_peak_1.5.wav' => qr/^libsndfile 1/);
my @signals = csv("$own/expected.csv");
my %where = map { $_->{file} => -e "$own/$_->{file}" ? "$own/$_->{file}" : $golden && "$golden/signals/$_->{file}" } @signals;
@signals = grep { $where{ $_->{file} } } @signals;
note('without ../shared only ' . @signals . ' of 21 signals') if !$golden;
my ($status, $out, $err) = run('decode ' . input(map { song($where{ $_->{file} }) } @signals) . " > $tmp/out.sp");
is($status, 1, 'some are bad');
my %got = map { $_->{id} => $_ } sounds("cat $tmp/out.sp");
for my $s (@signals) {
    my $file = $s->{file};
    if ($reason{$file}) {
        like($err, qr/^decode: \Q$file\E: .*$reason{$file}/m, "$file is named with a reason");
    } else {
        unlike($err, qr/\Q$file\E/, "$file: nothing to say");
    }
    if ($s->{answer} =~ /^"?error/) {
        ok(!$got{$file}, "$file: skipped");
        next;
    }
    my $r = $got{$file};
    is(scalar @{ $r->{pcm} }, $s->{samples_22050}, "$file: samples");
    is($r->{rate}, 22050, "$file: rate");
    near_all([$r->{seconds}], [@{ $r->{pcm} } / 22050], 1e-9, 0, "$file: seconds");
    like($r->{decoder}, $decoder{$file} // $decoder{ $file =~ s/.*\.//r }, "$file: decoder");
    is($r->{path}, $where{$file}, "$file: path is kept");
}
my @kept = map { $_->{id} } sounds("cat $tmp/out.sp");
is("@kept", join(' ', grep { $got{$_} } map { $_->{file} } @signals), 'in the order of the input');
like($err, qr/^decode: 6 bad, left out$/m, 'they are counted') if $golden;

SKIP: {
    skip 'needs ../shared', 1 if !$golden;
    for my $npy (glob "$golden/resampled/*.npy") {
        my ($name) = $npy =~ m{([^/]+)\.npy$};
        near_all($got{$name}{pcm}, (npy($npy))[0], 1e-5, 0, "$name: librosa's samples");
    }
    my ($peak) = sort { $b <=> $a } @{ $got{'float_peak_1.5.wav'}{pcm} };
    ok($peak > 1.49, 'a float above 1 is not clipped');
    my @mp3 = csv("$golden/mp3/expected.csv");
    input(map { song("$golden/mp3/$_->{id}.mp3", $_->{id}) } @mp3);
    my %whole = map { $_->{id} => $_->{pcm} } sounds("decode $tmp/in.sp");
    my %native = map { $_->{id} => $_->{pcm} } sounds("decode -r 0 --channels keep $tmp/in.sp");
    for my $m (@mp3) {
        my ($id, $y) = ($m->{id}, $whole{ $m->{id} });
        is(scalar @$y, $m->{samples_22050}, "$id: length after resampling");
        near_all([@$y[0 .. 1999]], (npy("$golden/mp3/$id.first.npy"))[0], 1e-5, 0, "$id: the first samples, mixed by libmpg123");
        near_all([@$y[-2000 .. -1]], (npy("$golden/mp3/$id.last.npy"))[0], 1e-5, 0, "$id: the last");
        my ($want, $channels, $n) = npy("$golden/mp3/$id.native_first.npy");
        is(@{ $native{$id} } / 2, $m->{samples}, "$id: length as stored");
        near_all([map { my $c = $_; map { $native{$id}[2 * $_ + $c] } 0 .. $n - 1 } 0, 1], $want, 1e-6, 0, "$id: both channels as stored");
        ok((grep { abs > 1.1 } @{ $native{$id} }), "$id: peaks above 1 stay");
    }
}

# ---- options, against closed forms ----

my @x = sine(22050, 4410, 0.5);
wav("$tmp/mono.wav", 22050, 1, 0, @x);
wav("$tmp/stereo.wav", 22050, 2, 1, map { ($_, -0.5 * $_) } @x);
my ($r) = sounds('decode ' . input(song("$tmp/mono.wav")));
near_all($r->{pcm}, [map { int($_ * 32767) / 32768 } @x], 0, 0, 'without resampling the samples are exact');
($r) = sounds('decode --channels mono ' . input(song("$tmp/stereo.wav")));
near_all($r->{pcm}, [map { 0.25 * $_ } @x], 1e-7, 0, 'mono is the mean of the channels');
($r) = sounds("decode --channels keep $tmp/in.sp");
near_all($r->{pcm}, [map { ($_, -0.5 * $_) } @x], 1e-7, 0, 'keep: both channels');
is_deeply($r->{'pcm.shape'}, [4410, 2], 'keep: f32[n][channels]');
($r) = sounds('decode --channels keep ' . input(song("$tmp/mono.wav")));
is_deeply($r->{'pcm.shape'}, [4410], 'keep: one channel is f32[n]');
($r) = sounds("decode --rate 44100 $tmp/in.sp");
is(scalar @{ $r->{pcm} }, 8820, 'twice the rate');
my @want = sine(44100, 8820, 0.5);
near_all([@{ $r->{pcm} }[2000 .. 6800]], [@want[2000 .. 6800]], 1e-4, 0, 'a sine stays one');
($r) = sounds("decode --rate 0 $tmp/in.sp");
is($r->{rate}, 22050, '--rate 0 keeps the rate');
($r) = sounds("decode --offset 0.05 --duration 0.1 $tmp/in.sp");
near_all($r->{pcm}, [map { int($_ * 32767) / 32768 } @x[1102 .. 1102 + 2204]], 0, 0, 'offset and duration are cut to samples');
refuses(1, qr/mono.wav: ends at 0.200 s, before the offset of 0.3 s/, "decode --offset 0.3 $tmp/in.sp", undef, 1);
SKIP: {     # librosa.load(tone_tag.mp3, offset=0.3, duration=0.2): the same samples as of the whole
    my ($all) = sounds('decode -r 0 ' . input(song("$own/tone_tag.mp3")));
    my ($part) = sounds("decode -r 0 --offset 0.3 --duration 0.2 $tmp/in.sp");
    near_all($part->{pcm}, [@{ $all->{pcm} }[13230 .. 13230 + 8819]], 1e-6, 0, 'offset into an MP3');
}
($r) = sounds('decode -o loud ' . input(song("$tmp/mono.wav")));
is(join(',', sort keys %$r), 'id,loud,loud.decoder,loud.rate,loud.seconds,loud.shape,path', '-o NAME names the side fields, too');
refuses(6, qr/mono.wav: pcm exists; give -o NAME/, 'decode ' . input(record('mono.wav', path => str("$tmp/mono.wav"), pcm => vec(1))));
($r) = sounds('decode -i file ' . input(record('a', file => str("$tmp/mono.wav"))));
is(scalar @{ $r->{pcm} }, 4410, '-i FIELD');
($r) = sounds('decode ' . input(record('a', path => nil())));
is_deeply([map { $r->{$_} } qw(path pcm rate seconds decoder)], [(undef) x 5], 'nil gives nil');

# ---- content decides; what is before and behind; what headers say ----

my $made = 'tests/golden/sounds';
my $mp3 = slurp_file("$own/tone_tag.mp3");
my $id3 = "ID3\3\0\0\0\0\0\5.....";
my @int = map { int(8000 * sin($_ / 20)) } 0 .. 999;
my $flac = raw_flac(16, 1000, [22050, @int]);
my $pcm = wav("$tmp/tone.wav", 22050, 1, 0, map { $_ / 32767 } @int);
my $tone = slurp_file($pcm);
my $random = do { srand 7; join '', map { chr int rand 256 } 1 .. 200000 };

# What decode makes of the bytes in a file of that name: the record, the reason or note.
sub decoded {
    my ($name, $bytes, $options) = @_;
    spew("$tmp/$name", $bytes);
    my ($status, $out, $err) = run('decode -r 0 ' . ($options // '') . ' ' . input(song("$tmp/$name", 'a')) . " >$tmp/one.sp");
    my ($r) = sounds("cat $tmp/one.sp");
    return ($r, join ' ', $err =~ /^decode: a: (.*)$/mg);
}
sub same {
    my ($name, $bytes, $want, $note, $what) = @_;
    my ($r, $said) = decoded($name, $bytes);
    is_deeply($r && $r->{pcm}, $want, $what);
    like($said, $note // qr/^$/, "$what: what is said");
}
sub no_audio {
    my ($name, $bytes, $why, $what) = @_;
    my ($r, $said) = decoded($name, $bytes);
    ok(!$r, "$what: bad");
    like($said, $why, "$what: why");
}

my ($clean) = decoded('clean.mp3', $mp3);
same('byte.mp3', "x$mp3", $clean->{pcm}, undef, 'a byte before the first frame');
same('zeros.mp3', "\0" x 4096 . $mp3, $clean->{pcm}, undef, 'zeros');
same('http.mp3', "HTTP/1.0 200 OK\r\nicy-name: x\r\n\r\n$mp3", $clean->{pcm}, undef, "a web server's text");
same('behind.mp3', $id3 . "\0" x 500 . $mp3, $clean->{pcm}, undef, 'zeros behind a tag');
same('after.mp3', $mp3 . 'APETAGEX' . pack('V4 x8', 2000, 1032, 1, 1 << 31 | 1 << 29) . substr($random, 0, 1000) .
    'APETAGEX' . pack('V4 x8', 2000, 1032, 1, 1 << 31) . 'TAG' . 'x' x 125, $clean->{pcm}, undef, 'an APE and an ID3v1 tag behind');
same('mp3.wav', $mp3, $clean->{pcm}, undef, 'MP3 named .wav');
same('wav.mp3', "$id3$tone", [map { $_ / 32768 } @int], undef, 'a WAV file behind an ID3v2 tag');
same('flac.mp3', "$id3$flac", [map { $_ / 32768 } @int], undef, 'FLAC behind an ID3v2 tag');
no_audio('song.mp3', "\0\0\0\x1cftypM4A \0\0\2\0" . $random, qr/^not audio: no decoder knows what is in it \(AAC or ALAC in MPEG-4\); --command can/, 'MPEG-4');
no_audio('web.mp3', "\x1a\x45\xdf\xa3$random", qr/\(WebM or Matroska\)/, 'WebM');
no_audio('zip.mp3', "\x1f\x8b\x08$random", qr/\(packed: gzip\)/, 'gzip');
no_audio('page.mp3', '<!DOCTYPE html><html>', qr/\(a web page\)/, 'a web page');
no_audio('aac.mp3', $id3 . "\xff\xf1\x50\x80\x02\x1f\xfc........." x 20, qr/\(AAC\)/, 'AAC behind an ID3v2 tag');
no_audio("random.$_", $random, qr/^not audio: no decoder knows what is in it; --command/, "random bytes named .$_") for qw(mp3 mp2 wav gsm ogg);
no_audio('chance.mp3', "\xff\xfb\x90\x44$random", qr/^not audio/, 'one chance header');
no_audio('flac.txt', 'fLaC and no more', qr/^not audio: FLAC without a header/, 'FLAC in name only');

# Stray bytes in front of what has a header.
my $sound = pack 'n*', @int;
my $good_au = '.snd' . pack('N5', 24, 2000, 3, 22050, 1) . $sound;
my $good_aiff = 'FORM' . pack('N', 2046) . 'AIFFCOMM' . pack('N n N n', 18, 1, 1000, 16) . "\x40\x0d\xac\x44\0\0\0\0\0\0" . 'SSND' . pack('N3', 2008, 0, 0) . $sound;
for (['flac', $flac], ['wav', $tone], ['au', $good_au], ['aiff', $good_aiff], map { [$_, slurp_file("$made/$_")] } qw(flac.oga vorbis.ogg opus.opus)) {
    my ($kind, $bytes) = @$_;
    my ($want, $said) = decoded("clean.$kind", $bytes);
    is($said, '', "$kind: nothing to say");
    my @front = (['a byte', 'x'], ['noise', substr $random, 0, 50000]);
    push @front, ['an empty line', "\r\n"], ['zeros', "\0" x 4096], ["a web server's text", "HTTP/1.0 200 OK\r\n\r\n"],
        ['a tag that says less than it is', $id3 . 'xx'], ['a tag that says more', "ID3\3\0\0\0\0\0\x50....."] if $kind eq 'flac';
    same("stray.$kind", "$_->[1]$bytes", $want && $want->{pcm}, undef, "$kind: $_->[0] in front") for @front;
}
no_audio('stray.wv', 'x' . slurp_file("$made/wavpack.wv"), qr/^not audio/, 'WavPack behind a byte: the WAV header in it does not count');
no_audio('packed.dat', "LA04$tone" =~ s/.{1000}$//sr, qr/^not audio/, 'nor where fewer bytes follow than it says');

# tracks knows how many there are.
{
    my (undef, undef, $err) = run("tracks $made | decode -j 1 --progress --command 'sleep 0.25; cat {}' >/dev/null");
    like($err, qr/decode: [1-7] of 9 files,/, 'the total of tracks');
    spew("$tmp/paths.csv", "id,path\na,mono.wav\nb,mono.wav\nc,mono.wav\n");
    (undef, undef, $err) = run("tracks --csv $tmp/paths.csv | decode -j 1 --progress --command 'sleep 0.25; cat {}' >/dev/null");
    like($err, qr/decode: [12] of 3 files,/, 'of a table');
    (undef, undef, $err) = run("tracks $made | sp-sample -n 4 | decode -j 1 --progress --command 'sleep 0.25; cat {}' >/dev/null");
    unlike($err, qr/ of 9 files/, 'not behind what changes their number');
}

# Mixing is the mean, whatever the library does.
for my $name ('right.mp2', 'windows.mp3') {
    my $bytes = slurp_file("$made/$name");
    my ($both) = decoded($name, $bytes, '--channels keep');
    my ($mono) = decoded($name, $bytes);
    my $x = $both->{pcm};
    near_all($mono->{pcm}, [map { ($x->[2 * $_] + $x->[2 * $_ + 1]) / 2 } 0 .. @$x / 2 - 1], 1e-6, 0, "$name: the mean of the channels");
    ok((grep { abs > 0.1 } @{ $mono->{pcm} }), "$name: which is not silent");
}
no_audio('rate.mp3', slurp_file("$made/rate.mp3"), qr/^changes from 22050 Hz, 1 channels to 44100 Hz, 1 channels after 0.\d s$/, 'MP3 of two rates');
no_audio('channels.mp3', slurp_file("$made/channels.mp3"), qr/^changes from 44100 Hz, 1 channels to 44100 Hz, 2 channels after 0.\d s$/, 'MP3 of one channel and two');
no_audio('rate.flac', raw_flac(16, 3000, [22050, @int], [16000, @int], [16000, @int]), qr/^changes from 22050 Hz, 1 channels to 16000 Hz, 1 channels after 0.0 s$/, 'FLAC of two rates');

# Damage in MP3: one header in it that says something else is no change of format.
sub frame_places {
    my ($at, @places) = (0);
    while ($at + 4 <= length $mp3) {
        my $bits = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)[ord(substr $mp3, $at + 2, 1) >> 4];
        push @places, $at;
        $at += int(144000 * $bits / 44100) + (ord(substr $mp3, $at + 2, 1) >> 1 & 1);
    }
    return @places;
}
my @place = frame_places();
is(@place, 41, 'frames of tone_tag.mp3');
my $alien = "\xff\xe3\x18\xc4" . substr $random, 0, 100;        # MPEG 2.5, 11025 Hz
{
    my $bytes = $mp3;
    substr $bytes, $place[20], length $alien, $alien;
    my ($r, $said) = decoded('alien.mp3', $bytes);
    like($said, qr/^damaged at 0.5 s: \d+ bytes are no sound$/, 'another header in the middle: what is said');
    my $n = $r ? @{ $r->{pcm} } : 0;
    ok(abs($n - 44100) <= 2 * 1152, "$n samples of it, less a frame or two");
    is_deeply([@{ $r->{pcm} }[0 .. 20000]], [@{ $clean->{pcm} }[0 .. 20000]], 'those in front');
    my ($most, $sum) = (0, 0);
    for my $i ($n - 15000 .. $n - 5000) { $sum += $r->{pcm}[$i] ** 2 }
    for my $i (44100 - 15000 .. 44100 - 5000) { $most += $clean->{pcm}[$i] ** 2 }
    near_all([$sum / 10001], [$most / 10001], 0, 0.01, 'and those behind are as loud as they were');
    my $size = $place[21] - $place[20];
    my ($kept, $mono) = ($mp3, substr $mp3, $place[20], 4);
    substr $mono, 3, 1, chr(ord(substr $mono, 3, 1) ^ 0xc0);      # one channel for two, or two for one
    substr $kept, $place[20], 4, $mono;
    ($r, $said) = decoded('mono.mp3', $kept);
    ok($r && abs(@{ $r->{pcm} } - 44100) <= 2 * 1152, 'one header that says another number of channels is no change');
    like($said, qr/^damaged at 0.5 s: $size bytes are no sound$/, 'what is said of it');
    same("tail$_.mp3", $mp3 . substr($random, 0, 60) . "\xff\xfb\x94\xc4" . substr($random, 0, $_), $clean->{pcm},
        qr/^(damaged at 1.0 s: \d+ bytes are no sound|)$/, "another header $_ bytes before the end") for 100, 380, 381;
    $bytes = $mp3;
    substr $bytes, $place[1] + 50, 100, '';                         # so that no two frames agree behind the first
    substr $bytes, $place[2], 4, 'xxxx';
    ($r, $said) = decoded('info.mp3', $bytes);
    ok($r && @{ $r->{pcm} } > 40000, 'damage behind the first frame');
    is((@{ $r->{pcm} } + 576 + 529) % 1152, 0, 'whose tag counts: the delays of encoder and decoder are cut');
    like($said, qr/^(damaged at|cut short)/, 'what is said');
}

# FLAC: its header says where it ends.
my @float = map { $_ / 32768 } @int;
same('id3v1.flac', $flac . 'TAG' . 'x' x 125, \@float, undef, 'FLAC, an ID3v1 tag behind it');
same('ape.flac', $flac . 'APETAGEX' . 'x' x 500, \@float, undef, 'an APE tag');
same('zeros.flac', $flac . "\0" x 4096, \@float, undef, 'zeros');
same('twice.flac', $flac . $flac, \@float, undef, 'another FLAC file');
same('open.flac', raw_flac(16, 0, [22050, @int]), \@float, undef, 'FLAC that does not say its length');
same('open1.flac', raw_flac(16, 0, [22050, @int]) . 'TAG' . 'x' x 125, \@float, qr/^what follows 0.0 s of sound is none$/, 'such a one with a tag');
for my $bits (8, 12, 15, 20, 24) {
    my @x = map { int($_ * 2 ** ($bits - 16)) } @int;
    same("$bits.flac", raw_flac($bits, 1000, [22050, @x]), [map { $_ / 2 ** ($bits - 1) } @x], undef, "FLAC of $bits bits");
}
no_audio('short.flac', substr($flac, 0, -100), qr/^breaks off after /, 'FLAC that breaks off');

{   # A length that is too small: FLAC of a file has frames of 1000 samples.
    my $three = raw_flac(16, 1000, [22050, @int], [22050, @int], [22050, @int]);
    my ($r, $said) = decoded('less.flac', $three);
    is_deeply($r->{pcm}, \@float, 'FLAC whose header tells of the first frame only');
    like($said, qr/^its header says 1000 samples, and more follow$/, 'what is said');
}

# What plays noise where it is taken for samples.
for my $sync ("\xfe\x7f\x01\x80", "\x7f\xfe\x80\x01", "\xff\x1f\x00\xe8", "\x1f\xff\xe8\x00") {
    no_audio('dts.wav', substr($tone, 0, 44) . $sync . substr($tone, 48), qr/^not audio: .*\(DTS in WAV\)/, sprintf 'DTS in WAV, %vx', $sync);
}
no_audio('spdif.wav', substr($tone, 0, 44) . "\x72\xf8\x1f\x4e" . substr($tone, 48), qr/\(S\/PDIF in WAV: /, 'S/PDIF in WAV');

# AMR: frames of a type that there is not keep libsox busy for ever.
for my $amr ("#!AMR\n" . ("\x04" . "\0" x 12) x 20 . 'TAG' . 'x' x 125, "#!AMR\n" . "\x04" . "\0" x 12 . "\x4c" x 50, "#!AMR-WB\n" . ("\x04" . "\0" x 17) x 5 . "\x5c") {
    no_audio('tagged.amr', $amr, qr/\(AMR that is damaged, or has something behind it\)/, 'AMR and what is none');
}

# Ogg: all of its streams.
for my $name ('flac.oga', 'vorbis.ogg', 'opus.opus') {
    my $bytes = slurp_file("$made/$name");
    my ($one) = decoded($name, $bytes);
    if ($name eq 'vorbis.ogg') {
        my (undef, $said) = decoded("cut-$name", $bytes . substr $bytes, 0, -100);
        like($said, qr/^cut short: its last page is not whole$/, "$name: its last page is cut");
        (undef, $said) = decoded("behind-$name", $bytes . 'TAG' . 'x' x 125);
        is($said, '', "$name: a tag behind the last page");
    }
    ok($one && @{ $one->{pcm} } > 2000, "$name: sounds");
    my $other = $bytes;
    same("chain-$name", $bytes . $bytes, [@{ $one->{pcm} }, @{ $one->{pcm} }], undef, "$name twice in one file");
    same("tagged-$name", $id3 . $bytes, $one->{pcm}, undef, "$name behind an ID3v2 tag");
}
no_audio('mixed.ogg', slurp_file("$made/vorbis.ogg") . slurp_file("$made/opus.opus"), qr/^changes from 22050 Hz, 1 channels to 24000 Hz/, 'streams of two rates');
{
    my ($r) = decoded('w.wv', slurp_file("$made/wavpack.wv"));
    like($r->{decoder}, qr/^libsox/, 'WavPack');
    no_audio('song.spx', slurp_file("$made/opus.opus") =~ s/OpusHead/Speex   /r, qr/\(Speex\)/, 'Speex');
    no_audio('film.ogv', slurp_file("$made/opus.opus") =~ s/OpusHea/\x80theora/r, qr/\(a video: Theora\)/, 'Theora');
    ($r) = decoded('w.mp3', slurp_file("$made/wavpack.wv"));
    ok($r && @{ $r->{pcm} } == 800, 'WavPack of another name');
}

# Sizes that lie.
my $half = $tone;
substr $half, 40, 4, pack 'V', 1000;
my $zero = $tone;
substr $zero, 40, 4, pack 'V', 0;
same('zero.wav', $zero, \@float, qr/^its header says 0 bytes of samples, and 2000 follow, which were read$/, 'WAV of 0 bytes');
{
    my $quiet = $zero;
    substr $quiet, 44, 200, "\0" x 200;
    same('quiet.wav', $quiet, [(0) x 100, @float[100 .. 999]], qr/^its header says 0 bytes of samples, and 2000 follow, which were read$/, 'WAV of 0 bytes that begins with silence');
}
# Integers of other depths stand in whole bytes, from the top; with the plain header and the extensible one.
for my $bits (12, 20, 24, 28, 32, 40, 64) {
    my $bytes = int(($bits + 7) / 8);
    my $data = join '', map { substr pack('q<', $_ * 2 ** ($bits - 16) * 2 ** (8 * $bytes - $bits)), 0, $bytes } map { $_ - $_ % 16 } @int;
    for my $extensible (0, 1) {
        my $fmt = pack('v v V V v v', $extensible ? 0xfffe : 1, 1, 8000, 8000 * $bytes, $bytes, $bits) . ($extensible ? pack('v v V v', 22, $bits, 4, 1) . "\0\0\0\0\x10\0\x80\0\0\xaa\0\x38\x9b\x71" : '');
        my $wav = 'RIFF' . pack('V', 20 + length($fmt) + length $data) . 'WAVEfmt ' . pack('V', length $fmt) . $fmt . 'data' . pack('V', length $data) . $data;
        my $what = "WAV of $bits bits" . ($extensible ? ', extensible' : '');
        if ($bits > 32) { no_audio("$bits.wav", $wav, qr/^not audio: .*\(WAV of integers above 32 bits\)/, $what) }
        else { same("$bits.wav", $wav, [map { ($_ - $_ % 16) / 32768 } @int], undef, $what) }
    }
}
{
    my ($r) = decoded('g721.au', slurp_file("$made/g721.au"));
    near_all([@{ $r->{pcm} }[100 .. 799]], [map { 0.5 * sin(2 * 3.14159265358979 * 440 * $_ / 8000) } 100 .. 799], 0.02, 0, 'G.721 is as loud as it was');
}
same('half.wav', $half, [@float[0 .. 499]], qr/^its header says 1000 bytes of samples, and 1000 more follow$/, 'WAV of half of them');
for my $size (0xffffffff, 0x7fffffff, 0x80000000) {
    my $wav = $tone;
    substr $wav, 40, 4, pack 'V', $size;
    same('open.wav', $wav, \@float, undef, "WAV of $size bytes");
}
same('list.wav', $tone . 'LIST' . pack('V', 4) . 'INFO', \@float, undef, 'WAV with a chunk behind its samples');
same('tag.wav', $tone . 'TAG' . 'x' x 125, \@float, undef, 'WAV with an ID3v1 tag');
my $silent = $zero;
substr $silent, 44, length($silent), 'LIST' . pack('V', 4) . 'INFO';
no_audio('none.wav', $silent, qr/^no samples in it$/, 'WAV of 0 bytes and a chunk');
# Sizes above 4 GB: RF64 and BW64 have them in a chunk of their own; in WAV they are modulo 2^32.
sub rf64 {
    my ($mark, $large) = @_;
    return $mark . pack('V', 0xffffffff) . 'WAVEds64' . pack('VQ<Q<Q<V', 28, $large + 72, $large, $large / 2, 0) . substr($tone, 12, 24) .
        'data' . pack('V', 0xffffffff) . substr $tone, 44;
}
for my $mark ('RF64', 'BW64') {
    same("$mark.wav", rf64($mark, 2000), \@float, undef, $mark);
    same("$mark.wav", rf64($mark, 0), \@float, qr/^its header says 0 bytes of samples, and 2000 follow, which were read$/, "$mark of 0 bytes");
    same("$mark.wav", rf64($mark, 1000), [@float[0 .. 499]], qr/^its header says 1000 bytes of samples, and 1000 more follow$/, "$mark of half");
    same("$mark.wav", rf64($mark, 4000), \@float, qr/^cut short: 1000 samples of the 2000 that its header claims$/, "$mark of twice as many");
    same("$mark.wav", rf64($mark, 1 << 33), \@float, qr/^cut short: 1000 samples of the 4294967296 /, "$mark of 8 GB");
}
{
    spew("$tmp/large.wav", $tone . substr $tone, 44);
    truncate "$tmp/large.wav", 44 + (1 << 32) + 2000 or die "$tmp/large.wav: $!";      # takes no room on the disk
    my (undef, $out, $err) = run('decode -r 0 ' . input(song("$tmp/large.wav", 'a')) . ' | to-json');
    is(scalar @{ (jsonl($out))[0]{pcm} }, 1000, 'a WAV file of 4 GB and 2000 bytes: what its header says');
    like($err, qr/^decode: a: its header says 2000 bytes of samples, and 4294967296 more follow$/m, 'and that there is more');
    unlink "$tmp/large.wav";
}
my $au = '.snd' . pack('N5', 24, 0, 3, 22050, 1) . pack 'n*', @int;
same('zero.au', $au, \@float, qr/^its header says 0 bytes of samples, and 2000 follow, which were read$/, 'AU of 0 bytes');
substr $au, 8, 4, pack 'N', 1000;
same('half.au', $au, [@float[0 .. 499]], qr/^its header says 1000 bytes of samples, and 1000 more follow$/, 'AU of half of them');
my $aiff = 'FORM' . pack('N', 46) . 'AIFFCOMM' . pack('N n N n', 18, 1, 0, 16) . "\x40\x0d\xac\x44\0\0\0\0\0\0" . 'SSND' . pack('N3', 0, 0, 0) . pack 'n*', @int;
same('zero.aiff', $aiff, \@float, qr/^its header says 0 bytes of samples/, 'AIFF of 0 frames in 0 bytes');

# ---- bad files: each is one failed record, with a good one between ----

my @bad;
sub bad { push @bad, [@_] }
my $wav = slurp_file("$tmp/mono.wav");
sub patched { my ($at, $bytes) = @_; my $w = $wav; substr($w, $at, length $bytes) = $bytes; my $path = "$tmp/patched" . @bad . '.wav'; spew($path, $w); return $path }
mkdir "$tmp/folder";
mkfifo("$tmp/fifo", 0600);
spew("$tmp/noise.mp3", join '', map { chr(($_ * $_ * 31 + $_) & 255) } 1 .. 5000);
bad('a rate of 1 Hz', patched(24, pack 'V', 1), qr/1 Hz, and 4000 to 384000/);
bad('a rate of 2^31 Hz', patched(24, pack 'V', 2**31), qr/Hz|no decoder/);
bad('no rate', patched(24, pack 'V', 0), qr/Hz|no decoder/);
bad('60000 channels', patched(22, pack 'v', 60000), qr/channels|no decoder/);
bad('65 channels', wav("$tmp/65.wav", 8000, 65, 0, (0.1) x 650), qr/65 channels|no decoder/);
bad('no channels', patched(22, pack 'v', 0), qr/channels|no decoder/);
bad('a folder', "$tmp/folder", qr/a directory/);
bad('a FIFO', "$tmp/fifo", qr/a FIFO/);
bad('a device', '/dev/zero', qr/a device/);
bad('a vanished file', "$tmp/vanished.wav", qr/No such file/);
bad('noise', "$tmp/noise.mp3", qr/not audio/);
bad('infinity', wav("$tmp/inf.wav", 22050, 1, 1, 0, 0, 9**9**9), qr/infinite value at sample 2/);
bad('an empty path', '', qr/path is not a path/);
bad('a NUL in the path', "$tmp/mono.wav\0x", qr/path is not a path/);
SKIP: {
    skip 'root may read everything', 1 if $> == 0;
    chmod 0, wav("$tmp/secret.wav", 22050, 1, 0, 0.5);
    bad('no permission', "$tmp/secret.wav", qr/Permission denied/);
}
# libsox would run this
bad('a command for a name', "|touch $tmp/touched", qr/No such file/);
input(map { (song("$tmp/mono.wav", "good$_"), song($bad[$_][1], "bad$_")) } 0 .. $#bad);
($status, $out, $err) = run("timeout 60 decode $tmp/in.sp > $tmp/out.sp");
is($status, 1, 'bad files: status 1');
like($err, qr/^decode: bad$_: .*$bad[$_][2]/m, $bad[$_][0]) for 0 .. $#bad;
is(join(' ', map { $_->{id} } sounds("cat $tmp/out.sp")), join(' ', map { "good$_" } 0 .. $#bad), 'the others are there');
{
    my $name = "|touch touched; cat sound.wav";
    rename wav("$tmp/piped.wav", 8000, 1, 0, (0.25) x 800), "$tmp/$name";
    my ($r) = sounds("cd $tmp && decode " . input(song($name, 'a')));
    is(scalar @{ $r->{pcm} }, 2205, 'a file of that name is only a file');
    ok(!-e "$tmp/touched", 'and nothing was run');
}
{
    my $name = "$tmp/caf\xe9 \xff.wav";
    rename wav("$tmp/bytes.wav", 22050, 1, 0, @x), $name;
    my ($r) = sounds('decode ' . input(record('a', path => "\xc4" . chr(length $name) . $name)));
    is(scalar @{ $r->{pcm} }, 4410, 'a name that is not UTF-8');
}

{
    input(song("$tmp/mono.wav", 'good'), song("$tmp/vanished.wav", 'bad'));
    my ($status, $out, $err) = run("perl -e '\$SIG{CHLD} = q(IGNORE); exec qw(decode --command), q(kill -9 \$\$; : {}), q($tmp/in.sp)'");
    is($status, 1, 'started by who ignores children');
    like($err, qr/^decode: good: the command was killed by signal 9$/m, 'their ends are known all the same');
}

# A decoder that is killed, as for want of memory, is no song's fault.
refuses(6, qr/^decode: good: the decoder was killed from outside; was there too little memory\?$/m,
    "decode --command 'kill -9 \$PPID; : {}' $tmp/in.sp", undef, 1);

# --on-error
input(song("$tmp/vanished.wav", 'bad'), song("$tmp/mono.wav", 'good'));
refuses(6, qr/^decode: bad: cannot open .*No such file/m, "decode --on-error fail $tmp/in.sp | cat", undef, 1);
my @r = sounds("decode --on-error emit $tmp/in.sp");
like($r[0]{error}, qr/No such file/, 'emit: the reason');
is_deeply([map { $r[0]{$_} } qw(pcm rate seconds decoder)], [(undef) x 4], 'emit: nil');
is($r[0]{path}, "$tmp/vanished.wav", 'emit: the path is kept');
is(scalar @{ $r[1]{pcm} }, 4410, 'emit: the good one follows');

# ---- commands ----

my $float = pack 'f<*', @x;
spew("$tmp/x.f32", $float);
($r) = sounds("decode --command 'cat {}' --raw 22050 " . input(song("$tmp/x.f32")));
near_all($r->{pcm}, \@x, 1e-7, 0, 'a command that writes floats');
($r) = sounds("decode --command 'cat {}' --raw 44100:2 -r 0 --channels keep $tmp/in.sp");
is_deeply($r->{'pcm.shape'}, [2205, 2], 'of two channels');
($r) = sounds("decode --command 'cat {}' " . input(song("$tmp/stereo.wav")));
near_all($r->{pcm}, [map { 0.25 * $_ } @x], 1e-7, 0, 'a command that writes WAV');
like($r->{decoder}, qr/^command, libsndfile 1/, 'its decoder');
spew("$tmp/it's (a) \$(touch no) `file`.wav", slurp_file("$tmp/stereo.wav"));
($r) = sounds("cd $tmp && decode --command 'cat {}' " . input(song("it's (a) \$(touch no) `file`.wav")));
is(scalar @{ $r->{pcm} }, 4410, 'names are quoted for the shell');
ok(!-e "$tmp/no", 'and nothing in them is run');
input(map { song("$tmp/$_.wav") } qw(mono stereo float));
spew("$tmp/float.wav", slurp_file("$tmp/stereo.wav"));
refuses(1, qr/^decode: stereo.wav: the command ended with status 7\ndecode: 1 bad, left out$/,
    "decode --command 'cat {}; case {} in *stereo*) exit 7;; esac' $tmp/in.sp", undef, 1);
input(song("$tmp/stereo.wav", 'a'));
refuses(1, qr/^decode: a: the command ended with status 127/m, "decode --command 'no-such-command {}' $tmp/in.sp", undef, 1);
refuses(1, qr/^decode: a: the command's output: /m, "decode --command 'echo no audio, {}' $tmp/in.sp", undef, 1);
refuses(1, qr/^decode: a: nothing came for 1 s/m, "decode --max-wait 1 --command 'sleep 30; cat {}' $tmp/in.sp", undef, 1);
refuses(1, qr/^decode: a: .*(killed by signal|status 1)/m, "timeout 20 decode --max-cpu 1 --command 'while :; do :; done; cat {}' $tmp/in.sp", undef, 1);
refuses(1, qr/^decode: a: the command was killed by signal 9/m, "decode --command 'kill -9 \$\$; cat {}' $tmp/in.sp", undef, 1);
{
    # Names that would be commands, if the shell read them.
    for my $name ('$(touch no).wav', '`touch no`.wav', "';touch no;'.wav", '"; touch no; ".wav', "a\nb.wav", '-n.wav', '${HOME}.wav', '*.wav') {
        spew("$tmp/$name", slurp_file("$tmp/stereo.wav"));
        my ($r) = sounds("cd $tmp && decode --command 'cat {} | cat' " . input(song($name, 'a')));
        is(scalar @{ $r->{pcm} }, 4410, "$name: is only a name");
        ok(!-e "$tmp/no", 'and nothing in it was run');
        for my $command (q{cat '{}'}, q{cat "{}"}, q{cat "x{}"}, q{sh -c 'cat {}'}, q{cat \\{}}, q{cat "$(cat '{}')"}, q{echo "`cat {}`"}) {
            spew("$tmp/command", $command);
            refuses(2, qr/^decode: --command: \{\} is quoted, and must not be/, "cd $tmp && decode --command \"\$(cat command)\" $tmp/in.sp");
            ok(!-e "$tmp/no", "$command: nothing was run");
        }
    }
    input(song("$tmp/stereo.wav", 'a'));
    for my $command (q{cat "$(echo {})"}, q{echo 'quoted' >/dev/null; cat {}}, q{echo "it's" >/dev/null; cat {}}, q{sh -c 'cat "$1"' sh {}}, q{(cat {})}) {
        spew("$tmp/command", $command);
        my ($r) = sounds("cd $tmp && decode --command \"\$(cat command)\" $tmp/in.sp");
        is(scalar @{ $r->{pcm} }, 4410, "$command: is taken");
    }
}
{
    # However decode ends, what it started ends with it.
    spew("$tmp/left.sh", "echo \$\$ > $tmp/pid; sh -c 'echo \$\$ > $tmp/pid2; exec sleep 600' | cat\n");
    for my $signal (qw(TERM HUP INT KILL)) {
        unlink "$tmp/pid", "$tmp/pid2";
        my $pid = fork // die;
        if (!$pid) {
            $SIG{INT} = 'DEFAULT';
            open STDERR, '>', '/dev/null';
            open STDOUT, '>', '/dev/null';
            exec 'decode', '--command', "sh $tmp/left.sh; : {}", "$tmp/in.sp";
        }
        for (1 .. 500) { last if -s "$tmp/pid" && -s "$tmp/pid2"; select undef, undef, undef, 0.02 }
        kill $signal, $pid;
        waitpid $pid, 0;
        my @left = map { slurp_file("$tmp/$_") =~ /(\d+)/ } qw(pid pid2);
        for (1 .. 500) { last if !grep { kill 0, $_ } @left; select undef, undef, undef, 0.02 }
        is((grep { kill 0, $_ } @left), 0, "$signal: nothing is left running");
        kill 'KILL', @left;
    }
}
for ('--raw 22050', "--command 'cat {}' --raw 1", "--command 'cat {}' --raw 44100:0", '--command cat', '--rate 3999', '--mono') {
    refuses(2, qr/^decode: /, "decode $_ $tmp/in.sp");
}

# ---- too much for a record, or for a table of files ----

input(map { song("$own/tone_tag.mp3", $_) } qw(a b c));
refuses(1, qr/^decode: a: more than 0.0635 MB of samples: give --split, --duration or a larger --max-record$/m,
    "decode --max-record 65K $tmp/in.sp", undef, 1);
is(() = sounds("decode --max-record 65K --split 0.3 $tmp/in.sp"), 12, 'pieces of it fit');
input(map { song("$own/tone_tag.mp3", $_) } qw(a b c));
is(join(' ', map { $_->{id} } sounds("ulimit -n 1024; timeout 60 decode -j 128 $tmp/in.sp")), 'a b c', 'a ring of more than files may be open');
is(join(' ', map { $_->{id} } sounds("ulimit -n $_; timeout 60 decode -j 16 $tmp/in.sp")), 'a b c', "$_ files may be open: fewer at once") for 9, 12;
refuses(6, qr/^decode: cannot start a process: Too many open files$/, "ulimit -n 5; decode $tmp/in.sp");
{
    my ($status, $out, $err) = run("(ulimit -f 8; exec decode $tmp/in.sp) >$tmp/large.sp");
    is($status, 6, 'a file that may not grow: status 6');
    like($err, qr/^decode: .*File too large/m, 'and a line that says so');
}
refuses(3, qr{^decode: $own/tone_tag.mp3: no stream of records; try: tracks $own/tone_tag.mp3 \| decode$}, "decode $own/tone_tag.mp3");
refuses(3, qr{try: tracks $tmp/tone.wav \| decode$}, "decode $tmp/tone.wav");
refuses(3, qr{try: tracks $own \| decode$}, "decode $own");
is(join(' ', map { $_->{id} } sounds("ulimit -n 70; decode -j 500 $tmp/in.sp")), 'a b c', 'more children than files may be open');

# ---- pieces ----

input(song("$own/tone_tag.mp3", 'tone'));
my ($all) = sounds("decode $tmp/in.sp");
my @pieces = sounds("decode --split 0.3 $tmp/in.sp");
is(join(' ', map { $_->{id} } @pieces), join(' ', map { "tone#000$_" } 0 .. 3), 'ids of pieces');
is_deeply([map { @{ $_->{pcm} } } @pieces], $all->{pcm}, 'together they are the whole');
is_deeply([map { $_->{start} } @pieces], [0, 0.3, 0.6, 0.9], 'where they begin');
is(scalar @{ $pieces[3]{pcm} }, 2205, 'the last one is shorter');
is_deeply([map { $_->{track} } @pieces], [('tone') x 4], 'their track');
is_deeply([sounds("decode --split 0.3 $tmp/in.sp")], [sounds("decode $tmp/in.sp | segment --keep-short --length 0.3")], 'as segment cuts them');
input(song("$own/damaged.flac", 'bad'), song("$tmp/mono.wav", 'good'));
($status, $out, $err) = run("decode --split 0.1 $tmp/in.sp > $tmp/out.sp");
is($status, 1, 'a file that breaks off: status 1');
like($err, qr/^decode: bad: after piece 2: breaks off/m, 'says after which piece');
is(join(' ', map { $_->{id} } sounds("cat $tmp/out.sp")), 'bad#0000 bad#0001 bad#0002 good#0000 good#0001', 'what there is');

# ---- many: order, -j, one slow file, memory ----

input(map { song($_ % 7 == 3 ? "$tmp/vanished.wav" : $_ % 2 ? "$own/tone_tag.mp3" : "$tmp/mono.wav", "s$_") } 0 .. 59);
my @want_ids = grep { substr($_, 1) % 7 != 3 } map { "s$_" } 0 .. 59;
for my $j (1, 3, 16) {
    my ($status) = run("decode -j $j $tmp/in.sp > $tmp/j$j.sp");
    is($status, 1, "-j $j");
    is(slurp_file("$tmp/j$j.sp"), slurp_file("$tmp/j1.sp"), "-j $j: the same bytes");
}
is(join(' ', map { $_->{id} } sounds("cat $tmp/j3.sp")), "@want_ids", 'in order');

# One that waits: the others are decoded meanwhile, and come out behind it.
spew("$tmp/slow.sh", "case \$1 in *slow*) while [ ! -e $tmp/go ]; do sleep 0.05; done;; *) touch $tmp/seen.\$(basename \$1);; esac; cat \$1\n");
for my $n (1 .. 5) { spew("$tmp/q$n.wav", $wav) }
spew("$tmp/slow.wav", $wav);
input(map { song("$tmp/$_.wav") } qw(slow q1 q2 q3 q4 q5));
my ($ids) = runs("(for i in \$(seq 200); do [ -e $tmp/seen.q5.wav ] && break; sleep 0.05; done; touch $tmp/go) &
    timeout 20 decode -j 2 --command 'sh $tmp/slow.sh {}' $tmp/in.sp | to-json | sed 's/,.*//'");
is($ids, join('', map { qq({"id":"$_.wav"\n) } qw(slow q1 q2 q3 q4 q5)), 'a slow file does not hold up the others');
ok(-e "$tmp/seen.q5.wav", 'all of them were read while it waited');

# The parent does not grow with the number of files, good or bad: its largest size, in kB.
sub peak {
    my ($n) = @_;
    input(map { song($_ % 5 == 1 ? "$own/damaged.flac" : "$own/tone_tag.mp3", "s$_") } 1 .. $n);
    my $pid = open my $from, '-|', "exec decode -q -j 2 $tmp/in.sp 2>/dev/null" or die "decode: $!";
    my $most = 0;
    while (read $from, my $bytes, 1 << 16) {
        my ($now) = slurp_file("/proc/$pid/status") =~ /^VmHWM:\s+(\d+)/m or last;
        $most = $now if $now > $most;
    }
    close $from;
    return $most;
}
SKIP: {
    skip 'sizes under the sanitizers say nothing', 1 if $ENV{SONGPIPE_ASAN};
    my ($few, $many) = (peak(30), peak(100));
    ok($few > 0 && $many < 1.2 * $few + 1000, "memory of the parent: $few kB for 30 files, $many for 100");
}
done_testing;
