/* sentencepiece - the file of a SentencePiece model: its pieces, and the map of characters
 *
 * A protocol buffer (ModelProto of sentencepiece_model.proto): field 1, again and again, a piece (1 its text, 2 its
 * score, 3 its type), field 2 how it was trained (3 the type of model), field 3 the normalisation (2 the
 * precompiled map). Other fields are passed over.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TEXT_SENTENCEPIECE_H
#define TEXT_SENTENCEPIECE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "text/unigram.h"

enum { SENTENCEPIECE_UNIGRAM = 1, SENTENCEPIECE_CONTROL = 3, SENTENCEPIECE_USER = 4 };   /* types: of the model, of pieces */

struct sentencepiece {
    struct unigram_piece *piece;        /* texts lie in the file */
    uint64_t *type;
    size_t n, cap, types_cap;
    uint64_t model;                     /* its type */
    const uint8_t *map;                 /* NULL: none */
    size_t map_size;
};

/* Read file[n], which must outlive *s. False if it is damaged: *why then says how. Scores may be anything. */
bool sentencepiece_read(const uint8_t *file, size_t n, struct sentencepiece *s, const char **why);
void sentencepiece_free(struct sentencepiece *s);

#endif
