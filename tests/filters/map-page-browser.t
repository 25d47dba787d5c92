# map-page in a browser: chromium, where it is installed
# SCREENSHOTS=DIR keeps pictures of three sizes, light and dark.
# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;
use Browser;
use File::Path 'make_path';
use Songpipe;
use Stream;
use Test::More;

my ($started, $why) = browser_starts();
plan skip_all => $why unless $started;

# ---- pages ----

sub wav {
    my ($hertz) = @_;
    my $samples = pack 's<*', map { 12000 * sin(6.2831853 * $hertz * $_ / 8000) } 0 .. 2 * 8000 - 1;
    return 'RIFF' . pack('V', 36 + length $samples) . 'WAVEfmt ' . pack('VvvVVvv', 16, 1, 1, 8000, 16000, 2, 16) . 'data' .
        pack('V', length $samples) . $samples;
}
spew("$tmp/tone $_ #1%.wav", wav(200 + 50 * $_)) for 0 .. 2;
my @songs = map { record("s$_", xy => vec($_ % 4, int($_ / 4)), cluster => int64($_ < 8 ? 0 : $_ < 11 ? 1 : -1), tempo => f64(90.5 + $_),
    title => str($_ == 5 ? '<img src=x onerror=alert(1)>' : "Song \xc3\xa9t\xc3\xa9 $_"), genre => str($_ % 2 ? 'rock' : 'jazz, "hot"'),
    path => str("tone $_ #1%.wav")) } 0 .. 11;
spew("$tmp/songs.sp", stream({}, @songs));
runs("map-page --title 'Twelve <b>songs</b>' --output $tmp/map.html $tmp/songs.sp");
size(1280, 800);
scheme('light');
open_page("$tmp/map.html");

is(text('count'), '12 songs', 'the page counts its songs');
is(value('document.querySelector("h1").textContent'), 'Twelve <b>songs</b>', 'its title is text');
is(value('document.querySelectorAll("#legend li button").length'), 3, 'a legend of three classes');
is(value('document.querySelector("#legend li:last-child span").textContent'), 'noise', 'noise is the last');
is(value('groups.map(g => g.name).join("|")'), 'jazz, "hot"|jazz, "hot"', 'clusters are named by what the most of their songs say');
ok(value('(() => { const p = pen.getImageData(sx(0) * ratio, sy(0) * ratio, 1, 1).data; return p[2] > 150 && p[0] < 60; })()'), 'song 0 is drawn, in blue');

is(value('groups.map(g => g.text).join("|")'), "0 \x{b7} jazz, \"hot\"|1 \x{b7} jazz, \"hot\"", 'and those of one name told apart');

# Hover, search, legend.
mouse('mouseMoved', at(5));
ok(until_true('!document.getElementById("card").hidden'), 'the card is shown under the mouse');
like(text('card'), qr/<img src=x onerror=alert\(1\)>.*s5.*95\.5/s, 'with all fields, as text');
is(value('document.querySelectorAll("#card img").length'), 0, 'and without markup');
value('document.getElementById("search").focus()');
ask('Input.insertText', text => 'ETE jazz');
is(text('hits'), '6 songs found', 'search: without accents and case, all words');
my $pixel = '(i => { draw(); return [...pen.getImageData(sx(i) * ratio, sy(i) * ratio, 1, 1).data]; })';
ok(value("$pixel(1).every((v, k) => Math.abs(v - [228, 228, 229.5, 255][k]) < 1)"), 'what is not found is pale: 3 parts in 10 of the grey, on white');
ok(value("(([r, g, b]) => r < 60 && b > 150)($pixel(0))"), 'what is found keeps its colour');
mouse('mouseMoved', at(4));
is(value('document.querySelector("#card mark").textContent'), 'jazz', 'the word is marked');
ask('Input.insertText', text => 'x');
is(text('hits'), 'Nothing found', 'nothing is found');
value('document.getElementById("search").value = ""; search()');
value('document.querySelectorAll("#legend li button")[1].click()');
is(text('hits'), '3 songs shown', 'a click in the legend shows one class');
value('document.querySelector("#legend .row button").click()');
value('document.getElementById("colour").value = "tempo"; document.getElementById("colour").onchange()');
like(text('legend'), qr/^90\.5\d*96\d*101\.5$/, 'a scale of numbers');
value('document.getElementById("colour").value = "cluster"; document.getElementById("colour").onchange()');

