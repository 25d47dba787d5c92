/* files: texts that grow, tables and JSON written, a table that changes between two passes; and
 * what is said of streams: what their fields hold, and the numbers of two values
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
#include <sys/wait.h>
#include <unistd.h>

#include "base/die.h"
#include "base/str.h"
#include "drive/pairs.h"
#include "drive/survey.h"
#include "files/csv.h"
#include "files/file_ids.h"
#include "files/csv_out.h"
#include "files/grid.h"
#include "files/json_out.h"
#include "files/npy_put.h"

static void is_text(struct str *s, const char *want)
{
    assert_int_equal(s->n, strlen(want));
    assert_string_equal(s->p, want);
    str_free(s);
    assert_true(!s->p && !s->n);
}

static void test_str(void **state)
{
    (void)state;
    struct str s = { NULL, 0, 0 };
    str_put(&s, "abc", 2);
    str_char(&s, 'x');
    str_printf(&s, "%d|%s", 7, "");
    is_text(&s, "abx7|");
    str_shape(&s, 3, (const size_t[]){ 4, 1, 20 }, ", ");
    str_shape(&s, 0, NULL, ", ");
    is_text(&s, "4, 1, 20");
    char big[3000];
    memset(big, 'y', sizeof big - 1);
    big[sizeof big - 1] = '\0';
    str_printf(&s, "%s", big);
    is_text(&s, big);
    str_f64(&s, 0.1);
    str_char(&s, ' ');
    str_f32(&s, 0.1f);
    str_char(&s, ' ');
    str_f64(&s, (double)NAN);
    str_f32(&s, -INFINITY);
    str_f64(&s, (double)INFINITY);
    is_text(&s, "0.1 0.1 nan-infinf");
    str_shown(&s, "a\nb\x7f\0\xc3\xa4\xff", 8, SIZE_MAX);
    is_text(&s, "a?b??\u00e4?");
    str_shown(&s, "\xc2\x85\xc2\x9b\u202d\u2067\u200f\u00a0\xc2", 16, SIZE_MAX);
    is_text(&s, "????\u200f\u00a0?");
    str_shown(&s, "ab\u00e4c", 5, 3);
    is_text(&s, "ab...");
    str_shown(&s, "abc", 3, 3);
    is_text(&s, "abc");
    str_pad(&s, 3);
    str_pad(&s, 0);
    is_text(&s, "   ");
    assert_int_equal(str_columns("a\u00e4\xff", 4), 3);
    memcpy(str_room(&s, 5), "hello", 5);
    s.n += 5;
    str_text(&s, "!");
    is_text(&s, "hello!");
}

static size_t fit(char *to, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));
static size_t fit(char *to, size_t size, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    size_t n = str_fit(to, size, format, args);
    va_end(args);
    assert_int_equal(n, strlen(to));
    return n;
}

/* What is said to a person. */
static void test_shown(void **state)
{
    (void)state;
    char to[16], keep[] = "a\tb\n\x1b\xc2\x9b\u2066c", shorter[STR_SHORT], wide[600];
    size_t n = str_clean(keep, sizeof keep - 1, "\n\t");
    assert_int_equal(n, 8);
    assert_memory_equal(keep, "a\tb\n\?\?\?c", 8);
    assert_int_equal(fit(to, sizeof to, "%s", "123456789abcdef"), 15);
    assert_string_equal(to, "123456789abcdef");
    fit(to, sizeof to, "%s", "123456789abcdefg");
    assert_string_equal(to, "1234...9abcdefg");
    fit(to, sizeof to, "%s", "\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4a");
    assert_string_equal(to, "\u00e4\u00e4...\u00e4\u00e4\u00e4a");
    assert_string_equal(str_short(shorter, "abc", 2), "ab");
    for (size_t i = 0; i < sizeof wide; i += 2)
        memcpy(wide + i, "\u00e4", 2);
    assert_int_equal(strlen(str_short(shorter, wide, 248)), 248);
    str_short(shorter, wide, sizeof wide);
    assert_int_equal(strlen(shorter), 123);
    assert_memory_equal(shorter, wide, 120);
    assert_string_equal(shorter + 120, "...");
}

static void cell(const char *p, size_t n, const char *want, size_t lost)
{
    struct str s = { NULL, 0, 0 };
    assert_int_equal(csv_put_text(&s, p, n, (struct csv_how){ ',', false }), lost);
    is_text(&s, want);
}

