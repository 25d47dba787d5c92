/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drive/samples.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "drive/item.h"

static double number(const struct rec *r, const char *name)
{
    struct value v = rec_get(r, name);
    return v.type == V_INT ? (double)v.i : v.type == V_FLOAT ? v.f : NAN;
}

bool side_number(const struct rec *r, const char *field, const char *usual, const char *side, double *x)
{
    char *own = item_side(field, usual, side);
    const char *name = rec_find(r, own) ? own : side;
    bool there = rec_find(r, name);
    *x = number(r, name);
    free(own);
    return there;
}

bool samples_find(struct rec *r, const char *field, const struct value *v, struct samples *s)
{
    if (v->type != V_TENSOR)
        return rec_error(r, "%s holds no samples", field);
    if (v->t.ndim == 2 && v->t.shape[1] > 1)
        return rec_error(r, "%s has %zu channels: mix them first (decode --channels mono)", field, v->t.shape[1]);
    if (v->t.ndim != 1 && v->t.ndim != 2)
        return rec_error(r, "%s has %d dimensions, samples have one", field, v->t.ndim);
    s->t = &v->t;
    if (!side_number(r, field, "pcm", "rate", &s->rate))
        return rec_lacks(r, "rate", ": set it (sp-fields --set rate=22050)");
    return (s->rate >= 1 && s->rate <= 1e9) || rec_error(r, "rate is not a number of 1 Hz or more");
}

bool samples_copy(struct rec *r, const char *field, const struct samples *s, float *y)
{
    size_t n = s->t->count;
    uint32_t top = 0;
    tensor_f32(s->t, y);
    for (size_t i = 0; i < n; i++) {    /* without a branch: the largest bits without sign */
        uint32_t bits;
        memcpy(&bits, y + i, sizeof bits);
        bits &= 0x7fffffff;
        top = bits > top ? bits : top;
    }
    for (size_t i = 0; top >= 0x7f800000 && i < n; i++)
        if (!isfinite(y[i]))
            return rec_error(r, "%s[%zu] is %g", field, i, (double)y[i]);
    return true;
}

void frames_set(struct rec *r, const char *out, const char *usual, const float *m, size_t frames, size_t d,
                double frame_rate)
{
    rec_set_tensor(r, out, T_F4, 2, (size_t[]){ frames, d }, m);
    frames_set_rate(r, out, usual, frame_rate);
}

void frames_set_rate(struct rec *r, const char *out, const char *usual, double frame_rate)
{
    char *side = item_side(out, usual, "frame_rate");
    if (number(r, side) != frame_rate)
        item_note_side(r, side);
    rec_set_f64(r, side, frame_rate);
    free(side);
}

void frames_unset_rate(struct rec *r, const char *out, const char *usual)
{
    char *side = item_side(out, usual, "frame_rate");
    rec_set_nil(r, side);
    free(side);
}

static uint16_t half_of(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    uint32_t sign = bits >> 16 & 0x8000, size = bits & 0x7fffffff;
    if (size > 0x7f800000)
        return (uint16_t)(sign | 0x7e00);               /* NaN */
    if (size >= 0x477ff000)
        return (uint16_t)(sign | 0x7c00);               /* 65520 and more */
    if (size < 0x38800000) {                            /* below 2^-14: in steps of 2^-24, which are */
        memcpy(&x, &size, sizeof x);                    /* those of floats from 0.5 to 1 */
        x += 0.5f;
        memcpy(&size, &x, sizeof size);
        return (uint16_t)(sign | (size - 0x3f000000));
    }
    size += 0xfff + (size >> 13 & 1);
    return (uint16_t)(sign | (size - 0x38000000) >> 13);
}

void frames_half(const float *x, size_t n, uint16_t *half)
{
    for (size_t i = 0; i < n; i++)
        half[i] = half_of(x[i]);
}
