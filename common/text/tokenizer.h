/* tokenizer - how a model folder cuts a text: word pieces or unigram pieces
 *
 *   tokenizer_config.json    tokenizer_class, do_lower_case, strip_accents, tokenize_chinese_chars,
 *                            model_max_length
 *   tokenizer.json           the pieces, as a WordPiece behind a BertNormalizer and a
 *                            BertPreTokenizer, with [CLS] and [SEP] around the text; or as a Unigram (text/unigram_read.h)
 *   vocab.txt                the word pieces, one a line, where there is no tokenizer.json
 *   sentencepiece.bpe.model  the unigram pieces of an XLMRobertaTokenizer, where there is no tokenizer.json
 *
 * As transformers 5 reads them: a BertTokenizer takes its flags from tokenizer_config.json (each is
 * true without it), an XLMRobertaTokenizer has steps of its own, a tokenizer without a class of its own those of
 * tokenizer.json. A step that is none of these is refused by its name.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TEXT_TOKENIZER_H
#define TEXT_TOKENIZER_H

#include "text/pieces.h"
#include "text/settings.h"
#include "text/unigram.h"
#include "text/wordpiece.h"

struct tokenizer {
    struct wordpiece *words;            /* one of these two */
    struct unigram *unigram;
    size_t size;                        /* pieces */
    uint32_t unk, first, last;          /* the unknown; what goes before and behind each text */
};

/* The pieces; at most `words`, and in lower case anyhow if `lowercase`. xlmr: the model is an XLM-R, whose class
 * need not be named. *limit becomes model_max_length where that is smaller. NULL: s says why. */
struct tokenizer *tokenizer_read(const struct settings *s, size_t words, bool lowercase, bool xlmr, size_t *limit);
void tokenizer_free(struct tokenizer *t);

/* Cut text[n] into *p. False if it is no UTF-8: *bad is the offset. One thread at a time. */
bool tokenizer_cut(struct tokenizer *t, struct pieces *p, const char *text, size_t n, size_t *bad);

#endif
