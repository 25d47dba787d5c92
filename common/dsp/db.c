/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dsp/db.h"

#include <stdint.h>
#include <string.h>

/* x = m 2^e with m in sqrt(1/2) ... sqrt(2); ln m = 2 artanh(s), s = (m - 1) / (m + 1), is
 * s (2 + s^2 (2/3 + s^2 (2/5 + ...))): |s| < 0.1716, so that the first term left out,
 * 2/13 s^13, is below 2e-11. 10 log10(2) is cut in two, the first half so short that
 * its product with e is exact. The loop has no branch: compilers make vectors of it. */
void db_power(float *restrict x, size_t n, float amin)
{
    const float high = 3.01025390625f, low = 4.60503898e-05f, tens = 4.34294482f;
    for (size_t i = 0; i < n; i++) {
        float v = x[i] < amin ? amin : x[i];
        uint32_t bits;
        memcpy(&bits, &v, sizeof bits);
        bits -= 0x3f3504f3;             /* sqrt(1/2) */
        float e = (float)((int32_t)bits >> 23);
        bits = (bits & 0x7fffff) + 0x3f3504f3;
        float m;
        memcpy(&m, &bits, sizeof m);
        float s = (m - 1) / (m + 1), q = s * s;
        float p = 0.4f + q * (0.285714298f + q * (0.222222224f + q * 0.181818187f));
        float ln = s * (2 + q * (0.666666687f + q * p));
        x[i] = e * high + (e * low + ln * tens);
    }
}
