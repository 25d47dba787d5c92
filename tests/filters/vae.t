# vae-train, vae-encode, vae-decode: models of every kind there and back; the same bytes for
# any -j, from a pipe, and when killed and resumed; interruption, breakdown, misuse
# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;
use Songpipe;
use Stream;
use Test::More;

# Rows of 6 numbers that two hidden ones make, of two genres; spectrograms of 9 frames x 14 bands.
srand 3;
my @genres = qw(blues jazz);
my (@rows, @images);
for my $i (0 .. 99) {
    my ($a, $b, $g) = (rand(2) - 1, rand(2) - 1, $i % 2);
    my @x = map { $a * cos($_) + $b * sin(2 * $_) + $g * ($_ - 3) / 3 + 0.05 * rand } 0 .. 5;
    push @rows, record("r$i", x => vec(@x), genre => str($genres[$g]), year => int64($i % 3));
    push @images, record("i$i", logmel => mat(14, map { cos($a + $_ / 9) + $b * sin($_) } 0 .. 9 * 14 - 1)) if $i < 40;
}
spew("$tmp/x.sp", stream({ columns => { x => [qw(a b c d e f)] }, fill => 300 }, @rows));
spew("$tmp/m.sp", stream({ fill => 300 }, @images));
my $small = '--hidden 8 --latent 2 --batch 16 --epochs 5 --lr 1e-2';

sub config { return (records("cat $_[0]"))[0] }

# The loss of each epoch.
sub losses {
    my ($options, $in) = @_;
    runs("vae-train -q $options --log $tmp/log.sp $in >$tmp/model.sp");
    return records("cat $tmp/log.sp");
}

# ---- learning: every kind of net gets better; the log; the model ----

for my $case (
    ['dense', "$small", 'x'], ['two layers, tanh', "$small --hidden 6 --activation tanh", 'x'],
    ['gelu', "$small --activation gelu", 'x'], ['leaky', "$small --activation leaky-relu --slope 0.2", 'x'],
    ['normalised', "$small --batch-norm", 'x'], ['residual', "$small --residual --weight-decay 1e-5 --schedule cosine", 'x'],
    ['dropout', "$small --dropout 0.1", 'x'], ['plain', "$small --no-kl", 'x'], ['beta', "$small --beta 4 --anneal linear:3", 'x'],
    ['cyclical', "$small --anneal cyclical:4 --free-bits 0.1", 'x'], ['l1', "$small --recon l1", 'x'],
    ['mean', "$small --reduce mean", 'x'], ['adamw', "$small --optimizer adamw --weight-decay 0.01 --clip 1 --warmup 0.5", 'x'],
    ['conditional', "$small --condition genre", 'x'], ['steps', "$small --schedule step --step-size 2", 'x'],
    ['images', '--conv 4,6 --latent 3 --batch 8 --epochs 5 --lr 1e-2', 'm'],
    ['images, kernel 3, normalised', '--conv 4,6 --kernel 3 --latent 3 --batch 8 --epochs 5 --lr 1e-2 --batch-norm', 'm'],
    ['images, kernel 5, stride 3', '--conv 4 --kernel 5 --stride 3 --latent 3 --batch 8 --epochs 5 --lr 1e-2 --plain', 'm'],
) {
    my ($name, $options, $in) = @$case;
    my @log = losses($options, "$tmp/$in.sp");
    is(scalar @log, 5, "$name: an epoch, a line");
    my $recon = sub { $_[0]{recon} };
    cmp_ok($recon->($log[4]), '<', 0.9 * $recon->($log[0]), "$name: the reconstruction gets better");
    my ($field, $shape) = $in eq 'x' ? ('x', 6) : ('logmel', 9);
    my @back = records("vae-encode -m $tmp/model.sp $tmp/$in.sp | vae-decode -m $tmp/model.sp");
    is(scalar @back, $in eq 'x' ? 100 : 40, "$name: all come back");
    is(scalar @{ $back[7]{$field} }, $shape, "$name: as what they were");
    is(scalar @{ $back[7]{logmel}[0] }, 14, "$name: with all bands") if $in eq 'm';
}

