/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drive/stat_words.h"

#include <string.h>

#include "base/opt.h"

bool stat_read(const char *word, struct stat_of *s)
{
    static const char *const names[] = { "mean", "std", "var", "min", "max", "skew", "kurtosis", "cov" };
    *s = (struct stat_of){ .kind = STAT_QUANTILE, .delta = strncmp(word, "delta:", 6) == 0 };
    word += s->delta ? 6 : 0;
    for (int kind = STAT_MEAN; kind < STAT_QUANTILE; kind++)
        if (strcmp(word, names[kind]) == 0) {
            s->kind = kind;
            return true;
        }
    double percent = 50;
    bool right = strcmp(word, "median") == 0 || (*word == 'q' && opt_number(word + 1, 0, 100, &percent));
    s->q = percent / 100;
    return right;
}
