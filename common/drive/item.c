/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drive/item.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/mem.h"
#include "base/progress.h"
#include "base/utf8.h"

int item_on_error = ON_ERROR_FAIL;
const struct opt item_opts[] = {
    OPT_CHOICE(0, "on-error", &item_on_error, "fail|skip|emit", "on a bad record: stop, drop it, or pass it on with nil"),
    OPT_END
};

static size_t bad, nils;

bool item_bad(struct rec *r)
{
    static bool hinted;
    const char *hint = hinted || progress_quiet ? "" : r->hint;
    if (item_on_error == ON_ERROR_FAIL)
        die(ST_STOPPED, "%s: %s%s%s", REC_ID(r), r->error, *r->hint ? "; " : "", r->hint);
    bad++;
    if (item_on_error == ON_ERROR_SKIP)
        warn("%s: %s%s%s", REC_ID(r), r->error, *hint ? "; " : "", hint);
    else if (*hint)
        warn("%s: %s; %s", REC_ID(r), r->error, hint);
    hinted |= *hint;
    if (item_on_error == ON_ERROR_SKIP)
        return false;
    rec_set_str(r, "error", r->error, strlen(r->error));
    return true;
}

void item_place(struct rec *r, const char *path, size_t line)
{
    char why[sizeof r->error];
    size_t left = strlen(path), n = 0, size;
    char *id = mem_new(3 * left + 32, 1);
    memcpy(why, r->error, sizeof why);
    for (; left; left -= size ? size : 1, path += size ? size : 1) {
        size = utf8_size(path, left);
        if (size)
            memcpy(id + n, path, size);
        n += size ? size : (size_t)sprintf(id + n, "%%%02X", (unsigned char)*path);
    }
    n += (size_t)sprintf(id + n, ":%zu", line);
    rec_begin(r, id, n);
    memcpy(r->error, why, sizeof why);
    free(id);
}

void item_nil(void)
{
    nils++;
}

void item_claim(const struct rec *r, const char *name)
{
    if (rec_find(r, name))
        die(ST_STOPPED, "%s: %s exists; give -o NAME", REC_ID(r), name);
}

void item_note_side(const struct rec *r, const char *name)
{
    static atomic_flag said = ATOMIC_FLAG_INIT;
    if (!progress_quiet && rec_find(r, name) && !atomic_flag_test_and_set(&said))
        warn("overwriting an older field %s", name);
}

char *item_side(const char *out, const char *usual_out, const char *side)
{
    if (strcmp(out, usual_out) == 0)
        return mem_text(side, strlen(side));
    size_t n = strlen(out) + strlen(side) + 2;
    char *name = mem_new(n, 1);
    snprintf(name, n, "%s.%s", out, side);
    return name;
}

int item_status(void)
{
    progress_clear();
    if (nils && !progress_quiet)
        warn("%zu without input skipped", nils);
    if (bad)
        warn("%zu bad, %s", bad, item_on_error == ON_ERROR_SKIP ? "left out" : "passed on with nil");
    return bad && item_on_error == ON_ERROR_SKIP ? ST_SOME : ST_OK;
}
