/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "stream/word.h"

#include <stdlib.h>
#include <string.h>

void word_set(struct rec *r, const char *name, const char *text)
{
    double number;
    char *end;
    long long whole = strtoll(text, &end, 10);
    if (*text && !*end && opt_number(text, -9e18, 9e18, &number))
        rec_set_int(r, name, whole);
    else if (opt_number(text, -1e308, 1e308, &number))
        rec_set_f64(r, name, number);
    else if (strcmp(text, "true") == 0 || strcmp(text, "false") == 0)
        rec_set_bool(r, name, *text == 't');
    else if (strcmp(text, "null") == 0)
        rec_set_nil(r, name);
    else
        rec_set_str(r, name, text, strlen(text));
}
