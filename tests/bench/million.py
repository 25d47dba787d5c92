"""MiniBatchKMeans of an array: processor seconds of the fit and the labels, the process's MB, inertia. usage: million.py X.npy
SPDX-License-Identifier: GPL-3.0-or-later"""
import resource
import sys
import time
import numpy as np
from sklearn.cluster import MiniBatchKMeans

x = np.load(sys.argv[1])
start = time.process_time()
m = MiniBatchKMeans(100, batch_size=1000, random_state=0).fit(x)
print("%.2f %d %.6g" % (time.process_time() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, m.inertia_))
