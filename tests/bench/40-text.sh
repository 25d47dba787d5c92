#!/usr/bin/env bash
# TF-IDF, PCA of its sparse rows and sentence embeddings beside scikit-learn and
# sentence-transformers, on the peers' inputs (WORK). Ours are whole commands, from a file to
# nowhere; the peers' times are of the work alone, without imports and reading.
# SPDX-License-Identifier: GPL-3.0-or-later
. "$(dirname "$0")/lib.sh"
WORK=${WORK:-$BENCH/work}
MODEL=${MODEL:-$shared/models/all-MiniLM-L6-v2}
[ -e "$WORK/lyrics-100000.txt" ] || { echo 'no input: make it with make-data, name its folder by WORK='; exit 0; }
for n in 1000 100000; do
    perl -MJSON::PP -Mopen=:std,:encoding\(UTF-8\) -ne 'BEGIN { $j = JSON::PP->new->canonical->allow_nonref }
        chomp; print qq({"id":"), $n++, qq(","lyrics":), $j->encode($_), "}\n"' "$WORK/lyrics-$n.txt" |
        from-json > "$tmp/lyrics-$n.sp"
    tfidf -q --token sklearn -n 1,2 --max-features 5000 "$tmp/lyrics-$n.sp" > "$tmp/tfidf-$n.sp"
done
tfidf='tfidf -q --token sklearn -n 1,2 --max-features 5000'
# row NAME SECONDS PEAK PEER CASE THREADS
row() {
    local theirs memory
    theirs=$(peer "$4" "$5" "$6" wall_s)
    memory=$(peer "$4" "$5" "$6" peak_mb)
    echo "| $1 | $2 | $3 | $theirs | $memory | $(ratio "$theirs" "$2") |"
}
echo '| | s | MB | peer s | peer MB | times as fast |'
echo '|---|---|---|---|---|---|'
read -r s < <(RUNS=3 medians "$tfidf $tmp/lyrics-100000.sp >/dev/null")
m=$(peak $tfidf "$tmp/lyrics-100000.sp" 2>&1 >/dev/null | tail -1)
row 'TF-IDF (1,2), 100 000 lyrics, one thread' "$s" "$m" tfidf fit-100000 1
for case in '1000 pca-full-1000' '100000 pcacov-100000'; do
    read -r n name <<< "$case"
    read -r s < <(RUNS=3 medians "pca -q -n 64 $tmp/tfidf-$n.sp >/dev/null")
    m=$(peak pca -q -n 64 "$tmp/tfidf-$n.sp" 2>&1 >/dev/null | tail -1)
    row "PCA 5000 to 64, exact, of $n, one thread" "$s" "$m" tfidf "$name" 1
done
if [ -e "$MODEL/model.safetensors" ]; then
    cases=('f32 encode')
    ! grep -qm1 avx512_bf16 /proc/cpuinfo || cases+=('bf16 bf16')
    for case in "${cases[@]}"; do
        read -r precision name <<< "$case"
        for j in 1 2; do
            /usr/bin/time -f '%e %M' -o "$tmp/once" embed -q -j $j --precision "$precision" -m "$MODEL" "$tmp/lyrics-1000.sp" >/dev/null
            read -r s m < "$tmp/once"
            m=$(awk "BEGIN { printf \"%.1f\", $m / 1024 }")
            row "MiniLM, $precision, 1000 lyrics, -j $j" "$s" "$m" embed "$name" "$j"
        done
    done
    printf '{"id":"1","lyrics":"la"}\n' | from-json > "$tmp/one.sp"
    read -r s < <(medians "embed -q -j 1 -m $MODEL $tmp/one.sp >/dev/null")
    echo
    echo "MiniLM, from the start to the embedding of one word: $s s; the peer loads its model in $(peer embed encode 1 load_s) s, after imports of $(peer embed encode 1 import_s) s."
fi
