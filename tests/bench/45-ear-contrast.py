# SPDX-License-Identifier: GPL-3.0-or-later
"""contrast-train's recipe in numpy and PyTorch, on one thread.   45-ear-contrast.py make OUT.npy OUT.csv | train IN.npy

make:  1000 songs of 12 crops, 1202 columns.   train: seconds of processor time for the whitening and for the training."""
import sys
import time
import numpy as np

if sys.argv[1] == "make":
    r = np.random.default_rng(0)
    songs = np.repeat(r.normal(size=(1000, 60)), 12, 0) + .7 * r.normal(size=(12000, 60))
    np.save(sys.argv[2], (songs @ r.normal(size=(60, 1202)) + r.normal(size=(12000, 1202))).astype("f4"))
    with open(sys.argv[3], "w") as f:
        f.write("id,track\n" + "".join(f"s{i // 12}#{i % 12:04d},s{i // 12}\n" for i in range(12000)))
    sys.exit()
import torch
import torch.nn.functional as F
from torch import nn

torch.set_num_threads(1)
E = np.load(sys.argv[2]).astype("f8")
begin = time.process_time()
X = (E - E.mean(0)) / (E.std(0) + 1e-9)
w, v = np.linalg.eigh(X.T @ X / len(X))
P = X @ (v[:, -200:] / w[-200:] ** .25)
P = torch.from_numpy((P / np.sqrt((P ** 2).mean())).astype("f4"))
white = time.process_time()
net = nn.Sequential(nn.Linear(200, 256), nn.ReLU(), nn.Linear(256, 256), nn.ReLU(), nn.Linear(256, 32))
opt = torch.optim.AdamW(net.parameters(), 2e-3, weight_decay=.01)
B, N, y = 256, 1000, torch.arange(256)
steps = 150 * N // B
rate = torch.optim.lr_scheduler.CosineAnnealingLR(opt, steps)
for _ in range(steps):
    songs = torch.randperm(N)[:B]
    i = torch.randint(12, (B,))
    j = (i + 1 + torch.randint(11, (B,))) % 12
    x = P[torch.cat([12 * songs + i, 12 * songs + j])]
    z = F.normalize(net(F.dropout(x + .3 * torch.randn_like(x), .2)), dim=1)
    s = z[:B] @ z[B:].T / .5
    loss = (F.cross_entropy(s, y) + F.cross_entropy(s.T, y)) / 2
    opt.zero_grad()
    loss.backward()
    opt.step()
    rate.step()
print(f"{white - begin:.2f} {time.process_time() - white:.2f}")
