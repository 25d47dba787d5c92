#!/usr/bin/env python3
"""make_map_scores.py SET...: in each folder of x.npy and labelings.csv, map_scores.csv: how well columns 0 and 1 of x, as a map,
keep the neighbours of x, by scikit-learn; and the share of the 12 nearest on it that have the same label, of all rows and of
those with an even number (hit_truth_even).
SPDX-License-Identifier: GPL-3.0-or-later"""
import csv, sys
import numpy as np
from sklearn.manifold import trustworthiness
from sklearn.neighbors import NearestNeighbors

K = 12


def hit(y, label):
    near = NearestNeighbors(n_neighbors=K).fit(y).kneighbors(return_distance=False)
    return float((label[near] == label[:, None]).mean())


for folder in sys.argv[1:]:
    x = np.load(f"{folder}/x.npy").astype(np.float64)
    y = x[:, :2]
    rows = list(csv.DictReader(open(f"{folder}/labelings.csv")))
    truth, kmeans = (np.array([r[c] for r in rows]) for c in ("truth", "kmeans"))
    scores = dict(trustworthiness=trustworthiness(x, y, n_neighbors=K), continuity=trustworthiness(y, x, n_neighbors=K),
                  hit_truth=hit(y, truth), hit_kmeans=hit(y, kmeans), hit_truth_even=hit(y[::2], truth[::2]))
    with open(f"{folder}/map_scores.csv", "w") as f:
        f.write(",".join(scores) + "\n" + ",".join("%.17g" % v for v in scores.values()) + "\n")
