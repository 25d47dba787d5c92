# What l2norm is held to: scikit-learn's Normalizer, of dense and of sparse rows. python3 make.py writes the .csv
# files beside it; made with scikit-learn 1.9.1, numpy 2.4.6. They are free to use.
# SPDX-License-Identifier: GPL-3.0-or-later
import numpy as np
from scipy.sparse import csr_array
from sklearn.preprocessing import Normalizer

rng = np.random.default_rng(11)
rows = rng.normal(size=(12, 7)) * 10.0 ** rng.integers(-6, 7, size=(12, 1))
rows[rng.random(size=rows.shape) < 0.4] = 0
rows[5] = 0
rows = rows.astype("f4")
np.savetxt("rows.csv", rows, fmt="%.9g", delimiter=",")
for norm in "l1", "l2", "max":
    scaled = Normalizer(norm).fit_transform(rows.astype("f8"))
    assert np.allclose(scaled, Normalizer(norm).fit_transform(csr_array(rows.astype("f8"))).todense(), 1e-15, 0)
    np.savetxt(norm + ".csv", scaled, fmt="%.17g", delimiter=",")