static void test_csv_text(void **state)
{
    (void)state;
    cell("plain; \x1f'", 9, "plain; \x1f'", 0);
    cell("", 0, "\"\"", 0);
    cell("a,b", 3, "\"a,b\"", 0);
    cell("say \"x\"", 7, "\"say \"\"x\"\"\"", 0);
    cell("\r", 1, "\"\r\"", 0);
    cell("\n", 1, "\"\n\"", 0);
    cell(" a ", 3, " a ", 0);
    cell("a\0\xff\xc3\xa4", 5, "a\ufffd\ufffd\u00e4", 2);
}

/* The field x of a record of the program's own. */
static const struct field *field_of(struct rec *r) { return rec_find(r, "x"); }

static void value_is(struct rec *r, size_t cells, const char *csv, const char *json)
{
    struct str s = { NULL, 0, 0 };
    struct json_lost lost = { 0, 0 };
    const struct field *f = field_of(r);
    struct value v = field_value(f);
    csv_put_value(&s, &v, f->raw + f->key, f->size - f->key, cells, (struct csv_how){ ';', false });
    str_text(&s, "");
    is_text(&s, csv);
    assert_ptr_equal(json_put_value(&s, f->raw + f->key, f->raw + f->size, &lost), f->raw + f->size);
    is_text(&s, json);
}

static void test_values(void **state)
{
    (void)state;
    struct rec *r = rec_new();
    rec_begin(r, "s", 1);
    rec_set_nil(r, "x");
    value_is(r, 3, ";;", "null");
    rec_set_bool(r, "x", true);
    value_is(r, 1, "true", "true");
    rec_set_int(r, "x", INT64_MIN);
    value_is(r, 1, "-9223372036854775808", "-9223372036854775808");
    rec_set_raw(r, "x", "\xcf\xff\xff\xff\xff\xff\xff\xff\xff", 9);
    value_is(r, 1, "18446744073709551615", "18446744073709551615");
    rec_set_raw(r, "x", "\x90", 1);
    value_is(r, 1, "\"\"", "[]");
    rec_set_raw(r, "x", "\x92\xa1" "a\xa2" "b,", 6);
    value_is(r, 1, "\"a;b,\"", "[\"a\",\"b,\"]");
    rec_set_raw(r, "x", "\x93\xa2" "a\"\xa0\xa1;", 7);
    value_is(r, 1, "\"\"\"a\"\"\"\"\"\";\"\"\"\";\"\";\"\"\"", "[\"a\\\"\",\"\",\";\"]");
    rec_set_f64(r, "x", 3);
    value_is(r, 1, "3", "3.0");
    rec_set_f64(r, "x", (double)NAN);
    value_is(r, 1, "nan", "null");
    rec_set_str(r, "x", "a;\"\n\x01\\", 6);
    value_is(r, 1, "\"a;\"\"\n\x01\\\"", "\"a;\\\"\\n\\u0001\\\\\"");
    rec_set_bin(r, "x", "\xff", 1);
    value_is(r, 1, "\ufffd", "{\"bin\":\"/w==\"}");
    rec_set_vector(r, "x", (const float[]){ 0.1f, 2 }, 2);
    value_is(r, 2, "0.1;2", "[0.1,2]");
    rec_set_sparse(r, "x", 4, 1, (const uint32_t[]){ 2 }, (const float[]){ 0.5f });
    value_is(r, 4, "0;0;0.5;0", "{\"sparse\":4,\"index\":[2],\"value\":[0.5]}");
    rec_free(r);
}

static void test_json_limits(void **state)
{
    (void)state;
    struct str s = { NULL, 0, 0 };
    struct json_lost lost = { 0, 0 };
    uint8_t deep[JSON_DEEPEST + 2];
    memset(deep, 0x91, sizeof deep);
    deep[JSON_DEEPEST + 1] = 0xc0;
    assert_null(json_put_value(&s, deep, deep + sizeof deep, &lost));
    assert_non_null(json_put_value(&s, deep + 1, deep + sizeof deep, &lost));
    str_free(&s);
    static const uint8_t map[] = { 0x82, 0x01, 0xc3, 0xa1, 'k', 0x91, 0xc0 }, bad[] = { 0x81, 0xc0, 0xc0 };
    assert_non_null(json_put_value(&s, map, map + sizeof map, &lost));
    is_text(&s, "{\"1\":true,\"k\":[null]}");
    assert_null(json_put_value(&s, bad, bad + sizeof bad, &lost));
    str_free(&s);
    json_put_text(&s, "\xff\xc3", 2, &lost);
    is_text(&s, "\"\ufffd\ufffd\"");
    assert_int_equal(lost.not_utf8, 2);
}

