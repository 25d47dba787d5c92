/* opt: numbers and pairs, every kind of option, rules, what is an operand, what a misuse says
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
#include "base/opt.h"
#include "base/par.h"

static void test_number(void **state)
{
    (void)state;
    static const struct { const char *text; bool right; double value; } cases[] = {
        { "0", true, 0 }, { "-1.5", true, -1.5 }, { "+2", true, 2 }, { ".5", true, 0.5 }, { "5.", true, 5 },
        { "1e3", true, 1000 }, { "1E-3", true, 0.001 }, { "1e308", true, 1e308 },
        { "", false, 0 }, { " 1", false, 0 }, { "1 ", false, 0 }, { "1x", false, 0 }, { "0x10", false, 0 },
        { "0x1p3", false, 0 }, { "nan", false, 0 }, { "inf", false, 0 }, { "infinity", false, 0 }, { "1e309", false, 0 },
        { "1,5", false, 0 }, { "--1", false, 0 }, { "e", false, 0 }, { "-", false, 0 }, { "1e", false, 0 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double v = 0;
        if (opt_number(cases[i].text, -HUGE_VAL, HUGE_VAL, &v) != cases[i].right || v != cases[i].value)
            fail_msg("'%s' gives %g", cases[i].text, v);
    }
    double v = 7;
    assert_true(opt_number("2", 2, 3, &v) && opt_number("3", 2, 3, &v));
    v = 7;
    assert_false(opt_number("1.999", 2, 3, &v) || opt_number("3.001", 2, 3, &v));
    assert_true(v == 7);                        /* left alone */
}

static void test_pair(void **state)
{
    (void)state;
    const char *value = NULL;
    assert_int_equal(opt_pair("a=b=c", &value), 1);
    assert_string_equal(value, "b=c");
    assert_int_equal(opt_pair("name=", &value), 4);
    assert_string_equal(value, "");
    assert_int_equal(opt_pair("=b", &value), 0);
    assert_int_equal(opt_pair("ab", &value), 0);
}

/* ---- one option of each kind ---- */

static struct {
    bool flag;
    int64_t n;
    double x;
    const char *s, *note;
    int choice;
    struct opt_list list;
    struct opt_words words, each;
    struct opt_pairs pairs, renames;
    struct opt_or ref;
    struct opt_range k, whole;
    size_t size;
    uint64_t seed;
    struct opt_input input;
} got;
static const struct opt opts[] = {
    OPT_FLAG('f', "flag", &got.flag, "h"), OPT_INT('n', "number", &got.n, -2, 5, "h"),
    OPT_F64(0, "real", &got.x, 0, 1, "h"), OPT_STR('s', "text", &got.s, "T", "h"),
    OPT_CHOICE(0, "choice", &got.choice, "one|two|three", "h"), OPT_LIST('l', "list", &got.list, "L", "h"),
    OPT_WORDS('w', "words", &got.words, "A,B,...", "h"), OPT_WORDS_EACH(0, "each", &got.each, "A,B,...", "h"),
    OPT_PAIRS('p', "pairs", &got.pairs, "NAME=VALUE", "id|path", "h"), OPT_RENAMES('r', "renames", &got.renames, NULL, "h"),
    OPT_F64_OR(0, "ref", &got.ref, 1e-37, 1e37, "X|max|min", "h"), OPT_RANGE('k', "range", &got.k, 1, 100, "K|A:B", "h"),
    OPT_INT_RANGE(0, "whole", &got.whole, 0, 100, "K|A:B", "h"), OPT_SIZE(0, "size", &got.size, "h"), OPT_SEED(&got.seed),
    OPT_INPUT(0, "input", &got.input, "h"), OPT_NOTE(0, "note", &got.note, "FILE", "h"), OPT_JOBS(1),
    EXCLUDES("size", "seed|input"), EXCLUDES_WHY("note", "flag", "it is quiet"), NEEDS("choice", "flag|real"),
    OPT_END };
