/* stream: records and what is done to their fields, headers, ids, streams in files, models
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
#include <unistd.h>

#include "base/mem.h"
#include "base/rng.h"
#include "drive/model.h"
#include "drive/slurp.h"
#include "stream/ids.h"
#include "stream/rec.h"

static const struct prog prog = { .name = "test", .brief = "b", .in = IO_RECORDS, .out = IO_RECORDS };
static char path[] = "/tmp/songpipe-stream-XXXXXX";

/* "id a b", the names of the fields in order. */
static const char *names(const struct rec *r)
{
    static char text[200];
    char *p = text;
    *p = '\0';
    for (size_t i = 0; i < r->n; i++)
        p += snprintf(p, (size_t)(text + sizeof text - p), "%s%.*s", i ? " " : "", (int)r->fields[i].len, r->fields[i].name);
    return text;
}

/* ---- records ---- */

static void test_set(void **state)
{
    (void)state;
    struct rec *r = rec_new();
    const float x[] = { 1.5f, -2, 3 };
    rec_begin(r, "song", 4);
    rec_set_nil(r, "nil");
    rec_set_bool(r, "bool", true);
    rec_set_int(r, "int", INT64_MIN);
    rec_set_f64(r, "f64", 0.1);
    rec_set_str(r, "str", "a\0b", 3);
    rec_set_bin(r, "bin", "\xff", 1);
    rec_set_vector(r, "vec", x, 3);
    rec_set_tensor(r, "mat", T_F4, 2, (size_t[]){ 3, 1 }, x);
    rec_set_sparse(r, "sparse", 9, 2, (uint32_t[]){ 1, 8 }, x);
    rec_set_str(r, "", "", 0);
    assert_string_equal(names(r), "id nil bool int f64 str bin vec mat sparse ");
    assert_true(rec_id(r).n == 4 && !memcmp(rec_id(r).p, "song", 4));
    assert_true(rec_find(r, "nil") && rec_get(r, "nil").type == V_NIL);
    assert_true(!rec_find(r, "none") && rec_get(r, "none").type == V_NIL);
    assert_true(rec_get(r, "bool").b && rec_get(r, "int").i == INT64_MIN && rec_get(r, "f64").f == 0.1);
    struct value v = rec_get(r, "str");
    assert_true(v.type == V_STR && v.s.n == 3 && !memcmp(v.s.p, "a\0b", 3));
    assert_true(rec_get(r, "bin").type == V_BIN && rec_get(r, "bin").s.n == 1);
    v = rec_get(r, "vec");
    assert_true(v.type == V_TENSOR && v.t.ndim == 1 && v.t.count == 3 && !memcmp(v.t.data, x, sizeof x));
    v = rec_get(r, "mat");
    assert_true(v.type == V_TENSOR && v.t.ndim == 2 && v.t.shape[0] == 3 && v.t.shape[1] == 1);
    v = rec_get(r, "sparse");
    assert_true(v.type == V_SPARSE && v.sp.d == 9 && v.sp.nnz == 2 && !memcmp(v.sp.value, x, 8));

    rec_set_int(r, "str", 5);                   /* in its place */
    assert_string_equal(names(r), "id nil bool int f64 str bin vec mat sparse ");
    assert_int_equal(rec_get(r, "str").i, 5);
    rec_del(r, "nil");
    rec_del(r, "none");
    rec_del(r, "");
    assert_string_equal(names(r), "id bool int f64 str bin vec mat sparse");
    rec_begin(r, "next", 4);
    assert_string_equal(names(r), "id");
    rec_free(r);
    rec_free(NULL);
}

static void test_rename(void **state)
{
    (void)state;
    struct rec *r = rec_new();
    rec_begin(r, "s", 1);
    const char *const all[] = { "a", "b", "c" };
    for (int i = 0; i < 3; i++)
        rec_set_int(r, all[i], i);
    rec_rename(r, "a", "longer");
    assert_string_equal(names(r), "id longer b c");
    rec_rename(r, "c", "c");
    assert_string_equal(names(r), "id longer b c");
    rec_rename(r, "c", "x");                    /* the last */
    assert_string_equal(names(r), "id longer b x");
    assert_true(rec_get(r, "longer").i == 0 && rec_get(r, "b").i == 1 && rec_get(r, "x").i == 2);
    rec_rename(r, "x", "longer");               /* over one before it */
    assert_string_equal(names(r), "id b longer");
    assert_true(rec_get(r, "b").i == 1 && rec_get(r, "longer").i == 2);
    rec_rename(r, "b", "longer");               /* over one behind it */
    assert_string_equal(names(r), "id longer");
    assert_int_equal(rec_get(r, "longer").i, 1);
    rec_free(r);
}

