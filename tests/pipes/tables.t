#!/usr/bin/perl
# examples/tables: what needs no seed is scikit-learn's, to the printed digits, and what RESULTS.md says
# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;
use Cwd;
use Songpipe;
use Test::More;

my $data = shared('data/features') or plan skip_all => 'needs ../shared';
my $peers = shared('bench/experiments/table.csv') or plan skip_all => 'needs ../shared';
plan skip_all => 'needs gnuplot' if system('command -v gnuplot >/dev/null');
my $examples = getcwd() . '/examples';
$data = Cwd::abs_path($data);
my $runs = Cwd::abs_path($peers) =~ s/table[.]csv/runs.csv/r;

my ($status, $said) = run("cd $tmp && make -s -f $examples/tables/Makefile DATA=$data PEERS=$runs SEEDS=1 NETS= 2>&1");
is($status, 0, 'the example runs') or diag $said;

# The rows of RESULTS.md's tables: { TITLE: METHOD, ALGORITHM => { column => cell } }
sub rows {
    my %table;
    for (split /^## /m, slurp_file($_[0])) {
        my ($name) = /^(.*)/ or next;
        my @names;
        for (grep { /^\|/ } split /\n/) {
            my (undef, @cells) = map { s/\*//gr } split /\s*\|\s*/;
            @names = @cells, next if $cells[0] eq 'method';
            my %row;
            @row{@names} = @cells;
            $table{"$name: $row{method}, $row{algorithm}"} = \%row if defined $row{algorithm};
        }
    }
    return \%table;
}
my ($n, $table) = (0, rows("$tmp/tables.out/RESULTS.md"));
my %score = (sil => 'silhouette', ch => 'calinski_harabasz', db => 'davies_bouldin', nmi => 'nmi.label', ari => 'ari.label',
    pur => 'purity.label');
for my $row (csv($peers)) {
    next if $row->{runs} != 1;
    my (undef, $space, $algorithm) = split m{/}, $row->{method};
    for my $column (grep { $row->{$_} && /^(?:sil|ch|db|(?:nmi|ari|pur)_.*)$/ } sort keys %$row) {
        my ($score, $label) = split /_/, $column;
        my $t = $row->{data} =~ /^gtzan/ ? 1 : ($label || '') eq 'language' ? 3 : 2;
        my $ours = $algorithm eq 'ward' ? 'Ward' : 'DBSCAN, noise ' . ($label ? 'cluster' : 'drop');
        my ($want) = $row->{$column} =~ /^(\S+) /;
        is($table->{"Table $t: $space, $ours"}{$score{$score}}, $want, "$row->{data}, $row->{method}: $column");
        $n++;
    }
}
is($n, 54, 'all scores of the rows without a seed');
like(slurp_file("$tmp/tables.out/RESULTS.md"), qr/^\d+ of \d+ scores agree/m, 'and the example counts');

# More seeds are added to what is there; then what needs none has a deviation, as in the table that stands in the repository.
run("cd $tmp && make -s -f $examples/tables/Makefile DATA=$data PEERS=$runs SEEDS=2 NETS=");
$table = rows("$tmp/tables.out/RESULTS.md");
like($table->{'Table 1: pca, k-means'}{'ari.label'}, qr/^0[.]\d+ ± 0[.]\d*[1-9]/, 'more seeds are added to what is there');
my $kept = rows("$examples/tables/RESULTS.md");
my @same = grep { /^Table \d: (?:raw|pca|length).*(?:Ward|DBSCAN)/ } sort keys %$kept;
is(scalar(@same), 33, 'rows of RESULTS.md without a seed');
is_deeply($table->{$_}, $kept->{$_}, "RESULTS.md: $_") for @same;
done_testing;

