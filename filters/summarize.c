/* summarize - frames over time to one vector: mean, deviation, quantiles, ...
 *
 * in      matrices f32[frames][d], time-major: mfcc, chroma, ...; or f32[frames]
 * out     x = f32[...] in their place: for each field in order, for each stat, each column
 * memory  the matrices of one record a thread
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "drive/map.h"
#include "drive/stat_words.h"
#include "math/stats.h"

static struct {
    const char *in, *out;
    struct opt_list stats;
    bool keep;
} arg = { .out = "x" };

static const struct opt opts[] = {
    OPT_LIST('s', "stats", &arg.stats, "[FIELD=]A,B,...",
             "mean, std, var, min, max, median, q10 ..., skew, kurtosis, delta:mean ... (default mean,std)"),
    OPT_STR('i', "input", &arg.in, "FIELD",
            "field of --stats without one; first of mfcc, logmel, chroma, descriptors that is there"),
    MAP_OUT(&arg.out),
    OPT_FLAG(0, "keep", &arg.keep, "keep the fields that were read, too"),
    OPT_END
};
static const struct prog prog = {
    .name = "summarize", .brief = "frames over time to one vector: mean, deviation, quantiles, ...",
    .in = IO_RECORDS, .out = IO_RECORDS, .reads = "mfcc matrix", .writes = "x vector", .opts = opts, .also = map_also,
};

/* One --stats: which stats of which field. */
struct part {
    char *field;                /* NULL: --input's, if it is not known before the first record */
    bool named;                 /* the field stands in --stats */
    struct opt_words names;     /* of the stats, as they were given */
    struct stat_of *stats;
    size_t d;                   /* columns of the field, 0 before the first record */
};
static struct part *parts;
static size_t n_parts;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;     /* of what the first record decides */

struct worker { struct stats_room room; float *m, *x; size_t m_cap, x_cap; };

static void *worker_new(void *unused)
{
    (void)unused;
    return mem_zero(1, sizeof(struct worker));
}

static void worker_free(void *worker)
{
    struct worker *w = worker;
    stats_room_free(&w->room);
    free(w->m);
    free(w->x);
    free(w);
}

/* Without --input the first record says which field is meant. */
static void choose_input(const struct rec *r)
{
    static const char *const usual[] = { "mfcc", "logmel", "chroma", "descriptors" };
    const char *name = usual[0];
    for (size_t i = 4; i-- > 0; )
        if (rec_find(r, usual[i]))
            name = usual[i];
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < n_parts; i++)
        if (!parts[i].field)
            parts[i].field = mem_text(name, strlen(name));
    pthread_mutex_unlock(&lock);
}

/* The width of the first record's field is that of all. */
static bool same_width(struct rec *r, struct part *p, size_t d)
{
    pthread_mutex_lock(&lock);
    if (!p->d)
        p->d = d;
    size_t want = p->d;
    pthread_mutex_unlock(&lock);
    return d == want || rec_error(r, "%s has %zu columns, not %zu", p->field, d, want);
}

/* The stats of a part's field, behind what x[*used] holds. */
static bool add_part(struct rec *r, struct part *p, const struct tensor *t, struct worker *w, size_t *used)
{
    size_t rows = t->shape[0], d = t->ndim == 2 ? t->shape[1] : 1, need = 1;
    for (size_t i = 0; i < p->names.n; i++)
        if (p->stats[i].delta)
            need = 2;
    if (d == 0)
        return rec_error(r, "%s has no columns", p->field);
    if (rows < need)
        return rec_error(r, "%s has %zu frames, %s needs %zu", p->field, rows, need == 2 ? "delta" : "a summary", need);
    if (!same_width(r, p, d))
        return false;
    mem_grow(&w->m, &w->m_cap, t->count, sizeof *w->m);
    tensor_f32(t, w->m);
    for (size_t i = 0; i < t->count; i++)
        if (!isfinite(w->m[i]))
            return rec_error(r, "%s[%zu][%zu] is %g", p->field, i / d, i % d, (double)w->m[i]);
    size_t count = mem_mul(p->names.n, d);
    mem_grow(&w->x, &w->x_cap, *used + count, sizeof *w->x);
    stats_columns(p->stats, p->names.n, w->m, rows, d, w->x + *used, &w->room);
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
            return rec_error(r, "%s is not a matrix of frames", p->field);
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

static void header(struct head *h, void *unused)
{
    (void)unused;
    char **names = NULL;
    size_t n = 0, cap = 0;
    bool known = true;
    for (size_t i = 0; i < n_parts && !arg.in; i++)
        if (!parts[i].named)
            arg.in = parts[i].field;        /* for the history */
    for (struct part *p = parts; p < parts + n_parts; p++) {
        const struct columns *have = p->field ? head_columns(h, p->field) : NULL;
        known &= p->d > 0;
        for (size_t s = 0; s < p->names.n; s++)
            for (size_t c = 0; c < p->d; c++) {
                bool named = have && have->n == p->d;
                const char *stem = named ? have->names[c] : p->field;
                size_t size = strlen(stem) + strlen(p->names.v[s]) + 24;
                mem_grow(&names, &cap, n + 1, sizeof *names);
                names[n] = mem_new(size, 1);
                if (named || p->d == 1)
                    snprintf(names[n++], size, "%s.%s", stem, p->names.v[s]);
                else
                    snprintf(names[n++], size, "%s%zu.%s", stem, c, p->names.v[s]);
            }
    }
    for (size_t i = 0; i < n_parts && !arg.keep; i++)
        if (parts[i].field)
            head_set_columns(h, parts[i].field, NULL, 0);
    head_set_columns(h, arg.out, known ? (const char *const *)names : NULL, known ? n : 0);
    for (size_t i = 0; i < n; i++)
        free(names[i]);
    free(names);
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
    struct map m = { .out = arg.out, .process = process, .worker_new = worker_new, .worker_free = worker_free,
                     .header = header };
    for (size_t i = 0; i < n_parts; i++)
        if (parts[i].field && strcmp(parts[i].field, arg.out) == 0)
            m.in = arg.out;             /* written back in its place */
    return map_main(&prog, &m, operands);
}
