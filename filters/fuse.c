/* fuse - weigh several vectors and put them together as one
 *
 * in      records with the vectors that are named; perhaps a second stream to join with
 * out     the same records, the vectors replaced by x = f32[sum of their widths]; fused
 * memory  one record; with --with all of the other stream; with --missing mean a pipe is spooled
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "base/die.h"
#include "base/mem.h"
#include "base/progress.h"
#include "base/rng.h"
#include "drive/map.h"
#include "drive/slurp.h"
#include "stream/ids.h"

enum { MISSING_FAIL, MISSING_SKIP, MISSING_ZERO, MISSING_MEAN };
enum { NORMALIZE_NONE, NORMALIZE_L2 };

static struct {
    const char *out, *on, *by;
    bool keep, draw;
    int normalize, missing;
    struct opt_input with;
    uint64_t seed;
} arg = { .out = "x", .on = "id" };

static const struct opt opts[] = {
    MAP_OUT(&arg.out),
    MAP_KEEP(&arg.keep),
    OPT_CHOICE('n', "normalize", &arg.normalize, "none|l2", "bring each part to length 1 before it is weighed"),
    OPT_CHOICE(0, "missing", &arg.missing, "fail|skip|zero|mean",
               "what becomes of a record without one of the parts"),
    OPT_INPUT('w', "with", &arg.with, "take parts that a record does not have from this stream"),
    OPT_STR(0, "on", &arg.on, "FIELD", "field that is the id of the partner in the other stream"),
    OPT_STR(0, "by", &arg.by, "FIELD", "with --draw: the partner has the same value in this field"),
    OPT_FLAG(0, "draw", &arg.draw, "draw the partner at random"),
    OPT_SEED(&arg.seed),
    OPT_END
};
static const struct prog prog = {
    .name = "fuse", .brief = "weigh several vectors and put them together as one",
    .in = IO_RECORDS, .out = IO_RECORDS, .operands = "PART=WEIGHT... [FILE]...", .reads = "x vector",
    .writes = "x vector, fused text", .example = "x=1", .opts = opts, .also = map_also,
};

struct part {
    char *name;
    double weight;
    size_t d;                           /* 0: not known yet */
    double *sum;                        /* of the column, then its mean */
    size_t n;
    const struct columns *columns;
};

static struct {
    struct part *parts;
    size_t n;
    bool in_place;                      /* one part is called as the output */
    char *fused;                        /* name of the side field */
} fuse;

/* The other stream. */
static struct {
    struct rec_in *in;
    struct rec **recs;
    size_t n, cap, next;
    struct ids *ids;
    atomic_bool *used;
    atomic_size_t alone;                /* records here that have no partner there */
    struct ids *labels;                 /* the number of each label's list */
    struct list { size_t *at, n, cap; } *lists;
    size_t n_lists;
} other;

struct worker { struct row row; float *x; size_t cap; };

/* ---- the parts ---- */

static void normalize(float *x, size_t d)
{
    double ss = 0;
    for (size_t i = 0; i < d; i++)
        ss += (double)x[i] * (double)x[i];
    for (size_t i = 0; i < d && ss > 0; i++)
        x[i] = (float)(x[i] / sqrt(ss));
}

/* Whether the record has the part; its vector in row. False with r->error set: it is bad. */
static bool read_part(struct rec *r, const struct rec *from, struct part *p, struct row *row)
{
    struct value v = from ? rec_get(from, p->name) : (struct value){ .type = V_NIL };
    row->d = p->d;
    if (v.type == V_NIL || !row_read(r, p->name, &v, p->columns, row))
        return false;
    if (!p->d)
        p->d = row->d;
    if (arg.normalize == NORMALIZE_L2)
        normalize(row->x, row->d);
    return true;
}

