/* samples - the fields of sound: pcm with its rate, frames with theirs
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DRIVE_SAMPLES_H
#define DRIVE_SAMPLES_H

#include "stream/rec.h"

/* The number beside `field` that is called `side`: in the field that item_side names or, where there
 * is none, in `side`. NAN if it is not a number. False if there is neither field. */
bool side_number(const struct rec *r, const char *field, const char *usual, const char *side, double *x);

/* A record's samples, not yet copied. */
struct samples {
    const struct tensor *t;     /* t->count samples of one channel */
    double rate;                /* Hz */
};

/* Look at v, the value of `field` (usually "pcm"), and at the rate beside it: RATE of
 * "pcm", else FIELD.rate and, where there is none, rate. Bad (false, r->error set): no
 * tensor, several channels, no rate, or one that is not 1 ... 10^9 Hz. */
bool samples_find(struct rec *r, const char *field, const struct value *v, struct samples *s);

/* Copy the samples to y[count]. Bad if one is NaN or infinite. */
bool samples_copy(struct rec *r, const char *field, const struct samples *s, float *y);

/* Set `out` to the matrix m[frames][d] and its side field frame_rate. */
void frames_set(struct rec *r, const char *out, const char *usual, const float *m, size_t frames, size_t d,
                double frame_rate);

/* Set only frame_rate (f64, frames a second; OUT.frame_rate if out is not `usual`). One that
 * is there and differs is overwritten with a note. */
void frames_set_rate(struct rec *r, const char *out, const char *usual, double frame_rate);

/* Set frame_rate to nil: of a record without frames. */
void frames_unset_rate(struct rec *r, const char *out, const char *usual);

/* x[n] as IEEE 754 half floats, rounded to the nearest, ties to even; beyond 65504 infinite. */
void frames_half(const float *x, size_t n, uint16_t *half);

#endif
