/* tfidf - weight the words of texts by term frequency times inverse document frequency
 *
 * in      records with a text (lyrics), or with a sparse vector that counts words
 * out     the same records, the text replaced by a sparse vector x of one column for each term
 * memory  the vocabulary: all n-grams that are counted, and later those that are kept; not the texts
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <float.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

#include "base/die.h"
#include "base/mem.h"
#include "base/packed.h"
#include "base/progress.h"
#include "drive/bag.h"
#include "drive/fitted.h"
#include "drive/pass.h"
#include "drive/ranks.h"
#include "text/tokens.h"
#include "text/vocab.h"
#include "text/weigh.h"

static struct {
    const char *in, *out, *save;
    bool keep;
    struct opt_input model;
} arg = { .in = "lyrics", .out = "x" };

/* What is asked of the fit; with -m it comes from the model. */
static struct {
    struct opt_range ngrams;
    const char *min_df, *max_df;
    int64_t max_features, max_candidates;
    bool sublinear, binary, no_idf, no_smooth, no_lowercase;
    int norm, token, strip;
    struct opt_input stop;
} fit = { .ngrams.text = "1,1", .min_df = "1", .max_df = "1.0" };

#define NORMS "l2|l1|none"
#define RULES "words|marks|sklearn"
#define STRIPS "none|latin|unicode|ascii"

static const struct opt opts[] = {
    MAP_IN(&arg.in),
    MAP_OUT(&arg.out),
    MAP_KEEP(&arg.keep),
    OPT_RANGE('n', "ngrams", &fit.ngrams, 1, VOCAB_NGRAM_MOST, "MIN,MAX", "count n-grams of MIN to MAX words"),
    OPT_INT(0, "max-features", &fit.max_features, 0, UINT32_MAX - 1, "keep only this many terms, the most frequent; 0: all"),
    OPT_STR(0, "min-df", &fit.min_df, "N|SHARE",
            "drop terms in fewer texts than this: a count, or a share if it has a point"),
    OPT_STR(0, "max-df", &fit.max_df, "N|SHARE", "drop terms in more texts than this"),
    OPT_FLAG(0, "sublinear-tf", &fit.sublinear, "use 1 + ln(tf) instead of tf"),
    OPT_FLAG(0, "binary", &fit.binary, "use 1 instead of tf"),
    OPT_FLAG(0, "no-idf", &fit.no_idf, "do not multiply by idf"),
    OPT_FLAG(0, "no-smooth-idf", &fit.no_smooth, "use idf = ln(n/df) + 1"),
    OPT_CHOICE(0, "norm", &fit.norm, NORMS, "norm to divide each row by"),
    OPT_CHOICE(0, "token", &fit.token, RULES, "what counts as a word"),
    OPT_INPUT(0, "stop-words", &fit.stop, "words to leave out, one per line"),
    OPT_CHOICE(0, "strip-accents", &fit.strip, STRIPS, "strip accents"),
    OPT_FLAG(0, "no-lowercase", &fit.no_lowercase, "keep upper case"),
    OPT_INT(0, "max-candidates", &fit.max_candidates, 0, 4e9,
            "hold at most this many n-grams of two or more words; counts may be low; 0: exact"),
    FITTED_SAVE(&arg.save),
    FITTED_MODEL(&arg.model),
    EXCLUDES("model", "save|stop-words"),
    EXCLUDES_WHY("no-idf", "no-smooth-idf", "smoothing is a part of the idf"),
    EXCLUDES_WHY("binary", "sublinear-tf", "1 + ln(1) is 1"),
    OPT_END
};
static const struct prog prog = {
    .name = "tfidf", .brief = "weight the words of texts by term frequency times inverse document frequency",
    .in = IO_RECORDS, .out = IO_RECORDS, .reads = "lyrics text", .writes = "x vector", .conv = "sklearn-1.9",
    .alone = "with --model", .ranks = true, .opts = opts, .also = map_also,
};

