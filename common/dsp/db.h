/* db - power in decibels, as librosa.power_to_db 0.11 has it
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DSP_DB_H
#define DSP_DB_H

#include <stddef.h>

/* x[n] becomes 10 log10(max(amin, x)), off by at most 1.2e-7 of the value and 3e-7 dB:
 * what the C library's log10f in float gives, at an eighth of its cost. amin: a normal
 * float above 0. x must be finite. */
void db_power(float *x, size_t n, float amin);

#endif
