/* page.js - what is beside the map of map-page's page, and what answers mouse, fingers and keys; the last of three
 * SPDX-License-Identifier: GPL-3.0-or-later */
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
    const g = colour === grouped && typeof c === 'number' ? groups.find(g => g.k === k) : null;
    const label = make('span', c === null ? 'none' : c === -1 ? 'noise'
      : shown(c) + (g && !g.plain ? ' \u00b7 ' + g.name : ''));
    icon.width = icon.height = 32; label.dir = 'auto';
    const p = icon.getContext('2d'), image = p.createImageData(32, 32), [rgb, mark] = looks()[of_class(k)];
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
  for (let i = 0; i < n; i++) {
    level[i] = !on(i) ? 0 : seen(i) ? 2 : 1;
    look[i] = of_song(i);
    hits += level[i] === 2;
  }
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

/* ---- neighbours ---- */

let around = [];
/* The k songs nearest to song i on the map of which `good` holds. */
function onMap(i, k, good = () => true) {
  const best = [], x = xy[2 * i], y = xy[2 * i + 1];
  for (let j = 0; j < n; j++) {
    const d = (xy[2 * j] - x) ** 2 + (xy[2 * j + 1] - y) ** 2;
    if (j === i || (best.length === k && d >= best[k - 1][0]) || !good(j)) continue;
    let at = Math.min(best.length, k - 1);
    for (; at > 0 && best[at - 1][0] > d; at--) best[at] = best[at - 1];
    best[at] = [d, j];
  }
  return best.map(b => b[1]);
}
/* Those that the stream gave it, else by the map. */
const known = i => data.near && data.near[i].length > 0;
const beside = i => known(i) ? data.near[i] : onMap(i, 10);
/* Buttons for songs: a click plays, with shift it queues; those with the keyboard on them are shown on the map. */
function buttons(list, to) {
  for (const i of list) {
    const item = make('li'), b = make('button'), text = make('span', title(i));
    text.dir = 'auto';
    b.append(text);
    b.onclick = e => e.shiftKey ? enqueue(i) : play(i);
    b.onmouseenter = () => point(i);
    b.onfocus = () => { if (b.matches(':focus-visible')) show(i); };
    item.append(b);
    to.append(item);
  }
}
/* Show the neighbours of song i. Where one of them was asked for, the keyboard goes on to the new ones. */
function ask(i) {
  const list = $('near'), within = list.contains(document.activeElement);
  asked = i;
  around = beside(i).filter(j => j !== i);
  $('song').hidden = !around.length;
  $('of').textContent = (known(i) ? 'Neighbours of ' : 'Nearest on the map to ') + title(i);
  list.textContent = '';
  buttons(around, list);
  if (within) list.querySelector('button')?.focus();
  redraw();
}

/* ---- sound ---- */

const player = $('player'), raw = new Set(data.raw), heard = new Set(), queue = [];
let lacking = 0;
const path = i => field.has('path') ? field.get('path').v[i] : null;
/* Every character that has a meaning in an address is written as its number, so that a path is a path. */
const address = i => (path(i)[0] === '/' ? '' : data.prefix) + (raw.has(i) ? path(i)
  : path(i).replace(/^\/+/, '/').split('/').map(encodeURIComponent).join('/'));
/* Of a piece of a song, that piece. */
const piece = i => field.has('track') && field.has('start') && field.get('start').v[i] > 0;
function source(i) {
  if (data.audio === 'embed') return data.clips[i] ? 'data:audio/ogg;base64,' + data.clips[i] : null;
  return data.audio === 'link' && path(i) ? address(i) + (piece(i) ? '#t=' + field.get('start').v[i] : '') : null;
}
function play(i) {
  const from = source(i);
  playing = i;
  heard.add(i);
  ask(i);
  redraw();
  if (data.audio === 'none') return;
  if (from === null) return lost();
  $('now').textContent = title(i);
  player.src = from;
  player.play().catch(() => {});
}
/* A file that is not there: the next one, but not for ever. */
function lost() {
  $('now').textContent = 'The sound of ' + title(playing) + ' is not there' +
    (data.audio === 'link' && path(playing) ? ': ' + path(playing) : '');
  if (++lacking <= 20) onward();
}
function enqueue(i) {
  if (data.audio === 'none') return;
  if (playing < 0 || (player.paused && !queue.length)) return play(i);
  $('now').textContent = queue.push(i) + ' in the queue';
  coming();
}
function coming() {
  $('next').textContent = queue.length ? 'Next: ' + queue.slice(0, 3).map(title).join('; ') +
    (queue.length > 3 ? ' and ' + songs(queue.length - 3) + ' more' : '') : '';
}
/* After a song: what is in the queue, else its neighbours that were not heard yet, else what is nearest on the map. */
function onward() {
  if (queue.length) { const i = queue.shift(); coming(); return play(i); }
  if (!$('on').checked) return;
  const good = i => !heard.has(i) && seen(i) && source(i) !== null, next = beside(playing).find(good);
  const [best] = next !== undefined ? [next] : onMap(playing, 1, good);
  if (best !== undefined) play(best);
}
player.onplaying = () => { lacking = 0; };
player.onended = onward;
player.onerror = () => { if (playing >= 0) lost(); };

