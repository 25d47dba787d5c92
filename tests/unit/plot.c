/* plot: classes are counted and ranked, texts quoted, sizes read
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/names.h"
#include "base/rng.h"
#include "plot/beside.h"
#include "plot/density.h"
#include "plot/gnuplot.h"
#include "plot/heatmap.h"
#include "plot/tree.h"

static void test_classes(void **state)
{
    (void)state;
    struct names c = { 0 };
    char name[32];
    for (int i = 0; i < 3000; i++) {        /* 1000 numbers, from 999 down, three times each */
        int value = 999 - i % 1000, n = snprintf(name, sizeof name, "%d", value);
        assert_int_equal(names_add(&c, name, (size_t)n, NAME_NUMBER, value), i % 1000);
    }
    assert_int_equal(names_add(&c, "b", 1, NAME_TEXT, 0), 1000);
    assert_int_equal(names_add(&c, "ab", 2, NAME_TEXT, 0), 1001);
    assert_int_equal(names_add(&c, "b", 1, NAME_TEXT, 0), 1000);
    assert_int_equal(c.v[0].count, 3);
    struct ranking r = names_rank(&c, 2000);
    assert_int_equal(r.shown, 1002);
    assert_int_equal(r.others, 0);
    for (size_t i = 0; i < 1000; i++) {
        assert_int_equal(c.v[r.shown_name[i]].number, i);
        assert_int_equal(r.rank[i], 999 - i);
    }
    assert_int_equal(r.shown_name[1000], 1001);        /* ab, then b */
    ranking_free(&r);
    r = names_rank(&c, 4);                            /* of equally large ones the first */
    assert_int_equal(r.shown, 3);
    assert_int_equal(r.others, 999);
    assert_int_equal(r.others_count, 3 * 997 + 3);
    assert_int_equal(c.v[r.shown_name[2]].number, 2);
    assert_int_equal(r.rank[1000], 3);
    ranking_free(&r);
    names_free(&c);
    struct names none = { 0 };
    r = names_rank(&none, 4);
    assert_int_equal(r.shown + r.others, 0);
    ranking_free(&r);
}

static void quotes(const char *text, size_t most, const char *want)
{
    struct str g = { NULL, 0, 0 };
    gnuplot_quote(&g, text, strlen(text), most);
    assert_string_equal(g.p, want);
    str_free(&g);
}

static void test_quote(void **state)
{
    (void)state;
    quotes("", 0, "''");
    quotes("it's `x` \"y\" \\n", 0, "'it\u2019s `x` \"y\" \\n'");
    quotes("'a'", 0, "'\u2019a\u2019'");
    quotes("a\nb\x7f", 0, "'a b '");
    quotes("\xff|\xc3|", 0, "'?|?|'");
    quotes("\u00e4\u00f6\u00fc", 2, "'\u00e4\u00f6\u2026'");
    quotes("abc", 3, "'abc'");
}

