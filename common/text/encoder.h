/* encoder - a sentence encoder from its standard folder
 *
 *   config.json                    the shape of a BERT (hidden_act gelu, absolute positions)
 *   vocab.txt                      word pieces, one a line
 *   model.safetensors              weights in F32, F16 or BF16
 *   tokenizer_config.json          do_lower_case, strip_accents, tokenize_chinese_chars
 *   sentence_bert_config.json      max_seq_length
 *   modules.json, 1_Pooling/config.json    mean, CLS or max pooling
 *
 * The first three must be there.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TEXT_ENCODER_H
#define TEXT_ENCODER_H

#include "text/bert.h"
#include "text/safetensors.h"
#include "text/wordpiece.h"

struct encoder {
    struct bert_shape shape;
    struct bert *bert;
    struct wordpiece *pieces;
    struct safetensors *file;
    size_t limit;               /* of pieces in one text, with [CLS] and [SEP] */
    enum bert_pooling pooling;
};

/* Open folder dir. NULL if something is missing or wrong: why[room] names the file and
 * what is wrong with it. */
struct encoder *encoder_open(const char *dir, char *why, size_t room);
void encoder_close(struct encoder *e);

#endif
