#!/usr/bin/perl
# "A million songs" of man 7 songpipe, as it stands there: HDF5 files of the Million Song Dataset's layout on three machines,
# which are folders here that an ssh of ours works in. SONGS=10000 tries it with more and says what each step took.
# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;
use Picture;
use Songpipe;
use Test::More;

my $data = shared('data/msd-h5') or plan skip_all => 'needs ../shared';
my $python = $ENV{PEERS} || 'python3';
plan skip_all => 'needs Python with h5py (PEERS)' if system("$python -c 'import h5py' 2>/dev/null") != 0;
my $songs = $ENV{SONGS} || 150;

# The songs, in folders by the first letter of their track, a third on each machine. MSD: songs that were made before.
my ($here, %on) = $ENV{MSD} || "$tmp/all";
system("$python $data/make.py $data/*.h5 $here $songs") == 0 or die 'make.py' if !-e "$here/genres.cls";
my @hosts = qw(alpha beta gamma);
for my $i (0 .. 25) {
    my ($letter, $host) = (chr(65 + $i), $hosts[$i % 3]);
    next if !-d "$here/$letter";
    mkdir $_ for "$tmp/$host", "$tmp/$host/msd";
    symlink "$here/$letter", "$tmp/$host/msd/$letter" or die;
    $on{$host} += () = glob "$here/$letter/*/*/*.h5";
}
sub program { my ($path, $text) = @_; mkdir $path =~ s{/[^/]*$}{}r; spew($path, "#!/bin/bash\n$text\n"); chmod 0755, $path }
program("$tmp/far/ssh", "cd $tmp/\$1 && shift && eval \"\${*//\\/msd/msd}\"");
system('cp', "$here/genres.cls", "$tmp/genres.cls") == 0 or die 'genres.cls';

# With SONGS, each filter by way of GNU time.
my $block = join '', page_blocks('man/songpipe.7', 'run where there is the data set');
my ($bin) = split /:/, $ENV{PATH};
for my $name ($ENV{SONGS} ? map { m{([^/]+)$} } glob "$bin/*" : ()) {
    program("$tmp/far/$name", "exec /usr/bin/time -a -o $tmp/costs -f '$name %U %S %e %M' $bin/$name \"\$@\"");
}
spew("$tmp/block.sh", "set -euo pipefail\ncd $tmp\nPATH=$tmp/far:\$PATH\n$block");
my ($status, $scores, $err) = run("bash $tmp/block.sh");
is($status, 0, 'the recipe runs') or diag($err);
if ($ENV{SONGS}) {
    diag(sprintf '%-12s %7s s %7.1f s of processor, %6.0f MB', (split)[0, 3], (split)[1] + (split)[2], (split)[4] / 1024)
        for split /\n/, slurp_file("$tmp/costs");
    diag($err);
}

# What came of it.
my ($all, %genre) = (0);
for (split /\n/, slurp_file("$tmp/genres.cls")) {
    $genre{$1} = $2 if /^(TR\w+)\t(\w+)$/;
}
$all += $_ for values %on;
is($all, $songs, 'files on three machines');
is_deeply([map { scalar(() = glob "$tmp/$_/msd/*/*/*/*.h5") } @hosts], [map { scalar records("sp-fields --keep id $tmp/$_.sp") } @hosts], 'a record of each');
my @map = records("sp-fields --keep title,artist,year,genre,x,cluster,xy $tmp/msd-map.sp");
is(scalar @map, $songs, 'all are on the map');
is_deeply([sort map { $_->{id} } grep { defined $_->{genre} } @map], [sort keys %genre], 'those that have a genre ...');
is(scalar(grep { defined $_->{genre} && $_->{genre} ne $genre{ $_->{id} } } @map), 0, '... have that of the table');
is(scalar(grep { @{ $_->{x} } != 32 || @{ $_->{xy} } != 2 || $_->{cluster} !~ /^\d\d?$/ } @map), 0, '32 numbers, a place and one of 100 clusters');
is(scalar(grep { $_->{title} !~ /^Title \d+$/ || $_->{artist} !~ /^Artist, \d+ "q"$/ } @map), 0, 'titles and artists came along');
my ($first, $row) = split /\n/, $scores;
my %score;
@score{ split /,/, $first } = split /,/, $row;
is("$score{n} $score{with_truth} $score{classes}", "$songs " . keys(%genre) . ' 5', 'what the scores are of');
cmp_ok($score{homogeneity}, '>', 0.8, 'clusters are of one genre, from which the songs were made');

# The nearest song on the map is of the same genre.
my @some = grep { defined $_->{genre} } @map;
my $same = 0;
@some = @some[0 .. 499] if @some > 500;
for my $s (@some) {
    my ($near) = sort { $a->[0] <=> $b->[0] } map { [($_->{xy}[0] - $s->{xy}[0])**2 + ($_->{xy}[1] - $s->{xy}[1])**2, $_->{genre}] } grep { $_ != $s } @some;
    $same += $near->[1] eq $s->{genre};
}
cmp_ok($same / @some, '>', 0.8, 'neighbours on the map have the same genre');
SKIP: {
    skip 'needs gnuplot', 1 if !$gnuplot;
    my $to = $ENV{MAP} || "$tmp/map.png";
    is((run("scatter --color genre $tmp/msd-map.sp | gnuplot > $to"))[0] . substr(slurp_file($to), 1, 3), '0PNG', 'a picture of it');
}
done_testing;
