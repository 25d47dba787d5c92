#!/usr/bin/env python3
"""same.py NAME=STREAM... - clusters of the same vectors x by songpipe and by scikit-learn, as a Markdown table.

Ward, and DBSCAN with an eps that half, or nine tenths, of the songs reach their fifth neighbour with. Both get one matrix, so
that nothing but the clusterers can differ. Needs numpy, msgpack, scikit-learn, and the filters in PATH.

SPDX-License-Identifier: GPL-3.0-or-later
"""
import pathlib
import sys

import numpy as np
from sklearn.cluster import DBSCAN, AgglomerativeClustering
from sklearn.metrics import adjusted_rand_score, davies_bouldin_score, silhouette_score
from sklearn.neighbors import NearestNeighbors

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import songpipe  # noqa: E402

print("| vectors | algorithm | clusters | noise | ARI of ours and theirs | silhouette | davies_bouldin |")
print("|---|---|---|---|---|---|---|")
for operand in sys.argv[1:]:
    name, path = operand.split("=", 1)
    songs = [{"id": s["id"], "x": s["x"]} for s in songpipe.read(path)[1]]
    x = np.array([s["x"] for s in songs], np.float64)
    fifth = NearestNeighbors(n_neighbors=5).fit(x).kneighbors()[0][:, 4]
    runs = [(f"Ward, k {k}", f"agglo -q -k {k}", AgglomerativeClustering(k)) for k in (2, 6)]
    for share in (0.5, 0.9):
        eps = float(f"{np.quantile(fifth, share):.3g}")
        runs.append((f"DBSCAN, eps {eps}", f"dbscan -q --eps {eps} -m 5", DBSCAN(eps=eps, min_samples=5)))
    for algorithm, command, peer in runs:
        clustered = songpipe.pipe(command, songs)[1]
        scores = songpipe.pipe("metrics -q", clustered)[1][0]
        ours, theirs = np.array([s["cluster"] for s in clustered]), peer.fit_predict(x)
        cells = [len(set(ours) - {-1}), int((ours < 0).sum()), f"{adjusted_rand_score(ours, theirs):.3f}"]
        for key, score in ("silhouette", silhouette_score), ("davies_bouldin", davies_bouldin_score):
            cells.append(f"{scores[key]:.6f} ({score(x, theirs):.6f})" if len(set(theirs)) > 1 else "-")
        print("|", " | ".join(map(str, [name, algorithm] + cells)), "|")