static const struct opt required[] = { OPT_FLAG('a', "all", &got.flag, "h"), OPT_SEED(&got.seed),
    OPT_WORDS(0, "words", &got.each, "A", "h"), OPT_F64_OR(0, "ref", &got.ref, 0, 9, "X|max", "h"),
    OPT_INT_RANGE(0, "whole", &got.whole, 0, 9, "K", "h"), OPT_F64(0, "real", &got.x, 0, 9, "h"),
    NEEDS("words", "all"), NEEDS("ref", "all"), NEEDS("whole", "all"), NEEDS("real", "all|ref=max"),
    REQUIRED("all|seed", "one of them"), OPT_END };
static const struct prog prog = { .name = "test", .brief = "b", .opts = opts };
static const struct prog needy = { .name = "needy", .brief = "b", .opts = required };
static const struct prog *used = &prog;

/* Parse the NULL-ended arguments. */
static char **parse(const char *const *args)
{
    static char text[40][64], *argv[41];
    int argc = 1;
    argv[0] = strcpy(text[0], used->name);
    for (; *args; args++, argc++)
        argv[argc] = strcpy(text[argc], *args);
    argv[argc] = NULL;
    memset(&got, 0, sizeof got);
    got.x = NAN;
    got.ref.text = "1";
    got.whole.text = "7";
    return opt_parse(used, argc, argv);
}
#define PARSE(...) parse((const char *const[]){ __VA_ARGS__, NULL })

static void forget(void)
{
    for (size_t i = 0; i < got.words.n; i++)
        free(got.words.v[i]);
    for (size_t i = 0; i < got.each.n; i++)
        free(got.each.v[i]);
    for (size_t i = 0; i < got.pairs.n; i++)
        free(got.pairs.v[i].name);
    for (size_t i = 0; i < got.renames.n; i++)
        free(got.renames.v[i].name);
    if (got.words.given.n > 1)
        free((char *)got.words.text);
    if (got.each.given.n > 1)
        free((char *)got.each.text);
    free(got.words.v);
    free(got.words.given.v);
    free(got.each.v);
    free(got.each.given.v);
    free(got.pairs.v);
    free(got.pairs.given.v);
    free(got.renames.v);
    free(got.renames.given.v);
    free(got.list.v);
}

/* What a misuse says, without "test: " and "; try ..."; the status must be 2. */
static const char *said(const char *const *args)
{
    static char text[1000];
    int ends[2], status;
    fflush(NULL);
    assert_int_equal(pipe(ends), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        dup2(ends[1], STDERR_FILENO);
        parse(args);
        _exit(99);
    }
    close(ends[1]);
    size_t n = 0;
    for (ssize_t more; (more = read(ends[0], text + n, sizeof text - 1 - n)) > 0; )
        n += (size_t)more;
    close(ends[0]);
    text[n] = '\0';
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != ST_USAGE)
        fail_msg("%s %s: not a misuse", args[0], args[1] ? args[1] : "");
    char *end = strstr(text, "; try '");
    assert_non_null(end);
    *end = '\0';
    return strchr(text, ' ') + 1;
}
#define SAID(message, ...) assert_string_equal(said((const char *const[]){ __VA_ARGS__, NULL }), message)

static void test_kinds(void **state)
{
    (void)state;
    PARSE("-fn-2", "--real=1", "--text", "-z", "--choice", "three", "-l", "x", "--list", "y", "--size", "3K", "-j", "3");
    assert_true(got.flag && got.n == -2 && got.x == 1 && got.choice == 2 && got.size == 3072 && par_jobs == 3);
    assert_string_equal(got.s, "-z");
    assert_int_equal(got.list.n, 2);
    assert_string_equal(got.list.v[1], "y");
    forget();
    PARSE("--seed", "18446744073709551615", "--input", "-", "--note=", "-j0");
    assert_true(got.seed == UINT64_MAX && par_jobs == par_available());
    assert_string_equal(got.input.path, "-");
    assert_string_equal(got.note, "");
}

