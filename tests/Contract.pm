# What the contract tests share: what a binary says of itself in --help, input that fits
# it, and running it without a shell, since they run some thousand times.
# SPDX-License-Identifier: GPL-3.0-or-later
#
# perl -Itests tests/contract-stream.t NAME... tests only these; CONTRACT="NAME..." too.
package Contract;
use strict;
use warnings;
use Exporter 'import';
use File::Spec;
use File::Temp 'tempdir';
use Ear ();
use Encoder ();
use POSIX ();
use Stream;
use Test::More;

our @EXPORT = qw(binaries describe option go damaged failures input sample argv one_line is_map is_batch is_sink
    writes_stream model own_example whole asan $tmp spew slurp_file);

our $tmp = tempdir(CLEANUP => 1);
my $bin = File::Spec->rel2abs($ENV{SONGPIPE_BIN} || (split /:/, $ENV{PATH})[0]);

sub asan { return $ENV{SONGPIPE_ASAN} }

sub spew {
    my ($path, $bytes) = @_;
    open my $f, '>:raw', $path or die "$path: $!";
    print $f $bytes;
    close $f or die "$path: $!";
    return $path;
}

sub slurp_file {
    open my $f, '<:raw', $_[0] or return '';
    local $/;
    return <$f> // '';
}

sub binaries {
    my %only = map { $_ => 1 } @ARGV, split ' ', $ENV{CONTRACT} // '';
    my @names = sort grep { !%only || $only{$_} } map { m{([^/]+)$} } grep { -x && !-d } glob "$bin/*";
    plan skip_all => "no binaries in $bin" if !@names;
    return @names;
}

# ---- running ----

