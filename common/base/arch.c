/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _DEFAULT_SOURCE         /* syscall */
#include "base/arch.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#ifdef __x86_64__
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>

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

/* AMX_TILE and AMX_BF16 are bits of edx of leaf 7. Linux keeps the tiles' memory for who has asked for it. */
static bool has_amx(void)
{
    enum { TILE = 1 << 24, BF16 = 1 << 22, ARCH_REQ_XCOMP_PERM = 0x1023, TILE_DATA = 18 };
    unsigned a, b, c, d;
    return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (d & TILE) && (d & BF16) &&
           syscall(SYS_arch_prctl, ARCH_REQ_XCOMP_PERM, TILE_DATA) == 0;
}

static enum arch_bf16 machine_bf16(void)
{
    __builtin_cpu_init();
    if (!__builtin_cpu_supports("avx512bf16"))
        return ARCH_BF16_NONE;
    return has_amx() ? ARCH_BF16_AMX : ARCH_BF16_AVX512;
}
#else
static int machine_level(void) { return 0; }
static enum arch_bf16 machine_bf16(void) { return ARCH_BF16_NONE; }
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

enum arch_bf16 arch_bf16(void)
{
    static int has = -1;
    if (has < 0)
        has = arch_level() == 3 ? (int)machine_bf16() : ARCH_BF16_NONE;
    return (enum arch_bf16)has;
}
