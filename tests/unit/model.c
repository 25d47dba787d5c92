/* model: a table of parts is written and read back, words are stored as words, and what lies is refused
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/die.h"
#include "drive/model.h"

static const struct prog prog = { .name = "fit", .brief = "b", .in = IO_RECORDS, .out = IO_RECORDS };
static char path[] = "/tmp/songpipe-model-XXXXXX";

static struct {
    int64_t count;
    size_t n, rows, d;
    double share;
    bool on, off;
    int how;
    const char *name;
    struct text lines;
    double *mean, *w;
    uint32_t *df;
} v;

#define PARTS(words, old) { \
    MODEL_INT("count", &v.count, -5, 5), MODEL_SIZE("n", &v.n, 1, 1e15), MODEL_REAL("share", &v.share, 0, 1), \
    MODEL_FLAG("on", &v.on), MODEL_NOT("lit", &v.off), MODEL_CHOICE("how", &v.how, words, old), \
    MODEL_TEXT("name", &v.name), MODEL_BYTES("lines", &v.lines), MODEL_VECTOR("mean", &v.mean, &v.d, -DBL_MAX, 9), \
    MODEL_MATRIX("w", &v.w, &v.rows, &v.d, 0, DBL_MAX), MODEL_COUNTS("df", &v.df, &v.d), MODEL_END }

static const struct model_part parts[] = PARTS("red|green|blue", NULL);
static const struct model_part reordered[] = PARTS("blue|redder|red|green", NULL);
static const struct model_part aged[] = PARTS("blue|green|red", "green|red");

static void set(void)
{
    static double mean[] = { -1, 0.1, 9 }, w[] = { 0, 1, 2, 3, 4, 1e300 };
    static uint32_t df[] = { 0, 7, UINT32_MAX };
    memset(&v, 0, sizeof v);
    v.count = -5, v.n = 12, v.rows = 2, v.d = 3, v.share = 0.25, v.on = true, v.off = true, v.how = 1;
    v.name = "a name", v.lines = (struct text){ "a\0b\n", 4 };
    v.mean = mean, v.w = w, v.df = df;
}

static void save(void)
{
    struct model_out *out = model_create(&prog, NULL, path);
    model_write(out, parts);
    model_finish(out);
}

static void load(const struct model_part *table)
{
    struct opt_input file = { .path = path };
    struct model *m = model_load(&file, "fit");
    memset(&v, 0, sizeof v);
    model_read(m, table);
    model_free(m);
}

static void drop(void)
{
    free(v.mean), free(v.w), free(v.df), free((char *)v.name), free((char *)v.lines.p);
}

static void test_round_trip(void **state)
{
    (void)state;
    set();
    save();
    load(parts);
    assert_int_equal(v.count, -5);
    assert_int_equal(v.n, 12);
    assert_true(v.share == 0.25);
    assert_true(v.on);
    assert_true(v.off);
    assert_int_equal(v.how, 1);
    assert_string_equal(v.name, "a name");
    assert_int_equal(v.lines.n, 4);
    assert_memory_equal(v.lines.p, "a\0b\n", 4);
    assert_int_equal(v.rows, 2);
    assert_int_equal(v.d, 3);
    assert_true(v.mean[0] == -1 && v.mean[1] == 0.1 && v.mean[2] == 9);
    assert_true(v.w[0] == 0 && v.w[5] == 1e300);
    assert_true(v.df[1] == 7 && v.df[2] == UINT32_MAX);
    drop();
}

/* The word is stored: another order of the list reads the same meaning; an ordinal of old is read by its list. */
static void test_words(void **state)
{
    (void)state;
    set();
    save();
    load(reordered);
    assert_int_equal(v.how, 3);
    drop();
    load(aged);
    assert_int_equal(v.how, 1);
    drop();
    for (int old = 0; old < 2; old++) {
        struct model_part ordinal[] = PARTS("", NULL);
        int64_t at = old;
        ordinal[5] = (struct model_part)MODEL_INT("how", &at, 0, 9);
        set();
        struct model_out *out = model_create(&prog, NULL, path);
        model_write(out, ordinal);
        model_finish(out);
        load(aged);
        assert_int_equal(v.how, old ? 2 : 1);
        drop();
    }
}

/* How a process of its own ends that reads what was saved. */
static int status_of_load(const struct model_part *table)
{
    int status;
    fflush(NULL);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        if (!freopen("/dev/null", "w", stderr))
            _exit(98);
        load(table);
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void test_refused(void **state)
{
    (void)state;
    static const struct model_part fewer[] = PARTS("red|blue", NULL);
    struct model_part other[] = PARTS("red|green|blue", NULL);
    size_t two = 2;
    set();
    save();
    assert_int_equal(status_of_load(parts), 0);
    assert_int_equal(status_of_load(fewer), ST_STREAM);     /* no word of the list */
    struct { size_t part; struct model_part is; } const bad[] = {
        { 0, MODEL_INT("count", &v.count, -4, 5) }, { 0, MODEL_INT("none", &v.count, -5, 5) },
        { 0, MODEL_FLAG("count", &v.on) }, { 2, MODEL_REAL("share", &v.share, 0, 0.2) },
        { 2, MODEL_REAL("count", &v.share, -4, 9) }, { 8, MODEL_VECTOR("mean", &v.mean, &v.d, -DBL_MAX, 8.9) },
        { 8, MODEL_VECTOR("mean", &v.mean, &v.d, -0.9, 9) }, { 8, MODEL_VECTOR("w", &v.mean, &v.d, 0, 9) },
        { 9, MODEL_MATRIX("w", &v.w, &v.d, &v.rows, 0, DBL_MAX) },          /* rows of 2 numbers, not 3 */
        { 10, MODEL_COUNTS("df", &v.df, &two) },
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct model_part was = other[bad[i].part];
        other[bad[i].part] = bad[i].is;
        assert_int_equal(status_of_load(other), ST_STREAM);
        other[bad[i].part] = was;
    }
    other[2] = (struct model_part)MODEL_REAL("count", &v.share, -5, 9);
    assert_int_equal(status_of_load(other), 0);     /* a whole number is a number */
    other[2] = parts[2];
    for (int i = 0; i < 2; i++) {                   /* numbers that are none, and none at all */
        double wrong[] = { 1, i ? 1 : NAN, 1 };
        set();
        v.mean = wrong;
        v.d = i ? 0 : 3;
        save();
        assert_int_equal(status_of_load(parts), ST_STREAM);
    }
}

int main(void)
{
    close(mkstemp(path));
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip), cmocka_unit_test(test_words), cmocka_unit_test(test_refused),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(path);
    return failed;
}
