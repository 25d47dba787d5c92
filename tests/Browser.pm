# Chromium, driven over the pipe of its DevTools (fd 3 and 4): what tests and the bench do with a page.
# SPDX-License-Identifier: GPL-3.0-or-later
package Browser;
use strict;
use warnings;
use Exporter 'import';
use JSON::PP;
use MIME::Base64 'decode_base64';
use POSIX ();
use Songpipe;
use Time::HiRes 'sleep';

our @EXPORT = qw(browser_starts browser_ends ask value until_true mouse click key size scheme picture open_page at text @console @asked);
our (@console, @asked);         # what the browser said, and what it asked for
my ($to, $from, $pid, $session, $number) = (undef, undef, undef, undef, 0);

# True when it has started and shows an empty page; else why not is in the second value.
sub browser_starts {
    my ($chromium) = grep { -x } map { ("$_/chromium", "$_/google-chrome") } split /:/, $ENV{PATH};
    return (0, 'no chromium') unless $chromium;
    pipe(my $its_in, $to) && pipe($from, my $its_out) or die "pipe: $!";
    defined($pid = fork) or die "fork: $!";
    if (!$pid) {
        my ($r, $w) = map { POSIX::dup(fileno $_) } $its_in, $its_out;
        POSIX::dup2($_->[0], $_->[1]) for [$r, 30], [$w, 31], [30, 3], [31, 4];
        POSIX::close($_) for 5 .. 40;
        open STDIN, '<', '/dev/null';
        open STDOUT, '>', '/dev/null';
        open STDERR, '>', "$tmp/chromium.err";
        $ENV{HOME} = $tmp;
        { exec $chromium, qw(--headless=new --no-sandbox --disable-gpu --hide-scrollbars --mute-audio --no-first-run
            --disable-dev-shm-usage --disable-background-networking --autoplay-policy=no-user-gesture-required
            --remote-debugging-pipe), "--user-data-dir=$tmp/profile", 'about:blank' }
        POSIX::_exit(127);
    }
    close $its_in;
    close $its_out;
    $to->autoflush(1);
    eval { ask('Target.getTargets') } or return (0, 'chromium does not start here');
    my ($target) = map { $_->{targetId} } grep { $_->{type} eq 'page' } @{ ask('Target.getTargets')->{targetInfos} };
    $session = ask('Target.attachToTarget', targetId => $target, flatten => JSON::PP::true)->{sessionId};
    ask($_) for qw(Page.enable Runtime.enable Log.enable Network.enable);
    return (1, '');
}

sub browser_ends {
    undef $session;
    ask('Browser.close');
    waitpid $pid, 0;
    return;
}

# One message, or undef at the browser's end.
sub message {
    local $/ = "\0";
    my $text = readline $from;
    return unless defined $text;
    chomp $text;
    my $m = decode_json($text);
    my $method = $m->{method} // '';
    push @console, join ' ', map { $_->{value} // $_->{description} // '' } @{ $m->{params}{args} } if $method eq 'Runtime.consoleAPICalled';
    push @console, $m->{params}{exceptionDetails}{exception}{description} // 'an exception' if $method eq 'Runtime.exceptionThrown';
    push @console, $m->{params}{entry}{text} if $method eq 'Log.entryAdded';
    push @asked, $m->{params}{request}{url} if $method eq 'Network.requestWillBeSent';
    return $m;
}
sub ask {
    my ($method, %params) = @_;
    my $id = ++$number;
    print $to encode_json({ id => $id, method => $method, params => \%params, $session ? (sessionId => $session) : () }), "\0";
    while (my $m = message()) {
        return $m->{result} // die "$method: $m->{error}{message}\n" if ($m->{id} // 0) == $id;
    }
    die "chromium has ended: " . slurp_file("$tmp/chromium.err");
}
# The value of an expression in the page; waits up to 10 s until it is true where `until` asks.
sub value {
    my $r = ask('Runtime.evaluate', expression => $_[0], returnByValue => JSON::PP::true, awaitPromise => JSON::PP::true);
    die "$_[0]: $r->{exceptionDetails}{exception}{description}\n" if $r->{exceptionDetails};
    return $r->{result}{value};
}
sub until_true { for (1 .. 200) { my $v = value($_[0]); return $v if $v; sleep .05 } return '' }
sub mouse { my ($type, $x, $y, %more) = @_; ask('Input.dispatchMouseEvent', type => $type, x => 0 + $x, y => 0 + $y, %more) }
sub click { my ($x, $y, @more) = @_; mouse($_, $x, $y, button => 'left', clickCount => 1, @more) for 'mousePressed', 'mouseReleased' }
sub key { my ($key) = @_; ask('Input.dispatchKeyEvent', type => $_, key => $key, $_ eq 'keyDown' && length $key == 1 ? (text => $key) : ()) for 'keyDown', 'keyUp' }
sub size { ask('Emulation.setDeviceMetricsOverride', width => $_[0], height => $_[1], deviceScaleFactor => 1, mobile => JSON::PP::false); sleep .2 }
sub scheme { ask('Emulation.setEmulatedMedia', media => $_[1] // '', features => [{ name => 'prefers-color-scheme', value => $_[0] }]); sleep .2 }
sub picture {
    spew("$ENV{SCREENSHOTS}/$_[0].png", decode_base64(ask('Page.captureScreenshot')->{data})) if $ENV{SCREENSHOTS};
}
sub open_page {
    ask('Page.navigate', url => "file://$_[0]");
    until_true('document.readyState === "complete" && document.getElementById("count") && document.getElementById("count").textContent !== ""');
    sleep .2;
}
# Where song i is in the window.
sub at { return @{ value("(() => { const b = map.getBoundingClientRect(); return [b.left + sx($_[0]), b.top + sy($_[0])]; })()") } }
sub text { return value("document.getElementById('$_[0]').textContent") }

1;
