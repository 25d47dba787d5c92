/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drive/vae_model.h"

#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/mem.h"

static const char tool[] = "vae-train";
const char *const vae_act_names = "relu|leaky-relu|gelu|tanh|sigmoid", *const vae_recon_names = "mse|l1|bce";

/* ---- writing ---- */

static void set_word(struct rec *r, const char *name, const char *words, int index)
{
    for (; index; index--)
        words += strcspn(words, "|") + 1;
    rec_set_str(r, name, words, strcspn(words, "|"));
}

static void set_sizes(struct rec *r, const char *name, const size_t *sizes, size_t n)
{
    int32_t v[VAE_WIDTHS];
    for (size_t i = 0; i < n; i++)
        v[i] = (int32_t)sizes[i];
    rec_set_tensor(r, name, T_I4, 1, &n, v);
}

static void configure(struct rec *r, const struct vae_model *m, const struct fit *f)
{
    const struct vae_config *c = &m->c;
    rec_set_str(r, "input", m->field, strlen(m->field));
    set_sizes(r, "shape", m->shape, c->conv ? 2 : 1);
    rec_set_bool(r, "conv", c->conv);
    set_sizes(r, c->conv ? "channels" : "hidden", c->widths, c->n_widths);
    if (c->conv) {
        rec_set_int(r, "kernel", (int64_t)c->kernel);
        rec_set_int(r, "stride", (int64_t)c->stride);
    }
    rec_set_int(r, "latent", (int64_t)c->latent);
    set_word(r, "activation", vae_act_names, (int)c->act);
    rec_set_f64(r, "slope", (double)c->slope);
    rec_set_bool(r, "batch_norm", c->batch_norm);
    rec_set_bool(r, "residual", c->residual);
    rec_set_f64(r, "dropout", c->dropout);
    rec_set_bool(r, "variational", c->variational);
    rec_set_f64(r, "logvar_max", c->logvar_max);
    set_word(r, "recon", vae_recon_names, (int)m->recon);
    rec_set_str(r, "reduce", m->mean ? "mean" : "sum", m->mean ? 4 : 3);
    rec_set_f64(r, "beta", m->beta);
    if (m->labels->n) {
        char *text = labels_json(m->labels);
        rec_set_str(r, "categories", text, strlen(text));
        free(text);
    }
    rec_set_int(r, "epochs_done", (int64_t)f->epoch);
    rec_set_int(r, "batches_done", (int64_t)f->batch);
    if (f->best && f->best_epoch)
        rec_set_int(r, "best_epoch", (int64_t)f->best_epoch);
}

enum { P_EPOCH, P_BATCH, P_STEPS, P_BEST_LOSS, P_BEST_EPOCH, P_FIRST_LOSS, P_SECONDS, P_ALL };

void vae_model_write(const struct prog *prog, const struct rec_in *in, const char *path, const struct vae_model *m,
                     const struct vae *v, const struct fit *f, bool checkpoint, const char *settings)
{
    struct model_out *out = model_create(prog, in, path);
    const struct net *n = v->net;
    configure(model_out_config(out), m, f);
    if (checkpoint)
        rec_set_str(model_out_config(out), "settings", settings, strlen(settings));
    for (size_t i = 0; i < n->n_params; i++)
        model_put(out, n->params[i].name, T_F4, n->params[i].ndim, n->params[i].shape, vae_values(v, &n->params[i]));
    if (checkpoint) {
        size_t all = P_ALL;
        double at[P_ALL] = { (double)f->epoch, (double)f->batch, (double)f->optim.t, f->best_loss, (double)f->best_epoch,
                             f->first_loss, f->seconds };
        model_put(out, "run.progress", T_F8, 1, &all, at);
        model_put(out, "run.sums", T_F8, 1, &f->n_sums, f->sums);
        model_put(out, "run.log", T_F8, 2, (size_t[]){ f->epoch, f->n_columns }, f->log);
        model_put(out, "run.adam.m", T_F4, 1, &f->optim.n, f->optim.m);
        model_put(out, "run.adam.v", T_F4, 1, &f->optim.n, f->optim.v);
        model_put(out, "run.good", T_F4, 1, &f->n_kept, f->good);
        if (f->best)
            model_put(out, "run.best", T_F4, 1, &f->n_kept, f->best);
    }
    model_finish(out);
}

