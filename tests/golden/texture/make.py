"""Numbers for texture: crops.npy, [4][380] float64. usage: make.py     (numpy; writes beside itself)

A song of T frames and 26 bands at 20 frames a second, v(t, b) = -30 - b + 12 sin(.37 t + .9 b) + 7 cos(.053 t (b + 1)) in float32;
16 bands, 8 cepstra, crops of 3 s every 1.5 s. Rows: the two of T = 100, the one of T = 45, the first of T = 100 without change
(v = -80). Columns in the order of texture(1)."""
import os
import numpy as np

RATE, BANDS, CEPSTRA, LENGTH, HOP = 20.0, 16, 8, 60, 30


def average(v, n):
    """[T][d] to [T][n]: neighbouring columns, cut at the floors of even steps."""
    cut = [i * v.shape[1] // n for i in range(n + 1)]
    return np.column_stack([v[:, a:b].mean(axis=1) for a, b in zip(cut[:-1], cut[1:])])


def log_matrix(rows):
    """Upper triangle of log(cov + .01 I), what is beside the diagonal weighted so that the norm is Frobenius'."""
    values, vectors = np.linalg.eigh(np.cov(rows, rowvar=False) + np.diag(np.full(rows.shape[1], .01)))
    log = vectors @ np.diag(np.log(values)) @ vectors.T
    return [log[i, j] * (1 if i == j else 2 ** .5) for i in range(len(log)) for j in range(i, len(log))]


def crop(v):
    mean, spread = v.mean(axis=0), v.std(axis=0) + 1e-6
    parts = [mean, spread, (((v - mean) / spread) ** 3).mean(axis=0)]
    parts += [np.quantile(v, q, axis=0) for q in (.1, .9)] + [np.abs(v[1:] - v[:-1]).mean(axis=0)]
    b = np.arange(BANDS)
    basis = np.array([np.cos(np.pi * k * (2 * b + 1) / (2 * BANDS)) * np.sqrt((1 if k == 0 else 2) / BANDS) for k in range(CEPSTRA)])
    c = v @ basis.T
    parts += [c.mean(axis=0), log_matrix(c)]
    parts += [log_matrix(c[lag:] - c[:-lag]) for lag in (round(.07 * RATE), round(.28 * RATE))]
    coarse = average(v, 12)
    coarse = (coarse - coarse.mean(axis=0)) * np.hanning(len(v))[:, None]
    size = np.abs(np.fft.rfft(coarse, axis=0)) / len(v)
    hz = np.arange(len(size)) * RATE / len(v)
    corner = .4 * (min(12, .47 * RATE) / .4) ** (np.arange(16) / 15)
    modulation = np.zeros((12, 14))
    for j in range(14):
        rise, fall = (hz - corner[j]) / (corner[j + 1] - corner[j]), (corner[j + 2] - hz) / (corner[j + 2] - corner[j + 1])
        weight = np.maximum(np.minimum(rise, fall), 1e-9)
        modulation[:, j] = np.log(weight @ size / weight.sum() + .001)
    return np.concatenate([np.ravel(p) for p in parts + [modulation]])


def song(frames, still=False):
    t, b = np.arange(frames)[:, None], np.arange(26)[None, :]
    v = -30 - b + 12 * np.sin(.37 * t + .9 * b) + 7 * np.cos(.053 * t * (b + 1))
    v = average((0 * v - 80 if still else v).astype(np.float32).astype(float), BANDS)
    v -= v.mean()
    return [crop(v[at:at + LENGTH]) for at in range(0, max(1, frames - LENGTH + 1), HOP)]


np.save(os.path.join(os.path.dirname(os.path.abspath(__file__)), "crops.npy"), np.array(song(100) + song(45) + song(100, True)[:1]))
