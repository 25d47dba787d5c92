#!/usr/bin/env bash
# Training the papers' three nets beside PyTorch, which has the plain loop and the best that its
# users get; the best counts. Ours and theirs in turn, ours as --log has it: like the peer's
# figure, without reading the input. Then the memory that larger data need.
# SPDX-License-Identifier: GPL-3.0-or-later
. "$(dirname "$0")/lib.sh"
WORK=${WORK:-$BENCH/work}
[ -e "$WORK/mfcc-1000.npy" ] || { echo 'no input: make it with make-data, name its folder by WORK='; exit 0; }
RUNS=${VAE_RUNS:-3}

from-npy "$WORK/mfcc-1000.npy" | zscore > "$tmp/mfcc.sp"
from-npy "$WORK/mix-100000x80.npy" | zscore > "$tmp/mix80.sp"
from-npy "$WORK/mix-10000x100.npy" | zscore > "$tmp/mix100.sp"
# Every second of the first 960 windows, divided by 80, as convvae.py has them.
perl -e 'open my $f, "<:raw", $ARGV[0] or die; read $f, my $head, 10; read $f, my $dict, unpack "v", substr $head, 8;
    my $new = sprintf "%-117s\n", "{\x27descr\x27: \x27<f4\x27, \x27fortran_order\x27: False, \x27shape\x27: (480, 128, 256), }";
    print "\x93NUMPY\x01\x00", pack("v", 118), $new;
    for (1 .. 480) { read $f, my $one, 131072; read $f, my $skip, 131072; print pack "f<*", map { $_ / 80 } unpack "f<*", $one }' \
    "$WORK/logmel-1000.npy" > "$tmp/logmel.npy"
from-npy -o logmel "$tmp/logmel.npy" > "$tmp/logmel.sp"

# once COMMAND... - samples per second of one run
once() {
    vae-train -q --log "$tmp/log" "$@" > "$tmp/model"
    to-json "$tmp/log" | perl -MJSON::PP -ne '$t += 1 / decode_json($_)->{speed}; END { printf "%.5g\n", $. / $t }'
}

# row NAME THREADS GFLOP SCRIPT "CASES" OPTIONS... - in turn: ours, a case, ours, the next, ...
row() {
    local name=$1 threads=$2 gflop=$3 script=$4 cases=$5 ours=() best=0 which=- mb=-
    shift 5
    for case in $cases; do
        ours+=("$(once -j "$threads" "$@")")
        theirs=$(peer "$script" "$case" "$threads" rate)
        if awk -v a="$theirs" -v b="$best" 'BEGIN { exit !(a + 0 > b) }'; then
            best=$theirs which=$case
            mb=$(peer "$script" "$case" "$threads" peak_mb)
        fi
    done
    mid=$(printf '%s\n' "${ours[@]}" | sort -g | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }')
    our_mb=$( { peak vae-train -q -j "$threads" --epochs 1 "$@" > "$tmp/model"; } 2>&1)
    awk -v n="$name" -v t="$threads" -v s="$mid" -v g="$gflop" -v m="$our_mb" -v b="$best" -v w="$which" -v p="$mb" \
        'BEGIN { printf "| %s | %d | %.0f | %.0f | %s | %s (%s) | %s | %s |\n", n, t, s, s * g, m, b, w, p, b + 0 ? sprintf("%.2f", s / b) : "-" }'
}

echo '| net | threads | samples/s | GFLOP/s | MB | PyTorch, samples/s | MB | times as fast |'
echo '|---|---|---|---|---|---|---|---|'
for t in 1 2; do
    row 'MLP 80-256-128-16, batch 64, 1000 rows' $t 0.000635 mlpvae 'loader-1000 slice-1000 compile-1000' \
        --epochs 50 "$tmp/mfcc.sp"
    row 'the same, 100 000 rows' $t 0.000635 mlpvae 'loader-100000 slice-100000' --epochs 2 "$tmp/mix80.sp"
    row 'residual 100-512-256-128-32, batch 64' $t 0.0108 resvae 'loader slice compile' \
        --residual --hidden 512,256,128 --latent 32 --clip 1 --epochs 3 "$tmp/mix100.sp"
    row 'convolutions on 128 x 256, kernel 4, batch 32' $t 2.48 convvae 'k4 k4-last k4-tuned' \
        --conv 32,64,128,256 --lr 1e-4 --batch 32 --epochs 1 "$tmp/logmel.sp"
    row 'the same, kernel 3' $t 1.40 convvae 'k3 k3-tuned' \
        --conv 32,64,128,256 --kernel 3 --lr 1e-4 --batch 32 --epochs 1 "$tmp/logmel.sp"
done
echo
echo "matrix products on one thread, GFLOP/s: Debian's OpenBLAS $(peer limits machine 1 sgemm_openblas_so_0), numpy's $(peer limits machine 1 sgemm_numpy)"
echo
echo '| rows of 80 numbers | MB of stream | MB of vae-train |'
echo '|---|---|---|'
for copies in 1 4 16; do
    for i in $(seq $copies); do cat "$tmp/mix80.sp"; done > "$tmp/many.sp"
    printf '| %d | %.0f | %s |\n' $((copies * 100000)) "$(stat -c %s "$tmp/many.sp" | awk '{ print $1 / 1048576 }')" \
        "$( { peak vae-train -q --epochs 1 --batch 512 "$tmp/many.sp" > "$tmp/model"; } 2>&1)"
done
