/* track - one audio file, decoded, mixed and resampled in a fence
 *
 * The child decodes block by block and sends what it has; the parent takes it as it comes.
 * Neither needs more memory than what nobody has fetched yet.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef AUDIO_TRACK_H
#define AUDIO_TRACK_H

#include "audio/fence.h"

struct track_spec {
    double rate;            /* Hz to resample to; 0 keeps the file's */
    bool mix;               /* to the mean of the channels */
    double offset;          /* seconds to leave out; cut to whole samples, as librosa.load does */
    double duration;        /* seconds to read, likewise; < 0: to the end */
    const char *command;    /* NULL, or a shell command whose output is decoded; {} is the file: track_command */
    int raw_rate, raw_channels;     /* > 0: that output is float samples without a header */
};

#define TRACK_FRONT 1024

struct track {
    struct fence fence;
    double rate;            /* Hz of the samples; 0 until it is known */
    unsigned channels;
    char decoder[48];       /* name and version of the decoder */
    float *x;               /* samples[n][channels] that came and were not taken; the
                             * TRACK_FRONT bytes in front of them are free */
    size_t bytes, cap;      /* of x; cap with the bytes in front */
    char note[FENCE_WHY];   /* of what is odd about a file that was decoded; or "" */
    char why[FENCE_WHY];    /* why it failed; or "" */
    bool lack;              /* it failed for want of what the machine has to give: descriptors, processes, memory */
    bool running, large;    /* of tracks.h */
};

/* Whether a command names the file, by {}, and never within quotes: there the name would be read as the shell's
 * language, or not at all. */
bool track_command(const char *command);

/* Start to decode path. *t is empty, or has been ended: x is kept for use. False if there can
 * be no child: t->why says why. */
bool track_start(struct track *t, const char *path, const struct track_spec *spec, const struct fence_limits *limits);

/* Read what is there. False at the end: then it is whole, or t->why says what failed. */
bool track_read(struct track *t);

/* Take the first n samples per channel off. */
void track_take(struct track *t, size_t n);

/* Samples per channel in x. */
size_t track_have(const struct track *t);

/* Kill what still runs; give the memory back if it is more than `keep` bytes. */
void track_end(struct track *t, size_t keep);

#endif
