/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/opt.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/die.h"
#include "base/elsewhere.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/near_name.h"
#include "base/opt_kind.h"
#include "base/progress.h"
#include "base/str.h"
#include "base/world.h"
#include "base/version.h"

struct opt_list opt_taken;

static bool want_help, want_version;
static const struct opt common[] = {
    OPT_FLAG(0, "progress", &progress_wanted, "show progress even if stderr is not a terminal"),
    OPT_FLAG('q', "quiet", &progress_quiet, "show no progress and no notes"),
    OPT_FLAG(0, "help", &want_help, "print this help and exit"),
    OPT_FLAG(0, "version", &want_version, "print the version and exit"),
    OPT_END
};

static void each(const struct opt *o, void (*visit)(const struct opt *, void *), void *state)
{
    for (; o && o->type != OPT_T_END; o++)
        if (o->type < OPT_T_EXCLUDES)
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
    str_fit(text, sizeof text, format, args);
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
    if (isatty(STDOUT_FILENO) && !(prog->ranks && world_wanted()))    /* mpirun lets it be one */
        die(ST_USAGE, "records are not written to a terminal; pipe them into to-json, or write '%s ... > FILE'",
            prog->name);
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

bool opt_words_have(const struct opt_words *words, const char *word, size_t n)
{
    for (size_t i = 0; i < words->n; i++)
        if (strlen(words->v[i]) == n && memcmp(words->v[i], word, n) == 0)
            return true;
    return false;
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

static void print_option(const struct opt *o, void *unused)
{
    (void)unused;
    const struct opt_kind *kind = opt_kinds + o->type;
    char left[80], text[64] = "";
    char letter[8] = "    ";
    if (o->letter)
        snprintf(letter, sizeof letter, "-%c, ", o->letter);
    snprintf(left, sizeof left, "%s--%s%s%s", letter, o->name, o->arg ? " " : "", o->arg ? o->arg : "");
    printf("  %-28s", left);
    if (strlen(left) > 27)
        printf("\n%30s", "");
    printf("  %s", o->help);
    if (kind->print_default)
        kind->print_default(o, text, sizeof text);
    bool range = kind->range && o->max < 1e15;
    if (*text || range)
        printf(" (%s%s", *text ? "default " : "", text);
    if (range)
        printf("%s%.10g to %.10g", *text ? "; " : "", o->min, o->max);
    puts(*text || range ? ")" : "");
}

static const char *stream_name(enum io io)
{
    static const char *const names[] = { "none", "records", "model", "text", "files", "any stream" };
    return names[io];
}

static void print_help(const struct prog *prog)
{
    printf("Usage: %s [OPTION]... %s\n%s\n\n", prog->name, operands_of(prog), prog->brief);
    opt_each(prog, print_option, NULL);
    each(common, print_option, NULL);
    printf("\ninput    %s%s%s\n", stream_name(prog->in), prog->reads ? ": " : "", prog->reads ? prog->reads : "");
    printf("output   %s%s%s\n", stream_name(prog->out), prog->writes ? ": " : "", prog->writes ? prog->writes : "");
    if (prog->alone)
        printf("records  one by one%s%s\n", *prog->alone ? " " : "", prog->alone);
    printf("example  %s%s%s\n", prog->name, prog->example ? " " : "", prog->example ? prog->example : "");
    printf("manual   man %s\n", prog->name);
}

/* ---- parsing ---- */

/* What is to be parsed, and how far it is. */
struct parser {
    const struct prog *prog;
    const struct opt **opts;    /* of all tables */
    struct opt_value *usual;    /* by option: the default */
    bool *given;                /* by option */
    size_t n;
    char **argv;
    int argc, at;               /* argv[at] is the argument in hand */
};

static void collect(const struct opt *o, void *state)
{
    struct parser *p = state;
    p->opts = mem_resize(p->opts, p->n + 1, sizeof *p->opts);
    p->opts[p->n++] = o;
}

/* Store the value of option i: what is left of its argument, or else the next argument. */
static void take_value(struct parser *p, size_t i, char *rest)
{
    const struct opt *o = p->opts[i];
    if (!rest && o->type != OPT_T_FLAG && ++p->at < p->argc)
        rest = p->argv[p->at];
    if (!rest && o->type != OPT_T_FLAG)
        opt_misuse(p->prog, "--%s needs a value: %s", o->name, o->arg);
    if (rest && o->type == OPT_T_FLAG)
        opt_misuse(p->prog, "--%s takes no value", o->name);
    opt_kinds[o->type].parse(p->prog, o, rest);
    p->given[i] = true;
}

/* Index of the option that name[n] means, which may be cut short; p->n: none; p->n + 1: several. */
static size_t find_name(const struct parser *p, const char *name, size_t n)
{
    size_t found = p->n;
    for (size_t i = 0; i < p->n; i++) {
        if (strncmp(p->opts[i]->name, name, n) != 0)
            continue;
        if (!p->opts[i]->name[n])
            return i;
        found = found < p->n ? p->n + 1 : found == p->n ? i : found;
    }
    return found;
}

/* What to say of an option that other programs have; NULL: nothing. */
static const char *of_others(const struct parser *p, const char *name)
{
    const char *says;
    size_t at = 0, i = 0;
    while ((says = elsewhere(p->prog->name, name, &at)) && says[0] == '-' && !strchr(says, ' ')) {
        for (i = 0; i < p->n && strcmp(p->opts[i]->name, says + 2) != 0; )
            i++;
        if (i < p->n)
            break;
    }
    return says;
}

static _Noreturn void no_option(const struct parser *p, const char *dashes, const char *name, size_t n, bool several)
{
    char *wanted = mem_text(name, n), hint[300] = "operands that begin with a dash go after --";
    for (size_t i = 0; i < n; i++)
        wanted[i] = wanted[i] == '_' ? '-' : wanted[i];
    struct near_name near = near_name(wanted);
    for (size_t i = 0; i < p->n; i++) {         /* "components" is near n-components, too, and "batch-size" near batch */
        const char *have = p->opts[i]->name, *dash = strchr(have, '-');
        size_t len = strlen(have);
        near_name_try(&near, have, len);
        if (!near.found && ((dash && n > 3 && strcmp(dash + 1, wanted) == 0) ||
                            (n > len && wanted[len] == '-' && memcmp(have, wanted, len) == 0)))
            near = (struct near_name){ wanted, have, len, 0 };
    }
    const char *says = of_others(p, wanted);
    if (says && strchr(says, ' '))
        snprintf(hint, sizeof hint, "%s", says);
    else if (says || near.found)
        snprintf(hint, sizeof hint, "did you mean --%s? operands that begin with a dash go after --",
                 says ? says + 2 : near.found);
    if (several && !says)
        opt_misuse(p->prog, "--%.*s is short for several options", n < 80 ? (int)n : 80, name);
    opt_misuse(p->prog, "unknown option %s%.*s; %s", dashes, n < 80 ? (int)n : 80, name, hint);
}

/* --NAME, --NAME VALUE or --NAME=VALUE. */
static void take_long(struct parser *p, char *name)
{
    size_t n = strcspn(name, "="), i = find_name(p, name, n);
    if (i >= p->n)
        no_option(p, "--", name, n, i > p->n);
    take_value(p, i, name[n] ? name + n + 1 : NULL);
}

/* -abc, where the last may have its value in the rest or in the next argument. */
static void take_letters(struct parser *p, char *letters)
{
    for (; *letters; letters++) {
        size_t i = 0;
        while (i < p->n && p->opts[i]->letter != *letters)
            i++;
        if (i == p->n)
            no_option(p, "-", letters, 1, false);
        if (p->opts[i]->type != OPT_T_FLAG) {
            take_value(p, i, letters[1] ? letters + 1 : NULL);
            return;
        }
        take_value(p, i, NULL);
    }
}

bool opt_is_operand(const char *text, size_t n)
{
    size_t digit = n > 2 && text[1] == '.' ? 2 : 1;
    return n < 2 || text[0] != '-' || (text[digit] >= '0' && text[digit] <= '9');
}

/* Store what the options say and move the operands to argv[1 ...]. */
static void parse_all(struct parser *p)
{
    int kept = p->argc > 0;
    for (p->at = 1; p->at < p->argc; p->at++) {
        char *text = p->argv[p->at];
        if (opt_is_operand(text, strlen(text))) {
            p->argv[kept++] = text;
        } else if (text[1] != '-') {
            take_letters(p, text + 1);
        } else if (text[2]) {
            take_long(p, text + 2);
        } else {
            while (++p->at < p->argc)
                p->argv[kept++] = p->argv[p->at];
        }
    }
    p->argv[kept] = NULL;
}

/* Whether option i was given, and not with its default: a command from the history gives those, too. */
static bool is_given(const struct parser *p, size_t i)
{
    if (!p->given[i] || !opt_kinds[p->opts[i]->type].pack)
        return p->given[i];
    struct opt_value now = opt_value(p->opts[i]), usual = p->usual[i];
    if (now.type != usual.type)
        return true;
    switch (now.type) {
    case OPT_V_INT: return now.v.integer != usual.v.integer;
    case OPT_V_SEED: return now.v.seed != usual.v.seed;
    case OPT_V_REAL: return now.v.real < usual.v.real || now.v.real > usual.v.real;
    case OPT_V_TEXT: return now.v.text.n != usual.v.text.n || memcmp(now.v.text.p, usual.v.text.p, now.v.text.n) != 0;
    default: return now.type == OPT_V_TEXTS;
    }
}

/* Whether the value of option i is the word[n]. */
static bool has_value(const struct parser *p, size_t i, const char *word, size_t n)
{
    struct opt_value v = opt_value(p->opts[i]);
    return v.type == OPT_V_TEXT && v.v.text.n == n && memcmp(v.v.text.p, word, n) == 0;
}

/* The first of the options "a|b|c=word" that was given, or has that value, its length in *n;
 * NULL: none. */
static const char *first_given(const struct parser *p, const char *names, size_t *n)
{
    for (; *names; names += *n + (names[*n] != '\0')) {
        *n = strcspn(names, "|");
        size_t name = strcspn(names, "|="), i = find_name(p, names, name);
        if (i >= p->n)
            opt_misuse(p->prog, "a rule names %s, which is not an option", names);
        if (name < *n ? has_value(p, i, names + name + 1, *n - name - 1) : is_given(p, i))
            return names;
    }
    return NULL;
}

/* "--a, --b or --c" for "a|b|c", into to[size]. */
static void list_options(const char *names, char *to, size_t size)
{
    size_t used = 0;
    for (size_t n; *names && used < size; names += n + (names[n] != '\0')) {
        n = strcspn(names, "|");
        const char *before = used == 0 ? "" : names[n] ? ", " : " or ";
        used += (size_t)snprintf(to + used, size - used, "%s--%.*s", before, (int)n, names);
    }
}

static void check_rule(const struct parser *p, const struct opt *rule)
{
    const struct prog *prog = p->prog;
    const char *why = rule->help ? rule->help : "", *colon = *why ? ": " : "";
    size_t n;
    if (rule->type < OPT_T_EXCLUDES || (rule->name && !first_given(p, rule->name, &n)))
        return;
    const char *other = first_given(p, rule->arg, &n);
    char others[200];
    list_options(rule->arg, others, sizeof others);
    if (rule->type == OPT_T_EXCLUDES && other)
        opt_misuse(prog, "--%s and --%.*s cannot be used together%s%s", rule->name, (int)n, other, colon, why);
    if (rule->type == OPT_T_NEEDS && !other)
        opt_misuse(prog, "--%s needs %s%s%s", rule->name, others, colon, why);
    if (rule->type == OPT_T_REQUIRED && !other)
        opt_misuse(prog, "%s is missing%s%s", others, colon, why);
}

static void check_rules(const struct parser *p, const struct opt *table)
{
    for (; table && table->type != OPT_T_END; table++)
        check_rule(p, table);
}

static const struct opt **given_opts;       /* what opt_given finds */
static size_t n_given_opts;

bool opt_given(const struct opt *o)
{
    size_t i = 0;
    while (i < n_given_opts && given_opts[i] != o)
        i++;
    return i < n_given_opts;
}

/* --input and --output name fields: say so where the value looks like a file. */
static void note_files(const struct parser *p)
{
    static const char *const suffixes[] = { ".sp", ".csv", ".json", ".jsonl", ".npy", ".model", ".png", ".svg", ".pdf", ".html",
                                            ".m3u" };
    for (size_t i = 0; i < p->n && !progress_quiet; i++) {
        const struct opt *o = p->opts[i];
        bool in = strcmp(o->name, "input") == 0;
        if (!p->given[i] || o->type != OPT_T_STR || strcmp(o->arg, "FIELD") != 0 || (!in && strcmp(o->name, "output") != 0))
            continue;
        const char *value = *o->to.text, *dot = strrchr(value, '.');
        for (size_t k = 0; dot && k < sizeof suffixes / sizeof *suffixes; k++)
            if (strcmp(dot, suffixes[k]) == 0)
                warn("--%s %s is the name of a field; %s", o->name, value,
                     in ? "files are words without an option" : "the output goes to stdout: > FILE");
    }
}

/* Other programs take IN and OUT: a file behind one that is there was probably meant to be written. */
static void refuse_out(const struct prog *prog, char **operands)
{
    bool streams = prog->in == IO_RECORDS || prog->in == IO_MODEL || prog->in == IO_ANY;
    if (!streams || prog->operands || !operands[0] || access(operands[0], F_OK) != 0)
        return;
    for (char **file = operands + 1; *file; file++)
        if (strcmp(*file, "-") != 0 && access(*file, F_OK) != 0 && errno == ENOENT)
            die(ST_STOPPED, "%s: cannot open: no such file; all files are read, and the output goes to stdout: > FILE", *file);
}

static _Noreturn void print_and_exit(const struct prog *prog)
{
    if (want_help)
        print_help(prog);
    else
        printf("%s (songpipe) %s\n", prog->name, songpipe_version);
    if (fflush(stdout) != 0 || ferror(stdout))
        die(ST_STOPPED, "cannot write:");
    exit(ST_OK);
}

char **opt_parse(const struct prog *prog, int argc, char **argv)
{
    die_name = prog->name;
    io_begin();
    struct parser p = { .prog = prog, .argc = argc, .argv = argv };
    opt_each(prog, collect, &p);
    each(common, collect, &p);
    p.given = mem_zero(p.n, sizeof *p.given);
    p.usual = mem_new(p.n, sizeof *p.usual);
    for (size_t i = 0; i < p.n; i++) {
        if (opt_kinds[p.opts[i]->type].settles)
            opt_kinds[p.opts[i]->type].parse(prog, p.opts[i], NULL);
        p.usual[i] = opt_value(p.opts[i]);
    }
    parse_all(&p);
    if (want_help || want_version)
        print_and_exit(prog);
    note_files(&p);
    check_rules(&p, prog->opts);
    for (const struct opt *const *t = prog->also; t && *t; t++)
        check_rules(&p, *t);
    given_opts = mem_resize(given_opts, p.n, sizeof *given_opts);
    n_given_opts = 0;
    for (size_t i = 0; i < p.n; i++)
        if (is_given(&p, i))
            given_opts[n_given_opts++] = p.opts[i];
    free(p.given);
    free(p.usual);
    free(p.opts);
    argv += argc > 0;
    if ((prog->out == IO_RECORDS || prog->out == IO_MODEL) && (argv[0] || !isatty(STDIN_FILENO)))
        opt_not_terminal(prog);         /* before there is work that would be lost */
    refuse_out(prog, argv);
    return argv;
}

char **opt_words(const struct prog *prog, char **operands, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!operands[i])
            opt_misuse(prog, "expected %s", operands_of(prog));
    opt_taken = (struct opt_list){ operands, n };
    return operands + n;
}
