/* each - every song with its own silhouette and the other cluster that is nearest to it
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DRIVE_EACH_H
#define DRIVE_EACH_H

#include "stream/rec.h"

/* Write the records of in (opened with twice) to out with the fields silhouette and next_cluster, nil without a vector
 * `input`, without a `cluster`, or if that is noise (-1), and where the silhouette is not defined. Returns the exit
 * status. */
int each_silhouette(struct rec_in *in, struct rec_out *out, const char *input, const char *cluster, bool cosine);

#endif
