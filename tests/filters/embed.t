# embed: the embeddings of sentence-transformers, windows, and folders that are not whole
# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;
use JSON::PP;
use List::Util qw(max sum0);
use Encoder;
use Songpipe;
use Test::More;

my $json = JSON::PP->new->ascii->canonical;

# from-json's input of these texts.
sub texts { my $i = 0; return join '', map { $json->encode({ id => 'r' . $i++, lyrics => $_ }) . "\n" } @_ }

my $m = folder("$tmp/own");
my @texts = ('la love song', '', undef, 'sings!', 'la ' x 30, 'la LA La song b abcde', 'xyz abcde');
spew("$tmp/t.sp", runs('from-json', texts(@texts)));
my ($status, $out, $err) = run("embed -m $m $tmp/t.sp | to-json");
is($status, 0, 'own model') or diag $err;
my @r = jsonl($out);
is($r[2]{x}, undef, 'nil stays nil');
ok(!exists $r[0]{lyrics}, 'the text is replaced');
is_deeply([map { $_->{tokens} } @r[0, 1, 3, 4, 5]], [5, 2, 5, 12, 12], 'pieces with [CLS] and [SEP]');
is_deeply([map { $_->{truncated} ? 1 : 0 } @r[0, 1, 3, 4, 5, 6]], [0, 0, 0, 1, 0, 0], 'truncated');
is_deeply([map { $_->{unk} } @r[0, 4, 6]], [0, 0, 1], 'unknown pieces');
near_all([map { sqrt sum0 map { $_ ** 2 } @{ $_->{x} } } grep { $_->{x} } @r], [(1) x 6], 1e-6, 0, 'unit length');
like($err, qr/1 of 6 texts have more than 12 pieces/, 'says what is cut');
like($err, qr/1 without input skipped/, 'and what is nil');
like($err, qr/% of the pieces are unknown/, 'and what is unknown');
like($err, qr/1 of 6 texts break into more than two pieces a word/, 'and what is spelled letter by letter');

