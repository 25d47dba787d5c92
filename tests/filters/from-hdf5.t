# from-hdf5: the Million Song Dataset's layout and data sets of all kinds, as h5py wrote them; files that are bad
# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;
use Songpipe;
use Test::More;

my $dir = 'tests/golden/hdf5';
my ($status, $out, $err);
for my $name (qw(many summary)) {
    ($status, $out, $err) = run("from-hdf5 --msd $dir/$name.h5 | to-json");
    is($status, 0, "$name: status");
    is_deeply([jsonl($out)], [jsonl(slurp_file("$dir/$name.jsonl"))], "$name: the songs");
    my $silent = $name eq 'many' ? 1 : 3;
    is($err, "from-hdf5: $silent @{[$silent == 1 ? 'song has' : 'songs have']} no segments: timbre, pitches and segments_start are nil\n", "$name: notes");
}
my @sets = map { "-d group/$_=$_" } qw(i1 u2 i8 f4 f8 vector whole matrix fixed);
is_deeply([records("from-hdf5 --id names @sets -d table.weight=weight -d table.count=count $dir/rows.h5")],
    [jsonl(slurp_file("$dir/rows.jsonl"))], 'numbers and texts of all kinds');
my ($r) = records("from-hdf5 -d group/chunked=x $dir/rows.h5");
is_deeply([$r->{id}, @{ $r->{x} }[0, 1, 999]], [0, 0, 1, 999], 'packed pieces; the number of the row is the id');
is_deeply([map { $_->{id} } records("from-hdf5 --id group/i1 -d group/f4=f $dir/rows.h5")], [-1, 0, 127], 'whole numbers as ids');

# Folders, several files at once.
mkdir "$tmp/$_" for qw(a a/b a/c);
system('cp', "$dir/many.h5", "$tmp/a/b/1.h5");
spew("$tmp/a/c/2.H5", slurp_file("$dir/many.h5") =~ s/TRAA(.)/TRBB$1/gr);
spew("$tmp/a/none.txt", 'x');
my $one = runs("from-hdf5 -q --msd -j 1 $tmp/a");
is(runs("from-hdf5 -q --msd -j $_ $tmp/a"), $one, "-j $_") for 2, 5;
is_deeply([map { $_->{id} } jsonl(runs('to-json', $one))], [qw(TRAAA TRAAB TRAAC TRBBA TRBBB TRBBC)], 'a folder, in order');
refuses(6, qr/many.h5:1: the id TRAAA appears twice, first on line 1/, "from-hdf5 --msd $tmp/a/b/1.h5 $dir/many.h5", undef, 1);

# What is bad is one line, and the other files are read.
my $whole = slurp_file("$dir/many.h5");
my %bad = (
    'cut' => [substr($whole, 0, 3000), 'damaged, or cut: HDF5 cannot open it'], 'empty' => ['', 'not an HDF5 file'],
    'text' => ["id,x\n1,2\n", 'not an HDF5 file'], 'gz' => ["\x1f\x8b\x08" . "\0" x 40, 'not HDF5 but gzip data: unpack it'],
    'rows' => [slurp_file("$dir/rows.h5"), 'not of the Million Song Dataset\'s layout: no data set analysis/songs'],
    'odd' => [slurp_file("$dir/odd.h5"), 'not of the Million Song Dataset\'s layout: analysis/songs.tempo holds texts, not numbers'],
);
for my $name (sort keys %bad) {
    spew("$tmp/$name.h5", $bad{$name}[0]);
    ($status, $out, $err) = run("from-hdf5 -q --msd $tmp/$name.h5 $dir/many.h5");
    is($status, 1, "$name: status");
    is($err, "from-hdf5: $tmp/$name.h5: $bad{$name}[1]\nfrom-hdf5: 1 bad, left out\n", "$name: why");
    is(scalar(jsonl(runs('to-json', $out))), 3, "$name: the other file");
}
for (['names=x -d four=y', 'four has 4 rows, names has 3'], ['scalar=x', 'scalar has no rows, or more than three dimensions in each'],
    ['complex=x', 'complex is a table: name a column of it, as in TABLE.COLUMN'], ['table=x', 'table is a table: name a column of it, as in TABLE.COLUMN'],
    ['table.none=x', 'table has no column none'], ['group=x', 'group cannot be read: it is a group, damaged, in another file, or of a newer HDF5'], ['none/x.y=x', 'no data set none/x']) {
    my ($set, $why) = @$_;
    ($status, $out, $err) = run("from-hdf5 -q -d $set $dir/rows.h5");
    is("$status $err", "1 from-hdf5: $dir/rows.h5: $why\nfrom-hdf5: 1 bad, left out\n", $set);
}
for (['out', 'out cannot be read: it is a group, damaged, in another file, or of a newer HDF5'], ['raw', 'raw lies in another file'], ['virtual', 'virtual lies in another file'],
    ['huge', 'huge claims 1000000000000 rows, 8e\+12 bytes, which a file of \S+ bytes cannot hold']) {
    ($status, $out, $err) = run("from-hdf5 -q -d $_->[0]=x $dir/links.h5");
    is($status, 1, "$_->[0]: status");
    like($err, qr/^from-hdf5: \S+links.h5: $_->[1]\n/, "$_->[0]: why");
}
is_deeply([map { $_->{x} } records("from-hdf5 -d soft=x $dir/links.h5")], [0, 1, 2], 'a link within the file');
refuses(6, qr/^from-hdf5: \S+none.h5: no such file/i, "from-hdf5 --on-error fail --msd $tmp/none.h5", undef, 1);
($r) = jsonl(runs("from-hdf5 --on-error emit --msd $tmp/text.h5 | to-json"));
is($r->{error}, 'not an HDF5 file', '--on-error emit');
refuses(2, qr/--msd or --dataset is missing: what to read/, "from-hdf5 $tmp/a");
refuses(2, qr/nothing to read: name files or folders/, 'from-hdf5 --msd');
refuses(2, qr/names no field/, "from-hdf5 -d x=$_ $tmp/a") for 'id', '';
refuses(2, qr/makes x twice/, "from-hdf5 -d x=x -d y=x $tmp/a");
refuses(2, qr/--msd and --id cannot be used together/, "from-hdf5 --msd --id x $tmp/a");

# The real one.
SKIP: {
    my $real = shared('data/msd-h5/TRAXLZU12903D05F94.h5') or skip 'needs ../shared', 3;
    ($r) = records("from-hdf5 --msd $real");
    is_deeply([@$r{qw(id title artist year key mode tempo)}], ['TRAXLZU12903D05F94', 'Never Gonna Give You Up', 'Rick Astley', 1987, 1, 1, 113.359],
        'a real song');
    is_deeply([scalar @{ $r->{timbre} }, scalar @{ $r->{pitches}[934] }, scalar @{ $r->{segments_start} }, scalar @{ $r->{tags} }],
        [935, 12, 935, 12], 'its segments and tags');
    ($r) = records("from-hdf5 --msd $real | summarize -i timbre --stats mean,cov");
    is(scalar @{ $r->{x} }, 90, 'the 90 numbers of YearPredictionMSD');
}
done_testing;
