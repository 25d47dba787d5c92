"""make_ear.py OUT - a musicnn of random weights and few channels, what PyTorch makes of a patch in it, and librosa of a sound

Needs torch, librosa, safetensors. OUT/model.safetensors; OUT/layers.npy: front [187][10], cnn1, cnn2, cnn3 [187][4], max [22], mean [22],
penultimate [6], logits [3] of the patch x[t][b] = ((31 t + 17 b + t b) mod 101) / 25, one behind the other, computed in float64;
OUT/logmel.npy: frames 0, 1, 100 and 187 of log10(10000 mel + 1) of the sound y[i] = ((i * i) mod 1009 - 504) / 1024, 48000 samples.

SPDX-License-Identifier: GPL-3.0-or-later
"""
import sys
import librosa, numpy as np, torch
import torch.nn.functional as F
from safetensors.numpy import save_file

out = sys.argv[1]
rng = np.random.default_rng(13)
w = {}


def draw(name, *shape):
    scale = 2 / np.sqrt(np.prod(shape[:-1])) if name.endswith('kernel') else 0.5
    w[name] = (rng.standard_normal(shape) * scale).astype('<f4')


def norm(i, n):
    stem = 'batch_normalization' + ('_%d' % i if i else '')
    for part in ('gamma', 'beta', 'moving_mean', 'moving_variance'):
        draw(stem + '/' + part, n)
    w[stem + '/moving_variance'] = np.abs(w[stem + '/moving_variance']) + np.float32(0.5)


def layer(stem, i, *shape):
    stem += '_%d' % i if i else ''
    draw(stem + '/kernel', *shape)
    draw(stem + '/bias', shape[-1])


FRONT = [(7, 38, 3), (7, 67, 2), (128, 1, 2), (64, 1, 2), (32, 1, 1)]
norm(0, 1)
for i, (time, bands, n) in enumerate(FRONT):
    layer('conv2d', i, time, bands, 1, n)
    norm(i + 1, n)
    if i < 4:                                   # the first channel is dead
        w['conv2d%s/kernel' % ('_%d' % i if i else '')][..., 0] *= 1e-12
for i in (5, 6, 7):
    layer('conv2d', i, 7, 10 if i == 5 else 4, 1, 4)
    norm(i + 1, 4)
norm(9, 44)
layer('dense', 0, 44, 6)
norm(10, 6)
layer('dense', 1, 6, 3)
save_file(w, out + '/model.safetensors')

p = {k: torch.tensor(v.astype('f8')) for k, v in w.items()}


def normed(i, x, axis):
    stem = 'batch_normalization' + ('_%d' % i if i else '')
    shape = [1] * x.dim()
    shape[axis] = -1
    g, b, m, v = (p[stem + '/' + k].view(shape) for k in ('gamma', 'beta', 'moving_mean', 'moving_variance'))
    return g * (x - m) / torch.sqrt(v + 1e-3) + b


def conv(i, x, before, behind):
    """x [1, in, T, bands], zeros around in time: convolution, bias, ReLU, batch norm."""
    stem = 'conv2d' + ('_%d' % i if i else '')
    y = F.conv2d(F.pad(x, (0, 0, before, behind)), p[stem + '/kernel'].permute(3, 2, 0, 1), p[stem + '/bias'])
    return normed(i + 1, F.relu(y), 1)


t, b = np.meshgrid(np.arange(187), np.arange(96), indexing='ij')
x = normed(0, torch.tensor(((31 * t + 17 * b + t * b) % 101 / 25).astype('f4').astype('f8'))[None, None], 1)
front = []
for i, (time, bands, n) in enumerate(FRONT):
    before = (time - 1) // 2
    front.append(conv(i, x, before, time - 1 - before).amax(3, keepdim=True))
maps = [torch.cat(front, 1)]
for i in (5, 6, 7):                             # their kernels are [taps, in, 1, out]
    k = 'conv2d_%d/kernel' % i
    p[k] = p[k].permute(0, 2, 1, 3)
    y = conv(i, maps[-1], 3, 3)
    maps.append(y + maps[-1] if i > 5 else y)
pooled = torch.cat(maps, 1)[0, :, :, 0]
most, mean = pooled.amax(1), pooled.mean(1)
h = normed(9, torch.stack([most, mean], 1).reshape(1, -1), 1) @ p['dense/kernel'] + p['dense/bias']
h = normed(10, F.relu(h), 1)
logits = h @ p['dense_1/kernel'] + p['dense_1/bias']
parts = [m[0, :, :, 0].T for m in maps] + [most, mean, h, logits]
np.save(out + '/layers.npy', np.concatenate([q.numpy().ravel() for q in parts]).astype('<f4'))

i = np.arange(48000, dtype=np.int64)
y = ((i * i % 1009 - 504) / 1024).astype('f4')
mel = librosa.feature.melspectrogram(y=y, sr=16000, n_fft=512, hop_length=256, n_mels=96, pad_mode='constant')
np.save(out + '/logmel.npy', np.log10(10000 * mel + 1).T[[0, 1, 100, 187]].astype('<f4'))