my $bytes = runs("embed -q -m $m $tmp/t.sp");
is(runs("embed -q -j 1 -m $m $tmp/t.sp"), $bytes, 'one thread gives the same bytes');
is(runs("embed -q -j 5 -m $m <$tmp/t.sp"), $bytes, 'five threads and a pipe too');
my @alone = map { (records("embed -q -m $m", runs('from-json', texts($_))))[0]{x} } @texts;
near_all([map { @{ $_ // [] } } @alone], [map { @{ $_->{x} // [] } } @r], 1e-6, 0, 'a text alone has the same embedding');
like(runs("embed -q -m $m $tmp/t.sp | sp-info"), qr/--max-tokens 12 .*--pooling mean/, 'effective settings are in the history');
my $sha = `sha256sum $m/model.safetensors`;
$sha =~ s/ .*//s;
ok(index($bytes, $sha) > 0, 'and the SHA-256 of the weights');

my @cut = records("embed -q --max-tokens 5 -m $m", runs('from-json', texts('la love song la')));
is_deeply([@{ $cut[0] }{qw(tokens unk)}, $cut[0]{x}], [5, 0, $r[0]{x}], '--max-tokens keeps the first pieces');

# --window mean: by hand, from the unscaled means of the windows
my $plain = sub { (records("embed -q --no-normalize --max-tokens 5 -m $m", runs('from-json', texts($_[0]))))[0]{x} };
my @window = map { $plain->($_) } 'la love song', 'sing a b', 'c';
my @n = (5, 5, 3);
my @mean = map { my $j = $_; (sum0 map { $window[$_][$j] * $n[$_] } 0 .. 2) / 13 } 0 .. 7;
my $norm = sqrt sum0 map { $_ ** 2 } @mean;
my @all = records("embed -q --window mean --max-tokens 5 -m $m", runs('from-json', texts('la love song sing a b c')));
near_all($all[0]{x}, [map { $_ / $norm } @mean], 1e-6, 0, '--window mean weighs windows by their pieces');
is_deeply([$all[0]{tokens}, $all[0]{truncated} ? 1 : 0], [13, 0], 'and truncates nothing');

my %by = map { my $p = $_; $p => (records("embed -q --pooling $p -m $m $tmp/t.sp"))[0]{x} } qw(model mean cls max);
is_deeply($by{model}, $by{mean}, 'the folder says mean');
ok("@{ $by{cls} }" ne "@{ $by{mean} }" && "@{ $by{max} }" ne "@{ $by{cls} }", 'cls and max are others');
my $cls = folder("$tmp/cls", pooling => { pooling_mode_cls_token => JSON::PP::true, pooling_mode_mean_tokens => JSON::PP::false });
is_deeply((records("embed -q -m $cls $tmp/t.sp"))[0]{x}, $by{cls}, 'the folder says cls');
my @named = records("embed -q -o e --keep -m $m $tmp/t.sp");
is(join(' ', sort keys %{ $named[0] }), 'e e.tokens e.truncated e.unk id lyrics', '-o names the side fields too');
is(scalar(@{ (records("embed -q -m $m", runs('from-json', texts('love ' x 2_000_000))))[0]{x} }), 8, 'a text of 10 MB');
runs("embed -q --window mean -m $m >/dev/null", runs('from-json', texts('love ' x 200_000)));

# ---- goldens ----

SKIP: {
    my ($golden, $lyrics, $model) = map { shared($_) } 'golden/embed', 'data/lyrics', 'models/all-MiniLM-L6-v2';
    skip 'needs ../shared', 1 unless $golden && $lyrics && $model;
    my %table;
    check($golden, $model, \%table, $lyrics, 2e-6);
    check("$golden/tiny/golden-$_", "$golden/tiny/tiny-$_", \%table, $lyrics, 2e-6) for qw(f32 f16 bf16);
}

sub check {
    my ($golden, $model, $table, $lyrics, $tolerance) = @_;
    my (@lines, @input);
    for my $line (jsonl(slurp_file("$golden/tokens.jsonl"))) {
        next if $line->{error};
        my $text;
        if (defined $line->{hex}) {
            utf8::decode($text = pack 'H*', $line->{hex});
        } else {
            $table->{ $line->{file} } //= [map { $_->{lyrics} // '' } records("from-csv --keep-columns --text lyrics $lyrics/$line->{file}")];
            $text = $table->{ $line->{file} }[$line->{row}];
        }
        push @lines, $line;
        push @input, $text;
    }
    my @got = records("embed -q -m $model", runs('from-json', texts(@input)));
    for my $key (qw(tokens unk)) {
        is(join(' ', map { $_->{$key} } @got), join(' ', map { $_->{$key} } @lines), "$golden: $key");
    }
    is(join(' ', map { $_->{truncated} ? 1 : 0 } @got), join(' ', map { $_->{truncated} ? 1 : 0 } @lines), "$golden: truncated");
    my ($want, $rows, $d) = npy("$golden/embeddings.npy");
    my ($most, $angle) = (0, 0);
    for my $i (0 .. $#lines) {
        my @w = @$want[$lines[$i]{e} * $d .. $lines[$i]{e} * $d + $d - 1];
        my @g = @{ $got[$i]{x} };
        $most = max($most, map { abs($g[$_] - $w[$_]) } 0 .. $d - 1);
        my $dot = sum0 map { $g[$_] * $w[$_] } 0 .. $d - 1;
        my $lengths = sqrt((sum0 map { $_ ** 2 } @g) * sum0 map { $_ ** 2 } @w);
        $angle = max($angle, 1 - $dot / $lengths);
    }
    cmp_ok($most, '<=', $tolerance, "$golden: largest difference");
    cmp_ok($angle, '<=', 1e-10, "$golden: 1 - cosine");
    diag("$golden: $most $angle") if $ENV{SHOW};
}

# ---- bad input ----

refuses(2, qr/--model is missing: the folder/, "embed $tmp/t.sp");
refuses(2, qr/not from 3 to the model's 12/, "embed --max-tokens 13 -m $m $tmp/t.sp");
refuses(2, qr/not from 3/, "embed --max-tokens 2 -m $m $tmp/t.sp");
refuses(2, qr/try/, "embed --window last -m $m $tmp/t.sp");
refuses(3, qr/nowhere\/config.json: cannot read/, "embed -m $tmp/nowhere $tmp/t.sp");
refuses(6, qr/r0: lyrics is not text/, "embed -m $m", runs('from-json', qq({"id":"r0","lyrics":[1]}\n)));
refuses(6, qr/r0: no field lyrics/, "embed -m $m", runs('from-json', qq({"id":"r0"}\n)));
refuses(6, qr/x exists; give -o NAME/, "embed -m $m", runs('from-json', qq({"id":"r0","lyrics":"la","x":1}\n)));
my $latin = runs("from-json | sp-fields --set lyrics=\$'la caf\\xe9 la'", qq({"id":"r0"}\n));
refuses(6, qr/UTF-8 at byte 6/, "embed -m $m", $latin);
my ($emitted) = records("embed -q --on-error emit -m $m 2>/dev/null", $latin);
is_deeply([@{$emitted}{qw(x lyrics)}, $emitted->{error} =~ /UTF-8/], [undef, undef, 1], '--on-error emit');

for my $file (qw(config.json vocab.txt model.safetensors)) {
    my $dir = folder("$tmp/lacks-$file");
    unlink "$dir/$file";
    refuses(3, qr/\Q$file\E: cannot/, "embed -m $dir $tmp/t.sp");
}
my $n = 0;
my @bad = (
    [qr/config.json: line 1/, files => { 'config.json' => '{"hidden_size": 8,' }],
    [qr/config.json: hidden_size is not a number/, config => { hidden_size => '8' }],
    [qr/config.json: num_hidden_layers is not a number/, config => { num_hidden_layers => 0 }],
    [qr/3 heads do not divide/, config => { num_attention_heads => 3 }],
    [qr/hidden_act is gelu_new: only gelu/, config => { hidden_act => 'gelu_new' }],
    [qr/model_type is roberta/, config => { model_type => 'roberta' }],
    [qr/position_embedding_type is relative_key/, config => { position_embedding_type => 'relative_key' }],
    [qr/no tensor encoder.layer.1/, config => { num_hidden_layers => 2 }],
    [qr/word_embeddings.weight is not 22 x 16/, config => { hidden_size => 16 }],
    [qr/is not 13 x 8/, config => { max_position_embeddings => 13 }],
    [qr/vocab.txt: 24 pieces, but config.json has 22/, more_vocab => ['one', 'two']],
    [qr/no \[SEP\] in it/, files => { 'vocab.txt' => "[UNK]\n[CLS]\nla\n" }],
    [qr/pooling is not one of/, pooling => { pooling_mode_mean_sqrt_len_tokens => JSON::PP::true, pooling_mode_mean_tokens => JSON::PP::false }],
    [qr/module .*Dense: only/, files => { 'modules.json' => '[{"type": "sentence_transformers.models.Dense"}]' }],
    [qr/max_seq_length is not a number/, files => { 'sentence_bert_config.json' => '{"max_seq_length": -1}' }],
    [qr/tokenizer_config.json: line/, files => { 'tokenizer_config.json' => '{' }],
    [qr/4 bytes after its last tensor/, behind => 'xxxx'],
    [qr/beyond the end of the file/, header => sub { $_[0]{'embeddings.LayerNorm.bias'}{data_offsets} = [1 << 40, (1 << 40) + 32] }],
    [qr/overlaps/, header => sub { $_[0]{'embeddings.LayerNorm.weight'}{data_offsets} = [28, 60] }],
    [qr/another size than its shape/, header => sub { $_[0]{'embeddings.LayerNorm.bias'}{shape} = [9] }],
    [qr/is not of 8 numbers/, header => sub { $_[0]{'embeddings.LayerNorm.bias'}{shape} = [2, 4] }],
    [qr/dtype is not known/, header => sub { $_[0]{'embeddings.LayerNorm.bias'}{dtype} = 'Q4' }],
    [qr/not of F32, F16 or BF16/, header => sub { $_[0]{'embeddings.LayerNorm.bias'}{dtype} = 'I32' }],
    [qr/its header is not a JSON object/, files => { 'model.safetensors' => pack('Q<', 3) . '{"a' . 'x' x 99 }],
    [qr/its header claims/, files => { 'model.safetensors' => pack('Q<', 1 << 60) . '{}' }],
    [qr/too short/, files => { 'model.safetensors' => 'abc' }],
);
for my $case (@bad) {
    my ($pattern, %change) = @$case;
    my $dir = folder("$tmp/bad" . $n++, %change);
    refuses(3, $pattern, "embed -m $dir $tmp/t.sp");
}
my $nan = folder("$tmp/nan");
my $weights = slurp_file("$nan/model.safetensors");
substr($weights, -4) = pack 'f<', 9**9**9;
spew("$nan/model.safetensors", $weights);
refuses(6, qr/not finite: its weights are damaged/, "embed -m $nan $tmp/t.sp");

done_testing;
