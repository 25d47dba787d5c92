/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/opt_kind.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/par.h"

const char *opt_word(const char *list, int index, size_t *n)
{
    while (index-- > 0 && strchr(list, '|'))
        list = strchr(list, '|') + 1;
    *n = strcspn(list, "|");
    return list;
}

int opt_word_index(const char *list, const char *text, size_t n)
{
    for (int i = 0; list; i++) {
        size_t len = strcspn(list, "|");
        if (len == n && memcmp(list, text, n) == 0)
            return i;
        list = list[len] ? list + len + 1 : NULL;
    }
    return -1;
}

/* ---- numbers ---- */

/* "from 1 to 5", "of 1 or more", "above 0" or "": into to[size], with a blank in front. */
static void describe_range(const struct opt *o, char *to, size_t size)
{
    *to = '\0';
    if (o->max < 1e15)
        snprintf(to, size, " from %.10g to %.10g", o->min, o->max);
    else if (o->min > 0 && o->min < 1e-30)
        snprintf(to, size, " above 0");
    else if (o->min > -1e15)
        snprintf(to, size, " of %.10g or more", o->min);
}

/* A whole number in lo ... hi at the beginning of text; *end is what follows it. */
static bool read_whole(const char *text, double lo, double hi, int64_t *value, const char **end)
{
    char *stop;
    errno = 0;
    long long v = strtoll(text, &stop, 10);
    *end = stop;
    if (stop == text || strchr(" \t\n\v\f\r", *text) || errno || !((double)v >= lo && (double)v <= hi))
        return false;
    *value = v;
    return true;
}

/* A whole number of 0 or more at the beginning of text: digits only. */
static bool read_count(const char *text, unsigned long long *value, const char **end)
{
    char *stop;
    errno = 0;
    *value = strtoull(text, &stop, 10);
    *end = stop;
    return *text >= '0' && *text <= '9' && !errno;
}

static int64_t need_whole(const struct prog *prog, const struct opt *o, const char *text)
{
    char range[80];
    const char *end;
    int64_t v = 0;
    if (!read_whole(text, o->min, o->max, &v, &end) || *end) {
        describe_range(o, range, sizeof range);
        opt_misuse(prog, "--%s '%s' is not a whole number%s", o->name, text, range);
    }
    return v;
}

static void parse_int(const struct prog *prog, const struct opt *o, char *text)
{
    *o->to.integer = need_whole(prog, o, text);
}

static void print_int(const struct opt *o, char *to, size_t size)
{
    snprintf(to, size, "%" PRId64, *o->to.integer);
}

static void pack_int(const struct opt *o, struct opt_value *to)
{
    to->type = OPT_V_INT;
    to->v.integer = *o->to.integer;
}

static void parse_jobs(const struct prog *prog, const struct opt *o, char *text)
{
    int64_t n = text ? need_whole(prog, o, text) : o->to.jobs;
    par_jobs = n ? (int)n : par_available();
}

static void print_jobs(const struct opt *o, char *to, size_t size)
{
    snprintf(to, size, "%d", o->to.jobs);
}

static void parse_f64(const struct prog *prog, const struct opt *o, char *text)
{
    char range[80];
    if (!opt_number(text, o->min, o->max, o->to.real)) {
        describe_range(o, range, sizeof range);
        opt_misuse(prog, "--%s '%s' is not a number%s", o->name, text, range);
    }
}

static void print_f64(const struct opt *o, char *to, size_t size)
{
    if (*o->to.real == *o->to.real)
        snprintf(to, size, "%.10g", *o->to.real);
}

static void pack_f64(const struct opt *o, struct opt_value *to)
{
    to->type = isnan(*o->to.real) ? OPT_V_NONE : OPT_V_REAL;
    to->v.real = *o->to.real;
}

static void parse_seed(const struct prog *prog, const struct opt *o, char *text)
{
    const char *end;
    unsigned long long v;
    if (!read_count(text, &v, &end) || *end)
        opt_misuse(prog, "--%s '%s' is not a whole number from 0 to %" PRIu64, o->name, text, UINT64_MAX);
    *o->to.seed = v;
}

static void print_seed(const struct opt *o, char *to, size_t size)
{
    snprintf(to, size, "%" PRIu64, *o->to.seed);
}

static void pack_seed(const struct opt *o, struct opt_value *to)
{
    to->type = OPT_V_SEED;
    to->v.seed = *o->to.seed;
}

