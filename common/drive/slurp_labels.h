/* slurp_labels - the clusters of what was slurped, and columns that some rows lack
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DRIVE_SLURP_LABELS_H
#define DRIVE_SLURP_LABELS_H

#include "base/names.h"
#include "drive/slurp.h"

#define SLURP_NO_LABEL UINT32_MAX

/* The label `field` of each row, label[s->n], by its number in names, the caller's to free; SLURP_NO_LABEL where it is
 * nil, or -1, which is noise. A record without the field ends with ST_STOPPED. Another pass over the input. */
uint32_t *slurp_labels(struct slurp *s, const char *field, struct names *names);

/* For columns of COL_MADE: from double data[n], nil where it is NAN; */
void slurp_make_number(struct rec *r, const char *field, size_t row, const void *data);

/* from what slurp_names holds: label[n], nil for SLURP_NO_LABEL, as the stream had them. */
struct slurp_names { const struct names *names; const uint32_t *label; };
void slurp_make_label(struct rec *r, const char *field, size_t row, const void *data);

#endif
