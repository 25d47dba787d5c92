/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "audio/resample.h"

#include <math.h>
#include <soxr.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { BLOCK = 16384 };         /* samples of all channels that are given out at once, at most */

struct resampler {
    soxr_t soxr;                /* NULL: equal rates */
    double from, to;
    unsigned channels;
    uint64_t in, out;           /* samples per channel so far */
    resample_sink *sink;
    void *state;
    float *block;
};

uint64_t resample_length(uint64_t n, double from, double to)
{
    return from == to ? n : (uint64_t)ceil((double)n * (to / from));
}

struct resampler *resample_new(double from, double to, unsigned channels, resample_sink *sink, void *state)
{
    struct resampler *r = mem_new(1, sizeof *r);
    *r = (struct resampler){ .from = from, .to = to, .channels = channels, .sink = sink, .state = state };
    if (from == to)
        return r;
    soxr_error_t error = NULL;
    soxr_io_spec_t io = soxr_io_spec(SOXR_FLOAT32_I, SOXR_FLOAT32_I);
    soxr_quality_spec_t quality = soxr_quality_spec(SOXR_HQ, 0);
    soxr_runtime_spec_t runtime = soxr_runtime_spec(1);
    r->soxr = soxr_create(from, to, channels, &error, &io, &quality, &runtime);
    if (error || !r->soxr) {
        free(r);
        return NULL;
    }
    r->block = mem_new(BLOCK, sizeof *r->block);
    return r;
}

/* Hand out n samples per channel, but no more than `most` in all. */
static void give(struct resampler *r, const float *x, size_t n, uint64_t most)
{
    if (n > most - r->out)
        n = (size_t)(most - r->out);
    if (n)
        r->sink(x, n, r->state);
    r->out += n;
}

bool resample_put(struct resampler *r, const float *x, size_t n)
{
    r->in += n;
    if (!r->soxr) {
        give(r, x, n, UINT64_MAX);
        return true;
    }
    while (n) {
        size_t used = 0, made = 0;
        if (soxr_process(r->soxr, x, n, &used, r->block, BLOCK / r->channels, &made))
            return false;
        give(r, r->block, made, UINT64_MAX);
        x += used * r->channels;
        n -= used;
        if (!used && !made)
            return false;
    }
    return true;
}

bool resample_end(struct resampler *r)
{
    uint64_t length = resample_length(r->in, r->from, r->to);
    if (!r->soxr)
        return true;
    for (size_t made = 1; made && r->out < length; ) {
        if (soxr_process(r->soxr, NULL, 0, NULL, r->block, BLOCK / r->channels, &made))
            return false;
        give(r, r->block, made, length);
    }
    memset(r->block, 0, BLOCK * sizeof *r->block);
    while (r->out < length)
        give(r, r->block, BLOCK / r->channels, length);
    return true;
}

void resample_free(struct resampler *r)
{
    if (!r)
        return;
    if (r->soxr)
        soxr_delete(r->soxr);
    free(r->block);
    free(r);
}