static void parse_size(const struct prog *prog, const struct opt *o, char *text)
{
    static const char units[] = "KMGT";
    const char *end, *unit;
    unsigned long long v;
    unsigned shift = 0;
    bool right = read_count(text, &v, &end);
    if (right && *end && (unit = strchr(units, *end))) {
        shift = 10 * (unsigned)(unit - units + 1);
        end++;
    }
    if (!right || *end || v == 0 || v > SIZE_MAX >> shift)
        opt_misuse(prog, "--%s '%s' is not a size such as 500M or 2G", o->name, text);
    *o->to.size = (size_t)v << shift;
}

static void print_size(const struct opt *o, char *to, size_t size)
{
    size_t v = *o->to.size;
    if (v)
        snprintf(to, size, v % (1 << 20) ? "%zu" : "%zuM", v % (1 << 20) ? v : v >> 20);
}

/* ---- one of several ---- */

static void parse_flag(const struct prog *prog, const struct opt *o, char *text)
{
    (void)prog;
    (void)text;
    *o->to.flag = true;
}

static void pack_flag(const struct opt *o, struct opt_value *to)
{
    to->type = *o->to.flag ? OPT_V_TRUE : OPT_V_NONE;
}

static void parse_choice(const struct prog *prog, const struct opt *o, char *text)
{
    int index = opt_word_index(o->arg, text, strlen(text));
    if (index < 0)
        opt_misuse(prog, "--%s '%s' is not one of %s", o->name, text, o->arg);
    *o->to.choice = index;
}

static void pack_choice(const struct opt *o, struct opt_value *to)
{
    to->type = *o->to.choice < 0 ? OPT_V_NONE : OPT_V_TEXT;
    to->v.text.p = opt_word(o->arg, *o->to.choice, &to->v.text.n);
}

static void print_choice(const struct opt *o, char *to, size_t size)
{
    size_t n;
    const char *word = opt_word(o->arg, *o->to.choice, &n);
    snprintf(to, size, "%.*s", (int)n, word);
}

/* ---- texts ---- */

static void pack(const char *text, struct opt_value *to)
{
    to->type = text ? OPT_V_TEXT : OPT_V_NONE;
    to->v.text.p = text;
    to->v.text.n = text ? strlen(text) : 0;
}

static void print(const char *text, char *to, size_t size)
{
    if (text)
        snprintf(to, size, "%s", text);
}

static void parse_str(const struct prog *prog, const struct opt *o, char *text)
{
    (void)prog;
    *o->to.text = text;
}

static void parse_output(const struct prog *prog, const struct opt *o, char *text)
{
    if (strcmp(text, "-") == 0)
        opt_misuse(prog, "--%s '-' is not a file, and standard output has the filter's own (./- is a file called so)", o->name);
    io_writes(text);
    *o->to.text = text;
}

static void print_str(const struct opt *o, char *to, size_t size) { print(*o->to.text, to, size); }
static void pack_str(const struct opt *o, struct opt_value *to) { pack(*o->to.text, to); }

static void parse_input(const struct prog *prog, const struct opt *o, char *text)
{
    size_t word = strcspn(o->arg, "|");
    (void)prog;
    if (o->arg[word] && strlen(text) == word && strncmp(text, o->arg, word) == 0 && access(text, F_OK) != 0)
        return;
    io_reads(text);
    o->to.input->path = text;
}

static void pack_input(const struct opt *o, struct opt_value *to)
{
    to->type = o->to.input->path ? OPT_V_INPUT : OPT_V_NONE;
    to->v.input = o->to.input;
}

/* "A:B" with lo <= A < B <= hi. */
static bool read_span(const char *text, double lo, double hi, struct opt_or *to)
{
    const char *colon = strchr(text, ':');
    char *first = mem_text(text, colon ? (size_t)(colon - text) : 0);
    bool right = colon && opt_number(first, lo, hi, &to->x) && opt_number(colon + 1, lo, hi, &to->last) && to->x < to->last;
    free(first);
    return right;
}

