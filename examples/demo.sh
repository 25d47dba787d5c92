#!/usr/bin/env bash
# demo.sh [FOLDER] - cluster real music: FOLDER's, or the soundtracks of five games that
# Debian ships. Writes demo/clips.sp (features), demo/map.sp (clusters) and map.png, and
# prints how well the clusters agree with the folders that the tracks lie in.
# SPDX-License-Identifier: GPL-3.0-or-later
set -euo pipefail
packages='amoebax-data hex-a-hop-data holotz-castle-data noiz2sa-data wordwarvi-sound'
music=${1:-}
mkdir -p demo/music

if [ -z "$music" ]; then
    music=demo/music
    for p in $packages; do
        [ -d "$music/$p" ] && continue
        echo "demo: fetching $p" >&2
        (cd demo && apt-get -q -o APT::Sandbox::User=root download "$p" >/dev/null)
        dpkg-deb -x demo/"$p"_*.deb "$music/.$p"
        mv "$music/.$p" "$music/$p"
        rm demo/"$p"_*.deb
    done
fi
folders=$(find "$music" -mindepth 1 -maxdepth 1 -type d ! -name '.*' | wc -l)
k=$((folders < 2 ? 6 : folders > 12 ? 12 : folders))

# Status 1: a file that could not be decoded was named on stderr and left out.

tracks --label folder=dir "$music" | decode |
    segment --length 10 --hop 10 --max 12 | mfcc -n 20 | summarize --stats mean,std > demo/clips.sp ||
    [ $? -eq 1 ]
zscore demo/clips.sp | pca -n 16 | kmeans -k "$k" > demo/map.sp
scatter --color folder,cluster --title "10 s clips, MFCC, PCA" demo/map.sp | gnuplot > map.png

echo
echo "The clusters (k = $k) of the 10 s clips, held against the folders that they come from:"
metrics --truth folder demo/map.sp | to-csv |
    awk -F, 'NR == 1 { n = split($0, name) }
             NR == 2 { for (i = 2; i <= n; i++) if ($i + 0 == $i) printf "  %-20s %.4g\n", name[i], $i }'
echo
echo "demo/map.sp has every clip with its cluster, map.png the picture. Made by:"
sp-info --pipeline demo/map.sp | sed 's/^/  /'