# The log's numbers, and the model's own account.
my @log = losses("$small --validation 0.25 --lr-min 0 --schedule cosine --beta 2 --anneal linear:2", "$tmp/x.sp");
near_all([map { $_->{kl_weight} } @log], [0, 1, 2, 2, 2], 1e-12, 0, 'log: weight of the KL term');
near_all([map { $_->{lr} } @log], [map { 0.005 * (1 + cos(3.14159265358979 * $_ / 5)) } 0 .. 4], 1e-9, 0, 'log: rate');
near_all([map { $_->{loss} } @log], [map { $_->{recon} + $_->{kl} * $_->{kl_weight} } @log], 1e-9, 1e-9, 'log: loss');
ok(!(grep { !defined $_->{validation} || $_->{active} > 2 || $_->{speed} <= 0 } @log), 'log: the rest');
my $c = config("$tmp/model.sp");
is_deeply([@$c{qw(id input shape hidden latent activation variational recon reduce beta epochs_done)}],
    ['vae-train', 'x', [6], [8], 2, 'relu', JSON::PP::true, 'mse', 'sum', 2, 5], 'the configuration');
is_deeply([map { $_->{id} } grep { $_->{id} ne 'vae-train' } records("cat $tmp/model.sp")],
    [map { ("$_.weight", "$_.bias") } qw(enc.0 mu logvar dec.0 dec.2)], "PyTorch's names");

# ---- codes ----

runs("vae-train -q $small --epochs 40 $tmp/x.sp >$tmp/v.sp");
my @mean = records("vae-encode -m $tmp/v.sp --both --score $tmp/x.sp");
my @drawn = records("vae-encode -m $tmp/v.sp --sample --seed 5 $tmp/x.sp");
my @back = records("vae-encode -m $tmp/v.sp $tmp/x.sp | vae-decode -m $tmp/v.sp");
my @x = records("cat $tmp/x.sp");
my (@z, @eps, @recon, @kl);
for my $i (0 .. $#x) {
    my ($mu, $logvar) = @{ $mean[$i] }{qw(x logvar)};
    push @eps, map { ($drawn[$i]{x}[$_] - $mu->[$_]) / exp($logvar->[$_] / 2) } 0, 1;
    my ($kl, $error) = (0, 0);
    $kl += -0.5 * (1 + $logvar->[$_] - $mu->[$_]**2 - exp $logvar->[$_]) for 0, 1;
    $error += ($back[$i]{x}[$_] - $x[$i]{x}[$_])**2 for 0 .. 5;
    push @kl, $kl;
    push @recon, $error;
}
near_all([map { $_->{kl} } @mean], \@kl, 1e-5, 1e-5, '--score: KL from mu and logvar');
near_all([map { $_->{recon} } @mean], \@recon, 1e-5, 1e-4, '--score: the error of what comes back');
my ($sum, $squares) = (0, 0);
$sum += $_, $squares += $_**2 for @eps;
ok(abs($sum / @eps) < 0.25 && abs($squares / @eps - 1) < 0.3, '--sample: standard normal noise');
is_deeply($drawn[70]{x}, (records("sp-match id eq r70 $tmp/x.sp | vae-encode -m $tmp/v.sp --sample --seed 5"))[0]{x},
    '--sample: the same for a record alone');
isnt($drawn[70]{x}[0], (records("vae-encode -m $tmp/v.sp --sample --seed 6 $tmp/x.sp"))[70]{x}[0], '--seed: another');
my ($both) = records("vae-encode -m $tmp/v.sp --both -o code --keep $tmp/x.sp");
is_deeply([sort keys %$both], [qw(code code.logvar genre id x year)], '-o, --keep, and the side field');
is(runs("vae-encode -j 3 -m $tmp/v.sp --score $tmp/x.sp"), runs("vae-encode -m $tmp/v.sp --score $tmp/x.sp"), 'encode: any -j');
like(runs("vae-encode -m $tmp/v.sp $tmp/x.sp"), qr/\xa1x\x92\xa2z0\xa2z1/, 'columns z0, z1');
like(runs("vae-encode -m $tmp/v.sp $tmp/x.sp | vae-decode -m $tmp/v.sp"), qr/\xa1x\x96\xa1a\xa1b/, 'and the old ones again');

