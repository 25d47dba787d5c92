/* packs - many texts through a sentence encoder at once
 *
 * Texts are cut into sequences of at most the encoder's limit, and these put together into packs of at
 * most 512 pieces (or one sequence), always from the first on: so what is computed together depends on the
 * texts alone, and not on the threads that share the packs.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TEXT_PACKS_H
#define TEXT_PACKS_H

#include "text/encoder.h"

struct packs;

/* For an encoder that outlives it; par_jobs is set already. */
struct packs *packs_new(const struct encoder *e);
void packs_free(struct packs *p);

/* What was taken of a text: pieces from its beginning on; and with the [CLS] and [SEP] of each sequence. */
struct packed { size_t used, tokens; };

/* Take a text's id[n], which are copied: the first sequence, or (all) as many as it needs. Without
 * pieces it is [CLS] [SEP]. */
struct packed packs_add(struct packs *p, const uint32_t *id, size_t n, bool all);

/* Pieces taken since packs_clear, with [CLS] and [SEP]. */
size_t packs_pieces(const struct packs *p);

/* Compute all of them, on par_jobs threads. */
void packs_run(struct packs *p);

/* Text i's vector x[hidden] after packs_run, i counted from 0 as they were added: the mean of its sequences
 * weighted by their tokens; `unit`: scaled to length 1. False if it is not finite. */
bool packs_vector(const struct packs *p, size_t i, bool unit, float *x);

/* Forget the texts. */
void packs_clear(struct packs *p);

#endif
