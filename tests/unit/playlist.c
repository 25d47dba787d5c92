/* playlist: names and ways of playlists; tour: orders of songs, against all orders there are
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "files/playlist.h"
#include "layout/tour.h"

static void names(void **state)
{
    (void)state;
    static const struct { const char *text, *want; } of[] = {
        { "rock", "rock" }, { "AC/DC: a \"b\"?", "AC_DC_ a _b__" }, { "..", "__" }, { ".a", "_a" }, { "a. ", "a__" },
        { "", "_" }, { "con", "_con" }, { "Com1.x", "_Com1.x" }, { "COMX", "COMX" }, { "lpt", "lpt" }, { "a\nb\x7f", "a b_" },
        { "/", "_" }, { "\xc3\xa4\xff", "\xc3\xa4_" },
    };
    struct str s = { NULL, 0, 0 };
    for (size_t i = 0; i < sizeof of / sizeof *of; i++) {
        s.n = 0;
        playlist_name(&s, of[i].text, strlen(of[i].text));
        assert_string_equal(s.p, of[i].want);
    }
    char text[601];
    for (size_t i = 0; i < 300; i++)
        memcpy(text + 2 * i, "\xc3\xa4", 3);
    s.n = 0;
    playlist_name(&s, text + 1, 599);
    assert_int_equal(s.n, 199);         /* a whole character less */
    str_free(&s);
}

static void ways(void **state)
{
    (void)state;
    static const struct { const char *from, *to, *want; } of[] = {
        { "/a/b", "/a/b", "" }, { "/a/b", "/a", "../" }, { "/a", "/a/b", "b/" }, { "/a/b", "/a/c/d", "../c/d/" },
        { "/a/b", "/a/bc", "../bc/" }, { "/a/bc", "/a/b", "../b/" }, { "/a/b", "/", "../../" }, { "/", "/a", "a/" }, { "/", "/", "" },
        { "/x/y", "/a", "../../a/" },
    };
    for (size_t i = 0; i < sizeof of / sizeof *of; i++) {
        struct str s = { NULL, 0, 0 };
        str_text(&s, "");
        playlist_way(&s, of[i].from, of[i].to);
        assert_string_equal(s.p, of[i].want);
        str_free(&s);
    }
}

static double length(const float *x, const size_t *order, size_t n)
{
    double sum = 0;
    for (size_t i = 1; i < n; i++)
        sum += hypot((double)(x[2 * order[i]] - x[2 * order[i - 1]]), (double)(x[2 * order[i] + 1] - x[2 * order[i - 1] + 1]));
    return sum;
}

/* The shortest way through order[at … n), of all. */
static double best(const float *x, size_t *order, size_t at, size_t n)
{
    double least = at == n ? length(x, order, n) : INFINITY;
    for (size_t i = at; i < n; i++) {
        size_t row = order[at];
        order[at] = order[i];
        order[i] = row;
        double w = best(x, order, at + 1, n);
        least = w < least ? w : least;
        order[i] = order[at];
        order[at] = row;
    }
    return least;
}

/* On average near the best of all ways; on a line that is mixed up the line itself; equal points; one row, none. */
static void tours(void **state)
{
    (void)state;
    enum { N = 8, LINE = 200 };
    double over = 0;
    for (uint64_t seed = 0; seed < 20; seed++) {
        float x[2 * N];
        size_t order[N];
        struct rng r;
        rng_init(&r, seed, 0);
        for (size_t i = 0; i < 2 * N; i++)
            x[i] = (float)rng_normal(&r);
        for (size_t i = 0; i < N; i++)
            order[i] = i;
        double least = best(x, order, 1, N);
        tour_short(x, 2, order, N);
        assert_int_equal(order[0], 0);
        double ratio = length(x, order, N) / least;
        assert_true(ratio > 1 - 1e-6 && ratio < 1.4);
        over += ratio / 20;
    }
    assert_true(over < 1.08);
    float line[LINE], same[LINE] = { 0 };
    size_t order[LINE];
    for (size_t i = 0; i < LINE; i++) {
        order[i] = i;
        line[i] = (float)(i * 77 % LINE);
    }
    tour_short(line, 1, order, LINE);
    for (size_t i = 0; i < LINE; i++)
        assert_true(line[order[i]] == (float)i);
    tour_short(same, 1, order, LINE);
    tour_short(same, 1, order, 1);
    tour_short(same, 1, order, 0);
}

