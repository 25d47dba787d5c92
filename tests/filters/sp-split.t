# sp-split: the parts are the whole, record by record; sizes, headers, what it refuses
# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;
use Songpipe;
use Stream;
use Test::More;

my $head = { columns => { x => ['p', 'q'] } };
my @records = map { record("r$_", x => vec($_ + 1, -$_), note => str("n$_")) } 0 .. 100;
spew("$tmp/in.sp", stream($head, @records));
for my $n (1, 2, 3, 7, 101, 150) {
    my @parts = map { runs("sp-split -n $n -p $_ $tmp/in.sp") } 0 .. $n - 1;
    my %size = map { scalar(@{ [records('cat', $_)] }) => 1 } @parts[0 .. ($n > 7 ? 3 : $n - 1)];
    ok(keys %size <= 2 && (sort { $b <=> $a } keys %size)[0] - (sort { $a <=> $b } keys %size)[0] <= 1, "$n parts are as large");
    is_deeply([map { $_->{id} } jsonl(runs('to-json', join '', @parts))], [map { "r$_" } 0 .. 100], "$n parts are the whole");
    my ($status, undef, $err) = run('l2norm | sp-info', join '', @parts);
    is("$status$err", '0', 'whose headers agree');
}
my $made = runs("l2norm $tmp/in.sp");
ok(runs('sp-split -n 1 -p 0', $made) eq $made, 'one part is the stream, byte by byte');
ok(runs('sp-split -n 3 -p 1', slurp_file("$tmp/in.sp")) eq runs("sp-split -n 3 -p 1 $tmp/in.sp"), 'from a pipe');
refuses(3, qr/id r0 appears twice/, 'sp-split -n 2 -p 0', stream({}, @records[0, 0]));

# In two steps what sp-parallel does: the header and the records of the run without.
sub parts_of { my ($kind, $bytes) = @_; return map { substr $bytes, $_->[1], 16 + $_->[2] } grep { $_->[0] eq $kind } frames($bytes) }
my $whole = runs("l2norm $tmp/in.sp");
my $joined = join '', map { runs("sp-split -n 4 -p $_ $tmp/in.sp | l2norm") } 0 .. 3;
is_deeply([parts_of('R', $joined)], [parts_of('R', $whole)], 'the same records');
is_deeply([parts_of('H', $joined)], [(parts_of('H', $whole)) x 4], 'and headers');

refuses(2, qr/--part 4 is none of 4, which are 0 to 3/, "sp-split -n 4 -p 4 $tmp/in.sp");
refuses(2, qr/--parts is missing/, "sp-split -p 0 $tmp/in.sp");
refuses(2, qr/--part is missing/, "sp-split -n 2 $tmp/in.sp");
refuses(3, qr/cut/, 'sp-split -n 2 -p 0', substr(slurp_file("$tmp/in.sp"), 0, 3000));
done_testing;
