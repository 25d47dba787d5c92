/* settings - what a run that is resumed must share with the one before
 *
 * A packed map: `rows`, each option as the history tells it (choices in words) but those that
 * may change, and `data`, the hash of all parts of the input.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DRIVE_SETTINGS_H
#define DRIVE_SETTINGS_H

#include "stream/rec.h"

/* Those of this run, packed at the end of map: the data of all ranks (base/world), which all call it. --epochs, --on-error and
 * --no-history may change. */
void settings_pack(const struct prog *prog, size_t rows, const struct rec_in *in, struct msg_buf *map);

/* End with ST_USAGE and name the first setting in which the two differ; false if `then` (of the
 * file at path) is no such map. */
bool settings_compare(const char *path, const struct msg_buf *now, const struct msg_buf *then);

#endif