# Sound: a click plays the file, whatever is in its name; one that is not there is said, and the page goes on.
click(at(1));
ok(until_true('player.currentTime > 0 && !player.error'), 'a click plays the file') or diag(value('player.src'), text('now'));
like(value('player.src'), qr{/tone%201%20%231%25\.wav$}, 'its name is a name');
click(at(2), modifiers => 8);
is(text('now'), '1 in the queue', 'shift and click queues');
click(at(7));
ok(until_true('/not there/.test(document.getElementById("now").textContent) || playing === 2'), 'a vanished file is said');
ok(until_true('playing === 2 && player.currentTime > 0'), 'and the queue goes on');
value('player.pause()');

# Neighbours: without a field the nearest on the map; a click plays one, with shift queues it; the keyboard goes there and back.
is(text('of'), "Nearest on the map to Song \x{e9}t\x{e9} 2", 'the neighbours of what plays, by the map');
is(value('around.slice(0, 3).sort((a, b) => a - b).join()'), '1,3,6', 'are the nearest');
value('map.focus(); point(6)');
key('m');
is(value('document.activeElement === document.querySelector("#near button")'), 1, 'M goes to the first neighbour');
is(value('current + " " + asked'), value('around[0]') . ' 6', 'which is shown on the map');
key('Escape');
is(value('document.activeElement.id'), 'map', 'Escape goes back');
value('document.getElementById("queue").click()');
like(text('next'), qr/^Next: .*; .*; .* and 6 songs more$/, 'all of them are queued');
value('queue.length = 0; player.pause()');

