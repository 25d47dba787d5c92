#!/usr/bin/env bash
# sp-sort of 10^6 records beside sort(1) of as many lines with the same content, one thread each; in memory and within 32 MB.
# SPDX-License-Identifier: GPL-3.0-or-later
. "$(dirname "$0")/lib.sh"
export LC_ALL=C
perl -e 'srand 1; for (1 .. 1e6) { printf qq({"id":"song%07d","path":"music/%07d.mp3","artist":"Artist %d","year":%d,"score":%.6f}\n),
    $_, $_, rand 5000, 1950 + rand 70, rand }' > "$tmp/a.json"
from-json "$tmp/a.json" > "$tmp/a.sp"
perl -ne '/artist":"([^"]*)","year":(\d+),"score":([\d.]+)/; print "$3\t$1\t$2\t$_"' "$tmp/a.json" > "$tmp/a.txt"
t="-s -t $'\t'" to='>/dev/null'
read -r ours theirs both sort_both small sort_small < <(medians \
    "sp-sort score $tmp/a.sp $to" "sort --parallel=1 $t -n -k1,1 $tmp/a.txt $to" \
    "sp-sort artist,year:r $tmp/a.sp $to" "sort --parallel=1 $t -k2,2 -k3,3nr $tmp/a.txt $to" \
    "sp-sort --max-memory 32M score $tmp/a.sp $to" "sort -S 32M --parallel=1 $t -n -k1,1 $tmp/a.txt $to") || true
echo "| 10^6 records, $(stat -c %s "$tmp/a.sp" | awk '{ printf "%.0f", $1 / 1e6 }') MB | \`sp-sort\`, s | \`sort\`, s | times as fast |"
echo '|---|---|---|---|'
row() { echo "| $1 | $2 | $3 | $(ratio "$3" "$2") |"; }
row 'by a number' "$ours" "$theirs"
row 'by a text, then a number' "$both" "$sort_both"
row 'by a number, in 32 MB' "$small" "$sort_small"
echo
echo '| most memory, MB | `sp-sort` | `sort` |'
echo '|---|---|---|'
m() { peak "$@" 2>&1 >/dev/null | tail -1; }
echo "| all | $(m sp-sort score "$tmp/a.sp") | $(m sort --parallel=1 -n -k1,1 "$tmp/a.txt") |"
echo "| 32 MB | $(m sp-sort --max-memory 32M score "$tmp/a.sp") | $(m sort -S 32M --parallel=1 -n -k1,1 "$tmp/a.txt") |"
