/* unigram_read - the unigram pieces of a model folder
 *
 * tokenizer.json with a Unigram: behind Precompiled, Strip, Replace (a text, or the regular expression " {2,}") and
 * sequences of them, WhitespaceSplit and Metaspace or Metaspace alone, with a piece before and behind the text; or
 * sentencepiece.bpe.model, as XLM-R has it: <s> <pad> </s> <unk>, the file's pieces from the fourth on, <mask>.
 *
 * An XLMRobertaTokenizer takes of tokenizer.json the pieces, the added tokens and the Precompiled alone and has
 * its own steps, as in transformers 5. Steps that are not known are refused by name.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TEXT_UNIGRAM_READ_H
#define TEXT_UNIGRAM_READ_H

#include "text/settings.h"
#include "text/unigram.h"

#define UNIGRAM_MODEL "sentencepiece.bpe.model"

/* From tokenizer.json (j), or with j NULL from the .model; at most `words` pieces. xlmr: as that class has it. *first and
 * *last go around each text, *unk is the unknown, *size the number of pieces. NULL: s says why. */
struct unigram *unigram_read(const struct settings *s, const json_t *j, size_t words, bool xlmr, size_t *size,
                             uint32_t *unk, uint32_t *first, uint32_t *last);

#endif
