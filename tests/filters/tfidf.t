# tfidf: scikit-learn's vocabularies and matrices, its settings, models, bad texts
# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;
use utf8;
use JSON::PP;
use List::Util qw(max sum0);
use Songpipe;
use Stream qw(unseal);
use Test::More;
use Unicode::Normalize 'NFC';

binmode Test::More->builder->$_, ':encoding(UTF-8)' for qw(output failure_output);

# A stream of these texts (undef: nil), as a file.
sub stream {
    my ($name, @texts) = @_;
    my $i = 0;
    my $json = join '', map { encode_json({ id => 'r' . $i++, lyrics => $_ }) . "\n" } @texts;
    spew("$tmp/$name.sp", runs('from-json', $json));
    return "$tmp/$name.sp";
}

# Terms, df and idf of a model.
sub terms {
    my ($model) = @_;
    my ($first, @tensors) = split /\n/, runs("to-json $model");
    my $config = decode_json($first);
    my %t = map { /"id":"(.*?)","x":\[(.*)\]/ ? ($1 => [split /,/, $2]) : () } @tensors;
    chomp(my @terms = split /(?<=\n)/, $config->{terms});
    return (\@terms, $t{df}, $t{idf}, $config);
}

sub dense {
    my ($x) = @_;
    my @row = (0) x $x->{sparse};
    @row[@{ $x->{index} }] = @{ $x->{value} };
    return @row;
}

# ---- closed forms ----

my @texts = ('the cat sat', 'the cat sat on the mat', 'a dog', '', undef);
my $small = stream('small', @texts);
my ($status, $out, $err) = run("tfidf --save $tmp/m.sp $small | to-json");
is($status, 0, 'small texts');
like($err, qr/1 without input skipped/, 'nil is passed over');
like($err, qr/1 text has no term/, 'an empty text is counted');
my @r = jsonl($out);
ok(!exists $r[0]{lyrics}, 'the text is replaced');
is($r[4]{x}, undef, 'nil stays nil');
is_deeply([dense($r[3]{x})], [(0) x 6], 'an empty text is a zero row');
my ($terms, $df, $idf) = terms("$tmp/m.sp");
is_deeply($terms, [qw(cat dog mat on sat the)], 'terms by code point');
is_deeply($df, [2, 1, 1, 1, 2, 2], 'document frequencies; nil is not among the 4 texts');
near_all($idf, [map { log(5 / (1 + $_)) + 1 } @$df], 0, 1e-15, 'smooth idf');
my @w = (1, 0, 1, 1, 1, 2);
$w[$_] *= $idf->[$_] for 0 .. 5;
my $norm = sqrt sum0 map { $_ ** 2 } @w;
near_all([dense($r[1]{x})], [map { $_ / $norm } @w], 1e-7, 0, 'tf idf by the l2 norm');

my %closed = (
    '--norm l1' => sub { my $s = sum0 @w; map { $_ / $s } @w },
    '--norm none' => sub { @w },
    '--norm none --no-idf' => sub { (1, 0, 1, 1, 1, 2) },
    '--norm none --no-idf --binary' => sub { (1, 0, 1, 1, 1, 1) },
    '--norm none --no-idf --sublinear-tf' => sub { (1, 0, 1, 1, 1, 1 + log 2) },
    '--norm none --binary --no-smooth-idf' => sub { my @t = (1, 0, 1, 1, 1, 1); map { $t[$_] * (log(4 / $df->[$_]) + 1) } 0 .. 5 },
);
for my $options (sort keys %closed) {
    my @got = records("tfidf -q $options $small");
    near_all([dense($got[1]{x})], [$closed{$options}->()], 1e-6, 0, $options);
}

my %kept = (
    '--max-features 2' => 'cat,the',                # tf: the 3, cat 2, sat 2: at the cut the first by code point is cat
    '--min-df 2' => 'cat,sat,the', '--min-df 0.5' => 'cat,sat,the', '--max-df 1' => 'dog,mat,on', '--max-df 0.25' => 'dog,mat,on',
    '--max-df 1.0' => 'cat,dog,mat,on,sat,the', '-n 2 --min-df 2' => 'cat sat,the cat', '--token sklearn -n 3,3 --min-df 2' => 'the cat sat',
    '-n 1,3 --min-df 2' => 'cat,cat sat,sat,the,the cat,the cat sat', '-n 2,4 --max-features 1' => 'cat sat',
    '-n 1,2 --max-features 4' => 'cat,cat sat,sat,the',
);
for my $options (sort keys %kept) {
    runs("tfidf -q $options --save $tmp/k.sp $small >/dev/null");
    is(join(',', @{ (terms("$tmp/k.sp"))[0] }), $kept{$options}, "kept by $options");
}