/* ---- reading: nothing in a file is believed ---- */

static int64_t get_int(const struct model *m, const char *name, int64_t lo, int64_t hi)
{
    struct value v = rec_get(model_config(m), name);
    if (v.type != V_INT || v.i < lo || v.i > hi)
        model_bad(m, name);
    return v.i;
}

static bool get_bool(const struct model *m, const char *name)
{
    struct value v = rec_get(model_config(m), name);
    if (v.type != V_BOOL)
        model_bad(m, name);
    return v.b;
}

static double get_f64(const struct model *m, const char *name, double lo, double hi)
{
    struct value v = rec_get(model_config(m), name);
    double x = v.type == V_INT ? (double)v.i : v.f;
    if ((v.type != V_FLOAT && v.type != V_INT) || !(x >= lo && x <= hi))
        model_bad(m, name);
    return x;
}

static int get_word(const struct model *m, const char *name, const char *words)
{
    struct value v = rec_get(model_config(m), name);
    for (int i = 0; v.type == V_STR; i++) {
        size_t n = strcspn(words, "|");
        if (n == v.s.n && memcmp(words, v.s.p, n) == 0)
            return i;
        if (!words[n])
            break;
        words += n + 1;
    }
    model_bad(m, name);
}

static size_t get_sizes(const struct model *m, const char *name, size_t most, size_t *sizes)
{
    struct value v = rec_get(model_config(m), name);
    double x[VAE_WIDTHS];
    if (v.type != V_TENSOR || v.t.ndim != 1 || v.t.count > most)
        model_bad(m, name);
    tensor_f64(&v.t, x);
    for (size_t i = 0; i < v.t.count; i++) {
        if (!(x[i] >= 1 && x[i] <= 1 << 24))
            model_bad(m, name);
        sizes[i] = (size_t)x[i];
    }
    return v.t.count;
}

struct vae_model *vae_model_read(struct opt_input *file, struct model **stream)
{
    struct model *s = *stream = model_load(file, tool);
    struct vae_model *m = mem_zero(1, sizeof *m);
    struct vae_config *c = &m->c;
    struct value field = rec_get(model_config(s), "input"), text = rec_get(model_config(s), "categories");
    if (field.type != V_STR || field.s.n >= sizeof m->field || memchr(field.s.p, '\0', field.s.n))
        model_bad(s, "input");
    memcpy(m->field, field.s.p, field.s.n);
    c->conv = get_bool(s, "conv");
    if (get_sizes(s, "shape", 2, m->shape) != (c->conv ? 2 : 1))
        model_bad(s, "shape");
    c->input = c->conv ? m->shape[0] * m->shape[1] : m->shape[0];
    c->h = m->shape[0];
    c->w = m->shape[1];
    c->n_widths = get_sizes(s, c->conv ? "channels" : "hidden", VAE_WIDTHS, c->widths);
    if (c->n_widths == 0 || c->input > 1 << 28)
        model_bad(s, "no layers, or too large an input");
    if (c->conv) {
        c->kernel = (size_t)get_int(s, "kernel", 1, CONV_KERNEL);
        c->stride = (size_t)get_int(s, "stride", 1, CONV_STRIDE);
    }
    c->latent = (size_t)get_int(s, "latent", 1, 1 << 20);
    c->act = (enum act)get_word(s, "activation", vae_act_names);
    c->slope = (float)get_f64(s, "slope", 0, 1);
    c->batch_norm = get_bool(s, "batch_norm");
    c->residual = get_bool(s, "residual");
    c->dropout = get_f64(s, "dropout", 0, 1);
    c->variational = get_bool(s, "variational");
    c->logvar_max = get_f64(s, "logvar_max", 0, 1e30);
    m->recon = (enum recon)get_word(s, "recon", vae_recon_names);
    m->mean = get_word(s, "reduce", "sum|mean");
    m->beta = get_f64(s, "beta", 0, 1e30);
    m->labels = text.type == V_STR ? labels_parse(text.s.p, text.s.n) : labels_new(NULL);
    if (!m->labels)
        model_bad(s, "categories");
    c->condition = m->labels->columns;
    if (vae_check(c))
        model_bad(s, vae_check(c));
    return m;
}

void vae_model_free(struct vae_model *m)
{
    if (!m)
        return;
    labels_free(m->labels);
    free(m);
}

