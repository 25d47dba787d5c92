#!/usr/bin/env bash
# demo.sh [FOLDER] - cluster real music: FOLDER's, or the soundtracks of five games that
# Debian ships. Writes demo/map.sp (songs with their clusters), map.html, a map that plays them,
# and map.png, and prints how well clusters agree with the folders that the songs lie in: of what
# a net learns from this music alone, beside the usual MFCC. With MODEL=, a folder of weights
# (examples/get-musicnn), it listens with an ear that others trained, too.
# SPDX-License-Identifier: GPL-3.0-or-later
set -euo pipefail
packages='amoebax-data hex-a-hop-data holotz-castle-data noiz2sa-data wordwarvi-sound'
music=${1:-} model=${MODEL:-}
mkdir -p demo/music
rm -f demo/*.score

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

# Each song once: its MFCC, what the net of MODEL hears, and crops of 5 s as textures; sounds of less
# than a second have none. Status 1: a
# file that could not be decoded was named on stderr and left out.
listen() { if [ -n "$model" ]; then embed-audio --keep -o ear -m "$model"; else cat; fi; }
tracks --label folder=dir "$music" | decode | listen |
    mfcc --keep -n 20 | summarize --stats mfcc=mean,std -o m | logmel | texture |
    sp-match x present > demo/crops.sp || [ $? -eq 1 ]
pool --by track --mean "m${model:+,ear,ear.tags}" demo/crops.sp > demo/plain.sp
songs=$(sp-info --count demo/plain.sp)
k=$((folders < 2 ? 6 : folders > 12 ? 12 : folders)) k=$((k > songs ? songs : k))

# cluster NAME FIELD: of songs with a vector; the scores against the folders go to demo/NAME.score.
cluster() { kmeans -i "$2" -k "$k" | tee "demo/$1.sp" | metrics -i "$2" --id "$1" --set vectors="$1" --truth folder > "demo/$1.score"; }
zscore -i m demo/plain.sp | pca -i m -n 16 | cluster mfcc m
if [ "$songs" -ge 4 ]; then
    contrast-train demo/crops.sp > demo/contrast.model
    contrast-encode -m demo/contrast.model --pool track demo/crops.sp | cluster contrast x
else
    echo "demo: $songs songs are too few to learn from: their mean texture instead" >&2
    pool --by track demo/crops.sp | zscore | pca -n 16 | cluster contrast x
fi
[ -z "$model" ] || zscore -i ear demo/plain.sp | l2norm -i ear | cluster musicnn ear

if [ "$songs" -ge 10 ]; then
    tsne --perplexity $((songs > 90 ? 30 : songs / 3)) demo/contrast.sp > demo/map.sp
else
    pca -n 2 --keep -o xy demo/contrast.sp > demo/map.sp
fi
map-page --title "$songs songs" --name folder --output map.html demo/map.sp
scatter --color folder,cluster --title "$songs songs, a net trained on them" demo/map.sp | gnuplot > map.png

echo
echo "The clusters (k = $k) of $songs songs, held against the folders that they come from:"
cat demo/*.score | scoreboard -q --by vectors --columns nmi,ari,purity
if [ -n "$model" ]; then
    echo
    echo "What stands out in the clusters that musicnn hears:"
    zscore -q -i ear.tags demo/musicnn.sp | profile -q -i ear.tags | sp-fields --keep cluster,size,top | to-csv --delimiter tab | cut -f 2- | sed 's/^/  /'
fi
echo
echo "Open map.html in a browser; map.png is the picture, demo/map.sp has every song with its cluster. Made by:"
sp-info --pipeline demo/map.sp | sed 's/^/  /'