spew("$tmp/stop", "The\non a\n");
runs("tfidf -q -n 1,2 --stop-words $tmp/stop --save $tmp/k.sp $small >/dev/null");
is(join(',', @{ (terms("$tmp/k.sp"))[0] }), 'cat,cat sat,dog,mat,sat,sat mat', 'stop words are gone before pairs are made');
runs("tfidf -q --no-lowercase --save $tmp/k.sp", runs('from-json', qq({"id":1,"lyrics":"La la LA"}\n)));
is(join(',', @{ (terms("$tmp/k.sp"))[0] }), 'LA,La,la', '--no-lowercase');
{
    no utf8;            # bytes, as they come and go
    my $scripts = qq({"id":"a","lyrics":"CAFÉ ΩΜΕΓΑ ЁЖИК ABC İstanbul"}\n{"id":"b","lyrics":"café ωμεγα ёжик abc"}\n);
    for my $rule (qw(words marks sklearn)) {
        my ($first) = split /\n/, runs("from-json | tfidf -q --no-lowercase --token $rule | to-csv", $scripts);
        is($first, 'id,ABC,CAFÉ,abc,café,İstanbul,ΩΜΕΓΑ,ωμεγα,ЁЖИК,ёжик', "--no-lowercase keeps every script's upper case: $rule");
    }
    spew("$tmp/upper.txt", "ΩΜΕΓΑ\n");
    my ($stopped) = split /\n/, runs("from-json | tfidf -q --no-lowercase --stop-words $tmp/upper.txt | to-csv", $scripts);
    is($stopped, 'id,ABC,CAFÉ,abc,café,İstanbul,ωμεγα,ЁЖИК,ёжик', 'stop words are told apart by their case, too');
}
like(runs("tfidf -q $small | sp-info"), qr/^columns +x 6: cat dog mat on sat the$/m, 'columns are named by the terms');

# ---- a model applies as it was fitted; pipes, threads and runs give the same bytes ----

my $how = "-n 1,2 --sublinear-tf --norm l1 --min-df 1 --stop-words $tmp/stop";
my $fitted = runs("tfidf -q --no-history $how --save $tmp/m.sp $small");
is(runs("tfidf -q --no-history -m $tmp/m.sp $small"), $fitted, '-m gives what the fit gave');
is(runs("cat $small | tfidf -q --no-history $how"), $fitted, 'a pipe gives the same bytes');
is(runs("tfidf -q --no-history -j 3 $how $small"), $fitted, 'three threads give the same bytes');
my @new = records("tfidf -q -m $tmp/m.sp", runs('from-json', qq({"id":"n","lyrics":"unseen cat unseen"}\n)));
is(scalar(@{ $new[0]{x}{index} }), 1, 'unseen words break pairs and have no column');

# ---- goldens ----

