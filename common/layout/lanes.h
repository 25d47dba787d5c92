/* lanes - places of a map in vectors of the compiler's, and what is computed of them lane by lane
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef LAYOUT_LANES_H
#define LAYOUT_LANES_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { LANES = 8 };
typedef float vec __attribute__((vector_size(LANES * sizeof(float))));
typedef int32_t ivec __attribute__((vector_size(LANES * sizeof(int32_t))));
typedef double pairs __attribute__((vector_size(LANES * sizeof(float))));

/* The places of LANES points of y[][dims], each coordinate by itself; in the plane, both of a point at once. */
__attribute__((always_inline)) static inline void gather(const float *y, const uint32_t *to, const size_t dims, vec *at)
{
    if (dims == 2) {
        double two[LANES];
        for (size_t l = 0; l < LANES; l++)
            memcpy(two + l, y + 2 * (size_t)to[l], sizeof *two);
        vec a = (vec)(pairs){ two[0], two[1], two[2], two[3] }, b = (vec)(pairs){ two[4], two[5], two[6], two[7] };
        at[0] = __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14);
        at[1] = __builtin_shufflevector(a, b, 1, 3, 5, 7, 9, 11, 13, 15);
    } else {
        for (size_t c = 0; c < dims; c++) {
            const float *v = y + c;
            at[c] = (vec){ v[dims * to[0]], v[dims * to[1]], v[dims * to[2]], v[dims * to[3]],
                           v[dims * to[4]], v[dims * to[5]], v[dims * to[6]], v[dims * to[7]] };
        }
    }
}

/* Each x within low ... high; NaN becomes low. */
__attribute__((always_inline)) static inline void lanes_clamp(vec *x, float low, float high)
{
    const vec l = low - (vec){ 0 }, h = high - (vec){ 0 };
    ivec above = *x > l, below;
    *x = (vec)((above & (ivec)*x) | (~above & (ivec)l));
    below = *x < h;
    *x = (vec)((below & (ivec)*x) | (~below & (ivec)h));
}

/* Each x to x^b, for x > 0 that are no subnormal numbers: within 2^-126 ... 2^126, to 4e-6 (1 + |b|) of it. The polynomials
 * were fitted by reweighted least squares: log2(1 + z) / z to 2e-6 of the logarithm, 2^f to 3e-6. */
__attribute__((always_inline)) static inline void lanes_power(vec *x, float b)
{
    ivec bits = (ivec)*x, e = (bits - 0x3f3504f3) >> 23;        /* x = 2^e m with m in sqrt(1/2) ... sqrt(2) */
    vec z = (vec)(bits - (e << 23)) - 1.0f;
    vec p = ((((-0.206589914f * z + 0.322154325f) * z - 0.36749025f) * z + 0.479348063f) * z - 0.721131848f) * z + 1.44271348f;
    vec t = (p * z + __builtin_convertvector(e, vec)) * b;
    lanes_clamp(&t, -126, 126);
    vec whole = t + 12582912.0f, f = t - (whole - 12582912.0f); /* rounded, as 1.5 2^23 leaves no room for fractions */
    p = (((0.00957009674f * f + 0.0559178599f) * f + 0.24024745f) * f + 0.693121815f) * f + 0.999999261f;
    *x = (vec)((ivec)p + ((ivec)whole << 23));                  /* whose last bits are those of the whole number */
}

#endif
