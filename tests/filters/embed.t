# embed: the embeddings of sentence-transformers, windows, and folders that are not whole
# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;
use JSON::PP;
use List::Util qw(max min sum0);
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

# ---- --precision ----

# The least cosine of the vectors of two runs, record by record, nil left out.
sub least_cosine {
    my ($x, $y) = map { [map { $_->{x} // () } @$_] } @_;
    my $norm = sub { sqrt sum0 map { $_ ** 2 } @{ $_[0] } };
    return min map { my ($v, $w) = ($x->[$_], $y->[$_]); sum0(map { $v->[$_] * $w->[$_] } 0 .. $#$v) / $norm->($v) / $norm->($w) } 0 .. $#$x;
}
{
    my $golden = 'tests/golden/embed/multilingual';
    my @all = map { { id => $_->{id} // $_->{text}, lyrics => $_->{text} } } jsonl(slurp_file("$golden/texts.jsonl"));
    $all[$_]{id} = "r$_" for 0 .. $#all;
    my $stream = sub { runs('from-json', join '', map { $json->encode($_) . "\n" } @_) };
    my ($in, $back) = ($stream->(@all), $stream->(reverse @all));
    my $fast = slurp_file('/proc/cpuinfo') =~ /avx512_bf16/ && ($ENV{SONGPIPE_ARCH} // '') !~ /^v[123]$/;
    my $run = sub { my ($options, $stream) = @_; runs("embed -q --precision $options -m $golden/model", $stream) };
    my $bf16 = $run->('bf16', $in);
    is($run->("bf16 -j $_", $in), $bf16, "bf16: -j $_ gives the same bytes") for 1, 2, 4;
    my @bf16 = records('cat', $bf16);
    my @f32 = records("embed -q -m $golden/model", $in);
    cmp_ok(least_cosine(\@bf16, \@f32), '>=', .999, 'bf16: cosine to f32');
    isnt("@{ $bf16[0]{x} }", "@{ $f32[0]{x} }", 'bf16: but other numbers');
    is_deeply([reverse records('cat', $run->('bf16', $back))], \@bf16, 'bf16: what is computed together does not matter');
    is_deeply([records('cat', $run->('bf16', $stream->($all[7])))], [$bf16[7]], 'bf16: a text alone, too');
    is($run->('f32', $in), runs("embed -q -m $golden/model", $in), 'f32 is the default');
    like($run->('auto', $in), $fast ? qr/^\Q$bf16\E\z/ : qr/^\Q${\ $run->('f32', $in)}\E\z/, 'auto: what is fast here');
    unlike(runs("embed -q -m $m $tmp/t.sp | sp-info"), qr/precision/, 'f32 is not in the history');
    like(runs("embed -q --precision bf16 -m $m $tmp/t.sp | sp-info"), qr/--precision bf16/, 'bf16 is');
    my @notes = (run("embed --precision bf16 -m $m $tmp/t.sp"))[2] =~ /(no instructions for bf16)/g;
    is(@notes, $fast ? 0 : 1, 'a note where it is slow');
    refuses(2, qr/--precision 'f16' is not one of f32\|bf16\|auto/, "embed --precision f16 -m $m $tmp/t.sp");
}
SKIP: {
    my ($lyrics, $model) = map { shared($_) } 'data/msd200/songs.csv', 'models/all-MiniLM-L6-v2';
    skip 'needs ../shared', 1 unless $lyrics && $model;
    my $songs = runs("tracks -q --csv $lyrics --path audio --id id | sp-sample -q -n 120");
    my @both = map { [records("embed -q --max-tokens 64 --precision $_ -m $model", $songs)] } qw(bf16 f32);
    is(scalar @{ $both[0] }, 120, '120 lyrics');
    cmp_ok(least_cosine(@both), '>=', .999, 'bf16: cosine to f32 of real lyrics by MiniLM');
}

# ---- folders as sentence-transformers 6.2 saves them ----

my ($yes, $no) = (JSON::PP::true, JSON::PP::false);
my @vocab = split /\n/, slurp_file("$m/vocab.txt");
# A tokenizer.json as transformers 5 writes it, changed by a sub.
sub steps {
    my ($change) = @_;
    my $template = [{ SpecialToken => { id => '[CLS]' } }, { Sequence => { id => 'A' } }, { SpecialToken => { id => '[SEP]' } }];
    my %j = (
        added_tokens => [map { { id => $_, content => $vocab[$_] } } 0 .. 4],
        normalizer => { type => 'BertNormalizer', clean_text => $yes, handle_chinese_chars => $yes, strip_accents => undef, lowercase => $yes },
        pre_tokenizer => { type => 'BertPreTokenizer' },
        post_processor => { type => 'TemplateProcessing', single => $template },
        model => { type => 'WordPiece', unk_token => '[UNK]', continuing_subword_prefix => '##', max_input_chars_per_word => 100,
            vocab => { map { $vocab[$_] => $_ } 0 .. $#vocab } },
    );
    $change->(\%j) if $change;
    return $json->encode(\%j);
}
my $k = 0;
# The vectors of a folder without vocab.txt.
sub modern {
    my ($change, %files) = @_;
    my $dir = folder("$tmp/modern" . $k++, files => { 'tokenizer.json' => steps($change), %files });
    unlink "$dir/vocab.txt";
    return $dir;
}
sub of { my ($dir, $options, $text) = @_; return (records("embed -q $options -m $dir", runs('from-json', texts($text))))[0] }

my $new = modern(undef, 'tokenizer_config.json' => '{"model_max_length": 7, "tokenizer_class": "BertTokenizer"}',
    'sentence_bert_config.json' => '{"transformer_task": "feature-extraction"}');
is_deeply(of($new, '', 'la love song'), of($m, '', 'la love song'), 'the pieces of tokenizer.json');
is_deeply([map { $_->{tokens} } of($new, '', 'la ' x 30), of($m, '', 'la ' x 30)], [7, 12], 'the limit of model_max_length');
my $no_limit = modern(undef, 'tokenizer_config.json' => '{"model_max_length": 1000000000000000019884624838656}',
    'sentence_bert_config.json' => '{"max_seq_length": 100000000000000000000000}');
is(of($no_limit, '', 'la ' x 30)->{tokens}, 12, 'int(1e30) is no limit');
my $both = modern(undef, 'tokenizer_config.json' => '{"model_max_length": 7}', 'sentence_bert_config.json' => '{"max_seq_length": 9}');
is(of($both, '', 'la ' x 30)->{tokens}, 9, 'max_seq_length goes before model_max_length');

my $cased = sub { $_[0]{normalizer}{lowercase} = $no };
my $class = sub { ('tokenizer_config.json' => qq({"tokenizer_class": "$_[0]"})) };
is(of(modern($cased, $class->('BertTokenizer')), '', 'LA')->{unk}, 0, 'a BertTokenizer takes its flags from tokenizer_config.json');
is(of(modern($cased, $class->('TokenizersBackend')), '', 'LA')->{unk}, 1, 'another those of tokenizer.json');
is(of(modern($cased, $class->('PreTrainedTokenizerFast'), 'sentence_bert_config.json' => '{"do_lower_case": true}'), '', 'LA')->{unk}, 0,
    'do_lower_case of sentence_bert_config.json');
my $lower = sub { $_[0]{normalizer} = { type => 'Sequence', normalizers => [{ type => 'Lowercase' }, { %{ $_[0]{normalizer} }, lowercase => $no }] } };
is(of(modern($lower, $class->('TokenizersBackend')), '', 'LA')->{unk}, 0, 'and as it is saved again');

my $modules = sub { my $i = 0; ('modules.json' => $json->encode([map { { idx => $i, path => $i++ ? "${i}_$_" : '', type => "x.y.$_" } } @_])) };
my $raw = folder("$tmp/raw", files => { $modules->('Transformer', 'Dropout', 'Pooling') });
is_deeply(of($raw, '', 'la love'), of($m, '--no-normalize', 'la love'), 'a folder without Normalize gives vectors of any length');
is_deeply(of($raw, '--normalize', 'la love'), of($m, '', 'la love'), '--normalize brings them to 1');
like(runs("embed -q -m $raw $tmp/t.sp | sp-info"), qr/--no-normalize/, 'the history says so');
my $bare = folder("$tmp/bare");
unlink "$bare/modules.json";
like((run("embed -m $bare $tmp/t.sp"))[2], qr/has no modules.json: vectors are not brought to length 1/, 'a note without modules.json');
my $max = folder("$tmp/max", files => { $modules->('Transformer', 'Pooling', 'Normalize') });
mkdir "$max/2_Pooling";
spew("$max/2_Pooling/config.json", '{"pooling_mode": ["max"], "embedding_dimension": 8}');
is_deeply(of($max, '', 'la love'), of($m, '--pooling max', 'la love'), 'pooling in the folder that modules.json names');
my $nested = folder("$tmp/nested/0_Transformer");
system('mv', "$nested/modules.json", "$nested/1_Pooling", "$tmp/nested");
(my $list = slurp_file("$tmp/nested/modules.json")) =~ s/"path":""/"path":"0_Transformer"/;
spew("$tmp/nested/modules.json", $list);
is_deeply(of("$tmp/nested", '', 'la love'), of($m, '', 'la love'), 'a transformer in a folder of its own');

my $st = 'config_sentence_transformers.json';
my $prompts = '"prompts": {"query": "sing: ", "document": "", "song": "la love "}';
my $query = folder("$tmp/query", files => { $st => "{$prompts, \"default_prompt_name\": \"song\", \"model_type\": \"SentenceTransformer\"}" });
is_deeply(of($query, '', 'song a'), of($m, '', 'la love song a'), 'the default prompt goes before each text');
is_deeply(of($query, '--prompt query', 'song'), of($m, '', 'sing: song'), '--prompt names another');
is_deeply(of($query, '--prompt document', 'song'), of($m, '', 'song'), 'an empty one');
like(runs("embed -q -m $query $tmp/t.sp | sp-info"), qr/--prompt song/, 'the default prompt is in the history');
refuses(3, qr/\Q$st\E: no prompt is called nosuch/, "embed --prompt nosuch -m $query $tmp/t.sp");
refuses(6, qr/UTF-8 at byte 6/, "embed -m $query", runs("from-json | sp-fields --set lyrics=\$'la caf\\xe9 la'", qq({"id":"r0"}\n)));

SKIP: {
    my $case = shared('cases/14-embed-saved-by-st62') or skip 'needs ../shared', 1;
    my @got = records("embed -q -m $case/model", runs("from-json $case/docs.jsonl"));
    is_deeply([map { $_->{tokens} } @got], [5, 16], 'saved by sentence-transformers 6.2: pieces');
    near_all([map { @{ $_->{x} } } @got], [-0.19707, 0.30905, -0.65865, -0.05085, 0.35735, -0.22251, 0.50060, -0.03793,
        -0.03316, 0.19694, -0.71254, -0.14799, 0.19603, 0.47990, 0.29462, -0.27381], 1e-5, 0, 'and vectors');
    my $limit = shared('cases/13-embed-model-max-length');
    is(runs("from-json $limit/docs.jsonl | embed -q --no-history -m $limit/model"),
        runs("from-json $case/docs.jsonl | embed -q --no-history -m $case/model"), 'model_max_length 1e30');
}

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

# ---- unigram pieces ----

{
    my $golden = (grep { -d } 'tests/golden/embed/multilingual')[0];
    my ($model, @want) = ("$golden/model", jsonl(slurp_file("$golden/texts.jsonl")));
    my $all = runs('from-json', texts(map { $_->{text} } @want));
    my @got = records("embed -q -m $model", $all);
    is(join(' ', map { $_->{tokens} } @got), join(' ', map { my $n = @{ $_->{ids} }; $n < 64 ? $n : 64 } @want), 'XLM-R: pieces');
    is(join(' ', map { $_->{unk} } @got), join(' ', map { my @ids = @{ $_->{ids} }; scalar grep { $_ == 3 } @ids[0 .. (@ids < 64 ? $#ids : 62)] } @want),
        'XLM-R: unknown pieces');
    near_all([map { @{ $_->{x} } } @got], [unpack 'f<*', slurp_file("$golden/x.f32")], 2e-6, 0, 'XLM-R: vectors of sentence-transformers');
    my $bytes = runs("embed -q -m $model", $all);
    is(runs("embed -q -j 1 -m $model", $all), $bytes, 'XLM-R: one thread gives the same bytes');
    my $j = 0;
    # The folder with files changed; undef: without it.
    my $changed = sub {
        my %files = @_;
        my $dir = "$tmp/xlmr" . $j++;
        system('cp', '-r', $model, $dir) == 0 or die;
        chmod 0644, "$dir/$_" and defined $files{$_} ? spew("$dir/$_", $files{$_}) : unlink "$dir/$_" for keys %files;
        return $dir;
    };
    is(runs('embed -q -m ' . $changed->('tokenizer.json' => undef), $all), $bytes, 'the pieces of the SentencePiece file alone');
    is(runs('embed -q -m ' . $changed->('tokenizer.json' => undef, 'tokenizer_config.json' => '{}'), $all), $bytes, 'a class that is not named');
    is(runs("embed -q --no-history --prompt 'query: ' -m $model", runs('from-json', texts('song'))),
        runs("embed -q --no-history -m $model", runs('from-json', texts('query: song'))), '--prompt as a text');
    like(runs("embed -q --prompt 'query: ' -m $model | sp-info", $all), qr/--prompt 'query: '/, 'it is in the history');
    unlike((run("embed -m $model", runs('from-json', texts('moon river'))))[2], qr/hardly knows/, 'no remark on words of many pieces');

    my $sp = slurp_file("$model/sentencepiece.bpe.model");
    my $of_json = sub {
        my ($change) = @_;
        my $t = decode_json(slurp_file("$model/tokenizer.json"));
        $change->($t);
        return $changed->('tokenizer.json' => $json->encode($t), 'tokenizer_config.json' => '{"tokenizer_class": "PreTrainedTokenizerFast"}');
    };
    is(runs('embed -q --no-history -m ' . $of_json->(sub { }), $all), runs("embed -q --no-history -m $model", $all), 'the steps of the file are those of the class');
    my $map = "\x00\x04\x00\x00" . pack('V*', 1 << 10, (1 << 21 | 1 << 8 | ord 'a') x 255) . "\0bc\0";
    my $without = sub { $changed->('tokenizer.json' => undef, 'sentencepiece.bpe.model' => $_[0]) };
    my @wrong = (
        (map { my ($pattern, $change) = @$_; [$pattern, $of_json->($change)] }
            [qr/normalizer is NFKC: only Precompiled, Replace or Strip/, sub { $_[0]{normalizer} = { type => 'NFKC' } }],
            [qr/normalizer is Lowercase: only/, sub { $_[0]{normalizer} = { type => 'Sequence', normalizers => [{ type => 'Lowercase' }] } }],
            [qr/normalizer is Sequence: only/, sub { $_[0]{normalizer} = { type => 'Sequence', normalizers => [{ type => 'Sequence' }] } }],
            [qr/replaces a\+: only a text/, sub { $_[0]{normalizer} = { type => 'Replace', pattern => { Regex => 'a+' }, content => '' } }],
            [qr/charsmap is not base64/, sub { $_[0]{normalizer}{precompiled_charsmap} = 'a*b=' }],
            [qr/charsmap is damaged: its trie claims/, sub { $_[0]{normalizer}{precompiled_charsmap} = 'AAAAAAAA' }],
            [qr/charsmap is damaged: its trie points beyond/, sub { require MIME::Base64; $_[0]{normalizer}{precompiled_charsmap} = MIME::Base64::encode_base64($map, '') }],
            [qr/pre_tokenizer is ByteLevel: only Metaspace/, sub { $_[0]{pre_tokenizer} = { type => 'ByteLevel' } }],
            [qr/pre_tokenizer is Sequence: only/, sub { push @{ $_[0]{pre_tokenizer}{pretokenizers} }, { type => 'Digits' } }],
            [qr/prepend_scheme is first/, sub { $_[0]{pre_tokenizer}{pretokenizers}[1]{prepend_scheme} = 'first' }],
            [qr/replacement _: only U\+2581/, sub { $_[0]{pre_tokenizer}{pretokenizers}[1]{replacement} = '_' }],
            [qr/post_processor is ByteLevel/, sub { $_[0]{post_processor} = { type => 'ByteLevel' } }],
            [qr/post_processor does not put/, sub { pop @{ $_[0]{post_processor}{single} } }],
            [qr/no piece <z> in it/, sub { $_[0]{post_processor}{single}[0]{SpecialToken}{id} = '<z>' }],
            [qr/added token <s>: single_word/, sub { $_[0]{added_tokens}[0]{single_word} = $yes }],
            [qr/added token <s>: its number/, sub { $_[0]{added_tokens}[0]{id} = 1e9 }],
            [qr/unk_id is not the number/, sub { $_[0]{model}{unk_id} = 552 }],
            [qr/unk_id is not the number/, sub { delete $_[0]{model}{unk_id} }],
            [qr/piece 7 is not a text with its score/, sub { $_[0]{model}{vocab}[7] = ['a', 'b'] }],
            [qr/553 pieces, but config.json has 552/, sub { push @{ $_[0]{model}{vocab} }, ['one', 0] }]),
        [qr/tokenizer_class is T5Tokenizer: only XLMRobertaTokenizer/, $changed->('tokenizer_config.json' => '{"tokenizer_class": "T5Tokenizer"}')],
        [qr/do_lower_case is true/, $changed->('sentence_bert_config.json' => '{"do_lower_case": true}')],
        [qr/sentencepiece.bpe.model: cannot read/, $changed->('tokenizer.json' => undef, 'sentencepiece.bpe.model' => undef)],
        [qr/sentencepiece.bpe.model: damaged, or no SentencePiece model/, $without->(substr $sp, 0, 5000)],
        [qr/sentencepiece.bpe.model: damaged/, $without->("\x0a\xff\xff\xff\xff\x7f")],
        [qr/0 pieces: too few/, $without->('')],
        [qr/its model is not a unigram/, $without->("$sp\x12\x02\x18\x02")],
        [qr/piece 10: its score is not finite/, $without->(join '', map { "\x0a\x07\x0a\x00\x15" . pack('f<', $_ < 9 ? 0 : 'nan') } 0 .. 99)],
        [qr/250002 pieces, but config.json has 552/, $without->(join '', ("\x0a\x07\x0a\x00\x15" . pack('f<', 'nan')) x 250_000)],
    );
    refuses(3, $_->[0], "embed -m $_->[1]", $all) for @wrong;
}

# ---- bad input ----

refuses(2, qr/--model is missing: the folder/, "embed $tmp/t.sp");
refuses(2, qr/not from 3 to the model's 12/, "embed --max-tokens 13 -m $m $tmp/t.sp");
refuses(2, qr/not from 3/, "embed --max-tokens 2 -m $m $tmp/t.sp");
refuses(2, qr/try/, "embed --window last -m $m $tmp/t.sp");
refuses(3, qr/nowhere: no such folder; nothing is fetched/, "embed -m $tmp/nowhere $tmp/t.sp");
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
    [qr/modules.json: no Pooling in it/, files => { 'modules.json' => '[{"type": "Transformer"}]' }],
    [qr/modules.json: module 1 is Normalize where Pooling/, files => { $modules->(qw(Transformer Normalize Pooling)) }],
    [qr/modules.json: module 3 is Normalize where none/, files => { $modules->(qw(Transformer Pooling Normalize Normalize)) }],
    [qr/module_input_name is token_embeddings/, files => { $modules->(qw(Transformer Pooling)),
        'modules.json' => '[{"type":"Transformer"},{"type":"Pooling","path":"1_Pooling"},{"type":"Normalize","path":"1_Pooling"}]',
        '1_Pooling/config.json' => '{"module_input_name": "token_embeddings"}' }],
    [qr/pooling is not one of/, pooling => { pooling_mode => ['mean', 'max'] }],
    [qr/truncate_dim: vectors that are cut/, files => { $st => '{"truncate_dim": 4}' }],
    [qr/model_type is SparseEncoder: only SentenceTransformer/, files => { $st => '{"model_type": "SparseEncoder"}' }],
    [qr/no prompt is called x/, files => { $st => '{"default_prompt_name": "x"}' }],
    [qr/prompt song is to be left out of the pooling/, pooling => { pooling_mode => 'mean', include_prompt => $no },
        files => { $st => '{"default_prompt_name": "song", "prompts": {"song": "la"}}' }],
    [qr/is_decoder is true/, config => { is_decoder => $yes }],
    [qr/tokenizer_class is BertJapaneseTokenizer: only/, files => { $class->('BertJapaneseTokenizer') }],
    [qr/tokenizer_class is TokenizersBackend: .*without a tokenizer.json/, files => { $class->('TokenizersBackend') }],
    [qr/model_max_length is below 3/, files => { 'tokenizer_config.json' => '{"model_max_length": 2}' }],
    (map { my ($pattern, $change) = @$_; [$pattern, files => { 'tokenizer.json' => steps($change) }] }
        [qr/normalizer is NFKC: only BertNormalizer/, sub { $_[0]{normalizer} = { type => 'NFKC' } }],
        [qr/normalizer is Replace: only/, sub { $_[0]{normalizer} = { type => 'Sequence', normalizers => [{ type => 'Replace' }, $_[0]{normalizer}] } }],
        [qr/normalizer is missing/, sub { delete $_[0]{normalizer} }],
        [qr/clean_text false/, sub { $_[0]{normalizer}{clean_text} = $no }],
        [qr/pre_tokenizer is Whitespace: only BertPreTokenizer/, sub { $_[0]{pre_tokenizer}{type} = 'Whitespace' }],
        [qr/post_processor is RobertaProcessing: only/, sub { $_[0]{post_processor}{type} = 'RobertaProcessing' }],
        [qr/post_processor does not put/, sub { shift @{ $_[0]{post_processor}{single} } }],
        [qr/model is BPE: only WordPiece/, sub { $_[0]{model}{type} = 'BPE' }],
        [qr/unk_token is <unk>/, sub { $_[0]{model}{unk_token} = '<unk>' }],
        [qr/continuing_subword_prefix is @@/, sub { $_[0]{model}{continuing_subword_prefix} = '@@' }],
        [qr/max_input_chars_per_word is 50/, sub { $_[0]{model}{max_input_chars_per_word} = 50 }],
        [qr/added token \[SONG\] is not known/, sub { push @{ $_[0]{added_tokens} }, { content => '[SONG]' } }],
        [qr/has no vocab/, sub { delete $_[0]{model}{vocab} }],
        [qr/piece .*: its number is not from 0 to 21/, sub { $_[0]{model}{vocab}{one} = 22 }],
        [qr/piece .*: its number is not/, sub { $_[0]{model}{vocab}{one} = 3 }],
        [qr/no \[SEP\] in it/, sub { delete $_[0]{model}{vocab}{'[SEP]'} }]),
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
