/* vocab: stop words, sizes, and terms as lines and back as columns
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "text/vocab.h"

static const struct tokens_how how = { TOKENS_WORDS, true, STRIP_NONE };

static void count(struct vocab *v, const char *text)
{
    struct tokens *t = tokens_new(how);
    size_t bad;
    assert_true(tokens_cut(t, text, strlen(text), &bad));
    vocab_count(v, t->token, t->n);
    tokens_free(t);
}

/* Stop words are cut as texts are, and go before n-grams are made. */
static void test_stop(void **state)
{
    (void)state;
    struct vocab *v = vocab_new(1, 2);
    size_t bad = 0, n;
    assert_true(vocab_stop(v, how, "THE\nand of\n", 11, &bad));
    assert_false(vocab_stop(v, how, "caf\xe9\n", 5, &bad));
    assert_int_equal(bad, 3);
    assert_int_equal(vocab_size(v), 0);
    count(v, "the cat and the dog");
    assert_int_equal(vocab_size(v), 3);         /* cat, dog, cat dog */
    struct term *t = vocab_terms(v, 1, 9, 0, &n);
    assert_int_equal(n, 3);
    assert_true(t[1].n == 7 && memcmp(t[1].text, "cat dog", 7) == 0);
    free(t);
    vocab_free(v);
}

static void test_lines(void **state)
{
    (void)state;
    struct vocab *v = vocab_new(1, 2), *w = vocab_new(1, 2);
    size_t n, bytes, bad;
    count(v, "dog cat");
    struct term *t = vocab_terms(v, 1, 9, 0, &n);
    char *lines = vocab_lines(t, n, &bytes);
    assert_int_equal(bytes, 16);
    assert_memory_equal(lines, "cat\ndog\ndog cat\n", 16);
    char **names = vocab_columns(w, lines, bytes, n);
    assert_non_null(names);
    assert_string_equal(names[2], "dog cat");
    struct vocab_row *row = vocab_row_new(n);
    struct tokens *tokens = tokens_new(how);
    assert_true(tokens_cut(tokens, "dog cat cat", 11, &bad));
    vocab_find(w, row, tokens->token, tokens->n);
    assert_int_equal(row->nnz, 3);
    assert_true(row->count[0] == 2 && row->count[1] == 1 && row->count[2] == 1);
    tokens_free(tokens);
    vocab_row_free(row);
    for (size_t i = 0; i < n; i++)
        free(names[i]);
    free(names);
    free(lines);
    free(t);
    vocab_free(v);
    vocab_free(w);
}

/* What a damaged model may hold. */
static void test_bad_lines(void **state)
{
    (void)state;
    static const struct { const char *lines; size_t n; } cases[] = {
        { "a\nb\n", 1 }, { "a\nb\n", 3 }, { "a\n\n", 2 }, { "a\nb", 2 }, { "\n", 1 }, { "", 1 }, { "a\n", UINT32_MAX },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct vocab *v = vocab_new(1, 1);
        assert_null(vocab_columns(v, cases[i].lines, strlen(cases[i].lines), cases[i].n));
        vocab_free(v);
    }
    struct vocab *v = vocab_new(1, 1);
    char **none = vocab_columns(v, "", 0, 0);
    assert_non_null(none);
    free(none);
    vocab_free(v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stop), cmocka_unit_test(test_lines), cmocka_unit_test(test_bad_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
