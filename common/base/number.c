/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/number.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* |x| = 0.d1 d2 … dn times 10 to the `point`. */
struct decimal { char digits[20]; int n, point; };

/* Write it as Python does: 0.0001 to 9999999999999999 in full, else with an exponent. */
static size_t lay_out(char *to, bool negative, struct decimal *d)
{
    char *p = to;
    while (d->n > 1 && d->digits[d->n - 1] == '0')
        d->n--;
    if (negative)
        *p++ = '-';
    if (d->point < -3 || d->point > 16) {
        *p++ = d->digits[0];
        if (d->n > 1)
            *p++ = '.';
        memcpy(p, d->digits + 1, (size_t)d->n - 1);
        p += d->n - 1;
        p += sprintf(p, "e%+03d", d->point - 1);
    } else {
        int i = 0;
        if (d->point <= 0)
            *p++ = '0';
        for (; i < d->point; i++)
            *p++ = i < d->n ? d->digits[i] : '0';
        if (i < d->n)
            *p++ = '.';
        for (int zeros = d->point; zeros < 0; zeros++)
            *p++ = '0';
        for (; i < d->n; i++)
            *p++ = d->digits[i];
    }
    *p = '\0';
    return (size_t)(p - to);
}

static bool zero(char *to, double x, size_t *n)
{
    if (x != 0)
        return false;
    *n = signbit(x) ? 2 : 1;
    memcpy(to, signbit(x) ? "-0" : "0", *n + 1);
    return true;
}

/* By the library: all digits of |x| to `digits` places. The text is in the "C" locale. */
static void exact(struct decimal *d, double x, int digits)
{
    char text[40];
    snprintf(text, sizeof text, "%.*e", digits - 1, fabs(x));
    d->digits[0] = text[0];
    memcpy(d->digits + 1, text + 2, (size_t)digits - 1);
    d->n = digits;
    d->point = atoi(strchr(text, 'e') + 1) + 1;
}

/* |x| to so many digits, as a double; what strtod reads. */
static double value(const struct decimal *d, float *single)
{
    char text[48];
    snprintf(text, sizeof text, "0.%.*se%d", d->n, d->digits, d->point);
    if (single)
        *single = strtof(text, NULL);
    return single ? 0 : strtod(text, NULL);
}

static const double power[] = { 1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13,
                                1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22 };

/* floor(log10(a)) + 1 of a normal float; next to a power of ten it may be one too high. */
static int place_of(double a)
{
    uint64_t bits;
    memcpy(&bits, &a, sizeof bits);
    int place = (((int)(bits >> 52) - 1023) * 1233 >> 12) + 1;         /* of 2^e: log10(2) = 1233 / 4096 */
    return place + (place >= 0 ? a >= power[place] : a * power[-place] >= 1);
}

enum { NO, YES, UNSURE };

/* Whether a, rounded to n digits of which `place` stand before the point, is read as a again; then *whole has them. */
static int reads_back(double a, int n, int place, double *whole)
{
    int k = n - place;
    double scaled = k >= 0 ? a * power[k] : a / power[-k];
    *whole = rint(scaled);
    double back = k >= 0 ? *whole / power[k] : *whole * power[-k];
    uint64_t bits;
    memcpy(&bits, &back, sizeof bits);
    if (fabs(fabs(scaled - *whole) - 0.5) < 1e-6 || (bits & 0x1fffffff) == 0x10000000)
        return UNSURE;
    return (double)(float)back == a ? YES : NO;
}

/* The same for floats of common size, in double arithmetic. Of 24 bits and 10^k (k <= 22),
 * both exact, product and quotient have one rounding of 2^-53: enough to tell the digits
 * unless they end next to a half, and to tell the nearest float unless the decimal lies
 * next to the middle of two. Then (false) `exact` decides. What n digits give back, n + 1
 * do, too, and most floats need 8 or 9: the search for the fewest begins there. */
static bool fast(struct decimal *d, float x)
{
    double a = fabs((double)x), whole = 0, fewer;
    int place = place_of(a), n = FLT_DECIMAL_DIG - 1, is = reads_back(a, n, place, &whole);
    if (is == NO)
        is = reads_back(a, ++n, place, &whole);
    else
        for (int less; is == YES && n > FLT_DIG && (less = reads_back(a, n - 1, place, &fewer)) != NO; n--) {
            is = less;
            whole = fewer;
        }
    if (is != YES)
        return false;
    uint32_t m = (uint32_t)whole;
    d->n = n;
    d->point = place;
    if (whole >= power[n]) {            /* rounded up to 1000… */
        d->n = n + 1;
        d->point = place + 1;
    }
    for (int i = d->n; i-- > 0; m /= 10)
        d->digits[i] = (char)('0' + m % 10);
    return d->digits[0] != '0';         /* the place was too high */
}

/* Of a normal number, 6 (15) digits give any decimal of so few digits back, so the search
 * may begin there: zeros at the end are left off. */

size_t number_f32(char to[NUMBER_MOST], float x)
{
    struct decimal d;
    size_t n;
    float back;
    if (zero(to, (double)x, &n))
        return n;
    if (fabsf(x) > 1e-12f && fabsf(x) < 1e20f && fast(&d, x))
        return lay_out(to, signbit(x), &d);
    for (int digits = fabsf(x) < FLT_MIN ? 1 : FLT_DIG; digits <= FLT_DECIMAL_DIG; digits++) {
        exact(&d, (double)x, digits);
        value(&d, &back);
        if (back == fabsf(x))
            break;
    }
    return lay_out(to, signbit(x), &d);
}

size_t number_f64(char to[NUMBER_MOST], double x)
{
    struct decimal d;
    size_t n;
    if (zero(to, x, &n))
        return n;
    for (int digits = fabs(x) < DBL_MIN ? 1 : DBL_DIG; digits <= DBL_DECIMAL_DIG; digits++) {
        exact(&d, x, digits);
        if (value(&d, NULL) == fabs(x))
            break;
    }
    return lay_out(to, signbit(x), &d);
}
