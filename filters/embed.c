/* embed - texts as vectors of a sentence encoder (BERT and its family)
 *
 * in      records with a text (lyrics)
 * out     the same records, the text replaced by x = f32[hidden]; tokens, truncated, unk
 * memory  the layers' weights; the other weights, mapped and shared between processes; 32768 pieces of text at a time
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/die.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/par.h"
#include "base/progress.h"
#include "base/sha256.h"
#include "base/str.h"
#include "drive/map.h"
#include "drive/weights.h"
#include "math/gemm_bf16.h"
#include "text/packs.h"

enum { WINDOW_FIRST, WINDOW_MEAN };
enum { POOL_MODEL, POOL_MEAN, POOL_CLS, POOL_MAX };
enum { PRECISION_UNSAID = -1, PRECISION_F32, PRECISION_BF16, PRECISION_AUTO };

static struct {
    const char *in, *out;
    const char *prompt;
    bool keep, normalize, no_normalize;
    struct opt_input model;
    int64_t max_tokens;
    int window, pooling, precision;
} arg = { .in = "lyrics", .out = "x", .precision = PRECISION_UNSAID };

static const struct opt opts[] = {
    MAP_IN(&arg.in),
    MAP_OUT(&arg.out),
    MAP_KEEP(&arg.keep),
    OPT_FOLDER('m', "model", &arg.model, "folder of the encoder, as sentence-transformers saves it"),
    OPT_INT(0, "max-tokens", &arg.max_tokens, 0, 1 << 16, "cut texts to so many pieces; 0: the model's limit"),
    OPT_CHOICE(0, "window", &arg.window, "first|mean",
               "of a longer text take its beginning, or the mean over all of it"),
    OPT_CHOICE(0, "pooling", &arg.pooling, "model|mean|cls|max", "how pieces become one vector"),
    OPT_CHOICE(0, "precision", &arg.precision, "f32|bf16|auto",
               "numbers that are multiplied; auto: bf16 where the processor has instructions for it"),
    OPT_STR(0, "prompt", &arg.prompt, "NAME", "put the model's prompt of that name, or this text, before each text"),
    OPT_FLAG(0, "normalize", &arg.normalize, "bring vectors to length 1 though the model does not"),
    OPT_FLAG(0, "no-normalize", &arg.no_normalize, "do not bring vectors to length 1 though the model does"),
    EXCLUDES("normalize", "no-normalize"),
    OPT_JOBS(0),
    REQUIRED("model", "the folder of a sentence encoder"),
    OPT_END
};
static const struct opt *const also[] = { item_opts, rec_in_opts, rec_out_opts, NULL };
static const struct prog prog = {
    .name = "embed", .brief = "texts as vectors of a sentence encoder (BERT and its family)",
    .in = IO_RECORDS, .out = IO_RECORDS, .reads = "lyrics text", .example = "-m DIR",
    .writes = "x vector, tokens number, truncated any, unk number", .conv = "sentence-transformers-6.2",
    .alone = "", .opts = opts, .also = also,
};

enum { WINDOW = 32768 };                /* pieces of text that are computed at once */

static struct encoder *encoder;
static const char *weights;             /* its file of them */
static struct packs *packs;
static float *x;
static size_t finished;                 /* texts of the window whose vectors are set */
static char *side[3];                   /* names of tokens, truncated, unk */
static struct { size_t texts, truncated, pieces, unk, words, foreign; } seen;

/* ---- the hash of the weights, while they are used already ---- */

static char weights_hash[SHA256_HEX];
static pthread_t hashing;

static void *hash(void *unused)
{
    size_t n;
    const uint8_t *p = safetensors_bytes(encoder->file, &n);
    sha256_mapped(p, n, weights_hash);
    return unused;
}

/* ---- one window of texts ---- */

/* The record's text behind the model's prompt; it lives until the next call. */
static struct text with_prompt(struct text text)
{
    static struct str whole;
    if (!*encoder->prompt)
        return text;
    whole.n = 0;
    str_text(&whole, encoder->prompt);
    str_put(&whole, text.p, text.n);
    return (struct text){ whole.p, whole.n };
}

/* Take the record's text down; false: it is bad. */
static bool process(struct rec *r, const struct value *v, void *unused)
{
    static struct pieces p;
    size_t bad, unk = 0;
    (void)unused;
    if (v->type != V_STR)
        return rec_error(r, "%s is not text", arg.in);
    struct text text = with_prompt(v->s);
    if (!tokenizer_cut(encoder->pieces, &p, text.p, text.n, &bad))
        return rec_error(r, "%s is not UTF-8 at byte %zu: convert it (iconv -f LATIN1 -t UTF-8)", arg.in,
                         bad - (text.n - v->s.n));
    struct packed taken = packs_add(packs, p.id, p.n, arg.window == WINDOW_MEAN);
    for (size_t i = 0; i < taken.used; i++)
        unk += p.id[i] == encoder->pieces->unk;
    seen.texts++;
    seen.truncated += taken.used < p.n;
    seen.pieces += p.n;
    seen.words += p.words;
    seen.foreign += p.n > 2 * p.words;
    seen.unk += unk;
    rec_set_nil(r, arg.out);            /* its place, until it is computed */
    for (int i = 0; i < 3; i++)
        item_note_side(r, side[i]);
    rec_set_int(r, side[0], (int64_t)taken.tokens);
    rec_set_bool(r, side[1], taken.used < p.n);
    rec_set_int(r, side[2], (int64_t)unk);
    return true;
}