# Lasso around the lowest row, what is saved.
my ($ax, $ay) = at(0);
my ($bx, $by) = at(3);
mouse('mousePressed', $ax - 30, $ay - 25, button => 'left', modifiers => 8);
mouse('mouseMoved', @$_, button => 'left', modifiers => 8) for [$bx + 30, $by - 25], [$bx + 30, $by + 25], [$ax - 30, $ay + 25];
mouse('mouseReleased', $ax - 30, $ay + 25, button => 'left', modifiers => 8);
is(value('[...selected].join()'), '0,1,2,3', 'a line around the lowest row selects it');
is(text('many'), '4 songs selected', 'it is counted');
is(text('within'), qq(cluster0 (4)genrejazz, "hot" (2), rock (2)wordssong (4), \x{e9}t\x{e9} (4)), 'and what is in it');
value('window.saved = []; URL.createObjectURL = b => { saved.push(b); return "#"; }; HTMLAnchorElement.prototype.click = function () { saved.push(this.download); }');
value('document.getElementById("m3u").click(); document.getElementById("csv").click()');
is(value('saved[0].text()'), "#EXTM3U\n" . join('', map { "#EXTINF:-1,Song \x{e9}t\x{e9} $_\ntone $_ #1%.wav\n" } 0 .. 3), 'the playlist');
like(value('saved[2].text()'), qr/^id,cluster,tempo,title,genre,path\r\ns0,0,90\.5,Song \x{e9}t\x{e9} 0,"jazz, ""hot""",tone 0 #1%\.wav\r\n/, 'the table');
is(value('saved[1] + " " + saved[3]'), 'songs.m3u8 songs.csv', 'their names');

# Keys, wheel, table.
value('map.focus()');
my $before = value('sx(0)');
key('ArrowRight');
cmp_ok(abs(value('sx(0)') - $before + 60), '<', 1e-6, 'an arrow moves the map');
key('+');
cmp_ok(value('view.zoom'), '>', 1.3, '+ zooms in');
key('0');
is(value('view.zoom'), 1, '0 shows all');
mouse('mouseWheel', at(6), deltaX => 0, deltaY => -300);
ok(until_true('view.zoom > 1.3'), 'the wheel zooms');
key('0');
value('point(-1)');
key('n');
is(value('current'), 0, 'n goes to the first song');
key('Enter');
is(value('playing'), 0, 'Enter plays it');
value('document.getElementById("rows").click()');
is(value('document.querySelectorAll("#table tbody tr").length'), 12, 'a table of all songs');
is(value('document.querySelectorAll("#table img, #table b").length'), 0, 'as text');
click(@{ value('(() => { const b = document.getElementById("rows").getBoundingClientRect(); return [b.left + 9, b.top + 9]; })()') });
ok(value('document.getElementById("table").hidden'), 'a click on its button closes it');

# Previews in the page.
spew("$tmp/three.sp", stream({}, @songs[0 .. 2]));
runs("cd $tmp && map-page -q --audio embed --preview 1 --output embed.html three.sp");
open_page("$tmp/embed.html");
click(at(1));
ok(until_true('player.currentTime > 0 && !player.error'), 'a preview plays');
cmp_ok(value('Math.abs(player.duration - 1)'), '<', .05, 'of one second');

# Neighbours of the stream; after a song they play on, those that are filtered out left aside, then the nearest on the map.
spew("$tmp/near.sp", stream({}, map { record("s$_", xy => vec($_, 0), path => str("tone $_ #1%.wav"), genre => str($_ == 1 ? 'rock' : 'jazz'),
    $_ == 0 ? (neighbours => Stream::array_of(map { str($_) } 's2', 'gone', 's1')) : ()) } 0 .. 3));
runs("map-page -q --output $tmp/near.html $tmp/near.sp");
open_page("$tmp/near.html");
value('play(0)');
is(text('of'), 'Neighbours of s0', 'neighbours of the stream');
is(value('around.join()'), '2,1', 'of those that are in the page, nearest first');
value('document.getElementById("on").checked = true; player.currentTime = 1.9');
ok(until_true('playing === 2'), 'they play on');
is(text('of'), 'Nearest on the map to s2', 'whose own are those on the map');
value('player.pause(); onward()');
is(value('playing'), 1, 'then the nearest that was not heard');
value('player.pause(); colour = field.get("genre"); colour.off.add(0); heard.delete(3); heard.delete(2); onward()');
is(value('playing'), 1, 'of what is shown');

# Many songs. A slow processor draws some of them while the map moves, and all when it stands.
spew("$tmp/many.json", join '', map { sprintf qq({"id":"song %d","xy":[%.5f,%.5f],"cluster":%s}\n), $_, sin($_ * 1.3) * $_, cos($_ * 2.1) * $_,
    $_ % 41 ? $_ % 40 - 1 : 'null' } 1 .. 3000);
runs("from-json $tmp/many.json | map-page -q --output $tmp/many.html");
open_page("$tmp/many.html");
my ($all, $some, $late) = @{ value(q{(async () => {
  const now = performance.now, take = () => pen.getImageData(0, 0, map.width, map.height).data;
  const drawn = a => { let k = 0; for (let i = 0; i < a.length; i += 4) k += a[i] !== 255 || a[i + 1] !== 255; return k; };
  moving = -1e9; draw();
  const all = take();
  let t = now.call(performance);
  performance.now = () => t += 25;
  pan(0, 0); draw(); pan(0, 0); draw();
  const some = take();
  performance.now = now;
  await new Promise(done => setTimeout(done, 600));
  const late = take();
  return [drawn(all), drawn(some), all.every((v, i) => v === late[i]) ? 1 : 0];
})()}) };
cmp_ok($some, '<', .9 * $all, 'of a slow processor a part while the map moves');
cmp_ok($some, '>', .1 * $all, 'but not nothing');
is($late, 1, 'and all when it stands');
# A piece of a song plays from where it starts.
spew("$tmp/piece.sp", stream({}, map { record("s#000$_", xy => vec($_, 0), path => str('tone 1 #1%.wav'), track => str('s'), start => f64($_)) } 0, 1));
runs("map-page -q --output $tmp/piece.html $tmp/piece.sp");
open_page("$tmp/piece.html");
is(value('source(0)'), 'tone%201%20%231%25.wav', 'the first piece is the beginning of the file');
like(value('source(1)'), qr/#t=1$/, 'the second begins at its second');
value('play(1)');
ok(until_true('player.currentTime > 1'), 'and plays') or diag(value('player.currentTime + player.src'));
value('player.pause()');

# No song, and one.
for my $n (0, 1) {
    runs("map-page -q --output $tmp/n.html", stream({}, map { record("s$_", xy => vec(1, 1)) } 1 .. $n));
    open_page("$tmp/n.html");
    is(text('count'), $n == 1 ? '1 song' : '0 songs', "$n songs");
}
is_deeply([grep { !m{^(?:file|data|blob):} && $_ ne 'about:blank' } @asked], [], 'nothing was asked of the network');
is_deeply([grep { !/ERR_FILE_NOT_FOUND/ } @console], [], 'and the browser had nothing to say');

# Nothing is wider than the window; pictures.
make_path($ENV{SCREENSHOTS}) if $ENV{SCREENSHOTS};
open_page($ENV{PAGE} // "$tmp/map.html");
for my $size ([320, 640], [1280, 800], [3840, 2160]) {
    size(@$size);
    cmp_ok(value('document.documentElement.scrollWidth'), '<=', $size->[0], "$size->[0] pixels: no horizontal scroll");
    for my $scheme (qw(light dark)) { scheme($scheme); picture("$size->[0]-$scheme") }
}
my @back = map { scheme($_); value('getComputedStyle(document.body).backgroundColor') } qw(light dark);
is_deeply(\@back, ['rgb(255, 255, 255)', 'rgb(22, 23, 27)'], 'light and dark');
browser_ends();
done_testing;