/* The fewest pairs of one artist that there can be: what is left of the largest beside all others. */
static void apart(void **state)
{
    (void)state;
    enum { N = 31 };
    for (uint64_t seed = 0; seed < 300; seed++) {
        uint32_t artist[N], k = (uint32_t)(seed % 5 + 1);
        size_t order[N], count[8] = { 0 }, most = 0, pairs = 0, seen[N] = { 0 };
        struct rng r;
        rng_init(&r, seed, 1);
        for (size_t i = 0; i < N; i++) {
            order[i] = i;
            artist[i] = (uint32_t)(fabs(rng_normal(&r)) * k / 3);
            artist[i] = artist[i] > 7 ? TOUR_ALONE : artist[i];
            if (artist[i] != TOUR_ALONE && ++count[artist[i]] > most)
                most = count[artist[i]];
        }
        tour_apart(artist, 8, order, N);
        for (size_t i = 0; i < N; i++) {
            assert_int_equal(seen[order[i]]++, 0);
            pairs += i && artist[order[i]] == artist[order[i - 1]] && artist[order[i]] != TOUR_ALONE;
        }
        assert_int_equal(pairs, 2 * most > N + 1 ? 2 * most - N - 1 : 0);
    }
    size_t order[] = { 0, 1, 2, 3 };
    tour_apart((uint32_t[]){ 0, 0, 1, TOUR_ALONE }, 2, order, 4);
    static const size_t want[] = { 0, 2, 1, 3 };
    assert_memory_equal(order, want, sizeof want);
}

/* The same by looking at all rows for each place: the first row left that is not the last one's, unless one artist has over half. */
static void plainly(const uint32_t *artist, uint32_t artists, size_t *order, size_t n)
{
    uint32_t last = TOUR_ALONE;
    for (size_t k = 0; k < n; k++) {
        size_t at = k;
        uint32_t most = TOUR_ALONE;
        for (uint32_t a = 0; a < artists; a++) {
            size_t left = 0;
            for (size_t i = k; i < n; i++)
                left += artist[order[i]] == a;
            most = left > (n - k) / 2 ? a : most;
        }
        bool must = most != TOUR_ALONE && most != last;
        for (size_t i = n; i-- > k; ) {
            uint32_t a = artist[order[i]];
            at = (must ? a == most : a == TOUR_ALONE || a != last) ? i : at;
        }
        size_t row = order[at];
        memmove(order + k + 1, order + k, (at - k) * sizeof *order);
        order[k] = row;
        last = artist[row];
    }
}

static void apart_as_told(void **state)
{
    (void)state;
    enum { N = 60 };
    for (uint64_t seed = 0; seed < 400; seed++) {
        uint32_t artist[N], kinds = (uint32_t)(seed % 9 + 1);
        size_t order[N], want[N], n = N - seed % 7;
        struct rng r;
        rng_init(&r, seed, 2);
        for (size_t i = 0; i < n; i++) {
            order[i] = want[i] = (i * 7 + seed) % n;
            artist[i] = seed % 2 ? (uint32_t)(i * kinds / n) : (uint32_t)rng_below(&r, kinds + 1);      /* in stretches, or anyhow */
            artist[i] = artist[i] == kinds ? TOUR_ALONE : artist[i];
        }
        for (size_t i = 0; n % 7 == 0 && i < n; i++)
            order[i] = want[i] = i;
        tour_apart(artist, kinds, order, n);
        plainly(artist, kinds, want, n);
        assert_memory_equal(order, want, n * sizeof *order);
    }
    size_t none = 0;
    tour_apart(NULL, 0, &none, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names), cmocka_unit_test(ways), cmocka_unit_test(tours), cmocka_unit_test(apart), cmocka_unit_test(apart_as_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
