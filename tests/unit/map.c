/* map: what the driver of map filters promises to process
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/par.h"
#include "base/progress.h"
#include "drive/map.h"

static const struct prog prog = { .name = "test", .brief = "b", .in = IO_RECORDS, .out = IO_RECORDS };
static char path[] = "/tmp/songpipe-map-XXXXXX", result[] = "/tmp/songpipe-map-XXXXXX";

enum { NILS = 100, ALL = 400 };

/* A stream that begins with nil, then one bad record, then numbers. */
static void write_input(void)
{
    struct rec_out *out = rec_create_file(&prog, NULL, path, IO_RECORDS);
    struct rec *r = rec_new();
    char id[20];
    for (int i = 0; i < ALL; i++) {
        rec_begin(r, id, (size_t)snprintf(id, sizeof id, "r%d", i));
        if (i < NILS)
            rec_set_nil(r, "x");
        else if (i == NILS)
            rec_set_str(r, "x", "bad", 3);
        else
            rec_set_int(r, "x", i);
        rec_put(out, r);
    }
    rec_finish(out);
    rec_free(r);
}

static pthread_t caller;
static atomic_int first, elsewhere;     /* the first number that process saw; how many before it in other threads */

static bool process(struct rec *r, const struct value *in, void *state)
{
    (void)state;
    if (in->type != V_INT)
        return rec_error(r, "not a number");
    int none = 0;
    if (!pthread_equal(pthread_self(), caller) && atomic_load(&first) == 0)
        elsewhere++;
    atomic_compare_exchange_strong(&first, &none, (int)in->i);
    rec_set_int(r, "x", in->i - first);
    return true;
}

static void header(struct head *h, void *state)
{
    (void)state;
    head_set_columns(h, "seen", (const char *const[]){ first ? "yes" : "no" }, 1);
}

/* The first record that is not nil is worked on in the calling thread, whether or not there is a
 * header to be changed. */
static void test_first(void **state)
{
    (void)state;
    progress_quiet = true;
    caller = pthread_self();
    item_on_error = ON_ERROR_EMIT;
    write_input();
    for (int with = 0; with < 2; with++) {
        first = elsewhere = 0;
        par_jobs = 4;
        struct map m = { .in = "x", .process = process, .header = with ? header : NULL };
        struct rec_in *in = rec_open(&prog, (char *[]){ path, NULL }, false);
        assert_int_equal(map_run(&m, in, rec_create_file(&prog, in, result, IO_RECORDS)), 0);
        assert_int_equal(first, NILS + 1);
        assert_int_equal(elsewhere, 0);
        struct rec *r = rec_new();
        in = rec_open(&prog, (char *[]){ result, NULL }, false);
        if (with)
            assert_string_equal(head_columns(rec_head(in), "seen")->names[0], "yes");
        for (int i = 0; i < ALL; i++) {
            assert_true(rec_next(in, r));
            assert_true(i <= NILS ? rec_get(r, "x").type == V_NIL : rec_get(r, "x").i == i - NILS - 1);
        }
        assert_false(rec_next(in, r));
        rec_close(in);
        rec_free(r);
    }
}

int main(void)
{
    close(mkstemp(path));
    close(mkstemp(result));
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_first) };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    remove(path);
    remove(result);
    return failed;
}
