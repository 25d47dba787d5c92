# What the bench scripts share. Each prints one Markdown table on stdout.
#   PEERS   a Python with the peers in it (or unset: our side only)
#   BENCH   the folder with the peers' scripts; RUNS: how often a command is timed
# SPDX-License-Identifier: GPL-3.0-or-later
set -euo pipefail
export OPENBLAS_NUM_THREADS=1
shared=${SONGPIPE_SHARED:-../shared}
BENCH=${BENCH:-$shared/bench}
RUNS=${RUNS:-5}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# medians COMMAND... - median seconds of each, timed in one run, on one line
medians() {
    hyperfine --shell bash --warmup 1 --runs "$RUNS" --export-json "$tmp/hyperfine" "$@" >/dev/null 2>"$tmp/err" ||
        { cat "$tmp/err" >&2; return 1; }
    perl -MJSON::PP -0777 -ne 'print join(" ", map { sprintf "%.5g", $_->{median} } @{decode_json($_)->{results}}), "\n"' \
        "$tmp/hyperfine"
}

# peak COMMAND ARG... - the most memory that it had, in MB; stdin and stdout as they are
peak() { /usr/bin/time -f '%M' -o "$tmp/peak" "$@" && awk '{ printf "%.1f\n", $1 / 1024 }' "$tmp/peak" >&2; }

# used COMMAND... - seconds of processor time, in $tmp/used; stdin and stdout as they are
used() { /usr/bin/time -f '%U' -o "$tmp/used" "$@"; }

# least NUMBER... - the smallest
least() { printf '%s\n' "$@" | sort -g | head -1; }

# best COMMAND... - the least seconds of processor time of RUNS runs; its output goes nowhere
best() {
    local all=()
    for ((i = 0; i < RUNS; i++)); do
        used "$@" > /dev/null
        all+=("$(cat "$tmp/used")")
    done
    least "${all[@]}"
}

# peer SCRIPT CASE THREADS KEY - a number of the peer's own report; "-" without PEERS
peer() {
    local report=$tmp/peer-$1-$2-$3
    [ -n "${PEERS:-}" ] && [ -e "$BENCH/$1.py" ] || { echo -; return; }
    [ -e "$report" ] || PYTHONDONTWRITEBYTECODE=1 "$PEERS" "$BENCH/$1.py" --case "$2" --threads "$3" \
        --work "${WORK:-$BENCH/work}" > "$report" 2>"$tmp/err"      # once for all of its numbers
    KEY=$4 perl -MJSON::PP -ne 'my $r = decode_json($_); print $r->{$ENV{KEY}} // $r->{quality}{$ENV{KEY}} // "-", "\n"' \
        "$report"
}

# ratio A B - A / B to three digits; "-" where one is missing
ratio() { awk -v a="$1" -v b="$2" 'BEGIN { print (a + 0 && b + 0) ? sprintf("%.3g", a / b) : "-" }'; }

# rows FILE N - a stream of the first N rows of mix-FILE.npy, labels as cluster; prints its path
rows() {
    local to=$tmp/$1-$2.sp
    [ -e "$to" ] || {
        perl -e 'my ($from, $n) = @ARGV; open my $f, "<:raw", $from or die; read $f, my $head, 10;
            my $size = unpack "v", substr $head, 8; read $f, my $dict, $size;
            my ($type, $d) = $dict =~ /descr.: .(<..).*\(\d+,\s*(\d*)/ or die; my $shape = $d ? "$n, $d" : "$n,";
            my $new = sprintf "%-117s\n", "{\x27descr\x27: \x27$type\x27, \x27fortran_order\x27: False, \x27shape\x27: ($shape), }";
            read $f, my $data, $n * ($d || 1) * 4; print "\x93NUMPY\x01\x00", pack("v", 118), $new, $data' \
            "$WORK/mix-$1.npy" "$2" > "$tmp/rows.npy"
        from-npy "$tmp/rows.npy" > "$to"
    }
    echo "$to"
}

# The most memory of a command, in MB; it may end with status 5, at --max-iter.
mb() { { peak "$@" > /dev/null || awk '/^[0-9]/ { printf "%.1f\n", $1 / 1024 }' "$tmp/peak" >&2; } 2>&1 | tail -1; }
