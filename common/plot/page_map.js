/* page_map.js - the map of map-page's page: fields, colours, names, the view; page_marks.js and page.js go on
 * SPDX-License-Identifier: GPL-3.0-or-later */
'use strict';
const $ = id => document.getElementById(id);
const data = JSON.parse($('data').textContent), n = data.xy.length / 2;
const make = (tag, text) => { const e = document.createElement(tag); if (text !== undefined) e.textContent = text; return e; };
const shown = v => v === null ? '' : String(v);
const songs = k => k.toLocaleString('en') + (k === 1 ? ' song' : ' songs');

/* ---- fields: text, classes with a colour each, numbers on a scale ---- */

const field = new Map(data.fields.map(f => [f.name, f]));
for (const f of data.fields) {
  const count = new Map();
  let numbers = true, whole = true;
  f.low = Infinity; f.high = -Infinity;
  for (const v of f.v) {
    if (v === null) continue;
    count.set(v, (count.get(v) || 0) + 1);
    if (typeof v !== 'number') { numbers = false; continue; }
    if (!Number.isInteger(v)) whole = false;
    if (v < f.low) f.low = v;
    if (v > f.high) f.high = v;
  }
  const few = 2 * count.size <= n || (count.size <= 12 && (numbers || count.size < n));
  const asked = f.name === data.color || f.name === 'cluster';
  f.kind = numbers && (!whole || (count.size > 60 && !asked)) ? (f.high > f.low ? 'scale' : 'text')
    : count.size && (asked || (few && f.name !== 'id' && f.name !== 'path')) ? 'class' : 'text';
  if (f.kind !== 'class') continue;
  const noise = v => v === -1 ? 1 : 0;
  f.classes = [...count.keys()].sort((a, b) => noise(a) - noise(b) || (numbers ? a - b : count.get(b) - count.get(a) ||
    (String(a) < String(b) ? -1 : 1)));
  f.counts = f.classes.map(c => count.get(c));
  const place = new Map(f.classes.map((c, i) => [c, i]));
  f.of = Int32Array.from(f.v, v => v === null ? f.classes.length : place.get(v));
  const nil = n - f.counts.reduce((a, b) => a + b, 0);
  if (nil) { f.classes.push(null); f.counts.push(nil); }
  f.off = new Set();
}
/* What a song is called; a name that many share is its cluster's. */
const titles = ['title', 'name', 'id'].filter(k => field.has(k) && (k !== 'name' || field.get(k).kind === 'text'));
const title = i => { for (const k of titles) if (field.get(k).v[i] !== null)
  return shown(field.get(k).v[i]) + (k === 'title' && field.has('artist') && field.get('artist').v[i] !== null
    ? ' \u2013 ' + field.get('artist').v[i] : ''); return 'song ' + (i + 1); };
const rank = f => f.name === data.color ? 0 : f.name === 'cluster' ? 1 : f.kind === 'class' ? 2 : 3;
const colourable = data.fields.filter(f => f.kind !== 'text').sort((a, b) => rank(a) - rank(b));
let colour = colourable[0] || null;

/* ---- colours and marks ---- */

/* Okabe and Ito's, which colour-blind people can tell apart; from the ninth class on with another mark. */
const palette = [[0, 114, 178], [230, 159, 0], [0, 158, 115], [213, 94, 0], [86, 180, 233], [204, 121, 167], [240, 228, 66]];
const viridis = [[68, 1, 84], [59, 82, 139], [33, 145, 140], [94, 201, 98], [253, 231, 37]];
const darkness = matchMedia('(prefers-color-scheme: dark)');
let printing = false;
const dark = () => darkness.matches && !printing;
const grey = () => dark() ? [120, 120, 128] : [165, 165, 170];
const css = c => 'rgb(' + c.join(',') + ')';
const scaled = t => { const at = Math.min(Math.max(t, 0), 1) * 4, k = Math.min(Math.floor(at), 3);
  return viridis[k].map((c, j) => Math.round(c + (viridis[k + 1][j] - c) * (at - k))); };
const hue = k => k % 8 < 7 ? palette[k % 8] : dark() ? [245, 245, 245] : [40, 40, 40];
/* What songs look like, each a colour and a mark: 32 of classes, noise, none; or 65 steps of a scale, none. */
function looks() {
  if (!colour) return [[palette[0], 0]];
  if (colour.kind === 'scale') return [...Array(65).keys()].map(k => [scaled(k / 64), 0]).concat([[grey(), 0]]);
  return [...Array(32).keys()].map(k => [hue(k), Math.floor(k / 8)]).concat([[grey(), 0], [grey(), 4]]);
}
/* Which of them class k, song i has. */
const of_class = k => colour.classes[k] === null ? 33 : colour.classes[k] === -1 ? 32 : k % 32;
const of_song = i => !colour ? 0 : colour.kind === 'class' ? of_class(colour.of[i])
  : typeof colour.v[i] === 'number' ? Math.round(64 * (colour.v[i] - colour.low) / (colour.high - colour.low)) : 65;

