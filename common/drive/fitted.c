/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drive/fitted.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "drive/slurp.h"

struct fitted_names fitted_names;

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
        free(input);
    }
    model_read(m, parts);
    const char *wrong = check ? check() : NULL;
    if (wrong)
        model_bad(m, wrong);
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

int fitted_run(const struct prog *prog, const struct fitted *f, char **operands)
{
    struct rec_in *in = rec_open(prog, operands, !f->model->path);
    struct map map = f->map;
    fitted_names.out = map.out = map.out ? map.out : map.in;
    fitted_names.in = head_columns(rec_head(in), map.in);
    if (f->model->path) {
        fitted_load(prog, f->model, f->parts, f->check, in, f->inverse ? NULL : map.in);
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
