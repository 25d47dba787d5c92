/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drive/tag_fields.h"

#include <stdlib.h>
#include <string.h>

#include "audio/tags.h"
#include "base/die.h"
#include "base/progress.h"

void tag_fields(struct rec *r, const char *path, const struct fence_limits *limits)
{
    struct tags tags;
    char why[FENCE_WHY];
    enum tags_got got = tags_read(path, limits, &tags, why);
    if (got == TAGS_LACK)
        die(ST_STOPPED, "%s: %s", path, why);
    if (got == TAGS_BROKEN && !progress_quiet)
        warn("%s: no tags: %s", path, why);
    for (int i = 0; i < TAG_COUNT; i++) {
        if (rec_find(r, tag_names[i]))
            continue;                   /* a label or a column says it */
        if (!tags.text[i][0])
            rec_set_nil(r, tag_names[i]);
        else if (i == TAG_YEAR)
            rec_set_int(r, tag_names[i], strtol(tags.text[i], NULL, 10));
        else
            rec_set_str(r, tag_names[i], tags.text[i], strlen(tags.text[i]));
    }
}