static void test_words(void **state)
{
    (void)state;
    PARSE("-w", "a, b,c=d", "--words=e", "--each", "x,y", "--each", "z");
    static const char *const words[] = { "a", " b", "c=d", "e" };
    assert_int_equal(got.words.n, 4);
    for (size_t i = 0; i < 4; i++)
        assert_string_equal(got.words.v[i], words[i]);
    assert_string_equal(got.words.text, "a, b,c=d,e");
    assert_int_equal(got.each.n, 3);
    assert_int_equal(got.each.given.n, 2);
    assert_string_equal(got.each.given.v[0], "x,y");
    forget();
    SAID("--words '' has an empty word", "-w", "");
    SAID("--words 'a,' has an empty word", "-w", "a,");
    SAID("--each ',a' has an empty word", "--each=,a");
    static struct opt_words usual = { .text = "p,q" }, none;
    const struct opt table[] = { OPT_WORDS(0, "usual", &usual, "A,B,...", "h"), OPT_WORDS(0, "none", &none, "A", "h"), OPT_END };
    opt_parse(&(struct prog){ .name = "t", .opts = table }, 1, (char *[]){ (char[]){ "t" }, NULL });
    assert_true(usual.n == 2 && none.n == 0 && !none.text);
    assert_string_equal(usual.v[1], "q");
    free(usual.v[0]);
    free(usual.v[1]);
    free(usual.v);
}

static void test_pairs(void **state)
{
    (void)state;
    PARSE("-p", " a=-1", "--pairs", "b=", "-p", "c=d=e", "-r", "id=-x");
    assert_int_equal(got.pairs.n, 3);
    assert_string_equal(got.pairs.v[0].name, " a");
    assert_string_equal(got.pairs.v[0].value, "-1");
    assert_string_equal(got.pairs.v[1].value, "");
    assert_string_equal(got.pairs.v[2].value, "d=e");
    assert_string_equal(got.pairs.given.v[2], "c=d=e");
    assert_string_equal(got.renames.v[0].value, "-x");
    forget();
    SAID("--pairs '=b' is not NAME=VALUE of a field other than id and path", "-p", "=b");
    SAID("--pairs 'b' is not NAME=VALUE of a field other than id and path", "-p", "b");
    SAID("--pairs 'path=b' is not NAME=VALUE of a field other than id and path", "-p", "path=b");
    SAID("--renames 'a=' is not OLD=NEW", "-r", "a=");
}

static void test_number_or(void **state)
{
    (void)state;
    PARSE("--ref", "2.5");
    assert_true(got.ref.word == 0 && got.ref.x == 2.5);
    PARSE("--ref=min");
    assert_true(got.ref.word == 2 && got.ref.x == 0);
    PARSE("a");
    assert_true(got.ref.word == 0 && got.ref.x == 1);
    SAID("--ref 'mi' is neither a number above 0 nor max|min", "--ref", "mi");
    SAID("--ref '-3' is neither a number above 0 nor max|min", "--ref", "-3");
    SAID("--ref '' is neither a number above 0 nor max|min", "--ref", "");
    SAID("--ref 'X' is neither a number above 0 nor max|min", "--ref", "X");
}

static void test_range(void **state)
{
    (void)state;
    PARSE("-k", "8");
    assert_true(got.k.first == 8 && got.k.last == 8 && got.whole.first == 7 && got.whole.last == 7);
    PARSE("-k2:20", "--whole", "0:0");
    assert_true(got.k.first == 2 && got.k.last == 20 && got.whole.last == 0);
    PARSE("a");
    assert_true(!got.k.text && got.k.first == 0 && got.k.last == 0);
    static const char *const wrong[] = { "0", "101", "3:2", "2:", ":2", "2:101", "2:3:4", "1.5", "", " 2", "2: 3", "2 :3" };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char message[200];
        snprintf(message, sizeof message,
                 "--range '%s' is not a whole number from 1 to 100, nor two of them as in 2:20", wrong[i]);
        SAID(message, "-k", wrong[i]);
    }
}

