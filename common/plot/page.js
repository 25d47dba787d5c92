/* page.js - the map of map-page's page: what it shows, and what answers mouse, fingers and keys
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
const title = i => { for (const k of ['title', 'name', 'id']) if (field.has(k) && field.get(k).v[i] !== null)
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
const radius = () => Math.max(1.2, Math.min(7 * large(), 40 / Math.pow(n || 1, .3)) * large()) *
  Math.min(Math.pow(view.zoom, .35), 2.2);

let hit = null, hits = 0, current = -1, playing = -1, outline = null;
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
  const solid = n > 20000 ? .65 : .9, rim = dark() ? 255 : 0, pale = grey(), look = looks(), d = image.data;
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
  const text = (name, x, y, font) => {
    pen.font = font;
    if (name.length > 34) name = name.slice(0, 33) + '\u2026';
    const half = pen.measureText(name).width / 2 + 3, size = 10 * Math.max(1, large());
    x = Math.min(Math.max(x, half), width - half - 44);
    const box = [x - half, y - size, x + half, y + size];
    const meets = b => b[0] < box[2] && b[2] > box[0] && b[1] < box[3] && b[3] > box[1];
    if (y < size || y > height - size || taken.some(meets)) return;
    taken.push(box);
    pen.lineWidth = 4; pen.lineJoin = 'round'; pen.strokeStyle = back; pen.fillStyle = fore;
    pen.textAlign = 'center'; pen.textBaseline = 'middle';
    pen.strokeText(name, x, y); pen.fillText(name, x, y);
  };
  for (const g of groups) {
    const s = view.scale * view.zoom, x = (g.x - view.x) * s + width / 2, y = (view.y - g.y) * s + height / 2;
    const off = colour === grouped && colour.off.has(g.k);
    if (x > -60 && x < width + 60 && !off) text(g.name, x, y, '600 ' + 14 * Math.max(1, large()) + 'px system-ui, sans-serif');
  }
  if (inView.length <= (view.zoom > 2 || hit ? 80 : 12))
    for (const i of inView) text(title(i), sx(i), sy(i) - radius() - 9, 12 * Math.max(1, large()) + 'px system-ui, sans-serif');
}
/* The clusters, or without them the classes of the colour: where they are, and what the most songs in them say. */
let groups = [], grouped = null;
function name() {
  grouped = field.has('cluster') && field.get('cluster').kind === 'class' ? field.get('cluster')
    : colour && colour.kind === 'class' ? colour : null;
  const say = data.name !== undefined ? field.get(data.name)
    : data.fields.find(f => f.kind === 'class' && f !== grouped && f.v.some(v => typeof v === 'string')) || null;
  groups = [];
  if (!grouped || (grouped.classes.length > 1000)) return;
  const members = grouped.classes.map(() => []);
  for (let i = 0; i < n; i++) members[grouped.of[i]].push(i);
  const middle = (list, j) => list.map(i => data.xy[2 * i + j]).sort((a, b) => a - b)[list.length >> 1];
  members.forEach((list, k) => {
    const c = grouped.classes[k];
    if (c === null || c === -1 || !list.length) return;
    let label = typeof c === 'string' ? c : grouped.name + ' ' + c;
    if (say && (typeof c !== 'string' || data.name !== undefined)) {
      const votes = new Map();
      for (const i of list) if (say.v[i] !== null) votes.set(say.v[i], (votes.get(say.v[i]) || 0) + 1);
      const [best] = [...votes].sort((a, b) => b[1] - a[1]);
      if (best) label = shown(best[0]);
    }
    groups.push({ k, name: label, size: list.length, x: middle(list, 0), y: middle(list, 1) });
  });
  groups.sort((a, b) => b.size - a.size);
}

/* ---- legend ---- */

