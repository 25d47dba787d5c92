/* bert - the forward pass of BERT encoders over word pieces, in float32 or with products in bf16
 *
 * J. Devlin et al., "BERT: Pre-training of deep bidirectional transformers", NAACL 2019;
 * as PyTorch's BertModel computes it without dropout and without padding. XLM-R (A. Conneau et al., ACL 2020) is the
 * same net but for the numbers of its positions.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TEXT_BERT_H
#define TEXT_BERT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "text/safetensors.h"

struct bert_shape {
    size_t layers, hidden, heads, inner;
    size_t positions, words, types;     /* rows of the embedding tables */
    double eps;                         /* of the layer norms */
    bool counts_padding;                /* XLM-R: positions are counted from padding + 1 on; pieces of that number have it */
    uint32_t padding;                   /*   as their position, and are not counted */
};

struct bert;

/* Take the weights out of `file`, by their names in BERT models, with or without "bert." or "roberta."
 * in front. F32 that is aligned is used where it lies (file must outlive the result);
 * other floats are widened. `bf16`: the products of weights are of numbers rounded to bf16 (math/gemm_bf16); their sums
 * and all else, the products of attention too, stay in float32. NULL if a tensor is missing or of another shape; why[room]
 * says which. */
struct bert *bert_new(const struct safetensors *file, const struct bert_shape *shape, bool bf16, char *why, size_t room);
void bert_free(struct bert *b);

/* One text: id[n], each below shape.words, 1 <= n <= shape.positions (counts_padding: less padding + 1). */
struct bert_text { const uint32_t *id; size_t n; };

enum bert_pooling { BERT_MEAN, BERT_CLS, BERT_MAX };

/* Memory of a thread. */
struct bert_room;
struct bert_room *bert_room_new(const struct bert *b);
void bert_room_free(struct bert_room *room);

/* Run all texts at once, one behind the other without padding, and pool the last layer over
 * each text's pieces: to[texts][hidden]. `hidden` (or NULL) gets the values of all layers,
 * hidden[layers + 1][all pieces][hidden], for tests. Sums over pieces in double. */
void bert_run(const struct bert *b, struct bert_room *room, const struct bert_text *text, size_t texts,
              enum bert_pooling pooling, float *to, float *hidden);

#endif
