/* embed - texts as vectors of a sentence encoder (BERT and its family)
 *
 * in      records with a text (lyrics)
 * out     the same records, the text replaced by x = f32[hidden] of length 1; tokens, truncated, unk
 * memory  the model's weights, mapped and shared between processes; 32768 pieces of text at a time
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/mem.h"
#include "base/par.h"
#include "base/progress.h"
#include "drive/map.h"
#include "text/encoder.h"

enum { WINDOW_FIRST, WINDOW_MEAN };
enum { POOL_MODEL, POOL_MEAN, POOL_CLS, POOL_MAX };

static struct {
    const char *in, *out;
    bool keep, no_normalize;
    struct opt_input model;
    int64_t max_tokens;
    int window, pooling;
} arg = { .in = "lyrics", .out = "x" };

static const struct opt opts[] = {
    MAP_IN(&arg.in),
    MAP_OUT(&arg.out),
    MAP_KEEP(&arg.keep),
    OPT_FOLDER('m', "model", &arg.model, "folder of the encoder: config.json, vocab.txt, model.safetensors"),
    OPT_INT(0, "max-tokens", &arg.max_tokens, 0, 1 << 16, "cut texts to so many pieces; 0: the model's limit"),
    OPT_CHOICE(0, "window", &arg.window, "first|mean",
               "of a longer text take its beginning, or the mean over all of it"),
    OPT_CHOICE(0, "pooling", &arg.pooling, "model|mean|cls|max", "how pieces become one vector"),
    OPT_FLAG(0, "no-normalize", &arg.no_normalize, "do not bring vectors to length 1"),
    OPT_JOBS(0),
    OPT_END
};
static const struct opt *const also[] = { item_opts, rec_in_opts, rec_out_opts, NULL };
static const struct prog prog = {
    .name = "embed", .brief = "texts as vectors of a sentence encoder (BERT and its family)",
    .in = IO_RECORDS, .out = IO_RECORDS, .reads = "lyrics text", .example = "-m DIR",
    .writes = "x vector, tokens number, truncated any, unk number", .conv = "sentence-transformers-6.2",
    .opts = opts, .also = also,
};

/* Texts are collected up to WINDOW pieces; they are cut into sequences of at most the
 * limit, and these put together into packs of at most PACK pieces (or one sequence), always
 * from the first on: so what is computed together depends on the records alone. */
enum { PACK = 512, WINDOW = 32768 };

struct text_at { size_t first, sequences, tokens, unk; bool truncated; };
struct sequence { size_t at, n; };      /* its ids in batch.ids */

static struct encoder *encoder;
static char *side[3];                   /* names of tokens, truncated, unk */

static struct {
    struct text_at *texts;
    size_t n, cap, finished;            /* finished: texts whose vectors went out */
    struct sequence *sequences;
    size_t n_sequences, sequences_cap;
    uint32_t *ids;
    size_t n_ids, ids_cap;
    size_t *pack;                       /* first sequence of each pack, and the end */
    size_t packs, pack_cap;
    float *pooled;                      /* pooled[n_sequences][hidden] */
    size_t pooled_cap;
    struct bert_room **rooms;
} batch;

static struct { size_t texts, truncated, pieces, unk, words, foreign; } seen;

/* ---- the hash of the weights, while they are used already ---- */

static char sha256[65];
static pthread_t hashing;

static void *hash(void *unused)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size;
    size_t n;
    const uint8_t *p = safetensors_bytes(encoder->file, &n);
    if (EVP_Digest(p, n, digest, &size, EVP_sha256(), NULL) != 1 || size != 32)
        die(ST_STOPPED, "cannot hash the weights");
    for (unsigned i = 0; i < 32; i++)
        snprintf(sha256 + 2 * i, 3, "%02x", digest[i]);
    return unused;
}

/* ---- one window of texts ---- */

static void add_sequence(const uint32_t *id, size_t n)
{
    mem_grow(&batch.sequences, &batch.sequences_cap, batch.n_sequences + 1, sizeof *batch.sequences);
    batch.sequences[batch.n_sequences++] = (struct sequence){ batch.n_ids, n + 2 };
    mem_grow(&batch.ids, &batch.ids_cap, batch.n_ids + n + 2, sizeof *batch.ids);
    batch.ids[batch.n_ids++] = wordpiece_cls(encoder->pieces);
    for (size_t i = 0; i < n; i++)
        batch.ids[batch.n_ids++] = id[i];
    batch.ids[batch.n_ids++] = wordpiece_sep(encoder->pieces);
}

/* Cut the record's text into sequences; false: it is bad. */
static bool process(struct rec *r, const struct value *v, void *unused)
{
    static struct pieces p;
    size_t bad, most = encoder->limit - 2, used = 0;
    (void)unused;
    if (v->type != V_STR)
        return rec_error(r, "%s is no text", arg.in);
    if (!wordpiece_cut(encoder->pieces, &p, v->s.p, v->s.n, &bad))
        return rec_error(r, "%s is no UTF-8 at byte %zu: convert it (iconv -f LATIN1 -t UTF-8)", arg.in, bad);
    mem_grow(&batch.texts, &batch.cap, batch.n + 1, sizeof *batch.texts);
    struct text_at *t = batch.texts + batch.n++;
    *t = (struct text_at){ .first = batch.n_sequences };
    do {
        size_t n = p.n - used < most ? p.n - used : most;
        add_sequence(p.id + used, n);
        used += n;
        t->sequences++;
        t->tokens += n + 2;
    } while (arg.window == WINDOW_MEAN && used < p.n);
    t->truncated = used < p.n;
    for (size_t i = 0; i < used; i++)
        t->unk += p.id[i] == wordpiece_unk(encoder->pieces);
    seen.texts++;
    seen.truncated += t->truncated;
    seen.pieces += p.n;
    seen.words += p.words;
    seen.foreign += p.n > 2 * p.words;
    seen.unk += t->unk;
    return true;
}