/* A value may be set from where it lies in the record; large and many fields stay where they are. */
static void test_memory(void **state)
{
    (void)state;
    struct rec *r = rec_new();
    enum { N = 300, D = 5000 };
    float *x = mem_new(D, sizeof *x);
    for (int round = 0; round < 3; round++) {
        rec_begin(r, "s", 1);
        char name[20];
        for (int i = 0; i < N; i++) {
            for (int k = 0; k < D; k++)
                x[k] = (float)(i + k);
            snprintf(name, sizeof name, "f%d", i);
            rec_set_vector(r, name, x, (size_t)(i * 17 % D));
        }
        for (int i = 0; i < N; i += 3) {
            snprintf(name, sizeof name, "f%d", i);
            const struct field *f = rec_find(r, name);
            rec_set_raw(r, "copy", f->raw + f->key, f->size - f->key);
            struct value v = rec_get(r, name);
            rec_set_tensor(r, name, v.t.type, v.t.ndim, v.t.shape, v.t.data);
            struct value a = rec_get(r, "copy"), b = rec_get(r, name);
            assert_int_equal(a.t.count, i * 17 % D);
            assert_true(a.t.count == b.t.count && !memcmp(a.t.data, b.t.data, 4 * a.t.count));
        }
        for (int i = 0; i < N; i++) {
            snprintf(name, sizeof name, "f%d", i);
            struct value v = rec_get(r, name);
            tensor_f32(&v.t, x);
            for (size_t k = 0; k < v.t.count; k++)
                assert_true(x[k] == (float)(i + (int)k));
        }
    }
    free(x);
    rec_free(r);
}

static void test_error(void **state)
{
    (void)state;
    struct rec *r = rec_new();
    rec_begin(r, "s", 1);
    assert_false(rec_error(r, "rate is %g", 1.5));
    assert_string_equal(r->error, "rate is 1.5");
    assert_true(rec_pass_nil(r, "x"));
    assert_true(r->nil && rec_get(r, "x").type == V_NIL && rec_find(r, "x"));
    rec_begin(r, "s", 1);
    assert_true(!r->error[0] && !r->nil && !r->dropped);
    rec_free(r);
}

/* A field of another record, byte for byte, in its place or behind the others. */
static void test_take(void **state)
{
    (void)state;
    struct rec *from = rec_new(), *r = rec_new();
    rec_begin(from, "f", 1);
    rec_set_raw(from, "n", "\xd1\x00\x05", 3);
    rec_begin(r, "r", 1);
    rec_set_str(r, "n", "before", 6);
    rec_set_int(r, "m", 1);
    assert_ptr_equal(rec_find_as(r, rec_find(from, "n"), 0), rec_find(r, "n"));
    rec_take(r, rec_find(from, "n"));
    assert_string_equal(names(r), "id n m");
    rec_begin(from, "gone", 4);
    assert_true(rec_get(r, "n").i == 5 && rec_find(r, "n")->size == 5 && memcmp(rec_find(r, "n")->raw, "\xa1n\xd1\x00\x05", 5) == 0);
    rec_set_bool(from, "new", true);
    assert_null(rec_find_as(r, rec_find(from, "new"), 9));
    rec_take(r, rec_find(from, "new"));
    assert_true(rec_get(r, "new").b);
    assert_string_equal(names(r), "id n m new");
    rec_free(from);
    rec_free(r);
}

/* ---- streams in files ---- */

static struct rec_out *create(void) { return rec_create_file(&prog, NULL, path, IO_RECORDS); }

static struct rec_in *again(bool twice)
{
    static char *operands[] = { path, NULL };
    return rec_open(&prog, operands, twice);
}

