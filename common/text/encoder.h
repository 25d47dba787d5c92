/* encoder - a sentence encoder from its standard folder
 *
 *   modules.json                   Transformer, Pooling and, for vectors of length 1, Normalize; their folders
 *   1_Pooling/config.json          mean, CLS or max pooling
 *   config_sentence_transformers.json      prompts, default_prompt_name
 *   config.json                    the shape of a BERT or an XLM-R (hidden_act gelu, absolute positions)
 *   model.safetensors              weights in F32, F16 or BF16
 *   sentence_bert_config.json      max_seq_length, do_lower_case
 *   tokenizer.json, vocab.txt or sentencepiece.bpe.model, tokenizer_config.json      see text/tokenizer.h
 *
 * config.json, the weights and the pieces must be there. What sentence-transformers 6.2 would do
 * beyond that is refused by its name.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TEXT_ENCODER_H
#define TEXT_ENCODER_H

#include "text/bert.h"
#include "text/safetensors.h"
#include "text/tokenizer.h"

struct encoder {
    struct bert_shape shape;
    struct bert *bert;
    struct tokenizer *pieces;
    struct safetensors *file;
    size_t most, limit;         /* pieces in one text, with [CLS] and [SEP]: that there are positions for; that are taken */
    enum bert_pooling pooling;
    bool modules;               /* modules.json is there, and with it the model's word on normalize: */
    bool normalize;             /* vectors are brought to length 1 */
    bool prompt_pooled;         /* the prompt's pieces count as the text's */
    char *prompt_name, *prompt; /* what goes before each text, and its name (of one without: itself); "" none */
};

/* Open folder dir; `prompt` is the name of one of its prompts or, if there is a blank or a colon in it, the prompt itself;
 * NULL: its default. `bf16`: see bert_new. NULL if
 * something is missing or wrong: why[room] names the file and what is wrong with it. */
struct encoder *encoder_open(const char *dir, const char *prompt, bool bf16, char *why, size_t room);
void encoder_close(struct encoder *e);

#endif
