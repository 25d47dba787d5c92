"""Reference numbers of numpy and scipy for summarize; writes into the folder it is in.

frames.npy    f32[37][6]: normal, skewed, two values, constant, constant 0, large with a small spread
stats.csv     stat, then its value for each column
two.npy, two.csv    the same of two frames
cov.csv       the upper triangle of numpy.cov of frames.npy, of its differences and of two.npy, diagonal by diagonal
Skew and kurtosis of a constant, NaN in scipy, are 0 here.
Made with numpy 2.4.6, scipy 1.17.1, Python 3.11.
SPDX-License-Identifier: GPL-3.0-or-later
"""
import csv
import os
import warnings

import numpy as np
import scipy.stats

warnings.simplefilter("ignore")
os.chdir(os.path.dirname(os.path.abspath(__file__)))
draw = np.random.default_rng(4)
m = np.stack([draw.normal(size=37), draw.exponential(size=37), draw.integers(0, 2, 37), np.full(37, 3.7), np.zeros(37),
              1000 + draw.normal(size=37) / 100], 1).astype("f4")
stats = {
    "mean": lambda a: a.mean(0), "std": lambda a: a.std(0), "var": lambda a: a.var(0), "min": lambda a: a.min(0),
    "max": lambda a: a.max(0), "median": lambda a: np.median(a, 0), "q10": lambda a: np.quantile(a, 0.1, 0),
    "q2.5": lambda a: np.quantile(a, 0.025, 0), "q100": lambda a: np.quantile(a, 1, 0),
    "skew": lambda a: np.nan_to_num(scipy.stats.skew(a)), "kurtosis": lambda a: np.nan_to_num(scipy.stats.kurtosis(a)),
}
for name, a in (("frames", m), ("two", m[:2])):
    np.save(f"{name}.npy", a)
    with open("stats.csv" if name == "frames" else "two.csv", "w") as f:
        out = csv.writer(f, lineterminator="\n")
        out.writerow(["stat"] + [f"c{i}" for i in range(6)])
        for stat, of in stats.items():
            out.writerow([stat] + ["%.9g" % v for v in of(a.astype("f8"))])
        for stat, of in stats.items():
            if name == "frames":
                out.writerow(["delta:" + stat] + ["%.9g" % v for v in of(np.diff(a, axis=0).astype("f8"))])
with open("cov.csv", "w") as f:
    f.write("stat,values\n")
    for stat, a in (("cov", m), ("delta:cov", np.diff(m, axis=0)), ("two", m[:2])):
        cov = np.cov(a.astype("f8").T)
        f.write(stat + "," + " ".join("%.9g" % v for k in range(6) for v in np.diag(cov, k)) + "\n")