static void test_round_trip(void **state)
{
    (void)state;
    struct rec *r = rec_new(), *own = rec_new();
    struct rec_out *out = create();
    head_set_columns(rec_out_head(out), "x", (const char *const[]){ "u", "v" }, 2);
    char id[20];
    for (int i = 0; i < 3000; i++) {            /* more than one buffer */
        rec_begin(r, id, (size_t)snprintf(id, sizeof id, "r%d", i));
        rec_set_vector(r, "x", (float[]){ (float)i, -1 }, 2);
        for (int k = 0; k < i % 20; k++) {      /* heads of maps of one and three bytes */
            snprintf(id, sizeof id, "f%d", k);
            rec_set_int(r, id, (int64_t)i << k);
        }
        if (i % 7 == 3) {                       /* several of one, and none of it itself */
            rec_emit(r);
            rec_set_str(r, "id", "twin", 4);
            rec_emit(r);
            assert_true(r->dropped);
            rec_put_emitted(out, r);
        } else {
            rec_put(out, r);
        }
    }
    rec_finish(out);
    struct rec_in *in = again(true);
    for (int pass = 0; pass < 3; pass++) {
        if (pass)
            rec_rewind(in);
        for (int i = 0; i < 3000; i++) {
            assert_true(rec_next(in, r));
            assert_int_equal(r->n, 2 + i % 20);
            assert_true(rec_id(r).n == (size_t)snprintf(id, sizeof id, "r%d", i) && !memcmp(rec_id(r).p, id, rec_id(r).n));
            struct value v = rec_get(r, "x");
            float x[2];
            tensor_f32(&v.t, x);
            assert_true(v.t.count == 2 && x[0] == (float)i);
            if (i % 20 > 17)
                assert_true(rec_get(r, "f17").i == (int64_t)i << 17);
            if (i % 7 == 3) {
                assert_true(rec_next(in, r));
                assert_true(rec_id(r).n == 4 && !memcmp(rec_id(r).p, "twin", 4) && r->n == (size_t)(2 + i % 20));
            }
            if (i == 10) {                      /* outlives the next */
                rec_free(own);
                own = rec_keep(r);
                assert_true(r->n == 0 && rec_id(r).n == 0);
            }
        }
        assert_false(rec_next(in, r));
        assert_true(rec_id(own).n == 4 || !memcmp(rec_id(own).p, "r10", 3));
        assert_true(rec_get(own, "f5").i == 10 << 5 || rec_id(own).n == 4);
    }
    assert_int_equal(head_columns(rec_head(in), "x")->n, 2);
    assert_int_equal(rec_head(in)->n_history, 1);
    rec_close(in);
    rec_free(r);
    rec_free(own);
}

/* A pipe is kept, and may be read as often as wanted. */
static void test_spool(void **state)
{
    (void)state;
    struct rec *r = rec_new();
    struct rec_out *out = create();
    for (int i = 0; i < 9; i++) {
        rec_begin(r, &"0123456789"[i], 1);
        rec_put(out, r);
    }
    rec_finish(out);
    char bytes[4096], name[40];
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    size_t n = fread(bytes, 1, sizeof bytes, f);
    fclose(f);
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    assert_true(write(ends[1], bytes, n) == (ssize_t)n);
    close(ends[1]);
    snprintf(name, sizeof name, "/dev/fd/%d", ends[0]);
    struct rec_in *in = rec_open(&prog, (char *[]){ name, NULL }, true);
    for (int pass = 0; pass < 4; pass++) {
        if (pass)
            rec_rewind(in);
        for (int i = 0; i < 9; i++)
            assert_true(rec_next(in, r) && *rec_id(r).p == '0' + i);
        assert_false(rec_next(in, r));
    }
    rec_close(in);
    close(ends[0]);
    rec_free(r);
}

static void test_frame_head(void **state)
{
    (void)state;
    uint8_t head[FRAME_HEAD];
    frame_pack_head(head, FRAME_RECORD, 0x01020304);
    assert_memory_equal(head, "\x93\xd7RSONGPIPE\xce\x01\x02\x03\x04", FRAME_HEAD);
    struct rec_out *out = create();
    rec_finish(out);
    struct rec_in *in = again(false);
    struct rec *r = rec_new();
    assert_false(rec_next(in, r));              /* no records */
    rec_close(in);
    rec_free(r);
}

/* ---- headers ---- */

