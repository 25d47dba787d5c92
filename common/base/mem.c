/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _DEFAULT_SOURCE         /* madvise */
#include "base/mem.h"

#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/die.h"
#include "base/machine.h"

enum { HUGE_PAGE = 2 << 20, OFTEN = 1 << 20 };

size_t mem_limit;

size_t mem_allowed(void)
{
    const char *of;
    return mem_limit ? mem_limit : machine_memory(&of) / 2;
}

/* Hold the process, with `bytes` more, against the limit. */
static void account(size_t bytes)
{
    static _Thread_local size_t asked;
    if (bytes < OFTEN && (asked += bytes) < OFTEN)
        return;
    size_t limit = mem_allowed();
    if (bytes < OFTEN && asked < limit / 64)
        return;
    asked = 0;
    struct mallinfo2 now = mallinfo2();
    size_t held = now.uordblks + now.hblkhd;
    const char *of;
    machine_memory(&of);
    if (bytes > limit + MEM_OWN || held + bytes > limit + MEM_OWN)
        die(ST_MEMORY, "not enough memory: %.1f MiB more than the %.1f MiB held are needed, %s%s is %.1f MiB",
            (double)bytes / 1048576, (double)held / 1048576, mem_limit ? "" : "half of ",
            mem_limit ? "--max-memory" : of, (double)limit / 1048576);
}

void mem_room(size_t bytes, const char *what)
{
    if (!machine_maps(bytes))
        die(ST_MEMORY, "no memory for %s: the process may not have %.0f MiB more of addresses (see ulimit -v)", what,
            (double)bytes / 1048576);
}

size_t mem_mul(size_t a, size_t b)
{
    size_t bytes;
    if (__builtin_mul_overflow(a, b, &bytes) || bytes > PTRDIFF_MAX)
        die(ST_MEMORY, "%zu items of %zu bytes do not fit in memory", a, b);
    return bytes;
}

static void *checked(void *p, size_t bytes)
{
    if (!p)
        die(ST_MEMORY, "no memory for %zu bytes", bytes);
    return p;
}

void *mem_new(size_t n, size_t size)
{
    size_t bytes = mem_mul(n, size);
    account(bytes);
    return checked(malloc(bytes ? bytes : 1), bytes);
}

void *mem_zero(size_t n, size_t size)
{
    size_t bytes = mem_mul(n, size);
    account(bytes);
    return checked(calloc(bytes ? bytes : 1, 1), bytes);
}

void *mem_aligned(size_t n, size_t size)
{
    size_t bytes = mem_mul(n, size);
    size_t unit = bytes < HUGE_PAGE ? 64 : HUGE_PAGE, whole;
    if (bytes > PTRDIFF_MAX - unit)
        die(ST_MEMORY, "%zu bytes do not fit in memory", bytes);
    whole = (bytes + unit) / unit * unit;
    account(whole);
    void *p = checked(aligned_alloc(unit, whole), whole);
    if (unit == HUGE_PAGE)
        madvise(p, bytes / unit * unit, MADV_HUGEPAGE);         /* fewer faults and misses; refused, it is as before */
    return p;
}

void *mem_aligned_zero(size_t n, size_t size)
{
    size_t bytes = mem_mul(n, size), given_back = bytes / HUGE_PAGE * HUGE_PAGE;
    char *p = mem_aligned(n, size);
    if (given_back && madvise(p, given_back, MADV_DONTNEED) != 0)       /* these pages come back as zeros */
        given_back = 0;
    memset(p + given_back, 0, bytes - given_back);
    return p;
}

void *mem_resize(void *p, size_t n, size_t size)
{
    size_t bytes = mem_mul(n, size);
    size_t had = p ? malloc_usable_size(p) : 0;
    account(bytes > had ? bytes - had : 0);
    return checked(realloc(p, bytes ? bytes : 1), bytes);
}

void mem_grow(void *p, size_t *cap, size_t need, size_t size)
{
    if (need <= *cap)
        return;
    size_t n = *cap < 16 ? 16 : *cap;
    while (n < need)
        n = n > SIZE_MAX / 2 ? need : 2 * n;
    void *grown;                            /* p is the address of some pointer */
    memcpy(&grown, p, sizeof grown);
    grown = mem_resize(grown, n, size);
    memcpy(p, &grown, sizeof grown);
    *cap = n;
}

char *mem_text(const char *s, size_t n)
{
    char *copy = mem_new(n + 1, 1);
    memcpy(copy, s, n);
    copy[n] = '\0';
    return copy;
}
