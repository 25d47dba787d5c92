#!/usr/bin/env bash
# Vectors that an ear is for: textures of crops, and musicnn's beside librosa and PyTorch. Processor time, the least of RUNS.
# SPDX-License-Identifier: GPL-3.0-or-later
. "$(dirname "$0")/lib.sh"
here=$(dirname "$0")
music=$shared/data/gtzan100 previews=$shared/data/msd200/audio ear=$shared/models/musicnn-msd
[ -e "$music" ] || { echo 'no music to time: needs ../shared'; exit 0; }
each() { awk -v s="$1" -v n="$2" 'BEGIN { printf "%.3g", 1000 * s / n }'; }
records() { sp-info "$1" | awk '$1 == "records" { print $2 }'; }
tracks "$music" | decode -q | logmel -j0 > "$tmp/mel.sp"
texture -j0 "$tmp/mel.sp" > "$tmp/crops.sp"
n=$(records "$tmp/crops.sp")
echo '| one core | ms | MB | peer, ms |'
echo '|---|---|---|---|'
echo "| texture, a crop of 5 s | $(each "$(best texture "$tmp/mel.sp")" "$n") | $(mb texture "$tmp/mel.sp") | - |"
[ -e "$ear/model.safetensors" ] || exit 0
tracks "$previews" > "$tmp/previews.sp"
decode -q -j0 "$tmp/previews.sp" > "$tmp/pcm.sp"
n=$(records "$tmp/pcm.sp")
load=- net=-
if [ -n "${PEERS:-}" ]; then
    read -r load net < <("$PEERS" "$here/45-ear-audio.py" "$ear" "$previews")
fi
pipeline="decode -q -j1 $tmp/previews.sp | embed-audio -q -m $ear"
echo "| embed-audio, a decoded clip, 3 patches | $(each "$(best embed-audio -q -m "$ear" "$tmp/pcm.sp")" "$n") | $(mb embed-audio -q -m "$ear" "$tmp/pcm.sp") | $net |"
echo "| decode, embed-audio, of $n previews in MP3 | $(each "$(best bash -o pipefail -c "$pipeline")" "$n") | - | $(awk "BEGIN { print $load + $net }") |"
