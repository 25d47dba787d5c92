/* sheet: tables of several files, their types, ids and fields
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

#include "files/sheet.h"

static char a[] = "/tmp/songpipe-sheet-XXXXXX", b[] = "/tmp/songpipe-sheet-XXXXXX";
static char *files[] = { a, b, NULL };
static const char *comma = ",";

static void write_text(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    assert_int_equal(fclose(f), 0);
}

/* The types are those of all files, whatever the first rows look like; bad rows stay in their place. */
static void rows(void **state)
{
    (void)state;
    static const struct { enum csv_got got; const char *id; enum vtype types[3]; } want[] = {
        { CSV_ROW, "k1", { V_INT, V_FLOAT, V_STR } }, { CSV_BAD, "", { V_NIL } }, { CSV_ROW, "k2", { V_NIL, V_NIL, V_STR } },
        { CSV_ROW, "k3", { V_INT, V_FLOAT, V_STR } } };
    static const char *const names[] = { "n", "x", "t" };
    char *dropped[] = { "gone" };
    const struct opt_list drop = { dropped, 1 };
    uint64_t hash = 0;
    struct sheet s;
    struct rec *r = rec_new();
    write_text(a, "id,n,x,gone,t\nk1,1,2,w,3\nbad\nk2,,NA,,4\n");
    write_text(b, "id,n,x,gone,t\nk3,5,0.5,w,six\n");
    sheet_open(&s, files, &(struct sheet_how){ .delimiter = &comma, .drop = &drop, .hash = &hash });
    assert_int_equal(s.rows, 3);
    assert_int_equal(s.columns, 5);
    assert_int_equal(s.id, 0);
    assert_true(hash != 0);
    assert_false(s.field[0] || s.field[3]);
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        assert_int_equal(sheet_next(&s), want[i].got);
        if (want[i].got == CSV_BAD)
            continue;
        assert_true(sheet_begin(&s, r, i) && sheet_fields(&s, r));
        assert_memory_equal(rec_id(r).p, want[i].id, 2);
        assert_int_equal(r->n, 4);
        for (int k = 0; k < 3; k++)
            assert_int_equal(rec_get(r, names[k]).type, want[i].types[k]);
    }
    assert_string_equal(csv_path(s.csv), b);
    assert_int_equal(sheet_next(&s), CSV_END);
    sheet_close(&s);
    rec_free(r);
}

/* Without a column of ids rows are numbered; a column of text stays text; a cell of the ids may be empty. */
static void ids(void **state)
{
    (void)state;
    char *as_text[] = { "n" };
    const struct opt_list text = { as_text, 1 };
    struct sheet s;
    struct rec *r = rec_new();
    write_text(a, "n,name\n1,\n");
    char *one[] = { a, NULL };
    sheet_open(&s, one, &(struct sheet_how){ .delimiter = &comma, .text = &text });
    assert_int_equal(sheet_next(&s), CSV_ROW);
    assert_true(sheet_begin(&s, r, 17) && sheet_fields(&s, r));
    assert_memory_equal(rec_id(r).p, "17", 2);
    assert_int_equal(rec_get(r, "n").type, V_STR);
    sheet_close(&s);
    sheet_open(&s, one, &(struct sheet_how){ .delimiter = &comma, .id = "name" });
    assert_int_equal(sheet_next(&s), CSV_ROW);
    assert_false(sheet_begin(&s, r, 17));
    assert_string_equal(r->error, "no id: the cell of name is empty");
    sheet_close(&s);
    rec_free(r);
}

int main(void)
{
    int fd[2] = { mkstemp(a), mkstemp(b) };
    if (fd[0] < 0 || fd[1] < 0 || close(fd[0]) || close(fd[1]))
        return 1;
    const struct CMUnitTest tests[] = { cmocka_unit_test(rows), cmocka_unit_test(ids) };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(a);
    unlink(b);
    return failed;
}
