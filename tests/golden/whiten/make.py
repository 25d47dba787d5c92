# What whiten is held to: numpy's eigenvectors of numpy's covariance. python3 make.py writes the .csv files
# beside it; made with numpy 2.4.6. They are free to use.
# SPDX-License-Identifier: GPL-3.0-or-later
import numpy as np

rng = np.random.default_rng(7)
mix = rng.normal(size=(5, 5))
tall = (rng.normal(size=(40, 5)) @ mix + [100, -3, 0, 7, 1]).astype("f4")
wide = rng.normal(size=(4, 6)).astype("f4")


def zca(x, ridge):
    x = x.astype("f8")
    w, v = np.linalg.eigh(np.cov(x, rowvar=False))
    return (x - x.mean(0)) @ (v / np.sqrt(np.maximum(w, 0) + ridge)) @ v.T


for name, x in ("tall", tall), ("wide", wide):
    np.savetxt(name + ".csv", x, fmt="%.9g", delimiter=",")
    for ridge in ("0", "1e-6", "0.1"):
        if name == "tall" or ridge == "0.1":
            np.savetxt(f"{name}_{ridge}.csv", zca(x, float(ridge)), fmt="%.9g", delimiter=",")
