/* wordpiece: the tokenizers' ids of 150 texts, and what becomes of every code point
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
#include "base/utf8.h"
#include "files/csv.h"
#include "text/wordpiece.h"

static const struct wordpiece_how uncased = { true, true, true };

static char *file(const char *path, size_t *n)
{
    FILE *f = fopen(path, "rb");
    char *p = NULL;
    size_t cap = 0, got = 1;
    *n = 0;
    if (!f)
        return NULL;
    for (; got; *n += got) {
        mem_grow(&p, &cap, *n + 65536, 1);
        got = fread(p + *n, 1, 65536, f);
    }
    p[*n] = '\0';
    fclose(f);
    return p;
}

static const char vocab[] = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nla\n##la\n##l\nlove\n##s\n!\ncafe\nCaf\n##é\n我\nni\n##x";

static void is(struct wordpiece_how how, const char *text, const char *want)
{
    const char *missing;
    struct wordpiece *w = wordpiece_new(vocab, sizeof vocab - 1, how, &missing);
    struct pieces p = { .n = 0 };
    char got[200] = "";
    size_t bad, at = 0;
    assert_true(wordpiece_cut(w, &p, text, strlen(text), &bad));
    for (size_t i = 0; i < p.n; i++)
        at += (size_t)snprintf(got + at, sizeof got - at, "%u ", p.id[i]);
    snprintf(got + at, sizeof got - at, "of %zu", p.words);
    assert_string_equal(got, want);
    free(p.id);
    wordpiece_free(w);
}

static void rules(void **state)
{
    (void)state;
    const char *missing;
    is(uncased, "", "of 0");
    is(uncased, "LoveS lalal!", "8 9 5 6 7 10 of 3");
    is(uncased, "Café cafés", "11 11 9 of 2");
    is(uncased, "lax lay la", "5 16 1 5 of 3");           /* a rest without a match: all of the word */
    is(uncased, "la[SEP]la [sep]", "5 3 5 1 1 1 of 6");
    is(uncased, "我la我", "14 5 14 of 3");
    is(uncased, "l\u200da \u00adla", "5 5 of 2");
    is((struct wordpiece_how){ false, false, true }, "Café cafe", "12 13 11 of 2");
    is((struct wordpiece_how){ true, true, false }, "我la", "14 6 of 1");
    assert_null(wordpiece_new("[UNK]\n[CLS]\nla", 14, uncased, &missing));
    assert_string_equal(missing, "[SEP]");
    struct wordpiece *w = wordpiece_new(vocab, sizeof vocab - 1, uncased, &missing);
    struct pieces p = { .n = 0 };
    size_t bad;
    assert_false(wordpiece_cut(w, &p, "la \xe0\xa6", 5, &bad));
    assert_int_equal(bad, 3);
    assert_int_equal(wordpiece_size(w), 17);
    free(p.id);
    wordpiece_free(w);
}

static uint32_t crc(uint32_t c, const uint8_t *p, size_t n)
{
    c = ~c;
    for (size_t i = 0; i < n; i++) {
        c ^= p[i];
        for (int k = 0; k < 8; k++)
            c = c >> 1 ^ (c & 1 ? 0xedb88320 : 0);
    }
    return ~c;
}

/* Every code point c as "xcx", with a vocabulary of all characters: line 3 + 2c is c at
 * the beginning of a word, the next one c inside. */
static void sweep(void **state)
{
    (void)state;
    FILE *f = fopen(golden_path("golden/embed/unicode-blocks.tsv"), "r");
    if (!f)
        skip();
    char line[64];
    const char *missing;
    char *all = mem_new((size_t)0x110000 * 14 + 20, 1);
    size_t n = (size_t)sprintf(all, "[UNK]\n[CLS]\n[SEP]\n"), blocks = 0, bad;
    for (uint32_t c = 0; c < 0x110000; c++)
        for (int inside = 0; inside < 2; inside++) {
            if (inside)
                all[n++] = '#', all[n++] = '#';
            if (c == '\n' || c == '\r' || (c >= 0xd800 && c < 0xe000))
                all[n++] = 'y', all[n++] = 'y';
            else
                n += utf8_put((uint8_t *)all + n, c);
            all[n++] = '\n';
        }
    struct wordpiece *w = wordpiece_new(all, n, uncased, &missing);
    struct pieces p = { .n = 0 };
    assert_non_null(fgets(line, sizeof line, f));
    while (fgets(line, sizeof line, f)) {
        unsigned first, want;
        uint32_t got = 0;
        assert_int_equal(sscanf(line, "%x %x", &first, &want), 2);
        for (uint32_t c = first; c < first + 256; c++) {
            uint8_t text[8], words[64];
            size_t size = 0, at = 0;
            text[size++] = 'x';
            size += utf8_put(text + size, c);
            text[size++] = 'x';
            assert_true(wordpiece_cut(w, &p, (char *)text, size, &bad));
            for (size_t i = 0; i < p.n; i++) {
                assert_true(p.id[i] >= 3);
                if (i && (p.id[i] - 3) % 2 == 0)
                    words[at++] = ' ';
                at += utf8_put(words + at, (p.id[i] - 3) / 2);
            }
            words[at++] = '\n';
            got = crc(got, words, at);
        }
        if (got != want)
            fail_msg("U+%04X ... are cut otherwise", first);
        blocks++;
    }
    assert_int_equal(blocks, 0x1100 - 8);
    fclose(f);
    free(all);
    free(p.id);
    wordpiece_free(w);
}

