/* sniff - what a file is by its first bytes
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef AUDIO_SNIFF_H
#define AUDIO_SNIFF_H

#include <stdbool.h>
#include <stdint.h>

enum sniff_kind { SNIFF_OTHER, SNIFF_MPEG, SNIFF_FLAC, SNIFF_VORBIS, SNIFF_MP4, SNIFF_WAVPACK };

struct sniff {
    enum sniff_kind kind;
    uint64_t size;              /* bytes of the file */
    uint64_t samples;           /* per channel that the header of a WAV, AIFF or AU file claims, or the
                                 * LAME or Xing tag of an MP3, as played; 0: it does not say */
    bool endless;               /* an Ogg file whose last page is not marked as the last */
};

/* Look into the file on fd and go back to its first byte. False if it is empty or cannot
 * be read. */
bool sniff(int fd, struct sniff *s);

#endif