/* A label as text, whatever it is; false if there is none. */
static bool label(const struct rec *r, const char *field, char text[32], struct text *to)
{
    struct value v = rec_get(r, field);
    *to = (struct text){ text, 0 };
    if (v.type == V_STR)
        *to = v.s;
    else if (v.type == V_INT)
        to->n = (size_t)snprintf(text, 32, "%lld", (long long)v.i);
    return v.type == V_STR || v.type == V_INT;
}

/* The record's partner in the other stream, or NULL. */
static const struct rec *partner(const struct rec *r)
{
    char room[32];
    struct text key;
    size_t at = SIZE_MAX;
    if (!arg.with.path)
        return NULL;
    if (arg.draw) {
        struct rng rng;
        struct text id = rec_id(r);
        size_t list = !arg.by ? 0 : label(r, arg.by, room, &key) ? ids_find(other.labels, key) : SIZE_MAX;
        if (list != SIZE_MAX && other.lists[list].n) {
            rng_init(&rng, arg.seed, XXH3_64bits(id.p, id.n));
            at = other.lists[list].at[rng_below(&rng, other.lists[list].n)];
        }
    } else if (label(r, arg.on, room, &key)) {
        at = ids_find(other.ids, key);
    }
    if (at == SIZE_MAX) {
        other.alone++;
        return NULL;
    }
    other.used[at] = true;
    return other.recs[at];
}

/* Where the part of a record is: in itself, or in its partner. */
static const struct rec *source(const struct rec *r, const struct rec *mate, const struct part *p)
{
    return rec_find(r, p->name) || !mate ? r : mate;
}

/* ---- one record ---- */

static void drop_parts(struct rec *r)
{
    for (size_t k = 0; k < fuse.n && !arg.keep; k++)
        if (strcmp(fuse.parts[k].name, arg.out) != 0)
            rec_del(r, fuse.parts[k].name);
}

static bool join(struct rec *r, const struct rec *mate, struct worker *w)
{
    char fused[1024] = "";
    size_t at = 0, present = 0, used = 0;
    const char *lacks = NULL;
    for (size_t k = 0; k < fuse.n; k++) {
        struct part *p = fuse.parts + k;
        bool there = read_part(r, source(r, mate, p), p, &w->row);
        if (r->error[0])
            return false;
        if (!there && !lacks)
            lacks = p->name;
        present += there;
        mem_grow(&w->x, &w->cap, at + p->d + 1, sizeof *w->x);
        for (size_t i = 0; i < p->d; i++) {
            double v = there ? (double)w->row.x[i] : arg.missing == MISSING_MEAN && p->sum ? p->sum[i] : 0;
            w->x[at + i] = (float)(v * p->weight);
        }
        at += p->d;
        if (there && used < sizeof fused)
            used += (size_t)snprintf(fused + used, sizeof fused - used, "%s%s", used ? "+" : "", p->name);
    }
    if (present && lacks && arg.missing == MISSING_FAIL)
        return rec_error(r, "no %s; give --missing skip, zero or mean", lacks);
    if (!present || (lacks && arg.missing == MISSING_SKIP)) {
        rec_pass_nil(r, arg.out);
        if (present)
            rec_drop(r);
    } else {
        rec_set_vector(r, arg.out, w->x, at);
    }
    item_note_side(r, fuse.fused);
    if (present)
        rec_set_str(r, fuse.fused, fused, strlen(fused));
    else
        rec_set_nil(r, fuse.fused);
    drop_parts(r);
    return true;
}

static bool process(struct rec *r, const struct value *in, void *worker)
{
    (void)in;
    if (!fuse.in_place)
        item_claim(r, arg.out);
    if (join(r, partner(r), worker))
        return true;
    rec_set_nil(r, arg.out);            /* for --on-error emit */
    drop_parts(r);
    return false;
}