function legend() {
  const to = $('legend');
  to.textContent = '';
  if (!colour) return;
  if (colour.kind === 'scale') {
    const bar = make('canvas'), ends = make('div'), p = bar.getContext('2d');
    bar.id = 'bar'; bar.width = 200; bar.height = 1; ends.className = 'ends';
    for (let x = 0; x < 200; x++) { p.fillStyle = css(scaled(x / 199)); p.fillRect(x, 0, 1, 1); }
    for (const t of [0, .5, 1]) ends.append(make('span', +(colour.low + t * (colour.high - colour.low)).toPrecision(4)));
    const row = make('div'); row.className = 'row';
    row.append(bar); to.append(row, ends);
    return;
  }
  const list = make('ul');
  colour.classes.forEach((c, k) => {
    const item = make('li'), b = make('button'), icon = make('canvas');
    const label = make('span', c === null ? 'none' : c === -1 ? 'noise' : shown(c));
    icon.width = icon.height = 32; label.dir = 'auto';
    const p = icon.getContext('2d'), image = p.createImageData(32, 32), [rgb, mark] = style(k);
    for (let at = 0; at < image.data.length; at += 4) image.data.set(rgb, at);
    put(image.data, 32, 32, 16, 16, stamp(mark, 11), rgb, 1, dark() ? 255 : 0);
    p.putImageData(image, 0, 0);
    b.setAttribute('aria-pressed', String(!colour.off.has(k)));
    b.append(icon, label, make('small', colour.counts[k].toLocaleString('en')));
    /* The first click shows this class alone; others are then added and taken away. */
    b.onclick = () => {
      const all = colour.classes.map((_, j) => j);
      if (!colour.off.size) { all.forEach(j => colour.off.add(j)); colour.off.delete(k); }
      else if (colour.off.has(k)) colour.off.delete(k);
      else colour.off.add(k);
      if (colour.off.size === all.length) colour.off.clear();
      [...list.querySelectorAll('button')].forEach((e, j) => e.setAttribute('aria-pressed', String(!colour.off.has(j))));
      changed();
    };
    item.append(b);
    list.append(item);
  });
  const row = make('div'), all = make('button', 'All'); row.className = 'row';
  all.onclick = () => { colour.off.clear(); legend(); changed(); };
  row.append(all);
  to.append(list, row);
}

/* ---- search ---- */

const plain = s => s.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
let hay = null;
function search() {
  const words = plain($('search').value).split(/\s+/).filter(Boolean);
  const texts = i => data.fields.map(f => typeof f.v[i] === 'string' ? f.v[i] : '').join('\n');
  hay = hay || Array.from({ length: n }, (_, i) => plain(texts(i)));
  hit = words.length ? Uint8Array.from(hay, h => words.every(w => h.includes(w)) ? 1 : 0) : null;
  changed();
}
/* The songs that are shown in full: of the classes that are on, and found. */
const seen = i => on(i) && (!hit || hit[i] === 1);
function changed() {
  hits = 0;
  for (let i = 0; i < n; i++) hits += seen(i) ? 1 : 0;
  const some = hit || (colour && colour.off && colour.off.size);
  $('hits').textContent = hit ? (hits ? songs(hits) + ' found' : 'Nothing found') : some ? songs(hits) + ' shown' : '';
  $('take').hidden = !some || !hits;
  if (!$('table').hidden) table();
  redraw();
}
/* Text with the words that are searched for marked. */
function marked(text) {
  const e = make('span'), small = text.toLowerCase();
  const words = hit ? $('search').value.toLowerCase().split(/\s+/).filter(Boolean) : [];
  e.dir = 'auto';
  for (let at = 0; at < text.length;) {
    let from = text.length, to = from;
    for (const w of words) { const f = small.indexOf(w, at); if (f >= 0 && f < from) { from = f; to = f + w.length; } }
    e.append(text.slice(at, from));
    if (to > from) e.append(make('mark', text.slice(from, to)));
    at = to;
  }
  return e;
}

/* ---- hover ---- */