/* The text of a golden line, whose bytes or place in a table it names. */
static char *text_of(const json_t *j, size_t *n)
{
    const char *hex = json_string_value(json_object_get(j, "hex"));
    if (hex) {
        char *text = mem_new(*n = strlen(hex) / 2, 1);
        for (size_t i = 0; i < *n; i++) {
            unsigned byte;
            assert_int_equal(sscanf(hex + 2 * i, "%2x", &byte), 1);
            text[i] = (char)byte;
        }
        return text;
    }
    char path[300];
    snprintf(path, sizeof path, "data/lyrics/%s", json_string_value(json_object_get(j, "file")));
    struct csv *c = csv_open(golden_path(path), ',', false);
    size_t column = csv_find(c, json_string_value(json_object_get(j, "column")));
    for (json_int_t row = json_integer_value(json_object_get(j, "row")); row >= 0; row--)
        assert_int_equal(csv_next(c), CSV_ROW);
    struct text cell = csv_cell(c, column);
    char *text = mem_text(cell.p, *n = cell.n);
    csv_close(c);
    return text;
}

static size_t check(const char *folder, const char *golden, size_t limit)
{
    char path[600];
    const char *missing;
    size_t n, bad, texts = 0, refused = 0;
    snprintf(path, sizeof path, "%s/vocab.txt", folder);
    char *lines = file(golden_path(path), &n);
    if (!lines)
        skip();
    struct wordpiece *w = wordpiece_new(lines, n, uncased, &missing);
    struct pieces p = { .n = 0 };
    free(lines);
    snprintf(path, sizeof path, "%s/tokens.jsonl", golden);
    lines = file(golden_path(path), &n);
    if (!lines)
        skip();
    for (char *line = strtok(lines, "\n"); line && line < lines + n; line = strtok(NULL, "\n")) {
        json_t *j = json_loads(line, 0, NULL), *ids = json_object_get(j, "ids");
        if (!j)
            break;
        char *text = text_of(j, &bad);
        size_t size = bad;
        bool whole = wordpiece_cut(w, &p, text, size, &bad);
        free(text);
        assert_int_equal(whole, !json_object_get(j, "error"));
        if (whole) {
            size_t fed = p.n + 2 < limit ? p.n : limit - 2;
            assert_int_equal(p.n + 2, json_integer_value(json_object_get(j, "tokens_full")));
            assert_int_equal(fed + 2, json_array_size(ids));
            for (size_t i = 0; i < fed; i++)
                assert_int_equal(p.id[i], json_integer_value(json_array_get(ids, i + 1)));
            assert_int_equal(wordpiece_cls(w), json_integer_value(json_array_get(ids, 0)));
            assert_int_equal(wordpiece_sep(w), json_integer_value(json_array_get(ids, fed + 1)));
            texts++;
        } else {
            refused++;
        }
        json_decref(j);
    }
    free(lines);
    free(p.id);
    wordpiece_free(w);
    return texts + 1000 * refused;
}

static void golden(void **state)
{
    (void)state;
    assert_int_equal(check("models/all-MiniLM-L6-v2", "golden/embed", 256), 6150);
}

static void golden_tiny(void **state)
{
    (void)state;
    assert_int_equal(check("golden/embed/tiny/tiny-f32", "golden/embed/tiny/golden-f32", 24), 6018);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules), cmocka_unit_test(sweep), cmocka_unit_test(golden), cmocka_unit_test(golden_tiny),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
