/* fuse - weight several vectors and concatenate them into one
 *
 * in      records with the vectors that are named; perhaps a second stream to join with
 * out     the same records, the vectors replaced by x = f32[sum of their widths]; fused
 * memory  one record; with --with all of the other stream; with --missing mean a pipe is spooled
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/mem.h"
#include "base/progress.h"
#include "drive/join.h"
#include "drive/map.h"
#include "drive/pass.h"
#include "drive/row.h"
#include "math/vec.h"

enum { MISSING_FAIL, MISSING_SKIP, MISSING_ZERO, MISSING_MEAN };
enum { NORMALIZE_NONE, NORMALIZE_L2 };

static struct {
    const char *out;
    bool keep;
    int normalize, missing;
    struct join join;
} arg = { .out = "x", .join = { JOIN_DEFAULTS } };

static const struct opt opts[] = {
    MAP_OUT(&arg.out),
    MAP_KEEP(&arg.keep),
    OPT_CHOICE('n', "normalize", &arg.normalize, "none|l2", "scale each part to length 1 before weighting it"),
    OPT_CHOICE(0, "missing", &arg.missing, "fail|skip|zero|mean",
               "what to do with a record that lacks a part"),
    JOIN_OPTS(arg.join, "parts"),
    OPT_END
};
static const struct prog prog = {
    .name = "fuse", .brief = "weight several vectors and concatenate them into one",
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

static struct part *parts;
static size_t n_parts;
static bool in_place;                   /* one part is called as the output */
static char *fused;                     /* name of the side field */

struct worker { struct row row; float *x; size_t cap; struct msg_buf fused; struct rec *partner; };

/* The part's vector, in row. False if there is none; with r->error set: it is bad. */
static bool read_part(struct rec *r, const struct field *f, struct part *p, struct row *row)
{
    struct value v = f ? field_value(f) : (struct value){ .type = V_NIL };
    row->d = p->d;
    if (v.type == V_NIL || !row_read(r, p->name, &v, p->columns, row))
        return false;
    if (!p->d)
        p->d = row->d;
    double length = arg.normalize == NORMALIZE_L2 ? vec_l2(row->x, row->d) : 0;
    for (size_t i = 0; i < row->d && length > 0; i++)
        row->x[i] = (float)(row->x[i] / length);
    return true;
}

static void drop_parts(struct rec *r)
{
    for (size_t k = 0; k < n_parts && !arg.keep; k++)
        if (strcmp(parts[k].name, arg.out) != 0)
            rec_del(r, parts[k].name);
}

/* Put the parts of r together; those that it does not have are taken from its partner (or NULL). */
static bool fuse_parts(struct rec *r, const struct rec *partner, struct worker *w)
{
    size_t at = 0, present = 0;
    const char *lacks = NULL;
    w->fused.n = 0;
    for (struct part *p = parts; p < parts + n_parts; p++) {
        const struct field *f = rec_find(r, p->name);
        bool there = read_part(r, f || !partner ? f : rec_find(partner, p->name), p, &w->row);
        if (r->error[0])
            return false;
        if (!there && !lacks)
            lacks = p->name;
        mem_grow(&w->x, &w->cap, at + p->d + 1, sizeof *w->x);
        for (size_t i = 0; i < p->d; i++) {
            double v = there ? (double)w->row.x[i] : arg.missing == MISSING_MEAN && p->sum ? p->sum[i] : 0;
            w->x[at + i] = (float)(v * p->weight);
        }
        at += p->d;
        if (there && present++)
            msg_append(&w->fused, "+", 1);
        if (there)
            msg_append(&w->fused, p->name, strlen(p->name));
    }
    if (present && lacks && arg.missing == MISSING_FAIL)
        return rec_find(r, lacks) ? rec_error(r, "no vector %s; give --missing skip, zero or mean", lacks)
                                  : rec_lacks(r, lacks, "; give --missing skip, zero or mean");
    if (!present || (lacks && arg.missing == MISSING_SKIP)) {
        rec_pass_nil(r, arg.out);
        if (present)
            rec_drop(r);
    } else {
        rec_set_vector(r, arg.out, w->x, at);
        if (!rec_finite(r, arg.out))
            return false;
    }
    item_note_side(r, fused);
    if (present)
        rec_set_str(r, fused, (const char *)w->fused.p, w->fused.n);
    else
        rec_set_nil(r, fused);
    drop_parts(r);
    return true;
}

static bool process(struct rec *r, const struct value *in, void *worker)
{
    (void)in;
    if (!in_place)
        item_claim(r, arg.out);
    if (fuse_parts(r, join_partner(&arg.join, r, ((struct worker *)worker)->partner), worker))
        return true;
    rec_set_nil(r, arg.out);            /* for --on-error emit */
    drop_parts(r);
    return false;
}

static void unset(struct rec *r)
{
    rec_set_nil(r, fused);
}

