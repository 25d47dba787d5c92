/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/opt.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/die.h"
#include "base/mem.h"
#include "base/progress.h"

#ifndef SONGPIPE_VERSION
#define SONGPIPE_VERSION "0"
#endif

struct opt_list opt_taken;

static bool want_help, want_version;
static const struct opt common[] = {
    OPT_FLAG(0, "progress", &progress_wanted, "show progress though stderr is no terminal"),
    OPT_FLAG('q', "quiet", &progress_quiet, "show no progress and no notes"),
    OPT_FLAG(0, "help", &want_help, "print this and exit"),
    OPT_FLAG(0, "version", &want_version, "print the version and exit"),
    OPT_END
};

static void each(const struct opt *o, void (*visit)(const struct opt *, void *), void *state)
{
    for (; o && o->type != OPT_T_END; o++)
        visit(o, state);
}

void opt_each(const struct prog *prog, void (*visit)(const struct opt *, void *), void *state)
{
    each(prog->opts, visit, state);
    for (const struct opt *const *t = prog->also; t && *t; t++)
        each(*t, visit, state);
}

void opt_misuse(const struct prog *prog, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    die(ST_USAGE, "%s; try '%s --help'", text, prog->name);
}

static const char *operands_of(const struct prog *prog)
{
    return prog->operands ? prog->operands : "[FILE]...";
}

void opt_need_stdin(const struct prog *prog, char **operands)
{
    if (operands[0] || !isatty(STDIN_FILENO))
        return;
    fprintf(stderr, "usage: %s [OPTION]... %s\n%s: %s; '%s --help' says more\n", prog->name,
            operands_of(prog), prog->name, prog->brief, prog->name);
    exit(ST_USAGE);
}

void opt_not_terminal(const struct prog *prog)
{
    if (isatty(STDOUT_FILENO))
        die(ST_USAGE, "records are not written to a terminal; pipe them into to-json, or write '%s ... > FILE'",
            prog->name);
}

const char *opt_choice(const struct opt *o, int index, size_t *len)
{
    const char *word = o->arg;
    while (index-- > 0 && strchr(word, '|'))
        word = strchr(word, '|') + 1;
    *len = strcspn(word, "|");
    return word;
}

bool opt_number(const char *text, double lo, double hi, double *value)
{
    char *end;
    if (text[strspn(text, "+-.0123456789eE")])      /* strtod also takes blanks, 0x1p3 and words */
        return false;
    double v = strtod(text, &end);
    if (end == text || *end || !isfinite(v) || !(v >= lo && v <= hi))
        return false;
    *value = v;
    return true;
}

size_t opt_pair(const char *text, const char **value)
{
    const char *equals = strchr(text, '=');
    if (!equals || equals == text)
        return 0;
    *value = equals + 1;
    return (size_t)(equals - text);
}

/* ---- --help ---- */

/* The default as text, into to[size]; "" where there is none to tell. */
static void default_text(const struct opt *o, char *to, size_t size)
{
    *to = '\0';
    if (o->type == OPT_T_INT || o->type == OPT_T_JOBS) {
        snprintf(to, size, "%" PRId64, *o->to.integer);
    } else if (o->type == OPT_T_F64) {
        double v = *o->to.real;
        if (!isnan(v))
            snprintf(to, size, "%.10g", v);
    } else if (o->type == OPT_T_STR && *o->to.text) {
        snprintf(to, size, "%s", *o->to.text);
    } else if (o->type == OPT_T_CHOICE) {
        size_t len;
        const char *word = opt_choice(o, *o->to.choice, &len);
        snprintf(to, size, "%.*s", (int)len, word);
    } else if (o->type == OPT_T_SEED) {
        snprintf(to, size, "%" PRIu64, *o->to.seed);
    } else if (o->type == OPT_T_SIZE && *o->to.size) {
        size_t v = *o->to.size;
        snprintf(to, size, v % (1 << 20) ? "%zu" : "%zuM", v % (1 << 20) ? v : v >> 20);
    }
}

static void print_option(const struct opt *o, void *unused)
{
    (void)unused;
    char left[80], text[64];
    char letter[8] = "    ";
    if (o->letter)
        snprintf(letter, sizeof letter, "-%c, ", o->letter);
    snprintf(left, sizeof left, "%s--%s%s%s", letter, o->name, o->arg ? " " : "", o->arg ? o->arg : "");
    printf("  %-28s", left);
    if (strlen(left) > 27)
        printf("\n%30s", "");
    printf("  %s", o->help);
    default_text(o, text, sizeof text);
    bool range = (o->type == OPT_T_INT || o->type == OPT_T_JOBS || o->type == OPT_T_F64) && o->max < 1e15;
    if (*text || range)
        printf(" (%s%s", *text ? "default " : "", text);
    if (range)
        printf("%s%.10g to %.10g", *text ? "; " : "", o->min, o->max);
    puts(*text || range ? ")" : "");
}

static const char *io_name(enum io io)
{
    static const char *const names[] = { "none", "records", "model", "text", "files", "any stream" };
    return names[io];
}

