#!/usr/bin/env bash
# 120 mp3 of 30 s to 80 numbers each, beside librosa and the floor of the libraries' own work.
# SPDX-License-Identifier: GPL-3.0-or-later
. "$(dirname "$0")/lib.sh"
songs=$shared/data/msd200/songs.csv
[ -e "$songs" ] || { echo 'no music to time: needs ../shared'; exit 0; }
pipe="tracks --csv $songs --path audio --id id | sp-match path present"
eval "$pipe" > "$tmp/tracks.sp"
work="decode -j1 $tmp/tracks.sp | mfcc -n 40 | summarize --stats mean,std | wc -c"
read -r one two < <(RUNS=3 medians "taskset -c 0 bash -c '$work'" "${work/-j1/-j2}")
echo '| 120 clips of 30 s, mp3 to 80 numbers | ms a clip, one core | two |'
echo '|---|---|---|'
ms() { awk -v s="$1" 'BEGIN { if (s + 0) printf "%.1f", 1000 * s / 120; else print "-" }'; }
echo "| songpipe | $(ms "$one") | $(ms "$two") |"
floor=$(peer features80 floor 1 wall_s)
echo "| floor: libsndfile, libsoxr, FFTW alone | $(ms "$floor") | |"
echo "| floor with libmpg123, mixing early | $(ms "$(peer features80 mpg123 1 wall_s)") | |"
echo "| librosa | $(ms "$(peer features80 librosa 1 wall_s)") | $(ms "$(peer features80 librosa 2 wall_s)") |"
echo
echo "songpipe to the floor, one core: $(ratio "$one" "$floor")"
