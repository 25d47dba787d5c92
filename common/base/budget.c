/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/budget.h"

#include "base/die.h"

size_t budget_limit = 0;

void budget_need(double bytes, const char *what)
{
    if (budget_limit && bytes > (double)budget_limit)
        die(ST_MEMORY, "%s needs %.1f MiB, more than --max-memory (%.1f MiB)", what, bytes / 1048576,
            (double)budget_limit / 1048576);
}
