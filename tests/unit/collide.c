/* collide: tables whose keys somebody chose so that their hashes fall together. The seed is this test's: with
 * the one that the keys were chosen for, tables are right, and slow; with any other, few probes find a key.
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "base/hash.h"
#include "base/names.h"
#include "stream/ids.c"         /* to see where its slots are */

enum { N = 2000, LOW = 4096, LONG = 24 };
#define KNOWN 0x1234567890abcdefu

/* In place of base/hash: a seed that can be known. */
static uint64_t seed;
uint64_t hash_seed(void) { return seed; }
uint64_t hash_bytes(const void *p, size_t n) { return XXH3_64bits_withSeed(p, n, seed); }

static uint64_t low_64(const char *p, size_t n) { return XXH3_64bits_withSeed(p, n, KNOWN); }
static uint64_t low_128(const char *p, size_t n) { return XXH3_128bits_withSeed(p, n, KNOWN).low64; }

/* N keys whose hashes by KNOWN end in twelve zeros: home is slot 0 of every table up to LOW slots. */
static void choose(char (*key)[LONG], uint64_t (*hash)(const char *p, size_t n))
{
    size_t found = 0;
    for (uint64_t i = 0; found < N; i++) {
        int n = snprintf(key[found], LONG, "song %llu", (unsigned long long)i);
        found += hash(key[found], (size_t)n) % LOW == 0;
    }
}

/* Slots from a key's home to where it is, both counted. */
static size_t steps(size_t home, size_t at, size_t size)
{
    return ((at - home) & (size - 1)) + 1;
}

static size_t fill_names(char (*key)[LONG])
{
    struct names c = { 0 };
    size_t probes = 0;
    for (size_t i = 0; i < N; i++)
        assert_int_equal(names_add(&c, key[i], strlen(key[i]), NAME_TEXT, 0), i);
    for (size_t i = 0; i < N; i++) {
        assert_int_equal(names_find(&c, key[i], strlen(key[i]), NAME_TEXT), i);
        assert_int_equal(names_add(&c, key[i], strlen(key[i]), NAME_TEXT, 0), i);
        assert_true(names_find(&c, key[i], strlen(key[i]), NAME_NUMBER) == SIZE_MAX);
    }
    assert_true(c.n == N && names_find(&c, "song", 4, NAME_TEXT) == SIZE_MAX);
    for (size_t at = 0; at < c.n_slots; at++)
        if (c.slots[at])
            probes += steps(hash_bytes(c.v[c.slots[at] - 1].text, c.v[c.slots[at] - 1].len), at, c.n_slots);
    names_free(&c);
    return probes;
}

static size_t fill_ids(char (*key)[LONG])
{
    struct ids *ids = ids_new();
    size_t probes = 0;
    for (size_t i = 0; i < N; i++)
        assert_true(ids_add(ids, (struct text){ key[i], strlen(key[i]) }, i));
    for (size_t i = 0; i < N; i++) {
        assert_false(ids_add(ids, (struct text){ key[i], strlen(key[i]) }, N));
        assert_int_equal(ids_find(ids, (struct text){ key[i], strlen(key[i]) }), i);
    }
    assert_true(ids_find(ids, (struct text){ "song", 4 }) == SIZE_MAX);
    for (size_t at = 0; at < ids->size; at++)
        if (ids->slots[at].low)
            probes += steps(ids->slots[at].low, at, ids->size);
    ids_free(ids);
    return probes;
}

static void try(size_t (*fill)(char (*key)[LONG]), uint64_t (*hash)(const char *p, size_t n))
{
    static char key[N][LONG];
    choose(key, hash);
    seed = KNOWN;
    assert_true(fill(key) > N * N / 3);         /* the keys do what they were chosen for */
    for (uint64_t other = 1; other < 20; other++) {
        seed = other * 0x9E3779B97F4A7C15u;
        assert_true(fill(key) < 4 * N);
    }
}

static void test_names(void **state)
{
    (void)state;
    try(fill_names, low_64);
}

static void test_ids(void **state)
{
    (void)state;
    try(fill_ids, low_128);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_names), cmocka_unit_test(test_ids) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
