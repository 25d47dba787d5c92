/* base: random numbers, threads, allocation
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <xxhash.h>

#include "base/budget.h"
#include "base/die.h"
#include "base/hash.h"
#include "base/machine.h"
#include "base/mem.h"
#include "base/par.h"
#include "base/repeats.h"
#include "base/rng.h"

/* The status that act(state) ends a process of its own with; -1 for a signal, 99 if it returns. */
static int status_of(void (*act)(void *), void *state)
{
    fflush(NULL);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        int null = open("/dev/null", O_WRONLY);
        dup2(null, STDERR_FILENO);
        act(state);
        _exit(99);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* ---- rng ---- */

/* Random123 1.14, tests/kat_vectors: "philox4x32 10", counter, key, output. */
static void test_philox(void **state)
{
    (void)state;
    static const uint32_t known[3][10] = {
        { 0, 0, 0, 0, 0, 0, 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8 },
        { 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff,
          0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd },
        { 0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xa4093822, 0x299f31d0,
          0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1 },
    };
    for (int i = 0; i < 3; i++) {
        const uint32_t *k = known[i];
        struct rng r;
        rng_init(&r, (uint64_t)k[5] << 32 | k[4], (uint64_t)k[3] << 32 | k[2]);
        rng_seek(&r, (uint64_t)k[1] << 32 | k[0]);
        for (int j = 0; j < 4; j++)
            assert_int_equal(rng_u32(&r), k[6 + j]);
    }
}

static void test_seek(void **state)
{
    (void)state;
    struct rng a, b;
    rng_init(&a, 7, 3);
    rng_init(&b, 7, 3);
    for (int i = 0; i < 40; i++)
        rng_u32(&a);
    rng_seek(&b, 10);
    for (int i = 0; i < 9; i++)
        assert_int_equal(rng_u32(&a), rng_u32(&b));
    uint64_t low = rng_u32(&a);
    low |= (uint64_t)rng_u32(&a) << 32;
    assert_true(rng_u64(&b) == low);
    rng_init(&a, 7, 4);
    rng_init(&b, 7, 4);
    rng_normal(&b);             /* leaves a spare, which seek forgets */
    rng_seek(&b, 0);
    assert_true(rng_normal(&a) == rng_normal(&b));
    rng_init(&a, 7, 4);
    rng_init(&b, 8, 3);
    assert_true(rng_u64(&a) != rng_u64(&b));
}

/* Means of powers within five standard errors. */
static void test_distributions(void **state)
{
    (void)state;
    enum { N = 200000 };
    struct rng r;
    double u1 = 0, u2 = 0, n1 = 0, n2 = 0, n3 = 0, n4 = 0;
    rng_init(&r, 1, 0);
    for (int i = 0; i < N; i++) {
        double u = rng_uniform(&r), z = rng_normal(&r);
        assert_true(u >= 0 && u < 1 && isfinite(z));
        u1 += u;
        u2 += u * u;
        n1 += z;
        n2 += z * z;
        n3 += z * z * z;
        n4 += z * z * z * z;
    }
    double se = 5 / sqrt(N);
    assert_true(fabs(u1 / N - 0.5) < se * sqrt(1 / 12.0));
    assert_true(fabs(u2 / N - 1 / 3.0) < se * sqrt(4 / 45.0));
    assert_true(fabs(n1 / N) < se);
    assert_true(fabs(n2 / N - 1) < se * sqrt(2));
    assert_true(fabs(n3 / N) < se * sqrt(15));
    assert_true(fabs(n4 / N - 3) < se * sqrt(96));
}

static void test_below(void **state)
{
    (void)state;
    struct rng r;
    rng_init(&r, 2, 0);
    assert_true(rng_below(&r, 1) == 0);
    unsigned count[7] = { 0 };
    for (int i = 0; i < 70000; i++)
        count[rng_below(&r, 7)]++;
    double chi = 0;
    for (int i = 0; i < 7; i++)
        chi += ((double)count[i] - 10000) * ((double)count[i] - 10000) / 10000;
    assert_true(chi < 27.9 && chi > 0.1);       /* 6 degrees of freedom: 0.9999 and 1e-6 quantile */
    /* For 3/4 of 2^64 a remainder would give the lowest third double weight, and a product
     * whose bias is not rejected every third value. */
    uint64_t n = (uint64_t)3 << 62;
    int low = 0, third = 0;
    for (int i = 0; i < 30000; i++) {
        uint64_t v = rng_below(&r, n);
        assert_true(v < n);
        low += v < (uint64_t)1 << 62;
        third += v % 3 == 0;
    }
    assert_true(abs(low - 10000) < 5 * 82 && abs(third - 10000) < 5 * 82);
}

static void test_shuffle(void **state)
{
    (void)state;
    struct rng r;
    unsigned count[6] = { 0 };
    rng_init(&r, 3, 0);
    for (int i = 0; i < 60000; i++) {
        size_t p[3] = { 0, 1, 2 };
        rng_shuffle(&r, p, 3);
        assert_true(p[0] + p[1] + p[2] == 3 && p[0] != p[1] && p[1] != p[2] && p[0] != p[2]);
        count[2 * p[0] + (p[1] > p[2])]++;
    }
    double chi = 0;
    for (int i = 0; i < 6; i++)
        chi += ((double)count[i] - 10000) * ((double)count[i] - 10000) / 10000;
    assert_true(chi < 25.8);                    /* 5 degrees of freedom, 0.9999 */
    rng_shuffle(&r, NULL, 0);
}

/* ---- par ---- */

enum { BLOCKS = 1000 };
static unsigned done[BLOCKS];
static double part[BLOCKS];
static int highest[BLOCKS];

static void work(size_t b, void *state)
{
    assert_ptr_equal(state, done);
    done[b]++;
    highest[b] = par_worker();
    double sum = 0;
    for (size_t i = par_begin(b, 7); i < par_end(b, 7, 6997); i++)
        sum += 1 / (double)(i + 1);
    part[b] = sum;
}

static void test_par(void **state)
{
    (void)state;
    double first = 0;
    assert_int_equal(par_blocks(6997, 7), BLOCKS);
    assert_int_equal(par_blocks(0, 7), 0);
    assert_int_equal(par_blocks(8, 7), 2);
    assert_int_equal(par_end(1, 7, 8), 8);
    for (int round = 0; round < 300; round++) {
        static const int jobs[] = { 1, 2, 5, 3, 1, 8 };
        par_jobs = jobs[round % 6];
        size_t blocks = round % 7 == 6 ? (size_t)round % 4 : BLOCKS;    /* none and few, too */
        memset(done, 0, sizeof done);
        par_for(blocks, work, done);
        double sum = 0;
        for (size_t b = 0; b < BLOCKS; b++) {
            assert_int_equal(done[b], b < blocks);
            if (b >= blocks)
                continue;
            assert_true(highest[b] >= 0 && highest[b] < par_jobs);
            sum += part[b];
        }
        if (!round)
            first = sum;
        if (blocks == BLOCKS)
            assert_true(sum == first);          /* to the bit */
    }
    assert_true(par_available() >= 1);
}

/* ---- mem ---- */

static void too_many(void *p) { mem_new(SIZE_MAX / 4, *(size_t *)p); }
static void too_large(void *p) { mem_aligned(PTRDIFF_MAX, *(size_t *)p); }
static void needs(void *p) { budget_need(*(double *)p, "it"); }

static void test_mem(void **state)
{
    (void)state;
    size_t size = 8, one = 1;
    assert_int_equal(status_of(too_many, &size), ST_MEMORY);
    assert_int_equal(status_of(too_large, &one), ST_MEMORY);
    assert_int_equal(mem_mul(0, SIZE_MAX), 0);
    mem_limit = 1000;
    double bytes = 1000, more = 1001;
    assert_int_equal(status_of(needs, &bytes), 99);
    assert_int_equal(status_of(needs, &more), ST_MEMORY);
    mem_limit = 0;
    assert_int_equal(status_of(needs, &more), 99);
    int *list = NULL;
    size_t cap = 0;
    for (size_t n = 0; n < 1000; n++) {
        mem_grow(&list, &cap, n + 1, sizeof *list);
        assert_true(cap > n);
        list[n] = (int)n;
    }
    for (int i = 0; i < 1000; i++)
        assert_int_equal(list[i], i);
    free(list);
    for (size_t n = 0; n < 200; n += 7) {
        char *p = mem_aligned(n, 1);
        assert_int_equal((uintptr_t)p % 64, 0);
        free(p);
    }
    for (size_t n = 1; n < 30 << 20; n = 3 * n + 1) {       /* zeros, also where the memory was used before */
        char *used = mem_aligned(n, 1);
        memset(used, 1, n);
        free(used);
        char *p = mem_aligned_zero(n, 1);
        for (size_t i = 0; i < n; i++)
            assert_int_equal(p[i], 0);
        assert_int_equal((uintptr_t)p % 64, 0);
        free(p);
    }
    char *text = mem_text("ab\0c", 4);
    assert_memory_equal(text, "ab\0c", 5);
    free(text);
    free(mem_new(0, 8));
}

static void test_hash(void **unused)
{
    (void)unused;
    assert_int_equal(hash_bytes("rock", 4), hash_bytes("rock", 4));
    assert_int_not_equal(hash_bytes("rock", 4), XXH3_64bits("rock", 4));   /* seeded: nobody knows it before */
    assert_int_not_equal(hash_seed(), 0);
}

/* ---- repeats ---- */

/* Each of n numbers once, then with one of them again, at any place; numbers whose top bits are the same, and 0. */
static void test_repeats(void **state)
{
    (void)state;
    static const size_t sizes[] = { 0, 1, 2, 3, 511, 512, 513, 5000, 100000 };
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        for (unsigned kind = 0; kind < 3; kind++) {
            struct repeats r = { 0 };
            size_t n = kind && sizes[s] > 5000 ? 5000 : sizes[s];       /* those of one part */
            for (size_t i = 0; i < n; i++)
                repeats_add(&r, kind == 0 ? (i + 1) * 0x9E3779B97F4A7C15u : kind == 1 ? i * 0x10001 + 2 : ~(uint64_t)i << 20);
            assert_false(repeats_any(&r));
            assert_false(repeats_any(&r));          /* sorted, it says the same */
            for (size_t i = 0; n && i < 3; i++) {
                uint64_t again = r.v[i * (n - 1) / 2];
                repeats_add(&r, again);
                assert_true(repeats_any(&r));
                size_t at = 0;
                while (r.v[at] != again)
                    at++;
                r.v[at] = r.v[--r.n];
                assert_false(repeats_any(&r));
            }
            free(r.v);
        }
    }
    struct repeats zero = { 0 };
    repeats_add(&zero, 0);
    assert_false(repeats_any(&zero));
    repeats_add(&zero, 0);
    assert_true(repeats_any(&zero));
    free(zero.v);
}

