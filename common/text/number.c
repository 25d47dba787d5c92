/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "text/number.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* Of a normal number, 6 (15) digits give all decimals of so few digits back, so the search
 * begins there: %g leaves off what is 0 of them. */

size_t number_f32(char to[NUMBER_MOST], float x)
{
    int n = 0;
    for (int digits = fabsf(x) < FLT_MIN ? 1 : FLT_DIG; digits <= FLT_DECIMAL_DIG; digits++) {
        n = snprintf(to, NUMBER_MOST, "%.*g", digits, (double)x);
        if (strtof(to, NULL) == x)
            break;
    }
    return (size_t)n;
}

size_t number_f64(char to[NUMBER_MOST], double x)
{
    int n = 0;
    for (int digits = fabs(x) < DBL_MIN ? 1 : DBL_DIG; digits <= DBL_DECIMAL_DIG; digits++) {
        n = snprintf(to, NUMBER_MOST, "%.*g", digits, x);
        if (strtod(to, NULL) == x)
            break;
    }
    return (size_t)n;
}
