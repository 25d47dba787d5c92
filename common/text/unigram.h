/* unigram - a text as the numbers of SentencePiece's unigram pieces
 *
 * T. Kudo, "Subword regularization", ACL 2018; the path with the largest sum of scores (Viterbi), as the tokenizers
 * library 0.23 finds it: what no piece covers costs 10 more than the worst piece, and a run of it is
 * one piece, unknown, or its bytes. Before that the text is normalised by steps, and words are marked
 * by the sign U+2581 in front, which stands for a blank.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TEXT_UNIGRAM_H
#define TEXT_UNIGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "text/charsmap.h"
#include "text/pieces.h"

#define UNIGRAM_BLANK "\xe2\x96\x81"

/* One step of the normalisation: characters by a map; each `from` becomes `to`; so do two and more blanks in a row;
 * white space at an end goes. */
enum unigram_step_kind { UNIGRAM_CHARSMAP, UNIGRAM_REPLACE, UNIGRAM_RUNS, UNIGRAM_STRIP };
struct unigram_step {
    enum unigram_step_kind kind;
    struct charsmap *map;
    char *from, *to;            /* from: not empty */
    bool left, right;
};

/* A text that means piece `id` wherever it stands, before all else or (normalised) after the steps; it
 * takes the white space at its left or right with it. */
struct unigram_token { char *text; uint32_t id; bool left, right, normalized; };

struct unigram_how {
    struct unigram_step *steps;
    size_t n_steps;
    struct unigram_token *tokens;
    size_t n_tokens;
    bool words;                 /* white space ends words, and goes */
    bool prefix;                /* the sign before each word (without `words`: before the text) that has none */
    bool split;                 /* no piece goes over such a sign */
    bool bytes;                 /* the unknown becomes pieces <0x00> to <0xFF>, where all that it takes are there */
    uint32_t unk;
};

/* p[n] of piece i is number i. */
struct unigram_piece { const char *p; size_t n; double score; };

struct unigram;

/* From n pieces (below TRIE_NONE, less than 4 GB, how.unk < n, scores finite), which are copied; what `how` points to,
 * allocated each, is the unigram's from now on. */
struct unigram *unigram_new(const struct unigram_piece *piece, size_t n, struct unigram_how how);
void unigram_free(struct unigram *u);

/* Free what `how` points to. */
void unigram_forget(struct unigram_how *how);

/* The number of a piece, UINT32_MAX: there is none. */
uint32_t unigram_find(const struct unigram *u, const char *piece);

/* Cut text[n] into *p. False if it is no UTF-8: *bad is the offset. Memory for the work is kept in u: one thread
 * at a time. */
bool unigram_cut(struct unigram *u, struct pieces *p, const char *text, size_t n, size_t *bad);

#endif