/* A number or a word; the words stand in arg behind its first, "X|auto|max", or behind "X|A:B|". */
static void parse_or(const struct prog *prog, const struct opt *o, char *given)
{
    struct opt_or *to = o->to.number_or;
    const char *text = given ? given : to->text, *words = strchr(o->arg, '|') + 1;
    char range[80];
    bool span = strncmp(words, "A:B|", 4) == 0;
    words += span ? 4 : 0;
    to->text = text;
    to->x = to->last = 0;
    if (text && span && read_span(text, o->min, o->max, to))
        return;
    to->x = 0;
    to->word = text ? 1 + opt_word_index(words, text, strlen(text)) : 0;
    if (text && !to->word && !opt_number(text, o->min, o->max, &to->x)) {
        describe_range(o, range, sizeof range);
        opt_misuse(prog, "--%s '%s' is neither a number%s nor %s%s", o->name, text, range, words,
                   span ? ", nor two as in 0.5:2, the smaller one first" : "");
    }
    to->last = to->x;
}

static void print_or(const struct opt *o, char *to, size_t size) { print(o->to.number_or->text, to, size); }
static void pack_or(const struct opt *o, struct opt_value *to) { pack(o->to.number_or->text, to); }

bool opt_read_range(const char *text, char between, double lo, double hi, struct opt_range *to)
{
    const char *end;
    bool right = read_whole(text, lo, hi, &to->first, &end);
    to->last = to->first;
    if (right && *end == between)
        right = read_whole(end + 1, lo, hi, &to->last, &end);
    return right && !*end && to->first <= to->last;
}

static void parse_range(const struct prog *prog, const struct opt *o, char *given)
{
    struct opt_range *to = o->to.range;
    const char *text = given ? given : to->text;
    char range[80], between = strchr(o->arg, ',') ? ',' : ':';
    to->text = text;
    to->first = to->last = 0;
    if (!text)
        return;
    if (!opt_read_range(text, between, o->min, o->max, to)) {
        describe_range(o, range, sizeof range);
        opt_misuse(prog, "--%s '%s' is not a whole number%s, nor two of them as in 2%c%d", o->name, text, range, between,
                   between == ':' ? 20 : 3);
    }
}

static void print_range(const struct opt *o, char *to, size_t size) { print(o->to.range->text, to, size); }
static void pack_range(const struct opt *o, struct opt_value *to) { pack(o->to.range->text, to); }

static void pack_int_range(const struct opt *o, struct opt_value *to)
{
    const struct opt_range *range = o->to.range;
    if (!range->text || strchr(range->text, ':')) {
        pack(range->text, to);
    } else {
        to->type = OPT_V_INT;
        to->v.integer = range->first;
    }
}

/* ---- lists ---- */

static void add_text(struct opt_list *list, char *text)
{
    list->v = mem_resize(list->v, list->n + 1, sizeof *list->v);
    list->v[list->n++] = text;
}

static void pack_texts(const struct opt_list *list, struct opt_value *to)
{
    to->type = list->n ? OPT_V_TEXTS : OPT_V_NONE;
    to->v.texts = list;
}

static void parse_list(const struct prog *prog, const struct opt *o, char *text)
{
    (void)prog;
    add_text(o->to.list, text);
}

static void pack_list(const struct opt *o, struct opt_value *to) { pack_texts(o->to.list, to); }

