/* sniff - what a file is by its bytes, and where the sound in it begins and ends
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef AUDIO_SNIFF_H
#define AUDIO_SNIFF_H

#include <stdbool.h>
#include <stdint.h>

#include "audio/part.h"

enum sniff_kind { SNIFF_OTHER, SNIFF_MPEG, SNIFF_FLAC, SNIFF_OGG_FLAC, SNIFF_VORBIS, SNIFF_MP4, SNIFF_WAVPACK };

struct sniff {
    enum sniff_kind kind;
    uint64_t size;              /* bytes of the file */
    uint64_t start, end;        /* what is not tags in front of it, or, of MPEG audio, something else before or behind */
    uint64_t samples;           /* per channel that the header of a WAV, AIFF or AU file claims, or the
                                 * LAME or Xing tag of an MP3, as played; 0: it does not say */
    unsigned bits;              /* of the integers in a WAV file; 0: of other files */
    bool unsized;               /* the header has a number that stands for "not known" */
    bool endless;               /* an Ogg file whose last page is not marked as the last */
    bool cut_page;              /* one whose last page is larger than what there is of it */
    bool chained;               /* an Ogg file of several streams, one behind the other */
    const char *seems;          /* what a file is that no library here reads: "WMA"; NULL: nothing known */
    struct patch patch[3];      /* sizes that the header of a file should have */
    unsigned patches;
    uint64_t follow;            /* bytes of samples behind those that the header claims */
    uint64_t said;              /* how many bytes that are; with patches or follow */
    uint64_t behind;            /* bytes of a WAV file behind those that its header claims, of whatever kind */
};

/* Look into the file on fd and go back to its first byte. False if it is empty or cannot
 * be read. */
bool sniff(int fd, struct sniff *s);

/* Whether path is a file whose content is audio, also such as no library here reads, or a folder. */
bool sniff_is_audio(const char *path);

/* Where in an Ogg file the stream behind the one at `start` begins; the file's size if there is none. */
uint64_t sniff_next_stream(int fd, uint64_t start, uint64_t size);

#endif
