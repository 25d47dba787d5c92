"""Numbers for lda. usage: make.py     (numpy, scipy; writes beside itself)

rows.csv    40 rows: group, 5 numbers. want.csv: their 3 components, all 5 principal components whitened, ridge .5, by another way than
            lda takes: the generalised eigenvectors of the scatter within groups and the total one, of z-scored columns.
            The sign of each column is free."""
import os
import numpy as np
import scipy.linalg

here = os.path.dirname(os.path.abspath(__file__))
rng = np.random.default_rng(13)
group = np.concatenate([np.repeat(np.arange(12), 3), [3, 3, 12, 5]])        # 12 is a group of one
rows = np.round(rng.normal(size=(40, 5)) + rng.normal(size=(13, 5))[group] * [3, 2, 1, .3, 0] + [100, 0, -5, 2, 0], 3)
z = (rows - rows.mean(axis=0)) / rows.std(axis=0)
within = sum(len(m) * np.cov(m, rowvar=False, bias=True) for m in (z[group == g] for g in range(13)) if len(m) > 1) / len(z)
w, v = scipy.linalg.eigh(within, z.T @ z / len(z))
np.savetxt(os.path.join(here, "rows.csv"), np.column_stack([group, rows]), fmt=["%d"] + ["%.3f"] * 5, delimiter=",")
np.savetxt(os.path.join(here, "want.csv"), z @ v[:, :3] / np.sqrt(w[:3] + .5), fmt="%.9g", delimiter=",")
