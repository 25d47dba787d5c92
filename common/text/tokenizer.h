/* tokenizer - a model folder's word pieces, from tokenizer.json or vocab.txt
 *
 *   tokenizer_config.json    tokenizer_class, do_lower_case, strip_accents, tokenize_chinese_chars,
 *                            model_max_length
 *   tokenizer.json           the pieces, as a WordPiece behind a BertNormalizer and a
 *                            BertPreTokenizer, with [CLS] and [SEP] around the text
 *   vocab.txt                the pieces, one a line, where there is no tokenizer.json
 *
 * As transformers 5 reads them: a BertTokenizer takes its flags from tokenizer_config.json (each is
 * true without it), a tokenizer without a class of its own those of tokenizer.json. A step that is
 * none of these is refused by its name.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TEXT_TOKENIZER_H
#define TEXT_TOKENIZER_H

#include "text/settings.h"
#include "text/wordpiece.h"

/* The pieces; at most `words`, and in lower case anyhow if `lowercase`. *limit becomes
 * model_max_length where that is smaller. NULL: s says why. */
struct wordpiece *tokenizer_read(const struct settings *s, size_t words, bool lowercase, size_t *limit);

#endif
