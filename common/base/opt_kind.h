/* opt_kind - what opt does with each kind of option
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef BASE_OPT_KIND_H
#define BASE_OPT_KIND_H

#include "base/opt.h"

struct opt_kind {
    /* Store text, the value that was given; misuse exits 2. With `settles` it is called with
     * NULL before: the default is a text to be read, too. */
    void (*parse)(const struct prog *prog, const struct opt *o, char *text);
    bool settles;
    /* The default for --help, into to[size]; left empty where there is none to tell. */
    void (*print_default)(const struct opt *o, char *to, size_t size);
    bool range;                 /* --help shows min and max */
    void (*pack)(const struct opt *o, struct opt_value *to);    /* NULL: not for the history */
};

extern const struct opt_kind opt_kinds[];       /* by enum opt_type */

/* The word list[*n] of "one|two|three" with this index. */
const char *opt_word(const char *list, int index, size_t *n);

/* Index of text[n] in such a list, or -1. */
int opt_word_index(const char *list, const char *text, size_t n);

#endif
