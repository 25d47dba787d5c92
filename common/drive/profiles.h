/* profiles - a record for each cluster: what stands for it
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DRIVE_PROFILES_H
#define DRIVE_PROFILES_H

#include "drive/scores.h"

struct profiles {
    const char *input;              /* the field of the vectors, and the names of its columns or NULL */
    const struct columns *columns;
    bool cosine, no_silhouette;
};

/* Write a record for each cluster of s, which was read with ids and is through scored_noise: its
 * name as id and cluster, size, share, silhouette, distance from the centre, medoid, top columns,
 * and the majority of each truth. */
void profiles_write(const struct profiles *how, const struct scored *s, struct scores *to, struct rec_out *out);

#endif