static void print_help(const struct prog *prog)
{
    printf("Usage: %s [OPTION]... %s\n%s\n\n", prog->name, operands_of(prog), prog->brief);
    opt_each(prog, print_option, NULL);
    each(common, print_option, NULL);
    printf("\ninput    %s%s%s\n", io_name(prog->in), prog->reads ? ": " : "", prog->reads ? prog->reads : "");
    printf("output   %s%s%s\n", io_name(prog->out), prog->writes ? ": " : "", prog->writes ? prog->writes : "");
    printf("example  %s%s%s\n", prog->name, prog->example ? " " : "", prog->example ? prog->example : "");
    printf("manual   man %s\n", prog->name);
}

/* ---- parsing ---- */

static size_t parse_size(const char *text)
{
    char *end;
    errno = 0;
    unsigned long long v = strtoull(text, &end, 10);
    if (end == text || errno || *text == '-')
        return 0;
    const char *units = "KMGT", *unit = *end ? strchr(units, *end) : NULL;
    if (*end && (!unit || end[1]))
        return 0;
    unsigned shift = unit ? 10 * (unsigned)(unit - units + 1) : 0;
    return v > SIZE_MAX >> shift ? 0 : (size_t)v << shift;
}

static void store(const struct prog *prog, const struct opt *o, char *text)
{
    switch (o->type) {
    case OPT_T_FLAG:
        *o->to.flag = true;
        break;
    case OPT_T_INT:
    case OPT_T_JOBS: {
        char *end;
        errno = 0;
        long long v = strtoll(text, &end, 10);
        if (end == text || *end || errno || !((double)v >= o->min && (double)v <= o->max))
            opt_misuse(prog, "--%s '%s' is no whole number from %.10g to %.10g", o->name, text, o->min, o->max);
        *o->to.integer = v;
        break;
    }
    case OPT_T_F64:
        if (!opt_number(text, o->min, o->max, o->to.real))
            opt_misuse(prog, "--%s '%s' is no number from %.10g to %.10g", o->name, text, o->min, o->max);
        break;
    case OPT_T_STR:
    case OPT_T_NOTE:
        *o->to.text = text;
        break;
    case OPT_T_INPUT:
        o->to.input->path = text;
        break;
    case OPT_T_CHOICE: {
        int n = 1;
        for (const char *s = o->arg; (s = strchr(s, '|')); s++)
            n++;
        for (int i = 0; i < n; i++) {
            size_t len;
            const char *word = opt_choice(o, i, &len);
            if (strlen(text) == len && memcmp(word, text, len) == 0) {
                *o->to.choice = i;
                return;
            }
        }
        opt_misuse(prog, "--%s '%s' is none of %s", o->name, text, o->arg);
    }
    case OPT_T_LIST: {
        struct opt_list *list = o->to.list;
        list->v = mem_resize(list->v, list->n + 1, sizeof *list->v);
        list->v[list->n++] = text;
        break;
    }
    case OPT_T_SIZE:
        if (!(*o->to.size = parse_size(text)))
            opt_misuse(prog, "--%s '%s' is no size such as 500M or 2G", o->name, text);
        break;
    case OPT_T_SEED: {
        char *end;
        errno = 0;
        *o->to.seed = strtoull(text, &end, 10);
        if (end == text || *end || errno || *text == '-')
            opt_misuse(prog, "--%s '%s' is no whole number", o->name, text);
        break;
    }
    case OPT_T_END:
        break;
    }
}

struct table { const struct opt **v; size_t n; };

static void collect(const struct opt *o, void *state)
{
    struct table *t = state;
    t->v = mem_resize(t->v, t->n + 1, sizeof *t->v);
    t->v[t->n++] = o;
}

char **opt_parse(const struct prog *prog, int argc, char **argv)
{
    die_name = prog->name;
    struct table all = { NULL, 0 };
    opt_each(prog, collect, &all);
    each(common, collect, &all);

    struct option *longs = mem_zero(all.n + 1, sizeof *longs);
    char *letters = mem_new(2 * all.n + 1, 1);
    size_t used = 0;
    for (size_t i = 0; i < all.n; i++) {
        const struct opt *o = all.v[i];
        longs[i] = (struct option){ o->name, o->type == OPT_T_FLAG ? no_argument : required_argument, NULL,
                                    (int)(256 + i) };
        if (o->letter) {
            letters[used++] = o->letter;
            if (o->type != OPT_T_FLAG)
                letters[used++] = ':';
        }
    }
    letters[used] = '\0';
    char name[64];
    snprintf(name, sizeof name, "%s", prog->name);
    if (argc > 0)
        argv[0] = name;             /* getopt's messages begin with it */
    for (int c; (c = getopt_long(argc, argv, letters, longs, NULL)) != -1; ) {
        if (c == '?') {
            fprintf(stderr, "%s: try '%s --help'\n", prog->name, prog->name);
            exit(ST_USAGE);
        }
        for (size_t i = 0; i < all.n; i++)
            if (c == (int)(256 + i) || (c < 256 && c == all.v[i]->letter))
                store(prog, all.v[i], optarg);
    }
    free(longs);
    free(letters);
    free(all.v);
    if (want_help || want_version) {
        if (want_help)
            print_help(prog);
        else
            printf("%s (songpipe) %s\n", prog->name, SONGPIPE_VERSION);
        if (fflush(stdout) != 0)
            die(ST_STOPPED, "cannot write:");
        exit(ST_OK);
    }
    return argv + optind;
}

char **opt_words(const struct prog *prog, char **operands, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!operands[i])
            opt_misuse(prog, "wanted: %s", operands_of(prog));
    opt_taken = (struct opt_list){ operands, n };
    return operands + n;
}
