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
#include "base/opt_kind.h"
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

enum { EQ, NE, LT, LE, GT, GE, IN, MATCH, PRESENT, ABSENT };
#define OPS "eq|ne|lt|le|gt|ge|in|match|present|absent"
static const char *const elsewhere[] = { "eq|=|==|is", "ne|!=|<>", "lt|<", "le|<=", "gt|>", "ge|>=", "match|=~|contains|like" };

static struct opt_words words;      /* what a field is held against: VALUE, or for `in` each of its words */
static struct search search;

/* Whether an order of -1, 0 or 1 is what op, EQ to GE, asks for. */
static bool ordered(int op, int order)
{
    static const char *const asked[] = { "=", "<>", "<", "<=", ">", "=>" };
    return strchr(asked[op], "<=>"[order + 1]);
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

static int index_of(const char *list, const char *word) { return opt_word_index(list, word, strlen(word)); }

/* Say what may be meant by words that are not FIELD OP. */
noreturn static void refuse(char **given)
{
    for (const char *const *e = elsewhere; given[1] && e < elsewhere + sizeof elsewhere / sizeof *e; e++)
        if (index_of(*e, given[1]) > 0)
            opt_misuse(&prog, "'%s' is not an operator: did you mean %.*s?", given[1], (int)strcspn(*e, "|"), *e);
    if (strpbrk(given[0], " =<>"))
        opt_misuse(&prog, "'%s' is one word: FIELD, OP and VALUE are three, as in sp-match genre eq rock", given[0]);
    opt_words(&prog, given, 2);
    opt_misuse(&prog, "'%s' is not one of " OPS, given[1]);
}

/* Take FIELD OP [VALUE]; returns the operands after them. */
static char **condition(char **operands)
{
    if (operands[0] && (!operands[1] || index_of(OPS, operands[1]) < 0))
        refuse(operands);
    char **files = opt_words(&prog, operands, 2);
    arg.field = operands[0];
    arg.op = index_of(OPS, operands[1]);
    if (arg.ignore_case && arg.op != MATCH)
        opt_misuse(&prog, "--ignore-case is for match, not for %s", operands[1]);
    if (arg.op == PRESENT || arg.op == ABSENT)
        return files;
    files = opt_words(&prog, operands, 3);
    if (!files[0] && access(operands[2], F_OK) == 0 && io_stdin_empty())
        opt_misuse(&prog, "'%s' is taken as VALUE, and nothing comes from stdin; with a file it is: sp-match %s %s VALUE %s",
                   operands[2], operands[0], operands[1], operands[2]);
    char why[PATTERN_WHY];
    setlocale(LC_CTYPE, "C.UTF-8");             /* text is UTF-8, whatever the locale says */
    if (arg.op == IN)
        opt_cut(&prog, NULL, operands[2], &words);
    else
        words = (struct opt_words){ .v = operands + 2, .n = 1 };
    if (arg.op == MATCH && !search_compile(&search, operands[2], arg.ignore_case ? REG_ICASE : 0, why))
        opt_misuse(&prog, "'%s' is not an extended regular expression: %s", operands[2], why);
    return files;
}

int main(int argc, char **argv)
{
    return map_main(&prog, &(struct map){ .process = process }, condition(opt_parse(&prog, argc, argv)));
}
