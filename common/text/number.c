/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "text/number.h"

#include <stdio.h>
#include <stdlib.h>

size_t number_f32(char to[NUMBER_MOST], float x)
{
    int n = 0;
    for (int digits = 6; digits <= 9; digits++) {
        n = snprintf(to, NUMBER_MOST, "%.*g", digits, (double)x);
        if (strtof(to, NULL) == x)
            break;
    }
    return (size_t)n;
}

size_t number_f64(char to[NUMBER_MOST], double x)
{
    int n = 0;
    for (int digits = 15; digits <= 17; digits++) {
        n = snprintf(to, NUMBER_MOST, "%.*g", digits, x);
        if (strtod(to, NULL) == x)
            break;
    }
    return (size_t)n;
}
