/* sorter: the order of pieces by their keys, in memory and through files, beside qsort
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "base/sorter.h"

/* A piece as it was added: its place in front of it tells those with one key apart. */
struct item { uint8_t key[24]; size_t key_n, place, size; };

static int by_key_and_place(const void *a, const void *b)
{
    const struct item *x = a, *y = b;
    int order = memcmp(x->key, y->key, x->key_n < y->key_n ? x->key_n : y->key_n);
    if (order)
        return order;
    if (x->key_n != y->key_n)
        return x->key_n < y->key_n ? -1 : 1;
    return x->place < y->place ? -1 : 1;
}

/* Sort n pieces of up to `size` bytes with keys of up to key_n bytes of `letters` kinds, held in `most` bytes. */
static void sort_some(size_t n, size_t most, size_t key_n, unsigned letters, size_t size, bool ready)
{
    struct rng rng;
    struct item *v = mem_new(n, sizeof *v);
    uint8_t *bytes = mem_zero(size + sizeof(size_t), 1);
    struct sorter *s = sorter_new(most);
    rng_init(&rng, 5, n);
    for (size_t i = 0; i < n; i++) {
        v[i] = (struct item){ .key_n = (size_t)rng_below(&rng, key_n + 1), .place = i,
                              .size = sizeof i + (size_t)rng_below(&rng, size + 1) };
        for (size_t k = 0; k < v[i].key_n; k++)
            v[i].key[k] = (uint8_t)(rng_below(&rng, letters) * 255 / (letters > 1 ? letters - 1 : 1));
    }
    if (ready)
        qsort(v, n, sizeof *v, by_key_and_place);
    for (size_t i = 0; i < n; i++) {
        v[i].place = i;
        memcpy(bytes, &i, sizeof i);
        memset(bytes + sizeof i, (int)(i & 255), v[i].size - sizeof i);
        sorter_add(s, v[i].key, v[i].key_n, bytes, v[i].size);
    }
    qsort(v, n, sizeof *v, by_key_and_place);
    const void *piece;
    size_t got, place, wrong = 0;
    for (size_t i = 0; i < n; i++) {
        assert_true(sorter_next(s, &piece, &got));
        memcpy(&place, piece, sizeof place);
        wrong += got != v[i].size || place != v[i].place || ((const uint8_t *)piece)[got - 1] != (got > sizeof i ? (place & 255) : 0);
    }
    assert_int_equal(wrong, 0);
    assert_false(sorter_next(s, &piece, &got));
    assert_false(sorter_next(s, &piece, &got));
    sorter_free(s);
    free(v);
    free(bytes);
}

static void test_memory(void **state)
{
    (void)state;
    sort_some(0, 1 << 20, 8, 256, 10, false);
    sort_some(1, 1 << 20, 8, 256, 10, false);
    sort_some(2, 1 << 20, 0, 256, 0, false);
    sort_some(1000, 1 << 20, 24, 256, 100, false);
    sort_some(1023, 1 << 20, 24, 2, 100, false);         /* keys that begin alike, and the same */
    sort_some(1025, 1 << 20, 2, 1, 100, false);
    sort_some(777, 1 << 20, 20, 3, 100, true);
}

static void test_files(void **state)
{
    (void)state;
    sort_some(1000, 40000, 24, 2, 100, false);           /* a few runs */
    sort_some(20000, 20000, 24, 2, 100, false);          /* hundreds, merged in several passes */
    sort_some(20000, 20000, 3, 200, 30, true);
    sort_some(3000, 1, 20, 2, 100, false);               /* each piece a run, two at a time */
    sort_some(300, 5000, 24, 2, 9000, false);            /* pieces larger than what may be held */
}

static void test_early_end(void **state)
{
    (void)state;
    for (size_t most = 1000; most < 3000000; most *= 50) {
        struct sorter *s = sorter_new(most);
        const void *piece;
        size_t n;
        for (int i = 0; i < 1000; i++)
            sorter_add(s, &i, 1, "some bytes", 10);
        assert_true(sorter_next(s, &piece, &n));
        sorter_free(s);                                  /* nothing is lost: as the leak checker says */
    }
    sorter_free(sorter_new(1000));
    sorter_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memory),
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_early_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
