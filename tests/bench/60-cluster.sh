#!/usr/bin/env bash
# Clusters and scores beside scikit-learn and scipy, on the peers' inputs (WORK), and growth.
# The peers' seconds are of the computation alone, with the imports beside them. Ours are of the
# whole command; to compare, what k-means with one cluster takes, which is to read the stream and
# to write it, is taken off.
# SPDX-License-Identifier: GPL-3.0-or-later
. "$(dirname "$0")/lib.sh"
WORK=${WORK:-$BENCH/work}
[ -e "$WORK/mix-100000x16.npy" ] || { echo 'no input: make it with make-data, name its folder by WORK='; exit 0; }
RUNS=${CLUSTER_RUNS:-3}

# row NAME THREADS PEER CASE COMMAND... FILE
row() {
    local name=$1 threads=$2 script=$3 case=$4 ours plain computing json
    shift 4
    read -r ours plain <<< "$(medians "$* -q -j$threads > /dev/null || [ \$? = 5 ]" \
        "kmeans -k 1 --n-init 1 -o plain -q -j$threads ${*: -1} > /dev/null")"
    computing=$(awk -v a="$ours" -v b="$plain" 'BEGIN { print (a > b ? a - b : 0) }')
    json=$(theirs "$script" "$case" "$threads")
    set -- "$(mb "$@" -q -j"$threads")" $json
    echo "| $name | $threads | $ours | $computing | $1 | $2 | $3 | $4 | $(ratio "$2" "$computing") | $(ratio "$4" "$1") |"
}

# theirs SCRIPT CASE THREADS - seconds of computing and of importing, and MB, of one run
theirs() {
    local script=$BENCH/$1.py
    [ -e "$script" ] || script=$(dirname "$0")/$1.py
    [ -n "${PEERS:-}" ] && [ -e "$script" ] || { echo - - -; return; }
    PYTHONDONTWRITEBYTECODE=1 "$PEERS" "$script" --case "$2" --threads "$3" --work "$WORK" 2> "$tmp/err" |
        perl -MJSON::PP -ne 'my $r = decode_json($_); print "@$r{qw(wall_s import_s peak_mb)}\n"'
}

echo '| task | threads | whole command, s | computing | MB | peer, computing, s | its imports | MB | times as fast | in 1/x of the memory |'
echo '|---|---|---|---|---|---|---|---|---|---|'
for t in 1 2; do
    row 'k-means 100 000 x 64, k 100, 20 steps' $t kmeans 100k \
        kmeans --init "$(rows 100000x64 100)" --max-iter 20 --tol 0 "$(rows 100000x64 100000)"
    row 'k-means 1 000 000 x 16, k 10, 20 steps' $t kmeans 1m \
        kmeans --init "$(rows 1000000x16 10)" --max-iter 20 --tol 0 "$(rows 1000000x16 1000000)"
    row 'Ward 20 000 x 32 (scipy)' $t ward scipy-20000 agglo -k 10 "$(rows 50000x32 20000)"
    row 'DBSCAN 100 000 x 16, 50 neighbours' $t dbscan 100000 dbscan --eps 3.6034 -m 10 "$(rows 100000x16 100000)"
    row 'DBSCAN 10 000 x 16, all neighbours' $t dbscan dense dbscan --eps 1000 -m 10 "$(rows 100000x16 10000)"
    row 'HDBSCAN 50 000 x 16 (scikit-learn)' $t density hdbscan hdbscan -m 5 "$(rows 100000x16 50000)"
    row 'HDBSCAN 50 000 x 16 (hdbscan)' $t density hdbscan-package hdbscan -m 5 "$(rows 100000x16 50000)"
    row 'mixture, diag, 50 000 x 32, k 10, 20 steps' $t density mixture \
        mixture -k 10 --covariance diag --tol 0 --max-iter 20 "$(rows 50000x32 50000)"
    row 'LOF 50 000 x 16, 20 neighbours' $t density lof outliers "$(rows 100000x16 50000)"
    kmeans -q -k 10 "$(rows 50000x32 50000)" > "$tmp/labelled.sp"
    row 'silhouette 50 000 x 32, k 10' $t silhouette 50000 metrics "$tmp/labelled.sp"
    row 'spectral, kNN, 5000 x 32' $t spectral knn spectral -k 10 --affinity knn "$(rows 50000x32 5000)"
    row 'spectral, rbf, 5000 x 32' $t spectral rbf spectral -k 10 --gamma 0.03125 "$(rows 50000x32 5000)"
done
echo
echo '| growth, one thread | n | s | MB |'
echo '|---|---|---|---|'
for n in 12500 25000 50000; do
    for command in 'agglo -k 10' 'agglo -k 10 --connectivity knn:10' 'dbscan --eps 5.5 -m 10' 'kmeans -k 10' 'spectral -k 10 --affinity knn'; do
        s=$(RUNS=1 medians "$command -q -j1 $(rows 50000x32 $n) > /dev/null || [ \$? = 5 ]")
        echo "| \`$command\` | $n | $s | $(mb $command -q -j1 "$(rows 50000x32 $n)") |"
    done
done