/* ---- a table between two passes ---- */

static char path[] = "/tmp/songpipe-files-XXXXXX";

static void spew(const char *text)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static int second_pass(const char *changed)
{
    int status;
    spew("a,b\n1,2\n3,4\n");
    pid_t pid = fork();
    if (pid == 0) {
        if (!freopen("/dev/null", "w", stderr))
            _exit(1);
        struct csv *c = csv_open(path, ',', true);
        while (csv_next(c) == CSV_ROW)
            ;
        spew(changed);
        csv_rewind(c);
        while (csv_next(c) != CSV_END)
            ;
        csv_close(c);
        _exit(99);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WEXITSTATUS(status);
}

static void test_csv_changes(void **state)
{
    (void)state;
    assert_int_equal(second_pass("a,b\n1,2\n3,4\n"), 99);
    assert_int_equal(second_pass("a,b\n1,2\n3,5\n"), ST_STOPPED);
    assert_int_equal(second_pass("a,b\n1,2\n"), ST_STOPPED);
    assert_int_equal(second_pass("a\n1\n"), ST_STOPPED);
    unlink(path);
}

/* ---- what fields hold ---- */

static void test_survey(void **state)
{
    (void)state;
    struct survey *all = survey_new();
    struct head h = { 0 };
    struct rec *r = rec_new();
    head_set_columns(&h, "v", (const char *const[]){ "a", "b" }, 2);
    rec_begin(r, "one", 3);
    rec_set_int(r, "n", 4);
    rec_set_vector(r, "v", (const float[]){ 1, INFINITY }, 2);
    rec_set_str(r, "t", "x", 1);
    survey_add(all, r, &h);
    rec_begin(r, "one", 3);
    rec_set_f64(r, "n", -0.5);
    rec_set_vector(r, "v", (const float[]){ 1, 2, 3 }, 3);
    rec_set_bool(r, "t", true);
    survey_add(all, r, &h);
    assert_int_equal(all->n, 4);
    assert_int_equal(all->records, 2);
    assert_int_equal(all->twice, 1);
    assert_string_equal(all->first_twice.p, "one");
    const struct survey_field *n = all->v + 1, *v = all->v + 2, *t = all->v + 3;
    assert_true(n->low == -0.5 && n->high == 4 && n->types[V_INT] == 1 && n->types[V_FLOAT] == 1);
    assert_int_equal(v->not_finite, 1);
    assert_int_equal(v->odd_width, 1);
    assert_true(v->least[0] == 2 && v->most[0] == 3 && v->dtypes == 1u << T_F4);
    assert_true(t->yes == 1 && t->different == 1 && t->low > t->high);
    assert_string_equal(t->example.p, "x");
    rec_free(r);
    survey_free(all);
    head_free(&h);
}

struct seen { size_t n; double sum, errors; size_t last; struct str place; };

static void see(const struct pair *p, void *state)
{
    struct seen *s = state;
    s->n++;
    s->sum += p->a - p->b;
    s->errors += p->error;
    s->last = p->i;
    s->place.n = 0;
    pair_index(&s->place, p);
}

static bool pair_up(struct rec *a, struct rec *b, struct seen *s)
{
    struct value x = rec_get(a, "x"), y = rec_get(b, "x");
    str_free(&s->place);
    *s = (struct seen){ .n = 0 };
    return pairs_each(&x, &y, see, s);
}

static void test_pairs(void **state)
{
    (void)state;
    struct rec *a = rec_new(), *b = rec_new();
    struct seen s = { .n = 0 };
    rec_set_int(a, "x", INT64_MAX);
    rec_set_int(b, "x", INT64_MAX - 1);
    assert_true(pair_up(a, b, &s) && s.n == 1 && s.errors == 1);        /* the same as doubles */
    rec_set_f64(b, "x", 2);
    rec_set_int(a, "x", 3);
    assert_true(pair_up(a, b, &s) && s.errors == 1 && s.sum == 1);
    assert_int_equal(s.place.n, 0);
    rec_set_vector(a, "x", (const float[]){ 1, 2, 3 }, 3);
    assert_false(pair_up(a, b, &s));
    rec_set_vector(b, "x", (const float[]){ 1, 5, 3 }, 3);
    assert_true(pair_up(a, b, &s) && s.n == 3 && s.sum == -3 && s.errors == 3 && s.last == 2);
    assert_string_equal(s.place.p, "[2]");
    rec_set_tensor(b, "x", T_F4, 2, (const size_t[]){ 3, 1 }, (const float[]){ 1, 5, 3 });
    assert_false(pair_up(a, b, &s));
    rec_set_tensor(a, "x", T_F4, 2, (const size_t[]){ 2, 3 }, (const float[]){ 1, 2, 3, 4, 5, 6 });
    rec_set_tensor(b, "x", T_F4, 2, (const size_t[]){ 2, 3 }, (const float[]){ 1, 2, 3, 4, 5, 6 });
    assert_true(pair_up(a, b, &s) && s.n == 6);
    assert_string_equal(s.place.p, "[1,2]");
    rec_set_sparse(a, "x", 9, 2, (const uint32_t[]){ 1, 4 }, (const float[]){ 1, 2 });
    rec_set_sparse(b, "x", 9, 2, (const uint32_t[]){ 4, 8 }, (const float[]){ 2, 5 });
    assert_true(pair_up(a, b, &s) && s.n == 3 && s.sum == -4 && s.errors == 6 && s.last == 8);
    rec_set_sparse(b, "x", 8, 1, (const uint32_t[]){ 4 }, (const float[]){ 2 });
    assert_false(pair_up(a, b, &s));
    rec_set_str(a, "x", "1", 1);
    rec_set_str(b, "x", "1", 1);
    assert_false(pair_up(a, b, &s));
    str_free(&s.place);
    rec_free(a);
    rec_free(b);
}

static void test_grid(void **state)
{
    (void)state;
    struct str cells[6] = { { NULL, 0, 0 } }, to = { NULL, 0, 0 };
    const char *const texts[] = { "name", "x", "\303\274", "1.25", "", "2" };
    for (int i = 0; i < 6; i++)
        str_text(cells + i, texts[i]);
    grid_put(&to, cells, 3, 2, false);
    is_text(&to, "name  x\n\303\274     1.25\n      2\n");
    grid_put(&to, cells, 3, 2, true);
    is_text(&to, "| name | x    |\n|---|---|\n| \303\274    | 1.25 |\n|      | 2    |\n");
    for (int i = 0; i < 6; i++)
        str_free(cells + i);
}

/* What npy_write writes, npy reads. */
static void test_npy(void **state)
{
    (void)state;
    static const struct { char kind; size_t size; double v; int64_t whole; } cases[] = {
        { 'f', 8, -0.1, 0 }, { 'f', 4, 1.5, 0 }, { 'i', 8, 0, INT64_MIN }, { 'i', 4, 0, -7 }, { 'u', 4, 0, UINT32_MAX },
        { 'b', 1, 0, 256 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct npy a = { .kind = cases[i].kind, .size = cases[i].size };
        char bytes[9] = "________";
        int64_t whole = cases[i].kind == 'b' ? 1 : cases[i].whole, got;
        assert_int_equal(npy_write(bytes, a.kind, a.size, cases[i].v, cases[i].whole), a.size);
        assert_int_equal(strspn(bytes + a.size, "_"), 8 - a.size);
        if (a.kind == 'f')
            assert_true(npy_number(&a, (const uint8_t *)bytes) == cases[i].v);
        else
            assert_true(npy_whole(&a, (const uint8_t *)bytes, &got) && got == whole);
    }
}

/* Ids as short as they can be: operand: how much of the path is the folder. */
static void short_ids(void **state)
{
    (void)state;
    static const struct { const char *path; size_t operand; const char *id; } files[] = {
        { "m/a/01.mp3", 2, "a/01.mp3" }, { "m/a/01.wav", 2, "a/01.wav" }, { "m/b/01.mp3", 2, "b/01" },
        { "x/s.wav", 2, "x/s" }, { "./y/s.wav", 4, "y/s" }, { "m/a/01.mp3", 2, "a/01.mp3" }, { "z/t", 2, "z/t" },
        { "w/t", 2, "w/t" }, { "u.v/t.x", 4, "t.x" }, { "m/a/01.mp3.flac", 2, "a/01.mp3.flac" }, { "m/b/01.mp3", 4, "b/01" },
        { "q/o.flac.mp3", 2, "o.flac" }, { "q/o.flac", 2, "o" },
    };
    enum { N = sizeof files / sizeof *files };
    struct file_ids *ids = file_ids_new();
    for (size_t i = 0; i < N; i++)
        file_ids_add(ids, files[i].path, files[i].path + files[i].operand);
    for (size_t i = 0; i < N; i++) {
        struct text t = file_ids_id(ids, files[i].path, files[i].path + files[i].operand);
        assert_int_equal(t.n, strlen(files[i].id));
        assert_memory_equal(t.p, files[i].id, t.n);
    }
    assert_int_equal(file_ids_longer(ids), 8);
    file_ids_free(ids);
}

/* The bytes of rows: of one type, widened, sparse, and nil. */
static void test_npy_rows(void **state)
{
    (void)state;
    static const int32_t whole[] = { -3, 70000 };
    static const uint32_t at = 1;
    static const float seven = 7;
    const struct value ints = { .type = V_TENSOR, .t = { T_I4, 1, { 2 }, 2, (const uint8_t *)whole } };
    const struct value sparse = { .type = V_SPARSE, .sp = { .d = 2, .nnz = 1, .index = (const uint8_t *)&at,
                                                            .value = (const uint8_t *)&seven } };
    const struct value one = { .type = V_INT, .i = -1 }, yes = { .type = V_BOOL, .b = true }, word = { .type = V_STR };
    struct npy row, other;
    struct str to = { NULL, 0, 0 };
    double x[2];
    assert_true(npy_form(&ints, &row) && row.ndim == 1 && row.shape[0] == 2 && row.count == 2);
    assert_true(row.kind == 'i' && row.size == 4);
    npy_put(&to, &row, &ints, x);
    assert_int_equal(to.n, 8);
    assert_memory_equal(to.p, whole, 8);
    assert_true(npy_form(&sparse, &other) && npy_same_shape(&row, &other));
    npy_widen(&row, other.kind, other.size);
    assert_true(row.kind == 'f' && row.size == 8);
    to.n = 0;
    npy_put(&to, &row, &ints, x);
    npy_put(&to, &row, &sparse, x);
    assert_int_equal(to.n, 32);
    assert_memory_equal(to.p, ((double[]){ -3, 70000, 0, 7 }), 32);
    to.n = 0;
    npy_put(&to, &row, &(struct value){ .type = V_NIL }, x);
    double nan[2];
    assert_int_equal(to.n, 16);
    memcpy(nan, to.p, 16);
    assert_true(isnan(nan[0]) && isnan(nan[1]));
    assert_true(npy_form(&one, &other) && other.ndim == 0 && other.count == 1 && other.kind == 'i' && other.size == 8);
    assert_false(npy_same_shape(&row, &other));
    to.n = 0;
    npy_put(&to, &other, &one, x);
    assert_memory_equal(to.p, "\xff\xff\xff\xff\xff\xff\xff\xff", 8);
    assert_true(npy_form(&yes, &other) && other.kind == 'b' && other.size == 1);
    to.n = 0;
    npy_put(&to, &other, &yes, x);
    assert_true(to.n == 1 && to.p[0] == 1);
    assert_false(npy_form(&word, &other));
    str_free(&to);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(short_ids),
        cmocka_unit_test(test_shown), cmocka_unit_test(test_str), cmocka_unit_test(test_csv_text), cmocka_unit_test(test_values),
        cmocka_unit_test(test_json_limits), cmocka_unit_test(test_csv_changes), cmocka_unit_test(test_survey),
        cmocka_unit_test(test_pairs), cmocka_unit_test(test_grid), cmocka_unit_test(test_npy),
        cmocka_unit_test(test_npy_rows),
    };
    int fd = mkstemp(path);
    if (fd < 0)
        return 1;
    close(fd);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
