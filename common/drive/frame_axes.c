/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drive/frame_axes.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "dsp/mel.h"
#include "stream/history.h"

/* A number in a field or an option; NAN if it is none. */
static double number(struct value v) { return v.type == V_INT ? (double)v.i : v.type == V_FLOAT ? v.f : NAN; }

static bool is(struct text t, const char *word) { return t.n == strlen(word) && memcmp(t.p, word, t.n) == 0; }

/* Octaves from 62.5 Hz: band i is highest at edge i + 1 of bands + 2 (dsp/mel.h). */
static void frequencies(struct frame_axes *a, double low, double high, bool htk)
{
    double from = mel_from_hz(low, htk), step = (mel_from_hz(high, htk) - from) / (double)(a->bands + 1);
    a->y.label = "Hz";
    a->y.tics = mem_new(12, sizeof *a->y.tics);
    for (double hz = 62.5; a->y.n_tics < 12; hz *= 2) {
        double band = (mel_from_hz(hz, htk) - from) / step - 1;
        if (band > (double)a->bands - 0.5)
            break;
        if (!(band >= -0.5))
            continue;
        char *text = mem_new(16, 1);
        int size = snprintf(text, 16, "%.0f", floor(hz + 0.5));
        a->y.tics[a->y.n_tics++] = (struct gnuplot_tic){ band, text, (size_t)size };
    }
}

static void names_of(struct frame_axes *a, const struct columns *names)
{
    if (!names || names->n != a->bands)
        return;
    a->y.tics = mem_new(names->n, sizeof *a->y.tics);
    for (size_t i = 0; i < names->n; i++)
        a->y.tics[i] = (struct gnuplot_tic){ (double)i, names->names[i], strlen(names->names[i]) };
    a->y.n_tics = names->n;
}

bool frame_axes_read(struct rec *r, const char *field, const struct head *head, const size_t *shape, struct frame_axes *a)
{
    struct step *steps = history_steps(head), *logmel = NULL;
    for (size_t i = 0; i < head->n_history; i++)
        if (is(steps[i].tool, "logmel") && is(history_value(steps + i, "output").s, field))
            logmel = steps + i;
    bool bands = logmel && history_has(logmel, "mel-major");
    char *own = mem_new(strlen(field) + 12, 1);
    sprintf(own, "%s.frame_rate", field);
    double per = number(rec_get(r, rec_find(r, own) ? own : "frame_rate"));
    if (!isnan(per) && !(per > 0 && isfinite(per)))
        return rec_error(r, "frame_rate is %g", per);
    *a = (struct frame_axes){ .frames = shape[bands], .bands = shape[!bands], .band_major = bands,
                              .x = { .label = isnan(per) ? "frame" : "seconds", .per = isnan(per) ? 1 : per },
                              .y = { .label = field, .per = 1 }, .scale = logmel ? "dB" : field };
    double low = logmel ? number(history_value(logmel, "fmin")) : NAN, high = NAN;
    if (logmel)
        high = history_has(logmel, "fmax") ? number(history_value(logmel, "fmax")) : number(rec_get(r, "rate")) / 2;
    if (low >= 0 && high > low && isfinite(high))
        frequencies(a, low, high, history_has(logmel, "htk") && history_value(logmel, "htk").b);
    else
        names_of(a, head_columns(head, field));
    free(own);
    free(steps);
    return true;
}
