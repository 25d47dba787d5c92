#!/usr/bin/env bash
# Maps beside umap-learn, scikit-learn and openTSNE, on the peers' inputs (WORK), and map-page. The peers' seconds are of
# the computation alone, numba's compilation done; ours are of the whole command, the better of LAYOUT_RUNS (2).
# Trustworthiness (k = 12) is scikit-learn's, of the same 2000 rows among themselves; without PEERS, umap's and tsne's own.
# MILLION=1: also umap of 10^6 x 32, of which there must be 3 GB of memory. Needs GNU time.
# SPDX-License-Identifier: GPL-3.0-or-later
. "$(dirname "$0")/lib.sh"
here=$(dirname "$0")
WORK=${WORK:-$BENCH/work}
[ -e "$WORK/mix-50000x32.npy" ] || { echo 'no input: make it with make-data, name its folder by WORK='; exit 0; }

# best NAME COMMAND... - run it LAYOUT_RUNS times; least seconds and most MB go to $tmp/NAME.cost, what it writes and says to
# $tmp/NAME and $tmp/NAME.err
best() {
    local name=$1
    shift
    for _ in $(seq "${LAYOUT_RUNS:-2}"); do
        /usr/bin/time -f '%e %M' -o "$tmp/$name.time" "$@" > "$tmp/$name" 2> "$tmp/$name.err"
        cat "$tmp/$name.time"
    done | awk '{ s = NR == 1 || $1 < s ? $1 : s; m = $2 > m ? $2 : m } END { printf "%.2f %.0f\n", s, m / 1024 }' > "$tmp/$name.cost"
}

# trust NAME - of a map; a dash if it says none
trust() {
    if [ -n "${PEERS:-}" ]; then
        to-npy -q -i xy "$tmp/$1" > "$tmp/xy.npy" && "$PEERS" "$here/trust.py" "$WORK/mix-50000x32.npy" "$tmp/xy.npy"
    else
        sed -n 's/.*trustworthiness \([0-9.]*\).*/\1/p' "$tmp/$1.err" | grep . || echo -
    fi
}

# row TITLE THREADS PEER'S-CASE NAME - beside what `best` has left
row() {
    local s mb peer_s peer_mb
    read -r s mb < "$tmp/$4.cost"
    peer_s=$(peer tsne "$3" "$2" wall_s)
    peer_mb=$(peer tsne "$3" "$2" peak_mb)
    echo "| $1 | $2 | $s | $mb | $(trust "$4") | $peer_s | $peer_mb | $(peer tsne "$3" "$2" trustworthiness) |" \
        "$(ratio "$peer_s" "$s") | $(ratio "$peer_mb" "$mb") |" >> "$tmp/table"
}

for t in ${LAYOUT_THREADS:-1 2}; do
    best "umap10-$t" umap -j "$t" "$(rows 50000x32 10000)"
    best "umap50-$t" umap -j "$t" "$(rows 50000x32 50000)"
    best "tsne10-$t" tsne -j "$t" "$(rows 50000x32 10000)"
    row 'UMAP 10 000 x 32 (umap-learn)' "$t" umap-10000 "umap10-$t"
    row 'UMAP 50 000 x 32 (umap-learn)' "$t" umap-50000 "umap50-$t"
    row 't-SNE 10 000 x 32 (scikit-learn)' "$t" sklearn "tsne10-$t"
    row 't-SNE 10 000 x 32 (openTSNE)' "$t" opentsne "tsne10-$t"
done

# A page of 100 000 songs: its seconds, bytes a song over the songs' texts, and the milliseconds of a frame in a browser.
perl -e 'for (1 .. 100000) { printf qq({"id":"song %d","title":"A title of some length, number %d","cluster":%d,"tempo":%.6f,"xy":[%.6f,%.6f]}\n),
    $_, $_, $_ % 40, 60 + $_ / 777, cos($_ % 40) * 3 + sin($_ * $_), sin($_ % 40) * 3 + cos(3 * $_ * $_ + 1) }' > "$tmp/songs.json"
from-json "$tmp/songs.json" > "$tmp/songs.sp"
best page map-page -q "$tmp/songs.sp"
texts=$(perl -MJSON::PP -ne '$r = decode_json($_); $n += length "$r->{id}$r->{title}"; END { print $n }' "$tmp/songs.json")
read -r s mb < "$tmp/page.cost"

if [ -n "${MILLION:-}" ] && [ -n "${PEERS:-}" ]; then
    "$PEERS" -c 'import numpy as np, sys
r = np.random.default_rng(11); n, d = 1000000, 32
c = r.standard_normal((50, d)).astype("f4") * np.float32(.8)
x = r.standard_normal((n, d)).astype("f4") + c[r.integers(50, size=n)]
m = r.random(n) < .1; x[m] = r.uniform(-4, 4, (int(m.sum()), d)).astype("f4"); np.save(sys.argv[1], x)' "$tmp/million.npy"
    from-npy "$tmp/million.npy" > "$tmp/million.sp"
    LAYOUT_RUNS=1 best million umap "$tmp/million.sp"
    read -r ms mmb < "$tmp/million.cost"
    echo "| UMAP 1 000 000 x 32 | all | $ms | $mmb | $(sed -n 's/.*trustworthiness \([0-9.]*\).*/\1/p' "$tmp/million.err") | - | - | - | - | - |" >> "$tmp/table"
    sed -n 's/^umap: \(.*of the neighbours.*\)/\1/p' "$tmp/million.err" >> "$tmp/notes"
fi

echo '| map | threads | s | MB | trustworthiness | peer, s | MB | trustworthiness | times as fast | in 1/x of the memory |'
echo '|---|---|---|---|---|---|---|---|---|---|'
cat "$tmp/table"
echo
echo "map-page of 100 000 songs: $s s, $mb MB, $((($(stat -c %s "$tmp/page") - texts) / 100000)) bytes a song over its texts."
[ ! -e "$tmp/notes" ] || cat "$tmp/notes"
mv "$tmp/page" "$tmp/page.html"
perl -I "$here/.." "$here/frames.pl" "$tmp/page.html"
