#!/usr/bin/perl
# tracks: files, folders and tables; ids, labels, texts, tags; what is bad and what is not.
# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;
use Songpipe;
use AudioFile;
use Stream;
use Test::More;

sub tree {
    for (@_) {
        my $path = "$tmp/$_";
        for (my $at = 0; ($at = index $path, '/', $at + 1) > 0; ) { mkdir substr $path, 0, $at }
        spew($path, '') if $path !~ m{/$};
    }
}
sub ids { return join ' ', map { $_->{id} } sounds("cd $tmp && tracks $_[0]") }
sub said { my ($status, $out, $err) = run("cd $tmp && tracks $_[0] >out.sp"); return ($status, $err) }

# ---- files and folders ----

tree(qw(m/rock/a.mp3 m/rock/b.FLAC m/rock.wav m/rock-1.ogg m/jazz/live/c.d.opus m/jazz/x.txt m/top.aiff m/.hidden.wav
    m/.git/d.wav m/z/.wav m/noSuffix m/Jazz/u.au), "m/\xc3\xa9.wav");
is(ids('m'), "Jazz/u jazz/live/c.d rock-1 rock rock/a rock/b top \xc3\xa9", 'a folder, by code points, hidden files left out');
my $found = join ' ', map { s{^m/}{}r =~ s/\.[^.]*$//r } grep { /\.(au|opus|ogg|wav|mp3|flac|aiff)$/i && !m{/\.} }
    split /\n/, `cd $tmp && find m -type f | LC_ALL=C sort`;
is(ids('m'), $found, 'in the order of find | LC_ALL=C sort');
is(ids('m/'), $found, 'with a slash behind it');
is(ids('m/rock m/jazz'), 'a b live/c.d', 'two folders');
is(ids('m/rock/a.mp3 m/noSuffix m/jazz/x.txt ./m/jazz/live/c.d.opus'), 'a noSuffix x c.d', 'files, whatever their names');
is(ids('--suffixes txt,MP3 m'), 'jazz/x rock/a', '--suffixes');
is(join(' ', map { $_->{path} } sounds("cd $tmp && tracks m/rock ./m/top.aiff")), 'm/rock/a.mp3 m/rock/b.FLAC ./m/top.aiff', 'paths');
tree("b/caf\xe9/\xff\xfe.wav");
my ($r) = sounds("cd $tmp && tracks b");
is($r->{id}, 'caf%E9/%FF%FE', 'bytes that are not UTF-8 in an id');
is($r->{path}, "b/caf\xe9/\xff\xfe.wav", 'and in a path');
like(runs("cd $tmp && tracks b"), qr/\xa4path\xc4/, 'which is bin then');
is(ids('--label g=dir b'), 'caf%E9/%FF%FE', 'and in a label');
tree(qw(links/deep/a.wav));
symlink '..', "$tmp/links/deep/up";
symlink "$tmp/m/rock", "$tmp/links/rock";
my ($status, $err) = said('links');
is($status, 1, 'a circle of links: status 1');
like($err, qr{^tracks: links/deep/up: a link to a folder that contains it$}m, 'and it is named');
is(join(' ', map { $_->{id} } sounds("cat $tmp/out.sp")), 'deep/a rock/a rock/b', 'other links are followed');

# ---- bad ones ----

($status, $err) = said('m/rock nowhere m/top.aiff');
is($status, 1, 'an operand that does not exist: status 1');
like($err, qr/^tracks: nowhere: No such file or directory$/m, 'and it is named');
is(join(' ', map { $_->{id} } sounds("cat $tmp/out.sp")), 'a b top', 'the others are there');
refuses(6, qr/^tracks: nowhere: No such/, "cd $tmp && tracks --on-error fail nowhere m", undef, 1);
my @r = records("cd $tmp && tracks --on-error emit m/top.aiff nowhere");
is_deeply([@{ $r[1] }{qw(id path error)}], ['nowhere', undef, 'No such file or directory'], '--on-error emit');
SKIP: {
    skip 'root may read everything', 1 if $> == 0;
    tree('closed/a.wav');
    chmod 0, "$tmp/closed";
    ($status, $err) = said('closed');
    chmod 0700, "$tmp/closed";
    like($err, qr/^tracks: closed: Permission denied$/m, 'a folder that cannot be read');
}
tree('two/a.mp3', 'two/a.wav', 'two/b.mp3', 'three/a.wav', 'three/b.wav');
is(ids('two 2>err'), 'a.mp3 a.wav b', 'one stem, two suffixes: they stay, both');
like(slurp_file("$tmp/err"), qr/^tracks: 2 files share the name of another: their suffix or folder is part of the id$/m, 'and it is said');
is(ids('-q two three'), 'a.mp3 two/a.wav b.mp3 three/a b.wav', 'both');
is(ids('-q ./two/b.mp3 three/b.wav two/a.wav three/a.wav'), 'b.mp3 b.wav two/a three/a', 'without a dot in front');
is(ids("-q $tmp/two/a.wav three/a.wav"), "$tmp/two/a three/a", 'of another place');
tree('four/a.mp3', 'four/a.mp3.flac', 'four/a.wav', 'four/x/a.mp3', 'four/x/y/a.wav');
is(ids('-q four'), 'a.mp3 a.mp3.flac a.wav x/a x/y/a', 'the name of one is the stem of another');
is(ids('-q four/a.mp3.flac four/a.wav four/a.mp3'), 'a.mp3 a.wav four/a.mp3', 'in whatever order');
($status, $err) = said('-q four four/x');
is($status, 1, 'a folder within another: status 1');
is(join(' ', map { $_->{id} } sounds("cat $tmp/out.sp")), 'a.mp3 a.mp3.flac a.wav x/a x/y/a', 'each file once');
like($err, qr{^tracks: x/y/a: this id appears twice; four/x/y/a.wav is left out: it was listed before$}m, 'and it is named');
($status, $err) = said('two/a.wav two/a.wav two/b.mp3');
is($status, 1, 'a file named twice: status 1');
like($err, qr{^tracks: a: this id appears twice; two/a.wav is left out: it was listed before$}m, 'and it is named');
is(join(' ', map { $_->{id} } sounds("cat $tmp/out.sp")), 'a b', 'it stands once');
is(() = runs("cd $tmp && tracks -q --on-error emit two/b.mp3 two/b.mp3 2>/dev/null") =~ /SONGPIPE\xce..../sg, 3, 'and once under emit: header, one, end');
like((said('m/z'))[1], qr{^tracks: m/z: no audio files in it$}m, 'an empty folder says so');
like((said('--suffixes xyz m'))[1], qr{^tracks: m: no audio files in it of these --suffixes$}m, 'or one without such files');
unlike((said('m'))[1], qr/no audio/, 'and no other');
tree('kinds/1.wv', 'kinds/2.mp1', 'kinds/3.voc', 'kinds/4.mpga', 'kinds/5.sph', 'kinds/6.wave', 'kinds/7.txt');
is(ids('kinds'), '1 2 3 4 5 6', 'suffixes of all that decodes');
is(ids('m/jazz/live/') . ids('-q m/z'), 'c.d', 'an empty folder is no error');
for ('', 'm --csv x.csv', '--path a m', '--label genre m', '--label genre=folder m', "--label 'g=regex:(' m", '--label id=dir m',
    '--label path=dir m', '--text lyrics= m', '--delimiter ab m') {
    refuses(2, qr/^tracks: /, "cd $tmp && tracks $_");
}

($status, my $none, $err) = run("cd $tmp && (ulimit -n 4; exec tracks --tags two/a.mp3) >out.sp");
is($status, 6, '--tags without descriptors for a process: status 6');
like($err, qr{^tracks: .*Too many open files$}m, 'and a line that says so');

# ---- labels, texts ----

sub field { my ($name, $args) = @_; return join ' ', map { $_->{$name} // 'nil' } sounds("cd $tmp && tracks $args") }
is(field('g', '--label g=dir m'), 'Jazz jazz nil nil rock rock nil nil', 'dir: the first folder below the operand');
is(field('g', "--label 'g=regex:m/([a-z]+)/' m"), 'nil jazz nil nil rock rock nil nil', 'regex: its first group');
is(field('g', "-l 'g=regex:[ab]\\.' m/rock"), 'a. b.', 'or the whole match');
is(field('g', "-l 'g=regex:(x)?a' m/rock"), 'nil nil', 'a group without a match is nil');
is(field('h', "-l g=dir -l 'h=regex:[^/]+\$' m/rock"), 'a.mp3 b.FLAC', 'two labels');
mkdir "$tmp/m/rock/lyrics";
spew("$tmp/m/rock/lyrics/a.txt", "\xef\xbb\xbfna, \"na\"\n\xe0\xa6\x97\xe0\xa6\xbe\xe0\xa6\xa8\n");
is(field('lyrics', "--text 'lyrics=lyrics/{stem}.txt' m/rock"), "na, \"na\"\n\xe0\xa6\x97\xe0\xa6\xbe\xe0\xa6\xa8\n nil", 'a text beside each file');
is(field('t', "-t 't=$tmp/m/{stem}/{stem}.x' m/rock"), 'nil nil', 'from elsewhere; none');
spew("$tmp/m/rock/b.txt", "\xff\xfec\0a\0f\0\xe9\0");
is(field('l', "--text 'l={stem}.txt' m/rock"), "nil caf\xc3\xa9", 'UTF-16 with a mark');
spew("$tmp/m/rock/a.lrc", "\xef\xbb\xbf[ti:Rain]\r\n[ar:Name: x]\n[offset:+100]\n\n[00:12.34][01:12]It rains\r\n[00:15.00]<00:15.10>all <00:15.9>day\n[Chorus]\n[01:00.00]\n3:30 at night\n");
is(field('l', "--text 'l={stem}.lrc' m/rock/a.mp3"), "\nIt rains\r\nall day\n[Chorus]\n3:30 at night\n", 'the time stamps of .lrc are not words');
spew("$tmp/m/rock/a.SRT", "1\n00:00:01,000 --> 00:00:02,500\n<i>It rains</i>\n\n2\r\n00:00:03,000 --> 00:00:04,000  X1:40 X2:600\r\n{\\an8}24 hours\r\na < b\r\n3\n00:00:05,0 --> 00:00:06,0\nno blank\n00:00:07,0 --> 00:00:08,0\n\r\n99\n12\n");
is(field('l', "--text 'l={stem}.SRT' m/rock/a.mp3"), "It rains\n\n24 hours\r\na < b\r\nno blank\n\r\n99\n12\n", 'nor those of .srt, and its numbers');
spew("$tmp/m/rock/a.vtt", "WEBVTT - title\nKind: x\n\nNOTE\nnobody sees\n\nSTYLE\n::cue {}\n\nintro\n00:01.000 --> 00:02.000 align:left\n<v Ann>It <00:01.500>rains</v>\n\n00:00:03.000 --> 00:00:04.000\nNOTE this\n");
is(field('l', "--text 'l={stem}.vtt' m/rock/a.mp3"), "\n\n\nIt rains\n\nNOTE this\n", 'nor those of .vtt');
spew("$tmp/m/rock/a.txt", "1\n00:00:01,000 --> 00:00:02,500\n");
is(field('l', "--text 'l={stem}.txt' m/rock/a.mp3"), "1\n00:00:01,000 --> 00:00:02,500\n", 'another text stays what it is');
tree("u/\xc3\x85sa/x.wav", "u/\xd0\x81\xd0\xb6/x.wav", "u/\xff\xc3\xa9a/x.wav");
is(field('g', "--label 'g=regex:u/(.)' u"), "\xc3\x85 \xd0\x81 %FF", 'regex: a point is a character; a byte where the path is not UTF-8');
is(field('g', "--label 'g=regex:u/(.[[:lower:]])' u"), "\xc3\x85s \xd0\x81\xd0\xb6 nil", 'and classes know all letters');
spew("$tmp/m/rock/b.txt", "caf\xe9");
($status, $err) = said("--text 'lyrics={stem}.txt' m/rock");
is($status, 1, 'a text that is not UTF-8: status 1');
like($err, qr{^tracks: b: m/rock/b.txt is not UTF-8}m, 'and it is named');
mkdir "$tmp/m/rock/a";
($status, $err) = said("--text 'lyrics={stem}' m/rock/a.mp3");
like($err, qr{^tracks: a: m/rock/a: cannot read: Is a directory}m, 'a folder is not text');

# ---- tables ----

mkdir "$tmp/t";
spew("$tmp/t/songs.csv", "\xef\xbb\xbfid,audio,title,year,gain,lyrics\r\n" . join "\r\n", 'a,snd/a.mp3,"One, ""two""",1999,0.5,"first' . "\n" . 'second"',
    'b,,,,,', "c,/abs/c.flac,Three,2001,2,\xe0\xa6\x97", '');
@r = records("cd $tmp && tracks --csv t/songs.csv --path audio");
is_deeply($r[0], { id => 'a', path => 't/snd/a.mp3', title => 'One, "two"', year => 1999, gain => 0.5, lyrics => "first\nsecond" },
    'a table: quotes, line ends, types; paths relative to it');
is_deeply($r[1], { id => 'b', map { $_ => undef } qw(path title year gain lyrics) }, 'empty cells are nil');
is($r[2]{path}, '/abs/c.flac', 'a whole path stays');
is(join(' ', map { $_->{path} // 'nil' } sounds("cd $tmp/t && tracks --csv songs.csv --path audio")), 'snd/a.mp3 nil /abs/c.flac', 'a table in this folder');
refuses(6, qr/id/, "cd $tmp && tracks --csv t/songs.csv --path audio --id title", undef, 1);
spew("$tmp/t/named.csv", "name,f,year\nn1,x/y.mp3,12\nn2,,13\n");
is(ids("--csv - --path f --id name < $tmp/t/named.csv"), 'n1 n2', 'from stdin; --id');
spew("$tmp/t/plain.csv", "path;g\ns/a.b.mp3;x\ns/c.mp3;y\n");
is(ids('--csv t/plain.csv --delimiter ";"'), 's/a.b s/c', 'without an id column the path gives it');
is(field('d', '--csv t/plain.csv --delimiter ";" --label d=dir'), 's s', 'labels of a table');
spew("$tmp/t/bad.csv", "id,path\na,a.mp3\nb,b.mp3,c\n,d.mp3\ne,e.mp3\na,f.mp3\n");
($status, $err) = said('--csv t/bad.csv');
is($status, 1, 'bad rows: status 1');
like($err, qr{^tracks: t/bad.csv:3: .*\ntracks: t/bad.csv:4: no id: the cell is empty\ntracks: a: this id appears twice; t/f.mp3 is left out: --id}m, 'each is named by its line');
is(join(' ', map { $_->{id} } sounds("cat $tmp/out.sp")), 'a e', 'the others are there');
refuses(6, qr/no column is called path: --path names/, "cd $tmp && tracks --csv t/songs.csv", undef, 1);
spew("$tmp/t/both.csv", "id,path,audio\na,1,2\n");
refuses(6, qr/columns audio and path would both be/, "cd $tmp && tracks --csv t/both.csv --path audio", undef, 1);
refuses(6, qr/nowhere.csv/, "cd $tmp && tracks --csv nowhere.csv", undef, 1);

# Files that are not there, and --base.
spew("$tmp/t/some.csv", "id;path\na;x/1.wav\nb;x/2.wav\nc;\nd;/nowhere/3.wav\n");
mkdir "$tmp/$_" for 'other', 'other/x';
spew("$tmp/other/x/1.wav", '');
spew("$tmp/other/x/2.wav", '');
like((said('--csv t/some.csv'))[1], qr{^tracks: 3 of 3 files do not exist; the first: t/x/1.wav; --base names}m, 'files that are not there are counted');
for my $base ('other', 'other/', "$tmp/other") {
    my $dir = $base =~ s{/$}{}r;
    ($status, $err) = said("--csv t/some.csv --base $base");
    like($err, qr{^tracks: 1 of 3 files do not exist; the first: /nowhere/3.wav;}m, "--base $base");
    is(join(' ', map { $_->{path} // 'nil' } sounds("cat $tmp/out.sp")), "$dir/x/1.wav $dir/x/2.wav nil /nowhere/3.wav", "$base: paths");
}
spew("$tmp/t/noid.csv", "path\nx/1.wav\n");
is(ids('--csv t/noid.csv --base other --label d=dir'), 'x/1', 'ids and labels are of what is below it');
is(field('d', '--csv t/noid.csv --base other --label d=dir'), 'x', 'the label');
is(scalar(grep { /do not exist/ } (said('--csv t/noid.csv --base other'))[1]), 0, 'all are there');
refuses(6, qr/^tracks: --base nowhere: no such folder/m, "cd $tmp && tracks --csv t/noid.csv --base nowhere", undef, 1);
refuses(6, qr/--base t\/noid.csv: no such folder/, "cd $tmp && tracks --csv t/noid.csv --base t/noid.csv", undef, 1);
refuses(2, qr/--base needs --csv/, "tracks --base x $tmp");
my $shared = shared('data/msd200/songs.csv');
SKIP: {
    skip 'needs ../shared', 1 if !$shared;
    my @songs = sounds("tracks --csv $shared --path audio --id id");
    is(scalar @songs, 200, 'a library of 200 songs');
    is((grep { defined $_->{path} && -f $_->{path} } @songs), 120, 'with audio for 120');
    is((grep { ($_->{lyrics} // '') =~ /\n/ } @songs), (grep { defined $_->{lyrics} } @songs), 'and lyrics of several lines');
}

# ---- what an earlier stream has ----

runs("cd $tmp && tracks m/rock > old.sp");
is(ids('--not-in old.sp m/rock m/jazz 2>/dev/null'), 'live/c.d', '--not-in');
($status, $err) = said('--not-in old.sp m/rock');
is($status, 0, 'all there already');
like($err, qr/^tracks: 2 left out: old.sp has them$/m, 'says how many');
refuses(3, qr/^tracks: /, "cd $tmp && head -c 50 old.sp > cut.sp; tracks --not-in cut.sp m", undef, 1);
runs("cd $tmp && tracks m/jazz > new.sp && cat old.sp new.sp > all.sp");
is(join(' ', map { $_->{id} } sounds("sp-fields -q $tmp/all.sp")), 'a b live/c.d', 'old and new make one stream');


# --on-error emit: nil where a text could not be read.
mkdir "$tmp/bad-text";
spew("$tmp/bad-text/$_.wav", '') for 'a', 'b';
spew("$tmp/bad-text/a.txt", "la\xff\n");
spew("$tmp/bad-text/b.txt", "la la\n");
is_deeply([map { [$_->{id}, exists $_->{lyrics}, $_->{lyrics}] } records("tracks --text 'lyrics={stem}.txt' --on-error emit $tmp/bad-text")],
    [['a', 1, undef], ['b', 1, "la la\n"]], '--on-error emit: nil for a text that is not UTF-8');

# A pattern or a template that finds nothing is said, with the count.
like((run("tracks --label 'genre=regex:^x(..)' --text 'lyrics={stem}.txt' $tmp/bad-text --on-error skip > /dev/null"))[2],
    qr/^tracks: genre: nil in 1 of 1$/m, 'a label that is nil everywhere');
unlink "$tmp/bad-text/$_.txt" for 'a', 'b';
like((run("tracks --text 'lyrics={stem}.text' $tmp/bad-text > /dev/null"))[2], qr/^tracks: lyrics: nil in 2 of 2$/m, 'a text');
like((run("tracks --text lyrics=absent $tmp/bad-text > /dev/null"))[2], qr/^tracks: lyrics: nil in 2 of 2; in FILE, \{stem\} stands for the name of each: words\/\{stem\}\.txt$/m,
    'a folder for a template');
is((run("tracks -q --text 'lyrics={stem}.text' $tmp/bad-text > /dev/null"))[2], '', '-q: no note');
done_testing;
