# What the tests of audio share: files of sound, records that name them, samples read quickly.
# SPDX-License-Identifier: GPL-3.0-or-later
package AudioFile;
use strict;
use warnings;
use Exporter 'import';
use Songpipe;
use Stream;

our @EXPORT = qw(song input wav hum raw_flac sine sounds);

# A record that names a file; its id is the name without folders unless given.
sub song {
    my ($path, $id) = @_;
    return record($id // $path =~ s{.*/}{}r, path => str($path));
}

# Records in a file; its name.
sub input {
    spew("$tmp/in.sp", stream({}, @_));
    return "$tmp/in.sp";
}

# Write a WAV file: PCM of 16 bit, or float of 32. Returns its path.
sub wav {
    my ($path, $rate, $channels, $float, @x) = @_;
    my ($bytes, $data) = $float ? (4, pack 'f<*', @x) : (2, pack 's<*', map { int($_ * 32767) } @x);
    my $block = $channels * $bytes;
    spew($path, 'RIFF' . pack('V', 36 + length $data) . 'WAVEfmt ' . pack('VvvVVvv', 16, $float ? 3 : 1, $channels,
        $rate, $rate * $block & 0xffffffff, $block & 0xffff, 8 * $bytes) . 'data' . pack('V', length $data) . $data);
    return $path;
}

# A WAV file of a tone that comes and goes `beat` times in a second, on noise; mono, 8 kHz. Returns its path.
sub hum {
    my ($path, $seconds, $hz, $beat) = @_;
    my ($noise, $turn) = ($hz, 6.283185307 / 8000);
    return wav($path, 8000, 1, 0, map {
        $noise = ($noise * 1103515245 + 12345) & 0x7fffffff;
        0.25 * sin($_ * $hz * $turn) * (1 + sin($_ * $beat * $turn)) / 2 + ($noise >> 16) / 1310680;
    } 1 .. 8000 * $seconds);
}

sub crc {
    my ($bytes, $width, $polynomial) = @_;
    my $crc = 0;
    for (unpack 'C*', $bytes) {
        $crc ^= $_ << ($width - 8);
        $crc = $crc >> ($width - 1) & 1 ? ($crc << 1 ^ $polynomial) & (1 << $width) - 1 : $crc << 1 for 1 .. 8;
    }
    return $crc;
}

# FLAC of one channel that packs nothing: integers of so many bits, in frames of [rate, numbers]. STREAMINFO has the
# rate of the first; $total is what it says of the samples.
sub raw_flac {
    my ($bits, $total, @frames) = @_;
    my $out = 'fLaC' . pack('C n C n n N', 0x80, 0, 34, 4096, 4096, 0) . pack('n', 0) .
        pack('B64', sprintf '%020b%03b%05b%036b', $frames[0][0], 0, $bits - 1, $total) . "\0" x 16;
    for my $i (0 .. $#frames) {
        my ($rate, @x) = @{ $frames[$i] };
        my $head = pack 'n C C C n n', 0xfff8, 0x7d, 0, $i, @x - 1, $rate;     # 16 bits of size and rate follow
        my $frame = $head . chr(crc($head, 8, 0x07)) . "\x02" . pack 'B*', join '', map { sprintf "%0${bits}b", $_ & (1 << $bits) - 1 } @x;
        $out .= $frame . pack 'n', crc($frame, 16, 0x8005);
    }
    return $out;
}

# 440 Hz.
sub sine {
    my ($rate, $n, $peak) = @_;
    return map { $peak * sin(2 * 3.14159265358979 * 440 * $_ / $rate) } 0 .. $n - 1;
}

# A packed value: tensors of f32 as flat lists, with their shape in $shape.
sub value {
    my ($p) = @_;
    my $code = ord $p;
    return if $code == 0xc0;
    return $code == 0xc3 if $code == 0xc2 || $code == 0xc3;
    return $code if $code < 0x80;
    return substr $p, 1 if ($code & 0xe0) == 0xa0;
    if ($code == 0x85) {
        my ($shape) = $p =~ /\xc4\x05shape(.*?)\xc4\x04data/s or die "no tensor\n";
        my ($rank, @shape) = (ord($shape) & 15);
        for (my $at = 1; @shape < $rank; ) {
            my ($n, $size) = integer(substr $shape, $at);
            push @shape, $n;
            $at += $size;
        }
        my $count = 1;
        $count *= $_ for @shape;
        return { shape => \@shape, x => [unpack 'f<*', substr $p, length($p) - 4 * $count] };
    }
    return unpack 'xd>', $p if $code == 0xcb;
    return substr $p, { 0xd9 => 2, 0xda => 3, 0xdb => 5, 0xc4 => 2, 0xc5 => 3, 0xc6 => 5 }->{$code}
        if ($code >= 0xd9 && $code <= 0xdb) || ($code >= 0xc4 && $code <= 0xc6);
    return (integer($p))[0];
}

sub integer {
    my ($p) = @_;
    my $code = ord $p;
    return ($code, 1) if $code < 0x80;
    my ($how, $size) = @{ { 0xcc => ['xC', 2], 0xcd => ['xn', 3], 0xce => ['xN', 5], 0xcf => ['xQ>', 9],
        0xd0 => ['xc', 2], 0xd1 => ['xs>', 3], 0xd2 => ['xl>', 5], 0xd3 => ['xq>', 9] }->{$code} // die "code $code\n" };
    return (unpack($how, $p), $size);
}

# The records that a command writes, which must succeed; tensors flat, NAME.shape beside
# them. A hundred times as fast as JSON.
sub sounds {
    my ($command) = @_;
    return map {
        my $raw = $_->{raw};
        my %r;
        for my $name (keys %$raw) {
            my $v = value($raw->{$name});
            $r{$name} = ref $v ? $v->{x} : $v;
            $r{"$name.shape"} = $v->{shape} if ref $v;
        }
        \%r;
    } unseal(runs($command));
}

1;