/* What is fitted, and what came up in use. */
static struct {
    struct vocab *vocab;        /* finds the kept terms */
    char **terms;               /* terms[n], the names of the columns */
    double *idf;
    uint32_t *df;
    size_t n, texts;
    struct text stop;           /* the stop words, a line each */
    struct text lines;          /* the terms, the same */
    atomic_size_t zero, letters, lost;
} model;
static const struct model_part parts[] = {
    MODEL_SIZE("texts", &model.texts, 1, UINT32_MAX),
    MODEL_TEXT("ngrams", &fit.ngrams.text),
    MODEL_TEXT("min_df", &fit.min_df),
    MODEL_TEXT("max_df", &fit.max_df),
    MODEL_INT("max_features", &fit.max_features, 0, UINT32_MAX - 1),
    MODEL_INT("max_candidates", &fit.max_candidates, 0, 4e9),
    MODEL_CHOICE("token", &fit.token, RULES, "words|marks|sklearn"),
    MODEL_CHOICE("strip_accents", &fit.strip, STRIPS, "none|latin|unicode|ascii"),
    MODEL_CHOICE("norm", &fit.norm, NORMS, "l2|l1|none"),
    MODEL_NOT("lowercase", &fit.no_lowercase),
    MODEL_FLAG("sublinear_tf", &fit.sublinear),
    MODEL_FLAG("binary", &fit.binary),
    MODEL_NOT("use_idf", &fit.no_idf),
    MODEL_NOT("smooth_idf", &fit.no_smooth),
    MODEL_BYTES("stop_words", &model.stop),
    MODEL_BYTES("terms", &model.lines),
    MODEL_COUNTS("df", &model.df, &model.n),
    MODEL_VECTOR("idf", &model.idf, &model.n, -DBL_MAX, DBL_MAX),
    MODEL_END
};

/* How texts are cut into words. */
static struct tokens_how how(void)
{
    return (struct tokens_how){ (enum tokens_rule)fit.token, !fit.no_lowercase, (enum tokens_strip)fit.strip };
}

/* The record's words; false: r->error says why there are none. */
static bool read_words(struct rec *r, const struct value *v, struct bag *b)
{
    return bag_read(b, r, arg.in, v) &&
        (!b->counts || fit.ngrams.last == 1 || rec_error(r, "%s has counts of words: --ngrams needs their order", arg.in));
}

/* A vocabulary that passes over the stop words. */
static struct vocab *vocabulary(void)
{
    struct vocab *v = vocab_new((size_t)fit.ngrams.first, (size_t)fit.ngrams.last);
    size_t bad;
    if (!vocab_stop(v, how(), model.stop.p, model.stop.n, &bad))
        die(ST_STOPPED, "%s: not UTF-8 at byte %zu", fit.stop.path ? fit.stop.path : arg.model.path, bad);
    return v;
}

static void read_stop_words(void)
{
    int fd = open(fit.stop.path, O_RDONLY | O_CLOEXEC);
    size_t n;
    char *text = fd < 0 ? NULL : io_slurp(fd, frame_max, &n);
    if (fd < 0 && errno == ENOENT)
        die(ST_STOPPED, "%s: no such file: it has the words to leave out, one per line", fit.stop.path);
    if (!text)
        die(ST_STOPPED, "%s: cannot read:", fit.stop.path);
    close(fd);
    packed_refuse(text, n, fit.stop.path, true, ST_STOPPED);
    fit.stop.xxh3 = XXH3_64bits(text, n);
    model.stop = (struct text){ text, n };
}

/* --min-df or --max-df as a number of texts. */
static double documents(const char *option, const char *text)
{
    double v;
    bool share = strpbrk(text, ".eE");
    if (!opt_number(text, 0, share ? 1 : 4e9, &v))
        opt_misuse(&prog, "--%s '%s' is neither a number of texts nor a share from 0.0 to 1.0", option, text);
    return share ? v * (double)model.texts : v;
}

/* The first pass counts all n-grams. */
struct counting { struct vocab *vocab; struct bag *bag; };

static bool count_text(struct rec *r, const struct value *v, void *state)
{
    struct counting *c = state;
    if (!read_words(r, v, c->bag))
        return false;
    vocab_count(c->vocab, c->bag->word, c->bag->n);
    return true;
}

/* The terms of model.lines become columns; false if they are not as many as there are idf. */
static bool number_terms(void)
{
    model.vocab = vocabulary();
    model.terms = vocab_columns(model.vocab, model.lines.p, model.lines.n, model.n);
    return model.terms;
}

static void keep_terms(const struct term *terms, size_t n)
{
    model.n = n;
    model.idf = mem_new(n, sizeof *model.idf);
    model.df = mem_new(n, sizeof *model.df);
    for (size_t i = 0; i < n; i++)
        model.df[i] = terms[i].df;
    weigh_idf(model.df, n, model.texts, !fit.no_smooth, model.idf);
    model.lines.p = vocab_lines(terms, n, &model.lines.n);
    number_terms();
}

