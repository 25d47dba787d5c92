#!/usr/bin/env bash
# Maps beside umap-learn, scikit-learn and openTSNE, on the peers' inputs (WORK). The peers' seconds are of the computation
# alone, numba's compilation done; ours are of the whole command.
# SPDX-License-Identifier: GPL-3.0-or-later
. "$(dirname "$0")/lib.sh"
WORK=${WORK:-$BENCH/work}
[ -e "$WORK/mix-50000x32.npy" ] || { echo 'no input: make it with make-data, name its folder by WORK='; exit 0; }
RUNS=${LAYOUT_RUNS:-3}

# row NAME THREADS CASE COMMAND... FILE
row() {
    local name=$1 threads=$2 case=$3 ours mb trust s peer_mb
    shift 3
    ours=$(medians "$* -q -j$threads > /dev/null")
    mb=$(mb "$@" -q -j"$threads")
    trust=$("$@" -j"$threads" 2>&1 > /dev/null | sed -n 's/.*trustworthiness \([0-9.]*\).*/\1/p')
    s=$(peer tsne "$case" "$threads" wall_s)
    peer_mb=$(peer tsne "$case" "$threads" peak_mb)
    echo "| $name | $threads | $ours | $mb | $trust | $s | $peer_mb | $(peer tsne "$case" "$threads" trustworthiness) |" \
        "$(ratio "$s" "$ours") | $(ratio "$peer_mb" "$mb") |"
}

echo '| map | threads | s | MB | trustworthiness | peer, s | MB | trustworthiness | times as fast | in 1/x of the memory |'
echo '|---|---|---|---|---|---|---|---|---|---|'
for t in ${LAYOUT_THREADS:-1 2}; do
    row 'UMAP 10 000 x 32 (umap-learn)' "$t" umap-10000 umap "$(rows 50000x32 10000)"
    row 'UMAP 50 000 x 32 (umap-learn)' "$t" umap-50000 umap "$(rows 50000x32 50000)"
    row 't-SNE 10 000 x 32 (scikit-learn)' "$t" sklearn tsne "$(rows 50000x32 10000)"
    row 't-SNE 10 000 x 32 (openTSNE)' "$t" opentsne tsne "$(rows 50000x32 10000)"
done