my @walk = records("vae-encode -m $tmp/v.sp $tmp/x.sp | sp-match id eq r3 | vae-decode -m $tmp/v.sp --traverse 1 --steps 5 --range 2");
is_deeply([map { [@$_{qw(id latent value)}] } @walk], [map { ["r3#000$_", 1, $_ - 2] } 0 .. 4], 'a walk');
spew("$tmp/z.sp", stream({ fill => 300 }, map { record("w$_", x => vec($mean[3]{x}[0], $_ - 2)) } 0 .. 4));
near_all([map { @{ $_->{x} } } @walk], [map { @{ $_->{x} } } records("vae-decode -m $tmp/v.sp $tmp/z.sp")], 1e-6, 0,
    'its records are the decoded codes');

# A condition: what it knows, what it does not, nil; another genre decodes to something else.
runs("vae-train -q $small --epochs 30 --condition genre $tmp/x.sp >$tmp/c.sp");
is(config("$tmp/c.sp")->{categories}, '{"genre":["blues","jazz"]}', 'categories in the model');
my ($one) = records("vae-encode -m $tmp/c.sp $tmp/x.sp | vae-decode -m $tmp/c.sp");
my ($other) = records("vae-encode -m $tmp/c.sp $tmp/x.sp | sp-fields --set genre=jazz | vae-decode -m $tmp/c.sp");
isnt($one->{x}[0], $other->{x}[0], 'the decoder is told');
refuses(6, qr/^vae-encode: r0: genre is 'polka', which the model does not know; it knows blues, jazz$/m,
    "sp-fields --set genre=polka $tmp/x.sp | vae-encode -m $tmp/c.sp", undef, 1);
is((records("sp-fields --set genre=null $tmp/x.sp | vae-encode -q -m $tmp/c.sp"))[0]{x}, undef, 'nil in, nil out');
refuses(6, qr/^vae-train: r0: genre is not a string/m, "sp-fields --set genre=1 $tmp/x.sp | vae-train $small --condition genre");
refuses(6, qr/x\[\d\].* --recon bce needs numbers from 0 to 1/, "vae-train $small --recon bce $tmp/x.sp");
refuses(6, qr/no field tempo/, "vae-train $small --condition tempo $tmp/x.sp");

# ---- the same bytes ----

for my $options ("$small --residual --dropout 0.1", "$small --clip 1 --patience 2 --validation 0.2", "$small --free-bits 0.2") {
    my $one = runs("vae-train -q -j 1 $options $tmp/x.sp");
    ok(runs("vae-train -q -j $_ $options $tmp/x.sp") eq $one, "-j $_: $options") for 2, 4;
    ok(runs("cat $tmp/x.sp | vae-train -q $options") eq $one, "a pipe: $options");
    ok(runs("vae-train -q --seed 1 $options $tmp/x.sp") ne $one, "another seed: $options");
}
my $conv = '--conv 4,6 --latent 3 --batch 10 --epochs 2';
ok(runs("vae-train -q -j $_ $conv $tmp/m.sp") eq runs("vae-train -q -j 1 $conv $tmp/m.sp"), "-j $_: $conv") for 2, 4;
for my $case (['', 4], ['--plain', 0], ['--no-kl', 0]) {
    runs("vae-train -q $conv $case->[0] $tmp/m.sp > $tmp/bound.sp");
    is(config("$tmp/bound.sp")->{logvar_max}, $case->[1], "logvar's bound: --conv $case->[0]");
}

