#!/usr/bin/env python3
"""make_hubs.py SET...: in each folder of x.npy, hubs.csv: the skewness (scipy.stats.skew) of how often each row is among the 10
nearest of the others, by scikit-learn's neighbours and by mutual proximity (Schnitzer and others 2012: Gaussian, independent; mean and
deviation of the n - 1 distances of each row); and mutual5.csv: the 5 nearest of every 16th row by it, and 1 - MP.
SPDX-License-Identifier: GPL-3.0-or-later"""
import sys
import numpy as np
from scipy.spatial.distance import cdist
from scipy.stats import norm, skew
from sklearn.neighbors import NearestNeighbors

K, SHOWN, STEP = 10, 5, 16


def hubness(near, n):
    return skew(np.bincount(near.ravel(), minlength=n))


for folder in sys.argv[1:]:
    x = np.load(f"{folder}/x.npy").astype(np.float64)
    n = len(x)
    d = cdist(x, x)
    others = d[~np.eye(n, dtype=bool)].reshape(n, n - 1)
    mean, deviation = others.mean(1), others.std(1)
    far = norm.cdf(d, mean[:, None], deviation[:, None])            # of each row's own distances
    far = far + far.T - far * far.T
    np.fill_diagonal(far, np.inf)
    order = np.argsort(far, axis=1, kind="stable")
    plain = NearestNeighbors(n_neighbors=K).fit(x).kneighbors(return_distance=False)
    with open(f"{folder}/hubs.csv", "w") as f:
        f.write("hubness,hubness_mutual\n%.17g,%.17g\n" % (hubness(plain, n), hubness(order[:, :K], n)))
    with open(f"{folder}/mutual5.csv", "w") as f:
        f.write(",".join(["row"] + [f"{w}{j}" for w in ("near", "far") for j in range(SHOWN)]) + "\n")
        for i in range(0, n, STEP):
            near = order[i, :SHOWN]
            f.write(",".join([str(i)] + [str(j) for j in near] + ["%.17g" % far[i, j] for j in near]) + "\n")
