/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/budget.h"

#include "base/die.h"

void budget_need(double bytes, const char *what)
{
    if (mem_limit && bytes > (double)mem_limit)
        die(ST_MEMORY, "not enough memory for %s: %.1f MiB needed, --max-memory is %.1f MiB", what, bytes / 1048576,
            (double)mem_limit / 1048576);
}
