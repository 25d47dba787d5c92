/* page_map.js - the map of map-page's page: fields, colours, marks, names, and how it is drawn; page.js goes on
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
/* What tells the colour and the mark of song i. */
function looks() {
  if (!colour) { const one = [palette[0], 0]; return () => one; }
  if (colour.kind === 'class') { const all = colour.classes.map((_, k) => style(k)), of = colour.of; return i => all[of[i]]; }
  const steps = Array.from({ length: 65 }, (_, k) => [scaled(k / 64), 0]), none = [grey(), 0], f = colour;
  return i => typeof f.v[i] === 'number' ? steps[Math.round(64 * (f.v[i] - f.low) / (f.high - f.low))] : none;
}
function style(k) {
  const c = colour.classes[k];
  return c === null ? [grey(), 4] : c === -1 ? [grey(), 0] : [hue(k), Math.floor(k / 8) % 4];
}
/* Whether (x, y) is in a mark of radius 1: a disc, a square, a triangle, a diamond, a ring. */
const inside = [(x, y) => x * x + y * y <= 1, (x, y) => Math.max(Math.abs(x), Math.abs(y)) <= .86,
  (x, y) => y <= .8 && y >= 2 * Math.abs(x) * .95 - 1.05, (x, y) => Math.abs(x) + Math.abs(y) <= 1.15,
  (x, y) => x * x + y * y <= 1 && x * x + y * y >= .4];
const stamps = new Map();
/* The pixels of a mark: dx, dy, how much of it is covered, how much of that is its edge. */
function stamp(mark, r) {
  const key = mark + ' ' + r;
  if (stamps.has(key)) return stamps.get(key);
  const pixels = [], reach = Math.ceil(r * 1.2) + 1, inner = Math.max(r - Math.max(1, r / 7), 0) / r;
  for (let y = -reach; y <= reach; y++)
    for (let x = -reach; x <= reach; x++) {
      let all = 0, edge = 0;
      for (let s = 0; s < 16; s++) {
        const u = (x + (s % 4 - 1.5) / 4) / r, v = (y + (Math.floor(s / 4) - 1.5) / 4) / r;
        if (!inside[mark](u, v)) continue;
        all++;
        if (r > 2.5 && mark < 4 && !inside[mark](u / inner, v / inner)) edge++;
      }
      if (all) pixels.push(x, y, all / 16, edge / all);
    }
  stamps.set(key, pixels);
  return pixels;
}
/* Draw the pixels of a mark at (px, py) in the colour c, its edge towards rim. */
function put(d, w, h, px, py, pixels, c, alpha, rim) {
  for (let k = 0; k < pixels.length; k += 4) {
    const x = px + pixels[k], y = py + pixels[k + 1];
    if (x < 0 || y < 0 || x >= w || y >= h) continue;
    const at = (y * w + x) * 4, a = pixels[k + 2] * alpha, edge = pixels[k + 3] * .35;
    d[at] += (c[0] + (rim - c[0]) * edge - d[at]) * a;
    d[at + 1] += (c[1] + (rim - c[1]) * edge - d[at + 1]) * a;
    d[at + 2] += (c[2] + (rim - c[2]) * edge - d[at + 2]) * a;
    if (d[at + 3] < 255 * a) d[at + 3] = 255 * a;
  }
}

/* ---- the view ---- */