/* ---- the selection ---- */

/* What the most of the selected songs are, by each field with classes, and the words that are in more of their texts than in
 * others'. */
function inside_it(to) {
  const line = (name, text) => { const d = make('dd', text); d.dir = 'auto'; to.append(make('dt', name), d); };
  const classes = data.fields.filter(f => f.kind === 'class' && f.classes.length > 1);
  for (const f of classes.sort((a, b) => (b === colour) - (a === colour))) {
    const votes = new Map();
    for (const i of selected) votes.set(f.of[i], (votes.get(f.of[i]) || 0) + 1);
    const best = [...votes].sort((a, b) => b[1] - a[1]), say = c => c === null ? 'none' : shown(c);
    line(f.name, best.slice(0, 5).map(([k, m]) => say(f.classes[k]) + ' (' + m + ')').join(', ') +
      (best.length > 5 ? ' \u2026' : ''));
  }
  const best = striking();
  if (best.length) line('words', best.join(', '));
}
let every = null;                       /* how many songs have each word */
function striking() {
  const text = data.fields.filter(f => f.kind === 'text' && f.name !== 'id' && f.name !== 'path');
  const words = i => new Set(text.map(f => typeof f.v[i] === 'string' ? f.v[i] : '').join(' ').toLowerCase()
    .match(/[\p{L}\p{M}\p{N}]{3,}/gu));
  const count = list => {
    const c = new Map();
    for (const i of list) for (const w of words(i)) c.set(w, (c.get(w) || 0) + 1);
    return c;
  };
  every = every || count(Array(n).keys());
  const more = ([w, m]) => m / selected.size - every.get(w) / n;
  return [...count(selected)].filter(e => e[1] > 1 && more(e) > 0).sort((a, b) => more(b) - more(a)).slice(0, 8)
    .map(([w, m]) => w + ' (' + m + ')');
}
function chosen() {
  const list = $('list'), some = selected.size > 0;
  $('many').textContent = some ? songs(selected.size) + ' selected' : 'No song selected';
  for (const id of ['m3u', 'csv', 'none']) $(id).disabled = !some;
  $('m3u').hidden = !field.has('path');
  list.textContent = $('within').textContent = '';
  buttons([...selected].slice(0, 200), list);
  if (selected.size > 200) list.append(make('li', 'and ' + songs(selected.size - 200) + ' more'));
  if (some) inside_it($('within'));
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
    if (i >= 0) (e.shiftKey ? enqueue : play)(i);
  }
  drawing = false;
  redraw();
};
map.onpointerleave = () => { if (!down.size) point(-1); };
/* Point at song i, and move the map where it is beyond. */
function show(i) {
  const x = sx(i), y = sy(i);
  if (x < 20 || y < 20 || x > width - 20 || y > height - 20) pan(width / 2 - x, height / 2 - y);
  point(i);
}
function step(by) {
  for (let k = 1, i = current; k <= n; k++) {
    i = (i + by + n) % n;
    if (current < 0 && k === 1) i = by > 0 ? 0 : n - 1;
    if (!seen(i)) continue;
    show(i);
    ask(i);
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
  else if (key === 'q' && current >= 0) enqueue(current);
  else if (key === 'm' && (current >= 0 || asked >= 0)) {
    ask(current >= 0 ? current : asked);
    $('near').querySelector('button')?.focus();
  }
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
$('near').onkeydown = e => { if (e.key === 'Escape') map.focus(); };
$('queue').onclick = () => around.forEach(enqueue);
$('search').oninput = search;
$('colour').onchange = () => { colour = colourable[$('colour').selectedIndex]; name(); legend(); chosen(); changed(); };

/* ---- begin ---- */

$('count').textContent = songs(n) + (data.left ? '; ' + data.left.toLocaleString('en') + ' without a place on the map' : '') +
  (data.silent ? '; ' + data.silent.toLocaleString('en') + ' without sound' : '');
map.setAttribute('aria-label', 'A map of ' + songs(n) + (colour ? ', coloured by ' + colour.name : ''));
for (const f of colourable) $('colour').append(make('option', f.name));
$('colours').hidden = !colour;
$('sound').hidden = $('queue').hidden = data.audio === 'none';
$('made').textContent = data.made;
$('when').textContent = 'The file is of ' + new Date(document.lastModified).toLocaleString() + '.';
darkness.onchange = () => { legend(); redraw(); };
window.onbeforeprint = () => { printing = true; draw(); };
window.onafterprint = () => { printing = false; redraw(); };
new ResizeObserver(fit).observe(map);
name(); legend(); chosen(); changed(); fit();
