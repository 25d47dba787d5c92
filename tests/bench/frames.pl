#!/usr/bin/env perl
# frames.pl PAGE - how long map-page's page takes to come up, to draw, and from frame to frame while it moves, in a headless
# chromium of 1280 x 800 and of 3840 x 2160
# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;
use Browser;
use Cwd 'abs_path';

my ($started, $why) = browser_starts();
unless ($started) { print "No frames: $why.\n"; exit }
for my $size ([1280, 800], [3840, 2160]) {
    size(@$size);
    open_page(abs_path($ARGV[0]));
    printf "In headless chromium, %d x %d, a 2-D canvas drawn by the processor: up after %.0f ms; all songs drawn in %.0f ms; while the map "
        . "is moved, a frame each %.1f ms (95 %%: %.1f), while it is enlarged %.1f ms; a search %.0f ms.\n", @$size, @{ value(q{(async () => {
  const sorted = v => v.sort((a, b) => a - b), time = f => { const t = performance.now(); f(); return performance.now() - t; };
  const frame = () => new Promise(requestAnimationFrame);
  const load = performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd;
  await new Promise(done => setTimeout(done, 500));
  const all = sorted([1, 2, 3, 4, 5].map(() => time(() => { moving = -1e9; draw(); })))[2];
  const frames = async move => {
    const steps = [];
    let last = await frame();
    for (let k = 0; k < 90; k++) { move(k); const now = await frame(); steps.push(now - last); last = now; }
    return sorted(steps);
  };
  const panned = await frames(k => pan(k % 2 ? 4 : -3, 2)), zoomed = await frames(k => zoom(k < 45 ? 1.05 : 1 / 1.05));
  $('search').value = 'number 77';
  return [load, all, panned[45], panned[85], zoomed[45], [1, 2, 3].map(() => time(search))[2]];
})()}) };
}
browser_ends();
