# Streams made without songpipe, byte by byte as man 5 songpipe has them: for what no
# filter would write, and to hold our reader against a second writer.
# SPDX-License-Identifier: GPL-3.0-or-later
package Stream;
use strict;
use warnings;
no warnings 'portable';      # numbers of 64 bits
use Exporter 'import';

our @EXPORT = qw(stream frame seal record str int64 f64 nil bool vec mat tensor xxh3 head_body frames unseal);

# ---- MessagePack ----

sub str {
    my $n = length $_[0];
    return ($n < 32 ? chr(0xa0 | $n) : $n < 256 ? pack('CC', 0xd9, $n) : pack('CN', 0xdb, $n)) . $_[0];
}

sub bin { return pack('CN', 0xc6, length $_[0]) . $_[0] }
sub nil { return "\xc0" }
sub bool { return $_[0] ? "\xc3" : "\xc2" }
sub int64 { return $_[0] >= 0 && $_[0] < 128 ? chr $_[0] : pack('Cq>', 0xd3, $_[0]) }
sub f64 { return pack('Cd>', 0xcb, $_[0]) }
sub map_of { return pack('Cn', 0xde, @_ / 2) . join '', @_ }
sub array_of { return pack('Cn', 0xdc, scalar @_) . join '', @_ }

# An array as msgpack-numpy packs it: type, reference to the shape, its bytes.
sub tensor {
    my ($type, $shape, $data) = @_;
    return "\x85" . "\xc4\x02nd\xc3" . "\xc4\x04type" . str($type) . "\xc4\x04kind\xc4\x00" .
        "\xc4\x05shape" . chr(0x90 | @$shape) . join('', map { int64($_) } @$shape) . "\xc4\x04data" .
        (length $data < 256 ? pack('CC', 0xc4, length $data) . $data : bin($data));
}

sub vec { return tensor('<f4', [scalar @_], pack 'f<*', @_) }

# Rows of $columns numbers each.
sub mat {
    my ($columns, @numbers) = @_;
    return tensor('<f4', [@numbers / $columns, $columns], pack 'f<*', @numbers);
}

# ---- frames ----

sub frame { return pack('CCaa8CN', 0x93, 0xd7, $_[0], 'SONGPIPE', 0xce, length $_[1]) . $_[1] }

# A record's frame of its id and (name => packed value)...
sub record {
    my ($id, @fields) = @_;
    my $n = @fields / 2 + 1;
    my $body = $n < 16 ? chr(0x80 | $n) : pack('Cn', 0xde, $n);
    $body .= str('id') . str($id);
    while (my ($name, $value) = splice @fields, 0, 2) { $body .= str($name) . $value }
    return frame('R', $body);
}

