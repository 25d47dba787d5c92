/* half - numbers of 16 bits (IEEE 754 binary16, and bf16) without the compiler's own types for them,
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

/* The nearest bf16, which is the upper half of a float; of two as near the even one. From 2^128 - 2^119 on it is
 * infinite; a NaN stays one and becomes quiet; subnormal ones are rounded as all others. */
static inline uint16_t bf16_from_float(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    uint32_t near = (bits + 0x7fff + (bits >> 16 & 1)) >> 16, nan = bits >> 16 | 0x0040;
    return (uint16_t)((bits & 0x7fffffff) > 0x7f800000 ? nan : near);
}

#endif
