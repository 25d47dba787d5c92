/* vocab - words and runs of words (n-grams) counted over texts, and found again
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TEXT_VOCAB_H
#define TEXT_VOCAB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "text/tokens.h"

#define VOCAB_NGRAM_MOST 16

struct vocab;

/* Of n-grams of min_n to max_n words, 1 <= min_n <= max_n <= VOCAB_NGRAM_MOST. */
struct vocab *vocab_new(size_t min_n, size_t max_n);
void vocab_free(struct vocab *v);

/* Let the words of text[n], cut in this way, be passed over in all texts, before n-grams are made; to be
 * called first. False if it is not UTF-8 at byte *bad. */
bool vocab_stop(struct vocab *v, struct tokens_how how, const char *text, size_t n, size_t *bad);

/* Count a text: at most 2^32 - 2 of them. */
void vocab_count(struct vocab *v, const struct token *word, size_t n);

/* From now on hold no more than `most` n-grams of two words and more (0: no bound):
 * where there are more after a text, the rarest are dropped, half of them or more, and
 * every count may be low by the counts that were dropped (lossy counting after Manku and
 * Motwani, "Approximate frequency counts over data streams", VLDB 2002). */
void vocab_bound(struct vocab *v, size_t most);

/* What no count is low by more than; 0: they are exact. */
uint64_t vocab_missed(const struct vocab *v);

/* With other ranks (base/world), which all call it: hand the n-grams out, so that each rank has the counts of all for a part of
 * them; v is freed, and what is returned counts no more. vocab_size and vocab_terms are then of all ranks, which all call
 * them. Else v. */
struct vocab *vocab_share(struct vocab *v);

/* How many n-grams are held, stop words left out. */
size_t vocab_size(const struct vocab *v);

struct term {
    const char *text;           /* words with one space between them; not NUL-ended */
    size_t n;
    uint64_t tf;                /* how often it stands in the texts */
    uint32_t df;                /* in how many texts it stands */
};

/* The n-grams with min_df <= df <= max_df, of those the `limit` (0: all) with the
 * largest tf, at the same tf the first by code point; ordered by code point. Their number
 * in *n; free the result with one free. */
struct term *vocab_terms(const struct vocab *v, double min_df, double max_df, size_t limit, size_t *n);

/* The terms as lines, each with a newline at its end: *bytes in all, the caller's to free. */
char *vocab_lines(const struct term *terms, size_t n, size_t *bytes);

/* Let the term of each such line be found as a column, counted from 0. The terms, NUL-ended, as the
 * names of the columns (free them and the array); NULL if they are not n lines, or one is empty. */
char **vocab_columns(struct vocab *v, const char *lines, size_t bytes, size_t n);

/* What vocab_find works with and gives: column[nnz] ascending, count[nnz]. */
struct vocab_row {
    size_t nnz;
    uint32_t *column, *count;
    /* private */
    uint32_t *total;
    uint64_t *touched, *words_touched;
    size_t columns, cap, ids_cap;
    uint32_t *ids, *grams;
    uint64_t *keys;
};

/* For a vocabulary of so many columns; one for each thread. */
struct vocab_row *vocab_row_new(size_t columns);
void vocab_row_free(struct vocab_row *row);

/* Count the terms that have a column in a text. */
void vocab_find(const struct vocab *v, struct vocab_row *row, const struct token *word, size_t n);

#endif