static void test_head(void **state)
{
    (void)state;
    struct head h, copy, back;
    memset(&h, 0, sizeof h);
    head_set_columns(&h, "x", (const char *const[]){ "a", "", "c\xc3\xa9" }, 3);
    head_number_columns(&h, "y", "pca", 11);
    head_set_columns(&h, "z", (const char *const[]){ "q" }, 1);
    char wide[5000];
    memset(wide, 'w', sizeof wide);
    head_add_column(&h, "long", "%.*s.%d", (int)sizeof wide, wide, 1);
    head_add_column(&h, "long", "b");
    assert_true(head_columns(&h, "long")->n == 2 && strlen(head_columns(&h, "long")->names[0]) == sizeof wide + 2);
    head_set_columns(&h, "long", NULL, 0);
    assert_string_equal(head_columns(&h, "y")->names[10], "pca10");
    head_rename_columns(&h, "z", "w");
    head_rename_columns(&h, "none", "x");       /* nothing to rename: x stays */
    assert_true(!head_columns(&h, "z") && head_columns(&h, "w")->n == 1 && head_columns(&h, "x")->n == 3);
    head_copy(&copy, &h);
    assert_true(head_same_columns(&h, &copy));
    head_rename_columns(&copy, "w", "x");       /* over another */
    assert_true(copy.n_columns == 2 && head_columns(&copy, "x")->n == 1);
    assert_false(head_same_columns(&h, &copy));
    head_set_columns(&copy, "x", NULL, 0);
    head_set_columns(&copy, "x", NULL, 0);
    assert_true(copy.n_columns == 1 && head_columns(&copy, "y")->n == 11);

    struct msg_buf body = { NULL, 0, 0 }, second = { NULL, 0, 0 };
    head_pack(&h, &prog, &body);
    assert_int_equal(msg_size(body.p, body.p + body.n), body.n);
    assert_null(head_parse(&back, body.p, body.n));
    assert_true(!back.model && head_same_columns(&h, &back) && back.n_history == 1);
    for (size_t cut = 0; cut < body.n; cut++) {
        struct head none;
        assert_non_null(head_parse(&none, body.p, cut));
    }
    /* Keys that are not known pass; so does the history, with one entry more. */
    struct msg_buf more = { NULL, 0, 0 };
    msgpack_packer pk = msg_packer(&more);
    msgpack_pack_map(&pk, 4);
    msg_put_text(&pk, "later");
    msgpack_pack_array(&pk, 1);
    msgpack_pack_nil(&pk);
    msg_put_text(&pk, "kind");
    msg_put_text(&pk, "model");
    msg_put_text(&pk, "version");
    msgpack_pack_int(&pk, 1);
    msg_put_text(&pk, "history");
    msgpack_pack_array(&pk, 2);
    msgpack_pack_int(&pk, 7);
    msgpack_pack_nil(&pk);
    head_free(&back);
    assert_null(head_parse(&back, more.p, more.n));
    assert_true(back.model && back.n_history == 2 && back.n_other == 1);
    head_pack(&back, &prog, &second);
    struct head third;
    assert_null(head_parse(&third, second.p, second.n));
    assert_true(third.model && third.n_history == 3 && third.n_other == 1 && third.other.n == back.other.n);
    head_free(&third);
    second.n = 0;
    head_pack(&back, NULL, &second);            /* --no-history */
    assert_null(head_parse(&third, second.p, second.n));
    assert_int_equal(third.n_history, 0);
    head_free(&third);
    head_free(&h);
    head_free(&copy);
    head_free(&back);
    msg_free(&body);
    msg_free(&second);
    msg_free(&more);
}

static void test_bad_heads(void **state)
{
    (void)state;
#define OK "\xa7version\x01\xa4kind\xa7records"
    static const struct { const char *body; size_t n; } bad[] = {
#define BODY(S) { S, sizeof S - 1 }
        BODY(""), BODY("\xc0"), BODY("\x80"), BODY("\x81\xa7version\x01"), BODY("\x81\xa4kind\xa7records"),
        BODY("\x82\xa7version\x02\xa4kind\xa7records"), BODY("\x82\xa7version\x00\xa4kind\xa7records"),
        BODY("\x82\xa7version\xa1" "1\xa4kind\xa7records"), BODY("\x82\xa7version\x01\xa4kind\xa5songs"),
        BODY("\x82\xa7version\x01\xa4kind\x01"), BODY("\x83" OK "\x01\x01"), BODY("\x83" OK "\xa7" "columns\x90"),
        BODY("\x83" OK "\xa7" "columns\x81\xa1x\x01"), BODY("\x83" OK "\xa7" "columns\x81\xa1x\x91\x01"),
        BODY("\x83" OK "\xa7" "columns\x81\x01\x90"), BODY("\x83" OK "\xa7history\x80"), BODY("\x82" OK "\xc0"), BODY("\x83" OK "\xa1x"),
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct head h;
        uint8_t *copy = mem_new(bad[i].n, 1);
        memcpy(copy, bad[i].body, bad[i].n);
        if (!head_parse(&h, copy, bad[i].n))
            fail_msg("header %zu is taken", i);
        free(copy);
    }
    struct head h;
    static const char good[] = "\x84" OK "\xa7" "columns\x81\xa1x\x92\xa1" "a\xa1" "b\xa1?\xc1";
    assert_non_null(head_parse(&h, (const uint8_t *)good, sizeof good - 1));
    assert_null(head_parse(&h, (const uint8_t *)"\x82" OK, sizeof "\x82" OK - 1));
    head_free(&h);
}