# Killed at any time and begun again until it ends: the bytes of one run. SIGINT leaves a model.
my $long = "--hidden 24 --latent 2 --batch 4 --epochs 60 --patience 60 --validation 0.1 --dropout 0.1 --residual";
my $whole = runs("vae-train -q $long $tmp/x.sp");
my $times = $ENV{SONGPIPE_ASAN} ? 3 : 20;
my ($same, $killed) = (0, 0);
for my $round (1 .. $times) {
    unlink "$tmp/run.sp";
    for my $try (1 .. 50) {
        my $signal = $round % 2 ? 'KILL' : 'INT';
        my $wait = $try > 4 ? 60 : 0.002 + rand(0.12);
        my ($status) = run("timeout -s $signal $wait vae-train -q $long --checkpoint $tmp/run.sp --resume $tmp/run.sp $tmp/x.sp >$tmp/out.sp");
        $killed++ if $status;
        next if $status;
        $same++ if slurp_file("$tmp/out.sp") eq $whole;
        last;
    }
}
is($same, $times, "resumed after $killed deaths: the same bytes, $times times");
cmp_ok($killed, '>', $times / 2, 'and it did die');

my ($status, $out, $err) = run("vae-train --hidden 24 --batch 1 --epochs 1000000 --checkpoint $tmp/stop.sp $tmp/x.sp & " .
    "until [ -e $tmp/stop.sp ]; do sleep 0.01; done; kill -INT \$!; wait \$!");
is($status, 5, 'interrupted: status 5');
like($err, qr/interrupted after \d+ epochs and \d+ batches/, 'it says so');
spew("$tmp/stopped.sp", $out);
cmp_ok(config("$tmp/stopped.sp")->{epochs_done}, '>', 0, 'a model that says how far it came');
is(scalar records("vae-encode -m $tmp/stopped.sp $tmp/x.sp"), 100, 'and that works');
is(scalar records("vae-encode -m $tmp/stop.sp $tmp/x.sp"), 100, 'so does a checkpoint');

refuses(2, qr/its run had latent=2, this one has latent=3: give the same options/,
    "vae-train $long --latent 3 --resume $tmp/run.sp $tmp/x.sp");
refuses(2, qr/its run had rows=100/, "sp-match genre eq jazz $tmp/x.sp | vae-train $long --validation 0 --resume $tmp/run.sp");
refuses(2, qr/is a finished model, not a checkpoint/, "vae-train $long --resume $tmp/v.sp $tmp/x.sp");
refuses(6, qr/none.sp/, "vae-train $long --resume $tmp/none.sp $tmp/x.sp");
my $more = runs("vae-train -q $small --epochs 9 $tmp/x.sp");
runs("vae-train -q $small --checkpoint $tmp/more.sp $tmp/x.sp >/dev/null");
my $went_on = runs("vae-train -q $small --epochs 9 --resume $tmp/more.sp $tmp/x.sp");
ok($went_on eq $more, 'more epochs than at first: as if asked at once');

# A checkpoint knows its settings in words, of any length, and all of its input.
my $settings = config("$tmp/more.sp")->{settings};
is_deeply([@$settings{qw(rows latent activation recon optimizer schedule)}], [100, 2, qw(relu mse adam constant)], 'settings in words');
for my $case (['activation', 'tanh'], ['slope', 0.02], ['dropout', 0.1], ['beta', 2], ['anneal', 'linear:3'], ['free-bits', 0.1],
    ['recon', 'l1'], ['reduce', 'mean'], ['batch', 17], ['optimizer', 'adamw'], ['lr', 0.02], ['weight-decay', 0.1], ['clip', 1],
    ['schedule', 'step'], ['warmup', 1], ['patience', 3], ['seed', 9],
    ['validation', 0.1], ['latent', 1]) {
    my ($name, $value) = @$case;
    my $was = $settings->{$name};
    refuses(2, qr/more.sp: its run had \Q$name=$was\E, this one has \Q$name=$value:\E/,
        "vae-train $small --resume $tmp/more.sp --$name $value $tmp/x.sp");
}
refuses(2, qr/its run had no $_, this one has $_=true:/, "vae-train $small --resume $tmp/more.sp --$_ $tmp/x.sp")
    for qw(no-kl batch-norm residual);