/* What the other stream has and this one has not, by id. */
static bool rest(struct rec *r, void *state)
{
    static struct worker w;
    (void)state;
    if (!arg.with.path || arg.draw || strcmp(arg.on, "id") != 0 || arg.missing == MISSING_SKIP)
        return false;
    while (other.next < other.n && other.used[other.next])
        other.next++;
    if (other.next == other.n)
        return false;
    const struct rec *from = other.recs[other.next++];
    struct text id = rec_id(from);
    if (arg.missing == MISSING_FAIL)
        die(ST_STOPPED, "%.*s: only in %s; give --missing skip, zero or mean", (int)id.n, id.p, arg.with.path);
    rec_begin(r, id.p, id.n);
    for (size_t i = 0; i < from->n; i++) {
        char *name = mem_text(from->fields[i].name, from->fields[i].len);
        const struct field *f = from->fields + i;
        rec_set_raw(r, name, f->raw + f->key, f->size - f->key);
        free(name);
    }
    join(r, NULL, &w);
    return true;
}

static void *worker_new(void *state)
{
    (void)state;
    return mem_zero(1, sizeof(struct worker));
}

static void worker_free(void *worker)
{
    struct worker *w = worker;
    free(w->row.x);
    free(w->x);
    free(w);
}

static void header(struct head *h, void *state)
{
    (void)state;
    size_t d = 0, at = 0;
    bool known = true;
    for (size_t k = 0; k < fuse.n; k++) {
        d += fuse.parts[k].d;
        known = known && fuse.parts[k].d;
    }
    char **names = mem_new(d, sizeof *names);
    for (size_t k = 0; k < fuse.n; k++) {
        const struct part *p = fuse.parts + k;
        bool named = p->columns && p->columns->n == p->d;
        for (size_t i = 0; i < p->d; i++) {
            size_t room = strlen(p->name) + (named ? strlen(p->columns->names[i]) : 20) + 2;
            names[at] = mem_new(room, 1);
            if (named)
                snprintf(names[at++], room, "%s.%s", p->name, p->columns->names[i]);
            else
                snprintf(names[at++], room, "%s%zu", p->name, i);
        }
    }
    for (size_t k = 0; k < fuse.n && !arg.keep; k++)
        head_set_columns(h, fuse.parts[k].name, NULL, 0);
    head_set_columns(h, arg.out, known ? (const char *const *)names : NULL, d);
    for (size_t i = 0; i < d; i++)
        free(names[i]);
    free(names);
}

/* ---- before ---- */

static void read_other(void)
{
    char room[32];
    struct text key;
    other.in = rec_open_file(arg.with.path, IO_RECORDS);
    other.ids = ids_new();
    other.labels = ids_new();
    for (struct rec *r = rec_new(); ; r = rec_new()) {
        if (!rec_next(other.in, r)) {
            rec_free(r);
            break;
        }
        rec_own(r);
        struct text id = rec_id(r);
        if (!ids_add(other.ids, id, other.n))
            die(ST_STREAM, "%s: id %.*s comes twice", arg.with.path, (int)id.n, id.p);
        mem_grow(&other.recs, &other.cap, other.n + 1, sizeof *other.recs);
        other.recs[other.n++] = r;
        size_t list = 0;
        if (arg.by && !label(r, arg.by, room, &key))
            continue;
        if (arg.by && (list = ids_find(other.labels, key)) == SIZE_MAX)
            ids_add(other.labels, key, list = other.n_lists);
        if (list >= other.n_lists) {
            other.lists = mem_resize(other.lists, list + 1, sizeof *other.lists);
            other.lists[other.n_lists++] = (struct list){ NULL, 0, 0 };
        }
        mem_grow(&other.lists[list].at, &other.lists[list].cap, other.lists[list].n + 1, sizeof(size_t));
        other.lists[list].at[other.lists[list].n++] = other.n - 1;
    }
    if (!other.n_lists)
        other.lists = mem_zero(1, sizeof *other.lists);
    arg.with.xxh3 = rec_hash(other.in);
    other.used = mem_zero(other.n, sizeof *other.used);
}

