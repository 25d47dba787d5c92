#!/usr/bin/env python3
"""trust.py X.npy Y.npy: trustworthiness (k = 12) of the map Y of the first rows of X, by scikit-learn: of 2000 rows among
themselves, those that the peers' scripts take.
SPDX-License-Identifier: GPL-3.0-or-later"""
import sys
import numpy as np
from sklearn.manifold import trustworthiness

y = np.load(sys.argv[2])
pick = np.random.default_rng(0).choice(len(y), 2000, replace=False)
print(round(trustworthiness(np.load(sys.argv[1], mmap_mode="r")[pick], y[pick], n_neighbors=12), 4))
