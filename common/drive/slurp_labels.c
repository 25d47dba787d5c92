/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drive/slurp_labels.h"

#include <math.h>

#include "base/die.h"
#include "base/mem.h"
#include "stream/value.h"

struct reading { const char *field; struct names *names; uint32_t *label; };

static void read_label(struct rec *r, size_t row, void *state)
{
    struct reading *in = state;
    struct value v;
    int64_t whole;
    if (row == SLURP_NO_ROW)
        return;
    in->label[row] = SLURP_NO_LABEL;
    if (rec_need(r, in->field, &v)) {
        if (value_whole(&v, &whole) && whole == -1)
            return;
        if (value_number(r, in->field, &v, in->names, in->label + row))
            return;
    } else if (r->nil) {
        return;
    }
    die(ST_STOPPED, "%s: %s%s%s", REC_ID(r), r->error, *r->hint ? "; " : "", r->hint);
}

uint32_t *slurp_labels(struct slurp *s, const char *field, struct names *names)
{
    struct reading in = { field, names, mem_new(s->n, sizeof *in.label) };
    slurp_again(s, read_label, &in);
    return in.label;
}

void slurp_make_number(struct rec *r, const char *field, size_t row, const void *data)
{
    double v = ((const double *)data)[row];
    if (isnan(v))
        rec_set_nil(r, field);
    else
        rec_set_f64(r, field, v);
}

void slurp_make_label(struct rec *r, const char *field, size_t row, const void *data)
{
    const struct slurp_names *from = data;
    uint32_t label = from->label[row];
    if (label == SLURP_NO_LABEL) {
        rec_set_nil(r, field);
        return;
    }
    const struct name *name = from->names->v + label;
    struct value v = value_word(name->text);
    if (name->kind == NAME_TEXT)
        rec_set_str(r, field, name->text, name->len);
    else
        rec_set_value(r, field, &v);
}
