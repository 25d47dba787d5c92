/* summarize - summarize frames over time as one vector: mean, deviation, quantiles, ...
 *
 * in      matrices f32[frames][d], time-major: mfcc, chroma, ...; or f32[frames]
 * out     x = f32[...] in their place: for each field in order, for each stat, each column
 * memory  the matrices of one record a thread
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "drive/map.h"
#include "drive/row.h"
#include "drive/stat_words.h"
#include "math/stats.h"

static struct {
    const char *in, *out;
    struct opt_list stats;
    bool keep;
} arg = { .out = "x" };

static const struct opt opts[] = {
    OPT_LIST('s', "stats", &arg.stats, "[FIELD=]A,B,...",
             "mean, std, var, min, max, median, q10 ..., skew, kurtosis, cov, delta:mean ... (default mean,std)"),
    OPT_STR('i', "input", &arg.in, "FIELD",
            "field for --stats that name none; without: the first of mfcc, logmel, chroma, descriptors there is"),
    MAP_OUT(&arg.out),
    OPT_FLAG(0, "keep", &arg.keep, "also keep the fields that were read"),
    OPT_END
};
static const struct prog prog = {
    .name = "summarize", .brief = "summarize frames over time as one vector: mean, deviation, quantiles, ...",
    .in = IO_RECORDS, .out = IO_RECORDS, .reads = "mfcc matrix", .writes = "x vector",
    .alone = "", .opts = opts, .also = map_also,
};

/* One --stats: which stats of which field. */
struct part {
    char *field;                /* NULL: --input's, if it is not known before the first record */
    bool named;                 /* the field stands in --stats */
    struct opt_words names;     /* of the stats, as they were given */
    struct stat_of *stats;
    size_t d;                   /* columns of the field, 0 before the first record */
    char **columns;             /* their names, once the header is made */
};
static struct part *parts;
static size_t n_parts;
static const struct head *in_head;

struct worker { struct stats_room room; struct row m; float *x; size_t cap; };

static void *worker_new(void *unused)
{
    (void)unused;
    return mem_zero(1, sizeof(struct worker));
}

static void worker_free(void *worker)
{
    struct worker *w = worker;
    stats_room_free(&w->room);
    free(w->m.x);
    free(w->x);
    free(w);
}

/* The same stat of the same field in two --stats would be the same columns. */
static void refuse_twice(const struct part *p, const struct part *q)
{
    for (size_t i = 0; i < p->names.n && (q->field ? p->field && strcmp(q->field, p->field) == 0 : !p->field); i++)
        if (opt_words_have(&q->names, p->names.v[i], strlen(p->names.v[i])))
            opt_misuse(&prog, "--stats names %s twice", p->names.v[i]);
}

/* Without --input the first record says which field is meant, before there are threads. */
static void choose_input(const struct rec *r)
{
    static const char *const usual[] = { "mfcc", "logmel", "chroma", "descriptors" };
    const char *name = usual[0];
    for (size_t i = 4; i-- > 0; )
        if (rec_find(r, usual[i]))
            name = usual[i];
    for (size_t i = 0; i < n_parts; i++)
        if (!parts[i].field)
            parts[i].field = mem_text(name, strlen(name));
    for (size_t i = 0; i < n_parts; i++)
        for (size_t k = 0; k < i; k++)
            refuse_twice(parts + i, parts + k);
}

/* The stats of a part's field, behind what x[*used] holds. */
static bool add_part(struct rec *r, struct part *p, const struct tensor *t, struct worker *w, size_t *used)
{
    size_t rows = t->shape[0], d = t->ndim == 2 ? t->shape[1] : 1, count = 0;
    const struct stat_of *most = p->stats;
    for (const struct stat_of *s = p->stats; s < p->stats + p->names.n; s++) {
        count += stats_width(s, d);
        most = stats_least(s) > stats_least(most) ? s : most;
    }
    if (d == 0)
        return rec_error(r, "%s has no columns", p->field);
    if (rows < stats_least(most))
        return rec_error(r, "%s has %zu frames, %s needs %zu", p->field, rows,
                         most->kind == STAT_COV ? "cov" : most->delta ? "delta" : "a summary", stats_least(most));
    if (!p->d)
        p->d = d;                   /* of the first record, before there are threads */
    if (d != p->d)
        return rec_error(r, "%s has %zu columns, not %zu", p->field, d, p->d);
    if (!tensor_read(r, p->field, t, &w->m))
        return false;
    mem_grow(&w->x, &w->cap, *used + count, sizeof *w->x);
    stats_columns(p->stats, p->names.n, w->m.x, rows, d, w->x + *used, &w->room);
    *used += count;
    return true;
}

