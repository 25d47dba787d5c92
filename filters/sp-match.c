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
    const char *field, *value;
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

/* Compare a field that is no nil with one word, its op EQ to GE (IN asks with EQ). False
 * if the two cannot be compared; the reason is then in r. */
static bool compare(struct rec *r, const struct value *v, int op, const char *word, size_t len, bool *met)
{
    if (v->type == V_STR || v->type == V_BIN) {
        int order = memcmp(v->s.p, word, v->s.n < len ? v->s.n : len);
        *met = ordered(op, order ? order : (v->s.n > len) - (v->s.n < len));
        return true;
    }
    if (v->type == V_BOOL) {
        bool yes = len == 4 && memcmp(word, "true", 4) == 0;
        if ((op != EQ && op != NE) || !(yes || (len == 5 && memcmp(word, "false", 5) == 0)))
            return rec_error(r, "%s is true or false: ask with eq or ne for one of the two", arg.field);
        *met = ordered(op, v->b != yes);
        return true;
    }
    char *text = mem_text(word, len), *end;
    double number;
    bool is_number = opt_number(text, -HUGE_VAL, HUGE_VAL, &number);
    if (!is_number) {
        free(text);
        return rec_error(r, "%s is a number, and '%.*s' is none", arg.field, len < 80 ? (int)len : 80, word);
    }
    errno = 0;
    long long whole = strtoll(text, &end, 10);
    if (v->type == V_INT && !*end && !errno)
        *met = ordered(op, (v->i > whole) - (v->i < whole));
    else {
        double x = v->type == V_INT ? (double)v->i : v->f;
        *met = isnan(x) ? op == NE : ordered(op, (x > number) - (x < number));
    }
    free(text);
    return true;
}

static bool meets(struct rec *r, const struct value *v, bool *met)
{
    if (arg.op == PRESENT || arg.op == ABSENT) {
        *met = (v->type == V_NIL) == (arg.op == ABSENT);
        return true;
    }
    *met = false;
    if (v->type == V_NIL)
        return true;
    if (v->type == V_TENSOR || v->type == V_SPARSE || v->type == V_OTHER)
        return rec_error(r, "%s is neither text nor a number: it can only be present or absent", arg.field);
    if (arg.op == MATCH) {
        if (v->type != V_STR && v->type != V_BIN)
            return rec_error(r, "%s is no text to match", arg.field);
        regmatch_t all = { .rm_so = 0, .rm_eo = (regoff_t)v->s.n };
        *met = regexec(&pattern, v->s.p, 1, &all, REG_STARTEND) == 0;
        return true;
    }
    if (arg.op != IN)
        return compare(r, v, arg.op, arg.value, strlen(arg.value), met);
    for (const char *word = arg.value; !*met; word++) {
        size_t n = strcspn(word, ",");
        if (!compare(r, v, EQ, word, n, met))
            return false;
        word += n;
        if (!*word)
            break;
    }
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

/* Take FIELD OP [VALUE]; returns the operands behind them. */
static char **condition(char **operands)
{
    char **words = opt_words(&prog, operands, 2);
    arg.field = operands[0];
    while (arg.op < OPS && strcmp(operands[1], ops[arg.op]) != 0)
        arg.op++;
    if (arg.op == OPS)
        opt_misuse(&prog, "'%s' is not one of eq ne lt le gt ge in match present absent", operands[1]);
    if (arg.op == PRESENT || arg.op == ABSENT)
        return words;
    words = opt_words(&prog, operands, 3);
    arg.value = operands[2];
    if (arg.op == MATCH) {
        setlocale(LC_CTYPE, "C.UTF-8");             /* text is UTF-8, whatever the locale says */
        int error = regcomp(&pattern, arg.value, REG_EXTENDED | (arg.ignore_case ? REG_ICASE : 0));
        if (error) {
            char why[128];
            regerror(error, &pattern, why, sizeof why);
            opt_misuse(&prog, "'%s' is no extended regular expression: %s", arg.value, why);
        }
    }
    return words;
}

int main(int argc, char **argv)
{
    char **operands = opt_parse(&prog, argc, argv);
    operands = condition(operands);
    int status = map_main(&prog, &(struct map){ .process = process }, operands);
    if (arg.op == MATCH)
        regfree(&pattern);
    return status;
}
