#!/usr/bin/env bash
# Features of decoded clips of 30 s, beside librosa on the same clips; and what several filters cost.
# SPDX-License-Identifier: GPL-3.0-or-later
. "$(dirname "$0")/lib.sh"
songs=$shared/data/msd200/songs.csv
[ -e "$songs" ] || { echo 'no music to time: needs ../shared'; exit 0; }
tracks --csv "$songs" --path audio --id id | sp-match path present | decode > "$tmp/all.sp"
clips=24                            # as many as the peer's script takes
sp-sample -n $clips --seed 0 "$tmp/all.sp" > "$tmp/pcm.sp"
more="chromagram --keep | descriptors --which centroid,bandwidth,rolloff,zcr"
more="$more | summarize --stats mfcc=mean,std --stats chroma=mean,std --stats descriptors=mean"
one() { echo "taskset -c 0 bash -c '$1 > /dev/null'"; }
two() { echo "bash -c '$1 > /dev/null'"; }
logmel="logmel JOBS $tmp/pcm.sp" sixty8="mfcc JOBS --keep $tmp/pcm.sp | $more" pass="sp-fields --drop none $tmp/pcm.sp"
mfcc="mfcc JOBS -n 40 $tmp/pcm.sp" chroma="chromagram JOBS $tmp/pcm.sp" descr="descriptors JOBS $tmp/pcm.sp"
all=()
for work in "$logmel" "$sixty8" "$mfcc" "$chroma" "$descr" "$pass"; do
    all+=("$(one "${work//JOBS/-j1}")" "$(two "${work//JOBS/-j2}")")
done
read -r -a t < <(RUNS=${RUNS:-5} medians "${all[@]}")
ms() { awk -v s="$1" -v n=$clips 'BEGIN { if (s + 0) printf "%.2f", 1000 * s / n; else print "-" }'; }
echo "| a clip of 30 s, decoded, ms | one core | two | librosa, one | ratio |"
echo '|---|---|---|---|---|'
row() {     # NAME INDEX [SECONDS of librosa]
    echo "| $1 | $(ms "${t[$2]}") | $(ms "${t[$2 + 1]}") | $(ms "${3:-}") | $(ratio "${3:-}" "${t[$2]}") |"
}
plain=$(peer features68 plain 1 wall_s)
row 'log-mel, 128 bands' 0 "$(peer features68 logmel 1 wall_s)"
row '68 numbers: mfcc, chromagram, descriptors, summarize' 2 "$plain"
row '68 numbers, one spectrum for all in librosa' 2 "$(peer features68 shared 1 wall_s)"
row 'mfcc -n 40' 4
row 'chromagram' 6
row 'descriptors' 8
row 'passing the samples on, for comparison' 10
echo
echo "Memory: mfcc $(peak mfcc -n 40 "$tmp/pcm.sp" 2>&1 >/dev/null) MB, chromagram $(peak chromagram "$tmp/pcm.sp" 2>&1 >/dev/null) MB," \
    "descriptors $(peak descriptors "$tmp/pcm.sp" 2>&1 >/dev/null) MB"
