/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drive/parts.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/world.h"
#include "drive/ranks.h"

void parts_cut(void *parts)
{
    struct parts *p = parts;
    size_t size = 1 + 3 * p->width;
    p->begun = true;
    if (!p->moments)
        return;
    mem_grow(&p->done, &p->cap_done, p->n_done + size, sizeof *p->done);
    moments_take(p->moments, p->done + p->n_done);
    if (world.size > 1) {
        p->n_done += size;              /* in order only when those of the ranks before are there */
        return;
    }
    p->sum = p->sum ? p->sum : moments_new(p->width);
    moments_join(p->sum, p->done);
}

static void add_to_part(struct parts *p, const float *x, size_t n)
{
    p->moments = p->moments ? p->moments : moments_new(p->width);
    moments_add(p->moments, x, n);
}

void parts_add(struct parts *p, const float *x, size_t n, size_t width)
{
    p->width = width;
    if (p->begun) {
        add_to_part(p, x, n);
    } else {
        mem_grow(&p->early, &p->cap_early, p->n_early + n * width, sizeof *p->early);
        memcpy(p->early + p->n_early, x, n * width * sizeof *x);
        p->n_early += n * width;
    }
}

struct moments *parts_join(struct parts *p, size_t *records, const char *field)
{
    bool *begun = world_all(&p->begun, sizeof p->begun, NULL);
    p->width = ranks_width(p->width, field);
    p->width = p->width ? p->width : 1;
    *records = ranks_sum(*records);
    size_t *bytes = mem_new(world.size, sizeof *bytes), at = 0, n = 0;
    float *early = world_all(p->early, p->n_early * sizeof *early, bytes);
    for (size_t i = 0; i < world.size; at += bytes[i++] / sizeof *early) {
        if (p->begun && i > world.rank)
            add_to_part(p, early + at, bytes[i] / sizeof *early / p->width);
        if (i > world.rank && begun[i])
            break;
    }
    if (p->begun)
        parts_cut(p);
    struct moments *sum = p->sum ? p->sum : moments_new(p->width);
    double *done = world_all(p->done, p->n_done * sizeof *done, bytes);
    for (size_t i = 0; i < world.size; i++)
        n += bytes[i] / sizeof *done;
    for (size_t i = 0; i < n; i += 1 + 3 * p->width)
        moments_join(sum, done + i);
    moments_free(p->moments);
    free(p->done);
    free(p->early);
    free(done);
    free(early);
    free(bytes);
    free(begun);
    return sum;
}