# Run a binary: go([NAME, args...], in => bytes or pipe => bytes, out => path or 'closed', append => path,
# ignore_pipe => 1, env => {}, shut => [descriptors to close]).
# Returns (status, stdout, stderr); 142: it hung.
sub go {
    my ($argv, %o) = @_;
    my ($name, @args) = @$argv;
    my ($in, $out, $err) = map { "$tmp/.$_" } qw(in out err);
    defined $o{in} ? spew($in, $o{in}) : ($in = '/dev/null');
    my ($reader, $writer);
    if (($o{out} // '') eq 'closed') {
        pipe $reader, $writer or die "pipe: $!";
        close $reader;
    }
    my $feeder;
    if (defined $o{pipe}) {
        pipe my $from, my $to or die "pipe: $!";
        if (!($feeder = fork // die "fork: $!")) {
            close $from;
            $SIG{PIPE} = 'DEFAULT';
            binmode $to;
            print $to $o{pipe};
            close $to;
            POSIX::_exit(0);
        }
        close $to;
        $feeder = [$feeder, $from];
    }
    my $pid = fork // die "fork: $!";
    if (!$pid) {
        my $ok = ($feeder ? open(STDIN, '<&', $feeder->[1]) : open(STDIN, '<', $in)) && open(STDERR, '>', $err) && ($writer ? open(STDOUT, '>&', $writer) : open(STDOUT, $o{append} ? '>>' : '>', $o{append} // $o{out} // $out));
        $SIG{PIPE} = $o{ignore_pipe} ? 'IGNORE' : 'DEFAULT';
        $ENV{$_} = $o{env}{$_} for keys %{ $o{env} || {} };
        POSIX::close($_) for @{ $o{shut} || [] };
        alarm(asan() ? 120 : 30);
        exec { "$bin/$name" } $name, @args if $ok;
        POSIX::_exit(99);
    }
    close $writer if $writer;
    close $feeder->[1] if $feeder;
    waitpid $pid, 0;
    my $status = $? & 127 ? 128 + ($? & 127) : $? >> 8;
    waitpid $feeder->[0], 0 if $feeder;
    return ($status, $o{out} || $o{append} ? '' : slurp_file($out), slurp_file($err));
}

# Run it on damaged copies of a stream by tests/fuzz/damage.c, which spawns faster than
# Perl forks: [at, status, whole, bytes of output, lines on stderr, the first of them]... With beside and text there is
# the path that the copies are written to.
sub damaged {
    my ($mode, $n, $bytes, $argv, @at) = @_;
    my ($name, @args) = @$argv;
    my $path = spew("$tmp/damage.sp", $bytes);
    open my $from, '-|', 'damage', $mode, $n, $path, @at, "$bin/$name", @args or die "damage: $!";
    my @runs = map { chomp; [split / /, $_, 6] } <$from>;
    close $from or die "damage: status $?";
    return @runs;
}

# One test for many cases: sub gets a function to call with what went wrong.
sub failures {
    my ($name, $cases) = @_;
    my @wrong;
    $cases->(sub { push @wrong, join '', @_ });
    ok(!@wrong, $name) or diag(join "\n", @wrong > 8 ? (@wrong[0 .. 7], @wrong - 8 . ' more') : @wrong);
}

# Whether stderr is one line that begins with the filter's name.
sub one_line { return $_[1] =~ /\A\Q$_[0]\E: [^\n]+\n\z/ }

# Whether bytes that were written would be taken for a finished stream.
sub whole { return $_[0] =~ /\x93\xd7ESONGPIPE\xce/ ? 1 : 0 }

# ---- what a binary says of itself ----

my %described;
sub describe {
    my ($name) = @_;
    return $described{$name} if $described{$name};
    my ($status, $help) = go([$name, '--help']);
    my %d = (name => $name, options => [], in => '', out => '', reads => [], example => [], help => $help);
    my @lines = split /\n/, $help;
    for (my $i = 0; $i < @lines; $i++) {
        if ($lines[$i] =~ /^  (?:-(.), |    )--([\w-]+)/) {
            my ($letter, $long, $left, $text) = ($1, $2);
            if (($lines[$i + 1] // '') =~ /^ {30}/) {
                ($left, $text) = ($lines[$i], $lines[++$i]);
            } else {
                ($left, $text) = (substr($lines[$i], 0, 30), substr $lines[$i], 30);
            }
            my ($arg) = $left =~ /--[\w-]+ (\S.*?)\s*$/;
            my %o = (letter => $letter, name => $long, arg => $arg, text => $text);
            if ($text =~ /\(([^()]*)\)$/) {
                my $ends = $1;
                $o{default} = $1 if $ends =~ /^default ([^;]*)/;
                @o{qw(min max)} = ($1, $2) if $ends =~ /(?:^|; )(-?[\d.]\S*) to (-?[\d.]\S*)$/;
            }
            $o{type} = !defined $arg ? 'flag' : $arg =~ /\|FILE$/ ? 'text' : $arg =~ /\|/ ? 'choice' : $arg eq 'SIZE' ? 'size'
                : $arg eq 'X' ? 'real' : $arg eq 'N' ? (defined $o{min} ? 'int' : 'seed') : 'text';
            push @{ $d{options} }, \%o;
        } elsif ($lines[$i] =~ /^(input|output)\s+(none|records|model|text|files|any stream)(?:: (.*))?$/) {
            $d{ $1 eq 'input' ? 'in' : 'out' } = $2;
            $d{reads} = [map { [split] } split /, */, $3] if $1 eq 'input' && defined $3;
        } elsif ($lines[$i] =~ /^example\s+\S+\s*(.*)$/) {
            $d{example} = [split ' ', $1];
        }
    }
    return $described{$name} = \%d;
}

sub option {
    my ($d, $name) = @_;
    return (grep { $_->{name} eq $name } @{ $d->{options} })[0];
}

# Reads all before it writes, on all processors; decode and sp-parallel work on these, too, but file by file.
sub is_batch { return ((option($_[0], 'jobs') // {})->{default} // '') eq '0' && $_[0]{name} !~ /^(decode|sp-parallel)$/ }
sub is_sink { return $_[0]{out} eq 'text' }
sub writes_stream { return $_[0]{out} =~ /^(records|model|any stream)$/ }

# Each record by itself: the driver of maps gives it -j, no memory limit, and nothing is fitted.
sub is_map {
    my ($d) = @_;
    return $d->{in} eq 'records' && $d->{out} eq 'records' && option($d, 'jobs') && !is_batch($d) && !option($d, 'save');
}

# ---- input that fits it ----

my @labels = qw(rock jazz pop);

# A packed value of a kind for record $i; small ones for the loops over bytes.
sub value {
    my ($kind, $name, $i, $small) = @_;
    my $near = sub { ($i % 3) * 2 + sin(1 + $i * 7 + $_[0] * 3) / 3 };
    return int64($small ? 8000 : 22050) if $name eq 'rate';
    return str(sound("$tmp/a.wav")) if $name eq 'path';
    return f64(5) if $name =~ /frame_rate$/;
    return f64($near->(0)) if $kind eq 'number' || $kind eq 'any';
    return str('t' . $i % 4) if $name eq 'track';
    return str($labels[$i % 3]) if $kind eq 'label';
    return str(qw(love sun rain)[$i % 3] . ' and ' . qw(moon night day fire)[$i % 4] . ' in the street') if $kind eq 'text';
    return vec(map { $near->($_) } 1 .. ($small ? 2 : 4)) if $kind eq 'vector';
    return mat($small ? 2 : 5, map { $near->($_ / 9) } 1 .. ($small ? 4 : 100)) if $kind eq 'matrix';
    if ($kind eq 'samples') {
        my $n = $small ? 8 : 4000;
        return tensor('<f4', [$n], pack 'f<*', map { 0.5 * sin($_ * (0.05 + 0.04 * ($i % 3))) } 1 .. $n);
    }
    return;
}

# A stream that the binary reads: input($d, n => 12, small => 0, ids => [...], first => number of the
# first record, change => sub { my ($i, \%values) = @_ }, columns => a letter to begin their names,
# more => [packed keys and values of the header]). change may replace, undef and add packed values.
sub input {
    my ($d, %o) = @_;
    $o{small} = 0 if $d->{name} =~ /-decode$/ && !$o{narrow};     # as wide as the codes of its model
    my @reads = @{ $d->{reads} };
    @reads = (['x', 'vector']) if !@reads;
    my @names = map { $_->[0] } @reads;
    my $first = $o{first} // 0;
    my @records;
    for my $i ($first .. $first + ($o{n} // 12) - 1) {
        my %v = map { $_->[0] => value($_->[1], $_->[0], $i, $o{small}) // die "$d->{name}: kind $_->[1] of $_->[0]\n" } @reads;
        my @more = $o{small} ? () : ('passed' => str("as it is $i"));
        $o{change}->($i, \%v) if $o{change};
        my %read = map { $_ => 1 } @names;
        push @records, record($o{ids} ? $o{ids}[$i - $first] : "id$i",
            (map { defined $v{$_} ? ($_, $v{$_}) : () } @names, sort grep { !$read{$_} } keys %v), @more);
    }
    my @letters = map { ($o{columns} // '') . $_ } 'a' .. ($o{small} ? 'b' : 'd');
    my %columns = map { $_->[0] => \@letters } grep { $_->[1] eq 'vector' } @reads;
    $columns{unused} = \@letters if !%columns;
    return stream({ kind => $o{kind} // ($d->{in} eq 'model' ? 'model' : 'records'), columns => \%columns,
        version => $o{version} // 1, more => $o{more} }, @records);
}

# The name and the example's options. FILE stands for a stream as input($d, %o) makes it, MODEL
# for a model that the filter itself (--save) or NAME-train makes of it, DIR for a small encoder, EAR for a small musicnn.
sub argv {
    my ($d, %o) = @_;
    my @argv = @{ $d->{example} };
    my $stem = join '-', "$tmp/$d->{name}", map { "$_$o{$_}" } sort keys %o;
    for (@argv) {
        if (/\bFILE\b/) {
            spew("$stem.other.sp", input($d, %o)) if !-e "$stem.other.sp";
            s/\bFILE\b/$stem.other.sp/;
        } elsif (/\bMODEL\b/) {
            model($d, "$stem.model.sp", %o) if !-e "$stem.model.sp";
            s/\bMODEL\b/$stem.model.sp/;
        } elsif (/\bDIR\b/) {
            Encoder::folder("$tmp/encoder") if !-e "$tmp/encoder";
            s/\bDIR\b/$tmp\/encoder/;
        } elsif (/\bEAR\b/) {
            Ear::folder("$tmp/ear") if !-e "$tmp/ear";
            s/\bEAR\b/$tmp\/ear/;
        }
    }
    return ($d->{name}, @argv);
}

sub model {
    my ($d, $path, %o) = @_;
    if (option($d, 'save')) {
        return go([$d->{name}, own_example($d), '--save', $path], in => input($d, %o));
    }
    my $train = describe($d->{name} =~ s/-[^-]*$/-train/r);
    return go([argv($train, %o)], in => input($train, %o), out => $path);
}

# The example without the model in it.
sub own_example {
    my ($d) = @_;
    my $words = join ' ', @{ $d->{example} };
    $words =~ s/(^| )(-m|--model)[ =]?MODEL\b//;
    return split ' ', $words;
}

# A short sound in a file of its own.
sub sound {
    my ($path) = @_;
    my $pcm = pack 's<*', map { 9000 * sin($_ / 9) } 1 .. 2000;
    return -e $path ? $path : spew($path, 'RIFF' . pack('V', 36 + length $pcm) . 'WAVEfmt ' .
        pack('VvvVVvv', 16, 1, 1, 8000, 16000, 2, 16) . 'data' . pack('V', length $pcm) . $pcm);
}

# How to run it on good input: ({argv}, in => bytes) or with operands; undef if nobody knows how.
sub sample {
    my ($d, %o) = @_;
    my @argv = argv($d, %o);
    return (\@argv, in => input($d, %o)) if $d->{in} =~ /^(records|any stream)$/;
    if ($d->{name} =~ /json/) {
        return (\@argv, in => join '', map { qq({"id":"s$_","x":[$_,1,2.5],"genre":"rock","n":null}\n) } 1 .. 6);
    } elsif ($d->{name} =~ /csv/) {
        return (\@argv, in => "id,a,b,genre\n" . join '', map { "s$_,$_,2.5,rock\n" } 1 .. 6);
    } elsif ($d->{name} =~ /npy/) {
        my $head = "{'descr': '<f4', 'fortran_order': False, 'shape': (6, 3), }";
        $head .= ' ' x (118 - 1 - length $head) . "\n";
        spew("$tmp/six.npy", "\x93NUMPY\x01\x00" . pack('v', length $head) . $head . pack 'f<18', 1 .. 18);
        return ([@argv, "$tmp/six.npy"]);
    } elsif ($d->{name} =~ /mxm/) {
        return (\@argv, in => "# songs\n%i,the,you\n" . join '', map { "TR$_,$_,1:$_,3:1\n" } 1 .. 6);
    } elsif ($d->{name} =~ /hdf5/) {
        return ([@argv, File::Spec->rel2abs('tests/golden/hdf5/many.h5')]);
    } elsif ($d->{in} eq 'files') {
        my $dir = "$tmp/music";
        if (!-d $dir) {
            mkdir $dir;
            sound("$dir/$_.wav") for qw(one two);
        }
        return ([@argv, $dir]);
    }
    return;
}

1;
