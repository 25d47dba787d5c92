/* safetensors: right files are read, lying ones refused, and no mutation of one is read beyond
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/rng.h"
#include "text/safetensors.h"

static char path[] = "/tmp/songpipe-safetensors-XXXXXX";

static void put(const void *p, size_t n)
{
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(p, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
}

/* A file of this header and `data` bytes counting up; the caller frees it. */
static uint8_t *whole(const char *header, size_t data, size_t *size)
{
    size_t n = strlen(header);
    uint8_t *p = mem_zero(8 + n + data, 1);
    for (unsigned i = 0; i < 8; i++)
        p[i] = (uint8_t)((uint64_t)n >> (8 * i));
    memcpy(p + 8, header, n);
    for (size_t i = 0; i < data; i++)
        p[8 + n + i] = (uint8_t)i;
    *size = 8 + n + data;
    return p;
}

static struct safetensors *try(const char *header, size_t data, char why[256])
{
    size_t size;
    uint8_t *p = whole(header, data, &size);
    put(p, size);
    free(p);
    why[0] = '\0';
    return safetensors_open(path, why, 256);
}

static void refused(const char *header, size_t data, const char *reason)
{
    char why[256];
    assert_null(try(header, data, why));
    if (!strstr(why, reason))
        fail_msg("%s: says '%s', not '%s'", header, why, reason);
}

static const char good[] = "{\"__metadata__\":{\"format\":\"pt\"},"
    "\"b\":{\"dtype\":\"F16\",\"shape\":[2,2],\"data_offsets\":[8,16]},"
    "\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},"
    "\"n\":{\"dtype\":\"I64\",\"shape\":[1,0],\"data_offsets\":[16,16]},"
    "\"c\":{\"dtype\":\"BF16\",\"shape\":[3],\"data_offsets\":[16,22]}}   ";

static void reads(void **state)
{
    (void)state;
    char why[256];
    size_t n, size;
    uint8_t *p = whole(good, 22, &size), *data = p + size - 22;
    const float a[2] = { 1.5f, -2e-30f };
    const uint16_t b[4] = { 0x3c00, 0xc500, 0x0001, 0x7bff };      /* 1, -5, 2^-24, 65504 */
    const uint16_t c[3] = { 0x3f80, 0xc0a0, 0x7f7f };              /* 1, -5, the largest */
    memcpy(data, a, 8);
    memcpy(data + 8, b, 8);
    memcpy(data + 16, c, 6);
    put(p, size);
    free(p);
    struct safetensors *s = safetensors_open(path, why, sizeof why);
    assert_non_null(s);
    const struct safe_tensor *all = safetensors_all(s, &n), *t = safetensors_find(s, "a");
    assert_int_equal(n, 4);
    assert_ptr_equal(all, t);
    assert_null(safetensors_find(s, "__metadata__"));
    assert_null(safetensors_find(s, "d"));
    float x[4];
    safetensors_f32(t, x);
    assert_memory_equal(x, a, 8);
    t = safetensors_find(s, "b");
    assert_int_equal(t->ndim, 2);
    assert_int_equal(t->count, 4);
    assert_null(safetensors_view(t));
    safetensors_f32(t, x);
    const float wide[4] = { 1, -5, 5.9604644775390625e-08f, 65504 };
    assert_memory_equal(x, wide, 16);
    t = safetensors_find(s, "c");
    assert_int_equal(t->type, SAFE_BF16);
    safetensors_f32(t, x);
    assert_true(x[0] == 1 && x[1] == -5 && x[2] > 3.3e38f);
    assert_int_equal(safetensors_find(s, "n")->count, 0);
    safetensors_close(s);
}

static void refuses(void **state)
{
    (void)state;
    refused("[1]", 0, "not a JSON object");
    refused("{", 0, "not a JSON object");
    refused("{\"a\":1}", 0, "malformed");
    refused("{\"a\":{\"dtype\":\"F31\",\"shape\":[1],\"data_offsets\":[0,4]}}", 4, "dtype");
    refused("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,4]}}", 4, "another size");
    refused("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 4, "beyond the end");
    refused("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,0]}}", 8, "beyond the end");
    refused("{\"a\":{\"dtype\":\"F32\",\"shape\":[-1],\"data_offsets\":[0,4]}}", 4, "malformed");
    refused("{\"a\":{\"dtype\":\"F32\",\"shape\":[1.0],\"data_offsets\":[0,4]}}", 4, "malformed");
    refused("{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0]}}", 4, "malformed");
    refused("{\"a\":{\"dtype\":\"F32\",\"shape\":[4294967296,4294967296],\"data_offsets\":[0,4]}}", 4, "malformed");
    refused("{\"a\":{\"dtype\":\"F32\",\"shape\":[4611686018427387904],\"data_offsets\":[0,0]}}", 4, "malformed");
    refused("{\"a\":{\"dtype\":\"F32\",\"shape\":[1,1,1,1,1,1,1,1,1],\"data_offsets\":[0,4]}}", 4, "8 dim");
    refused("{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},"
            "\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[2,6]}}", 6, "overlaps");
    refused("{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}", 8, "gap");
    refused("{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", 5, "1 bytes after");
    refused("{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},"
            "\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", 4, "JSON");
    char why[256];
    const uint8_t lies[16] = { 9, 0, 0, 0, 0, 0, 0, 0, '{', '}' }, huge[16] = { 255, 255, 255, 255, 255, 255, 255, 255 };
    put(lies, 16);
    assert_null(safetensors_open(path, why, sizeof why));
    assert_non_null(strstr(why, "claims 9 bytes"));
    put(huge, 16);
    assert_null(safetensors_open(path, why, sizeof why));
    put(huge, 7);
    assert_null(safetensors_open(path, why, sizeof why));
    assert_non_null(strstr(why, "too short"));
    assert_null(safetensors_open("/tmp", why, sizeof why));
    assert_null(safetensors_open("/nowhere/at all", why, sizeof why));
    assert_non_null(strstr(why, "cannot open"));
}

/* Whatever bytes change, the file is refused or all its tensors can be read. */
static void mutated(void **state)
{
    (void)state;
    size_t size, opened = 0;
    uint8_t *first = whole(good, 22, &size), *p = mem_new(size, 1);
    struct rng rng;
    rng_init(&rng, 7, 0);
    for (int round = 0; round < 4000; round++) {
        char why[256];
        size_t cut = rng_below(&rng, 8) ? size : (size_t)rng_below(&rng, size);
        memcpy(p, first, size);
        for (uint64_t k = rng_below(&rng, 4); k; k--) {
            size_t at = (size_t)rng_below(&rng, size);
            p[at] = rng_below(&rng, 2) ? (uint8_t)rng_u32(&rng) : (uint8_t)('0' + rng_below(&rng, 10));
        }
        put(p, cut);
        struct safetensors *s = safetensors_open(path, why, sizeof why);
        if (!s)
            continue;
        opened++;
        size_t n;
        const struct safe_tensor *all = safetensors_all(s, &n);
        for (size_t i = 0; i < n; i++) {
            assert_true(all[i].count <= 22);
            float x[22];
            if (all[i].type != SAFE_OTHER)
                safetensors_f32(all + i, x);
        }
        safetensors_close(s);
    }
    assert_in_range(opened, 500, 3900);
    free(first);
    free(p);
}

int main(void)
{
    int fd = mkstemp(path);
    if (fd < 0 || close(fd) != 0)
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads), cmocka_unit_test(refuses), cmocka_unit_test(mutated),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(path);
    return failed;
}
