#!/usr/bin/env bash
# 10^6 records of 32 floats through sp-fields, cat and Python's msgpack; memory of a map filter.
# SPDX-License-Identifier: GPL-3.0-or-later
. "$(dirname "$0")/lib.sh"
perl -e 'print "\x93NUMPY\x01\x00", pack("v", 118), sprintf("%-117s\n", "{'\''descr'\'': '\''<f4'\'', '\''fortran_order'\'': False, '\''shape'\'': (1000000, 32), }");
         srand 1; my $row = pack "f<*", map { rand } 1 .. 32000; print $row for 1 .. 1000' > "$tmp/x.npy"
from-npy "$tmp/x.npy" > "$tmp/x.sp"
sp-sample -n 10000 "$tmp/x.sp" > "$tmp/small.sp"
cat > "$tmp/copy.py" <<'P'
import sys, msgpack, msgpack_numpy as m
out, pack = sys.stdout.buffer, msgpack.Packer(default=m.encode).pack
for record in msgpack.Unpacker(sys.stdin.buffer, object_hook=m.decode, strict_map_key=False, max_buffer_size=0):
    out.write(pack(record))
P
in="cat $tmp/x.sp |" out='| wc -c'
commands=("$in cat $out" "$in sp-fields $out" "$in sp-fields --set year=1999 $out" "$in zscore $out")
[ -z "${PEERS:-}" ] || commands+=("$in $PEERS $tmp/copy.py $out")
read -r cat fields set zscore python < <(medians "${commands[@]}") || true
echo '| 10^6 records of 32 floats, in at a pipe and out at another | s | of `cat` |'
echo '|---|---|---|'
row() { echo "| $1 | $2 | $(ratio "$2" "$cat") |"; }
row '`cat`' "$cat"
row '`sp-fields`' "$fields"
row '`sp-fields --set year=1999`' "$set"
row '`zscore` (reads it twice)' "$zscore"
[ -z "${python:-}" ] || row 'Python, msgpack and msgpack-numpy' "$python"
echo
echo '| memory of a map filter, MB | 10 000 records | 1 000 000 |'
echo '|---|---|---|'
for f in 'sp-fields --set year=1999' 'sp-match year absent' 'zscore'; do
    small=$(peak $f < "$tmp/small.sp" 2>&1 >/dev/null | tail -1)
    large=$(peak $f < "$tmp/x.sp" 2>&1 >/dev/null | tail -1)
    echo "| \`$f\` | $small | $large |"
done
