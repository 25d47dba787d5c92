# What the tests in Perl share: running commands, reading streams and goldens, comparing.
# SPDX-License-Identifier: GPL-3.0-or-later
package Songpipe;
use strict;
use warnings;
use Exporter 'import';
use File::Temp 'tempdir';
use JSON::PP;
use Test::More;

our @EXPORT = qw(run runs refuses records jsonl npy csv shared near_all spew slurp_file page_blocks $tmp);

# A folder of the test's own, removed at its end.
our $tmp = tempdir(CLEANUP => 1);

# Run a shell command (bash, pipefail); returns (status, stdout, stderr).
sub run {
    my ($command, $stdin) = @_;
    my $in = "/dev/null";
    if (defined $stdin) {
        spew("$tmp/.in", $stdin);
        $in = "$tmp/.in";
    }
    spew("$tmp/.sh", "set -o pipefail\n$command\n");
    my $status = system('bash', '-c', "bash $tmp/.sh <$in >$tmp/.out 2>$tmp/.err");
    return ($status & 127 ? 128 + ($status & 127) : $status >> 8, slurp_file("$tmp/.out"), slurp_file("$tmp/.err"));
}

# The command must end with status 0; returns its stdout.
sub runs {
    my ($command, $stdin) = @_;
    my ($status, $out, $err) = run($command, $stdin);
    is($status, 0, "runs: $command") or diag($err);
    return $out;
}

# The command must end with the status, a line on stderr that matches, and nothing
# on stdout unless $out_allowed.
sub refuses {
    my ($status, $pattern, $command, $stdin, $out_allowed) = @_;
    my ($got, $out, $err) = run($command, $stdin);
    is($got, $status, "status $status: $command") or diag($err);
    like($err, $pattern, "says why: $command");
    is($out, '', "writes nothing: $command") unless $out_allowed;
}

# Records as a list of hashes, of a command's stream (through to-json).
sub records { return jsonl(runs("$_[0] | to-json", $_[1])) }

sub jsonl { return map { decode_json($_) } split /\n/, $_[0] }

sub slurp_file {
    open my $f, '<:raw', $_[0] or die "$_[0]: $!";
    local $/;
    my $text = <$f>;
    return defined $text ? $text : '';
}

sub spew {
    open my $f, '>:raw', $_[0] or die "$_[0]: $!";
    print $f $_[1];
    close $f or die "$_[0]: $!";
}

# A .npy file: (reference to the flat list of its numbers, its shape...).
sub npy {
    my $bytes = slurp_file($_[0]);
    my $size = unpack 'v', substr($bytes, 8, 2);
    my $head = substr $bytes, 10, $size;
    my ($type) = $head =~ /'descr': '(.*?)'/;
    my ($shape) = $head =~ /'shape': \((.*?)\)/;
    my %code = ('<f4' => 'f<*', '<f8' => 'd<*', '<i4' => 'l<*', '<i8' => 'q<*', '|u1' => 'C*', '|b1' => 'C*');
    die "$_[0]: type $type" unless $code{$type};
    return ([unpack $code{$type}, substr($bytes, 10 + $size)], grep { length } split /[, ]+/, $shape);
}

# A CSV file without quotes in it, as a list of hashes by its first line; .xz too.
sub csv {
    my ($path) = @_;
    my $text = $path =~ /\.xz$/ ? `xz -dc '$path'` : slurp_file($path);
    my ($first, @rows) = split /\r?\n/, $text;
    my @names = split /,/, $first, -1;
    return map { my %row; @row{@names} = split /,/, $_, -1; \%row } @rows;
}

# Path of the shared folder's file or folder, or undef; the caller skips then:
#   my $golden = shared('golden/cluster') or plan skip_all => 'needs ../shared';
sub shared {
    my ($path) = @_;
    my $root = $ENV{SONGPIPE_SHARED} || '../shared';
    return -e "$root/$path" ? "$root/$path" : undef;
}

# The commands of a man page behind each line  .\" MARK,  as a reader would type them.
sub page_blocks {
    my ($page, $mark) = @_;
    my (@blocks, $wanted, $in);
    for (split /\n/, slurp_file($page)) {
        if ($_ eq ".\\\" $mark") { $wanted = 1 }
        elsif ($wanted && /^\.Bd -literal/) { ($wanted, $in) = (0, 1); push @blocks, '' }
        elsif (/^\.Ed/) { $in = 0 }
        elsif ($in) { $blocks[-1] .= s/\\-/-/gr =~ s/\\e/\\/gr =~ s/^\\&//r . "\n" }
        elsif ($wanted) { fail("$page: a line between $mark and .Bd: $_"); $wanted = 0 }
    }
    return @blocks;
}

# Two flat lists agree: |got - want| <= atol + rtol * |want| for each; NaN fails unless both are.
sub near_all {
    my ($got, $want, $atol, $rtol, $name) = @_;
    return fail("$name: " . @$got . " numbers, not " . @$want) if @$got != @$want;
    my ($worst, $at) = (0, 0);
    for my $i (0 .. $#$want) {
        my ($g, $w) = ($got->[$i], $want->[$i]);
        next if defined $g && $g != $g && $w != $w;
        my $over = defined $g ? abs($g - $w) / ($atol + $rtol * abs($w) || 1e-300) : 9**9**9;
        ($worst, $at) = ($over, $i) if !($over <= $worst);
    }
    return ok($worst <= 1, $name)
        || diag("at $at: " . ($got->[$at] // 'undef') . ", not $want->[$at]: $worst times the tolerance");
}

1;
