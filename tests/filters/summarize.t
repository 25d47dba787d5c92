# summarize: the stats of numpy and scipy, their order and names, what is bad
# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;
use Songpipe;
use Stream;
use Test::More;

for my $case (['frames', 'stats'], ['two', 'two']) {
    my ($m, $rows, $d) = npy("tests/golden/summarize/$case->[0].npy");
    spew("$tmp/m.sp", stream({}, record('a', mfcc => mat($d, @$m))));
    my @want = csv("tests/golden/summarize/$case->[1].csv");
    my ($all) = records('summarize --stats ' . join(',', map { $_->{stat} } @want) . " $tmp/m.sp");
    for my $i (0 .. $#want) {
        my ($stat, @values) = @{ $want[$i] }{ 'stat', map { "c$_" } 0 .. $d - 1 };
        my @got = @{ $all->{x} }[$i * $d .. ($i + 1) * $d - 1];
        near_all(\@got, \@values, 1e-6, 1e-6, "$rows frames: $stat");
        my ($alone) = records("summarize --stats $stat $tmp/m.sp");
        is_deeply($alone->{x}, \@got, "$stat alone is the same");
    }
}

# Covariances: numpy's, diagonal by diagonal, beside others and alone.
for my $want (csv('tests/golden/summarize/cov.csv')) {
    my $two = $want->{stat} eq 'two';
    my ($m, $rows, $d) = npy('tests/golden/summarize/' . ($two ? 'two.npy' : 'frames.npy'));
    my $stat = $two ? 'cov' : $want->{stat};
    my ($all) = records("summarize --stats mean,$stat,max", stream({}, record('a', mfcc => mat($d, @$m))));
    my @want = split ' ', $want->{values};
    is(scalar @{ $all->{x} }, 2 * $d + @want, "$rows frames: $stat: width");
    near_all([@{ $all->{x} }[$d .. $d + $#want]], \@want, 1e-6, 1e-6, "$rows frames: $stat");
    my ($max) = records('summarize --stats max', stream({}, record('a', mfcc => mat($d, @$m))));
    is_deeply([@{ $all->{x} }[$d + @want .. $#{ $all->{x} }]], $max->{x}, "$rows frames: what follows $stat");
}

# Order, names, fields.
my @records = map { record("r$_", genre => str('rock'), mfcc => mat(2, 1, 2, 3, 4 + $_), chroma => mat(1, $_, 5),
    zcr => vec(1, 2, 6)) } 0 .. 40;
spew("$tmp/two.sp", stream({ columns => { chroma => ['C'] } }, @records));
my ($r) = records("summarize $tmp/two.sp");
is_deeply($r, { id => 'r0', genre => 'rock', x => [2, 3, 1, 1], chroma => [[0], [5]], zcr => [1, 2, 6] },
    'mean and std of mfcc in its place; all means, then all deviations');
my $several = "summarize --stats mfcc=max,mean --stats chroma=min --stats zcr=mean,q50";
($r) = records("$several $tmp/two.sp");
is_deeply($r, { id => 'r0', genre => 'rock', x => [3, 4, 2, 3, 0, 3, 2] }, 'several fields in the order of the options');
my $csv = runs("$several $tmp/two.sp | to-csv | head -1");
like($csv, qr/mfcc0\.max,mfcc1\.max,mfcc0\.mean,mfcc1\.mean,C\.min,zcr\.mean,zcr\.q50/, 'columns are named');
like(runs("summarize --stats chroma=cov --stats mfcc=cov $tmp/two.sp | to-csv | head -1"),
    qr/x:C\.C\.cov,x:mfcc0\.mfcc0\.cov,x:mfcc1\.mfcc1\.cov,x:mfcc0\.mfcc1\.cov/, 'so are covariances');
is(runs("$several -j 4 $tmp/two.sp"), runs("$several $tmp/two.sp"), '-j 4 gives the same bytes');
($r) = records("summarize --keep -o a --stats delta:mean -i chroma $tmp/two.sp");
is_deeply([$r->{a}, $r->{chroma}], [[5], [[0], [5]]], '--keep, -o, -i');
($r) = records("sp-fields --drop mfcc $tmp/two.sp | summarize --stats max");
is_deeply($r, { id => 'r0', genre => 'rock', x => [5], zcr => [1, 2, 6] }, 'without mfcc, chroma is meant');
($r) = records("summarize -i zcr -o zcr --stats mean $tmp/two.sp");
is_deeply($r->{zcr}, [3], 'written back in its place');

# nil, half and wide types.
my @nil = (record('a', mfcc => nil(), chroma => mat(1, 1, 2)), record('b', mfcc => mat(1, 1, 3), chroma => nil()),
    record('c', mfcc => tensor('<f8', [2, 1], pack 'd<*', 1, 2), chroma => tensor('<i4', [1, 1], pack 'l<', 7)));
is_deeply([map { $_->{x} } records('summarize -q --stats mfcc=mean --stats chroma=mean', stream({}, @nil))],
    [undef, undef, [1.5, 7]], 'nil in any gives nil; f8 and i4 are read');

sub bad { my ($why, $options, @fields) = @_; refuses(6, $why, "summarize $options", stream({}, @fields), 1) }
bad(qr/^summarize: a: mfcc has 0 frames, a summary needs 1/, '', record('a', mfcc => tensor('<f4', [0, 3], '')));
bad(qr/^summarize: a: mfcc has no columns/, '', record('a', mfcc => tensor('<f4', [3, 0], '')));
bad(qr/^summarize: a: mfcc has 1 frames, delta needs 2/, '--stats delta:std', record('a', mfcc => mat(3, 1, 2, 3)));
# 176 columns: their 15 576 pairs and 880 other sums are just above 2^14.
my ($wide) = records('summarize --stats cov', stream({}, record('a', mfcc => mat(176, map { ($_) x 176 } 1, 2, 3))));
is_deeply($wide->{x}, [(1) x (176 * 177 / 2)], 'covariances of many columns');
bad(qr/^summarize: a: mfcc has 1 frames, cov needs 2/, '--stats cov,mean', record('a', mfcc => mat(3, 1, 2, 3)));
bad(qr/^summarize: a: mfcc has 2 frames, cov needs 3/, '--stats cov,delta:cov', record('a', mfcc => mat(1, 1, 2)));
bad(qr/^summarize: a: mfcc\[1\]\[0\] is -?nan/, '', record('a', mfcc => mat(2, 1, 2, 'nan', 4)));
bad(qr/^summarize: a: mfcc is not a matrix of frames/, '', record('a', mfcc => str('x')));
bad(qr/^summarize: a: no field mfcc/, '', record('a', y => mat(1, 1)));
bad(qr/^summarize: b: mfcc has 2 columns, not 1/, '', record('a', mfcc => mat(1, 1)), record('b', mfcc => mat(2, 1, 2)));
bad(qr/^summarize: a: x exists; give -o NAME/, '', record('a', mfcc => mat(1, 1), x => vec(1)));
my ($emitted) = records('summarize --on-error emit 2>/dev/null', stream({}, record('a', mfcc => tensor('<f4', [0, 3], ''))));
is_deeply($emitted, { id => 'a', x => undef, error => 'mfcc has 0 frames, a summary needs 1' }, '--on-error emit');
refuses(2, qr/--stats 'q101': mean, std/, 'summarize --stats mean,q101');
refuses(2, qr/--stats 'mean,' has an empty word/, 'summarize --stats mean,');

done_testing;
