/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drive/fitted.h"

#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/mem.h"
#include "base/world.h"
#include "drive/ranks.h"
#include "drive/row.h"
#include "drive/scales.h"

struct fitted_names fitted_names;

/* The options that were given beside --model and are parts of it, and how. */
struct asked {
    const struct model_part *parts;
    struct { const struct opt *o; struct head_args as; } *v;
    size_t n;
};

static void ask(const struct opt *o, void *state)
{
    struct asked *a = state;
    const struct model_part *p = a->parts;
    while (p->name && (o->type == OPT_T_JOBS || p->to != (void *)o->to.text))
        p++;
    if (!p->name || !opt_given(o))
        return;
    a->v = mem_resize(a->v, a->n + 1, sizeof *a->v);
    a->v[a->n].o = o;
    a->v[a->n].as = (struct head_args){ { NULL, 0, 0 }, 0 };
    head_put_option(o, &a->v[a->n++].as);
}

/* The model has them now: it must be as they were given. */
static void compare_asked(const struct prog *prog, struct asked *a)
{
    for (size_t i = 0; i < a->n; i++) {
        struct head_args now = { { NULL, 0, 0 }, 0 };
        struct msg_buf *as = &a->v[i].as.buf;
        head_put_option(a->v[i].o, &now);
        if (now.buf.n != as->n || memcmp(now.buf.p, as->p, as->n) != 0)
            opt_misuse(prog, "the model was fitted with another --%s: with --model leave it out", a->v[i].o->name);
        msg_free(&now.buf);
        msg_free(as);
    }
    free(a->v);
}

void fitted_load(const struct prog *prog, struct opt_input *file, const struct model_part *parts,
                 const char *(*check)(void), const struct rec_in *in, const char *field)
{
    struct model *m = model_load(file, prog->name);
    if (rec_find(model_config(m), "input")) {       /* old models of tfidf do not say */
        static struct head head;                    /* the model goes, the names of its columns are needed */
        char *input = model_text(m, "input");
        head_copy(&head, model_head(m));
        fitted_names.model = head_columns(&head, input);
        if (field)
            model_same_columns(m, input, rec_head(in), field);
        if (field)
            scales_note_missing(model_head(m), rec_head(in), file->path);
        free(input);
    }
    struct asked asked = { .parts = parts };
    opt_each(prog, ask, &asked);
    model_read(m, parts);
    const char *wrong = check ? check() : NULL;
    if (wrong)
        model_bad(m, wrong);
    compare_asked(prog, &asked);
    model_free(m);
}

void fitted_save(const struct prog *prog, const char *path, const struct model_part *parts, const struct rec_in *in,
                 const char *field)
{
    struct model_out *m = model_create(prog, in, path);
    rec_set_str(model_out_config(m), "input", field, strlen(field));
    model_write(m, parts);
    model_finish(m);
}

void fitted_two(size_t n, const char *field)
{
    if (n < 2)
        die(ST_STOPPED, "%zu record%s with %s: at least 2 are needed to fit", n, n == 1 ? "" : "s", field);
}

void fitted_unsolved(size_t n, size_t d)
{
    die(ST_STOPPED, "no solution for %zu records with %zu columns: the numbers are too large, or too many", n, d);
}

/* ---- vectors in, vectors out ---- */

struct worker { const struct fitted *f; struct row row; float *y; };

static void *worker_new(void *state)
{
    struct worker *w = mem_zero(1, sizeof *w);
    w->f = state;
    w->y = mem_new(*w->f->wide, sizeof *w->y);
    return w;
}

static void worker_free(void *worker)
{
    struct worker *w = worker;
    free(w->row.x);
    free(w->y);
    free(w);
}

static bool apply_to_vector(struct rec *r, const struct value *in, void *worker)
{
    struct worker *w = worker;
    const struct fitted *f = w->f;
    w->row.d = *f->width;
    if (!row_read(r, f->map.in, in, fitted_names.in, &w->row))
        return false;
    f->apply(w->row.x, w->y);
    rec_set_vector(r, fitted_names.out, w->y, *f->wide);
    return true;
}

/* With others, there is only the model: what it makes of records, each makes by itself (--model). */
static int fit_together(const struct prog *prog, const struct fitted *f, struct rec_in *in)
{
    ranks_same_columns(in);
    f->fit(in);
    if (world.rank == 0)
        fitted_save(prog, f->save, f->parts, in, f->map.in);
    return world_end(item_status());
}

int fitted_run(const struct prog *prog, const struct fitted *f, char **operands)
{
    bool together = !f->model->path && ranks_begin(prog, &operands, f->save);
    struct rec_in *in = rec_open(prog, operands, !f->model->path);
    struct map map = f->map;
    fitted_names.out = map.out = map.out ? map.out : map.in;
    fitted_names.in = head_columns(rec_head(in), map.in);
    if (f->model->path) {
        fitted_load(prog, f->model, f->parts, f->check, in, f->inverse ? NULL : map.in);
    } else if (together) {
        return fit_together(prog, f, in);
    } else {
        f->fit(in);
        if (f->save)
            fitted_save(prog, f->save, f->parts, in, map.in);
        rec_rewind(in);
    }
    if (f->apply) {
        map.process = apply_to_vector;
        map.state = (void *)f;
        map.worker_new = worker_new;
        map.worker_free = worker_free;
    }
    return map_run(&map, in, rec_create(prog, in));
}