static void load(struct vae *v, const struct model *stream)
{
    for (size_t i = 0; i < v->net->n_params; i++) {
        const struct net_param *p = &v->net->params[i];
        size_t shape[TENSOR_DIMS];
        float *x = model_f32(stream, p->name, p->ndim, shape);
        for (int k = 0; k < p->ndim; k++)
            if (shape[k] != p->shape[k])
                model_bad(stream, p->name);
        memcpy(vae_values(v, p), x, p->count * sizeof *x);
        free(x);
    }
    net_changed(v->net);
}

struct vae *vae_model_net(const struct vae_model *m, const struct model *stream)
{
    struct vae *v = vae_new(&m->c, 1, false);
    load(v, stream);
    return v;
}

struct vae *vae_model_borrow(const struct vae_model *m, const struct vae *v)
{
    struct vae *own = vae_new(&m->c, 1, false);
    net_borrow(own->net, v->net);
    return own;
}

/* A tensor of the run with exactly n numbers. */
static void get_floats(const struct model *s, const char *name, float *to, size_t n)
{
    size_t count;
    float *x = model_f32(s, name, 1, &count);
    if (count != n)
        model_bad(s, name);
    memcpy(to, x, n * sizeof *x);
    free(x);
}

static void get_doubles(const struct model *s, const char *name, double *to, size_t n)
{
    size_t count;
    double *x = model_f64(s, name, 1, &count);
    if (count != n)
        model_bad(s, name);
    memcpy(to, x, n * sizeof *x);
    free(x);
}

/* The first key=value in which two settings differ. */
static void compare(const char *path, const char *now, struct text then)
{
    size_t i = 0;
    while (i < then.n && now[i] && now[i] == then.p[i])
        i++;
    if (i == then.n && !now[i])
        return;
    while (i && now[i - 1] != ' ')
        i--;
    const char *rest = then.p + (i < then.n ? i : then.n);
    size_t len = 0;
    while (rest + len < then.p + then.n && rest[len] != ' ')
        len++;
    die(ST_USAGE, "%s: its run had %.*s, this one has %.*s: give the same options and input to resume it", path, (int)len,
        rest, (int)strcspn(now + i, " "), now + i);
}

void vae_model_resume(const char *path, const char *settings, struct vae *v, struct fit *f)
{
    struct opt_input file = { .path = path };
    struct model *s = model_load(&file, tool);
    struct value then = rec_get(model_config(s), "settings");
    double at[P_ALL];
    size_t shape[2];
    if (then.type != V_STR)
        die(ST_USAGE, "%s: a finished model, no checkpoint", path);
    compare(path, settings, then.s);
    load(v, s);
    get_doubles(s, "run.progress", at, P_ALL);
    if (!(at[P_EPOCH] >= 0 && at[P_EPOCH] <= 1e9 && at[P_BATCH] >= 0 && at[P_BATCH] <= (double)fit_batches(f) &&
          at[P_STEPS] >= 0 && at[P_STEPS] < 0x1p48 && at[P_BEST_EPOCH] >= 0 && at[P_BEST_EPOCH] <= at[P_EPOCH]))
        model_bad(s, "run.progress");
    f->epoch = (size_t)at[P_EPOCH];
    f->batch = (size_t)at[P_BATCH];
    f->optim.t = (uint64_t)at[P_STEPS];
    f->best_loss = at[P_BEST_LOSS];
    f->best_epoch = (size_t)at[P_BEST_EPOCH];
    f->first_loss = at[P_FIRST_LOSS];
    f->seconds = at[P_SECONDS];
    get_doubles(s, "run.sums", f->sums, f->n_sums);
    double *log = model_f64(s, "run.log", 2, shape);
    if (shape[0] != f->epoch || shape[1] != f->n_columns)
        model_bad(s, "run.log");
    if (f->epoch > f->o.epochs)
        die(ST_USAGE, "%s: %zu epochs are done already, more than the %zu asked for", path, f->epoch, f->o.epochs);
    memcpy(f->log, log, f->epoch * f->n_columns * sizeof *f->log);
    free(log);
    get_floats(s, "run.adam.m", f->optim.m, f->optim.n);
    get_floats(s, "run.adam.v", f->optim.v, f->optim.n);
    get_floats(s, "run.good", f->good, f->n_kept);
    if (f->best)
        get_floats(s, "run.best", f->best, f->n_kept);
    model_free(s);
}
