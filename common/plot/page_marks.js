/* page_marks.js - the marks of map-page's map, and how those of all songs are drawn; between page_map.js and page.js
 * SPDX-License-Identifier: GPL-3.0-or-later */
/* ---- marks ---- */

/* Whether (x, y) is in a mark of radius 1: a disc, a square, a triangle, a diamond, a ring. */
const inside = [(x, y) => x * x + y * y <= 1, (x, y) => Math.max(Math.abs(x), Math.abs(y)) <= .86,
  (x, y) => y <= .8 && y >= 2 * Math.abs(x) * .95 - 1.05, (x, y) => Math.abs(x) + Math.abs(y) <= 1.15,
  (x, y) => x * x + y * y <= 1 && x * x + y * y >= .4];
const stamps = new Map(), reach_of = r => Math.ceil(r * 1.2) + 1;
/* The pixels of a mark: dx, dy, how much of it is covered, how much of that is its edge. */
function stamp(mark, r) {
  const key = mark + ' ' + r;
  if (stamps.has(key)) return stamps.get(key);
  const pixels = [], reach = reach_of(r), inner = Math.max(r - Math.max(1, r / 7), 0) / r;
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

/* ---- all of them ---- */

/* A mark in a colour, for a picture that is so many pixels wide: where its pixels are, how much of what is there they keep, and
 * what they add to red and blue, and to green and opacity, which are mixed together, times 256. */
function ink(wide, [c, mark], r, alpha, rim) {
  const pixels = stamp(mark, r), m = pixels.length / 4, [by, keep, red_blue, green] = [0, 1, 2, 3].map(() => new Int32Array(m));
  for (let k = 0; k < m; k++) {
    const [dx, dy, covered, edge] = pixels.slice(4 * k, 4 * k + 4), a = Math.round(256 * covered * alpha);
    const [r, g, b] = c.map(x => Math.round(x + (rim - x) * edge * .35));
    by[k] = dy * wide + dx;
    keep[k] = 256 - a;
    red_blue[k] = Math.imul(b << 16 | r, a) + 0x800080;
    green[k] = Math.imul(255 << 16 | g, a) + 0x800080;
  }
  return { by, keep, red_blue, green };
}
/* Draw the marks of all songs: level, look and looks() say how. In a hurry, as while the map moves, only as many as take
 * 10 ms, by the time that all of them took; false if some were left out. */
let image = null, all_ms = 0;
function marks(back, hurry) {
  const begun = performance.now(), step = hurry ? Math.max(Math.ceil(all_ms / 10), 1) : 1;
  const r = Math.round(radius() * ratio * 2) / 2, s = view.scale * view.zoom * ratio, all = looks(), solid = opacity();
  const reach = reach_of(r), edge = 64 * Math.ceil(reach / 32);       /* pixels around, so that no mark need be cut */
  const wide = map.width + 2 * edge, high = map.height + 2 * edge, rim = dark() ? 255 : 0;
  const x0 = width * ratio / 2 - view.x * s + edge, y0 = height * ratio / 2 + view.y * s + edge;
  if (!image || image.width !== wide || image.height !== high) image = new ImageData(wide, high);
  const d = new Int32Array(image.data.buffer);
  d.fill(255 << 24 | back[2] << 16 | back[1] << 8 | back[0]);
  for (const which of hit ? [1, 2] : [2]) {
    const inks = all.map(() => null);
    for (let i = 0; i < n; i += step) {
      if (level[i] !== which) continue;
      const x = Math.round(xy[2 * i] * s + x0), y = Math.round(y0 - xy[2 * i + 1] * s), k = look[i];
      if (x < reach || y < reach || x >= wide - reach || y >= high - reach) continue;
      if (!inks[k]) inks[k] = which === 2 ? ink(wide, all[k], r, solid, rim) : ink(wide, [grey(), all[k][1]], .8 * r, .3, rim);
      const { by, keep, red_blue, green } = inks[k], at = y * wide + x | 0;
      for (let j = 0; j < by.length; j++) {
        const p = d[at + by[j]], a = keep[j];
        d[at + by[j]] = Math.imul(p & 0xff00ff, a) + red_blue[j] >>> 8 & 0xff00ff |
          Math.imul(p >>> 8 & 0xff00ff, a) + green[j] & 0xff00ff00;
      }
    }
  }
  pen.putImageData(image, -edge, -edge, edge, edge, map.width, map.height);
  if (step === 1) all_ms = performance.now() - begun;
  return step === 1;
}
