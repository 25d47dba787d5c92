# What the Makefiles of both papers share: settings, what is known of the songs, and tables of scores.
# SPDX-License-Identifier: GPL-3.0-or-later
DATA ?= ../shared/data/msd200
SEEDS ?= 3

SHELL := bash
.SHELLFLAGS := -o pipefail -ec
.DELETE_ON_ERROR:
.SECONDARY:
seeds := $(shell seq $(SEEDS))
o := $(OUT)
$(shell mkdir -p $o)

%/songs.sp: $(DATA)/songs.csv
	tracks -q --csv $< --path audio --id id | sp-match -q path present > $@

# The songs' samples; a file that cannot be decoded is named, and left out.
heard = { decode -q $o/songs.sp || [ $$? -eq 1 ]; }

# map,LAYOUT,LABELS,TITLE: a picture of the stream's t-SNE or UMAP, coloured by labels
fits = $$(n=$$(sp-info --count $o/songs.sp); echo $$((n > 3 * $1 ? $1 : n / 4)))
tsne = tsne -q --perplexity $(call fits,30)
umap = umap -q --n-neighbors $(call fits,15)
map = $($1) | scatter -q --color $2 --title $3 | gnuplot

# A label of the songs, and the same shuffled, which no cluster can know (by seed 0: lyrics are shuffled by another one).
$o/names.%.sp: $o/songs.sp
	sp-fields -q --keep $* --rename $*=label $< > $@.labels
	sp-fields -q --rename label=drawn $@.labels | sp-fields -q --shuffle drawn | sp-join -q --with $@.labels > $@
	rm $@.labels

# codes,NAMES: their streams, for the seed %
codes = $(foreach f,$1,$o/$f.%.sp)
# number,NAMES.SP: of different labels
number = $$(($$(sp-info --by label $1 | wc -l) - 1))
# table,NUMBER,LABEL,ON,COMMON,SETTINGS,METHOD=VECTORS...: see score-clusters
table = export TABLE=$1 NAMES=$o/names.$2.sp ON=$3 COMMON=$o/$4.sp SEED=$* $5; for row in $6; do \
	METHOD="$${row%=*}" $(here)../score-clusters $o/"$${row\#\#*=}".$*.sp; done > $@

columns = clusters,silhouette,common,calinski_harabasz,davies_bouldin,coverage,nmi.label,ari.label,purity.label,ari.drawn$(more)
# results: OUT/RESULTS.md of the scores in $(tables), the paper's own beside them, and $(sections), TITLE=NAME of NAME.md
# It is always written: a table that more seeds ask for is secondary, and so would not be missed.
results: $o/RESULTS.md
.PHONY: FORCE
$o/paper.sp: $(here)paper.csv
	from-csv -q --keep-columns --text table $< > $@
$o/RESULTS.md: $o/paper.sp $(tables) $(here)head.md $(parts) FORCE
	cat $(here)head.md > $@
	for t in $(numbers); do echo; echo "## Table $$t"; echo; \
	    cat $o/paper.sp $(tables) | sp-match -q table eq $$t | scoreboard -q -f markdown -d 3 --by method,algorithm \
		--columns $(columns); \
	done >> $@
	for s in $(sections); do echo; echo "## $${s%=*}"; echo; cat $o/$${s#*=}.md; done >> $@
