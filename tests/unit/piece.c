/* piece: how many are cut, which of them are spread evenly, what is put out, the record without pieces
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "drive/piece.h"

/* Counted by hand: pieces of 10 items, one a second. */
static void test_count(void **state)
{
    (void)state;
    static const struct { size_t rows; double hop; enum piece_last last; size_t n, left; } want[] = {
        { 0, 10, PIECE_ANY, 0, 0 }, { 3, 10, PIECE_ANY, 1, 0 }, { 3, 10, PIECE_HALF, 1, 0 }, { 3, 10, PIECE_WHOLE, 0, 0 },
        { 10, 10, PIECE_WHOLE, 1, 0 }, { 14, 10, PIECE_HALF, 1, 1 }, { 15, 10, PIECE_HALF, 2, 0 },
        { 14, 10, PIECE_ANY, 2, 0 }, { 29, 10, PIECE_WHOLE, 2, 0 }, { 30, 10, PIECE_WHOLE, 3, 0 },
        { 20, 5, PIECE_ANY, 3, 0 },             /* 0, 5 and 10, which reaches the end */
        { 21, 5, PIECE_WHOLE, 3, 0 }, { 21, 5, PIECE_ANY, 4, 0 },
        { 100, 25, PIECE_HALF, 4, 0 }, { 102, 25, PIECE_HALF, 4, 1 },   /* with gaps */
    };
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        size_t left = 7, n = piece_count(want[i].rows, 10, want[i].hop, 1, want[i].last, &left);
        if (n != want[i].n || left != want[i].left)
            fail_msg("case %zu: %zu pieces, %zu left out", i, n, left);
    }
}

static void test_spread(void **state)
{
    (void)state;
    static const size_t three_of_8[] = { 0, 4, 7 }, four_of_7[] = { 0, 2, 4, 6 };
    for (size_t k = 0; k < 3; k++)
        assert_int_equal(piece_spread(k, 3, 8), three_of_8[k]);         /* 3.5 is rounded up */
    for (size_t k = 0; k < 4; k++)
        assert_int_equal(piece_spread(k, 4, 7), four_of_7[k]);
    for (size_t k = 0; k < 9; k++)
        assert_int_equal(piece_spread(k, 9, 9), k);
    assert_int_equal(piece_spread(0, 1, 8), 3);
    assert_int_equal(piece_spread(0, 1, 9), 4);
}

static void test_records(void **state)
{
    (void)state;
    struct rec *whole = rec_new(), *piece = rec_new();
    rec_begin(whole, "song", 4);
    rec_set_int(whole, "pcm", 1);
    rec_set_int(whole, "year", 1999);
    for (size_t i = 0; i < 2; i++) {
        size_t before = whole->packed.n;
        piece_begin(piece, whole, "pcm", i, 2.5 * (double)i);
        piece_emit(whole, piece);
        assert_int_equal(whole->emitted, i + 1);
        assert_int_equal(whole->packed.n - before, piece->packed.n);
        assert_memory_equal(whole->packed.p + before, piece->packed.p, piece->packed.n);
        assert_null(rec_find(piece, "pcm"));
        assert_int_equal(rec_get(piece, "year").i, 1999);
        assert_true(rec_get(piece, "start").f == 2.5 * (double)i);
    }
    assert_int_equal(rec_id(piece).n, 9);
    assert_memory_equal(rec_id(piece).p, "song#0001", 9);
    piece_unset(whole);
    assert_int_equal(rec_get(whole, "start").type, V_NIL);
    struct value track = rec_get(whole, "track");
    assert_int_equal(track.type, V_STR);
    assert_int_equal(track.s.n, 4);
    assert_memory_equal(track.s.p, "song", 4);
    rec_free(piece);
    rec_free(whole);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_count), cmocka_unit_test(test_spread),
        cmocka_unit_test(test_records) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
