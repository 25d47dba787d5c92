# Sound and words of 200 songs, of which 80 have no sound: one pipeline, and the words alone
# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;
use Songpipe;
use Test::More;

my $data = shared('data/msd200') or plan skip_all => 'needs ../shared';
my $songs = "tracks -q --csv $data/songs.csv --path audio --id id";

my $lyrics = sub { (records("$songs | tfidf -q | pca -q -n 64 $_[0] kmeans -q -k 2 | metrics -q --truth language"))[0]{nmi} };
cmp_ok($lyrics->('|'), '>', 0.85, 'the words tell English from German');
cmp_ok($lyrics->('| zscore -q |'), '<', 0.3, 'but hardly with standardised components');

my $fused = "$songs | decode -q | mfcc -q -n 40 | summarize -q -o a | zscore -q -i a | tfidf -q -o l | pca -q -i l -n 64 | " .
    'zscore -q -i l | fuse -q a=1 l=0.25 --missing zero';
my @all = records($fused);
is(scalar(grep { $_->{fused} eq 'l' } @all), 80, '80 songs have words only');
is(scalar(grep { $_->{fused} eq 'a+l' } @all), 120, 'and 120 both');
is(scalar(grep { @{ $_->{x} } == 80 + 64 } @all), 200, 'each has a vector');
is(scalar(grep { $_ != 0 } map { @{ $_->{x} }[0 .. 79] } grep { $_->{fused} eq 'l' } @all), 0, 'zeros stand for the sound');
my ($scores) = records("$fused | kmeans -q -k 2 | metrics -q --truth language,genre");
ok(defined $scores->{'nmi.language'} && defined $scores->{'nmi.genre'}, 'and the pipeline runs through');

SKIP: {
    my $model = shared('models/all-MiniLM-L6-v2') or skip 'needs the model', 2;
    my @both = records("$songs | decode -q | mfcc -q | summarize -q -o a | zscore -q -i a | embed -q -o l -m $model | " .
        'pca -q -i l -n 32 | fuse -q --normalize l2 a=0.6 l=0.4 --missing zero');
    is(scalar(grep { @{ $_->{x} } == 40 + 32 } @both), 200, 'sound and embeddings');
    my ($first) = map { my $s = 0; $s += $_ ** 2 for @{ $_->{x} }; $s } grep { $_->{fused} eq 'a+l' } @both;
    near_all([$first], [0.36 + 0.16], 1e-5, 0, 'each part of length 1, weighed');
}

done_testing;