/* A window of texts begins where the last one has gone out. */
static bool full(size_t n, void *unused)
{
    (void)unused;
    if (n == 0)
        batch.n = batch.finished = batch.n_sequences = batch.n_ids = 0;
    return batch.n_ids >= WINDOW || n >= WINDOW;
}

static void run_pack(size_t k, void *unused)
{
    (void)unused;
    size_t begin = batch.pack[k], n = batch.pack[k + 1] - begin;
    struct bert_text *texts = mem_new(n, sizeof *texts);
    struct bert_room **room = batch.rooms + par_worker();
    if (!*room)
        *room = bert_room_new(encoder->bert);
    for (size_t i = 0; i < n; i++) {
        const struct sequence *s = batch.sequences + begin + i;
        texts[i] = (struct bert_text){ batch.ids + s->at, s->n };
    }
    bert_run(encoder->bert, *room, texts, n, encoder->pooling, batch.pooled + begin * encoder->shape.hidden, NULL);
    free(texts);
}

static void run(void *unused)
{
    size_t in_pack = 0;
    (void)unused;
    batch.packs = 0;
    for (size_t i = 0; i < batch.n_sequences; i++) {
        size_t n = batch.sequences[i].n;
        if (batch.packs == 0 || in_pack + n > PACK) {
            mem_grow(&batch.pack, &batch.pack_cap, batch.packs + 2, sizeof *batch.pack);
            batch.pack[batch.packs++] = i;
            in_pack = 0;
        }
        in_pack += n;
        batch.pack[batch.packs] = i + 1;
    }
    mem_grow(&batch.pooled, &batch.pooled_cap, mem_mul(batch.n_sequences, encoder->shape.hidden),
             sizeof *batch.pooled);
    par_for(batch.packs, run_pack, NULL);
    if (!arg.model.sha256) {
        pthread_join(hashing, NULL);
        arg.model.sha256 = sha256;
    }
}

/* The text's vector out of those of its sequences, weighted by their pieces. */
static bool finish(struct rec *r, void *unused)
{
    static float *x;
    size_t h = encoder->shape.hidden;
    double sum = 0;
    const struct text_at *t = batch.texts + batch.finished++;
    (void)unused;
    if (!x)
        x = mem_new(h, sizeof *x);
    for (size_t j = 0; j < h; j++) {
        double v = 0;
        for (size_t i = t->first; i < t->first + t->sequences; i++)
            v += (double)batch.pooled[i * h + j] * (double)batch.sequences[i].n;
        x[j] = t->sequences == 1 ? batch.pooled[t->first * h + j] : (float)(v / (double)t->tokens);
        sum += (double)x[j] * (double)x[j];
    }
    if (!isfinite(sum))
        return rec_error(r, "the model gives numbers that are not finite: its weights are damaged");
    double by = arg.no_normalize ? 1 : sqrt(sum) > 1e-12 ? sqrt(sum) : 1e-12;
    for (size_t j = 0; j < h; j++)
        x[j] = (float)(x[j] / by);
    rec_set_vector(r, arg.out, x, h);
    for (int i = 0; i < 3; i++)
        item_note_side(r, side[i]);
    rec_set_int(r, side[0], (int64_t)t->tokens);
    rec_set_bool(r, side[1], t->truncated);
    rec_set_int(r, side[2], (int64_t)t->unk);
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

static void open_model(void)
{
    char why[512];
    encoder = encoder_open(arg.model.path, why, sizeof why);
    if (!encoder)
        die(ST_STREAM, "%s", why);
    if (arg.max_tokens && (arg.max_tokens < 3 || (size_t)arg.max_tokens > encoder->shape.positions))
        opt_misuse(&prog, "--max-tokens %lld is not from 3 to the model's %zu positions",
                   (long long)arg.max_tokens, encoder->shape.positions);
    if (arg.max_tokens)
        encoder->limit = (size_t)arg.max_tokens;
    arg.max_tokens = (int64_t)encoder->limit;       /* for the history */
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
    if (!arg.model.path)
        opt_misuse(&prog, "-m DIR is missing: the folder of a sentence encoder");
    struct rec_in *in = rec_open(&prog, operands, false);
    struct rec_out *out = rec_create(&prog, in);
    open_model();
    if (pthread_create(&hashing, NULL, hash, NULL) != 0)
        die(ST_MEMORY, "cannot start a thread");
    for (int i = 0; i < 3; i++)
        side[i] = item_side(arg.out, "x", (const char *[]){ "tokens", "truncated", "unk" }[i]);
    batch.rooms = mem_zero((size_t)par_jobs, sizeof *batch.rooms);
    int status = map_run(&(struct map){ .in = arg.in, .out = arg.out, .keep = arg.keep, .process = process,
        .full = full, .together = run, .finish = finish, .header = header, .counts = "texts" }, in, out);
    remarks();
    return status;
}
