/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drive/slurp.h"

#include <stdlib.h>
#include <string.h>

#include "base/budget.h"
#include "base/die.h"
#include "base/mem.h"
#include "drive/pass.h"
#include "drive/scales.h"

const struct opt slurp_opts[] = {
    OPT_JOBS(0),
    OPT_END
};
const struct opt *const slurp_also[] = { slurp_opts, item_opts, rec_in_opts, rec_out_opts, NULL };

/* The record's vector: true if there is one; else r->nil, or r->error is set. */
static bool vector(struct rec *r, const char *field, const struct head *head, struct row *row)
{
    struct value v;
    return rec_need(r, field, &v) && row_read(r, field, &v, head_columns(head, field), row);
}

/* What the first pass fills in. */
struct filling { struct slurp *s; const char *out; struct row row; size_t cap, records_cap; };

static bool add_record(struct rec *r, const struct value *v, void *state)
{
    struct filling *f = state;
    struct slurp *s = f->s;
    (void)v;
    if (f->out)
        item_claim(r, f->out);
    mem_grow(&s->has_row, &f->records_cap, s->records + 1, sizeof *s->has_row);
    bool has = s->has_row[s->records++] = vector(r, s->field, rec_head(s->in), &f->row);
    if (!has)
        return false;
    size_t d = f->row.d, need = mem_mul(s->n + 1, d);
    budget_need((double)need * sizeof *s->x, "the matrix of all vectors");
    mem_grow(&s->x, &f->cap, need, sizeof *s->x);
    memcpy(s->x + s->n++ * d, f->row.x, d * sizeof *s->x);
    return true;
}

struct slurp *slurp_read(struct rec_in *in, const char *field, const char *out)
{
    struct slurp *s = mem_zero(1, sizeof *s);
    struct filling f = { .s = s, .out = out };
    s->in = in;
    s->field = field;
    pass_each(in, &(struct pass){ .what = NULL }, add_record, &f);
    s->d = f.row.d;
    free(f.row.x);
    return s;
}

struct slurp *slurp_open(const struct prog *prog, char **operands, const char *field, const char *out, struct rec_out **to)
{
    struct rec_in *in = rec_open(prog, operands, true);
    *to = rec_create(prog, in);
    return slurp_read(in, field, out);
}

void slurp_note_scales(const struct slurp *s)
{
    scales_note(s->x, s->n, s->d, s->field, rec_head(s->in));
}

/* The fields of a record: from a row of the columns, or with SLURP_NO_ROW nil. */
static void set_columns(struct rec *r, const struct column *columns, size_t row, float *narrow)
{
    for (const struct column *c = columns; c->field; c++) {
        if (c->side)
            item_note_side(r, c->field);
        if (row == SLURP_NO_ROW) {
            rec_set_nil(r, c->field);
            continue;
        }
        switch (c->type) {
        case COL_I4:
            rec_set_int(r, c->field, ((const int32_t *)c->data)[row]);
            break;
        case COL_F8:
            rec_set_f64(r, c->field, ((const double *)c->data)[row]);
            break;
        case COL_BOOL:
            rec_set_bool(r, c->field, ((const bool *)c->data)[row]);
            break;
        case COL_VECTOR:
            rec_set_vector(r, c->field, (const float *)c->data + row * c->d, c->d);
            break;
        case COL_VECTOR_F8:
            for (size_t j = 0; j < c->d; j++)
                narrow[j] = (float)((const double *)c->data)[row * c->d + j];
            rec_set_vector(r, c->field, narrow, c->d);
            break;
        case COL_MADE:
            c->make(r, c->field, row, c->data);
            break;
        }
        if (!rec_finite(r, c->field))
            die(ST_STOPPED, "%s: %s", REC_ID(r), r->error);
    }
}

void slurp_again(struct slurp *s, void (*use)(struct rec *r, size_t row, void *state), void *state)
{
    struct rec *r = rec_new();
    size_t row = 0;
    rec_rewind(s->in);
    for (size_t i = 0; rec_next(s->in, r); i++) {
        if (i == s->records)
            io_changed(rec_name(s->in));
        use(r, s->has_row[i] ? row++ : SLURP_NO_ROW, state);
    }
    rec_free(r);
}

bool slurp_without(const struct slurp *s, struct rec *r)
{
    struct row row = { .d = s->d };
    vector(r, s->field, rec_head(s->in), &row);         /* for the reason */
    free(row.x);
    if (r->error[0])
        return item_bad(r);
    item_nil();
    return true;
}

struct annotating { struct slurp *s; struct rec_out *out; const struct column *columns; float *narrow; };

static void annotate_record(struct rec *r, size_t row, void *state)
{
    struct annotating *a = state;
    if (row == SLURP_NO_ROW && !slurp_without(a->s, r))
        return;
    set_columns(r, a->columns, row, a->narrow);
    rec_put(a->out, r);
}

int slurp_annotate(struct slurp *s, struct rec_out *out, const struct column *columns)
{
    struct annotating a = { s, out, columns, NULL };
    size_t widest = 0;
    for (const struct column *c = columns; c->field; c++)
        widest = c->d > widest ? c->d : widest;
    a.narrow = mem_new(widest, sizeof *a.narrow);
    slurp_again(s, annotate_record, &a);
    free(a.narrow);
    rec_finish(out);
    return slurp_done(s);
}

int slurp_done(struct slurp *s)
{
    rec_close(s->in);
    free(s->x);
    free(s->has_row);
    free(s);
    return item_status();
}
