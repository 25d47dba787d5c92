#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""make.py DIR...: the numbers of the folders beside this file, from what is given in them.

Given: x.npy (float32: blobs, five Gaussian clusters; dups, 20 distinct rows repeated, a constant
column), kmeans_*_init.npy, labelings.csv. Made with Python 3.11, numpy 2.4.6, scikit-learn 1.9.1:

    python3 tests/golden/cluster/make.py --check tests/golden/cluster/blobs tests/golden/cluster/dups

--check compares with the files that are there instead of writing them. Davies-Bouldin of one-row
clusters that are copies of each other is scikit-learn's rounding: tests/filters/metrics.t says what
it is by differences.
"""
import csv
import os
import sys
import numpy as np
from sklearn import metrics
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.preprocessing import StandardScaler

CASES = [("k5", {}), ("k5_tol0", {"tol": 0}), ("k5_tol01", {"tol": .01}), ("k5_iter3", {"max_iter": 3}),
         ("k10", {}), ("k10_tol0", {"tol": 0}), ("k10_tol01", {"tol": .01}), ("k10_iter3", {"max_iter": 3}),
         ("k5_empty", {})]
HEAD = ["case", "noise_mode", "n", "scored", "coverage", "clusters", "silhouette", "silhouette_cosine",
        "calinski_harabasz", "davies_bouldin", "nmi", "ami", "ari", "homogeneity", "completeness", "v_measure",
        "fowlkes_mallows", "purity"]


def distances(x):
    return np.sqrt(((x[:, None] - x[None]) ** 2).sum(2))


def score(x, truth, label):
    k, n = len(set(label)), len(label)
    inner = [np.nan] * 4
    if n == 0:
        return [0] + [np.nan] * 12
    if 2 <= k <= n - 1:
        inner = [metrics.silhouette_score(distances(x), label, metric="precomputed"),
                 metrics.silhouette_score(x, label, metric="cosine"),
                 metrics.calinski_harabasz_score(x, label), metrics.davies_bouldin_score(x, label)]
    table = metrics.cluster.contingency_matrix(truth, label)
    return [k, *inner, metrics.normalized_mutual_info_score(truth, label),
            metrics.adjusted_mutual_info_score(truth, label), metrics.adjusted_rand_score(truth, label),
            *metrics.homogeneity_completeness_v_measure(truth, label), metrics.fowlkes_mallows_score(truth, label),
            table.max(0).sum() / n]


def modes(label):
    yield "cluster", np.ones(len(label), bool), label
    if label.dtype.kind == "i" and (label == -1).any():
        yield "drop", label != -1, label
        alone = label.copy()
        alone[label == -1] = label.max() + 1 + np.arange((label == -1).sum())
        yield "singletons", np.ones(len(label), bool), alone


def made(folder):
    """What belongs into a folder: name of the file -> array, or (head, rows)."""
    x32 = np.load(f"{folder}/x.npy")
    x = x32.astype(float)
    s = StandardScaler().fit(x)
    yield "zscore.csv", (["mean", "var", "scale"], zip(s.mean_, s.var_, s.scale_))
    p = PCA(svd_solver="full").fit(x)
    yield "pca_variance.csv", (["explained_variance"], [[v] for v in p.explained_variance_])
    yield "pca_components.npy", p.components_
    yield "pca_scores16.npy", (x - x.mean(0)) @ p.components_[:16].T
    yield "pca_whitened16_first20.npy", PCA(whiten=True, svd_solver="full").fit_transform(x)[:20, :16]
    yield "pca_count.csv", (["n_components", "kept"],
                            [[q, PCA(q, svd_solver="full").fit(x).n_components_] for q in (.5, .8, .9, .95, .99)])
    rows = []
    for case, options in CASES:
        if os.path.exists(f"{folder}/kmeans_{case}_init.npy"):
            init = np.load(f"{folder}/kmeans_{case}_init.npy")
            m = KMeans(len(init), init=init.astype(float), n_init=1, **options).fit(x)
            yield f"kmeans_{case}_labels.npy", m.labels_.astype(np.int32)
            yield f"kmeans_{case}_centres.npy", m.cluster_centers_
            rows.append([case, options.get("tol", 1e-4), options.get("max_iter", 300), m.n_iter_, m.inertia_])
    yield "kmeans.csv", (["case", "tol", "max_iter", "n_iter", "inertia"], rows)
    quality = [[i, 5, KMeans(5, n_init=10, random_state=i).fit(x).inertia_] for i in range(20)]
    yield "kmeans_quality.csv", (["seed", "k", "inertia"], quality)
    with open(f"{folder}/labelings.csv", newline="") as f:
        table = list(csv.DictReader(f))
    truth = np.array([r["truth"] for r in table])
    rows = []
    for case in [c for c in table[0] if c != "truth"]:
        label = np.array([r[case] for r in table])
        try:
            label = label.astype(int)
        except ValueError:
            pass
        for mode, keep, labels in modes(label):
            rows.append([case, mode, len(label), int(keep.sum()), keep.mean()] + score(x[keep], truth[keep], labels[keep]))
        if case == "kmeans":
            yield "silhouette_kmeans.npy", metrics.silhouette_samples(distances(x), label, metric="precomputed")
    yield "metrics.csv", (HEAD, rows)


def same(a, b):
    try:
        a, b = float(a), float(b)
    except ValueError:
        return str(a) == str(b)
    return (np.isnan(a) and np.isnan(b)) or abs(a - b) <= 1e-8 * max(1, abs(b))


def main():
    check = "--check" in sys.argv
    for folder in [a for a in sys.argv[1:] if a != "--check"]:
        for name, what in made(folder):
            path = f"{folder}/{name}"
            if isinstance(what, np.ndarray):
                if not check:
                    np.save(path, np.ascontiguousarray(what))
                elif not np.allclose(np.load(path), what, rtol=1e-9, atol=1e-8):
                    print(f"{path} differs")
                continue
            head, rows = what
            rows = [[r if isinstance(r, (str, int, np.integer)) else "%.17g" % r for r in row] for row in rows]
            if not check:
                with open(path, "w", newline="") as f:
                    csv.writer(f, lineterminator="\n").writerows([head] + rows)
                continue
            with open(path, newline="") as f:
                there = list(csv.DictReader(f))
            for i, row in enumerate(rows):
                for column, value in zip(head, row):
                    if not same(there[i][column], value):
                        print(f"{path}: row {i}, {column}: {there[i][column]}, not {value}")


main()
