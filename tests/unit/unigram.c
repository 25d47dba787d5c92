/* unigram, charsmap, trie, sentencepiece: ids of transformers' tokenizers, and bytes that are damaged
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "golden.h"
#include "base/mem.h"
#include "text/sentencepiece.h"
#include "text/trie.h"
#include "text/unigram_read.h"

#ifndef FOLDER
#define FOLDER "golden/embed/multilingual"
#endif

/* ---- what transformers gives ---- */

static char *in_folder(const char *name)
{
    static char path[600];
    snprintf(path, sizeof path, FOLDER "/%s", name);
    const char *at = golden_path(path);
    return mem_text(at, strlen(at));
}

static json_t *json_of(const char *name)
{
    char *path = in_folder(name);
    json_t *j = json_load_file(path, JSON_DECODE_INT_AS_REAL, NULL);
    free(path);
    return j;
}

/* All texts by one unigram; their number, or where ids differ. */
static size_t check(struct unigram *u, const char *key, uint32_t first, uint32_t last)
{
    char *path = in_folder("texts.jsonl"), *line = NULL;
    FILE *f = fopen(path, "r");
    size_t room = 0, texts = 0, bad;
    struct pieces p = { .n = 0 };
    assert_non_null(f);
    while (getline(&line, &room, f) > 0) {
        json_t *j = json_loads(line, JSON_ALLOW_NUL, NULL), *text = json_object_get(j, "text"), *ids = json_object_get(j, key);
        assert_non_null(j);
        assert_true(unigram_cut(u, &p, json_string_value(text), json_string_length(text), &bad));
        bool same = p.n + 2 == json_array_size(ids) && first == json_integer_value(json_array_get(ids, 0)) &&
                    last == json_integer_value(json_array_get(ids, p.n + 1));
        for (size_t i = 0; i < p.n && same; i++)
            same = p.id[i] == json_integer_value(json_array_get(ids, i + 1));
        if (!same)
            fail_msg("%s of %.1000s", key, line);
        texts++;
        json_decref(j);
    }
    fclose(f);
    free(line);
    free(path);
    free(p.id);
    unigram_free(u);
    return texts;
}

static void ids(void **state)
{
    (void)state;
    char why[300] = "", *dir = in_folder("model");
    const struct settings s = { dir, why, sizeof why };
    size_t size;
    uint32_t unk, first, last;
    json_t *j = json_of("model/tokenizer.json");
    if (!j)
        skip();
    struct unigram *u = unigram_read(&s, j, 100000, true, &size, &unk, &first, &last);
    assert_string_equal(why, "");
    assert_int_equal(unk, 3);
    size_t texts = check(u, "ids", first, last);
    assert_true(texts > 50);
    u = unigram_read(&s, NULL, 100000, true, &size, &unk, &first, &last);
    assert_string_equal(why, "");
    assert_int_equal(check(u, "ids", first, last), texts);
    json_t *steps = json_of("steps.json"), *normalizers = json_object_get(steps, "behind");
    json_array_insert(normalizers, 0, json_object_get(j, "normalizer"));
    json_object_set_new(j, "normalizer", json_pack("{s:s, s:O}", "type", "Sequence", "normalizers", normalizers));
    json_object_set_new(json_object_get(j, "model"), "byte_fallback", json_true());
    json_object_update(j, steps);
    json_decref(steps);
    u = unigram_read(&s, j, 100000, false, &size, &unk, &first, &last);
    assert_string_equal(why, "");
    assert_int_equal(check(u, "steps", first, last), texts);
    json_decref(j);
    free(dir);
}

/* ---- by hand ---- */

#define SIGN UNIGRAM_BLANK

static const struct unigram_piece few[] = {
    { "<unk>", 5, 0 }, { SIGN "la", 5, -1 }, { SIGN "l", 4, -1 }, { "a", 1, -1.5 }, { "la", 2, -4 }, { SIGN, 3, -2 },
    { "xy", 2, -30 }, { "<0xC3>", 6, -5 }, { "<0xA9>", 6, -5 }, { "a", 1, -0.5 },
};
enum { FEW = sizeof few / sizeof *few };