/* What goes into the history. */
static void test_value(void **state)
{
    (void)state;
    struct opt_value v[sizeof opts / sizeof *opts];
    PARSE("-n", "3", "--whole", "4", "-k", "4", "--ref", "01", "-w", "a,b", "-w", "c", "-p", "a=b", "--note", "x");
    for (size_t i = 0; opts[i].type != OPT_T_END; i++)
        v[i] = opt_value(opts + i);
    static const int types[] = { OPT_V_NONE, OPT_V_INT, OPT_V_NONE, OPT_V_NONE, OPT_V_TEXT, OPT_V_NONE, OPT_V_TEXT,
        OPT_V_NONE, OPT_V_TEXTS, OPT_V_NONE, OPT_V_TEXT, OPT_V_TEXT, OPT_V_INT, OPT_V_NONE, OPT_V_SEED, OPT_V_NONE,
        OPT_V_NONE, OPT_V_NONE, OPT_V_NONE, OPT_V_NONE, OPT_V_NONE };
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if ((int)v[i].type != types[i])
            fail_msg("--%s: %d, not %d", opts[i].name, (int)v[i].type, types[i]);
    assert_true(v[1].v.integer == 3 && v[12].v.integer == 4 && v[4].v.text.n == 3);
    assert_string_equal(v[6].v.text.p, "a,b,c");
    assert_string_equal(v[10].v.text.p, "01");
    assert_string_equal(v[8].v.texts->v[0], "a=b");
    got.flag = true;
    assert_int_equal(opt_value(opts).type, OPT_V_TRUE);
    forget();
}

static void test_wrong_values(void **state)
{
    (void)state;
    SAID("--number '6' is not a whole number from -2 to 5", "-n", "6");
    SAID("--number ' 5' is not a whole number from -2 to 5", "-n", " 5");
    SAID("--real '1.1' is not a number from 0 to 1", "--real", "1.1");
    SAID("--choice 'on' is not one of one|two|three", "--choice", "on");
    SAID("--size '3X' is not a size such as 500M or 2G", "--size", "3X");
    SAID("--seed '-1' is not a whole number from 0 to 18446744073709551615", "--seed", "-1");
    static const char *const wrong[][2] = { { "-n", "-3" }, { "-n", "1.5" }, { "-n", "" }, { "-n", "99999999999999999999" },
        { "--real", "nan" }, { "--choice", "ones" }, { "--choice", "one|two" }, { "--size", "0" }, { "--size", "-1" },
        { "--size", "3KK" }, { "--size", "99999999999T" }, { "--size", " -1" }, { "--seed", "1.0" }, { "--seed", " -1" },
        { "--seed", "18446744073709551616" }, { "-j", "-1" }, { "-j", "1025" } };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        said((const char *const[]){ wrong[i][0], wrong[i][1], NULL });
}

/* ---- options and operands ---- */

static void test_operands(void **state)
{
    (void)state;
    static const struct { const char *args[8], *rest[8]; } cases[] = {
        { { "a", "-f", "b" }, { "a", "b" } },
        { { "a", "-5", "-f", "-.5", "-1e3", "-5,3" }, { "a", "-5", "-.5", "-1e3", "-5,3" } },
        { { " -f", " ", "", "-" }, { " -f", " ", "", "-" } },
        { { "-f", "--", "-f", "--", "--list" }, { "-f", "--", "--list" } },
        { { "-s", "--", "-n", "-2", "x" }, { "x" } },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char **rest = parse(cases[i].args);
        size_t n = 0;
        for (; cases[i].rest[n]; n++)
            assert_string_equal(rest[n], cases[i].rest[n]);
        assert_null(rest[n]);
    }
    char *words[] = { "a", "b", "c", NULL };
    assert_string_equal(*opt_words(&prog, words, 2), "c");
    assert_int_equal(opt_taken.n, 2);
    opt_taken.n = 0;
}

static void test_names(void **state)
{
    (void)state;
    PARSE("--fl", "--num", "2", "--rea=0.5");
    assert_true(got.flag && got.n == 2 && got.x == 0.5);
    SAID("--re is short for several options", "--re", "1");
    SAID("unknown option --none; did you mean --note? operands that begin with a dash go after --", "--none=1");
    SAID("unknown option -x; operands that begin with a dash go after --", "-fxn");
    SAID("unknown option -.; operands that begin with a dash go after --", "-.x");
    SAID("unknown option --a?b; operands that begin with a dash go after --", "--a\33b");
    SAID("--flag takes no value", "--flag=1");
    SAID("--number needs a value: N", "-n");
    SAID("--text needs a value: T", "a", "--text");
}

