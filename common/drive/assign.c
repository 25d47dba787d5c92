/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drive/assign.h"

#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/mem.h"
#include "drive/row.h"

enum { ROWS = 4096, BYTES = 64 << 20 };     /* the most of a block */

static struct {
    const struct assign *a;
    struct row row;
    float *x;                   /* [rows][d] */
    int32_t *label;
    float *vector;              /* the side field: [rows][wide], */
    double *number;             /* or [rows] */
    char *side;                 /* and its name */
    size_t rows, n, out;        /* of the block: the most, those in it, those that are written */
} run;

static void make_room(void)
{
    size_t d = *run.a->d, wide = run.a->wide ? *run.a->wide : 2, most = BYTES / (4 * (d + wide));
    run.rows = most > ROWS ? ROWS : most ? most : 1;
    run.x = mem_new(mem_mul(run.rows, d), sizeof *run.x);
    run.label = mem_new(run.rows, sizeof *run.label);
    if (run.a->wide)
        run.vector = mem_new(mem_mul(run.rows, wide), sizeof *run.vector);
    else
        run.number = mem_new(run.rows, sizeof *run.number);
}

static bool take(struct rec *r, const struct value *v, void *unused)
{
    const struct clusters *arg = run.a->arg;
    size_t d = *run.a->d;
    (void)unused;
    if (!row_read(r, arg->in, v, fitted_names.in, &run.row))
        return false;
    if (run.row.d != d)         /* the first: the others have its width, or are bad */
        die(ST_STOPPED, "%s has %zu numbers, but the model %s was fitted to %zu", arg->in, run.row.d, arg->model.path, d);
    if (!run.x)
        make_room();
    memcpy(run.x + run.n++ * d, run.row.x, d * sizeof *run.x);
    return true;
}

static bool full(size_t n, void *unused)
{
    (void)unused;
    if (n == 0)
        run.n = run.out = 0;
    return n >= (run.rows ? run.rows : ROWS);       /* nil ones, too */
}

static void label(void *unused)
{
    (void)unused;
    if (run.n)
        run.a->label(run.x, run.n, run.label, run.vector ? (void *)run.vector : run.number);
}

static bool finish(struct rec *r, void *unused)
{
    size_t i = run.out++, wide = run.a->wide ? *run.a->wide : 0;
    (void)unused;
    item_note_side(r, run.side);
    rec_set_int(r, run.a->arg->out, run.label[i]);
    if (run.vector)
        rec_set_vector(r, run.side, run.vector + i * wide, wide);
    else
        rec_set_f64(r, run.side, run.number[i]);
    return true;
}

static void unset(struct rec *r)
{
    item_note_side(r, run.side);
    rec_set_nil(r, run.side);
}

int assign_run(const struct prog *prog, const struct assign *a, char **operands)
{
    struct clusters *arg = a->arg;
    run.a = a;
    run.side = item_side(arg->out, "cluster", a->name);
    return fitted_run(prog, &(struct fitted){
        .map = { .in = arg->in, .out = arg->out, .keep = true, .process = take, .full = full, .together = label,
                 .finish = finish, .unset = unset },
        .model = &arg->model, .save = arg->save, .parts = a->parts, .check = a->check, .fit = a->fit }, operands);
}
