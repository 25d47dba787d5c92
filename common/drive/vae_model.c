/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drive/vae_model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/number.h"
#include "base/opt_kind.h"

static const char *const vae_act_names = "relu|leaky-relu|gelu|tanh|sigmoid", *const vae_recon_names = "mse|l1|bce";

/* ---- writing ---- */

static void set_word(struct rec *r, const char *name, const char *words, int index)
{
    size_t len;
    const char *word = opt_word(words, index, &len);
    rec_set_str(r, name, word, len);
}

static void set_sizes(struct rec *r, const char *name, const size_t *sizes, size_t n)
{
    int32_t v[VAE_WIDTHS];
    for (size_t i = 0; i < n; i++)
        v[i] = (int32_t)sizes[i];
    rec_set_tensor(r, name, T_I4, 1, &n, v);
}

void vae_model_configure(struct rec *r, const struct vae_model *m)
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
}

/* ---- reading: nothing in a file is believed ---- */

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
    struct model *s = *stream = model_load(file, "vae-train");
    struct vae_model *m = mem_zero(1, sizeof *m);
    struct vae_config *c = &m->c;
    struct value text = rec_get(model_config(s), "categories");
    m->field = model_text(s, "input");
    c->conv = model_flag(s, "conv");
    if (get_sizes(s, "shape", 2, m->shape) != (c->conv ? 2 : 1))
        model_bad(s, "shape");
    c->input = c->conv ? m->shape[0] * m->shape[1] : m->shape[0];
    c->h = m->shape[0];
    c->w = m->shape[1];
    c->n_widths = get_sizes(s, c->conv ? "channels" : "hidden", VAE_WIDTHS, c->widths);
    if (c->n_widths == 0 || c->input > 1 << 28)
        model_bad(s, "no layers, or too large an input");
    if (c->conv) {
        c->kernel = (size_t)model_int(s, "kernel", 1, CONV_KERNEL);
        c->stride = (size_t)model_int(s, "stride", 1, CONV_STRIDE);
    }
    c->latent = (size_t)model_int(s, "latent", 1, 1 << 20);
    c->act = (enum act)model_choice(s, "activation", vae_act_names);
    c->slope = (float)model_real(s, "slope", 0, 1);
    c->batch_norm = model_flag(s, "batch_norm");
    c->residual = model_flag(s, "residual");
    c->dropout = model_real(s, "dropout", 0, 1);
    c->variational = model_flag(s, "variational");
    c->logvar_max = model_real(s, "logvar_max", 0, 1e30);
    m->recon = (enum recon)model_choice(s, "recon", vae_recon_names);
    m->mean = model_choice(s, "reduce", "sum|mean");
    m->beta = model_real(s, "beta", 0, 1e30);
    m->labels = text.type == V_STR ? labels_parse(text.s.p, text.s.n) : labels_new(NULL, 0);
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
    free(m->field);
    free(m);
}

/* ---- settings of old checkpoints (0.1.0), which stored them as one text ---- */

/* In the order of that text; a choice is the place of its word as the words stood then. */
static const struct { const char *name, *words; enum { TEXT, INTEGER, REAL, FLAG, CHOICE, HASH, LEFT_OUT } type; } old[] = {
    { "input", NULL, TEXT }, { "rows", NULL, INTEGER }, { "shape", NULL, LEFT_OUT }, { "data", NULL, HASH },
    { "hidden", NULL, TEXT }, { "conv", NULL, TEXT }, { "kernel", NULL, INTEGER }, { "stride", NULL, INTEGER },
    { "latent", NULL, INTEGER }, { "activation", "relu|leaky-relu|gelu|tanh", CHOICE }, { "slope", NULL, REAL },
    { "batch-norm", NULL, FLAG }, { "residual", NULL, FLAG }, { "dropout", NULL, REAL }, { "no-kl", NULL, FLAG },
    { "condition", NULL, TEXT }, { "recon", "mse|l1|bce", CHOICE }, { "reduce", "sum|mean", CHOICE }, { "beta", NULL, REAL },
    { "anneal", NULL, TEXT }, { "free-bits", NULL, REAL }, { "batch", NULL, INTEGER }, { "optimizer", "adam|adamw", CHOICE },
    { "lr", NULL, REAL }, { "lr-min", NULL, REAL }, { "weight-decay", NULL, REAL }, { "clip", NULL, REAL },
    { "plain", NULL, FLAG }, { "schedule", "constant|cosine|step", CHOICE }, { "step-size", NULL, REAL },
    { "gamma", NULL, REAL }, { "warmup", NULL, REAL }, { "validation", NULL, REAL }, { "patience", NULL, INTEGER },
    { "seed", NULL, INTEGER },
};
enum { OLD = sizeof old / sizeof *old };

/* The value of the i-th setting that begins at `at`: its length; the next one's place in *next. */
static size_t old_value(const char *at, size_t i, const char **next)
{
    char key[32];
    snprintf(key, sizeof key, " %s=", i + 1 < OLD ? old[i + 1].name : "");
    const char *end = i + 1 < OLD ? strstr(at, key) : NULL;
    size_t n = end ? (size_t)(end - at) : strlen(at);
    *next = end ? end + strlen(key) : at + n;
    return n;
}

void vae_model_old_settings(struct text then, const struct rec_in *in, struct msg_buf *map)
{
    struct msg_buf pairs = { NULL, 0, 0 };
    msgpack_packer pk = msg_packer(&pairs), whole = msg_packer(map);
    char *text = mem_text(then.p, then.n);
    const char *at = text + strcspn(text, "="), *next;
    size_t count = 0, n;
    at += *at == '=';
    for (size_t i = 0; i < OLD; i++, at = next) {
        n = old_value(at, i, &next);
        const char *value = strcmp(old[i].name, "hidden") == 0 && n == 0 ? "256,128" : at;   /* --conv: it was left out */
        n = value == at ? n : strlen(value);
        double x = strtod(value, NULL);
        if (old[i].type == LEFT_OUT || (old[i].type == TEXT && n == 0) || (old[i].type == FLAG && *value == '0'))
            continue;
        msg_put_text(&pk, old[i].name);
        count++;
        if (strcmp(old[i].name, "slope") == 0) {        /* was told as a float */
            char number[NUMBER_MOST];
            number_f32(number, (float)x);
            msgpack_pack_double(&pk, strtod(number, NULL));
        } else if (old[i].type == TEXT) {
            msg_put_str(&pk, value, n);
        } else if (old[i].type == INTEGER) {
            msgpack_pack_uint64(&pk, strtoull(value, NULL, 10));
        } else if (old[i].type == REAL) {
            msgpack_pack_double(&pk, x);
        } else if (old[i].type == FLAG) {
            msgpack_pack_true(&pk);
        } else if (old[i].type == HASH) {               /* of the last part, as a double */
            msgpack_pack_uint64(&pk, x == (double)rec_hash(in) ? rec_digest(in, 0) : 0);
        } else {
            size_t len;
            const char *word = opt_word(old[i].words, (int)x, &len);
            msg_put_str(&pk, word, len);
        }
    }
    msgpack_pack_map(&whole, count);
    msg_append(map, pairs.p, pairs.n);
    msg_free(&pairs);
    free(text);
}
