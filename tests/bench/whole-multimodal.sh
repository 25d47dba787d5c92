#!/bin/bash
# 120 songs with lyrics to a beta-VAE's codes, clusters, scores, two pictures: what multimodal.py does.
#     MSD200_DIR MINILM_DIR OUT.png CONFUSION.png
# SPDX-License-Identifier: GPL-3.0-or-later
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
tracks -q --csv "$1/songs.csv" --path audio --id id | sp-match -q path present > songs
embed -q -o l -m "$2" songs | pca -q -i l -n 32 | zscore -q -i l | sp-fields -q --keep l > words &
decode -q -j0 songs | mfcc -j0 --keep | chromagram -j0 --keep | descriptors -j0 --which centroid,bandwidth,rolloff,zcr |
    summarize -o a --stats mfcc=mean,std --stats chroma=mean,std --stats descriptors=mean | zscore -q -i a > audio
wait $!
sp-join -q --with words audio | fuse -q a=0.6 l=0.4 > x
vae-train -q --hidden 512,256,128 --latent 32 --residual --batch-norm --beta 4 --weight-decay 1e-5 --schedule cosine --batch 32 \
    --epochs 200 x > model
vae-encode -m model x > z
kmeans -q -k 6 z | tee map | metrics -q -t genre --id kmeans -s method=kmeans > kmeans
agglo -q -k 6 z | metrics -q -t genre --id ward -s method=ward > ward
dbscan -q --eps 0.5 z | metrics -q -t genre --id dbscan -s method=dbscan > dbscan
spectral -q -k 6 x | metrics -q -t genre --id spectral -s method=spectral > spectral
cat kmeans ward dbscan spectral | scoreboard -q
tsne -q map | scatter -q --color genre | gnuplot > "$3"
confusion -q --truth genre map | heatmap -q | gnuplot > "$4"
