/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drive/model.h"

#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/mem.h"

struct model {
    const char *path;
    struct rec_in *in;
    struct rec **recs;
    size_t n, cap;
};

_Noreturn void model_bad(const struct model *m, const char *what)
{
    die(ST_STREAM, "%s: bad model: %s", m->path, what);
}

struct model *model_load(struct opt_input *file, const char *tool)
{
    struct model *m = mem_zero(1, sizeof *m);
    m->path = file->path;
    m->in = rec_open_file(file->path, IO_MODEL);
    for (struct rec *r = rec_new(); ; r = rec_new()) {
        if (!rec_next(m->in, r)) {
            rec_free(r);
            break;
        }
        rec_own(r);
        mem_grow(&m->recs, &m->cap, m->n + 1, sizeof *m->recs);
        m->recs[m->n++] = r;
    }
    file->xxh3 = rec_hash(m->in);
    struct text made_by = m->n ? rec_id(m->recs[0]) : (struct text){ "nothing", 7 };
    if (made_by.n != strlen(tool) || memcmp(made_by.p, tool, made_by.n) != 0)
        die(ST_STREAM, "%s: a model of %.*s, not of %s", m->path, (int)made_by.n, made_by.p, tool);
    return m;
}

const struct head *model_head(const struct model *m)
{
    return rec_head(m->in);
}

const struct rec *model_config(const struct model *m)
{
    return m->recs[0];
}

static struct tensor tensor(const struct model *m, const char *name, int ndim, size_t *shape)
{
    for (size_t i = 1; i < m->n; i++) {
        struct text id = rec_id(m->recs[i]);
        if (id.n != strlen(name) || memcmp(id.p, name, id.n) != 0)
            continue;
        struct value v = rec_get(m->recs[i], "x");
        if (v.type != V_TENSOR || v.t.ndim != ndim)
            break;
        memcpy(shape, v.t.shape, (size_t)ndim * sizeof *shape);
        return v.t;
    }
    die(ST_STREAM, "%s: bad model: no tensor %s of %d dimensions", m->path, name, ndim);
}

double *model_f64(const struct model *m, const char *name, int ndim, size_t *shape)
{
    struct tensor t = tensor(m, name, ndim, shape);
    double *x = mem_aligned(t.count, sizeof *x);
    tensor_f64(&t, x);
    return x;
}

float *model_f32(const struct model *m, const char *name, int ndim, size_t *shape)
{
    struct tensor t = tensor(m, name, ndim, shape);
    float *x = mem_aligned(t.count, sizeof *x);
    tensor_f32(&t, x);
    return x;
}

void model_same_columns(const struct model *m, const char *field, const struct head *in, const char *in_field)
{
    const struct columns *a = head_columns(model_head(m), field), *b = head_columns(in, in_field);
    if (!a || !b)
        return;
    if (a->n != b->n)
        die(ST_STOPPED, "%s has %zu columns, the model %s was fitted to %zu", in_field, b->n, m->path, a->n);
    for (size_t i = 0; i < a->n; i++)
        if (strcmp(a->names[i], b->names[i]) != 0)
            die(ST_STOPPED, "column %zu of %s is %s, the model %s was fitted to %s", i, in_field, b->names[i],
                m->path, a->names[i]);
}

void model_free(struct model *m)
{
    if (!m)
        return;
    for (size_t i = 0; i < m->n; i++)
        rec_free(m->recs[i]);
    free(m->recs);
    rec_close(m->in);
    free(m);
}

struct model_out {
    struct rec_out *out;
    struct rec *config, *r;
    bool begun;
};

struct model_out *model_create(const struct prog *prog, const struct rec_in *in, const char *path)
{
    struct model_out *m = mem_zero(1, sizeof *m);
    m->out = path ? rec_create_file(prog, in, path, IO_MODEL) : rec_create(prog, in);
    m->config = rec_new();
    m->r = rec_new();
    rec_begin(m->config, prog->name, strlen(prog->name));
    return m;
}

struct rec *model_out_config(struct model_out *m)
{
    return m->config;
}

static void put_config(struct model_out *m)
{
    if (!m->begun)
        rec_put(m->out, m->config);
    m->begun = true;
}

void model_put(struct model_out *m, const char *name, enum dtype type, int ndim, const size_t *shape,
               const void *data)
{
    put_config(m);
    rec_begin(m->r, name, strlen(name));
    rec_set_tensor(m->r, "x", type, ndim, shape, data);
    rec_put(m->out, m->r);
}

void model_finish(struct model_out *m)
{
    put_config(m);
    rec_finish(m->out);
    rec_free(m->config);
    rec_free(m->r);
    free(m);
}