static void gives(struct unigram_how how, const char *text, const char *want)
{
    struct unigram *u = unigram_new(few, FEW, how);
    struct pieces p = { .n = 0 };
    char got[200] = "";
    size_t bad, at = 0;
    assert_true(unigram_cut(u, &p, text, strlen(text), &bad));
    for (size_t i = 0; i < p.n; i++)
        at += (size_t)snprintf(got + at, sizeof got - at, "%s%u", i ? " " : "", p.id[i]);
    assert_string_equal(got, want);
    free(p.id);
    unigram_free(u);
}

static void rules(void **state)
{
    (void)state;
    const struct unigram_how words = { .words = true, .prefix = true, .split = true }, all = { .prefix = true },
                             none = { .words = true }, bytes = { .words = true, .prefix = true, .split = true, .bytes = true };
    gives(words, "", "");
    gives(words, " \n", "");
    gives(words, "la", "1");                            /* -1, not -1 - 0.5 by two pieces */
    gives(words, "lala", "1 4");
    gives(words, "lalaa \tla", "1 4 9 1");              /* of the two pieces a, the later */
    gives(words, "zq", "5 0");                          /* a run of the unknown is one */
    gives(words, "azza", "5 9 0 9");
    gives(words, "xy", "5 6");                          /* -30 is worse than unknown; but two of them are -40 each */
    gives(words, "la" SIGN "la", "1 1");
    gives(words, "<unk>", "5 0");
    gives(all, "la la", "1 1");
    gives(all, " la  la", "1 5 1");
    gives(none, "la", "4");
    gives(bytes, "\u00e9", "5 7 8");
    gives(bytes, "\u00e8", "5 0");                      /* one of its bytes is no piece: all of it is unknown */
    struct unigram *u = unigram_new(few, FEW, words);
    struct pieces p = { .n = 0 };
    size_t bad;
    assert_false(unigram_cut(u, &p, "la \xe0\xa6", 5, &bad));
    assert_int_equal(bad, 3);
    free(p.id);
    unigram_free(u);
}

/* ---- damage ---- */

static void put32(uint8_t *p, uint32_t x)
{
    for (unsigned i = 0; i < 4; i++)
        p[i] = (uint8_t)(x >> (8 * i));
}

/* A map of one rule, a to bc: units 0 (the root, its children at 1), 1 ^ 'a' and the value at what that points to. */
static void one_rule(uint8_t map[1100], uint32_t child, uint32_t value)
{
    memset(map, 0, 1100);
    put32(map, 256 * 4);
    put32(map + 4, 1u << 10);
    put32(map + 4 + 4 * (1 ^ 'a'), child << 10 | 1u << 8 | 'a');
    put32(map + 4 + 4 * 200, 1u << 31 | value);
    memcpy(map + 4 + 1024, "\0bc", 4);
}

static void maps(void **state)
{
    (void)state;
    static uint8_t map[1100];
    enum { SIZE = 4 + 1024 + 4, HERE = 1 ^ 'a' ^ 200 };
    const char *why;
    struct str to = { NULL, 0, 0 };
    one_rule(map, HERE, 1);
    struct charsmap *c = charsmap_new(map, SIZE, &why);
    assert_non_null(c);
    charsmap_put(c, "xaya\u0301\u00e9", 8, &to);
    assert_string_equal(to.p, "xbcybc\u00e9");          /* a with its accent becomes bc, without one */
    charsmap_free(c);
    str_free(&to);
    for (size_t n = 0; n < SIZE - 4; n++)               /* cut: never more than a refusal */
        assert_null(charsmap_new(map, n, &why));
    one_rule(map, 1000, 1);
    assert_null(charsmap_new(map, SIZE, &why));
    assert_string_equal(why, "its trie points beyond its end");
    one_rule(map, HERE, 5);
    assert_null(charsmap_new(map, SIZE, &why));
    one_rule(map, HERE, 1);
    map[SIZE - 2] = 0xff;
    assert_null(charsmap_new(map, SIZE, &why));
    assert_string_equal(why, "its texts are not UTF-8");
    put32(map, 0xfffffffc);
    assert_null(charsmap_new(map, SIZE, &why));
    assert_string_equal(why, "its trie claims another size than it has");
    for (unsigned seed = 1; seed < 300; seed++) {       /* any units: refused, or safe to use */
        static const uint8_t text[] = "any text \xe2\x96\x81 at all \xc3\xa9\xcc\x81";
        for (size_t i = 0; i < 256; i++)
            put32(map + 4 + 4 * i, (uint32_t)(i ^ 1) | (seed * 2654435761u * (uint32_t)(i + 7) >> 12 & ~0xffu));
        put32(map, 1024);
        map[SIZE - 2] = 'c';
        if ((c = charsmap_new(map, SIZE, &why)) != NULL)
            charsmap_put(c, (const char *)text, sizeof text - 1, &to);
        charsmap_free(c);
    }
    str_free(&to);
}