/* Add what r has of the parts to the sums. */
static void measure(struct rec *r, struct row *row)
{
    for (size_t k = 0; k < fuse.n; k++) {
        struct part *p = fuse.parts + k;
        if (!read_part(r, r, p, row)) {
            if (r->error[0] && item_on_error == ON_ERROR_FAIL)
                item_bad(r);
            r->error[0] = '\0';
            continue;
        }
        if (!p->sum)
            p->sum = mem_zero(p->d, sizeof *p->sum);
        for (size_t i = 0; i < p->d; i++)
            p->sum[i] += (double)row->x[i];
        p->n++;
    }
}

/* First pass for --missing zero and mean: the width and mean of each part. */
static void measure_all(struct rec_in *in)
{
    struct rec *r = rec_new();
    struct row row = { NULL, 0, 0 };
    progress_start(0, "records read");
    for (size_t n = 0; rec_next(in, r); progress_at(++n, NULL))
        measure(r, &row);
    for (size_t i = 0; i < other.n; i++)
        measure(other.recs[i], &row);
    for (size_t k = 0; k < fuse.n; k++) {
        if (!fuse.parts[k].n)
            die(ST_STOPPED, "no record has a vector %s", fuse.parts[k].name);
        for (size_t i = 0; i < fuse.parts[k].d; i++)
            fuse.parts[k].sum[i] /= (double)fuse.parts[k].n;
    }
    progress_clear();
    free(row.x);
    rec_free(r);
    rec_rewind(in);
}

static void read_words(char **words, size_t n)
{
    fuse.parts = mem_zero(n, sizeof *fuse.parts);
    fuse.n = n;
    for (size_t i = 0; i < n; i++) {
        const char *value;
        size_t len = opt_pair(words[i], &value);
        struct part *p = fuse.parts + i;
        if (!len || !opt_number(value, -1e30, 1e30, &p->weight))
            opt_misuse(&prog, "'%s' is no PART=WEIGHT", words[i]);
        p->name = mem_text(words[i], len);
        if (strcmp(p->name, arg.out) == 0)
            fuse.in_place = true;
        for (size_t k = 0; k < i; k++)
            if (strcmp(fuse.parts[k].name, p->name) == 0)
                opt_misuse(&prog, "part %s is given twice", p->name);
    }
}

int main(int argc, char **argv)
{
    char **operands = opt_parse(&prog, argc, argv);
    size_t n = 0;
    while (operands[n] && strchr(operands[n], '='))
        n++;
    if (!n)
        opt_misuse(&prog, "no part is named: PART=WEIGHT, as in a=1 l=0.25");
    if ((arg.by && !arg.draw) || (arg.draw && !arg.with.path) ||
        (strcmp(arg.on, "id") != 0 && (!arg.with.path || arg.draw)))
        opt_misuse(&prog, "--by needs --draw, --draw and --on need --with, and --on takes no --draw");
    read_words(operands, n);
    operands = opt_words(&prog, operands, n);
    fuse.fused = item_side(arg.out, "x", "fused");
    bool twice = arg.missing == MISSING_ZERO || arg.missing == MISSING_MEAN;
    struct rec_in *in = rec_open(&prog, operands, twice);
    if (arg.with.path)
        read_other();
    for (size_t k = 0; k < fuse.n; k++) {
        struct part *p = fuse.parts + k;
        p->columns = head_columns(rec_head(in), p->name);
        if (!p->columns && other.in)
            p->columns = head_columns(rec_head(other.in), p->name);
    }
    if (twice)
        measure_all(in);
    struct rec_out *out = rec_create(&prog, in);
    struct map m = { .process = process, .worker_new = worker_new, .worker_free = worker_free,
                     .header = header, .rest = rest };
    int status = map_run(&m, in, out);
    size_t unused = 0;
    for (size_t i = 0; i < other.n; i++)
        unused += !other.used[i];
    if (!progress_quiet && (other.alone || unused))
        warn("%zu records have no partner in %s, %zu of its records none here",
             (size_t)other.alone, arg.with.path, unused);
    return status;
}
