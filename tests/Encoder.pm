# A sentence encoder small enough to be made in a test: hidden 8, one layer, 12 positions.
# SPDX-License-Identifier: GPL-3.0-or-later
package Encoder;
use strict;
use warnings;
use Exporter 'import';
use File::Path 'make_path';
use JSON::PP;
use Songpipe ();

our @EXPORT = qw(folder);

my $json = JSON::PP->new->ascii->canonical;

no warnings 'qw';
my @vocab = (qw([PAD] [UNK] [CLS] [SEP] [MASK] la love song s ##s ##ong sing a b c . !), map { "##$_" } 'a' .. 'e');

sub tensors {
    my %shape = (
        'embeddings.word_embeddings.weight' => [scalar(@vocab), 8], 'embeddings.position_embeddings.weight' => [12, 8],
        'embeddings.token_type_embeddings.weight' => [2, 8], 'embeddings.LayerNorm.weight' => [8], 'embeddings.LayerNorm.bias' => [8],
    );
    my %layer = ('attention.self.query' => [8, 8], 'attention.self.key' => [8, 8], 'attention.self.value' => [8, 8],
        'attention.output.dense' => [8, 8], 'intermediate.dense' => [16, 8], 'output.dense' => [8, 16]);
    for my $name (keys %layer) {
        $shape{"encoder.layer.0.$name.weight"} = $layer{$name};
        $shape{"encoder.layer.0.$name.bias"} = [$layer{$name}[0]];
    }
    for my $at ('attention.output', 'output') {
        $shape{"encoder.layer.0.$at.LayerNorm.$_"} = [8] for 'weight', 'bias';
    }
    return \%shape;
}

sub spew_in { my ($dir, $name, $text) = @_; make_path("$dir/1_Pooling"); Songpipe::spew("$dir/$name", $text) }

# Write a model folder; the header of the weights may be changed on the way.
sub folder {
    my ($dir, %change) = @_;
    my ($shape, $at, $data, %header) = (tensors(), 0, '');
    my $state = 1;
    for my $name (sort keys %$shape) {
        my $n = 1;
        $n *= $_ for @{ $shape->{$name} };
        my @x = map { $state = $state * 48271 % 2147483647; ($name =~ /Norm.weight/ ? 1 : 0) + $state / 2147483647 - 0.5 } 1 .. $n;
        $data .= pack 'f<*', @x;
        $header{$name} = { dtype => 'F32', shape => $shape->{$name}, data_offsets => [$at, $at + 4 * $n] };
        $at += 4 * $n;
    }
    $change{header}->(\%header) if $change{header};
    my $head = $json->encode(\%header);
    spew_in($dir, 'model.safetensors', pack('Q<', length $head) . $head . $data . ($change{behind} // ''));
    spew_in($dir, 'vocab.txt', join '', map { "$_\n" } @vocab, @{ $change{more_vocab} // [] });
    my %config = (model_type => 'bert', hidden_size => 8, num_hidden_layers => 1, num_attention_heads => 2, intermediate_size => 16,
        hidden_act => 'gelu', max_position_embeddings => 12, vocab_size => scalar(@vocab), type_vocab_size => 2, layer_norm_eps => 1e-12);
    spew_in($dir, 'config.json', $json->encode({ %config, %{ $change{config} // {} } }));
    my $i = 0;
    spew_in($dir, 'modules.json', $json->encode([map { { idx => $i++, path => $_->[1], type => "sentence_transformers.models.$_->[0]" } }
        ['Transformer', ''], ['Pooling', '1_Pooling'], ['Normalize', '2_Normalize']]));
    spew_in($dir, '1_Pooling/config.json', $json->encode($change{pooling} // { pooling_mode_mean_tokens => JSON::PP::true }));
    spew_in($dir, $_, $change{files}{$_}) for keys %{ $change{files} // {} };
    return $dir;
}

1;