static void protobuf(void **state)
{
    (void)state;
    char *path = in_folder("model/" UNIGRAM_MODEL);
    FILE *f = fopen(path, "rb");
    free(path);
    if (!f)
        skip();
    static uint8_t file[1 << 20];
    size_t n = fread(file, 1, sizeof file, f), whole = 0;
    fclose(f);
    struct sentencepiece m;
    const char *why;
    assert_true(sentencepiece_read(file, n, &m, &why));
    assert_true(m.n > 500 && m.model == SENTENCEPIECE_UNIGRAM && m.map_size > 1000);
    assert_int_equal(m.type[1], SENTENCEPIECE_CONTROL);
    size_t pieces = m.n;
    sentencepiece_free(&m);
    for (size_t cut = 0; cut < n; cut += cut < 3000 ? 1 : 61) {
        uint8_t *part = mem_new(cut, 1);                /* of its own, so that a sanitizer sees its end */
        memcpy(part, file, cut);
        if (sentencepiece_read(part, cut, &m, &why)) {
            assert_true(m.n <= pieces);
            sentencepiece_free(&m);
            whole++;
        }
        free(part);
    }
    assert_true(whole < 400);                           /* it ends between two pieces only */
    static const struct { const char *bytes; size_t n; } bad[] = {
        { "\x0a\x7f" "abc", 5 }, { "\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11 }, { "\x0a\x80", 2 },
        { "\x0b", 1 }, { "\x0a\x03\x0a\x05" "a", 5 }, { "\x0a\x04\x0a\x02\xc3\x28", 6 }, { "\x00\x00", 2 }, { "\x12\x02\x18\x80", 4 },
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(sentencepiece_read((const uint8_t *)bad[i].bytes, bad[i].n, &m, &why));
}

static void tries(void **state)
{
    (void)state;
    struct trie_key keys[] = { { "ab", 2, 1 }, { "a", 1, 2 }, { "abc", 3, 3 }, { "b\xff", 2, 4 }, { "ab", 2, 5 }, { "b\0", 2, 6 } };
    struct trie *t = trie_new(keys, 6);
    assert_int_equal(trie_find(t, "a", 1), 2);
    assert_int_equal(trie_find(t, "ab", 2), 5);
    assert_int_equal(trie_find(t, "abc", 3), 3);
    assert_int_equal(trie_find(t, "b\xff", 2), 4);
    assert_int_equal(trie_find(t, "b\0", 2), 6);
    assert_int_equal(trie_find(t, "b", 1), TRIE_NONE);
    assert_int_equal(trie_find(t, "c", 1), TRIE_NONE);
    assert_int_equal(trie_find(t, "abcd", 4), TRIE_NONE);
    trie_free(t);
    t = trie_new(NULL, 0);
    assert_int_equal(trie_find(t, "a", 1), TRIE_NONE);
    trie_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids), cmocka_unit_test(rules), cmocka_unit_test(maps), cmocka_unit_test(protobuf), cmocka_unit_test(tries),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
