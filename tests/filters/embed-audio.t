# embed-audio: the vectors of musicnn's own network, patches, and folders that are not whole
# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;
use Ear;
use FindBin;
use Songpipe;
use Stream;
use Test::More;

my $m = Ear::folder("$tmp/ear");

# A record with n samples at a rate.
sub sound {
    my ($id, $rate, @x) = @_;
    return record($id, pcm => @x ? vec(@x) : nil, rate => f64($rate));
}
my $seed = 1;
my @noise = map { $seed = $seed * 48271 % 2147483647; ($seed / 2147483647 - 0.5) / 4 * (1 + sin($_ / 9000)) } 1 .. 16000 * 13;
spew("$tmp/n.sp", stream({}, sound('n', 16000, @noise), sound('nil', 16000), sound('short', 16000, @noise[0 .. 16000]),
    sound('silence', 22050, (0) x 30000), sound('tiny', 8000, @noise[0 .. 7998]), sound('second', 8000, @noise[0 .. 7999])));
my ($status, $out, $err) = run("embed-audio -m $m $tmp/n.sp | to-json");
is($status, 0, 'runs') or diag $err;
like($err, qr/3 of less than 3 s, repeated to fill a patch\n.*1 shorter than 1 s: nil/, 'says what is short');
my @r = jsonl($out);
is(join(' ', sort keys %{ $r[0] }), 'id rate tags x', 'fields');
is_deeply([map { $_ ? scalar @$_ : undef } map { @{$_}{qw(x tags)} } @r], [6, 3, undef, undef, 6, 3, 6, 3, undef, undef, 6, 3], 'widths, and nil');
like(runs("embed-audio -q -m $m $tmp/n.sp | to-csv"), qr{^[^\n]*loud,[^\n]*soft,[^\n]*odd}, 'the tags are the names of the columns');

# Four patches: 3 of 4 are 0, 2, 3; the mean of them.
my @each = records("embed-audio -q --each -n all -m $m $tmp/n.sp");
is_deeply([map { $_->{id} } @each[0 .. 3]], [map { "n#000$_" } 0 .. 3], 'a record for each patch');
near_all([map { $_->{start} } @each[0 .. 3]], [map { $_ * 187 * 256 / 16000 } 0 .. 3], 1e-12, 0, 'and where it begins');
is_deeply([map { $_->{track} } @each], [('n') x 4, 'nil', 'short', 'silence', 'tiny', 'second'], 'and of which track it is');
for my $f ('x', 'tags') {
    my @mean = map { my $i = $_; ($each[0]{$f}[$i] + $each[2]{$f}[$i] + $each[3]{$f}[$i]) / 3 } 0 .. $#{ $r[0]{$f} };
    near_all($r[0]{$f}, \@mean, 1e-6, 1e-6, "three patches spread over the track: $f");
}
my @taggram = records("embed-audio -q --layer taggram -n 1 -m $m $tmp/n.sp");
near_all($taggram[0]{x}, [map { 1 / (1 + exp -$_) } @{ $taggram[0]{tags} }], 1e-6, 0, '--layer taggram are the likelihoods of the tags');
my %width = (cnn3 => 4, mean_pool => 22, max_pool => 22);
is(scalar(@{ (records("embed-audio -q --layer $_ -m $m $tmp/n.sp"))[0]{x} }), $width{$_}, "--layer $_") for sort keys %width;
my @named = records("embed-audio -q -o e --keep -m $m $tmp/n.sp");
is(join(' ', sort keys %{ $named[0] }), 'e e.tags id pcm rate', '-o names the tags, too');
is(runs("embed-audio -q -j 4 -m $m $tmp/n.sp"), runs("embed-audio -q -m $m $tmp/n.sp"), 'four threads give the same bytes');

# A dead channel that is folded is what it is when it is computed: a kernel just above the threshold changes little.
my $alive = Ear::folder("$tmp/alive", weights => sub { my ($name, $x) = @_; if ($name =~ /^conv2d(_[1-3])?\/kernel/) { $_ = abs($_) < 1e-9 ? 2e-6 : $_ for @$x } });
near_all((records("embed-audio -q -m $alive $tmp/n.sp"))[0]{x}, $r[0]{x}, 2e-2, 0, 'dead channels are folded to what they are');