/* ---- ids ---- */

static void test_ids(void **state)
{
    (void)state;
    struct ids *ids = ids_new();
    char text[20];
    enum { N = 20000 };
    for (size_t i = 0; i < N; i++) {
        struct text id = { text, (size_t)snprintf(text, sizeof text, "%zu", i) };
        assert_true(ids_find(ids, id) == SIZE_MAX);
        assert_true(ids_add(ids, id, 3 * i));
        assert_false(ids_add(ids, id, 1));      /* keeps the first number */
    }
    for (size_t i = 0; i < N; i++) {
        struct text id = { text, (size_t)snprintf(text, sizeof text, "%zu", i) };
        assert_true(ids_find(ids, id) == 3 * i);
    }
    assert_true(ids_find(ids, (struct text){ "x", 1 }) == SIZE_MAX);
    assert_true(ids_add(ids, (struct text){ "", 0 }, 5) && ids_find(ids, (struct text){ "", 0 }) == 5);
    ids_free(ids);
    ids_free(NULL);
}

/* ---- models and rows ---- */

static void test_model(void **state)
{
    (void)state;
    static const struct prog fit = { .name = "fit", .brief = "b", .in = IO_RECORDS, .out = IO_RECORDS };
    const double mean[] = { 0.1, -2, 1e300 };
    const float w[] = { 1, 2, 3, 4, 5, 6 };
    struct model_out *out = model_create(&fit, NULL, path);
    rec_set_int(model_out_config(out), "ddof", 1);
    model_put(out, "mean", T_F8, 1, (size_t[]){ 3 }, mean);
    model_put(out, "w", T_F4, 2, (size_t[]){ 2, 3 }, w);
    model_finish(out);

    struct opt_input file = { .path = path };
    struct model *m = model_load(&file, "fit");
    size_t shape[2];
    double *x = model_f64(m, "mean", 1, shape);
    assert_true(shape[0] == 3 && !memcmp(x, mean, sizeof mean));
    float *y = model_f32(m, "w", 2, shape);
    assert_true(shape[0] == 2 && shape[1] == 3 && !memcmp(y, w, sizeof w));
    assert_int_equal(rec_get(model_config(m), "ddof").i, 1);
    assert_true(file.xxh3 != 0);
    free(x);
    free(y);
    uint64_t first = file.xxh3;
    model_free(m);
    model_free(NULL);
    m = model_load(&file, "fit");
    assert_true(file.xxh3 == first);
    model_free(m);
}

