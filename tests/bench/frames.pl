#!/usr/bin/env perl
# frames.pl PAGE - how long map-page's page takes to come up, to draw, and from frame to frame while it moves, in a headless
# chromium of 1280 x 800, and what draws there
# SPDX-License-Identifier: GPL-3.0-or-later
use strict;
use warnings;
use Browser;
use Cwd 'abs_path';

my ($started, $why) = browser_starts();
unless ($started) { print "No frames: $why.\n"; exit }
size(1280, 800);
open_page(abs_path($ARGV[0]));
my ($load, $all, $moving, $search, $renderer) = @{ value(q{(async () => {
  const median = v => v.sort((a, b) => a - b)[v.length >> 1], time = f => { const t = performance.now(); f(); return performance.now() - t; };
  const frame = () => new Promise(requestAnimationFrame);
  const load = performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd;
  await new Promise(done => setTimeout(done, 500));
  const all = median([1, 2, 3, 4, 5].map(() => time(() => { moving = -1e9; draw(); })));
  const steps = [];
  let last = await frame();
  for (let k = 0; k < 60; k++) { pan(k % 2 ? 4 : -3, 2); const now = await frame(); steps.push(now - last); last = now; }
  $('search').value = 'number 77';
  const search_ms = [1, 2, 3].map(() => time(search));
  const gl = document.createElement('canvas').getContext('webgl'), info = gl && gl.getExtension('WEBGL_debug_renderer_info');
  return [load, all, median(steps), search_ms[2], info ? gl.getParameter(info.UNMASKED_RENDERER_WEBGL) : 'the processor'];
})()}) };
printf "In headless chromium, 1280 x 800, a 2-D canvas drawn by the processor (WebGL would be by: %s): up after %.0f ms; all songs drawn in "
    . "%.0f ms; while the map moves, a frame each %.1f ms; a search %.0f ms.\n", $renderer, $load, $all, $moving, $search;
browser_ends();