for my $case (['cosine', 'lr-min', 0.1], ['step', 'step-size', 2], ['step', 'gamma', 0.5]) {
    my ($schedule, $name, $value) = @$case;
    runs("vae-train -q $small --schedule $schedule --checkpoint $tmp/rate.sp $tmp/x.sp >/dev/null");
    refuses(2, qr/rate.sp: its run had \Q$name=$settings->{$name}\E, this one has \Q$name=$value:\E/,
        "vae-train $small --schedule $schedule --resume $tmp/rate.sp --$name $value $tmp/x.sp");
}
runs("vae-train -q $conv --checkpoint $tmp/images.sp $tmp/m.sp >/dev/null");
refuses(2, qr/its run had no plain, this one has plain=true:/, "vae-train $conv --resume $tmp/images.sp --plain $tmp/m.sp");
refuses(2, qr/its run had hidden=8, this one has hidden=8,9:/, "vae-train $small --resume $tmp/more.sp --hidden 9 $tmp/x.sp");
refuses(2, qr/its run had no condition, this one has condition=genre:/,
    "vae-train $small --resume $tmp/more.sp --condition genre $tmp/x.sp");
my $long_name = 'x' x 5000;
runs("sp-fields --rename x=$long_name $tmp/x.sp > $tmp/long.sp");
runs("vae-train -q $small -i $long_name --checkpoint $tmp/long.ck $tmp/long.sp > $tmp/long.model");
is(scalar(grep { $_->{$long_name} } records("vae-encode -m $tmp/long.model $tmp/long.sp")), 100, 'a field with a long name');
refuses(2, qr/its run had seed=0, this one has seed=1:/, "vae-train $small -i $long_name --seed 1 --resume $tmp/long.ck $tmp/long.sp");
runs("sp-match id in r1,r2,r3 $tmp/x.sp > $tmp/a.sp; sp-match id in r4,r5,r6 $tmp/x.sp > $tmp/b.sp; sp-match id in r7,r8,r9 $tmp/x.sp > $tmp/c.sp");
runs("vae-train -q $small --checkpoint $tmp/ac.ck $tmp/a.sp $tmp/c.sp > $tmp/ac.sp");
refuses(2, qr/its run had data=/, "vae-train $small --resume $tmp/ac.ck $tmp/b.sp $tmp/c.sp");
is(runs("vae-train -q $small --resume $tmp/ac.ck $tmp/a.sp $tmp/c.sp"), slurp_file("$tmp/ac.sp"), 'but its own input is taken');

# One of version 0.1.0, whose settings were a text with choices as numbers.
my ($old, $rows) = map { "tests/golden/vae/$_.sp" } qw(checkpoint rows);
my $old_run = '--hidden 4 --latent 1 --activation gelu --slope 0.2 --recon l1 --reduce mean --optimizer adamw --schedule step ' .
    '--condition genre --batch-norm --batch 8 --validation 0.2 --seed 7 --epochs 4';
runs("vae-train -q $old_run --resume $old $rows > $tmp/old.sp");
is(config("$tmp/old.sp")->{epochs_done}, 4, 'an old checkpoint goes on');
for my $case (['activation', 'gelu', 'tanh'], ['recon', 'l1', 'mse'], ['reduce', 'mean', 'sum'], ['optimizer', 'adamw', 'adam'],
    ['schedule', 'step', 'cosine'], ['slope', 0.2, 0.3], ['lr', 0.001, 0.01]) {
    my ($name, $was, $value) = @$case;
    refuses(2, qr/its run had $name=\Q$was\E, this one has $name=\Q$value:\E/, "vae-train $old_run --$name $value --resume $old $rows");
}
refuses(2, qr/its run had data=/, "sp-fields --set genre=jazz $rows | vae-train $old_run --resume $old");

# A log that cannot be written does not take the model with it.
my ($full, $model) = run("vae-train -q $small --log /dev/full $tmp/x.sp");
is($full, 6, '--log /dev/full: status 6');
spew("$tmp/full.sp", $model);
is(scalar records("vae-encode -m $tmp/full.sp $tmp/x.sp"), 100, 'and the model is whole');

# ---- early stopping, breaking down ----

