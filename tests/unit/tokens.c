/* tokens: the three rules, against scikit-learn's goldens and a slow reference
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
#include <unicase.h>
#include <unictype.h>
#include <uninorm.h>

#include "golden.h"
#include "base/mem.h"
#include "base/rng.h"
#include "base/utf8.h"
#include "text/tokens.h"

static const struct tokens_how words = { TOKENS_WORDS, true, STRIP_NONE };

/* The tokens with '|' between them; the caller frees it. */
static char *joined(struct tokens *t, const char *text, size_t n)
{
    size_t bad, at = 0;
    assert_true(tokens_cut(t, text, n, &bad));
    char *s = mem_new(6 * n + t->n + 1, 1);
    for (size_t i = 0; i < t->n; i++) {
        if (i)
            s[at++] = '|';
        memcpy(s + at, t->token[i].p, t->token[i].n);
        at += t->token[i].n;
    }
    s[at] = '\0';
    return s;
}

static void is(struct tokens_how how, const char *text, const char *want)
{
    struct tokens *t = tokens_new(how);
    char *got = joined(t, text, strlen(text));
    assert_string_equal(got, want);
    free(got);
    tokens_free(t);
}

static void rules(void **state)
{
    (void)state;
    const struct tokens_how marks = { TOKENS_MARKS, true, STRIP_NONE }, sklearn = { TOKENS_SKLEARN, true, STRIP_NONE };
    const struct tokens_how as_is = { TOKENS_WORDS, false, STRIP_NONE }, latin = { TOKENS_WORDS, true, STRIP_LATIN };
    const struct tokens_how as_is_sklearn = { TOKENS_SKLEARN, false, STRIP_NONE };
    const struct tokens_how as_is_latin = { TOKENS_WORDS, false, STRIP_LATIN };
    const struct tokens_how ascii = { TOKENS_SKLEARN, true, STRIP_ASCII };
    is(words, "Don't STOP, a b2 me_now", "don|stop|b2|me_now");
    is(as_is, "Don't STOP", "Don|STOP");
    is(as_is, "CAFÉ ΩΜΕΓΑ ЁЖИК İstanbul Ⱥb ΣΑΣ ǅab 𐐀𐐁", "CAFÉ|ΩΜΕΓΑ|ЁЖИК|İstanbul|Ⱥb|ΣΑΣ|ǅab|𐐀𐐁");
    is(as_is_sklearn, "CAFÉ cafe\u0301", "CAFÉ|cafe");
    is(as_is_latin, "CAFÉ Größe ΆΣ", "CAFE|Große|ΑΣ");
    is(words, "র‍্যাব উদ্‌ঘাটন", "র‍্যাব|উদ্‌ঘাটন");            /* joiners stay inside */
    is(marks, "র‍্যাব", "্যাব");
    is(words, "\u200dকি\u200d\u200c \u200d ক\u200d", "কি");      /* and not at the ends */
    is(words, "ছা\u09dfা ছা\u09af\u09bcা", "ছা\u09af\u09bcা|ছা\u09af\u09bcা");
    is(words, "Scho\u0308n =\u0338\u0301x", "sch\u00f6n|\u0301x");
    is(sklearn, "আমার হিন্দী কে", "আম");
    is(words, "ΟΔΟΣ ΑΣΑ İstanbul", "οδος|ασα|i\u0307stanbul");
    is(latin, "Café ÉTÉ Größe Й তোমায়", "cafe|ete|große|তোমা\u09af\u09bc");
    is(ascii, "Café তোমায় naïve", "cafe|naive");
    is(words, "\u1109\u1161\u1105\u1161\u11bc", "\uc0ac\ub791");    /* Hangul */
    is(words, "", "");
    struct tokens *t = tokens_new(sklearn);
    free(joined(t, "হ্যাঁ I am", strlen("হ্যাঁ I am")));
    assert_int_equal(t->letters, 8);
    assert_int_equal(t->lost, 6);           /* all but "am" */
    tokens_free(t);
}

static void invalid(void **state)
{
    (void)state;
    static const struct { const char *text; size_t n, at; } bad[] = {
        { "abc\x80", 4, 3 }, { "\xc3", 1, 0 }, { "0123456789\xed\xa0\x80", 13, 10 }, { "a\xc0\xaf", 3, 1 },
        { "\xf4\x90\x80\x80", 4, 0 }, { "\xe0\xa6", 2, 0 }, { "\xc3\xa9\xff", 3, 2 }, { "ab\0\xfe", 4, 3 } };
    struct tokens *t = tokens_new(words);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        size_t at = 99;
        assert_false(tokens_cut(t, bad[i].text, bad[i].n, &at));
        assert_int_equal(at, bad[i].at);
    }
    tokens_free(t);
}

