/* sp-match - pass on the records that meet a condition
 *
 * in      any records
 * out     those of them whose field meets the condition, unchanged
 * memory  one record
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <locale.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "drive/map.h"

static struct {
    bool invert, ignore_case;
    const char *field;
    int op;
} arg;

static const struct opt opts[] = {
    OPT_FLAG('v', "invert", &arg.invert, "pass on the other records instead"),
    OPT_FLAG(0, "ignore-case", &arg.ignore_case, "let match take small and capital letters as equal"),
    OPT_END
};
static const struct prog prog = {
    .name = "sp-match", .brief = "pass on the records that meet a condition",
    .in = IO_RECORDS, .out = IO_RECORDS, .operands = "FIELD OP [VALUE] [FILE]...",
    .example = "id present", .opts = opts, .also = map_also,
};

enum { EQ, NE, LT, LE, GT, GE, IN, MATCH, PRESENT, ABSENT, OPS };
static const char *const ops[OPS] = { "eq", "ne", "lt", "le", "gt", "ge", "in", "match", "present", "absent" };

/* What a field is held against: VALUE, or for `in` each of its words. */
struct word { const char *text; size_t n; bool is_number, is_whole; double number; long long whole; };
static struct word *words;
static size_t n_words;
static regex_t pattern;

/* Whether an order of -1, 0 or 1 is what op asks for. */
static bool ordered(int op, int order)
{
    switch (op) {
    case EQ: return order == 0;
    case NE: return order != 0;
    case LT: return order < 0;
    case LE: return order <= 0;
    case GT: return order > 0;
    default: return order >= 0;
    }
}

/* Compare a field that is not nil with one word; op is EQ to GE. False if the two cannot be
 * compared; the reason is then in r. */
static bool compare(struct rec *r, const struct value *v, int op, const struct word *w, bool *met)
{
    if (v->type == V_STR || v->type == V_BIN) {
        int order = memcmp(v->s.p, w->text, v->s.n < w->n ? v->s.n : w->n);
        *met = ordered(op, order ? order : (v->s.n > w->n) - (v->s.n < w->n));
    } else if (v->type == V_BOOL) {
        bool yes = w->n == 4 && memcmp(w->text, "true", 4) == 0;
        if ((op != EQ && op != NE) || !(yes || (w->n == 5 && memcmp(w->text, "false", 5) == 0)))
            return rec_error(r, "%s is true or false: ask with eq or ne for one of the two", arg.field);
        *met = ordered(op, v->b != yes);
    } else if (!w->is_number) {
        return rec_error(r, "%s is a number, and '%.*s' is not", arg.field, w->n < 80 ? (int)w->n : 80, w->text);
    } else if (v->type == V_INT && w->is_whole) {
        *met = ordered(op, (v->i > w->whole) - (v->i < w->whole));
    } else {
        double x = v->type == V_INT ? (double)v->i : v->f;
        *met = isnan(x) ? op == NE : ordered(op, (x > w->number) - (x < w->number));
    }
    return true;
}

static bool meets(struct rec *r, const struct value *v, bool *met)
{
    *met = arg.op == ABSENT ? v->type == V_NIL : arg.op == PRESENT && v->type != V_NIL;
    if (arg.op == PRESENT || arg.op == ABSENT || v->type == V_NIL)
        return true;
    if (v->type == V_TENSOR || v->type == V_SPARSE || v->type == V_OTHER)
        return rec_error(r, "%s is neither text nor a number: it can only be present or absent", arg.field);
    if (arg.op == MATCH) {
        if (v->type != V_STR && v->type != V_BIN)
            return rec_error(r, "%s is not a text to match", arg.field);
        regmatch_t all = { .rm_so = 0, .rm_eo = (regoff_t)v->s.n };
        *met = regexec(&pattern, v->s.p, 1, &all, REG_STARTEND) == 0;
        return true;
    }
    for (size_t i = 0; i < n_words && !*met; i++)
        if (!compare(r, v, arg.op == IN ? EQ : arg.op, words + i, met))
            return false;
    return true;
}

static bool process(struct rec *r, const struct value *in, void *state)
{
    (void)in;
    (void)state;
    const struct field *f = rec_find(r, arg.field);
    if (!f && arg.op != PRESENT && arg.op != ABSENT)
        return rec_error(r, "no field %s", arg.field);
    struct value v = f ? field_value(f) : (struct value){ .type = V_NIL };
    bool met;
    if (!meets(r, &v, &met))
        return false;
    if (met == arg.invert)
        rec_drop(r);
    return true;
}

static void add_word(const char *text, size_t n)
{
    char *copy = mem_text(text, n), *end;
    struct word w = { .text = copy, .n = n };
    w.is_number = opt_number(copy, -HUGE_VAL, HUGE_VAL, &w.number);
    errno = 0;
    w.whole = strtoll(copy, &end, 10);
    w.is_whole = w.is_number && !*end && !errno;
    words = mem_resize(words, n_words + 1, sizeof *words);
    words[n_words++] = w;
}

static void compile(const char *text)
{
    setlocale(LC_CTYPE, "C.UTF-8");             /* text is UTF-8, whatever the locale says */
    int error = regcomp(&pattern, text, REG_EXTENDED | (arg.ignore_case ? REG_ICASE : 0));
    if (error) {
        char why[128];
        regerror(error, &pattern, why, sizeof why);
        opt_misuse(&prog, "'%s' is not an extended regular expression: %s", text, why);
    }
}

/* Take FIELD OP [VALUE]; returns the operands after them. */
static char **condition(char **operands)
{
    char **files = opt_words(&prog, operands, 2);
    arg.field = operands[0];
    while (arg.op < OPS && strcmp(operands[1], ops[arg.op]) != 0)
        arg.op++;
    if (arg.op == OPS)
        opt_misuse(&prog, "'%s' is not one of eq ne lt le gt ge in match present absent", operands[1]);
    if (arg.op == PRESENT || arg.op == ABSENT)
        return files;
    files = opt_words(&prog, operands, 3);
    const char *value = operands[2];
    if (arg.op == MATCH)
        compile(value);
    for (size_t n = strcspn(value, ","); arg.op == IN && value[n]; value += n + 1, n = strcspn(value, ","))
        add_word(value, n);
    add_word(value, strlen(value));
    return files;
}

int main(int argc, char **argv)
{
    char **operands = condition(opt_parse(&prog, argc, argv));
    return map_main(&prog, &(struct map){ .process = process }, operands);
}
