/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drive/asked.h"

#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/mem.h"
#include "base/near_name.h"
#include "base/progress.h"

/* Make room at the first time; returns whether it is. */
static bool begin(struct asked *a)
{
    if (a->had)
        return false;
    a->had = mem_zero(a->words->n + 1, sizeof *a->had);
    a->near = mem_zero(a->words->n + 1, sizeof *a->near);
    return true;
}

void asked_see(struct asked *a, const char *name, size_t len)
{
    begin(a);
    for (size_t i = 0; i < a->words->n; i++) {
        const char *word = a->words->v[i];
        size_t n = strlen(word);
        if (n <= len && memcmp(word, name, n) == 0 && (n == len || (a->family && name[n] == '.')))
            a->had[i] = true;
        struct near_name near = near_name(word);
        if (a->near[i])
            near_name_try(&near, a->near[i], strlen(a->near[i]));
        near_name_try(&near, name, len);
        if (near.found == name) {
            free(a->near[i]);
            a->near[i] = mem_text(name, len);
        }
    }
}

void asked_see_record(struct asked *a, const struct rec *r)
{
    bool first = begin(a);
    for (size_t k = 0; first && k < r->n; k++)
        asked_see(a, r->fields[k].name, r->fields[k].len);
    for (size_t i = 0; !first && i < a->words->n; i++)
        if (!a->had[i] && rec_find(r, a->words->v[i]))
            a->had[i] = true;
}

void asked_say(struct asked *a, const char *option, const char *what, bool error)
{
    for (size_t i = 0; a->had && i < a->words->n; i++) {
        const char *near = a->near[i], *form = near ? "--%s: %s %s; did you mean %s?" : "--%s: %s %s";
        if (a->had[i])
            continue;
        if (error)
            die(ST_STOPPED, form, option, what, a->words->v[i], near);
        if (!progress_quiet)
            warn(form, option, what, a->words->v[i], near);
    }
    for (size_t i = 0; a->had && i < a->words->n; i++)
        free(a->near[i]);
    free(a->near);
    free(a->had);
    a->near = NULL;
    a->had = NULL;
}
