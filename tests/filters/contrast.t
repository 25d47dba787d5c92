# contrast-train, contrast-encode: what is learned of songs that differ, and what the controls learn; whitening, pooling and
# encoding by hand from the model's tensors; two towers and half songs; the same bytes for any -j, from a pipe, killed and
# resumed; what is refused; real music against the figures of the man page
# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;
use List::Util qw(sum max);
use Songpipe;
use Stream;
use Test::More;

# 40 songs in 4 kinds: a kind, a song and a crop are points, 12 numbers in all; columns of unlike scales. Lyrics `l` know the
# kind and the song; one song in ten has none, another one no sound.
srand 7;
sub normal { return sqrt(-2 * log(1 - rand)) * cos(6.283185307 * rand) }
my @kinds = map { [map { 2 * normal } 1 .. 12] } 1 .. 4;
my (@crops, @songs, @x, @ids);
for my $s (0 .. 39) {
    my @song = map { $kinds[$s % 4][$_] + normal } 0 .. 11;
    my @l = map { $song[$_] - $song[$_ + 1] + 0.1 * normal } 0 .. 6;
    for my $c (0 .. $s % 3 + 1) {
        push @x, [map { ($song[$_] + 0.5 * normal) * 2**($_ % 5) + 100 * $_ } 0 .. 11];
        push @ids, "s$s#$c";
        push @crops, record($ids[-1], track => str("s$s"), kind => str('k' . $s % 4), x => vec(@{ $x[-1] }), number => int64($c));
    }
    push @songs, record("s$s", kind => str('k' . $s % 4), a => $s % 10 == 3 ? nil : vec(@{ $x[-1] }),
        l => $s % 10 == 4 ? nil : vec(@l));
}
my @columns = map { "c$_" } 0 .. 11;
spew("$tmp/x.sp", stream({ columns => { x => \@columns }, fill => 300 }, @crops));
spew("$tmp/s.sp", stream({ fill => 300 }, @songs));