my $bad = sub { my ($what, $pattern, %change) = @_; refuses(3, $pattern, 'embed-audio -m ' . Ear::folder("$tmp/bad", %change) . " $tmp/n.sp") };
$bad->('kind', qr/model_type is bert, not musicnn/, config => { model_type => 'bert' });
$bad->('rate', qr/sample_rate is not 16000/, config => { sample_rate => 22050 });
$bad->('tags', qr/2 tags, the network has 3/, config => { tags => ['a', 'b'] });
$bad->('tag', qr/tag 1 is not a text/, config => { tags => ['a', 5, 'c'] });
$bad->('twice', qr/tag a is there twice/, config => { tags => ['a', 'b', 'a'] });
$bad->('missing', qr/no tensor dense\/bias/, header => sub { $_[0]{other} = delete $_[0]{'dense/bias'} });
$bad->('lies', qr/its data has another size than its shape/, header => sub { $_[0]{'dense/bias'}{shape} = [7] });
$bad->('shape', qr/tensor dense_1\/kernel is not of the type or shape/, header => sub { $_[0]{'dense_1/kernel'}{shape} = [3, 6] });
$bad->('type', qr/is not of the type or shape/, header => sub { $_[0]{'dense/bias'}{dtype} = 'I32' });
$bad->('nan', qr/dense\/bias\[2\] is -?nan/, weights => sub { $_[1][2] = "nan" if $_[0] eq 'dense/bias' });
refuses(3, qr/nosuch: no such folder; nothing is fetched/, "embed-audio -m $tmp/nosuch $tmp/n.sp");
refuses(2, qr/--patches 1.5 is not a whole number/, "embed-audio -n 1.5 -m $m $tmp/n.sp");
refuses(6, qr/pcm\[1\] is -?nan/, "embed-audio -m $m", stream({}, sound('a', 16000, 0, 'nan')));
refuses(6, qr/rate is 1000 Hz: not from 4000/, "embed-audio -m $m", stream({}, sound('a', 1000, 0, 1)));
refuses(6, qr/too loud/, "embed-audio -m $m", stream({}, sound('a', 16000, (1e30, -1e30) x 8000)));

SKIP: {
    my ($golden, $weights) = (Songpipe::shared('golden/musicnn/songs.csv'), Songpipe::shared('models/musicnn-msd'));
    skip 'needs ../shared', 3 if !$golden || !$weights;
    my $root = $golden =~ s{/golden/musicnn/songs.csv}{}r;
    my @id = map { /^([^,]+),/ && $1 ne 'id' ? $1 : () } split /\n/, slurp_file($golden);
    my @files = map { /\./ ? "$root/data/gtzan100/$_.flac" : "$root/golden/audio/mp3/$_.mp3" } @id;
    runs("tracks @files | decode -q > $tmp/songs.sp");
    my @all = records("embed-audio -q -n all -m $weights $tmp/songs.sp");
    my @three = records("embed-audio -q -m $weights $tmp/songs.sp");
    my $want = sub { (npy("$root/golden/musicnn/$_[0].npy"))[0] };
    near_all([map { @{ $_->{x} } } @all], $want->('penultimate'), 1e-3, 0, 'songs: penultimate');
    near_all([map { @{ $_->{tags} } } @all], $want->('logits'), 1e-3, 0, 'songs: logits');
    near_all([map { @{ $_->{x} } } @three], $want->('three'), 1e-3, 0, 'songs: three patches');
}

# get-musicnn, with a pip that is missing, fails, or brings another wheel, and with damaged ones: no folder is left.
SKIP: {
    my $get = "python3 $FindBin::Bin/../../examples/get-musicnn $tmp/fetched";
    skip 'no python3', 1 if (run('python3 -c pass'))[0];
    for (["raise ImportError\n", qr/^get-musicnn: pip could not download musicnn 0\.1\.0/m], ["raise SystemExit(1)\n", qr/^get-musicnn: pip could not download/m],
        ["import sys\nopen(sys.argv[-1] + '/other.whl', 'w').write('PK')\n", qr/^get-musicnn: \S+other\.whl: its SHA-256 is [0-9a-f]{64}, not f38a/m]) {
        my ($pip, $why) = @$_;
        spew("$tmp/pip.py", $pip);
        refuses(1, $why, "PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$tmp $get");
    }
    spew("$tmp/damaged.whl", "PK\3\4");
    refuses(1, qr/^get-musicnn: \S+damaged\.whl: its SHA-256 is/, "$get $tmp/damaged.whl");
    refuses(1, qr/^get-musicnn: \S+none\.whl: No such file/, "$get $tmp/none.whl");
    refuses(1, qr/^get-musicnn: MUSICNN is MSD_musicnn or/, "MUSICNN=other $get $tmp/damaged.whl");
    refuses(1, qr/^usage: get-musicnn FOLDER/, "$get a b");
    ok(!-e "$tmp/fetched", 'no folder is left');
}

done_testing;
