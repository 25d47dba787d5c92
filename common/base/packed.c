/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/packed.h"

#include <string.h>

const char *packed_how(const void *p, size_t n)
{
    static const struct { const char *begin; size_t n; const char *how; } known[] = {
        { "\x1f\x8b", 2, "gzip data: zcat" }, { "\x28\xb5\x2f\xfd", 4, "zstd data: zstd -dc" },
        { "\xfd" "7zXZ", 5, "xz data: xzcat" }, { "BZh", 3, "bzip2 data: bzcat" }, { "PK\3\4", 4, "a zip archive: unzip -p" },
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (n > known[i].n && memcmp(p, known[i].begin, known[i].n) == 0)
            return known[i].how;
    return NULL;
}

void packed_refuse(const void *p, size_t n, const char *name, bool beside, enum status status)
{
    static const char office[] = "[Content_Types].xml";         /* the first name in a .xlsx or .docx */
    if (n > 30 + strlen(office) && memcmp(p, "PK\3\4", 4) == 0 && memcmp((const char *)p + 30, office, strlen(office)) == 0)
        die(status, "%s: a spreadsheet or document of an office program: save it as CSV there", name);
    const char *how = packed_how(p, n);
    if (n > 11 && memcmp(p, "\x93\xd7" "HSONGPIPE", 11) == 0)
        die(status, "%s: a songpipe stream already: to-csv, to-json or to-npy make other files of it", name);
    static const char *const sounds[] = { "ID3", "fLaC", "OggS", "RIFF", "\xff\xfb", "\xff\xf3", "\xff\xfa", "\xff\xf2" };
    for (size_t i = 0; i < sizeof sounds / sizeof *sounds; i++)
        if (n > 8 && memcmp(p, sounds[i], strlen(sounds[i])) == 0)
            die(status, "%s: sound: tracks FILE | decode makes a stream of it", name);
    if (how && beside)
        die(status, "%s: %s FILE > NEW, and give that", name, how);
    if (how)
        die(status, "%s: %s FILE | %s ...", name, how, die_name);
}