# A header's body: kind, version, columns (field => [names]), more keys packed already.
# What is hashed must be over 240 bytes for xxh3 below: a key that no reader knows fills it up.
sub head_body {
    my (%h) = @_;
    my %columns = %{ $h{columns} || {} };
    my @more = @{ $h{more} || [] };
    my $columns = chr(0x80 | keys %columns);
    $columns .= str($_) . array_of(map { str($_) } @{ $columns{$_} }) for sort keys %columns;
    return chr(0x84 + @more / 2) . str('version') . int64($h{version} // 1) . str('kind') . str($h{kind} // 'records') .
        str('columns') . $columns . join('', map { $more[2 * $_ - 2] . $more[2 * $_ - 1] } 1 .. @more / 2) .
        str('fill') . str('.' x ($h{fill} // 0));
}

# Header and record frames with the end record behind them.
sub seal {
    my ($bytes) = @_;
    my $records = () = $bytes =~ /\x93\xd7RSONGPIPE\xce/g;
    return $bytes . frame('E', "\x82" . str('records') . pack('CN', 0xce, $records) . str('xxh3') . "\xcf" . xxh3($bytes));
}

# A whole stream of record frames; %$head as head_body takes it.
sub stream {
    my ($head, @records) = @_;
    my $bytes = frame('H', head_body(%$head)) . join '', @records;
    $bytes = frame('H', head_body(%$head, fill => 241 - length $bytes)) . join '', @records if length $bytes < 241;
    return seal($bytes);
}

# The frames of a stream: [kind, offset of the frame, size of its body]...
sub frames {
    my ($bytes) = @_;
    my @frames;
    for (my $at = 0; $at < length $bytes; ) {
        my ($kind, $size) = unpack 'x2 a x9 N', substr($bytes, $at, 16);
        push @frames, [$kind, $at, $size];
        $at += 16 + $size;
    }
    return @frames;
}

# ---- reading ----

# Offset behind the MessagePack value at $at; dies if it is cut or unknown.
sub skip {
    my ($s, $at) = @_;
    my $c = ord(substr($$s, $at, 1));
    my ($size, $inside) = (1, 0);
    my %fixed = (0xc0 => 1, 0xc2 => 1, 0xc3 => 1, 0xca => 5, 0xcb => 9, 0xcc => 2, 0xcd => 3, 0xce => 5, 0xcf => 9,
        0xd0 => 2, 0xd1 => 3, 0xd2 => 5, 0xd3 => 9);
    my %counted = (0xc4 => 'C', 0xc5 => 'n', 0xc6 => 'N', 0xd9 => 'C', 0xda => 'n', 0xdb => 'N',
        0xdc => 'n', 0xdd => 'N', 0xde => 'n', 0xdf => 'N');
    if ($fixed{$c}) { $size = $fixed{$c} }
    elsif ($c >= 0x80 && $c <= 0x8f) { $inside = 2 * ($c & 15) }
    elsif ($c >= 0x90 && $c <= 0x9f) { $inside = $c & 15 }
    elsif ($c >= 0xa0 && $c <= 0xbf) { $size += $c & 31 }
    elsif ($counted{$c}) {
        my $n = unpack $counted{$c}, substr($$s, $at + 1, 4);
        $size += { C => 1, n => 2, N => 4 }->{ $counted{$c} };
        $c >= 0xdc ? ($inside = $c >= 0xde ? 2 * $n : $n) : ($size += $n);
    }
    elsif ($c > 0x7f && $c < 0xe0) { die sprintf "byte %02x at %d\n", $c, $at }
    $at += $size;
    $at = skip($s, $at) for 1 .. $inside;
    die "cut\n" if $at > length $$s;
    return $at;
}

# A packed str without its head.
sub text_of {
    my ($packed) = @_;
    my $c = ord $packed;
    return substr $packed, $c < 0xc0 ? 1 : { 0xd9 => 2, 0xda => 3, 0xdb => 5 }->{$c};
}

# The records of a stream or of several: {id, raw => {name => packed value}, names => [...],
# frame => its bytes}. Dies unless the order, counts and hashes are right.
sub unseal {
    my ($bytes) = @_;
    my (@records, $from, $n);
    my $at = 0;
    for my $f (frames($bytes)) {
        my ($kind, $start, $size) = @$f;
        die "a frame is cut\n" if $start + 16 + $size > length $bytes;
        die "no frame at $start\n" if substr($bytes, $start, 12) ne "\x93\xd7${kind}SONGPIPE\xce";
        my $body = substr $bytes, $start + 16, $size;
        $at = $start + 16 + $size;
        die "$kind inside or outside\n" if ($kind eq 'H') == defined $from;
        if ($kind eq 'H') {
            ($from, $n) = ($start, 0);
        } elsif ($kind eq 'R') {
            my ($names, $p) = ord $body < 0x90 ? (ord($body) & 15, 1) : (unpack('xn', $body), 3);
            my %r = (raw => {}, names => [], frame => substr $bytes, $start, 16 + $size);
            for (1 .. $names) {
                my $value = skip(\$body, $p);
                my $next = skip(\$body, $value);
                my $name = text_of(substr $body, $p, $value - $p);
                push @{ $r{names} }, $name;
                $r{raw}{$name} = substr $body, $value, $next - $value;
                $p = $next;
            }
            die "a record of more than its map\n" if $p != length $body;
            $r{id} = text_of($r{raw}{id});
            push @records, \%r;
            $n++;
        } else {
            my ($count) = $body =~ /^\x82\xa7records(.*)\xa4xxh3/s or die "end\n";
            my $code = ord $count;
            $count = $code < 0x80 ? $code : unpack { 0xcc => 'xC', 0xcd => 'xn', 0xce => 'xN', 0xcf => 'xQ>' }->{$code}, $count;
            die "$n records, not $count\n" if $n != $count;
            my $hashed = substr $bytes, $from, $start - $from;
            die "hash\n" if length $hashed > 240 && length $hashed < 60000 && substr($body, -8) ne xxh3($hashed);
            undef $from;
        }
    }
    die "no end\n" if defined $from || !$at;
    return @records;
}

# ---- XXH3, 64 bits, seed 0, of more than 240 bytes ----
# Its specification: github.com/Cyan4973/xxHash, doc/xxhash_spec.md, section "XXH3 Algorithm Description".

my $secret = pack 'H*', join '', qw(
    b8fe6c3923a44bbe7c01812cf721ad1c ded46de9839097db7240a4a4b7b3671f cb79e64eccc0e578825ad07dccff7221
    b8084674f743248ee03590e6813a264c 3c2852bb91c300cb88d0658b1b532ea3 71644897a20df94e3819ef46a9deacd8
    a8fa763fe39c343ff9dcbbc7c70b4f1d 8a51e04bcdb45931c89f7ec9d9787364 eac5ac8334d3ebc3c581a0fffa1363eb
    170ddd51b7f0da49d316552629d4689e 2b16be587d47a1fc8ff8b8d17ad031ce 45cb3a8f95160428afd7fbcabb4b407e);
my ($p32_1, $p32_2, $p32_3) = (0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D);
my ($p64_1, $p64_2, $p64_3, $p64_4, $p64_5) =
    (0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0x85EBCA77C2B2AE63, 0x27D4EB2F165667C5);
my $low = 0xffffffff;

sub add { use integer; return $_[0] + $_[1] }
sub multiply { use integer; return $_[0] * $_[1] }

# The 128 bits of a product of two 64-bit numbers, its halves xored.
sub fold {
    my ($a, $b) = @_;
    my ($al, $ah, $bl, $bh) = ($a & $low, $a >> 32, $b & $low, $b >> 32);
    my $ll = $al * $bl;
    my $cross = ($ll >> 32) + (($ah * $bl) & $low) + (($al * $bh) & $low);
    my $high = $ah * $bh + (($ah * $bl) >> 32) + (($al * $bh) >> 32) + ($cross >> 32);
    return (($cross & $low) << 32 | $ll & $low) ^ $high;
}

# The hash as 8 bytes, big-endian.
sub xxh3 {
    my ($bytes) = @_;
    my $n = length $bytes;
    die "xxh3 of $n bytes: more than 240 are wanted" if $n <= 240;
    my @acc = ($p32_3, $p64_1, $p64_2, $p64_3, $p64_4, $p32_2, $p64_5, $p32_1);
    my $stripe = sub {
        my ($at, $key_at) = @_;
        my @data = unpack 'Q<8', substr $bytes, $at, 64;
        my @key = unpack 'Q<8', substr $secret, $key_at, 64;
        for my $i (0 .. 7) {
            my $mixed = $data[$i] ^ $key[$i];
            my $product = ($mixed & $low) * ($mixed >> 32);
            use integer;
            $acc[$i ^ 1] += $data[$i];
            $acc[$i] += $product;
        }
    };
    my $blocks = int(($n - 1) / 1024);
    for my $block (0 .. $blocks - 1) {
        $stripe->(1024 * $block + 64 * $_, 8 * $_) for 0 .. 15;
        my @key = unpack 'Q<8', substr $secret, 128, 64;
        $acc[$_] = multiply(($acc[$_] ^ (~0 & $acc[$_]) >> 47) ^ $key[$_], $p32_1) for 0 .. 7;
    }
    $stripe->(1024 * $blocks + 64 * $_, 8 * $_) for 0 .. int(($n - 1 - 1024 * $blocks) / 64) - 1;
    $stripe->($n - 64, 121);
    my @key = unpack 'Q<8', substr $secret, 11, 64;
    my $hash = multiply($n, $p64_1);
    $hash = add($hash, fold($acc[2 * $_] ^ $key[2 * $_], $acc[2 * $_ + 1] ^ $key[2 * $_ + 1])) for 0 .. 3;
    $hash = (~0 & $hash) ^ (~0 & $hash) >> 37;
    $hash = ~0 & multiply($hash, 0x165667919E3779F9);
    return pack 'Q>', $hash ^ $hash >> 32;
}

1;