/* ---- machine ---- */

static char root[] = "/tmp/songpipe-base-XXXXXX";

static void put(const char *name, const char *text)
{
    char path[200];
    snprintf(path, sizeof path, "%s/%s", root, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static size_t limit_of(const char *list)
{
    char path[200];
    put("list", list);
    snprintf(path, sizeof path, "%s/list", root);
    return machine_group_limit(path, root);
}

/* Control groups as Linux shows them: of version 2, one list entry; of version 1, one for each controller. */
static void test_groups(void **state)
{
    (void)state;
    char command[400];
    assert_non_null(mkdtemp(root));
    snprintf(command, sizeof command, "mkdir -p %s/user/job %s/memory/docker/abc %s/free", root, root, root);
    assert_int_equal(system(command), 0);
    assert_true(limit_of("0::/user/job\n") == SIZE_MAX);            /* no files: no limits */
    put("user/job/memory.max", "1073741824\n");
    assert_int_equal(limit_of("0::/user/job\n"), 1 << 30);
    put("user/memory.max", "536870912\n");                          /* the group around it has less */
    assert_int_equal(limit_of("0::/user/job\n"), 1 << 29);
    put("user/memory.max", "max\n");
    assert_int_equal(limit_of("0::/user/job\n"), 1 << 30);
    assert_true(limit_of("0::/free\n") == SIZE_MAX);
    put("memory.max", "268435456\n");                               /* in a namespace of its own, it is the root */
    assert_int_equal(limit_of("0::/\n"), 1 << 28);
    assert_int_equal(limit_of("0::/user/job\n"), 1 << 28);
    put("memory.max", "max\n");
    put("memory/docker/abc/memory.limit_in_bytes", "2147483648\n");
    put("memory/memory.limit_in_bytes", "9223372036854771712\n");
    assert_true(limit_of("5:cpu:/docker/abc\n4:memory:/docker/abc\n0::/free\n") == (size_t)1 << 31);
    assert_true(limit_of("4:cpu:/docker/abc\n") == SIZE_MAX);
    assert_true(limit_of("4:memory:/not/there\n") == 9223372036854771712u);      /* another's path: the root is ours */
    assert_true(limit_of("no list\n::\n\n") == SIZE_MAX);
    assert_true(machine_group_limit("/no/such/list", root) == SIZE_MAX);
    snprintf(command, sizeof command, "rm -r %s", root);
    assert_int_equal(system(command), 0);
    const char *of;
    assert_true(machine_memory(&of) > 1 << 20);
    assert_true(machine_maps(1 << 20));
    assert_false(machine_maps((size_t)1 << 60));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_philox), cmocka_unit_test(test_seek), cmocka_unit_test(test_distributions),
        cmocka_unit_test(test_below), cmocka_unit_test(test_shuffle), cmocka_unit_test(test_par),
        cmocka_unit_test(test_mem), cmocka_unit_test(test_hash), cmocka_unit_test(test_groups),
        cmocka_unit_test(test_repeats),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
