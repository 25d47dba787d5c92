/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/pattern.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/utf8.h"

/* The most that a count "{3}", "{2,}", "{2,5}" repeats; 1 if it is none. */
static unsigned long repeats(const char *count)
{
    unsigned long most = 1;
    for (const char *p = count + 1; *p && *p != '}'; p++)
        if (*p >= '0' && *p <= '9') {
            char *end;
            unsigned long n = strtoul(p, &end, 10);
            most = n > most ? n : most;
            p = end - 1;
        }
    return most;
}

static const char *excess(const char *text)
{
    int deep = 0;
    unsigned long product = 1;
    if (strlen(text) > PATTERN_BYTES)
        return "it is longer than 1000 bytes";
    for (const char *p = text; *p; p++) {
        if (*p == '\\' && p[1]) {
            if (*++p >= '1' && *p <= '9')
                return "it has a back-reference, which may take for ever";
            continue;
        }
        deep += (*p == '(') - (*p == ')' && deep);      /* those in brackets, too: there are never so many */
        product *= *p == '{' ? repeats(p) : 1;
        if (deep > PATTERN_DEEP)
            return "over 50 groups are inside each other";
        if (product > 1000)
            return "its counts multiply to over 1000";
    }
    return NULL;
}

static bool compile(regex_t *to, const char *text, int flags, char why[PATTERN_WHY])
{
    int error = regcomp(to, text, REG_EXTENDED | flags);
    if (error)
        regerror(error, to, why, PATTERN_WHY);
    return !error;
}

bool pattern_compile(regex_t *to, const char *text, int flags, char why[PATTERN_WHY])
{
    const char *much = excess(text);
    if (much)
        snprintf(why, PATTERN_WHY, "%s", much);
    return !much && compile(to, text, flags, why);
}

bool search_compile(struct search *s, const char *text, int flags, char why[PATTERN_WHY])
{
    struct str whole = { NULL, 0, 0 };
    s->has_anywhere = !strchr(text, '^');
    if (!pattern_compile(&s->each, text, flags | REG_NOSUB, why))
        return false;
    str_printf(&whole, "^([^x]|x)*(%s)", text);         /* any character, NUL too */
    bool good = !s->has_anywhere || compile(&s->anywhere, whole.p, REG_NOSUB | flags, why);
    str_free(&whole);
    return good;
}

enum search_got search_text(const struct search *s, const char *p, size_t n)
{
    regmatch_t all = { .rm_so = 0, .rm_eo = (regoff_t)n };
    bool fast = s->has_anywhere && utf8_valid(p, n);
    if (!fast && n > SEARCH_BYTES)
        return SEARCH_LONG;
    return regexec(fast ? &s->anywhere : &s->each, p, 1, &all, REG_STARTEND) == 0 ? SEARCH_YES : SEARCH_NO;
}
