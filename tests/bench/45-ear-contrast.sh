#!/usr/bin/env bash
# Vectors that an ear is for: training by contrast beside PyTorch, on one core. Processor time, ours and theirs in turn.
# SPDX-License-Identifier: GPL-3.0-or-later
. "$(dirname "$0")/lib.sh"
here=$(dirname "$0")

echo '| 1000 songs of 12 crops, one core | seconds | MB | numpy and PyTorch | times as fast |'
echo '|---|---|---|---|---|'
[ -n "${PEERS:-}" ] || { echo 'no input: name a Python with numpy and torch by PEERS='; exit 0; }
"$PEERS" "$here/45-ear-contrast.py" make "$tmp/crops.npy" "$tmp/crops.csv"
from-npy -q --labels "$tmp/crops.csv" "$tmp/crops.npy" > "$tmp/crops.sp"
ours=() theirs=()
for ((i = 0; i < RUNS; i++)); do
    used contrast-train -q -j 1 "$tmp/crops.sp" > "$tmp/model"
    ours+=("$(cat "$tmp/used")")
    theirs+=("$(OMP_NUM_THREADS=1 "$PEERS" "$here/45-ear-contrast.py" train "$tmp/crops.npy" | awk '{ print $1 + $2 }')")
done
mb=$( { peak contrast-train -q -j 1 --epochs 1 "$tmp/crops.sp" > "$tmp/model"; } 2>&1)
echo "| contrast-train | $(least "${ours[@]}") | $mb | $(least "${theirs[@]}") | $(ratio "$(least "${theirs[@]}")" "$(least "${ours[@]}")") |"
used contrast-encode -q --pool track -m "$tmp/model" "$tmp/crops.sp" > "$tmp/songs"
echo "| contrast-encode --pool track | $(cat "$tmp/used") | - | - | - |"