static void test_row(void **state)
{
    (void)state;
    struct rec *r = rec_new();
    struct row row = { NULL, 0, 0 };
    static char *labels[] = { "a", "b", "c" };
    static char field[] = "x";
    const struct columns columns = { field, 3, labels };
    float x[] = { 1, 2, 3 };
    rec_begin(r, "s", 1);
    rec_set_vector(r, "x", x, 3);
    struct value v = rec_get(r, "x");
    assert_true(row_read(r, "x", &v, &columns, &row) && row.d == 3 && !memcmp(row.x, x, sizeof x));
    rec_set_sparse(r, "x", 3, 1, (uint32_t[]){ 1 }, (float[]){ 7 });
    v = rec_get(r, "x");
    assert_true(row_read(r, "x", &v, &columns, &row) && row.x[0] == 0 && row.x[1] == 7 && row.x[2] == 0);
    struct { size_t d; float last; const char *why; } const bad[] = {
        { 2, 0, "x has 2 numbers, not 3" }, { 3, NAN, "x[2] (c) is nan" }, { 3, -INFINITY, "x[2] (c) is -inf" },
    };
    for (int i = 0; i < 3; i++) {
        x[2] = bad[i].last;
        rec_set_vector(r, "x", x, bad[i].d);
        v = rec_get(r, "x");
        assert_false(row_read(r, "x", &v, &columns, &row));
        if (i)
            r->error[strlen("x[2] (c) is -inf") - (i == 1)] = '\0';
        assert_string_equal(r->error, bad[i].why);
    }
    rec_set_str(r, "x", "t", 1);
    v = rec_get(r, "x");
    assert_false(row_read(r, "x", &v, NULL, &row));
    row.d = 0;
    float m[12] = { 0 };
    rec_set_tensor(r, "x", T_F4, 3, (size_t[]){ 2, 3, 2 }, m);
    v = rec_get(r, "x");
    assert_true(tensor_read(r, "x", &v.t, &row) && row.d == 12);
    assert_false(matrix_read(r, "x", &v, &row));
    assert_true(strstr(r->error, "x is not a matrix but ") == r->error);
    m[9] = INFINITY;                                            /* 1 * 6 + 1 * 2 + 1 */
    rec_set_tensor(r, "x", T_F4, 3, (size_t[]){ 2, 3, 2 }, m);
    v = rec_get(r, "x");
    assert_false(tensor_read(r, "x", &v.t, &row));
    assert_string_equal(r->error, "x[1][1][1] is inf");
    rec_set_tensor(r, "x", T_F4, 2, (size_t[]){ 0, 3 }, m);
    v = rec_get(r, "x");
    assert_false(matrix_read(r, "x", &v, &row));
    assert_string_equal(r->error, "x is empty");
    row.d = 0;
    rec_set_sparse(r, "x", (size_t)1 << 32, 0, NULL, NULL);     /* 16 GiB if it were written out */
    v = rec_get(r, "x");
    assert_false(row_read(r, "x", &v, NULL, &row));
    free(row.x);
    rec_free(r);
}

/* Hundreds of fields, set, set again, deleted and renamed at random, against a plain list. */
static void many_fields(void **state)
{
    (void)state;
    enum { NAMES = 400, STEPS = 6000 };
    static int order[NAMES], value[NAMES];
    size_t n = 0;
    struct rec *r = rec_new();
    struct rng rng;
    rng_init(&rng, 12, 0);
    rec_begin(r, "a", 1);
    for (int step = 0; step < STEPS; step++) {
        char name[16], other[16];
        int k = (int)rng_below(&rng, NAMES), to = (int)rng_below(&rng, NAMES);
        size_t at = 0, gone = 0;
        snprintf(name, sizeof name, "f%d", k);
        snprintf(other, sizeof other, "f%d", to);
        while (at < n && order[at] != k)
            at++;
        while (gone < n && order[gone] != to)
            gone++;
        if (rng_below(&rng, 8) || at == n) {
            rec_set_int(r, name, value[k] = step);
            order[at] = k;
            n += at == n;
        } else if (rng_below(&rng, 2) || k == to) {
            rec_del(r, name);
            memmove(order + at, order + at + 1, (--n - at) * sizeof *order);
        } else {
            rec_rename(r, name, other);
            order[at] = to;
            value[to] = value[k];
            if (gone < n)
                memmove(order + gone, order + gone + 1, (--n - gone) * sizeof *order);
        }
    }
    assert_true(n > 100);
    assert_int_equal(r->n, n + 1);
    for (size_t i = 0; i < n; i++) {
        char name[16];
        snprintf(name, sizeof name, "f%d", order[i]);
        assert_int_equal(r->fields[i + 1].len, strlen(name));
        assert_memory_equal(r->fields[i + 1].name, name, strlen(name));
        assert_int_equal(field_value(r->fields + i + 1).i, value[order[i]]);
    }
    rec_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_fields), cmocka_unit_test(test_set), cmocka_unit_test(test_rename), cmocka_unit_test(test_memory), cmocka_unit_test(test_error),
        cmocka_unit_test(test_take), cmocka_unit_test(test_round_trip), cmocka_unit_test(test_spool), cmocka_unit_test(test_frame_head), cmocka_unit_test(test_head),
        cmocka_unit_test(test_bad_heads), cmocka_unit_test(test_ids), cmocka_unit_test(test_model), cmocka_unit_test(test_row),
    };
    int fd = mkstemp(path);
    if (fd < 0)
        return 1;
    close(fd);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(path);
    return failed;
}
