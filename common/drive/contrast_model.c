/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drive/contrast_model.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

const char *const contrast_names[2] = { "a", "l" };

/* "a.mean"; good until the next call. */
static const char *part(size_t side, const char *leaf)
{
    static char name[32];
    snprintf(name, sizeof name, "%s.%s", contrast_names[side], leaf);
    return name;
}

void contrast_model_configure(struct rec *r, const struct contrast_model *m)
{
    const struct tower_config *c = &m->side[0].config;
    int32_t widths[TOWER_WIDTHS];
    for (size_t i = 0; i < c->n_widths; i++)
        widths[i] = (int32_t)c->widths[i];
    rec_set_int(r, "towers", (int64_t)m->sides);
    rec_set_tensor(r, "hidden", T_I4, 1, &c->n_widths, widths);
    rec_set_int(r, "out", (int64_t)c->out);
    for (size_t s = 0; s < m->sides; s++) {
        const struct contrast_side *side = &m->side[s];
        rec_set_str(r, part(s, "input"), side->field, strlen(side->field));
        rec_set_int(r, part(s, "whitened"), (int64_t)side->config.d);
        rec_set_tensor(r, part(s, "mean"), T_F8, 1, &side->config.input, side->mean);
        rec_set_tensor(r, part(s, "scale"), T_F8, 1, &side->config.input, side->scale);
    }
}

/* A vector of finite numbers of the configuration; *n of them, or any number where it is 0. */
static double *get_numbers(const struct model *m, const char *name, size_t *n, double lo)
{
    struct value v = rec_get(model_config(m), name);
    if (v.type != V_TENSOR || v.t.ndim != 1 || v.t.count == 0 || (*n && v.t.count != *n))
        model_bad(m, name);
    double *x = mem_new(v.t.count, sizeof *x);
    tensor_f64(&v.t, x);
    for (size_t i = 0; i < v.t.count; i++)
        if (!(isfinite(x[i]) && x[i] >= lo))
            model_bad(m, name);
    *n = v.t.count;
    return x;
}

struct contrast_model *contrast_model_read(struct opt_input *file, struct model **stream)
{
    struct model *s = *stream = model_load(file, "contrast-train");
    struct contrast_model *m = mem_zero(1, sizeof *m);
    struct tower_config c = { .out = (size_t)model_int(s, "out", 1, 65536) };
    double *widths = get_numbers(s, "hidden", &c.n_widths, 1);
    for (size_t i = 0; i < c.n_widths; i++) {
        if (i == TOWER_WIDTHS || widths[i] > 65536)
            model_bad(s, "hidden");
        c.widths[i] = (size_t)widths[i];
    }
    free(widths);
    m->sides = (size_t)model_int(s, "towers", 1, 2);
    for (size_t i = 0; i < m->sides; i++) {
        struct contrast_side *side = &m->side[i];
        side->config = c;
        side->config.name = contrast_names[i];
        side->field = model_text(s, part(i, "input"));
        side->mean = get_numbers(s, part(i, "mean"), &side->config.input, -HUGE_VAL);
        side->scale = get_numbers(s, part(i, "scale"), &side->config.input, 0x1p-1000);
        side->config.d = (size_t)model_int(s, part(i, "whitened"), 1, 65536);
    }
    return m;
}