static void test_rare(void **state)
{
    (void)state;
    static const struct { const char *text, *script; } cases[] = {
        { "", NULL }, { "a Z \u2026 \u03a9 \u0416 \u05d0 \u0634 \u10d0", NULL }, { "\xff\xe0\xa6", NULL },
        { "rock, \u0997\u09be\u09a8, \u0e01", "Bengali" }, { "\u97f3", "Han" }, { "la \U0001f3b5", "emoji" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *script = gnuplot_rare(cases[i].text, strlen(cases[i].text));
        assert_string_equal(script ? script : "none", cases[i].script ? cases[i].script : "none");
    }
}

static void test_size(void **state)
{
    (void)state;
    int64_t w = 0, h = 0;
    assert_true(gnuplot_size("640x480", &w, &h));
    assert_int_equal(w * 10000 + h, 6400480);
    assert_true(gnuplot_size("20,20000", &w, &h));
    const char *const wrong[] = { "", "640", "640x", "640x480x", "19x20", "20x20001", "x", "640 480", "-640x480" };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_false(gnuplot_size(wrong[i], &w, &h));
}

/* OKLab of a colour (0xRRGGBB) as someone sees it: with three kinds of cones, deuteranope, protanope. */
static void oklab(uint32_t rgb, int who, double lab[3])
{
    static const double sees[3][3][3] = {
        { { 1, 0, 0 }, { 0, 1, 0 }, { 0, 0, 1 } },
        { { .367322, .860646, -.227968 }, { .280085, .672501, .047413 }, { -.011820, .042940, .968881 } },
        { { .152286, 1.052583, -.204868 }, { .114503, .786281, .099216 }, { -.003882, -.048116, 1.051998 } },
    };
    static const double cones[3][3] = { { .4122214708, .5363325363, .0514459929 }, { .2119034982, .6806995451, .1073969566 },
                                        { .0883024619, .2817188376, .6299787005 } };
    static const double to_lab[3][3] = { { .2104542553, .7936177850, -.0040720468 },
                                         { 1.9779984951, -2.4285922050, .4505937099 },
                                         { .0259040371, .7827717662, -.8086757660 } };
    double linear[3], seen[3], cone[3];
    for (int i = 0; i < 3; i++) {
        double v = (double)(rgb >> (16 - 8 * i) & 0xff) / 255;
        linear[i] = v <= 0.04045 ? v / 12.92 : pow((v + 0.055) / 1.055, 2.4);
    }
    for (int i = 0; i < 3; i++)
        seen[i] = fmin(1, fmax(0, sees[who][i][0] * linear[0] + sees[who][i][1] * linear[1] + sees[who][i][2] * linear[2]));
    for (int i = 0; i < 3; i++)
        cone[i] = cbrt(cones[i][0] * seen[0] + cones[i][1] * seen[1] + cones[i][2] * seen[2]);
    for (int i = 0; i < 3; i++)
        lab[i] = to_lab[i][0] * cone[0] + to_lab[i][1] * cone[1] + to_lab[i][2] * cone[2];
}

/* The least distance of two of the first n colours. */
static double nearest(int n, int who)
{
    double least = INFINITY;
    for (int i = 0; i < n; i++)
        for (int k = 0; k < i; k++) {
            double a[3], b[3];
            oklab(gnuplot_colours[i], who, a);
            oklab(gnuplot_colours[k], who, b);
            least = fmin(least, sqrt(pow(a[0] - b[0], 2) + pow(a[1] - b[1], 2) + pow(a[2] - b[2], 2)));
        }
    return least;
}

static void test_colours(void **state)
{
    (void)state;
    double lab[3];
    oklab(0xff0000, 0, lab);            /* B. Ottosson's own example of red: 0.628, 0.225, 0.126 */
    assert_true(fabs(lab[0] - 0.628) < 1e-3 && fabs(lab[1] - 0.225) < 1e-3 && fabs(lab[2] - 0.126) < 1e-3);
    for (int who = 0; who < 3; who++) {
        assert_true(nearest(GNUPLOT_OKABE_ITO, who) > 0.075);
        assert_true(nearest(20, who) > 0.07);
        assert_true(nearest(GNUPLOT_COLOURS, who) > 0.047);
    }
}

static void test_tics(void **state)
{
    (void)state;
    struct str g = { NULL, 0, 0 };
    struct gnuplot_page page = { .width = 400, .height = 300 };
    const struct gnuplot_tic tics[] = { { 0, "50%", 3 }, { 1, "b", 1 }, { 1.25, "c", 1 }, { 3, "it's", 4 } };
    gnuplot_tics(&g, &page, "x", tics, 4, 40);          /* b and c are 10 pixels apart */
    assert_string_equal(g.p, "set xtics rotate by 90 right ('50%%' 0, 'b' 1, 'it\u2019s' 3)\n");
    g.n = 0;
    gnuplot_tics(&g, &page, "x", tics, 4, 400);
    assert_string_equal(g.p, "set xtics ('50%%' 0, 'b' 1, 'c' 1.25, 'it\u2019s' 3)\n");
    str_free(&g);
}

static void test_range(void **state)
{
    (void)state;
    struct str g = { NULL, 0, 0 };
    gnuplot_range(&g, "x", 0, 100, false);
    gnuplot_range(&g, "y", 1, 100, true);
    gnuplot_range(&g, "x", 50, 50, false);
    gnuplot_range(&g, "y", 4, 4, true);
    assert_string_equal(g.p, "set xrange [-4:104]\nset yrange [0.8317638:120.2264]\nset xrange [45:55]\n"
                             "set yrange [2:8]\n");
    str_free(&g);
}

static void test_tree(void **state)
{
    (void)state;
    struct str g = { NULL, 0, 0 };
    struct tree_edge edges[] = { { 4, 0, 1, 0 }, { 4, 1, 1, 0 }, { 5, 4, 3, 0 }, { 5, 2, 3, 0 }, { 6, 5, 7, 0 }, { 6, 3, 7, 0 } };
    struct tree t = { .v = edges, .n = 6, .most = 3 };
    assert_null(tree_draw(&g, &t));
    assert_non_null(strstr(g.p, "('(2)' 0, '2' 1, '3' 2)"));
    assert_non_null(strstr(g.p, "1.25 7\n0.5 7\n0.5 3\n\n"));          /* from the root to node 5 */
    str_free(&g);
    edges[5].child = 4;
    assert_string_equal(tree_draw(&g, &t), "a node has two parents");
    assert_null(g.p);
}

static void test_shares(void **state)
{
    (void)state;
    float v[] = { 1, 3, 0, 0 }, below[] = { 1, -1 };
    assert_true(heatmap_shares(v, 2, 2));
    assert_true(v[0] == 0.25F && v[1] == 0.75F && v[2] == 0 && v[3] == 0);
    assert_false(heatmap_shares(below, 1, 2));
}

static void test_cosines(void **state)
{
    (void)state;
    float x[] = { 3, 4, 5, 0, 0, 0, 0, -2 };
    size_t n;
    float *v = heatmap_cosines(x, 4, 2, 10, &n);
    const double want[] = { 1, 0.6, 0, -0.8, 0.6, 1, 0, 0, 0, 0, 0, 0, -0.8, 0, 0, 1 };
    assert_int_equal(n, 4);
    for (size_t i = 0; i < 16; i++)
        assert_true(fabs((double)v[i] - want[i]) < 1e-6);
    free(v);
    float again[] = { 3, 4, 5, 0, 0, 0, 0, -2 };
    v = heatmap_cosines(again, 4, 2, 2, &n);            /* means of blocks of 2 x 2 of these */
    assert_int_equal(n, 2);
    assert_true(fabs((double)v[0] - 3.2 / 4) < 1e-6 && fabs((double)v[1] + 0.8 / 4) < 1e-6);
    assert_true(v[2] == v[1] && fabs((double)v[3] - 0.25) < 1e-6);
    free(v);
    assert_true(heatmap_cosines_bytes(1000, 600) == 4.0 * 600 * 600);
}

static void test_beside(void **state)
{
    (void)state;
    const double x[] = { 50, 50, 95, 5 }, y[] = { 50, 58, 50, 5 }, wide[] = { 30, 30, 30, 120 };
    const size_t order[] = { 0, 1, 2, 3 };
    bool placed[4];
    double to_x[4] = { 0 }, to_y[4] = { 0 };
    beside_place(&(struct beside){ 4, x, y, wide, 10, 100, 100 }, order, placed, to_x, to_y);
    assert_true(placed[0] && to_x[0] == 72 && to_y[0] == 50);          /* to the right */
    assert_true(placed[1] && to_x[1] == 28 && to_y[1] == 58);          /* to the left, as the first is in the way */
    assert_false(placed[2]);            /* neither out of the picture, nor on the first, nor half outside above or below */
    assert_false(placed[3]);            /* wider than the picture */
}

static void test_hull(void **state)
{
    (void)state;
    const float x[] = { 1, 0, 2, 2, 0, 1, 2 }, y[] = { 1, 0, 0, 2, 2, 0, 0 };
    size_t at[] = { 0, 1, 2, 3, 4, 5, 6 }, line[] = { 1, 5, 2 }, one[] = { 3 };
    assert_int_equal(beside_hull(x, y, at, 7), 4);
    const float want[] = { 0, 0, 2, 0, 2, 2, 0, 2 };
    for (size_t i = 0; i < 4; i++)
        assert_true(x[at[i]] == want[2 * i] && y[at[i]] == want[2 * i + 1]);
    assert_int_equal(beside_hull(x, y, line, 3), 2);
    assert_int_equal(beside_hull(x, y, one, 1), 1);
}

/* Against the sum of the kernels themselves, at each node; levels have their shares of the points above them. */
static void test_density(void **state)
{
    (void)state;
    enum { N = 400 };
    float x[N], y[N];
    const double low[2] = { -10, -6 }, high[2] = { 16, 9 };
    struct rng rng;
    static struct density d;
    rng_init(&rng, 1, 0);
    for (size_t i = 0; i < N; i++) {
        x[i] = (float)(rng_normal(&rng) + (i % 3 ? 0 : 6));
        y[i] = (float)(0.7 * rng_normal(&rng) + (i % 3 ? 0 : 3));
    }
    density_of(x, y, N, low, high, &d);
    double most = 0, wrong = 0, all = 0;
    for (size_t j = 0; j < DENSITY_SIDE; j++)
        for (size_t i = 0; i < DENSITY_SIDE; i++) {
            double want = 0, u = low[0] + (double)i * d.step[0], v = low[1] + (double)j * d.step[1];
            for (size_t p = 0; p < N; p++)
                want += exp(-0.5 * (pow((u - (double)x[p]) / d.width[0], 2) + pow((v - (double)y[p]) / d.width[1], 2)));
            want /= N * 2 * 3.14159265358979 * d.width[0] * d.width[1];
            most = fmax(most, want);
            wrong = fmax(wrong, fabs(want - (double)d.at[j][i]));
            all += (double)d.at[j][i] * d.step[0] * d.step[1];
        }
    assert_true(wrong < 0.1 * most);            /* points in four shares are a little wider */
    assert_true(fabs(all - 1) < 1e-4);
    for (size_t l = 1; l < DENSITY_LEVELS; l++)
        assert_true(d.level[l] > d.level[l - 1]);
    assert_true(d.level[0] > 0 && d.level[DENSITY_LEVELS - 1] < most);
    density_of((float[]){ 3, 3 }, (float[]){ 4, 4 }, 2, (double[]){ 2, 3 }, (double[]){ 4, 5 }, &d);    /* one spot */
    assert_true(d.width[0] == d.step[0] && d.at[40][40] > 0 && d.level[0] == d.level[3]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_classes), cmocka_unit_test(test_quote), cmocka_unit_test(test_rare), cmocka_unit_test(test_size),
        cmocka_unit_test(test_colours), cmocka_unit_test(test_tics), cmocka_unit_test(test_range), cmocka_unit_test(test_tree),
        cmocka_unit_test(test_beside), cmocka_unit_test(test_hull), cmocka_unit_test(test_density),
        cmocka_unit_test(test_shares), cmocka_unit_test(test_cosines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
