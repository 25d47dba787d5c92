/* arch - what the processor can do, as far as the kernels differ by it
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef BASE_ARCH_H
#define BASE_ARCH_H

/* On x86-64 the rooms that compute are compiled for several levels of the processor, and each
 * of their functions is chosen when the program starts (common/levels, HACKING.md): by the
 * level that this returns, 0 for any x86-64, 1 to 3 for x86-64-v2, -v3 (AVX2) and -v4
 * (AVX-512). SONGPIPE_ARCH=v1, v2 or v3 in the environment holds it down, for tests. Always the
 * same in one run; elsewhere 0. */
int arch_level(void);

/* What the processor, held down as above, has for products of bf16: nothing, AVX512-BF16, or AMX-BF16, which the
 * system must grant and does for all threads. To be asked first before there are threads. */
enum arch_bf16 { ARCH_BF16_NONE, ARCH_BF16_AVX512, ARCH_BF16_AMX };
enum arch_bf16 arch_bf16(void);

#endif
