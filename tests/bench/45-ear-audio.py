# SPDX-License-Identifier: GPL-3.0-or-later
"""musicnn by librosa and PyTorch, on one thread.   45-ear-audio.py MODEL AUDIO

Milliseconds of processor time for one of the first 24 files: to read and resample it; for three patches of it, their
spectrograms and the whole network."""
import os
for name in "OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS":
    os.environ[name] = "1"
import pathlib
import sys
import time
import librosa
import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load_file

torch.set_num_threads(1)
t = load_file(sys.argv[1] + "/model.safetensors")
LONG = {2: 128, 3: 64, 4: 32}


def norm(i, x):
    p = "batch_normalization" + (f"_{i}" if i else "")
    scale = t[p + "/gamma"] / torch.sqrt(t[p + "/moving_variance"] + 1e-3)
    shape = [1, -1] + [1] * (x.dim() - 2)
    return x * scale.view(shape) + (t[p + "/beta"] - t[p + "/moving_mean"] * scale).view(shape)


def conv(i, x):
    p = "conv2d" + (f"_{i}" if i else "")
    return norm(i + 1, F.relu(F.conv2d(x, t[p + "/kernel"].permute(3, 2, 0, 1), t[p + "/bias"])))


def mid(i, x):
    w = t[f"conv2d_{i}/kernel"][:, :, 0].permute(2, 1, 0)
    return norm(i + 1, F.relu(F.conv1d(F.pad(x, (3, 3)), w, t[f"conv2d_{i}/bias"])))


@torch.inference_mode()
def hear(x):
    x = norm(0, x[:, None])
    front = [conv(i, F.pad(x, (0, 0, 3, 3))).amax(3) for i in (0, 1)]
    front += [conv(i, F.pad(x, (0, 0, (k - 1) // 2, k // 2))).amax(3) for i, k in LONG.items()]
    c = [torch.cat(front, 1)]
    c.append(mid(5, c[0]))
    c.append(mid(6, c[1]) + c[1])
    c.append(mid(7, c[2]) + c[2])
    y = torch.cat(c, 1)
    y = norm(9, torch.stack([y.amax(2), y.mean(2)], 2).flatten(1))
    return norm(10, F.relu(y @ t["dense/kernel"] + t["dense/bias"]))


def patches(y):
    k = (1 + len(y) // 256) // 187
    for p in ((2 * i + 1) * k // 6 for i in range(3)):
        part = np.pad(y, 256)[p * 187 * 256:][:186 * 256 + 512]
        m = librosa.feature.melspectrogram(y=part, sr=16000, n_fft=512, hop_length=256, n_mels=96, center=False)
        yield np.log10(10000 * m.T + 1)


files = sorted(pathlib.Path(sys.argv[2]).glob("*.mp3"))[:24]


def one(file):
    a = time.process_time()
    y, _ = librosa.load(file, sr=16000)
    b = time.process_time()
    hear(torch.from_numpy(np.stack(list(patches(y))))).mean(0)
    return b - a, time.process_time() - b


one(files[0])                           # what is compiled and planned once
spent = np.sum([one(file) for file in files], 0)
print(*("%.3g" % (1000 * s / len(files)) for s in spent))
