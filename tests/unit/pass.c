/* pass: which records a first pass uses, which it leaves to the second, and which it counts itself
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/die.h"
#include "drive/pass.h"

#define NO_X "no field x; summarize, tfidf, embed or from-csv makes it; its fields: id\n"

static const struct prog prog = { .name = "test", .brief = "b", .in = IO_RECORDS, .out = IO_RECORDS };
static char path[] = "/tmp/songpipe-pass-XXXXXX";

/* One record a letter: n has the number 1 in x, N nil, - no x, t a text that use calls bad. Its id is its
 * place, from 0, but that of = is 0 again. */
static struct rec_in *stream(const char *letters)
{
    static char *operands[] = { path, NULL };
    struct rec_out *out = rec_create_file(&prog, NULL, path, IO_RECORDS);
    struct rec *r = rec_new();
    char id[20];
    for (const char *c = letters; *c; c++) {
        rec_begin(r, id, (size_t)snprintf(id, sizeof id, "%d", *c == '=' ? 0 : (int)(c - letters)));
        if (*c == 'N')
            rec_set_nil(r, "x");
        else if (*c == 't')
            rec_set_str(r, "x", "t", 1);
        else if (*c != '-')
            rec_set_int(r, "x", 1);
        rec_put(out, r);
    }
    rec_finish(out);
    rec_free(r);
    return rec_open(&prog, operands, true);
}

/* What a pass over `letters` does: the letters that use got, and the records used. */
struct seen { char letters[40]; size_t used; };

static bool look(struct rec *r, const struct value *v, void *state)
{
    struct seen *s = state;
    bool lacks = !rec_find(r, "x");
    strcat(s->letters, lacks ? "-" : v->type == V_NIL ? "N" : v->type == V_STR ? "t" : "n");
    return v->type == V_STR ? rec_error(r, "x is a text") : !lacks;
}

static struct seen pass(const char *letters, struct pass p)
{
    struct seen s = { "", 0 };
    struct rec_in *in = stream(letters);
    s.used = pass_each(in, &p, look, &s);
    rec_close(in);
    return s;
}

/* The same in a process of its own: what it says, and in *status how it ends. */
static const char *said(const char *letters, struct pass p, int on_error, int *status)
{
    static char text[1000];
    int pipes[2];
    ssize_t n;
    size_t used = 0;
    fflush(NULL);
    assert_int_equal(pipe(pipes), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        dup2(pipes[1], STDERR_FILENO);
        die_name = "test";
        item_on_error = on_error;
        pass(letters, p);
        _exit(item_status());
    }
    close(pipes[1]);
    while ((n = read(pipes[0], text + used, sizeof text - 1 - used)) > 0)
        used += (size_t)n;
    text[used] = '\0';
    close(pipes[0]);
    assert_int_equal(waitpid(pid, status, 0), pid);
    *status = WIFEXITED(*status) ? WEXITSTATUS(*status) : -1;
    return text;
}

static void test_used(void **state)
{
    (void)state;
    struct seen s = pass("nNn", (struct pass){ .field = "x" });
    assert_string_equal(s.letters, "nn");
    assert_int_equal(s.used, 2);
    s = pass("nNn", (struct pass){ .field = "x", .nil = true });
    assert_string_equal(s.letters, "nNn");
    assert_int_equal(s.used, 3);
    s = pass("n-N", (struct pass){ .field = NULL });         /* use looks for itself: its v is nil */
    assert_string_equal(s.letters, "N-N");
    assert_int_equal(s.used, 2);
    s = pass("", (struct pass){ .field = "x" });
    assert_string_equal(s.letters, "");
    assert_int_equal(s.used, 0);
    item_on_error = ON_ERROR_SKIP;
    s = pass("nt-Nn", (struct pass){ .field = "x" });
    item_on_error = ON_ERROR_FAIL;
    assert_string_equal(s.letters, "ntn");
    assert_int_equal(s.used, 2);
}

/* The first of two passes: fail ends it, else all is left to the second one. */
static void test_first(void **state)
{
    (void)state;
    struct pass p = { .field = "x" };
    int status;
    assert_string_equal(said("nt-", p, ON_ERROR_FAIL, &status), "test: 1: x is a text\n");
    assert_int_equal(status, ST_STOPPED);
    assert_string_equal(said("n-t", p, ON_ERROR_FAIL, &status), "test: 1: " NO_X);
    assert_int_equal(status, ST_STOPPED);
    assert_string_equal(said("nt-N", p, ON_ERROR_SKIP, &status), "");
    assert_int_equal(status, ST_OK);
    assert_string_equal(said("nt-N", p, ON_ERROR_EMIT, &status), "");
    assert_int_equal(status, ST_OK);
}

/* The only pass says and counts them. */
static void test_only(void **state)
{
    (void)state;
    struct pass p = { .field = "x", .only = true };
    int status;
    assert_string_equal(said("nt-N", p, ON_ERROR_FAIL, &status), "test: 1: x is a text\n");
    assert_int_equal(status, ST_STOPPED);
    const char *text = said("nt-N", p, ON_ERROR_SKIP, &status);
    assert_int_equal(status, ST_SOME);
    assert_true(strstr(text, "test: 1: x is a text\ntest: 2: " NO_X) == text);
    assert_non_null(strstr(text, "test: 1 without input "));
    assert_non_null(strstr(text, "test: 2 bad, left out\n"));
    text = said("nt-NN", p, ON_ERROR_EMIT, &status);
    assert_int_equal(status, ST_OK);
    assert_non_null(strstr(text, "test: 2 without input "));
    assert_non_null(strstr(text, "test: 2 bad, passed on with nil\n"));
    p.nil = true;                                   /* use has dealt with those that are nil */
    assert_string_equal(said("nNN", p, ON_ERROR_FAIL, &status), "");
}

static void test_unique(void **state)
{
    (void)state;
    int status;
    struct pass p = { .field = "x" };
    assert_non_null(strstr(said("nn=", p, ON_ERROR_SKIP, &status), ": id 0 appears twice\n"));
    assert_int_equal(status, ST_STREAM);
    assert_non_null(strstr(said("NN=", p, ON_ERROR_SKIP, &status), ": id 0 appears twice\n"));     /* those that are nil, too */
    p.late_ids = true;                              /* when all are read */
    assert_non_null(strstr(said("nn=nn", p, ON_ERROR_SKIP, &status), ": id 0 appears twice\n"));
    assert_int_equal(status, ST_STREAM);
    assert_non_null(strstr(said("N-=", p, ON_ERROR_SKIP, &status), ": id 0 appears twice\n"));
    assert_string_equal(said("nnNn", p, ON_ERROR_FAIL, &status), "");
    assert_int_equal(status, ST_OK);
    p.late_ids = false;
    p.any_ids = true;
    assert_string_equal(said("nn=", p, ON_ERROR_SKIP, &status), "");
    assert_int_equal(status, ST_OK);
}

int main(void)
{
    close(mkstemp(path));
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_used), cmocka_unit_test(test_first), cmocka_unit_test(test_only), cmocka_unit_test(test_unique),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(path);
    return failed;
}