const map = $('map'), pen = map.getContext('2d', { willReadFrequently: true });
let low = [0, 0], high = [1, 1];
if (n) {
  low = [Infinity, Infinity]; high = [-Infinity, -Infinity];
  for (let k = 0; k < 2 * n; k++) {
    low[k & 1] = Math.min(low[k & 1], data.xy[k]);
    high[k & 1] = Math.max(high[k & 1], data.xy[k]);
  }
}
const view = { zoom: 1, x: (low[0] + high[0]) / 2, y: (low[1] + high[1]) / 2, scale: 1 };
let width = 1, height = 1, ratio = 1, queued = false, moving = -1e9;
const sx = i => (data.xy[2 * i] - view.x) * view.scale * view.zoom + width / 2;
const sy = i => (view.y - data.xy[2 * i + 1]) * view.scale * view.zoom + height / 2;
function fit() {
  const box = map.getBoundingClientRect();
  if (!box.width) return;
  width = box.width; height = box.height; ratio = window.devicePixelRatio || 1;
  map.width = Math.round(width * ratio); map.height = Math.round(height * ratio);
  view.scale = Math.min((width - 70) / (high[0] - low[0] || 1), (height - 70) / (high[1] - low[1] || 1));
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
    const cell = Math.floor((data.xy[2 * i] - low[0]) / side) * 256 + Math.floor((data.xy[2 * i + 1] - low[1]) / side);
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

let hit = null, hits = 0, current = -1, playing = -1, asked = -1, outline = null;
const selected = new Set();
const on = i => !colour || colour.kind !== 'class' || !colour.off.has(colour.of[i]);

function draw() {
  queued = false;
  const w = map.width, h = map.height, root = getComputedStyle(document.documentElement);
  const back = printing ? '#fff' : root.getPropertyValue('--back'), fore = printing ? '#000' : root.getPropertyValue('--fore');
  pen.setTransform(1, 0, 0, 1, 0, 0);
  pen.fillStyle = back;
  pen.fillRect(0, 0, w, h);
  const image = pen.getImageData(0, 0, w, h), r = Math.round(radius() * ratio * 2) / 2, inView = [];
  const solid = opacity(), rim = dark() ? 255 : 0, pale = grey(), look = looks(), d = image.data;
  const whole = inside.map((_, mark) => stamp(mark, r)), small = inside.map((_, mark) => stamp(mark, r * .8));
  const s = view.scale * view.zoom, x0 = width / 2 - view.x * s, y0 = height / 2 + view.y * s, xy = data.xy;
  /* Of very many songs a part while the map moves, and all when it stands. */
  const step = n > 40000 && performance.now() - moving < 200 ? Math.ceil(n / 25000) : 1;
  if (step > 1) setTimeout(redraw, 220);
  for (const front of hit ? [0, 1] : [1])
    for (let i = 0; i < n; i += step) {
      if (!on(i) || (hit && hit[i] !== front)) continue;
      const x = xy[2 * i] * s + x0, y = y0 - xy[2 * i + 1] * s;
      if (x < -20 || y < -20 || x > width + 20 || y > height + 20) continue;
      const [c, mark] = look(i), px = Math.round(x * ratio), py = Math.round(y * ratio);
      if (front) put(d, w, h, px, py, whole[mark], c, solid, rim);
      else put(d, w, h, px, py, small[mark], pale, .3, rim);
      if (front && inView.length < 400) inView.push(i);
    }
  pen.putImageData(image, 0, 0);
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
  write(inView, back, fore);
  if (outline) {
    pen.lineWidth = 1.5; pen.setLineDash([5, 4]); pen.beginPath();
    for (const [x, y] of outline) pen.lineTo(x, y);
    pen.stroke(); pen.setLineDash([]);
  }
}
/* Names of clusters, the largest first, and of songs where few are in view; none over another. */
function write(inView, back, fore) {
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
    if (x > -60 && x < width + 60 && !off) text(g.name, x, y, 14, 60, '600 ');
  }
  if (inView.length <= (view.zoom > 2 || hit ? 80 : 12))
    for (const i of inView) text(title(i), sx(i), sy(i) - radius() - 9, 12, 9);
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
  const middle = (list, j) => list.map(i => data.xy[2 * i + j]).sort((a, b) => a - b)[list.length >> 1];
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
    groups.push({ k, plain, name: label, size: list.length, x: middle(list, 0), y: middle(list, 1) });
  });
  groups.sort((a, b) => b.size - a.size);
}