/* ---- the view ---- */

const map = $('map'), pen = map.getContext('2d', { willReadFrequently: true }), xy = Float32Array.from(data.xy);
let low = [0, 0], high = [1, 1];
if (n) {
  low = [Infinity, Infinity]; high = [-Infinity, -Infinity];
  for (let k = 0; k < 2 * n; k++) {
    low[k & 1] = Math.min(low[k & 1], xy[k]);
    high[k & 1] = Math.max(high[k & 1], xy[k]);
  }
}
const view = { zoom: 1, x: (low[0] + high[0]) / 2, y: (low[1] + high[1]) / 2, scale: 1 };
let width = 1, height = 1, ratio = 1, queued = false, moving = -1e9;
const sx = i => (xy[2 * i] - view.x) * view.scale * view.zoom + width / 2;
const sy = i => (view.y - xy[2 * i + 1]) * view.scale * view.zoom + height / 2;
function fit() {
  const box = map.getBoundingClientRect();
  if (!box.width) return;
  width = box.width; height = box.height; ratio = window.devicePixelRatio || 1;
  map.width = Math.round(width * ratio); map.height = Math.round(height * ratio);
  /* No song is under the buttons. */
  const free = width - 2 * ($('tools').offsetWidth + 18);
  view.scale = Math.min(free / (high[0] - low[0] || 1), (height - 70) / (high[1] - low[1] || 1));
  redraw();
}
function home() { Object.assign(view, { zoom: 1, x: (low[0] + high[0]) / 2, y: (low[1] + high[1]) / 2 }); redraw(); }
/* Zoom by a factor; the point under (x, y) stays where it is. */
function zoom(by, x = width / 2, y = height / 2) {
  const before = view.zoom;
  view.zoom = Math.min(Math.max(before * by, .5), 5000);
  const step = (1 / before - 1 / view.zoom) / view.scale;
  view.x += (x - width / 2) * step; view.y -= (y - height / 2) * step;
  moving = performance.now();
  redraw();
}
function pan(dx, dy) {
  const s = view.scale * view.zoom;
  view.x -= dx / s; view.y += dy / s;
  moving = performance.now(); redraw();
}
function redraw() { if (!queued) { queued = true; requestAnimationFrame(draw); } }
/* Marks and names are larger on a large screen. */
const large = () => Math.max(.65, Math.min(1.8, .4 + Math.min(width, height) / 1200));
/* How many others there are on a unit of the map where a song is, by a grid: the mean over the songs. */
const density = (() => {
  const cells = new Map(), side = Math.max(high[0] - low[0], high[1] - low[1], 1e-9) / 128;
  for (let i = 0; i < n; i++) {
    const cell = Math.floor((xy[2 * i] - low[0]) / side) * 256 + Math.floor((xy[2 * i + 1] - low[1]) / side);
    cells.set(cell, (cells.get(cell) || 0) + 1);
  }
  let pairs = 0;
  for (const k of cells.values()) pairs += k * (k - 1);
  return Math.max(pairs, 1e-9) / (n || 1) / side ** 2;
})();
/* Marks are smaller, then clearer, the more of them there are on the pixels of a crowd, as it is seen. */
const crowd = () => density / (view.scale * view.zoom) ** 2;
const radius = () => Math.min(7 * large() * Math.min(Math.pow(view.zoom, .35), 2),
  Math.max(1.3 * large(), 1 / Math.sqrt(crowd())));
const opacity = () => Math.max(.25, Math.min(.9, 1.5 / Math.sqrt(crowd() * Math.PI * radius() ** 2)));

/* How each song is drawn: which look; 0 not at all, 1 pale, as it was not found, 2 in full. */
const look = new Uint8Array(n), level = new Uint8Array(n);
let hit = null, hits = 0, current = -1, playing = -1, asked = -1, outline = null;
const selected = new Set();
const on = i => !colour || colour.kind !== 'class' || !colour.off.has(colour.of[i]);

