#!/usr/bin/env bash
# sp-parallel: 120 mp3 of 30 s to 80 numbers by one job, on one core, and by two; and what a block costs beside its work.
# Of a build with MPI (make bench MPI=1 BUILD=build-mpi BIN=build-mpi/bin), also two ranks that train.
# SPDX-License-Identifier: GPL-3.0-or-later
. "$(dirname "$0")/lib.sh"
songs=$shared/data/msd200/songs.csv
[ -e "$songs" ] || { echo 'no music to time: needs ../shared'; exit 0; }
tracks -q --csv "$songs" --path audio --id id | sp-match path present > "$tmp/tracks.sp"
work='decode -q -j 1 | mfcc -n 40 | summarize'
bash -c "${work/-j 1/-j 1 $tmp/tracks.sp}" > "$tmp/x.sp"
spread() { echo "sp-parallel -j $1 --block 10 '$work' $tmp/tracks.sp"; }
core='taskset -c 0'
read -r plain one two < <(RUNS=3 medians "$core bash -c '${work/-j 1/-j 1 $tmp/tracks.sp} | wc -c'" "$core $(spread 1) | wc -c" "$(spread 2) | wc -c")
echo '| 120 clips of 30 s, in 12 blocks | s | of one job |'
echo '|---|---|---|'
echo "| the pipeline without sp-parallel, one core | $plain | $(ratio "$one" "$plain") |"
echo "| \`sp-parallel -j 1\`, one core | $one | 1 |"
echo "| \`sp-parallel -j 2\` | $two | $(ratio "$one" "$two") |"
read -r many few < <(RUNS=3 medians "$core sp-parallel -j 1 --block 1 l2norm $tmp/x.sp | wc -c" "$core sp-parallel -j 1 --block 120 l2norm $tmp/x.sp | wc -c")
echo
awk -v a="$many" -v b="$few" 'BEGIN { printf "A block costs %.1f ms beside its work, a run %.0f ms.\n", 1000 * (a - b) / 119, 1000 * b }'
ldd "$(command -v vae-train)" | grep -q libmpi || exit 0
perl -e 'srand 1; print "\x93NUMPY\x01\x00", pack("v", 118), sprintf("%-117s\n",
    "{\x27descr\x27: \x27<f4\x27, \x27fortran_order\x27: False, \x27shape\x27: (256, 256, 128), }");
    print pack "f<*", map { rand } 1 .. 256 * 128 for 1 .. 256' | from-npy -q -o logmel > "$tmp/images.0.sp"
for i in 0 1; do sp-split -q -n 2 -p $i "$tmp/images.0.sp" > "$tmp/half.$i.sp"; done
train='vae-train -q --conv 32,64,128,256 --batch 128 -j 1 --epochs 10'
read -r one two < <(RUNS=3 medians "mpirun -n 1 $train $tmp/images.%r.sp >/dev/null" "mpirun -n 2 $train $tmp/half.%r.sp >/dev/null")
echo
echo "\`$train\` of 256 images of 256 x 128: one rank $one s, two $two s, $(ratio "$one" "$two") times as fast."
