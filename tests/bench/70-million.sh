#!/usr/bin/env bash
# A million songs on one machine: seconds of processor time and memory from 10^4 to 10^6 (MOST) records of 64 numbers, made of 120
# clusters; k-means beside scikit-learn's MiniBatchKMeans and, with pyspark, pyarrow and a JRE, Spark MLlib's (PEERS); TF-IDF of as
# many lyrics of real lines (with the shared folder). One thread. Needs 4 GB in TMPDIR.
# SPDX-License-Identifier: GPL-3.0-or-later
. "$(dirname "$0")/lib.sh"
MOST=${MOST:-1000000}
here=$(dirname "$0")
spark=$([ -n "${PEERS:-}" ] && "$PEERS" -c 'import pyspark, pyarrow' 2> /dev/null && command -v java) || true

# vectors N - the path of an array of N rows, and of the stream beside it
vectors() {
    local to=$tmp/x$1
    perl -e 'srand 17; my $n = shift; my @c = map { [map { 4 * rand() - 2 } 1 .. 64] } 1 .. 120; binmode STDOUT;
        print "\x93NUMPY\x01\x00", pack("v", 118), sprintf "%-117s\n", "{\x27descr\x27: \x27<f4\x27, \x27fortran_order\x27: False, \x27shape\x27: ($n, 64), }";
        print pack "f<64", map { $_ + rand() + rand() + rand() + rand() - 2 } @{ $c[rand 120] } for 1 .. $n' "$1" > "$to.npy"
    from-npy "$to.npy" > "$to.sp"
}

# lyrics N - a stream of texts that have as many lines as real ones, each drawn from the lines of all
lyrics() {
    from-csv -q "$shared/data/lyrics/bn_en_2000.csv" | to-json | perl -MJSON::PP -e 'srand 17; my (@lines, @n); my $j = JSON::PP->new->utf8;
        while (<STDIN>) { my @l = grep { /\S/ } split /\n/, $j->decode($_)->{lyrics} // ""; push @lines, map { $j->allow_nonref->encode("$_\n") =~ s/^"|"$//gr } @l; push @n, scalar @l }
        print qq({"id":"$_","lyrics":"), (map { $lines[rand @lines] } 1 .. $n[rand @n]), qq("}\n) for 1 .. shift' "$1" | from-json > "$tmp/lyrics$1.sp"
}

# cost COMMAND... FILE - seconds of processor time, and the most MB, of one run; what it says in $tmp/said
cost() {
    /usr/bin/time -f '%U %S %M' -o "$tmp/cost" "$@" > /dev/null 2> "$tmp/said" || [ $? = 5 ]
    awk 'NF == 3 { printf "%.2f %.0f\n", $1 + $2, $3 / 1024 }' "$tmp/cost"
}

# row NAME N COMMAND... - a line of the table, with the growth since the N before
declare -A before
row() {
    local name=$1 n=$2 s mb
    shift 2
    read -r s mb < <(cost "$@")
    echo "| $name | $n | $s | $mb | $(ratio "$s" "${before[$name]:-}") | $(grep -o 'inertia [0-9.e+]*' "$tmp/said" | cut -d' ' -f2) |"
    before[$name]=$s
}

echo '| | n | s | MB | times the row of n / 10 | inertia |'
echo '|---|---|---|---|---|---|'
for ((n = 10000; n <= MOST; n *= 10)); do
    vectors $n
    x=$tmp/x$n.sp
    row 'from-npy' $n from-npy "$tmp/x$n.npy"
    row 'zscore' $n zscore -q "$x"
    row 'pca -n 32' $n pca -q -n 32 "$x"
    row 'kmeans -k 100 --n-init 1 --max-iter 20' $n kmeans -j 1 -k 100 --n-init 1 --max-iter 20 "$x"
    row 'kmeans -k 100 --n-init 1 --batch 1000' $n kmeans -j 1 -k 100 --n-init 1 --batch 1000 "$x"
    row 'to-csv' $n to-csv "$x"
    [ -z "${PEERS:-}" ] || {
        read -r s mb inertia < <(OMP_NUM_THREADS=1 "$PEERS" "$here/million.py" "$tmp/x$n.npy")
        echo "| scikit-learn: MiniBatchKMeans(100, batch_size=1000) | $n | $s | $mb | | $inertia |"
    }
    [ -z "$spark" ] || {
        read -r s mb inertia ready < <(OMP_NUM_THREADS=1 "$PEERS" "$here/million-spark.py" "$tmp/x$n.npy" 2> "$tmp/err")
        echo "| Spark: KMeans(k=100, maxIter=20), $ready s before it | $n | $s | $mb | | $inertia |"
    }
    rm "$tmp/x$n".*
    [ -e "$shared/data/lyrics" ] || continue
    lyrics $n
    row 'tfidf --min-df 5, lyrics' $n tfidf -q --min-df 5 "$tmp/lyrics$n.sp"
    rm "$tmp/lyrics$n.sp"
done
