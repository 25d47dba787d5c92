/* half - numbers of 16 bits (IEEE 754 binary16) as floats, without the compiler's own type for them,
 * which few know
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef BASE_HALF_H
#define BASE_HALF_H

#include <stdint.h>
#include <string.h>

/* The float of the same value; exact. A NaN stays one and becomes quiet. */
static inline float half_to_float(uint16_t half)
{
    uint32_t sign = (uint32_t)(half & 0x8000) << 16, bits = (uint32_t)(half & 0x7fff) << 13;
    float x;
    if ((half & 0x7c00) == 0x7c00) {            /* infinity, or NaN */
        bits |= 0x7f800000 | (bits & 0x007fe000 ? 0x00400000 : 0);
        bits |= sign;
        memcpy(&x, &bits, sizeof x);
        return x;
    }
    memcpy(&x, &bits, sizeof x);
    x *= 0x1p112f;                              /* the difference of the exponents' biases; subnormal ones, too */
    return sign ? -x : x;
}

#endif