void opt_cut(const struct prog *prog, const char *option, const char *text, struct opt_words *words)
{
    struct opt_list list = { words->v, words->n };
    const char *all = text;
    for (bool last = false; !last; ) {
        size_t n = 0;
        char *word = mem_new(strlen(text) + 1, 1);
        for (; *text && *text != ','; text++) {
            text += text[0] == '\\' && text[1] == ',';
            word[n++] = *text;
        }
        word[n] = '\0';
        if (n == 0 && option)
            opt_misuse(prog, "--%s '%s' has an empty word", option, all);
        add_text(&list, word);
        last = *text++ == '\0';
    }
    words->v = list.v;
    words->n = list.n;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

void opt_once(const struct prog *prog, const char *option, const struct opt_words *words)
{
    char **sorted = mem_new(words->n + 1, sizeof *sorted);
    for (size_t i = 0; i < words->n; i++)
        sorted[i] = words->v[i];
    qsort(sorted, words->n, sizeof *sorted, by_text);
    for (size_t i = 1; i < words->n; i++)
        if (strcmp(sorted[i - 1], sorted[i]) == 0)
            opt_misuse(prog, "--%s names %s twice", option, sorted[i]);
    free(sorted);
}

static void parse_words(const struct prog *prog, const struct opt *o, char *given)
{
    struct opt_words *w = o->to.words;
    const char *text = given ? given : w->text;
    while (given && !w->given.n && w->n)        /* those of the default */
        free(w->v[--w->n]);
    if (text && (*text || o->min == 0))
        opt_cut(prog, o->name, text, w);
    if (o->max > 0)
        opt_once(prog, o->name, w);
    if (!given)
        return;
    add_text(&w->given, given);
    if (w->given.n > 1) {
        size_t size = strlen(w->text) + strlen(given) + 2;
        char *joined = mem_new(size, 1);
        snprintf(joined, size, "%s,%s", w->text, given);
        given = joined;
    }
    w->text = given;
}

static void print_words(const struct opt *o, char *to, size_t size) { print(o->to.words->text, to, size); }
static void pack_words(const struct opt *o, struct opt_value *to) { pack(o->to.words->text, to); }
static void pack_words_each(const struct opt *o, struct opt_value *to) { pack_texts(&o->to.words->given, to); }

static void parse_pairs(const struct prog *prog, const struct opt *o, char *text)
{
    struct opt_pairs *pairs = o->to.pairs;
    const char *value = "";
    size_t n = opt_pair(text, &value);
    bool refused = o->not && opt_word_index(o->not, text, n) >= 0;
    if (!n || refused || (double)strlen(value) < o->min) {
        size_t len = 0;
        const char *not = o->not ? opt_word(o->not, 0, &len) : "", *more = not[len] ? not + len + 1 : "";
        opt_misuse(prog, "--%s '%s' is not %s%s%.*s%s%s", o->name, text, o->arg, *not ? " of a field other than " : "",
                   (int)len, not, *more ? " and " : "", more);
    }
    for (size_t i = 0; i < pairs->n; i++)
        if (strlen(pairs->v[i].name) == n && memcmp(pairs->v[i].name, text, n) == 0)
            opt_misuse(prog, "--%s names %s twice", o->name, pairs->v[i].name);
    pairs->v = mem_resize(pairs->v, pairs->n + 1, sizeof *pairs->v);
    pairs->v[pairs->n++] = (struct opt_pair){ mem_text(text, n), value };
    add_text(&pairs->given, text);
}

static void pack_pairs(const struct opt *o, struct opt_value *to) { pack_texts(&o->to.pairs->given, to); }

const struct opt_kind opt_kinds[] = {
    [OPT_T_FLAG]       = { parse_flag, false, NULL, false, pack_flag },
    [OPT_T_INT]        = { parse_int, false, print_int, true, pack_int },
    [OPT_T_F64]        = { parse_f64, false, print_f64, true, pack_f64 },
    [OPT_T_F64_OR]     = { parse_or, true, print_or, false, pack_or },
    [OPT_T_RANGE]      = { parse_range, true, print_range, false, pack_range },
    [OPT_T_INT_RANGE]  = { parse_range, true, print_range, true, pack_int_range },
    [OPT_T_STR]        = { parse_str, false, print_str, false, pack_str },
    [OPT_T_CHOICE]     = { parse_choice, false, print_choice, false, pack_choice },
    [OPT_T_LIST]       = { parse_list, false, NULL, false, pack_list },
    [OPT_T_WORDS]      = { parse_words, true, print_words, false, pack_words },
    [OPT_T_WORDS_EACH] = { parse_words, true, NULL, false, pack_words_each },
    [OPT_T_PAIRS]      = { parse_pairs, false, NULL, false, pack_pairs },
    [OPT_T_SIZE]       = { parse_size, false, print_size, false, NULL },
    [OPT_T_JOBS]       = { parse_jobs, true, print_jobs, true, NULL },
    [OPT_T_SEED]       = { parse_seed, false, print_seed, false, pack_seed },
    [OPT_T_INPUT]      = { parse_input, false, NULL, false, pack_input },
    [OPT_T_OUTPUT]     = { parse_output, false, NULL, false, NULL },
    [OPT_T_NOTE]       = { parse_str, false, NULL, false, NULL },
    [OPT_T_REQUIRED]   = { NULL, false, NULL, false, NULL },
};

struct opt_value opt_value(const struct opt *o)
{
    struct opt_value value = { .type = OPT_V_NONE };
    if (opt_kinds[o->type].pack)
        opt_kinds[o->type].pack(o, &value);
    return value;
}
