/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drive/bag.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "drive/row.h"

struct whole {
    struct bag bag;             /* first: what the caller sees */
    struct tokens *tokens;
    const struct columns *names;
    struct token *column;       /* of each of them, in text; NULL before the first vector */
    uint8_t *text;
    struct sparse_row row;
    struct token *word;
    size_t cap;
};

struct bag *bag_new(struct tokens_how how, const struct columns *names)
{
    struct whole *w = mem_zero(1, sizeof *w);
    w->tokens = tokens_new(how);
    w->names = names;
    return &w->bag;
}

void bag_free(struct bag *b)
{
    struct whole *w = (struct whole *)b;
    if (!w)
        return;
    tokens_free(w->tokens);
    free(w->column);
    free(w->text);
    free(w->row.index);
    free(w->row.value);
    free(w->word);
    free(w);
}

/* The names one behind the other, so that what is read beyond a short one is there. */
static void copy_names(struct whole *w)
{
    size_t bytes = 0;
    for (size_t i = 0; i < w->names->n; i++)
        bytes += strlen(w->names->names[i]);
    uint8_t *to = w->text = mem_zero(bytes + TOKENS_PAD, 1);
    w->column = mem_new(w->names->n, sizeof *w->column);
    for (size_t i = 0; i < w->names->n; i++) {
        size_t n = strlen(w->names->names[i]);
        memcpy(to, w->names->names[i], n);
        w->column[i] = (struct token){ to, n };
        to += n;
    }
}

static bool read_counts(struct whole *w, struct rec *r, const char *field, const struct value *v)
{
    struct bag *b = &w->bag;
    if (!w->names)
        return rec_error(r, "the columns of %s have no names, which would be the words", field);
    if (!w->column)
        copy_names(w);
    w->row.d = w->names->n;
    if (!row_read_sparse(r, field, v, w->names, &w->row))
        return false;
    b->n = 0;
    for (size_t i = 0; i < w->row.nnz; i++) {
        float count = w->row.value[i];
        const char *name = w->names->names[w->row.index[i]];
        if (!(count >= 0 && count <= (float)BAG_MOST && count == (float)(size_t)count))
            return rec_error(r, "%s counts %g times '%s': not a number of words", field, (double)count,
                             SHORT(name, strlen(name)));
        if (b->n + (size_t)count > BAG_MOST)
            return rec_error(r, "%s counts more than %d words", field, BAG_MOST);
        mem_grow(&w->word, &w->cap, b->n + (size_t)count, sizeof *w->word);
        for (size_t k = 0; k < (size_t)count; k++)
            w->word[b->n++] = w->column[w->row.index[i]];
    }
    b->word = w->word;
    b->letters = b->lost = 0;
    b->counts = true;
    return true;
}

bool bag_read(struct bag *b, struct rec *r, const char *field, const struct value *v)
{
    struct whole *w = (struct whole *)b;
    size_t bad;
    if (v->type == V_SPARSE)
        return read_counts(w, r, field, v);
    if (v->type != V_STR)
        return rec_error(r, "%s is not text", field);
    if (!tokens_cut(w->tokens, v->s.p, v->s.n, &bad))
        return rec_error(r, "%s is not UTF-8 at byte %zu: convert it (iconv -f LATIN1 -t UTF-8)", field, bad);
    *b = (struct bag){ w->tokens->token, w->tokens->n, false, w->tokens->letters, w->tokens->lost };
    return true;
}