static void fit_to(struct rec_in *in)
{
    struct vocab *v = vocabulary();
    struct counting c = { v, bag_new(how(), fitted_names.in) };
    vocab_bound(v, (size_t)fit.max_candidates);
    model.texts = ranks_sum(pass_each(in, &(struct pass){ .field = arg.in, .what = "texts counted" }, count_text, &c));
    bag_free(c.bag);
    v = vocab_share(v);
    if (model.texts >= UINT32_MAX)
        die(ST_MEMORY, "more than %u texts", UINT32_MAX - 1);
    if (!model.texts)
        die(ST_STOPPED, "no text in %s: nothing to fit to", arg.in);
    double min = documents("min-df", fit.min_df), max = documents("max-df", fit.max_df);
    size_t n;
    struct term *terms = vocab_terms(v, min, max, (size_t)fit.max_features, &n);
    if (!vocab_size(v))
        die(ST_STOPPED, "no term in %zu texts: they have no words of two or more letters other than stop words", model.texts);
    if (!n)
        die(ST_STOPPED, "no term is in %g to %g of %zu texts: lower --min-df or raise --max-df", min, max, model.texts);
    if (vocab_missed(v) && !progress_quiet)
        warn("rare n-grams were dropped to hold %lld at a time: the counts of n-grams may be low by up to %llu",
             (long long)fit.max_candidates, (unsigned long long)vocab_missed(v));
    vocab_free(v);
    keep_terms(terms, n);
    free(terms);
}

static const char *check(void)
{
    if (!opt_read_range(fit.ngrams.text, ',', 1, VOCAB_NGRAM_MOST, &fit.ngrams))
        return "ngrams is not MIN,MAX";
    return number_terms() ? NULL : "terms and idf differ in number, or one is empty";
}

/* ---- the weights ---- */

struct worker { struct bag *bag; struct vocab_row *row; float *value; size_t cap; };

static void *worker_new(void *state)
{
    (void)state;
    struct worker *w = mem_zero(1, sizeof *w);
    w->bag = bag_new(how(), fitted_names.in);
    w->row = vocab_row_new(model.n);
    return w;
}

static void worker_free(void *state)
{
    struct worker *w = state;
    bag_free(w->bag);
    vocab_row_free(w->row);
    free(w->value);
    free(w);
}

static bool process(struct rec *r, const struct value *in, void *state)
{
    struct worker *w = state;
    if (!read_words(r, in, w->bag))
        return false;
    model.letters += w->bag->letters;
    model.lost += w->bag->lost;
    vocab_find(model.vocab, w->row, w->bag->word, w->bag->n);
    mem_grow(&w->value, &w->cap, w->row->nnz, sizeof *w->value);
    weigh_row(&(struct weigh){ fit.binary, fit.sublinear, (enum weigh_norm)fit.norm, fit.no_idf ? NULL : model.idf },
              w->row, w->value);
    model.zero += !w->row->nnz;
    rec_set_sparse(r, arg.out, model.n, w->row->nnz, w->row->column, w->value);
    return true;
}

static void header(struct head *h, void *state)
{
    (void)state;
    head_set_columns(h, arg.out, (const char *const *)model.terms, model.n);
}

static void remarks(void)
{
    size_t letters = model.letters, lost = model.lost, zero = model.zero;
    if (progress_quiet)
        return;
    if (zero)
        warn("%zu text%s no term of the vocabulary: zero in all columns", zero, zero == 1 ? " has" : "s have");
    if (5 * lost > letters && fit.token != TOKENS_WORDS)
        warn("%.0f %% of the letters are in no word: --token words keeps the words of Indic scripts whole",
             100.0 * (double)lost / (double)letters);
}

int main(int argc, char **argv)
{
    char **operands = opt_parse(&prog, argc, argv);
    documents("min-df", fit.min_df);
    documents("max-df", fit.max_df);
    if (fit.max_candidates && world_wanted() && !arg.model.path)
        opt_misuse(&prog, "mpirun counts exactly: leave --max-candidates out");
    if (fit.stop.path)
        read_stop_words();
    int status = fitted_run(&prog, &(struct fitted){
        .map = { .in = arg.in, .out = arg.out, .keep = arg.keep, .process = process, .worker_new = worker_new,
                 .worker_free = worker_free, .header = header, .counts = "texts" },
        .model = &arg.model, .save = arg.save, .parts = parts, .fit = fit_to, .check = check }, operands);
    remarks();
    return status;
}
