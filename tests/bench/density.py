#!/usr/bin/env python3
"""density.py --case hdbscan|hdbscan-package|mixture|lof --threads N --work DIR: the peers of hdbscan, mixture and outliers.

Prints a line of JSON: seconds of computing and of importing, and the most memory in MB. Inputs are make-data's.
SPDX-License-Identifier: GPL-3.0-or-later"""
import argparse, json, os, resource, time

a = argparse.ArgumentParser()
a.add_argument("--case")
a.add_argument("--threads", type=int, default=1)
a.add_argument("--work")
o = a.parse_args()
for v in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[v] = str(o.threads)
begin = time.time()
import warnings
import numpy as np
warnings.filterwarnings("ignore")
if o.case == "hdbscan":
    from sklearn.cluster import HDBSCAN
    fit = lambda x: HDBSCAN(min_cluster_size=5, min_samples=5, n_jobs=o.threads, copy=True).fit(x)
elif o.case == "hdbscan-package":
    from hdbscan import HDBSCAN
    fit = lambda x: HDBSCAN(min_cluster_size=5, min_samples=5, core_dist_n_jobs=o.threads).fit(x)
elif o.case == "lof":
    from sklearn.neighbors import LocalOutlierFactor
    fit = lambda x: LocalOutlierFactor(20, n_jobs=o.threads).fit(x)
else:
    from sklearn.mixture import GaussianMixture
    fit = lambda x: GaussianMixture(10, covariance_type="diag", tol=0, max_iter=20, random_state=0).fit(x)
importing = time.time() - begin
name = "mix-50000x32" if o.case == "mixture" else "mix-100000x16"
x = np.load(f"{o.work}/{name}.npy")[:50000].astype(np.float64)
begin = time.time()
fit(x)
print(json.dumps({"wall_s": time.time() - begin, "import_s": importing,
                  "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))
