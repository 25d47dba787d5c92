/* suffix - how the names of audio files end
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef AUDIO_SUFFIX_H
#define AUDIO_SUFFIX_H

#include <stdbool.h>

/* Whether files whose names end in .SUFFIX are audio, in capital letters or small: what decode reads, and
 * what it may be told to read by --command (AAC, AMR, WMA). */
bool suffix_is_audio(const char *suffix);

#endif
