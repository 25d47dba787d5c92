/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "stream/classes.h"

#include <math.h>
#include <stdio.h>

size_t classes_add(struct names *names, const struct value *v)
{
    char text[40];
    int n;
    double number = v->type == V_INT ? (double)v->i : v->type == V_FLOAT ? v->f : 0;
    switch (v->type) {
    case V_STR:
        return names_add(names, v->s.p, v->s.n, false, 0);
    case V_BOOL:
        return names_add(names, v->b ? "true" : "false", v->b ? 4 : 5, false, 0);
    case V_INT:
        n = snprintf(text, sizeof text, "%lld", (long long)v->i);
        break;
    case V_FLOAT:
        if (!isfinite(v->f))
            return SIZE_MAX;
        n = v->f == floor(v->f) && fabs(v->f) < 0x1p53 ? snprintf(text, sizeof text, "%lld", (long long)v->f)
                                                       : snprintf(text, sizeof text, "%.17g", v->f);
        break;
    default:
        return SIZE_MAX;
    }
    return names_add(names, text, (size_t)n, true, number);
}
