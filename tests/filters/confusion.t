# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;
use Cluster;
use Songpipe;
use Test::More;

my $csv = "id,genre,cluster\n1,rock,1\n2,rock,1\n3,pop,0\n4,pop,1\n5,jazz,10\n6,jazz,2\n";
sub table { return runs("from-csv --keep-columns | confusion $_[0] | to-csv", $csv) }
is(table(''), "id,0,1,2,10\njazz,0,0,1,1\npop,1,1,0,0\nrock,0,2,0,0\n", 'truth in rows, numbers in their order');
is(table('--match'), "id,2,0,1,10\njazz,1,0,0,1\npop,0,1,1,0\nrock,0,0,2,0\n", 'clusters under what they fit');
is(table('--shares row'), "id,0,1,2,10\njazz,0,0,0.5,0.5\npop,0.5,0.5,0,0\nrock,0,1,0,0\n", 'shares of a row');
like((split /\n/, table('--shares column'))[2], qr/^pop,1,0\.3333\d*,0,0$/, 'shares of a column');
like((split /\n/, table('--shares all'))[3], qr/^rock,0,0\.3333\d*,0,0$/, 'shares of all');
is(table('--truth cluster --cluster genre'),
    "id,jazz,pop,rock\n0,0,1,0\n1,0,1,2\n2,1,0,0\n10,1,0,0\n", 'any two fields');
my ($status, $out, $err) = run('from-csv --keep-columns | confusion | to-csv', "id,genre,cluster\na,,1\nb,pop,1\n");
is($out, "id,1\npop,1\n", 'nil is passed over');
like($err, qr/1 without input skipped/, 'and counted');
refuses(6, qr/no field genre/, 'from-json | confusion', qq({"id":"a","cluster":1}\n), 1);
refuses(6, qr/genre is not a label/, 'from-json | confusion', qq({"id":"a","cluster":1,"genre":[1,2]}\n), 1);
refuses(4, qr/not enough memory for the table/, 'from-csv --keep-columns | confusion --max-memory 10', $csv, 1);

for (sets(qw(blobs moons dups gtzan))) {
    my ($set, $dir) = @$_{qw(name dir)};
    for my $case (qw(kmeans ward_k5 dbscan_sensible)) {
        my $got = runs("from-csv --keep-columns $dir/labelings.csv | confusion --truth truth --cluster $case | to-csv");
        $got =~ s/^id,/truth,/;
        is($got, slurp_file("$dir/contingency_$case.csv"), "$set $case: table");
    }
}
done_testing;
