/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "audio/tracks.h"

#include <stdlib.h>
#include <string.h>

#include "audio/decode.h"
#include "base/mem.h"

static const size_t waiting_max = 256 << 20;    /* bytes that may wait for their turn */
static const size_t keep_max = 64 << 20;        /* bytes that idle tracks may keep for the next files */

struct tracks {
    struct track *ring;
    struct fence **fences;      /* scratch of tracks_wait */
    bool *ready;
    size_t size, running, most;
    size_t first;               /* the oldest that had not its turn */
    size_t kept;                /* bytes that idle tracks hold */
    const struct track_spec *spec;
    const struct fence_limits *limits;
};

struct tracks *tracks_new(size_t size, const struct track_spec *spec, const struct fence_limits *limits, size_t most)
{
    struct tracks *t = mem_zero(1, sizeof *t);
    *t = (struct tracks){ .ring = mem_zero(size, sizeof *t->ring), .fences = mem_zero(size, sizeof *t->fences),
                          .ready = mem_zero(size, 1), .size = size, .most = most, .spec = spec, .limits = limits };
    return t;
}

void tracks_free(struct tracks *t)
{
    if (!t)
        return;
    for (size_t i = 0; i < t->size; i++)
        track_end(&t->ring[i], 0);
    free(t->ring);
    free(t->fences);
    free(t->ready);
    free(t);
}

struct track *tracks_at(struct tracks *t, size_t i) { return t->ring + i % t->size; }
size_t tracks_running(const struct tracks *t) { return t->running; }

/* tracks_wait; where `most` bytes wait for their turn, only the first is read. */
static bool read_some(struct tracks *t, size_t first, size_t n, int fd, size_t most)
{
    size_t waiting = 0;
    for (size_t i = 0; i < n; i++)
        waiting += tracks_at(t, first + i)->bytes;
    for (size_t i = 0; i < n; i++) {
        struct track *track = tracks_at(t, first + i);
        t->fences[i] = track->running && (i == 0 || waiting < most) ? &track->fence : NULL;
    }
    bool readable = fence_wait(t->fences, n, t->ready, fd, -1);
    for (size_t i = 0; i < n; i++) {
        struct track *track = tracks_at(t, first + i);
        if (!t->ready[i])
            continue;
        if (t->most && track->bytes > t->most) {
            fence_kill(&track->fence);
            track->large = true;
        } else if (track_read(track)) {
            continue;
        }
        track->running = false;
        t->running--;
        if (strncmp(track->decoder, "libsox", 6) == 0)
            decode_init();          /* the next ones will find it ready */
    }
    return readable;
}

bool tracks_start(struct tracks *t, size_t i, const char *path)
{
    struct track *track = tracks_at(t, i);
    t->kept -= track->cap;
    track->why[0] = '\0';
    track->large = false;
    track->running = path && track_start(track, path, t->spec, t->limits);
    while (path && !track->running && t->running) {
        size_t before = t->running;
        while (t->running == before)
            read_some(t, t->first, i - t->first, -1, SIZE_MAX);
        track->running = track_start(track, path, t->spec, t->limits);
    }
    t->running += track->running;
    return track->running || !path;
}

bool tracks_wait(struct tracks *t, size_t first, size_t n, int fd) { return read_some(t, first, n, fd, waiting_max); }

void tracks_end(struct tracks *t, size_t i)
{
    struct track *track = tracks_at(t, i);
    track_end(track, t->kept < keep_max ? keep_max - t->kept : 0);
    t->kept += track->cap;
    t->first = i + 1;
}