sub dot { return sum map { $_[0][$_] * $_[1][$_] } 0 .. $#{ $_[0] } }
sub unit { my $l = sqrt dot($_[0], $_[0]); return [map { $_ / $l } @{ $_[0] }] }
sub minus { return [map { $_[0][$_] - $_[1][$_] } 0 .. $#{ $_[0] }] }
sub mean { my @v = @_; return [map { my $j = $_; sum(map { $_->[$j] } @v) / @v } 0 .. $#{ $v[0] }] }

# Share of songs whose nearest other is of their kind.
sub same_kind {
    my @v = records($_[0]);
    my $same = 0;
    for my $v (@v) {
        my ($best, $near) = (9e9);
        for my $w (@v) {
            my $d = minus($v->{x}, $w->{x});
            ($best, $near) = (dot($d, $d), $w) if $w != $v && dot($d, $d) < $best;
        }
        $same += $near->{kind} eq $v->{kind};
    }
    return $same / @v;
}

# ---- what is learned ----

my ($status, undef, $told) = run("contrast-train $tmp/x.sp > $tmp/m.sp");
is($status, 0, 'trains');
my ($loss) = $told =~ /^contrast-train: loss ([\d.]+) of a batch of 40; 3\.689 is that of one who guesses$/m;
cmp_ok($loss, '<', 3.3, 'the loss is well below ln 40');
my ($share) = $told =~ /^contrast-train: ([\d.]+) % of the records have one of their own song as the nearest other \(by chance (?:1\.8|1\.9) %\)$/m;
cmp_ok($share, '>', 80, 'crops find their song');
unlike($told, qr/nothing was learned/, 'no warning');
my $pool = "contrast-encode -m $tmp/m.sp --pool track $tmp/x.sp";
my $learned = same_kind($pool);

(undef, undef, $told) = run("contrast-train --control pairs $tmp/x.sp > $tmp/p.sp");
my ($guess) = $told =~ /loss ([\d.]+)/;
near_all([$guess], [log 40], 0.03, 0, 'pairs of different songs: the loss of guessing');
like($told, qr/^contrast-train: nothing was learned: the loss is that of guessing$/m, 'and says so');
(undef, undef, $told) = run("contrast-train --control untrained $tmp/x.sp > $tmp/u.sp");
unlike($told, qr/loss/, 'untrained: no loss');
like($told, qr/^contrast-train: [\d.]+ % of the records/m, 'but what the net finds');
my ($pairs, $untrained) = map { same_kind("contrast-encode -m $tmp/$_.sp --pool track $tmp/x.sp") } 'p', 'u';
cmp_ok($learned, '>=', 0.9, "songs of a kind lie together: $learned") or diag("untrained $untrained, pairs $pairs");
cmp_ok($pairs, '<', $learned, "pairs: $pairs");

# ---- the model, by hand ----

my %t = map { $_->{id} => $_->{x} } records("cat $tmp/m.sp");
my ($config) = records("cat $tmp/m.sp");
is_deeply([@$config{qw(id towers hidden out a.input a.whitened temperature epochs_done)}],
    ['contrast-train', 1, [256, 256], 32, 'x', 12, 1, 150], 'the configuration');
is_deeply([sort grep { $_ ne 'contrast-train' } keys %t], [sort 'a.whiten.weight', map { ("a.$_.weight", "a.$_.bias") } 0, 2, 4],
    "PyTorch's names");
my $mu = mean(@x);
my $sd = [map { my $j = $_; sqrt(sum(map { ($_->[$j] - $mu->[$j])**2 } @x) / @x) } 0 .. 11];
near_all($config->{'a.mean'}, $mu, 0, 1e-6, 'mean');
near_all($config->{'a.scale'}, $sd, 0, 1e-5, 'deviation');
my @z = map { my $x = $_; [map { ($x->[$_] - $mu->[$_]) / $sd->[$_] } 0 .. 11] } @x;
my @p = map { my $z = $_; [map { dot($_, $z) } @{ $t{'a.whiten.weight'} }] } @z;
near_all([sum(map { dot($_, $_) } @p) / (12 * @p)], [1], 1e-5, 0, 'whitened: mean square 1');
my (@cov, @off);
for my $i (0 .. 11) {
    for my $j (0 .. $i) {
        my $c = sum(map { $_->[$i] * $_->[$j] } @p) / @p;
        $i == $j ? push @cov, $c : push @off, $c;
    }
}
near_all(\@off, [(0) x @off], 1e-4, 0, 'uncorrelated');
my @squares = map { dot($_, $_) } @{ $t{'a.whiten.weight'} };
my @w = map { $cov[$_] / $squares[$_] } 0 .. 11;        # eigenvalues of the correlations
near_all([sum(@w)], [12], 1e-4, 0, 'eigenvalues: their sum');
is_deeply([map { $w[$_] >= $w[$_ + 1] ? () : $_ } 0 .. 10], [], 'the largest first');
near_all([map { $squares[$_] * sqrt($w[$_]) } 0 .. 11], [($squares[0] * sqrt($w[0])) x 12], 0, 1e-4, 'by the fourth root of each');

sub layer {
    my ($v, $n, $relu) = @_;
    my $b = $t{"a.$n.bias"};
    return [map { my $y = dot($t{"a.$n.weight"}[$_], $v) + $b->[$_]; $relu && $y < 0 ? 0 : $y } 0 .. $#$b];
}
my @unit = map { unit(layer(layer(layer($_, 0, 1), 2, 1), 4, 0)) } @p;
my @encoded = records("contrast-encode -m $tmp/m.sp $tmp/x.sp");
near_all([map { @{ $_->{x} } } @encoded], [map { @$_ } @unit], 2e-5, 0, 'encoded by hand');
is_deeply([map { "$_->{id} $_->{number}" } @encoded], [map { "$_ " . (split /#/)[1] } @ids], 'the same records');
my %of;
push @{ $of{ (split /#/, $ids[$_])[0] } }, $unit[$_] for 0 .. $#ids;
my @song = map { unit(mean(@{ $of{"s$_"} })) } 0 .. 39;
my $centre = mean(@song);
my @pooled = records($pool);
near_all([map { @{ $_->{x} } } @pooled], [map { @{ minus($_, $centre) } } @song], 2e-5, 0, '--pool: centred means of unit vectors');
is_deeply([@{ $pooled[5] }{qw(id track kind segments)}], ['s5', 's5', 'k1', 4], '--pool: what its records share');
ok(!exists $pooled[5]{number}, '--pool: what differs is left out');
like(runs($pool), qr/\xa1x\xdc\x00\x20\xa2z0\xa2z1/, 'columns z0, z1');
my ($kept) = records("contrast-encode -m $tmp/m.sp -o z --keep $tmp/x.sp");
is_deeply([sort keys %$kept], [qw(id kind number track x z)], '-o, --keep');
is_deeply((records("contrast-encode -m $tmp/m.sp $tmp/x.sp | sp-match id eq 's7#1'"))[0]{x},
    (records("sp-match id eq 's7#1' $tmp/x.sp | contrast-encode -m $tmp/m.sp"))[0]{x}, 'a record alone: the same');
ok(runs("contrast-encode -j 3 -m $tmp/m.sp $tmp/x.sp") eq runs("contrast-encode -m $tmp/m.sp $tmp/x.sp"), 'encode: any -j');
is((records("sp-fields --set x=null $tmp/x.sp | contrast-encode -q -m $tmp/m.sp"))[0]{x}, undef, 'nil in, nil out');
my @nil = records("sp-fields --set x=null $tmp/x.sp | contrast-encode -q --pool track -m $tmp/m.sp");
ok(@nil == 40 && !(grep { defined $_->{x} } @nil), '--pool: nil songs');

# ---- two towers ----

my $two = "-i a --with l --epochs 300 $tmp/s.sp";
($status, undef, $told) = run("contrast-train $two > $tmp/t.sp");
is($status, 0, 'two towers') or diag($told);
like($told, qr/^contrast-train: 32 of 40 songs have both a and l: the others are not trained on$/m, 'says which it trains on');
my ($found, $chance) = $told =~ /^contrast-train: ([\d.]+) % of the songs have their own second vector as the nearest to their first \(by chance ([\d.]+) %\)$/m;
is($chance, '3.1', 'one of 32');
cmp_ok($found, '>', 60, 'sound finds lyrics');
my @both = records("contrast-encode -m $tmp/t.sp $tmp/s.sp");
is_deeply([sort keys %{ $both[0] }], [qw(a id kind l x)], 'a, l and x');
near_all([map { @{ $_->{x} } } @both[0 .. 2]], [map { @{ unit(mean($_->{a}, $_->{l})) } } @both[0 .. 2]], 1e-6, 0, 'x is their mean');
ok(!defined $both[3]{a} && !defined $both[4]{l}, 'a half that is not there is nil');
is_deeply([$both[3]{x}, $both[4]{x}], [$both[3]{l}, $both[4]{a}], 'and x is the other');
my @means = map { my $f = $_; mean(map { $_->{$f} } grep { defined $_->{$f} } @both) } 'a', 'l';
my @centred = records("contrast-encode -m $tmp/t.sp --pool id $tmp/s.sp");
near_all([map { @{ $_->{x} } } @centred[2, 3]],
    [@{ mean(minus($both[2]{a}, $means[0]), minus($both[2]{l}, $means[1])) }, @{ minus($both[3]{l}, $means[1]) }], 1e-6, 0,
    '--pool: each half less its mean');
refuses(6, qr/^contrast-encode: s0: x exists; give -o NAME$/m, "sp-fields --set x=1 $tmp/s.sp | contrast-encode -m $tmp/t.sp");
refuses(2, qr/--with: the model was trained on one vector/, "contrast-encode -m $tmp/m.sp --with l $tmp/x.sp");

# ---- the same bytes ----

my $short = '--epochs 6 --hidden 16,8 --out 5 --batch 16';
for my $case ($short, "$short --validation 0.2 --patience 3 --clip 1", "$short --control pairs", "$short -i a --with l") {
    my $in = $case =~ /with/ ? "$tmp/s.sp" : "$tmp/x.sp";
    my $one = runs("contrast-train -q -j 1 $case $in");
    ok(runs("contrast-train -q -j $_ $case $in") eq $one, "-j $_: $case") for 2, 4;
    ok(runs("cat $in | contrast-train -q $case") eq $one, "a pipe: $case");
    ok(runs("contrast-train -q --seed 1 $case $in") ne $one, "another seed: $case");
}
my $slow = "--epochs 4000 --hidden 64 --batch 16 --schedule constant";
my $kill = "contrast-train -q $slow --checkpoint $tmp/k.sp --resume $tmp/k.sp $tmp/x.sp";
run("$kill >/dev/null & p=\$!; while [ ! -s $tmp/k.sp ]; do sleep 0.02; done; sleep 0.1; kill -KILL \$p; wait \$p");
my ($at) = records("cat $tmp/k.sp");
ok($at->{epochs_done} > 0 && $at->{epochs_done} < 4000, "killed after $at->{epochs_done} epochs");
($status, undef, my $err) = run("$kill --epochs 1 >/dev/null");
is($status, $at->{epochs_done} > 1 ? 2 : 0, 'a checkpoint beyond the epochs asked for') or diag($err);
my $more = $at->{epochs_done} + 5;
ok(runs("$kill --epochs $more") eq runs("contrast-train -q $slow --epochs $more $tmp/x.sp"), 'and taken up: the same bytes');
refuses(2, qr/its run had noise=0.3, this one has noise=0.1/, "$kill --noise 0.1");

my @log = do { runs("contrast-train -q --epochs 20 --batch 16 --log $tmp/log.sp $tmp/x.sp >/dev/null"); records("cat $tmp/log.sp") };
is_deeply([sort keys %{ $log[0] }], [sort qw(id epoch loss found validation lr speed)], 'the log');
near_all([map { $_->{lr} } @log], [map { 0.001 * (1 + cos(3.14159265358979 * $_ / 20)) } 0 .. 19], 1e-9, 0, 'cosine to 0');
ok($log[19]{found} > $log[0]{found} && $log[0]{found} > 0, 'found grows');

# ---- what is refused ----

sub few { return "sp-match track match '^s[0-$_[0]]\$' $tmp/x.sp | contrast-train" }
refuses(6, qr/^contrast-train: 3 songs with x: at least 4 are needed to train on; records of one song have the same track$/m, few(2));
runs(few(3) . ' -q --epochs 3 >/dev/null');
spew("$tmp/e.sp", stream({ fill => 300 }, map { record("e$_", track => str('t' . $_ % 9), x => vec(1, 2, 3)) } 0 .. 40));
refuses(6, qr/all vectors x are equal: there is nothing to learn from/, "contrast-train $tmp/e.sp");
refuses(3, qr/z\.model: a model made by zscore, not by contrast-train$/m, "zscore --save $tmp/z.model $tmp/x.sp >/dev/null; contrast-encode -m $tmp/z.model $tmp/x.sp");
refuses(6, qr/x has 7 numbers, not 12/, "sp-fields --rename l=x $tmp/s.sp | contrast-encode -m $tmp/m.sp");
refuses(6, qr/no field track/, "contrast-train $tmp/s.sp -i a");
refuses(2, qr/--hidden: '0' is not a width/, "contrast-train --hidden 0 $tmp/x.sp");
refuses(4, qr/eigenvectors/, "contrast-train --max-memory 4K $tmp/x.sp");
spew("$tmp/inf.sp", stream({ columns => { x => \@columns }, fill => 300 },
    record('i', track => str('t'), x => vec(1, 2, 9**9**9, (1) x 9)), @crops));
refuses(6, qr/^contrast-train: i: x\[2\] \(c2\) is inf/m, "contrast-train $tmp/inf.sp");
(undef, undef, $told) = run("contrast-train --by id --epochs 3 $tmp/x.sp >/dev/null");
like($told, qr/^contrast-train: no two records have the same id: the two views of a song differ in noise only$/m, 'one crop a song: a note');
# A column that is constant, more columns than songs, a sparse input: each is trained on.
spew("$tmp/w.sp", stream({ fill => 300 }, map { my $i = $_; record("w$i", track => str('t' . $i % 7), x => vec(5, map { sin($i * $_) } 1 .. 50)) } 0 .. 13));
runs("contrast-train -q --epochs 3 $tmp/w.sp > $tmp/w.model");
my ($wide) = records("cat $tmp/w.model");
is($wide->{'a.whitened'}, 3, 'no more numbers than half the songs');
ok(!(grep { grep { !defined || $_ != $_ } @{ $_->{x} } } records("contrast-encode -m $tmp/w.model $tmp/w.sp")), 'a constant column: finite');

done_testing;
