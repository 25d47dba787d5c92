/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drive/model.h"

#include <math.h>
#include <stdio.h>
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
    char maker[80];
    const char *how = !strstr(tool, "-train") ? "--save FILE" : strcmp(tool, die_name) == 0 ? "--checkpoint FILE" : "> FILE";
    snprintf(maker, sizeof maker, "%s %s", tool, how);
    m->path = file->path;
    m->in = rec_open_file(file->path, IO_MODEL, maker);
    rec_unique(m->in);
    struct rec *r = rec_new();
    while (rec_next(m->in, r)) {
        mem_grow(&m->recs, &m->cap, m->n + 1, sizeof *m->recs);
        m->recs[m->n++] = rec_keep(r);
    }
    rec_free(r);
    file->xxh3 = rec_hash(m->in);
    struct text made_by = m->n ? rec_id(m->recs[0]) : (struct text){ "nothing", 7 };
    if (made_by.n != strlen(tool) || memcmp(made_by.p, tool, made_by.n) != 0)
        die(ST_STREAM, "%s: a model made by %s, not by %s", m->path, SHORT(made_by.p, made_by.n), tool);
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

static _Noreturn void bad_value(const struct model *m, const char *name, const char *what)
{
    die(ST_STREAM, "%s: bad model: %s is not %s", m->path, name, what);
}

static struct value config_value(const struct model *m, const char *name, enum vtype type, const char *what)
{
    struct value v = rec_get(m->recs[0], name);
    if (v.type != type)
        bad_value(m, name, what);
    return v;
}

int64_t model_int(const struct model *m, const char *name, int64_t lo, int64_t hi)
{
    int64_t i = config_value(m, name, V_INT, "a whole number").i;
    if (i < lo || i > hi)
        bad_value(m, name, "within its range");
    return i;
}

double model_real(const struct model *m, const char *name, double lo, double hi)
{
    struct value v = rec_get(m->recs[0], name);
    double x = v.type == V_INT ? (double)v.i : v.type == V_FLOAT ? v.f : NAN;
    if (v.type != V_INT && v.type != V_FLOAT)
        bad_value(m, name, "a number");
    if (!isfinite(x) || x < lo || x > hi)
        bad_value(m, name, "within its range");
    return x;
}

bool model_flag(const struct model *m, const char *name)
{
    return config_value(m, name, V_BOOL, "true or false").b;
}

/* Word i of "one|two|three", n bytes long; NULL if there are fewer. */
static const char *word_at(const char *words, int64_t i, size_t *n)
{
    for (; i > 0 && words; i--) {
        words = strchr(words, '|');
        words += words != NULL;
    }
    if (i < 0 || !words)
        return NULL;
    *n = strcspn(words, "|");
    return words;
}

static int place_of(const char *words, const char *word, size_t n)
{
    size_t size;
    const char *w;
    for (int i = 0; (w = word_at(words, i, &size)); i++)
        if (size == n && memcmp(w, word, n) == 0)
            return i;
    return -1;
}

int model_choice(const struct model *m, const char *name, const char *words)
{
    struct text word = config_value(m, name, V_STR, words).s;
    int place = place_of(words, word.p, word.n);
    if (place < 0)
        bad_value(m, name, words);
    return place;
}