/* Random text of what composes: as if the whole were brought to NFC first, then cut by
 * the definition, one code point after the other. */
static void reference(void **state)
{
    (void)state;
    static const uint32_t from[] = { 'a', 'e', 'o', '=', ' ', '-', 0x9af, 0x9bc, 0x9df, 0x9c7, 0x9be, 0x9d7, 0x9cd, 0x995,
        0x301, 0x308, 0x323, 0x338, 0x345, 0x1100, 0x1161, 0x11a8, 0xac00, 0xe9, 0x3b1, 0x212b, 0x958, 0x93c, 0x928,
        0x200d, 0x200c, 0xf73, 0x344, 0x1d15e, 0xfb1d, 'Z', 0xc4, 0x104 };
    struct tokens *t = tokens_new(words);
    struct rng rng;
    rng_init(&rng, 3, 0);
    for (int round = 0; round < 20000; round++) {
        uint8_t text[64], *nfc;
        size_t n = 0, made = 0;
        for (uint64_t k = rng_below(&rng, 12); k; k--)
            n += utf8_put(text + n, from[rng_below(&rng, sizeof from / sizeof *from)]);
        char *got = joined(t, (char *)text, n), want[400];
        size_t at = 0, begin = 0, last = 0, letters = 0;
        nfc = u8_normalize(UNINORM_NFC, text, n, NULL, &made);
        for (size_t i = 0, size; i <= made; i += size) {
            uint32_t c = ' ';
            size = i < made ? utf8_get(nfc + i, nfc + made, &c) : 1;
            bool joiner = c == 0x200c || c == 0x200d, word = c == '_' ||
                uc_is_general_category_withtable(c, UC_CATEGORY_MASK_L | UC_CATEGORY_MASK_M | UC_CATEGORY_MASK_N);
            if (word) {
                at += utf8_put((uint8_t *)want + at, uc_tolower(c));
                last = at;
                letters++;
            } else if (joiner && letters) {
                at += utf8_put((uint8_t *)want + at, c);
            } else {
                at = letters >= 2 ? last : begin;
                if (letters >= 2)
                    want[at++] = '|';
                begin = last = at;
                letters = 0;
            }
        }
        want[at ? at - 1 : 0] = '\0';
        if (strcmp(got, want) != 0)
            fail_msg("round %d: '%s', not '%s'", round, got, want);
        free(got);
        free(nfc);
    }
    tokens_free(t);
}

static void golden(void **state)
{
    (void)state;
    char line[65536];
    FILE *f = fopen(golden_path("golden/text/tokens.jsonl"), "r");
    if (!f)
        skip();
    static const struct { const char *name; struct tokens_how how; } modes[] = {
        { "sklearn", { TOKENS_SKLEARN, true, STRIP_NONE } }, { "marks", { TOKENS_MARKS, true, STRIP_NONE } },
        { "strip_sklearn", { TOKENS_SKLEARN, true, STRIP_UNICODE } },
        { "strip_marks", { TOKENS_MARKS, true, STRIP_UNICODE } } };
    size_t texts = 0, refused = 0;
    while (fgets(line, sizeof line, f)) {
        json_t *j = json_loads(line, JSON_ALLOW_NUL, NULL), *bad_at = json_object_get(j, "invalid_at_byte");
        const char *hex = json_string_value(json_object_get(j, "hex"));
        size_t n = strlen(hex) / 2, bad;
        char *text = mem_new(n + 1, 1);
        for (size_t i = 0; i < n; i++) {
            unsigned byte;
            assert_int_equal(sscanf(hex + 2 * i, "%2x", &byte), 1);
            text[i] = (char)byte;
        }
        for (size_t m = 0; m < 4; m++) {
            struct tokens *t = tokens_new(modes[m].how);
            if (bad_at) {
                assert_false(tokens_cut(t, text, n, &bad));
                assert_int_equal(bad, json_integer_value(bad_at));
                refused++;
            } else {
                assert_true(tokens_cut(t, text, n, &bad));
                json_t *want = json_object_get(j, modes[m].name);
                if (t->n != json_array_size(want))
                    fail_msg("%s, %s: %zu tokens", json_string_value(json_object_get(j, "name")), modes[m].name, t->n);
                for (size_t i = 0; i < t->n; i++) {
                    json_t *w = json_array_get(want, i);
                    assert_int_equal(t->token[i].n, json_string_length(w));
                    assert_memory_equal(t->token[i].p, json_string_value(w), t->token[i].n);
                }
                texts++;
            }
            tokens_free(t);
        }
        free(text);
        json_decref(j);
    }
    fclose(f);
    assert_true(texts + refused == 4 * 51 && refused > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules), cmocka_unit_test(invalid), cmocka_unit_test(reference), cmocka_unit_test(golden),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
