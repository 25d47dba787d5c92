/* tokens - a text cut into words
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TEXT_TOKENS_H
#define TEXT_TOKENS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum tokens_rule {
    TOKENS_WORDS,       /* NFC; two or more of [\p{L}\p{M}\p{N}_]; ZWJ and ZWNJ stay between them */
    TOKENS_MARKS,       /* [\p{L}\p{M}\p{N}_]{2,} */
    TOKENS_SKLEARN,     /* scikit-learn's \b\w\w+\b: [\p{L}\p{N}_]{2,}, a mark ends a word */
};

enum tokens_strip {
    STRIP_NONE,
    STRIP_LATIN,        /* NFD, no marks behind Latin, Greek or Cyrillic letters, NFC */
    STRIP_UNICODE,      /* scikit-learn's: NFKD without characters of combining class > 0 */
    STRIP_ASCII,        /* scikit-learn's: NFKD, what is not ASCII dropped */
};

struct tokens_how { enum tokens_rule rule; bool lowercase; enum tokens_strip strip; };

struct token { const uint8_t *p; size_t n; };       /* UTF-8, not NUL-ended */

#define TOKENS_PAD 8        /* bytes behind each token's first that may be read, whatever they are */

struct tokens {
    struct token *token;    /* token[n], in the order of the text */
    size_t n;
    size_t letters, lost;   /* letters, marks and numbers of the text; those in no token */
    /* private */
    size_t cap;
    struct tokens_how how;
    uint8_t plain[256], fold[256];
    uint32_t **block;       /* properties of code points, 256 at a time, as they are met */
    uint32_t *seconds;      /* bit set of those that join with one before them in NFC */
    uint8_t *out, *text[2];
    size_t out_cap, text_cap[2];
};

/* Done in this order: NFC (TOKENS_WORDS only), full Unicode lower case (as Python's
 * str.lower, final sigma too), accents, words. A tokens is used by one thread. */
struct tokens *tokens_new(struct tokens_how how);

/* Cut text[n]; t->token lives until the next cut. False if it is no UTF-8: *bad is the
 * offset of the first byte that is not part of a whole character. */
bool tokens_cut(struct tokens *t, const char *text, size_t n, size_t *bad);

void tokens_free(struct tokens *t);

#endif
