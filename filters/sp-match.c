/* sp-match - pass on the records that meet a condition
 *
 * in      any records
 * out     those of them whose field meets the condition, unchanged
 * memory  one record
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <locale.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/pattern.h"
#include "drive/map.h"
#include "stream/value.h"

static struct {
    bool invert, ignore_case;
    const char *field;
    int op;
} arg;

static const struct opt opts[] = {
    OPT_FLAG('v', "invert", &arg.invert, "pass on the records that do not match instead"),
    OPT_FLAG(0, "ignore-case", &arg.ignore_case, "let match ignore case"),
    OPT_END
};
static const struct prog prog = {
    .name = "sp-match", .brief = "pass on the records that meet a condition",
    .in = IO_RECORDS, .out = IO_RECORDS, .operands = "FIELD OP [VALUE] [FILE]...",
    .example = "id present", .alone = "", .opts = opts, .also = map_also,
};

enum { EQ, NE, LT, LE, GT, GE, IN, MATCH, PRESENT, ABSENT, OPS };
static const char *const ops[OPS] = { "eq", "ne", "lt", "le", "gt", "ge", "in", "match", "present", "absent" };

static struct opt_words words;      /* what a field is held against: VALUE, or for `in` each of its words */
static struct search search;

/* Whether an order of -1, 0 or 1 is what op asks for. */
static bool ordered(int op, int order)
{
    switch (op) {
    case EQ: case NE: return (order == 0) == (op == EQ);
    case LT: case GE: return (order < 0) == (op == LT);
    default: return (order > 0) == (op == GT);      /* GT, LE */
    }
}

/* Compare a field that is not nil with one word, which is read as the field is: as text, a number, or
 * true or false; op is EQ to GE. False if the two cannot be compared; the reason is then in r. */
static bool compare(struct rec *r, const struct value *v, int op, const char *word, bool *met)
{
    bool text = v->type == V_STR || v->type == V_BIN, nan = v->type == V_FLOAT && isnan(v->f);
    struct value have = *v, want = text ? (struct value){ .type = V_STR, .s = { word, strlen(word) } } : value_word(word);
    if (text) {
        have.type = V_STR;
    } else if (v->type == V_BOOL) {
        if ((op != EQ && op != NE) || want.type != V_BOOL)
            return rec_error(r, "%s is true or false: use eq or ne", arg.field);
    } else if (want.type != V_INT && want.type != V_FLOAT) {
        return rec_error(r, "%s is a number, and '%.80s' is not", arg.field, word);
    }
    *met = nan ? op == NE : ordered(op, value_compare(&have, &want));
    return true;
}

static bool meets(struct rec *r, const struct value *v, bool *met)
{
    *met = arg.op == ABSENT ? v->type == V_NIL : arg.op == PRESENT && v->type != V_NIL;
    if (arg.op == PRESENT || arg.op == ABSENT || v->type == V_NIL)
        return true;
    if (v->type == V_TENSOR || v->type == V_SPARSE || v->type == V_OTHER)
        return rec_error(r, "%s is neither text nor a number: use present or absent", arg.field);
    if (arg.op == MATCH) {
        if (v->type != V_STR && v->type != V_BIN)
            return rec_error(r, "%s is not text", arg.field);
        enum search_got got = search_text(&search, v->s.p, v->s.n);
        if (got == SEARCH_LONG)
            return rec_error(r, "%s is longer than %d bytes: match takes that only if it is UTF-8, by a pattern without ^",
                             arg.field, SEARCH_BYTES);
        *met = got == SEARCH_YES;
        return true;
    }
    for (size_t i = 0; i < words.n && !*met; i++)
        if (!compare(r, v, arg.op == IN ? EQ : arg.op, words.v[i], met))
            return false;
    return true;
}

static bool process(struct rec *r, const struct value *in, void *state)
{
    (void)in;
    (void)state;
    if (!rec_find(r, arg.field) && arg.op != PRESENT && arg.op != ABSENT)
        return rec_lacks(r, arg.field, "");
    struct value v = rec_get(r, arg.field);
    bool met;
    if (!meets(r, &v, &met))
        return false;
    if (met == arg.invert)
        rec_drop(r);
    return true;
}

/* The number of an operator; OPS: it is none. */
static int op_of(const char *word)
{
    int op = 0;
    while (op < OPS && strcmp(word, ops[op]) != 0)
        op++;
    return op;
}

/* The operator that other languages write so, or NULL. */
static const char *sign_of(const char *word)
{
    static const struct { const char *sign, *op; } signs[] = {
        { "=", "eq" }, { "==", "eq" }, { "is", "eq" }, { "!=", "ne" }, { "<>", "ne" }, { "<", "lt" }, { "<=", "le" },
        { ">", "gt" }, { ">=", "ge" }, { "~", "match" }, { "=~", "match" }, { "contains", "match" }, { "like", "match" },
    };
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
        if (strcmp(word, signs[i].sign) == 0)
            return signs[i].op;
    return NULL;
}

/* Take FIELD OP [VALUE]; returns the operands after them. */
static char **condition(char **operands)
{
    if (operands[0] && strchr(operands[0], ' ') && (!operands[1] || op_of(operands[1]) == OPS))
        opt_misuse(&prog, "'%s' is one word: write FIELD, OP and VALUE without quotes around them all: sp-match %s",
                   operands[0], operands[0]);
    char **files = opt_words(&prog, operands, 2);
    arg.field = operands[0];
    arg.op = op_of(operands[1]);
    const char *meant = arg.op == OPS ? sign_of(operands[1]) : NULL;
    if (meant)
        opt_misuse(&prog, "'%s' is not one of eq ne lt le gt ge in match present absent: did you mean %s?", operands[1], meant);
    size_t sign = strcspn(operands[0], "=<>!");
    if (arg.op == OPS && operands[0][sign] && sign)
        opt_misuse(&prog, "'%s' is one word: FIELD, OP and VALUE are three, as in sp-match %.*s eq VALUE", operands[0],
                   (int)sign, operands[0]);
    if (arg.op == OPS)
        opt_misuse(&prog, "'%s' is not one of eq ne lt le gt ge in match present absent", operands[1]);
    if (arg.ignore_case && arg.op != MATCH)
        opt_misuse(&prog, "--ignore-case is for match, not for %s", operands[1]);
    if (arg.op == PRESENT || arg.op == ABSENT)
        return files;
    files = opt_words(&prog, operands, 3);
    if (!files[0] && access(operands[2], F_OK) == 0 && io_stdin_empty())
        opt_misuse(&prog, "'%s' is taken as VALUE, and nothing comes from stdin; with a file it is: sp-match %s %s VALUE %s",
                   operands[2], operands[0], operands[1], operands[2]);
    if (arg.op == MATCH) {
        char why[PATTERN_WHY];
        setlocale(LC_CTYPE, "C.UTF-8");             /* text is UTF-8, whatever the locale says */
        if (!search_compile(&search, operands[2], arg.ignore_case ? REG_ICASE : 0, why))
            opt_misuse(&prog, "'%s' is not an extended regular expression: %s", operands[2], why);
    } else if (arg.op == IN) {
        opt_cut(&prog, NULL, operands[2], &words);
    } else {
        words = (struct opt_words){ .v = operands + 2, .n = 1 };
    }
    return files;
}

int main(int argc, char **argv)
{
    char **operands = condition(opt_parse(&prog, argc, argv));
    return map_main(&prog, &(struct map){ .process = process }, operands);
}