static void test_rules(void **state)
{
    (void)state;
    SAID("--size and --input cannot be used together", "--size", "1", "--input", "x");
    SAID("--size and --seed cannot be used together", "--seed", "1", "--size", "1");
    SAID("--note and --flag cannot be used together: it is quiet", "-f", "--note", "x");
    SAID("--choice needs --flag or --real", "--choice", "two");
    PARSE("--choice", "two", "--real", "1", "--note", "x");
    PARSE("--choice", "one");                   /* the default */
    PARSE("--size", "1", "--seed", "0");
    PARSE("--size", "1");
    used = &needy;
    SAID("--all or --seed is missing: one of them", "x");
    PARSE("-a", "--words", "q", "--ref", "max", "--whole", "8", "--real", "0");
    forget();
    SAID("--words needs --all", "--seed", "1", "--words", "q");
    SAID("--ref needs --all", "--seed", "1", "--ref", "max");
    SAID("--whole needs --all", "--seed", "1", "--whole", "7:8");
    SAID("--real needs --all or --ref=max", "--seed", "1", "--real", "0");
    SAID("--ref needs --all", "--seed", "1", "--real", "0", "--ref", "max");
    PARSE("--seed", "1", "--ref", "1", "--whole", "7");     /* the defaults */
    used = &prog;
}

static void test_read_range(void **state)
{
    (void)state;
    static const struct { const char *text; bool right; int first, last; } cases[] = {
        { "1,3", true, 1, 3 }, { "2", true, 2, 2 }, { "16,16", true, 16, 16 },
        { "3,1", false, 0, 0 }, { "0,1", false, 0, 0 }, { "1,17", false, 0, 0 }, { "1:3", false, 0, 0 }, { "1,", false, 0, 0 },
        { "", false, 0, 0 }, { "1,2,3", false, 0, 0 }, { "1.5", false, 0, 0 }, { " 1", false, 0, 0 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct opt_range r = { .text = NULL };
        bool right = opt_read_range(cases[i].text, ',', 1, 16, &r);
        if (right != cases[i].right || (right && (r.first != cases[i].first || r.last != cases[i].last)))
            fail_msg("'%s' gives %d to %d", cases[i].text, (int)r.first, (int)r.last);
    }
}

static void test_given(void **state)
{
    (void)state;
    static int64_t a = 1, b = 2, c = 3;
    static const struct opt three[] = { OPT_INT('a', "aa", &a, 0, 9, ""), OPT_INT('b', "bb", &b, 0, 9, ""),
                                       OPT_INT('c', "cc", &c, 0, 9, ""), OPT_END };
    static const struct prog of_three = { .name = "test", .opts = three };
    char *args[] = { "test", "-a5", "-b2", NULL };
    opt_parse(&of_three, 3, args);
    assert_true(opt_given(three) && !opt_given(three + 1) && !opt_given(three + 2));   /* -b has its default */
    char *none[] = { "test", NULL };
    opt_parse(&of_three, 1, none);
    assert_false(opt_given(three));
}

/* A list within another value, whose words may be empty. */
static void test_cut(void **state)
{
    (void)state;
    static const struct prog bare = { .name = "test" };
    struct opt_words w = { .n = 0 };
    opt_cut(&bare, NULL, ",b,", &w);
    opt_cut(&bare, NULL, "", &w);
    opt_cut(&bare, "o", "c", &w);
    const char *const want[] = { "", "b", "", "", "c" };
    assert_int_equal(w.n, 5);
    assert_true(opt_words_have(&w, "cd", 1) && opt_words_have(&w, "", 0));
    assert_false(opt_words_have(&w, "cd", 2) || opt_words_have(&w, "bc", 2));
    for (size_t i = 0; i < w.n; i++) {
        assert_string_equal(w.v[i], want[i]);
        free(w.v[i]);
    }
    free(w.v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_number), cmocka_unit_test(test_pair), cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_words), cmocka_unit_test(test_pairs), cmocka_unit_test(test_number_or),
        cmocka_unit_test(test_range), cmocka_unit_test(test_value), cmocka_unit_test(test_wrong_values),
        cmocka_unit_test(test_operands), cmocka_unit_test(test_names), cmocka_unit_test(test_rules),
        cmocka_unit_test(test_cut), cmocka_unit_test(test_read_range), cmocka_unit_test(test_given),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