/* Songs in view that are shown in full, up to `most` of them. */
function in_view(most) {
  const found = [];
  const near = (at, size) => at > -20 && at < size + 20;
  for (let i = 0; i < n && found.length < most; i++)
    if (level[i] === 2 && near(sx(i), width) && near(sy(i), height)) found.push(i);
  return found;
}
function draw() {
  queued = false;
  const root = getComputedStyle(document.documentElement);
  const back = printing ? '#fff' : root.getPropertyValue('--back'), fore = printing ? '#000' : root.getPropertyValue('--fore');
  pen.fillStyle = back;                 /* #rrggbb it is then */
  const whole = marks([1, 3, 5].map(at => parseInt(pen.fillStyle.slice(at, at + 2), 16)), performance.now() - moving < 200);
  if (!whole) setTimeout(redraw, 220);
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.strokeStyle = fore;
  const ring = (i, more, line) => {
    pen.lineWidth = line; pen.beginPath(); pen.arc(sx(i), sy(i), radius() + more, 0, 7); pen.stroke();
  };
  if (asked >= 0) {
    pen.globalAlpha = .35; pen.lineWidth = 1; pen.beginPath();
    for (const i of around) { pen.moveTo(sx(asked), sy(asked)); pen.lineTo(sx(i), sy(i)); }
    pen.stroke(); pen.globalAlpha = 1;
  }
  for (const i of selected) ring(i, 2, 1.5);
  if (current >= 0) ring(current, 3, 1);
  if (playing >= 0) ring(playing, 4, 3);
  write(back, fore);
  if (outline) {
    pen.lineWidth = 1.5; pen.setLineDash([5, 4]); pen.beginPath();
    for (const [x, y] of outline) pen.lineTo(x, y);
    pen.stroke(); pen.setLineDash([]);
  }
}
/* Names of clusters, the largest first, and of songs where few are in view; none over another. */
function write(back, fore) {
  const taken = [];
  const text = (name, x, y, size, slack, weight = '') => {
    pen.font = weight + size * Math.max(1, large()) + 'px system-ui, sans-serif';
    if (name.length > 34) name = name.slice(0, 33) + '\u2026';
    const half = pen.measureText(name).width / 2 + 3, high = 10 * Math.max(1, large());
    const free = Math.min(Math.max(x, half), width - half - 44);
    if (Math.abs(free - x) > slack) return;
    x = free;
    const box = [x - half, y - high, x + half, y + high];
    const meets = b => b[0] < box[2] && b[2] > box[0] && b[1] < box[3] && b[3] > box[1];
    if (y < high || y > height - high || taken.some(meets)) return;
    taken.push(box);
    pen.lineWidth = 4; pen.lineJoin = 'round'; pen.strokeStyle = back; pen.fillStyle = fore;
    pen.textAlign = 'center'; pen.textBaseline = 'middle';
    pen.strokeText(name, x, y); pen.fillText(name, x, y);
  };
  for (const g of groups) {
    const s = view.scale * view.zoom, x = (g.x - view.x) * s + width / 2, y = (view.y - g.y) * s + height / 2;
    const off = colour === grouped && colour.off.has(g.k);
    if (x > -60 && x < width + 60 && !off) text(g.text, x, y, 14, 60, '600 ');
  }
  const most = view.zoom > 2 || hit ? 80 : 12, few = in_view(most + 1);
  if (few.length <= most)
    for (const i of few) text(title(i), sx(i), sy(i) - radius() - 9, 12, 9);
}
/* The clusters, or without them the classes of the colour: where they are, and what the most songs in them say. */
let groups = [], grouped = null;
function name() {
  grouped = field.has('cluster') && field.get('cluster').kind === 'class' ? field.get('cluster')
    : colour && colour.kind === 'class' ? colour : null;
  const say = data.name !== undefined ? field.get(data.name)
    : [field.get('name'), ...data.fields].find(f => f && f.kind === 'class' && f !== grouped &&
      f.v.some(v => typeof v === 'string')) || null;
  groups = [];
  if (!grouped || (grouped.classes.length > 1000)) return;
  const members = grouped.classes.map(() => []);
  for (let i = 0; i < n; i++) members[grouped.of[i]].push(i);
  const middle = (list, j) => list.map(i => xy[2 * i + j]).sort((a, b) => a - b)[list.length >> 1];
  members.forEach((list, k) => {
    const c = grouped.classes[k];
    if (c === null || c === -1 || !list.length) return;
    let label = typeof c === 'string' ? c : grouped.name + ' ' + c, plain = true;
    if (say && (typeof c !== 'string' || data.name !== undefined)) {
      const votes = new Map();
      for (const i of list) if (say.v[i] !== null) votes.set(say.v[i], (votes.get(say.v[i]) || 0) + 1);
      const [best] = [...votes].sort((a, b) => b[1] - a[1]);
      if (best) { label = shown(best[0]); plain = false; }
    }
    groups.push({ k, plain, name: label, c, size: list.length, x: middle(list, 0), y: middle(list, 1) });
  });
  groups.sort((a, b) => b.size - a.size);
  /* Those of one name are told apart. */
  for (const g of groups)
    g.text = !g.plain && groups.some(h => h !== g && h.name === g.name) ? shown(g.c) + ' \u00b7 ' + g.name : g.name;
}
