# map-page: what is in the page, that no text of a record is more than text, and what is refused
# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;
use Digest::SHA 'sha256_base64';
use MIME::Base64 ();
use Encode 'encode_utf8';
use JSON::PP;
use Songpipe;
use Stream;
use Test::More;

# The data of a page, and the page without them.
sub parts {
    my ($page) = @_;
    my @blocks = $page =~ m{<script type="application/json" id="data">(.*?)</script>}sg;
    is(scalar @blocks, 1, 'one block of data');
    return (decode_json($blocks[0]), $page =~ s/\Q$blocks[0]\E//r);
}
sub column { my ($data, $name) = @_; return (map { $_->{v} } grep { $_->{name} eq $name } @{ $data->{fields} })[0] }

my @songs = (
    record('a', xy => vec(1, 2), cluster => int64(0), genre => str('rock'), tempo => f64(120.1), path => str('m/a 1.mp3'), on => bool(1)),
    record('b', xy => vec(3, 6), cluster => int64(-1), genre => nil(), path => str('b.mp3'), x => vec(1, 2, 3), tempo => f64(9**9**9)),
    record('c', xy => nil(), cluster => int64(0), genre => str('jazz'), path => nil()),
    record('d', xy => vec(2, 2, 7), cluster => int64(1), genre => str('jazz'), path => "\xc4\x04" . "\xff%a/", late => int64(5)));
my $in = stream({}, @songs[0 .. 2]);
my ($data, $rest) = parts(runs('map-page -q --title "A & <B>" --name genre', $in));
is_deeply($data->{xy}, [0, 0, 50000, 99999], 'places, of one scale for both axes');
is($data->{left}, 1, 'a song without a place is left out, and counted');
is_deeply(column($data, 'id'), ['a', 'b'], 'ids');
is_deeply(column($data, 'genre'), ['rock', undef], 'a text and nil');
is_deeply(column($data, 'cluster'), [0, -1], 'numbers');
is_deeply(column($data, 'tempo'), [120.1, undef], 'a fraction; infinity is none');
is_deeply([map { $_->{name} } @{ $data->{fields} }], [qw(id cluster genre tempo path on)], 'the fields, without vectors');
is_deeply([$data->{audio}, $data->{name}, $data->{color}, @{ $data->{clips} }], ['link', 'genre', undef], 'what was asked for');
is(() = $rest =~ /A &#38; &#60;B&#62;/g, 2, 'the title is text, twice');
like($rest, qr{<title>A &#38; &#60;B&#62;</title>}, 'one as the title');

# Nothing is fetched, and the policy allows the page's own style and script alone.
my ($policy) = $rest =~ /<meta http-equiv="Content-Security-Policy" content="(.*?)">/;
my ($style) = $rest =~ m{<style>(.*?)</style>}s;
my @scripts = $rest =~ m{<script>(.*?)</script>}sg;
is(scalar @scripts, 1, 'one script');
is($policy, "default-src 'none'; script-src 'sha256-" . sha256_base64($scripts[0]) . "='; style-src 'sha256-" . sha256_base64($style) .
    "='; media-src 'self' file:; base-uri 'none'; form-action 'none'", 'the policy names both by their hash');
unlike($rest, qr{https?:|//\w|\b(?:src|href|action|on\w+)=|(?<!Object)url\(|\@import|\bimport\b|\bfetch\b|XMLHttp|WebSocket|eval\(|innerHTML}i, 'no address, and nothing that fetches');
like(runs('map-page -q --audio none', $in), qr/media-src 'none'/, 'no sound: none is allowed');
is((parts(runs('sp-fields --drop path | map-page -q', $in)))[0]{audio}, 'none', 'without a path the page is silent');
is(runs('map-page -q --prefix ../ | sha256sum', $in), runs('map-page -q --prefix ../ | sha256sum', $in), 'the same bytes again');

# A field that comes late, a path that is not UTF-8, a third coordinate.
spew("$tmp/late.sp", stream({}, record('a', xy => vec(1, 2)), record('d', xy => vec(2, 2), path => "\xc4\x05\xff%a/b", late => int64(5)),
    record('e', xy => vec(3, 2))));
($data) = parts(runs("map-page -q $tmp/late.sp"));
is_deeply([column($data, 'late'), column($data, 'path')], [[undef, 5, undef], [undef, '%FF%25a/b', undef]], 'nil where a song lacks it');
is_deeply($data->{raw}, [1], 'a path that is an address already');
is_deeply((parts(runs('map-page -q', stream({}, record('a', xy => vec(5, 5, 1)), record('b', xy => vec(5, 5, 2))))))[0]{xy}, [0, 0, 0, 0], 'songs at one place');

# Neighbours: by number, of songs that are in the page, twenty at most; what is no list of ids is none.
{
    my @of = ([qw(b gone a)], [], [map { "s$_" } 1 .. 30], ['a', 7]);
    my $list = sub { Stream::array_of(map { /^\d/ ? int64($_) : str($_) } @_) };
    my $near = sub { (parts(runs('map-page -q', stream({}, @_))))[0]{near} };
    is_deeply($near->((map { record((qw(a b c d))[$_], xy => vec($_, 0), neighbours => $list->(@{ $of[$_] })) } 0 .. 3),
        (map { record("s$_", xy => vec($_, 1), neighbours => $_ == 1 ? nil() : vec(1, 2)) } 1 .. 30)),
        [[1, 0], [], [4 .. 23], [0], map { [] } 1 .. 30], 'neighbours by number');
    is($near->(record('a', xy => vec(1, 2))), undef, 'none');
    is_deeply($near->(record('a', xy => vec(1, 2), neighbours => $list->('x'))), [[]], 'none of the page');
}

# Nasty texts, as values, names of fields, ids and titles.
my @nasty = ('<script>alert(1)</script>', '</script><script>alert(1)</script>', ']]>', '-->', '<!--', "\x{2028}\x{2029}", "a\nb\r\t\0\x{1}",
    '" onmouseover="x', "'", '\\', '`${1}`', '@DATA@ @SCRIPT@', "\x{202e}abc", "\x{09ac}\x{09be}\x{0982}", 'x' x 300, '{}', '%s%n', '&lt;');
my $k = 0;
spew("$tmp/nasty.sp", stream({}, map { record($k++ . encode_utf8($_), xy => vec(1, $k), title => str(encode_utf8($_)), encode_utf8($_) => int64($k)) } @nasty));
spew("$tmp/title", encode_utf8("</title><script>alert(1)</script>"));
my $page = runs("map-page -q --title \"\$(cat $tmp/title)\" $tmp/nasty.sp");
($data, $rest) = parts($page);
is_deeply(column($data, 'title'), \@nasty, 'nasty texts come through as they are');
is_deeply([map { $_->{name} } @{ $data->{fields} }], ['id', 'title', @nasty], 'and as names of fields');
my ($block) = $page =~ m{id="data">(.*?)</script>}s;
unlike($block, qr/<|\xe2\x80[\xa8\xa9]/, 'no < and no separator of lines stands in the data');
unlike($rest, qr{<script>alert}, 'none is markup in the page');
is(scalar(() = $page =~ /<script/g), 2, 'and no script came in');

# The pipeline that made it.
like((parts(runs('from-json | pca -n 2 -o xy | map-page -q', join '', map { qq({"id":"$_","x":[$_,@{[$_ * $_]},1]}) } 1 .. 4)))[0]{made},
    qr/^from-json .*FILE\.\.\. \|\npca .*--n-components 2.*$/s, 'how it was made');

# Of 0, 1 and 3 songs.
for my $n (0, 1, 3) {
    my ($d) = parts(runs('map-page -q', stream({}, map { record("s$_", xy => vec($_, -$_), title => str("t$_")) } 1 .. $n)));
    is_deeply([scalar @{ $d->{xy} }, $d->{left}], [2 * $n, 0], "$n songs");
}

# 100 000 songs: at most 100 bytes a song over its texts.
my ($n, $texts) = (100000, 0);
my $many = join '', map { my $id = "song $_"; my $title = "A title of some length, number $_"; $texts += length "$id$title";
    qq({"id":"$id","title":"$title","cluster":@{[$_ % 40]},"tempo":@{[60 + $_ / 777]},"xy":[@{[sin $_]},@{[cos 3 * $_]}]}) } 1 .. $n;
$page = runs('from-json | map-page -q', $many);
cmp_ok(length($page) - $texts, '<', 100 * $n, '100 000 songs: under 100 bytes each over the texts');
is(scalar @{ (parts($page))[0]{xy} }, 2 * $n, 'and all are there');

# Previews.
{
    spew("$tmp/a.wav", wav(440, 3, 22050));
    spew("$tmp/b.wav", wav(220, 0.5, 8000));
    my $list = stream({}, record('a', xy => vec(1, 2), path => str("$tmp/a.wav")), record('gone', xy => vec(2, 2), path => str("$tmp/gone.wav")),
        record('b', xy => vec(3, 1), path => str("$tmp/b.wav")), record('nil', xy => vec(3, 2), path => nil()));
    my ($status, $out, $err) = run('map-page --audio embed --preview 1 -j 2', $list);
    is($status, 0, 'previews') or diag($err);
    like($err, qr/^map-page: 4 previews of 1 s: about 0\.0\d+ MB$/m, 'their size is said beforehand');
    like($err, qr{^map-page: $tmp/gone\.wav: no preview: cannot open}m, 'a file that has vanished is named');
    like($err, qr/^map-page: songs without a preview: 2$/m, 'and counted');
    my ($d, $r) = parts($out);
    is_deeply([map { defined ? 1 : 0 } @{ $d->{clips} }], [1, 0, 1, 0], 'previews of those that are there');
    is($d->{silent}, 2, 'the page says how many are not');
    like($r, qr/media-src data:;/, 'and may play what is in it alone');
    is($out, (run('map-page -q --audio embed --preview 1 -j 1', $list))[1], 'the same bytes for any -j, and again');
    is(substr(MIME::Base64::decode_base64($d->{clips}[0]), 0, 4), 'OggS', 'an Ogg file');
    refuses(4, qr/previews? of 1 s would take about .* MB, and --max-size is .* MB: give a shorter --preview/,
        'map-page -q --audio embed --preview 1 --max-size 1K', $list);
    refuses(4, qr/previews of \d of 4 songs take over/, 'map-page -q --audio embed --preview 1 --max-size 14K', stream({}, map { record($_, xy => vec(1, $_), path => str("$tmp/a.wav")) } 1 .. 4));
    # A piece of a song: its own part of the file.
    my $late = wav(440, 3, 8000);
    substr $late, 44, 2 * 2 * 8000, "\0" x (2 * 2 * 8000);         # silent until 2 s
    spew("$tmp/late.wav", $late);
    my $cut = sub { my ($id, @more) = @_; record($id, xy => vec(1, 2), path => str("$tmp/late.wav"), @more) };
    ($d) = parts(runs('map-page -q --audio embed --preview 1', stream({}, $cut->('s#0', track => str('s'), start => f64(0), seconds => f64(1)),
        $cut->('s#4', track => str('s'), start => f64(2.25), seconds => f64(.5)), $cut->('s'), $cut->('start', start => f64(2.25)))));
    my @heard = map {
        spew("$tmp/clip.opus", MIME::Base64::decode_base64($_));
        my ($r) = records('decode -q', stream({}, record('c', path => str("$tmp/clip.opus"))));
        my @x = @{ $r->{pcm} };
        [sprintf('%.1f', $r->{seconds}), (grep { abs > .1 } @x) ? 1 : 0];
    } @{ $d->{clips} };
    is_deeply(\@heard, [['1.0', 0], ['0.5', 1], ['1.0', 1], ['1.0', 1]], 'previews of pieces, and of songs that are none');
    # A decoder that is killed, as for want of memory, is no song's fault.
    spew("$tmp/long.wav", wav(440, 600, 22050));
    spew("$tmp/long.sp", stream({}, record('a', xy => vec(1, 2), path => str("$tmp/long.wav"))));
    refuses(6, qr/^map-page: the decoder was killed from outside/, "map-page -q --audio embed $tmp/long.sp & p=\$!; " .
        'while kill -0 $p; do kill -9 $(cat /proc/$p/task/$p/children) && break; done 2>/dev/null; wait $p', undef, 1);
    refuses(6, qr/^map-page: a: no field path; or give --audio none/, 'map-page --audio embed', stream({}, record('a', xy => vec(1, 2))));
}

# A sine of so many seconds as a WAV file.
sub wav {
    my ($hertz, $seconds, $rate) = @_;
    my $samples = pack 's<*', map { 16000 * sin(6.2831853 * $hertz * $_ / $rate) } 0 .. $seconds * $rate - 1;
    return 'RIFF' . pack('V', 36 + length $samples) . 'WAVEfmt ' . pack('VvvVVvv', 16, 1, 1, $rate, 2 * $rate, 2, 16) .
        'data' . pack('V', length $samples) . $samples;
}

# What is refused.
refuses(6, qr/^map-page: a: no field xy/, 'map-page', stream({}, record('a', x => vec(1, 2))));
refuses(6, qr/^map-page: a: xy has one column, but a map needs two/, 'map-page', stream({}, record('a', xy => vec(1))));
refuses(6, qr/^map-page: a: no field nope/, 'map-page --color nope', $in);
refuses(6, qr/^map-page: a: no field nope/, 'map-page --name nope', $in);
refuses(6, qr/^map-page: b: /, 'map-page', stream({}, record('a', xy => vec(1, 2)), record('b', xy => vec(1, 9**9**9))));
refuses(6, qr/over 64 fields, too many to show/, 'map-page', stream({}, record('a', xy => vec(1, 2), map { ("f$_" => int64(1)) } 1 .. 64)));
refuses(3, qr/cut/, 'map-page', substr $in, 0, -9);
refuses(2, qr/--preview/, 'map-page --preview 3', $in);
done_testing;
