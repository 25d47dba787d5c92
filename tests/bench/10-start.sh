#!/usr/bin/env bash
# Start to --version of every filter.
# SPDX-License-Identifier: GPL-3.0-or-later
. "$(dirname "$0")/lib.sh"
echo '| start to `--version` | ms |'
echo '|---|---|'
worst=0
for c in filters/*.c; do
    name=$(basename "$c" .c)
    s=$(RUNS=20 medians "$name --version")
    awk -v n="$name" -v s="$s" 'BEGIN { printf "%s %.2f\n", n, 1000 * s }'
done | sort -k2,2nr > "$tmp/all"
awk 'NR == 1 { print "| slowest: `" $1 "` | " $2 " |" } { s += $2 } END { printf "| mean of %d filters | %.2f |\n", NR, s / NR }' "$tmp/all"
if [ -n "${PEERS:-}" ]; then
    s=$(RUNS=3 medians "$PEERS -c 'import librosa; librosa.load'")
    awk -v s="$s" 'BEGIN { printf "| Python, `import librosa` | %.0f |\n", 1000 * s }'
fi
