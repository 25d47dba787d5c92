#!/usr/bin/env bash
# Vectors that cluster: textures of crops, from log-mel spectrograms.
# SPDX-License-Identifier: GPL-3.0-or-later
. "$(dirname "$0")/lib.sh"
music=$shared/data/gtzan100
[ -e "$music" ] || { echo 'no music to time: needs ../shared'; exit 0; }
tracks "$music" | decode | logmel -j0 > "$tmp/mel.sp"
texture -j0 "$tmp/mel.sp" > "$tmp/crops.sp"
crops=$(sp-info "$tmp/crops.sp" | awk '$1 == "records" { print $2 }')
one() { echo "taskset -c 0 bash -c '$1 > /dev/null'"; }
read -r -a t < <(medians "$(one "texture $tmp/mel.sp")" "bash -c 'texture -j2 $tmp/mel.sp > /dev/null'" \
    "$(one "pool $tmp/crops.sp | zscore -q | pca -q -n 30")")
each() { awk -v s="$1" -v n="$crops" 'BEGIN { printf "%.3g ms", 1000 * s / n }'; }
echo "| $crops crops of 5 s | one core | two |"
echo '|---|---|---|'
echo "| texture, a crop (numpy 3.1 ms) | $(each "${t[0]}") | $(each "${t[1]}") |"
echo "| pool, zscore, pca -n 30, all | ${t[2]} s | - |"
echo
echo "Memory: texture $(peak texture "$tmp/mel.sp" 2>&1 >/dev/null) MB"

ear=$shared/models/musicnn-msd
[ -e "$ear/model.safetensors" ] || exit 0
tracks "$shared"/golden/audio/mp3/*.mp3 > "$tmp/previews.sp"
decode -j0 "$tmp/previews.sp" > "$tmp/pcm.sp"
clips=$(sp-info "$tmp/pcm.sp" | awk '$1 == "records" { print $2 }')
read -r -a t < <(RUNS=3 medians "$(one "embed-audio -q -m $ear $tmp/pcm.sp")" "bash -c 'embed-audio -q -j2 -m $ear $tmp/pcm.sp > /dev/null'" \
    "$(one "decode -q -j1 $tmp/previews.sp | embed-audio -q -m $ear")")
each() { awk -v s="$1" -v n="$clips" 'BEGIN { printf "%.3g ms", 1000 * s / n }'; }
echo
echo "| $clips previews, 3 patches | one core | two |"
echo '|---|---|---|'
echo "| embed-audio, a decoded clip | $(each "${t[0]}") | $(each "${t[1]}") |"
echo "| decode, embed-audio, a clip from MP3 | $(each "${t[2]}") | - |"
echo
echo "Memory: embed-audio $(peak embed-audio -q -m "$ear" "$tmp/pcm.sp" 2>&1 >/dev/null) MB"