function nearest(x, y) {
  let best = -1, least = Math.pow(Math.max(radius() + 4, 9), 2);
  for (let i = 0; i < n; i++) {
    const d = (sx(i) - x) ** 2 + (sy(i) - y) ** 2;
    if (d < least && seen(i)) { least = d; best = i; }
  }
  return best;
}
function point(i) {
  if (i === current) return;
  current = i;
  const card = $('card');
  card.hidden = i < 0;
  redraw();
  if (i < 0) return;
  card.textContent = '';
  const list = make('dl'), head = make('b');
  head.append(marked(title(i)));
  for (const f of data.fields) {
    const v = shown(f.v[i]), d = make('dd');
    if (v === '') continue;
    d.append(marked(v));
    list.append(make('dt', f.name), d);
  }
  card.append(head, list);
  const x = sx(i), y = sy(i), r = radius() + 8, wide = card.offsetWidth, beside = x + wide + r < width ? x + r : x - wide - r;
  card.style.left = Math.max(4, Math.min(beside, width - wide - 4)) + 'px';
  card.style.top = Math.max(4, Math.min(y + r, height - card.offsetHeight - 4)) + 'px';
}

/* ---- sound ---- */

const player = $('player'), raw = new Set(data.raw), heard = new Set(), queue = [];
const path = i => field.has('path') ? field.get('path').v[i] : null;
/* Every character that has a meaning in an address is written as its number, so that a path is a path. */
const address = i => (path(i)[0] === '/' ? '' : data.prefix) + (raw.has(i) ? path(i)
  : path(i).replace(/^\/+/, '/').split('/').map(encodeURIComponent).join('/'));
function source(i) {
  if (data.audio === 'embed') return data.clips[i] ? 'data:audio/ogg;base64,' + data.clips[i] : null;
  return data.audio === 'link' && path(i) ? address(i) : null;
}
function play(i) {
  const from = source(i);
  playing = i;
  heard.add(i);
  redraw();
  if (data.audio === 'none') return;
  if (from === null) return lost();
  $('now').textContent = title(i);
  player.src = from;
  player.play().catch(() => {});
}
function lost() {
  $('now').textContent = 'The sound of ' + title(playing) + ' is not there' +
    (data.audio === 'link' && path(playing) ? ': ' + path(playing) : '');
  if (queue.length) onward();
}
function onward() {
  if (queue.length) return play(queue.shift());
  if (!$('on').checked) return;
  let best = -1, least = Infinity;
  for (let i = 0; i < n; i++) {
    const d = (data.xy[2 * i] - data.xy[2 * playing]) ** 2 + (data.xy[2 * i + 1] - data.xy[2 * playing + 1]) ** 2;
    if (d < least && !heard.has(i) && seen(i) && source(i)) { least = d; best = i; }
  }
  if (best >= 0) play(best);
}
player.onended = onward;
player.onerror = () => { if (playing >= 0) lost(); };

/* ---- the selection ---- */

