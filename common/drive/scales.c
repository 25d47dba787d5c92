/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drive/scales.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/mem.h"
#include "base/progress.h"
#include "math/moments.h"
#include "stream/history.h"

static const char *const scaling[] = { "zscore", "whiten", "l2norm", "pca", "tfidf", "embed", "vae-encode" };
enum { SCALING = sizeof scaling / sizeof *scaling };

/* How many of the first n steps are the tool. */
static size_t count_steps(const struct step *steps, size_t n, const char *tool)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++)
        count += steps[i].tool.n == strlen(tool) && memcmp(steps[i].tool.p, tool, steps[i].tool.n) == 0;
    return count;
}

void scales_note(const float *x, size_t n, size_t d, const char *field, const struct head *h)
{
    struct step *steps = history_steps(h);
    size_t scaled = 0, low = SIZE_MAX, high = SIZE_MAX;
    for (size_t i = 0; i < SCALING; i++)
        scaled += count_steps(steps, h->n_history, scaling[i]);
    free(steps);
    if (progress_quiet || scaled || n < 2)
        return;
    struct moments *m = moments_new(d);
    double *mean = mem_new(2 * d, sizeof *mean), *var = mean + d;
    moments_add(m, x, n);
    moments_get(m, mean, var);
    for (size_t j = 0; j < d; j++) {
        if (!(var[j] > 1e-12 * mean[j] * mean[j]) || !isfinite(var[j]))
            continue;                   /* constant, but for rounding */
        low = low == SIZE_MAX || var[j] < var[low] ? j : low;
        high = high == SIZE_MAX || var[j] > var[high] ? j : high;
    }
    const struct columns *c = head_columns(h, field);
    if (low != SIZE_MAX && var[high] >= 1e4 * var[low])
        warn("the columns of %s have unlike scales: deviation %.3g (%s) and %.3g (%s); zscore?", field, sqrt(var[low]),
             c && low < c->n ? c->names[low] : "the smallest", sqrt(var[high]),
             c && high < c->n ? c->names[high] : "the largest");
    free(mean);
    moments_free(m);
}

void scales_note_missing(const struct head *model, const struct head *in, const char *path)
{
    if (progress_quiet || !model->n_history || !in->n_history)
        return;
    struct step *then = history_steps(model), *now = history_steps(in);
    for (size_t i = 0; i + 1 < model->n_history; i++)       /* the last one made the model */
        for (size_t k = 0; k < SCALING; k++)
            if (count_steps(then + i, 1, scaling[k]) && !count_steps(now, in->n_history, scaling[k])) {
                warn("%s was fitted to vectors behind %s, which the input has not been through: "
                     "apply the same %s to it first, with its model", path, scaling[k], scaling[k]);
                i = model->n_history;
                break;
            }
    free(then);
    free(now);
}
