# whiten: a closed form, numpy's numbers, a covariance of 1; models; what it refuses
# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;
use Cluster;
use Songpipe;
use Stream;
use Test::More;

sub rows {
    my ($path) = @_;
    return map { [split /,/] } split /\n/, slurp_file($path);
}

sub of_rows {
    my ($name, $head, @rows) = @_;
    my $i = 0;
    spew("$tmp/$name.sp", stream($head, map { record('r' . $i++, x => vec(@$_)) } @rows));
    return "$tmp/$name.sp";
}

sub flat { return [map { @{ $_->{x} } } @_] }

# By hand: the covariance of (3, 3), (-3, -3), (1, -1), (-1, 1) is 12 along the diagonal and 4/3 across it, so
# each row is divided by the root of one of them; the mean, (10, -5), is taken off first.
my @cross = ([3, 3], [-3, -3], [1, -1], [-1, 1]);
my $small = of_rows('small', { columns => { x => ['p', 'q'] } }, map { [$_->[0] + 10, $_->[1] - 5] } @cross);
for my $ridge (0, 0.5) {
    my ($along, $across) = (1 / sqrt(12 + $ridge), 1 / sqrt(4 / 3 + $ridge));
    near_all(flat(records("whiten --ridge $ridge $small")),
        [map { my $by = $_->[0] == $_->[1] ? $along : $across; map { $_ * $by } @$_ } @cross], 0, 1e-6, "by hand, ridge $ridge");
}

# numpy's; with ridge 0 the covariance of what comes out is 1, and with the default almost.
my $tall = of_rows('tall', {}, rows('tests/golden/whiten/tall.csv'));
my $wide = of_rows('wide', {}, rows('tests/golden/whiten/wide.csv'));
near_all(flat(records("whiten -r $_ $tall")), [map { @$_ } rows("tests/golden/whiten/tall_$_.csv")], 1e-5, 1e-5, "numpy's, ridge $_")
    for '0', '1e-6', '0.1';
near_all(flat(records("whiten -r 0.1 $wide")), [map { @$_ } rows('tests/golden/whiten/wide_0.1.csv')], 1e-6, 1e-5, "numpy's, fewer rows than columns");
for my $ridge ('0', '1e-6') {
    my @y = map { $_->{x} } records("whiten -r $ridge $tall");
    my (@mean, @cov);
    for my $i (0 .. 4) {
        $mean[$i] += $_->[$i] / @y for @y;
    }
    for my $i (0 .. 4) {
        for my $j (0 .. 4) {
            $cov[5 * $i + $j] += ($_->[$i] - $mean[$i]) * ($_->[$j] - $mean[$j]) / (@y - 1) for @y;
        }
    }
    near_all(\@cov, [map { my $i = $_; map { $_ == $i ? 1 : 0 } 0 .. 4 } 0 .. 4], 1e-4, 0, "ridge $ridge: covariance 1");
}
is(runs("whiten --no-history $tall"), runs("whiten --no-history -r 1e-6 $tall"), 'the default is 1e-6');

# Models, threads, pipes, columns, nil.
runs("whiten -r 0.1 --save $tmp/m.sp $tall >/dev/null");
is(runs("whiten --no-history -m $tmp/m.sp $tall"), runs("whiten --no-history -r 0.1 $tall"), '-m gives what the fit gave');
my $m = model("$tmp/m.sp");
is($m->{config}{records}, 40, 'the model counts the records');
is($m->{config}{ridge}, 0.1, 'and says the ridge');
is(scalar @{ $m->{whitening} }, 25, 'and has the matrix');
is(runs("whiten -j 3 $tall"), runs("whiten -j 1 $tall"), 'any -j');
is(runs("cat $tall | whiten"), runs("whiten $tall"), 'a pipe');
like(runs("whiten $small"), qr/columns\x81\xa1x\x92\xa1p\xa1q/, 'columns keep their names');
like(runs("whiten -o y $small"), qr/columns\x81\xa1y\x92\xa1p\xa1q/, 'under another field, too');
my ($status, $out, $err) = run('whiten', stream({}, record('n', x => nil()), map { record($_, x => vec($_, $_ * $_)) } 1 .. 4));
is($status, 0, 'nil is no error');
ok(!defined((unseal($out))[0]{raw}{x}) || (unseal($out))[0]{raw}{x} eq "\xc0", 'and stays nil');
like($err, qr/1 without input/, 'and is counted');

# What it refuses.
refuses(6, qr/0 records with x: at least 2/, 'whiten', stream({}));
refuses(6, qr/1 record with x: at least 2/, 'whiten', stream({}, record('a', x => vec(1, 2))));
refuses(6, qr/columns are linearly dependent/, "whiten -r 0 $wide");
refuses(6, qr/columns are linearly dependent/, 'whiten -r 0', stream({}, map { record($_, x => vec($_, 2 * $_)) } 1 .. 4));
refuses(6, qr/x has 2 numbers, not 5/, "whiten -m $tmp/m.sp $small");
refuses(2, qr/cannot be used together/, "whiten -m $tmp/m.sp --save $tmp/z.sp $tall");
refuses(2, qr/fitted with another --ridge: with --model leave it out/, "whiten -m $tmp/m.sp --ridge 1 $tall");
is(runs("whiten -m $tmp/m.sp --ridge 0.1 $tall | md5sum"), runs("whiten -m $tmp/m.sp $tall | md5sum"), 'the model\'s ridge, as a command from the history gives');
refuses(2, qr/ridge/, "whiten -r -1 $tall");
refuses(3, qr/model/, "whiten -m $tall $tall");
refuses(4, qr/needed, --max-memory is/, "whiten --max-memory 1K $tall");
done_testing;
