/* wordpiece - a text as the numbers of BERT's word pieces
 *
 * As the tokenizers library does it (BertNormalizer, BertPreTokenizer, WordPiece), version
 * 0.23: its Unicode tables are those of about Unicode 8, but for lower case; the code
 * points where that matters are listed here.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TEXT_WORDPIECE_H
#define TEXT_WORDPIECE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "text/pieces.h"

/* Code points of the longest word that is cut; a longer one is [UNK]. */
#define WORDPIECE_WORD_MOST 100

struct wordpiece_how {
    bool lowercase, strip_accents;
    bool chinese;               /* each Chinese character is a word */
};

struct wordpiece;

/* From the bytes of a vocab.txt: a piece on each line, its number from 0 the line's. NULL
 * without [UNK], [CLS] or [SEP]; *missing then names it. vocab is copied. */
struct wordpiece *wordpiece_new(const char *vocab, size_t n, struct wordpiece_how how, const char **missing);
void wordpiece_free(struct wordpiece *w);

/* Whether `name` is one of the five that stand for themselves in a text: wordpiece_cut. */
bool wordpiece_special(const char *name);

/* How many pieces there are, and the numbers of some. */
size_t wordpiece_size(const struct wordpiece *w);
uint32_t wordpiece_unk(const struct wordpiece *w);
uint32_t wordpiece_cls(const struct wordpiece *w);
uint32_t wordpiece_sep(const struct wordpiece *w);

/* Cut text[n] into *p. The words [PAD], [UNK], [CLS], [SEP] and [MASK] in it are those
 * pieces. False if it is no UTF-8: *bad is the offset. Properties of code points are
 * kept in w: one thread at a time. */
bool wordpiece_cut(struct wordpiece *w, struct pieces *p, const char *text, size_t n, size_t *bad);

#endif
