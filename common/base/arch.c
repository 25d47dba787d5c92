/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/arch.h"

#include <stdlib.h>
#include <string.h>

#ifdef __x86_64__
#include <cpuid.h>

/* Whether a bit is set in register c of a leaf of CPUID. */
static int has_bit(unsigned leaf, unsigned bit)
{
    unsigned a, b, c, d;
    return __get_cpuid(leaf, &a, &b, &c, &d) && (c & bit);
}

/* The psABI's levels; of AVX and its like the system must keep the registers, too, which
 * __builtin_cpu_supports asks. */
static int machine_level(void)
{
    __builtin_cpu_init();
    if (!__builtin_cpu_supports("ssse3") || !__builtin_cpu_supports("sse4.2") || !__builtin_cpu_supports("popcnt"))
        return 0;
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma") || !__builtin_cpu_supports("bmi") ||
        !__builtin_cpu_supports("bmi2") || !has_bit(1, bit_F16C) || !has_bit(1, bit_MOVBE) ||
        !has_bit(0x80000001, bit_LZCNT))
        return 1;
    if (!__builtin_cpu_supports("avx512f") || !__builtin_cpu_supports("avx512bw") ||
        !__builtin_cpu_supports("avx512cd") || !__builtin_cpu_supports("avx512dq") || !__builtin_cpu_supports("avx512vl"))
        return 2;
    return 3;
}
#else
static int machine_level(void) { return 0; }
#endif

int arch_level(void)
{
    static int level = -1;              /* set before there are threads: a constructor asks first */
    if (level < 0) {
        const char *most = getenv("SONGPIPE_ARCH");
        level = machine_level();
        if (most && strlen(most) == 2 && most[0] == 'v' && most[1] >= '1' && most[1] - '1' < level)
            level = most[1] - '1';
    }
    return level;
}