static void unset(struct rec *r)
{
    for (int i = 0; i < 3; i++)
        rec_set_nil(r, side[i]);
}

/* A window of texts begins where the last one has gone out. */
static bool full(size_t n, void *unused)
{
    (void)unused;
    if (n == 0) {
        packs_clear(packs);
        finished = 0;
    }
    return packs_pieces(packs) >= WINDOW || n >= WINDOW;
}

static void together(void *unused)
{
    (void)unused;
    packs_run(packs);
    if (!safetensors_same(encoder->file))
        io_changed(weights);
    if (!arg.model.sha256) {            /* the header needs it */
        pthread_join(hashing, NULL);
        arg.model.sha256 = weights_hash;
    }
}

static bool finish(struct rec *r, void *unused)
{
    (void)unused;
    if (!packs_vector(packs, finished++, encoder->normalize, x))
        return rec_error(r, "the model gives numbers that are not finite: its weights are damaged");
    rec_set_vector(r, arg.out, x, encoder->shape.hidden);
    return true;
}

static void remarks(void)
{
    if (progress_quiet || !seen.texts)
        return;
    if (seen.truncated)
        warn("%zu of %zu texts have more than %zu pieces: the rest is left out (--window mean takes all)",
             seen.truncated, seen.texts, encoder->limit);
    if (100 * seen.unk >= seen.pieces && seen.unk)
        warn("%.1f %% of the pieces are unknown to the model", 100.0 * (double)seen.unk / (double)seen.pieces);
    if (seen.foreign)
        warn("%zu of %zu texts break into more than two pieces a word (all: %.2f): "
             "the model hardly knows their language",
             seen.foreign, seen.texts, (double)seen.pieces / (double)seen.words);
}

/* Whether vectors are brought to length 1; what is done is in the history. */
static void settle_normalize(void)
{
    if (!encoder->modules && !arg.normalize && !arg.no_normalize && !progress_quiet)
        warn("%s has no modules.json: vectors are not brought to length 1 (--normalize does it)", arg.model.path);
    arg.normalize = arg.normalize && !encoder->normalize;
    encoder->normalize = (encoder->normalize || arg.normalize) && !arg.no_normalize;
    arg.no_normalize = !encoder->normalize;
}

/* Whether products are of bf16; f32, which all machines do alike, is not in the history. */
static bool settle_precision(void)
{
    bool fast = gemm_bf16_fast(), bf16 = arg.precision == PRECISION_BF16 || (arg.precision == PRECISION_AUTO && fast);
    if (bf16 && !fast && !progress_quiet)
        warn("this processor has no instructions for bf16: --precision f32 is faster");
    arg.precision = bf16 ? PRECISION_BF16 : PRECISION_UNSAID;
    return bf16;
}

static void open_model(void)
{
    char why[512];
    encoder = encoder_open(arg.model.path, arg.prompt, settle_precision(), why, sizeof why);
    if (!encoder)
        die(ST_STREAM, "%s", why);
    if (arg.max_tokens && (arg.max_tokens < 3 || (size_t)arg.max_tokens > encoder->most))
        opt_misuse(&prog, "--max-tokens %lld is not from 3 to the model's %zu positions",
                   (long long)arg.max_tokens, encoder->most);
    if (arg.max_tokens)
        encoder->limit = (size_t)arg.max_tokens;
    arg.max_tokens = (int64_t)encoder->limit;       /* for the history */
    settle_normalize();
    arg.prompt = *encoder->prompt_name ? encoder->prompt_name : NULL;
    if (arg.pooling != POOL_MODEL)
        encoder->pooling = arg.pooling == POOL_CLS ? BERT_CLS : arg.pooling == POOL_MAX ? BERT_MAX : BERT_MEAN;
    else
        arg.pooling = encoder->pooling == BERT_CLS ? POOL_CLS :
                      encoder->pooling == BERT_MAX ? POOL_MAX : POOL_MEAN;
}

static void header(struct head *h, void *unused)
{
    (void)unused;
    head_number_columns(h, arg.out, "embed", encoder->shape.hidden);
}

int main(int argc, char **argv)
{
    char **operands = opt_parse(&prog, argc, argv);
    struct rec_in *in = rec_open(&prog, operands, false);
    struct rec_out *out = rec_create(&prog, in);
    weights = weights_guard(arg.model.path, "a model's folder holds config.json, model.safetensors and tokenizer.json, as "
                            "sentence-transformers saves it");
    open_model();
    if (pthread_create(&hashing, NULL, hash, NULL) != 0)
        die(ST_MEMORY, "cannot start a thread");
    for (int i = 0; i < 3; i++)
        side[i] = item_side(arg.out, "x", (const char *[]){ "tokens", "truncated", "unk" }[i]);
    packs = packs_new(encoder);
    x = mem_new(encoder->shape.hidden, sizeof *x);
    int status = map_run(&(struct map){ .in = arg.in, .out = arg.out, .keep = arg.keep, .process = process, .unset = unset,
        .full = full, .together = together, .finish = finish, .header = header, .counts = "texts" }, in, out);
    remarks();
    return status;
}