SKIP: {
    my $golden = shared('golden/text') && shared('data/lyrics') && shared('golden/text') or skip 'needs ../shared', 1;
    my $data = shared('data');
    my %sets = (bn_en_450 => [map { $_->{lyrics} // '' } records("from-csv --keep-columns --text lyrics $data/lyrics/bn_en_450.csv")]);
    my %song = map { $_->{id} => $_->{lyrics} // '' } records("from-csv --id id --keep-columns --text lyrics $data/msd200/songs.csv");
    $sets{msd200} = [@song{ split /\s+/, slurp_file("$golden/msd200_ids.txt") }];
    my %options = (
        paper => '-n 1,2 --max-features 5000', unigram => '', mindf2 => '--min-df 2', maxdf05 => '--max-df 0.5', maxdf02 => '--max-df 0.2',
        top1000 => '-n 1,2 --min-df 2 --max-df 0.2 --max-features 1000', sublinear => '--sublinear-tf', strip => '--strip-accents unicode',
    );
    for my $set (sort keys %sets) {
        is(scalar(@{ $sets{$set} }), $set eq 'msd200' ? 200 : 450, "texts of $set");
        my $file = stream($set, @{ $sets{$set} });
        for my $mode (qw(sklearn marks)) {
            for my $name (sort keys %options) {
                check_golden("$golden/$set", $name, $mode, "tfidf -q --token $mode $options{$name} --save $tmp/g.sp $file");
            }
        }
    }
    my $nfc = stream('nfc', map { NFC($_) } @{ $sets{bn_en_450} });
    check_vocab("$golden/bn_en_450/unigram_marks_nfc", 'tfidf -q --token marks', $nfc);
}

# The sparse rows of a command's stream: { x => { index, value } }; faster than to read the JSON.
sub sparse {
    return map {
        /"index":\[([^]]*)\],"value":\[([^]]*)\]/ or die 'no sparse row';
        { x => { index => [split /,/, $1], value => [split /,/, $2] } }
    } split /\n/, runs("$_[0] | to-json");
}

sub check_vocab {
    my ($base, $command, $file) = @_;
    runs("$command --save $tmp/g.sp $file >/dev/null");
    same_vocab($base, "NFC texts");
}

sub same_vocab {
    my ($base, $name) = @_;
    my @want = csv("${base}_vocab.csv.xz");
    my ($got, $got_df, $got_idf) = terms("$tmp/g.sp");
    utf8::decode($_->{term}) for @want;
    is_deeply($got, [map { $_->{term} } @want], "$name: terms");
    is_deeply($got_df, [map { 0 + $_->{df} } @want], "$name: df");
    near_all($got_idf, [map { $_->{idf} // log((1 + 450) / (1 + $_->{df})) + 1 } @want], 0, 1e-14, "$name: idf");
}

sub check_golden {
    my ($folder, $name, $mode, $command) = @_;
    my $base = "$folder/${name}_$mode";
    my $label = "$name, $mode";
    my @got = sparse($command);
    same_vocab($name eq 'sublinear' ? "$folder/unigram_$mode" : $base, $label);
    my @per_row = csv("${base}_rows.csv.xz");
    is_deeply([map { scalar @{ $_->{x}{index} } } @got], [map { 0 + $_->{nonzeros} } @per_row], "$label: nonzeros");
    near_all([map { sum0 @{ $_->{x}{value} } } @got], [map { $_->{sum} } @per_row], 0, 1e-6, "$label: sums");
    near_all([map { max(0, @{ $_->{x}{value} }) } @got], [map { $_->{largest} } @per_row], 0, 1e-6, "$label: largest");
    my (@want_place, @want_value);      # row,col,value lines; not by csv(), for speed
    for (split /\n/, `xz -dc ${base}_matrix.csv.xz`) {
        my $at = rindex $_, ',';
        push @want_place, substr $_, 0, $at;
        push @want_value, substr $_, $at + 1;
    }
    shift @want_place, shift @want_value;
    my ($rows) = $want_place[-1] =~ /^(\d+)/;
    my @place = map { my $row = $_; map { "$row,$_" } @{ $got[$row]{x}{index} } } 0 .. $rows;
    my @value = map { @{ $got[$_]{x}{value} } } 0 .. $rows;
    is("@place", "@want_place", "$label: places of the matrix");
    near_all(\@value, \@want_value, 1e-6, 0, "$label: matrix");
}

# ---- a model stores words; one of before, which stored places in the lists of options, is read as it was meant ----

my $texts = "$tmp/old.sp";
spew($texts, runs('from-json --no-history tests/golden/tfidf/texts.json'));
my $asked = '--token sklearn --strip-accents unicode --norm l1';
my $old = 'tests/golden/tfidf/ordinals.model';
is(runs("tfidf -q --no-history -m $old $texts"), runs("tfidf -q --no-history $asked --save $tmp/words.sp $texts"), 'an old model');
like(runs("tfidf -q -m $old $texts | sp-info"), qr/--norm l1 --token sklearn --strip-accents unicode/, 'and the history says its words');
my $words = (terms("$tmp/words.sp"))[3];
is($words->{token}, 'sklearn', 'token is a word');
is($words->{strip_accents}, 'unicode', 'strip_accents is a word');
is($words->{norm}, 'l1', 'norm is a word');
is($words->{input}, 'lyrics', 'the field is named');
runs("tfidf -q -m $old --norm l1 $texts >/dev/null");
refuses(2, qr/another --norm: with/, "tfidf -m $old --norm none $texts");
for my $lie (['norm', "\x01", "\x03"], ['token', "\x02", "\x03"]) {
    my ($name, $from, $to) = @$lie;
    my ($first, @tensors) = map { $_->{frame} } unseal(slurp_file($old));
    $first =~ s/$name\Q$from/$name$to/ or die $name;
    spew("$tmp/lie.sp", Stream::stream({ kind => 'model' }, $first, @tensors));
    refuses(3, qr/bad model: $name is not/, "tfidf -m $tmp/lie.sp $texts");
}

# ---- bounded counting says what it costs ----

my @words = map { my $i = $_; join ' ', map { 'w' . ($i * 7 + $_ * $_) % 97 } 1 .. 60 } 1 .. 60;
my $many = stream('many', @words);
($status, undef, $err) = run("tfidf -n 2 --max-candidates 500 --max-features 50 $many >/dev/null");
is($status, 0, '--max-candidates');
like($err, qr/counts of n-grams may be low by up to \d+/, 'says the bound');
is(runs("tfidf -q --no-history -n 1,3 --max-candidates 1000000 $many"), runs("tfidf -q --no-history -n 1,3 $many"), 'a bound that is not met changes nothing');

# ---- bad input ----

refuses(6, qr/nothing to fit to/, 'tfidf', runs('from-json', qq({"id":1,"lyrics":null}\n)));
refuses(6, qr/no term in 2 texts/, 'tfidf', runs('from-json', qq({"id":1,"lyrics":""}\n{"id":2,"lyrics":"a b c"}\n)));
refuses(6, qr/is in 3 to 4 of 4 texts: lower --min-df or raise --max-df/, "tfidf --min-df 3 $small");
refuses(6, qr/is in 1 to 0\.4 of 4 texts/, "tfidf --max-df 0.1 $small");
refuses(6, qr/1: lyrics is not text/, 'tfidf', runs('from-json', qq({"id":"1","lyrics":12}\n)));
refuses(6, qr/1: no field lyrics/, 'tfidf', runs('from-json', qq({"id":"1","text":"one"}\n)));
refuses(6, qr/exists; give -o NAME/, 'tfidf', runs('from-json', qq({"id":"1","lyrics":"one","x":[1]}\n)));
refuses(3, qr/appears twice/, 'tfidf', runs('from-json', qq({"id":"1","lyrics":"one"}\n)) x 2);
my $mixed = "$tmp/mixed.sp";        # the middle one has a Latin-1 letter
my $nr = 0;
spew($mixed, join '', map { runs("from-json --no-history | sp-fields --no-history --set lyrics=\$'good caf$_ noir'", qq({"id":") . $nr++ . qq("}\n)) }
    'a', '\xe9', 'c');
refuses(6, qr/lyrics is not UTF-8 at byte 8/, "tfidf $mixed");
my ($skip_status, $skipped, $skip_err) = run("tfidf -q --on-error skip $mixed | to-json");
is($skip_status, 1, 'skip ends with 1');
is(scalar(() = $skipped =~ /\n/g), 2, 'and the two good ones');
like($skip_err, qr/UTF-8 at byte 8.*\n.*1 bad, left out/, 'named and counted once');
my ($emit_status, $emitted) = run("tfidf -q --on-error emit $mixed | to-json");
is($emit_status, 0, 'emit ends with 0');
like((jsonl($emitted))[1]{error}, qr/UTF-8/, 'with the reason in the record');
for my $bad ('-n 0', '-n 2,1', '-n 1.5', '-n 1,99', '--min-df 1.5', '--max-df -1', '--min-df x', "-m $tmp/m.sp --binary", "-m $tmp/m.sp --save $tmp/z",
    '--token none', '--norm l3') {
    refuses(2, qr/try/, "tfidf $bad $small");
}
refuses(3, qr/model/, "tfidf -m $small $small");
refuses(6, qr/nowhere/, "tfidf --stop-words $tmp/nowhere $small");
my ($s2, $equal) = run('tfidf | to-json', runs('from-json', join '', map { qq({"id":$_,"lyrics":"la la"}\n) } 1 .. 5));
is($s2, 0, 'all texts equal');
is(scalar(grep { $_->{x}{value}[0] == 1 } jsonl($equal)), 5, 'have the same unit row');
my $long = 'la lu ' x 1_700_000;
my ($s3, $ten) = run('tfidf --max-features 9 | to-json', runs('from-json', encode_json({ id => 'long', lyrics => $long }) . "\n"));
is($s3, 0, 'a text of 10 MB');
near_all($ten ? (jsonl($ten))[0]{x}{value} : [], [sqrt .5, sqrt .5], 1e-7, 0, 'and its row');
is(join(',', map { join ' ', @{ $_->{x}{index} } } records('tfidf -q', runs('from-json', qq({"id":1,"lyrics":"ab\\u0000cd"}\n)))), '0 1', 'NUL parts words');

done_testing;
