#!/usr/bin/env bash
# Both papers' experiments from 120 MP3 files and their lyrics to scores and pictures, beside Python scripts that do the same.
# Memory: what all processes at one time had, shared pages counted in each.
# SPDX-License-Identifier: GPL-3.0-or-later
. "$(dirname "$0")/lib.sh"
here=$(dirname "$0")
songs=$shared/data/msd200 minilm=$shared/models/all-MiniLM-L6-v2
[ -e "$songs/songs.csv" ] && [ -e "$minilm" ] || { echo 'no songs to time: needs ../shared'; exit 0; }
export PYTHONDONTWRITEBYTECODE=1 HF_HUB_OFFLINE=1
unset OPENBLAS_NUM_THREADS      # each side with all the threads that it takes

# used COMMAND... - wall, user and system seconds, largest sum of memory in MB
used() {
    local most=0 now
    /usr/bin/time -f '%e %U %S' -o "$tmp/time" setsid "$@" > "$tmp/out" 2> "$tmp/err" &
    local timer=$!
    while kill -0 "$timer" 2>/dev/null; do
        now=$(ps -e -o sid=,ppid=,pid=,rss= | awk -v of="$timer" '$2 == of { sid = $3 } { kb[$1] += $4 } END { print kb[sid] + 0 }')
        [ "$now" -le "$most" ] || most=$now
        sleep 0.05
    done
    wait "$timer" || { cat "$tmp/err" >&2; return 1; }
    echo "$(tail -1 "$tmp/time") $((most / 1024))"
}
# best COMMAND... - the run of the least wall time, of RUNS
best() { for ((i = 0; i < RUNS; i++)); do used "$@"; done | sort -g | head -1; }
# lines FILE - of code: not blank, no comment, no docstring
lines() { sed -E '/^""".*"""$/d; /^"""/,/"""$/d; /^[[:space:]]*(#|$)/d' "$1" | wc -l; }

# row NAME OURS THEIRS OPERAND...
row() {
    local name=$1 ours=$2 theirs=$3 a b
    shift 3
    read -r -a a < <(best bash "$ours" "$@")
    read -r -a b < <([ -n "${PEERS:-}" ] && [ -e "$theirs" ] && best "$PEERS" "$theirs" "$@" || echo - - - -)
    echo "| $name | ${a[0]} | ${a[1]} | ${a[3]} | $(lines "$ours") | ${b[0]} | ${b[1]} | ${b[3]} | $([ -e "$theirs" ] && lines "$theirs") |" \
        "$(ratio "${b[0]}" "${a[0]}") | $(ratio "${b[3]}" "${a[3]}") |"
}
echo '| 120 songs | s | user s | MB | lines | Python, s | user s | MB | lines | times as fast | in 1/x of the memory |'
echo '|---|---|---|---|---|---|---|---|---|---|---|'
songs=$(realpath "$songs") minilm=$(realpath "$minilm")
row 'MFCC, TF-IDF, VAE' "$here/whole-hybrid.sh" "$BENCH/pipeline.py" "$songs" "$tmp/map.png"
row '68 numbers, MiniLM, β-VAE' "$here/whole-multimodal.sh" "$here/multimodal.py" "$songs" "$minilm" "$tmp/map.png" "$tmp/confusion.png"
