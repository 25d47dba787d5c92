"""Spark MLlib's k-means of an array, one job: processor seconds of the fit, the most MB of the JVM, inertia; then the seconds that
starting it and handing the array over took. usage: million-spark.py X.npy. Needs pyspark, pyarrow, pandas and a JRE.
SPDX-License-Identifier: GPL-3.0-or-later"""
import os
import sys
import time
import numpy as np
import pandas as pd
from pyspark.ml.clustering import KMeans
from pyspark.ml.feature import VectorAssembler
from pyspark.sql import SparkSession

start = time.time()
x = np.load(sys.argv[1])
names = ["x%d" % i for i in range(x.shape[1])]
spark = (SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").config("spark.driver.memory", "6g")
         .config("spark.sql.execution.arrow.pyspark.enabled", "true").getOrCreate())
spark.sparkContext.setLogLevel("OFF")
at = sys.argv[1] + ".parquet"
pd.DataFrame(x, columns=names).to_parquet(at)
data = VectorAssembler(inputCols=names, outputCol="features").transform(spark.read.parquet(at)).select("features").cache()
data.count()
ready = time.time() - start
jvm = "/proc/%d/" % spark._jvm.java.lang.ProcessHandle.current().pid()


def used():
    times = open(jvm + "stat").read().rpartition(")")[2].split()
    return (int(times[11]) + int(times[12])) / os.sysconf("SC_CLK_TCK")


before = used()
model = KMeans(k=100, maxIter=20, seed=0).fit(data)
spent = used() - before
peak = [int(line.split()[1]) for line in open(jvm + "status") if line.startswith("VmHWM")][0]
print("%.2f %d %.6g %.1f" % (spent, peak / 1024, model.summary.trainingCost, ready))
spark.stop()
os.remove(at)