char *model_text(const struct model *m, const char *name)
{
    struct text s = config_value(m, name, V_STR, "a text").s;
    if (memchr(s.p, '\0', s.n))
        bad_value(m, name, "a text without NUL");
    return mem_text(s.p, s.n);
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

void model_shape(const struct model *m, const char *name, int ndim, size_t *shape)
{
    tensor(m, name, ndim, shape);
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
        die(ST_STOPPED, "%s has %zu columns, but the model %s was fitted to %zu", in_field, b->n, m->path, a->n);
    for (size_t i = 0; i < a->n; i++)
        if (strcmp(a->names[i], b->names[i]) != 0)
            die(ST_STOPPED, "column %zu of %s is %s, but the model %s was fitted to %s", i, in_field, b->names[i],
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

/* ---- a table of parts ---- */

static void read_choice(const struct model *m, const struct model_part *p)
{
    struct value v = rec_get(m->recs[0], p->name);
    size_t n;
    const char *word = p->old && v.type == V_INT ? word_at(p->old, v.i, &n) : NULL;
    *(int *)p->to = word ? place_of(p->words, word, n) : model_choice(m, p->name, p->words);
}

static void agree_on_shape(const struct model *m, const struct model_part *p, const size_t *shape, int ndim)
{
    for (int i = 0; i < ndim; i++) {
        if (*p->shape[i] == 0)
            *p->shape[i] = shape[i];
        if (shape[i] == 0 || shape[i] != *p->shape[i])
            die(ST_STREAM, "%s: bad model: %s has %zu %s, not %zu", m->path, p->name, shape[i],
                i + 1 < ndim ? "rows" : "columns", *p->shape[i]);
    }
}

static void read_tensor(const struct model *m, const struct model_part *p)
{
    int ndim = p->shape[1] ? 2 : 1;
    size_t shape[TENSOR_DIMS];
    struct tensor t = tensor(m, p->name, ndim, shape);
    double *x = mem_aligned(t.count, sizeof *x);
    tensor_f64(&t, x);
    agree_on_shape(m, p, shape, ndim);
    for (size_t i = 0; i < t.count; i++)
        if (!isfinite(x[i]) || x[i] < p->lo || x[i] > p->hi)
            die(ST_STREAM, "%s: bad model: %s[%zu] is %g", m->path, p->name, i, x[i]);
    if (p->kind == MODEL_K_F8) {
        *(double **)p->to = x;
        return;
    }
    uint32_t *u = mem_new(t.count, sizeof *u);
    for (size_t i = 0; i < t.count; i++)
        u[i] = (uint32_t)x[i];
    *(uint32_t **)p->to = u;
    free(x);
}

static void read_part(const struct model *m, const struct model_part *p)
{
    switch (p->kind) {
    case MODEL_K_INT: *(int64_t *)p->to = model_int(m, p->name, (int64_t)p->lo, (int64_t)p->hi); break;
    case MODEL_K_SIZE: *(size_t *)p->to = (size_t)model_int(m, p->name, (int64_t)p->lo, (int64_t)p->hi); break;
    case MODEL_K_REAL: *(double *)p->to = model_real(m, p->name, p->lo, p->hi); break;
    case MODEL_K_FLAG: *(bool *)p->to = model_flag(m, p->name); break;
    case MODEL_K_NOT: *(bool *)p->to = !model_flag(m, p->name); break;
    case MODEL_K_CHOICE: read_choice(m, p); break;
    case MODEL_K_TEXT: *(const char **)p->to = model_text(m, p->name); break;
    case MODEL_K_BYTES: {
        struct text *to = p->to;
        struct text s = config_value(m, p->name, V_STR, "a text").s;
        *to = (struct text){ mem_text(s.p, s.n), s.n };
        break;
    }
    case MODEL_K_F8: case MODEL_K_U4: read_tensor(m, p); break;
    case MODEL_K_END: break;
    }
}

void model_read(const struct model *m, const struct model_part *parts)
{
    for (; parts->name; parts++)
        read_part(m, parts);
}

static void write_part(struct model_out *m, const struct model_part *p)
{
    struct rec *c = m->config;
    size_t shape[2], n = 0;
    const char *text;
    switch (p->kind) {
    case MODEL_K_INT: rec_set_int(c, p->name, *(int64_t *)p->to); break;
    case MODEL_K_SIZE: rec_set_int(c, p->name, (int64_t)*(size_t *)p->to); break;
    case MODEL_K_REAL: rec_set_f64(c, p->name, *(double *)p->to); break;
    case MODEL_K_FLAG: rec_set_bool(c, p->name, *(bool *)p->to); break;
    case MODEL_K_NOT: rec_set_bool(c, p->name, !*(bool *)p->to); break;
    case MODEL_K_CHOICE:
        text = word_at(p->words, *(int *)p->to, &n);
        rec_set_str(c, p->name, text, n);
        break;
    case MODEL_K_TEXT:
        text = *(const char **)p->to;
        rec_set_str(c, p->name, text, strlen(text));
        break;
    case MODEL_K_BYTES: rec_set_str(c, p->name, ((struct text *)p->to)->p, ((struct text *)p->to)->n); break;
    case MODEL_K_F8: case MODEL_K_U4:
        for (; n < 2 && p->shape[n]; n++)
            shape[n] = *p->shape[n];
        model_put(m, p->name, p->kind == MODEL_K_F8 ? T_F8 : T_U4, (int)n, shape, *(void **)p->to);
        break;
    case MODEL_K_END: break;
    }
}

void model_write(struct model_out *m, const struct model_part *parts)
{
    for (; parts->name; parts++)
        write_part(m, parts);
}