function chosen() {
  const list = $('list'), some = selected.size > 0;
  $('many').textContent = some ? songs(selected.size) + ' selected' : 'No song selected';
  for (const id of ['m3u', 'csv', 'none']) $(id).disabled = !some;
  $('m3u').hidden = !field.has('path');
  list.textContent = $('within').textContent = '';
  const f = colour && colour.kind === 'class' ? colour : null, votes = new Map();
  let k = 0;
  for (const i of selected) {
    if (f) votes.set(f.of[i], (votes.get(f.of[i]) || 0) + 1);
    if (k++ >= 200) continue;
    const item = make('li'), b = make('button'), text = make('span', title(i));
    text.dir = 'auto';
    b.append(text);
    b.onclick = () => play(i);
    b.onfocus = b.onmouseenter = () => point(i);
    item.append(b);
    list.append(item);
  }
  if (selected.size > 200) list.append(make('li', 'and ' + songs(selected.size - 200) + ' more'));
  if (f && some) $('within').textContent = f.name + ': ' + [...votes].sort((a, b) => b[1] - a[1]).slice(0, 5)
    .map(([c, m]) => (f.classes[c] === null ? 'none' : f.classes[c]) + ' (' + m + ')').join(', ');
  redraw();
}
function save(name, type, lines, end) {
  const a = make('a');
  a.href = URL.createObjectURL(new Blob([lines.join(end) + end], { type }));
  a.download = name;
  a.click();
  setTimeout(() => URL.revokeObjectURL(a.href), 60000);
}
const line = s => s.replace(/[\r\n\u2028\u2029]+/g, ' ');
const cell = v => /[",\r\n]|^\s|\s$/.test(v) ? '"' + v.replace(/"/g, '""') + '"' : v;
const listed = i => path(i) && !/[\r\n]/.test(path(i));
$('m3u').onclick = () => save('songs.m3u8', 'audio/x-mpegurl', ['#EXTM3U', ...[...selected].filter(listed)
  .map(i => '#EXTINF:-1,' + line(title(i)) + '\n' + (path(i)[0] === '#' ? './' : '') + path(i))], '\n');
$('csv').onclick = () => save('songs.csv', 'text/csv', [data.fields.map(f => cell(f.name)).join(','),
  ...[...selected].map(i => data.fields.map(f => cell(shown(f.v[i]))).join(','))], '\r\n');
$('none').onclick = () => { selected.clear(); chosen(); };
$('take').onclick = () => { for (let i = 0; i < n; i++) if (seen(i)) selected.add(i); chosen(); };
/* Select what is inside of a line that was drawn. */
function enclose(line) {
  for (let i = 0; i < n; i++) {
    if (!seen(i)) continue;
    const x = sx(i), y = sy(i);
    let within = false;
    for (let a = 0, b = line.length - 1; a < line.length; b = a++)
      if ((line[a][1] > y) !== (line[b][1] > y) &&
          x < (line[b][0] - line[a][0]) * (y - line[a][1]) / (line[b][1] - line[a][1]) + line[a][0]) within = !within;
    if (within) selected.add(i);
  }
  chosen();
}

/* ---- the table ---- */

let rows = 200;
function table() {
  const t = make('table'), head = make('tr'), body = make('tbody'), top = make('thead'), to = $('table');
  t.append(make('caption', songs(hits) + (hit ? ' found' : '')));
  for (const f of data.fields) { const th = make('th', f.name); th.scope = 'col'; head.append(th); }
  top.append(head);
  for (let i = 0, k = 0; i < n && k < rows; i++) {
    if (!seen(i)) continue;
    const tr = make('tr');
    k++;
    data.fields.forEach((f, j) => {
      const td = make(j ? 'td' : 'th');
      if (!j) td.scope = 'row';
      td.append(marked(shown(f.v[i])));
      if (!j && data.audio !== 'none') {
        const b = make('button', '\u25B6');
        b.setAttribute('aria-label', 'Play ' + title(i));
        b.onclick = () => play(i);
        td.prepend(b, ' ');
      }
      tr.append(td);
    });
    body.append(tr);
  }
  t.append(top, body);
  to.replaceChildren(t);
  if (hits > rows) {
    const more = make('button', 'More rows');
    more.onclick = () => { rows += 1000; table(); };
    to.append(more);
  }
}

/* ---- mouse, fingers, keys ---- */

const down = new Map();
let drawing = false, moved = false;
const at = e => { const box = map.getBoundingClientRect(); return [e.clientX - box.left, e.clientY - box.top]; };
map.onwheel = e => { e.preventDefault(); zoom(Math.exp(-e.deltaY * (e.deltaMode ? .05 : .0016)), ...at(e)); };
map.onpointerdown = e => {
  map.setPointerCapture(e.pointerId);
  down.set(e.pointerId, at(e));
  moved = false;
  drawing = down.size === 1 && (e.shiftKey || $('lasso').getAttribute('aria-pressed') === 'true');
  outline = drawing ? [at(e)] : null;
};
map.onpointermove = e => {
  const here = at(e), was = down.get(e.pointerId);
  if (!was) return e.pointerType === 'mouse' ? point(nearest(...here)) : undefined;
  if (!moved && Math.hypot(here[0] - was[0], here[1] - was[1]) < 4) return;
  moved = true;
  if (drawing) { outline.push(here); redraw(); return; }
  point(-1);
  const other = [...down].find(([id]) => id !== e.pointerId);
  if (other) {
    const [ox, oy] = other[1];
    zoom(Math.hypot(here[0] - ox, here[1] - oy) / (Math.hypot(was[0] - ox, was[1] - oy) || 1), ox, oy);
  } else {
    pan(here[0] - was[0], here[1] - was[1]);
  }
  down.set(e.pointerId, here);
};
map.onpointerup = map.onpointercancel = e => {
  const known = down.delete(e.pointerId), line = outline;
  if (down.size) return;
  outline = null;
  if (drawing && moved) {
    enclose(line);
  } else if (known && !moved && e.type === 'pointerup') {
    const i = nearest(...at(e));
    point(i);
    if (i >= 0 && e.shiftKey && playing >= 0 && !player.paused)
      $('now').textContent = queue.push(i) + ' in the queue';
    else if (i >= 0) play(i);
  }
  drawing = false;
  redraw();
};
map.onpointerleave = () => { if (!down.size) point(-1); };
function step(by) {
  for (let k = 1, i = current; k <= n; k++) {
    i = (i + by + n) % n;
    if (current < 0 && k === 1) i = by > 0 ? 0 : n - 1;
    if (!seen(i)) continue;
    const x = sx(i), y = sy(i);
    if (x < 20 || y < 20 || x > width - 20 || y > height - 20) pan(width / 2 - x, height / 2 - y);
    point(i);
    $('now').textContent = title(i);
    return;
  }
}
map.onkeydown = e => {
  const key = e.key.toLowerCase();
  const move = { arrowleft: [60, 0], arrowright: [-60, 0], arrowup: [0, 60], arrowdown: [0, -60] }[key];
  if (e.ctrlKey || e.metaKey || e.altKey) return;
  if (move) pan(...move);
  else if (key === '+' || key === '=') zoom(1.4);
  else if (key === '-') zoom(1 / 1.4);
  else if (key === '0') home();
  else if (key === 'n' || key === 'p') step(key === 'n' ? 1 : -1);
  else if (key === 'enter' && current >= 0) play(current);
  else if (key === 's' && current >= 0) { if (!selected.delete(current)) selected.add(current); chosen(); }
  else if (key === '/') $('search').focus();
  else if (key === 'escape') point(-1);
  else return;
  e.preventDefault();
};
$('in').onclick = () => zoom(1.6);
$('out').onclick = () => zoom(1 / 1.6);
$('home').onclick = home;
const flip = b => {
  const is = b.getAttribute('aria-pressed') !== 'true';
  b.setAttribute('aria-pressed', String(is));
  return is;
};
$('lasso').onclick = e => flip(e.currentTarget);
$('rows').onclick = e => {
  const is = flip(e.currentTarget);
  $('table').hidden = !is;
  $('main').classList.toggle('rows', is);
  if (is) table();
};
$('search').oninput = search;
$('colour').onchange = () => { colour = colourable[$('colour').selectedIndex]; name(); legend(); chosen(); changed(); };

/* ---- begin ---- */

$('count').textContent = songs(n) + (data.left ? '; ' + data.left.toLocaleString('en') + ' without a place on the map' : '') +
  (data.silent ? '; ' + data.silent.toLocaleString('en') + ' without sound' : '');
map.setAttribute('aria-label', 'A map of ' + songs(n) + (colour ? ', coloured by ' + colour.name : ''));
for (const f of colourable) $('colour').append(make('option', f.name));
$('colours').hidden = !colour;
$('sound').hidden = data.audio === 'none';
$('made').textContent = data.made;
$('when').textContent = 'The file is of ' + new Date(document.lastModified).toLocaleString() + '.';
darkness.onchange = () => { legend(); redraw(); };
window.onbeforeprint = () => { printing = true; draw(); };
window.onafterprint = () => { printing = false; redraw(); };
new ResizeObserver(fit).observe(map);
name(); legend(); chosen(); changed(); fit();
