/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "audio/suffix.h"

#include <stddef.h>
#include <strings.h>

static const char *const suffixes[] = {
    "8svx", "aac", "aif", "aifc", "aiff", "aiffc", "amb", "amr", "au", "avr", "awb", "bwf", "caf", "fap",
    "flac", "hcom", "ircam", "m4a", "m4b", "maud", "mp1", "mp2", "mp3", "mpga", "nist", "oga", "ogg", "opus",
    "paf", "pvf", "rf64", "sds", "sf", "snd", "sndt", "sph", "svx", "txw", "voc", "w64", "wav", "wave", "wma",
    "wv", "wve",
};

bool suffix_is_audio(const char *suffix)
{
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++)
        if (strcasecmp(suffix, suffixes[i]) == 0)
            return true;
    return false;
}
