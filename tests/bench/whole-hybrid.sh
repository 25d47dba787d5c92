#!/bin/bash
# 120 songs with lyrics to a VAE's codes, clusters, scores, a map: what BENCH/pipeline.py does.   MSD200_DIR OUT.png
# SPDX-License-Identifier: GPL-3.0-or-later
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
tracks -q --csv "$1/songs.csv" --path audio --id id | sp-match -q path present | decode -q -j0 | mfcc -j0 -n 40 | summarize -o a |
    zscore -q -i a | tfidf -q -n 1,2 --max-features 5000 -o l | pca -q -i l -n 64 | zscore -q -i l | fuse a=1 l=0.25 > x
vae-train -q --hidden 256,128 --latent 16 --epochs 50 --batch 64 x > model
vae-encode -m model x > z
kmeans -q -k 6 z | tee map | metrics -q -t genre --id kmeans -s method=kmeans > kmeans
agglo -q -k 6 z | metrics -q -t genre --id ward -s method=ward > ward
dbscan -q --eps 1 -m 4 z | metrics -q -t genre --id dbscan -s method=dbscan > dbscan
cat kmeans ward dbscan | scoreboard -q
tsne -q map | scatter -q --color cluster | gnuplot > "$2"
