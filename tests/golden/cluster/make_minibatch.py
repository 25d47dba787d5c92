#!/usr/bin/env python3
"""make_minibatch.py SET...: in each folder of x.npy and kmeans_k10_init.npy, what MiniBatchKMeans of scikit-learn makes of it.

minibatch_centres.npy  f64[10][d]: its centres after six partial_fit of 50 rows each, in order, from kmeans_k10_init.npy, no reassignment:
                       nothing is drawn, rel 1e-12
minibatch.csv          batch, steps, inertia: the median of 200 seeds of fits with k = 10, one pass (max_iter 1), no early stop
SPDX-License-Identifier: GPL-3.0-or-later"""
import sys
import warnings
import numpy as np
from sklearn.cluster import MiniBatchKMeans

warnings.filterwarnings("ignore")
K, ROWS = 10, 50

for folder in sys.argv[1:]:
    x = np.load(f"{folder}/x.npy").astype(np.float64)
    init = np.load(f"{folder}/kmeans_k10_init.npy").astype(np.float64)
    m = MiniBatchKMeans(K, init=init, n_init=1, batch_size=ROWS, reassignment_ratio=0)
    for at in range(0, 6 * ROWS, ROWS):
        m.partial_fit(x[at:at + ROWS])
    np.save(f"{folder}/minibatch_centres.npy", m.cluster_centers_)
    with open(f"{folder}/minibatch.csv", "w") as f:
        f.write("batch,steps,inertia\n")
        for batch in (30, 50, 100):
            fits = [MiniBatchKMeans(K, batch_size=batch, max_iter=1, max_no_improvement=None, random_state=seed, n_init=1).fit(x)
                    for seed in range(200)]
            f.write("%d,%d,%.17g\n" % (batch, fits[0].n_steps_, np.median([m.inertia_ for m in fits])))
