/* budget - how much data a filter may hold at once: --max-memory (rec_in_opts)
 *
 * For the filters and their drivers; a numeric room says what it needs, and does not check.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef BASE_BUDGET_H
#define BASE_BUDGET_H

#include "base/mem.h"

/* End with ST_MEMORY if `bytes` of data at once are more than the limit; `what` says what
 * needs them ("the distance matrix of 50000 rows"). */
void budget_need(double bytes, const char *what);

#endif