/* What only the other stream has, in a join by id. */
static bool rest(struct rec *r, void *state)
{
    static struct worker w;
    (void)state;
    if (arg.missing == MISSING_SKIP || !join_rest(&arg.join, r))
        return false;
    if (arg.missing == MISSING_FAIL)
        die(ST_STOPPED, "%s: only in %s; give --missing skip, zero or mean", REC_ID(r),
            arg.join.with.path);
    return fuse_parts(r, NULL, &w), true;
}

static void *worker_new(void *state)
{
    (void)state;
    struct worker *w = mem_zero(1, sizeof *w);
    w->partner = rec_new();
    return w;
}

static void worker_free(void *worker)
{
    struct worker *w = worker;
    free(w->row.x);
    free(w->x);
    rec_free(w->partner);
    msg_free(&w->fused);
    free(w);
}

static void header(struct head *h, void *state)
{
    (void)state;
    bool known = true;
    for (size_t k = 0; k < n_parts; k++) {
        known = known && parts[k].d;
        if (!arg.keep)
            head_set_columns(h, parts[k].name, NULL, 0);
    }
    head_set_columns(h, arg.out, known ? (const char *const []){ NULL } : NULL, 0);
    for (const struct part *p = parts; p < parts + n_parts && known; p++)
        for (size_t i = 0; i < p->d; i++)
            if (p->columns && p->columns->n == p->d)
                head_add_column(h, arg.out, "%s.%s", p->name, p->columns->names[i]);
            else
                head_add_column(h, arg.out, "%s%zu", p->name, i);
}

/* Add what r has of the parts to their sums. */
static bool measure(struct rec *r, const struct value *v, void *row)
{
    (void)v;
    for (struct part *p = parts; p < parts + n_parts; p++) {
        if (!read_part(r, rec_find(r, p->name), p, row))
            continue;
        if (!p->sum)
            p->sum = mem_zero(p->d, sizeof *p->sum);
        for (size_t i = 0; i < p->d; i++)
            p->sum[i] += (double)((struct row *)row)->x[i];
        p->n++;
    }
    return !r->error[0];
}

/* First pass for --missing zero and mean: the width and mean of each part. */
static void measure_all(struct rec_in *in)
{
    struct row row = { NULL, 0, 0 };
    pass_each(in, &(struct pass){ .what = NULL }, measure, &row);
    struct rec *one = rec_new();
    for (size_t i = 0; i < arg.join.n; i++)
        if (!measure(join_rec(&arg.join, i, one), NULL, &row) && item_on_error == ON_ERROR_FAIL)
            item_bad(one);
    rec_free(one);
    for (struct part *p = parts; p < parts + n_parts; p++) {
        if (!p->n)
            die(ST_STOPPED, "no record has a vector %s", p->name);
        for (size_t i = 0; i < p->d; i++)
            p->sum[i] /= (double)p->n;
    }
    free(row.x);
    rec_rewind(in);
}

/* The words PART=WEIGHT at the begin of the operands; returns those behind them. */
static char **read_words(char **operands)
{
    while (operands[n_parts] && strchr(operands[n_parts], '='))
        n_parts++;
    if (!n_parts)
        opt_misuse(&prog, "no parts given: name them as PART=WEIGHT, as in a=1 l=0.25");
    parts = mem_zero(n_parts, sizeof *parts);
    bool some = false;
    for (size_t i = 0; i < n_parts; i++) {
        const char *value;
        size_t len = opt_pair(operands[i], &value);
        struct part *p = parts + i;
        if (!len || !opt_number(value, -1e30, 1e30, &p->weight))
            opt_misuse(&prog, "'%s' is not PART=WEIGHT", operands[i]);
        p->name = mem_text(operands[i], len);
        in_place |= strcmp(p->name, arg.out) == 0;
        for (size_t k = 0; k < i; k++)
            if (strcmp(parts[k].name, p->name) == 0)
                opt_misuse(&prog, "part %s is given twice", p->name);
        some |= p->weight < 0 || p->weight > 0;
    }
    if (!some)
        opt_misuse(&prog, "all weights are 0: so would be all numbers");
    for (size_t i = 0; i < n_parts && !progress_quiet; i++)
        if (!(parts[i].weight < 0 || parts[i].weight > 0))
            warn("%s has the weight 0: its numbers are all 0", parts[i].name);
    return opt_words(&prog, operands, n_parts);
}

int main(int argc, char **argv)
{
    char **operands = opt_parse(&prog, argc, argv);
    operands = read_words(operands);
    fused = item_side(arg.out, "x", "fused");
    bool twice = arg.missing == MISSING_ZERO || arg.missing == MISSING_MEAN;
    struct rec_in *in = rec_open(&prog, operands, twice);
    join_open(&arg.join);
    const struct head *other = join_head(&arg.join);
    for (struct part *p = parts; p < parts + n_parts; p++) {
        p->columns = head_columns(rec_head(in), p->name);
        if (!p->columns && other)
            p->columns = head_columns(other, p->name);
    }
    if (twice)
        measure_all(in);
    struct map m = { .process = process, .unset = unset, .worker_new = worker_new, .worker_free = worker_free,
                     .header = header, .rest = rest };
    int status = map_run(&m, in, rec_create(&prog, in));
    join_note(&arg.join);
    return status;
}
