# to-m3u: lines, orders, files and their names, what it refuses.
# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;
use Test::More;
use Songpipe;
use Stream;

sub list { my ($json, $options) = @_; return runs('from-json | to-m3u --missing ' . ($options // ''), $json) }
sub paths { return join ' ', grep { !/^#/ } split /\n/, list(@_) }

is(list('{"id":"a","path":"m/a.mp3","title":"T","artist":"A","seconds":30.6}{"id":"b","path":"/b.mp3","title":null}'),
    "#EXTM3U\n#EXTINF:31,A - T\nm/a.mp3\n#EXTINF:-1,b.mp3\n/b.mp3\n", 'seconds, artist, title; the name of the file without them');
is(list(''), "#EXTM3U\n", 'no songs');
is(list(q({"id":"a","path":"#EXTM3U.mp3","title":"\n#EXTM3U\n","artist":"\u001b[2J"})),
    "#EXTM3U\n#EXTINF:-1, [2J -  #EXTM3U \n./#EXTM3U.mp3\n", 'titles and paths are no lines of their own');
unlike(list('{"id":"a","path":"a","title":"' . 'x' x 3000 . '"}'), qr/x{257}/, 'a long title is cut');

# orders
my $line = join '', map { qq({"id":"$_","path":"$_","distance":) . ($_ == 5 ? 'null' : (7 * $_) % 5 + 0.5) . qq(,"x":[) . (3 * $_) % 7 . qq(,0],"g":"h","artist":") . ($_ < 3 ? 'A' : "B$_") . qq("}) } 0 .. 5;
is(paths($line), '0 3 1 4 2 5', 'nearest to the centre first, those without a distance last');
is(paths($line, '--order stream'), '0 1 2 3 4 5', 'as they came');
is(paths($line, '--order path'), '0 5 3 1 4 2', 'from song to song');
is(paths($line, '--order stream --apart artist'), '0 3 1 4 2 5', 'artists apart');
is(paths($line, '--apart nothing'), '0 3 1 4 2 5', 'songs without the field are like no other');
is(paths('{"id":"a","path":"a","xy":[0],"x":[0]}{"id":"b","path":"b","xy":[9],"x":[1]}{"id":"c","path":"c","xy":[1],"x":[9]}', '--order path'), 'a c b', 'xy before x');
is(list('{"id":"a","path":"a","c":1}{"id":"b","path":"b","c":"x\ny"}{"id":"c","path":"c","c":1.0}', '--by c'),
    "#EXTM3U\n#EXTGRP:c 1\n#EXTINF:-1,a\na\n#EXTINF:-1,c\nc\n#EXTGRP:x y\n#EXTINF:-1,b\nb\n", 'groups in one list');

is(paths('{"id":"a","path":"a","distance":2.5}{"id":"b","path":"b","distance":2}{"id":"c","path":"c","rank":1}'), 'b a c', 'a distance that is whole');

# files
mkdir "$tmp/music";
spew("$tmp/music/$_.mp3", '') for qw(a b);
my $two = qq({"id":"a","path":"$tmp/music/a.mp3","c":0}{"id":"b","path":"$tmp/music/b.mp3","c":1});
runs("from-json | to-m3u --by c --dir $tmp/lists", $two);
is(slurp_file("$tmp/lists/c 1.m3u8"), "#EXTM3U\n#PLAYLIST:c 1\n#EXTINF:-1,b.mp3\n../music/b.mp3\n", 'a file for each, with relative paths');
refuses(6, qr/^to-m3u: .*lists has files already: give another --dir, or --force/, "from-json | to-m3u --dir $tmp/lists", $two);
like(slurp_file("$tmp/lists/c 0.m3u8"), qr|^#EXTM3U\n#PLAYLIST:c 0\n.*\n../music/a.mp3\n\z|, 'nothing was lost');
runs("from-json | to-m3u --force --dir $tmp/lists", $two);
like(slurp_file("$tmp/lists/songs.m3u8"), qr/a\.mp3\n.*\n.*b\.mp3$/, '--force writes beside them');
mkdir "$tmp/empty";
runs("from-json | to-m3u --by c --missing --dir $tmp/empty", q({"id":"a","path":"a","c":"A/B"}{"id":"b","path":"b","c":"a?b"}{"id":"c","path":"c","c":"a_B (2)"}{"id":"f","path":"f","c":"a*b"}{"id":"d","path":"d","c":"NUL"})
    . '{"id":"e","path":"e","c":"' . 'n' x 300 . '"}');
opendir my $d, "$tmp/empty";
is(join(' ', sort grep { !/^\./ } readdir $d), join(' ', 'A_B.m3u8', '_NUL.m3u8', 'a_B (2) (2).m3u8', 'a_b (2).m3u8', 'a_b (3).m3u8', 'n' x 200 . '.m3u8'), 'names that FAT and NTFS take, no two alike');
like(slurp_file("$tmp/empty/A_B.m3u8"), qr/^(\.\.\/)+.*a$/m, 'a path that is not there, too, leads from the folder');

# vanished files, bad records
my ($status, $out, $err) = run('from-json | to-m3u', qq({"id":"v","path":"$tmp/gone.mp3"}$two));
is($status, 1, 'a file that is not there: status 1');
like($err, qr/v: .*gone\.mp3: No such file/, 'it is named');
is(scalar(() = $out =~ /^#EXTINF/mg), 2, 'and left out');
refuses(6, qr/gone\.mp3: No such file/, 'from-json | to-m3u --on-error fail', qq({"id":"v","path":"$tmp/gone.mp3"}));
refuses(6, qr/a: its path has a line break/, 'from-json | to-m3u --missing --on-error fail', '{"id":"a","path":"a\nb"}');
refuses(6, qr/a: no field path|path/, 'from-json | to-m3u --on-error fail', '{"id":"a"}');
refuses(6, qr/a: .*no field g/, 'from-json | to-m3u --missing --by g --on-error fail', '{"id":"a","path":"a"}');
refuses(6, qr/g is not a label/, 'from-json | to-m3u --missing --by g --on-error fail', '{"id":"a","path":"a","g":[1]}');
refuses(6, qr/^to-m3u: .*none\/lists:/, "from-json | to-m3u --missing --dir $tmp/none/lists", '{"id":"a","path":"a"}');
refuses(6, qr/has 4097 values, too many/, 'from-json | to-m3u --missing --by id', join '', map { qq({"id":"$_","path":"a"}) } 0 .. 4096);
refuses(6, qr/20001 songs .*too many for --order path/, 'from-json | to-m3u --missing --order path', join '', map { qq({"id":"$_","path":"a","x":[1]}) } 0 .. 20000);
is(runs('from-json | to-m3u --missing --by g', '{"id":"a","path":"a","g":null}'), "#EXTM3U\n", 'a song of no group is in none');
done_testing;
