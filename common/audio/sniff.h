/* sniff - what a file is by its first bytes
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef AUDIO_SNIFF_H
#define AUDIO_SNIFF_H

#include <stdbool.h>
#include <stdint.h>

enum sniff_kind { SNIFF_OTHER, SNIFF_MPEG };

struct sniff {
    enum sniff_kind kind;
    uint64_t size;              /* bytes of the file */
    uint64_t wav_samples;       /* per channel that a WAV header claims; 0: not said */
    uint64_t mpeg_samples;      /* per channel by the LAME or Xing tag, as played; 0: no tag */
};

/* Look into the file on fd and go back to its first byte. False if it is empty or cannot
 * be read. */
bool sniff(int fd, struct sniff *s);

#endif