@log = losses("$small --epochs 400 --patience 3 --lr 0.05 --validation 0.2", "$tmp/x.sp");
cmp_ok(scalar @log, '<', 400, '--patience stops');
my $best = config("$tmp/model.sp")->{best_epoch};
is($best, @log - 3, 'three epochs behind the best one');
my ($least) = sort { $a <=> $b } map { $_->{validation} } @log;
is($log[$best - 1]{validation}, $least, 'which had the least loss');

spew("$tmp/huge.sp", stream({ fill => 300 }, map { record("h$_", x => vec(map { 1e30 * $_ } 1 .. 6)) } 1 .. 20));
($status, $out, $err) = run("vae-train $small $tmp/huge.sp");
is($status, 5, 'a loss that is not finite: status 5');
like($err, qr/^vae-train: epoch 1, batch 1: loss (inf|-?nan).*: training diverged; the weights are those of epoch 0; /m, 'says where and what to try');
spew("$tmp/broken.sp", $out);
is(config("$tmp/broken.sp")->{epochs_done}, 0, 'the weights are the first ones');

# ---- misuse, and what is missing ----

refuses(2, qr/--hidden: '0'/, "vae-train --hidden 8,0 $tmp/x.sp");
refuses(2, qr/--anneal 'linear' is not/, "vae-train --anneal linear $tmp/x.sp");
refuses(2, qr/--residual goes with --hidden/, "vae-train --conv 4 --residual $tmp/m.sp");
refuses(2, qr/--stride 4 is larger than --kernel 3/, "vae-train --conv 4 --kernel 3 --stride 4 $tmp/m.sp");
refuses(2, qr/--condition names genre twice/, "vae-train --condition genre,genre $tmp/x.sp");
refuses(2, qr/--batch 1: at least 2 rows are needed/, "vae-train --batch-norm --batch 1 $tmp/x.sp");
refuses(6, qr/too small for so many convolutions/, "vae-train --conv 4,4,4,4,4 $tmp/m.sp");
refuses(6, qr/0 records with x: too few/, "sp-match id eq none $tmp/x.sp | vae-train");
refuses(6, qr/1 records with x: too few/, "sp-match id eq r1 $tmp/x.sp | vae-train --residual");
refuses(4, qr/the weights and one batch/, "vae-train --max-memory 10K $tmp/x.sp");
refuses(2, qr/--model is missing/, "vae-encode $tmp/x.sp");
refuses(2, qr/which has no logvar/, "vae-train -q $small --no-kl $tmp/x.sp >$tmp/ae.sp; vae-encode --both -m $tmp/ae.sp $tmp/x.sp");
refuses(2, qr/--traverse 2: the model has latents 0 to 1/, "vae-decode --traverse 2 -m $tmp/v.sp $tmp/x.sp");
refuses(6, qr/logmel is 9 x 14, but the model takes 4 x 7/, "vae-train -q --conv 3 --epochs 1 $tmp/half.sp >$tmp/half.model; vae-encode -m $tmp/half.model $tmp/m.sp")
    if spew("$tmp/half.sp", stream({ fill => 300 }, map { record("h$_", logmel => mat(7, map { $_ / 9 } 1 .. 28)) } 1 .. 8)) || 1;


# Raw features: the advice is to scale; a collapse is said.
runs("from-json > $tmp/raw.sp", join '', map { qq({"id":"$_","x":[${\ ($_ * 1e15)},${\ (sin($_) * 1e16)},0.001]}\n) } 1 .. 40);
like((run("vae-train --hidden 4 --latent 2 --epochs 2 $tmp/raw.sp > /dev/null"))[2], qr/scale the input first \(zscore\)/, 'diverged: zscore');
runs("from-json > $tmp/tiny.sp", join '', map { qq({"id":"$_","x":[${\ (sin($_) / 1e3)},${\ (cos($_) / 1e3)}]}\n) } 1 .. 40);
like((run("vae-train --hidden 4 --latent 2 --beta 100 --epochs 60 $tmp/tiny.sp > /dev/null"))[2], qr/^vae-train: no latent is active: /m, 'a collapse');
done_testing;
