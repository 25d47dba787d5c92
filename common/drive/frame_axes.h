/* frame_axes - what lies along the sides of a matrix of frames: seconds, and the frequencies of mel bands
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DRIVE_FRAME_AXES_H
#define DRIVE_FRAME_AXES_H

#include "plot/heatmap.h"
#include "stream/rec.h"

struct frame_axes {
    size_t frames, bands;
    bool band_major;            /* a row for each band (logmel --mel-major), else for each frame */
    struct heatmap_axis x, y;   /* of frames, in seconds if the record has the field's frame_rate; of bands */
    const char *scale;          /* what the numbers are: dB of logmel, else the field's name */
};

/* Of a matrix of this shape in field `field` of r. Bands of logmel, as the history has it, get their frequencies, where
 * the record has a rate or the history --fmax; others the names of their columns. Bad: a frame_rate that is not above 0.
 * What *a points to lives as long as the process. */
bool frame_axes_read(struct rec *r, const char *field, const struct head *head, const size_t *shape, struct frame_axes *a);

#endif