static bool summary(struct rec *r, struct worker *w)
{
    size_t used = 0;
    bool nil = false;
    for (struct part *p = parts; p < parts + n_parts; p++) {
        struct value v;
        if (!rec_need(r, p->field, &v) && !r->nil)
            return false;
        nil |= r->nil;
        if (!r->nil && (v.type != V_TENSOR || v.t.ndim < 1 || v.t.ndim > 2))
            return row_is_not(r, p->field, &v, "a matrix of frames");
        if (!nil && !add_part(r, p, &v.t, w, &used))
            return false;
    }
    if (nil)
        return rec_pass_nil(r, arg.out);
    rec_set_vector(r, arg.out, w->x, used);
    return true;
}

static bool process(struct rec *r, const struct value *in, void *worker)
{
    (void)in;
    if (!arg.in)
        choose_input(r);
    bool good = summary(r, worker);
    for (size_t i = 0; i < n_parts && !arg.keep; i++)
        if (strcmp(parts[i].field, arg.out) != 0)
            rec_del(r, parts[i].field);
    return good;
}

/* The names of a part's columns: mfcc0, mfcc1, ... or what its own are called. */
static char **column_names(const struct part *p)
{
    const struct columns *have = head_columns(in_head, p->field);
    size_t room = strlen(p->field) + 24;
    char **names = mem_new(p->d, sizeof *names);
    for (size_t c = 0; c < p->d; c++)
        if (have && have->n == p->d)
            names[c] = have->names[c];
        else if (p->d == 1)
            names[c] = p->field;
        else
            snprintf(names[c] = mem_new(room, 1), room, "%s%zu", p->field, c);
    return names;
}

/* Name what a part makes: mfcc0.mean, mfcc1.mean, ..., mfcc0.mfcc1.cov, .... */
static void name_columns(struct head *h, struct part *p)
{
    char **names = p->columns = column_names(p);
    for (size_t s = 0; s < p->names.n; s++)
        if (p->stats[s].kind == STAT_COV)
            for (size_t k = 0; k < p->d; k++)
                for (size_t c = 0; c + k < p->d; c++)
                    head_add_column(h, arg.out, "%s.%s.%s", names[c], names[c + k], p->names.v[s]);
        else
            for (size_t c = 0; c < p->d; c++)
                head_add_column(h, arg.out, "%s.%s", names[c], p->names.v[s]);
}

static void header(struct head *h, void *unused)
{
    (void)unused;
    bool known = true;
    for (struct part *p = parts; p < parts + n_parts; p++) {
        known &= p->d > 0;
        if (!arg.in && !p->named)
            arg.in = p->field;              /* for the history */
    }
    for (size_t i = 0; i < n_parts && !arg.keep; i++)
        if (parts[i].field)
            head_set_columns(h, parts[i].field, NULL, 0);
    head_set_columns(h, arg.out, known ? (const char *const []){ NULL } : NULL, 0);
    for (size_t i = 0; i < n_parts && known; i++)
        name_columns(h, parts + i);
}

/* Read one --stats. */
static void add_stats(const char *text)
{
    const char *list = text;
    size_t n = opt_pair(text, &list), cap = n_parts;
    struct part p = { .named = n > 0 };
    if (n || arg.in)
        p.field = n ? mem_text(text, n) : mem_text(arg.in, strlen(arg.in));
    opt_cut(&prog, "stats", list, &p.names);
    opt_once(&prog, "stats", &p.names);
    for (const struct part *q = parts; q < parts + n_parts; q++)
        refuse_twice(&p, q);
    p.stats = mem_new(p.names.n, sizeof *p.stats);
    for (size_t i = 0; i < p.names.n; i++)
        if (!stat_read(p.names.v[i], p.stats + i))
            opt_misuse(&prog, "--stats '%s': %s", p.names.v[i], STAT_WORDS);
    mem_grow(&parts, &cap, n_parts + 1, sizeof *parts);
    parts[n_parts++] = p;
}

int main(int argc, char **argv)
{
    char **operands = opt_parse(&prog, argc, argv);
    static char usual[] = "mean,std", *list[] = { usual };
    if (arg.stats.n == 0)
        arg.stats = (struct opt_list){ list, 1 };
    for (size_t i = 0; i < arg.stats.n; i++)
        add_stats(arg.stats.v[i]);
    bool of_input = false;
    for (size_t i = 0; i < n_parts; i++)
        of_input |= !parts[i].named;
    if (arg.in && !of_input)
        opt_misuse(&prog, "--input %s: every --stats names a field of its own", arg.in);
    struct map m = { .out = arg.out, .process = process, .worker_new = worker_new, .worker_free = worker_free,
                     .header = header };
    for (size_t i = 0; i < n_parts; i++)
        if (parts[i].field && strcmp(parts[i].field, arg.out) == 0)
            m.in = arg.out;             /* written back in its place */
    struct rec_in *in = rec_open(&prog, operands, false);
    in_head = rec_head(in);
    return map_run(&m, in, rec_create(&prog, in));
}
