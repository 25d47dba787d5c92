/* embed-audio - samples as vectors of a network that hears tags in music (musicnn)
 *
 * in      samples: pcm = f32[n], rate
 * out     x = f32[200] in their place, and tags = f32[50], logits; or a record for each patch
 * memory  the weights; of each thread a track, resampled to 16 kHz, and one patch of 3 s
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "audio/resample.h"
#include "base/die.h"
#include "base/mem.h"
#include "base/progress.h"
#include "drive/ear.h"
#include "drive/map.h"
#include "drive/piece.h"
#include "drive/samples.h"
#include "dsp/mel_patches.h"

enum { PENULTIMATE, CNN3, MEAN_POOL, MAX_POOL, TAGGRAM };       /* --layer's words */

static const enum musicnn_layer layers[] = { MUSICNN_PENULTIMATE, MUSICNN_CNN3, MUSICNN_MEAN, MUSICNN_MAX, MUSICNN_LOGITS };

static struct {
    const char *in, *out;
    struct opt_input model;
    struct opt_or patches;
    int layer;
    bool keep, each;
} arg = { .in = "pcm", .out = "x", .patches = { .text = "3" } };

static const struct opt opts[] = {
    MAP_IN(&arg.in),
    MAP_OUT(&arg.out),
    MAP_KEEP(&arg.keep),
    OPT_FOLDER('m', "model", &arg.model, "folder of the network, as examples/get-musicnn makes it"),
    OPT_F64_OR('n', "patches", &arg.patches, 1, 1e9, "N|all", "patches of 3 s to hear, spread over the track"),
    OPT_CHOICE(0, "layer", &arg.layer, "penultimate|cnn3|mean_pool|max_pool|taggram", "layer whose numbers to write"),
    OPT_FLAG(0, "each", &arg.each, "a record for each patch instead of their mean"),
    REQUIRED("model", "the folder of a musicnn network"),
    OPT_END
};
static const struct prog prog = {
    .name = "embed-audio", .brief = "samples as vectors of a network that hears tags in music (musicnn)",
    .in = IO_RECORDS, .out = IO_RECORDS, .reads = "pcm samples, rate number", .writes = "x vector, tags vector",
    .example = "-m EAR", .conv = "musicnn-0.1.0", .alone = "", .opts = opts, .also = map_also,
};

static struct ear *ear;
static char *tags;                      /* name of that field */
static size_t width, n_tags;
static atomic_size_t repeated, too_short;

struct worker {
    struct mel_patches *mel;
    struct musicnn_room *room;
    struct rec *piece;
    float *raw, *to, x[MUSICNN_FRAMES * MUSICNN_BANDS];
    size_t cap, n;                      /* samples at 16 kHz */
    float *vector, *logits;             /* of a patch */
    double *sum;                        /* [width + n_tags] over them */
};

static void *worker_new(void *unused)
{
    (void)unused;
    struct worker *w = mem_zero(1, sizeof *w);
    w->mel = mel_patches_new();
    w->room = musicnn_room_new(ear->net);
    w->piece = rec_new();
    w->vector = mem_new(width + n_tags, sizeof *w->vector);
    w->logits = w->vector + width;
    w->sum = mem_new(width + n_tags, sizeof *w->sum);
    return w;
}

static void worker_free(void *worker)
{
    struct worker *w = worker;
    mel_patches_free(w->mel);
    musicnn_room_free(w->room);
    rec_free(w->piece);
    free(w->raw);
    free(w->vector);
    free(w->sum);
    free(w);
}

static void put(const float *x, size_t n, void *worker)
{
    struct worker *w = worker;
    memcpy(w->to, x, n * sizeof *x);
    w->to += n;
}

/* The record's samples at 16 kHz into w->mel. */
static bool take(struct rec *r, const struct value *in, struct worker *w)
{
    struct samples s;
    if (!samples_find(r, arg.in, in, &s))
        return false;
    if (s.rate < 4000 || s.rate > 384000)
        return rec_error(r, "rate is %g Hz: not from 4000 to 384000", s.rate);
    if (s.t->count == 0)
        return rec_error(r, "%s has no samples", arg.in);
    mem_grow(&w->raw, &w->cap, s.t->count, sizeof *w->raw);
    if (!samples_copy(r, arg.in, &s, w->raw))
        return false;
    w->n = resample_length(s.t->count, s.rate, MEL_PATCH_RATE);
    w->to = mel_patches_samples(w->mel, w->n);
    struct resampler *to16 = resample_new(s.rate, MEL_PATCH_RATE, 1, put, w);
    bool good = to16 && resample_put(to16, w->raw, s.t->count) && resample_end(to16);
    resample_free(to16);
    return good || rec_error(r, "cannot resample %g Hz", s.rate);
}

/* What the network makes of a patch, into w->vector and w->logits. */
static bool hear(struct rec *r, struct worker *w, size_t frame)
{
    mel_patches_take(w->mel, frame, MUSICNN_FRAMES, w->x);
    musicnn_run(ear->net, w->room, w->x);
    memcpy(w->logits, musicnn_at(w->room, MUSICNN_LOGITS), n_tags * sizeof *w->logits);
    memcpy(w->vector, musicnn_at(w->room, layers[arg.layer]), width * sizeof *w->vector);
    if (arg.layer == CNN3)              /* the mean over time, which stands at the end of the pooled layer */
        memcpy(w->vector, musicnn_at(w->room, MUSICNN_MEAN) + musicnn_width(ear->net, MUSICNN_MEAN) - width,
               width * sizeof *w->vector);
    for (size_t i = 0; arg.layer == TAGGRAM && i < width; i++)
        w->vector[i] = 1 / (1 + expf(-w->vector[i]));
    for (size_t i = 0; i < MUSICNN_FRAMES * MUSICNN_BANDS; i++)
        if (!isfinite(w->x[i]))
            return rec_error(r, "%s is too loud: its power goes over the limits of a float", arg.in);
    for (size_t i = 0; i < width + n_tags; i++)
        if (!isfinite(w->vector[i]))
            return rec_error(r, "the network gives numbers that are not finite");
    return true;
}

static void set(struct rec *r, const struct worker *w)
{
    rec_set_vector(r, arg.out, w->vector, width);
    rec_set_vector(r, tags, w->logits, n_tags);
}

static void emit(struct rec *r, struct worker *w, size_t i, size_t frame)
{
    struct rec *p = w->piece;
    piece_begin(p, r, arg.keep ? NULL : arg.in, i, (double)(frame * MEL_PATCH_HOP) / MEL_PATCH_RATE);
    set(p, w);
    rec_emit(p);
    msg_append(&r->packed, p->packed.p, p->packed.n);
    r->emitted++;
}

static bool process(struct rec *r, const struct value *in, void *worker)
{
    struct worker *w = worker;
    if (!take(r, in, w))
        return false;
    if (w->n < MEL_PATCH_RATE) {
        too_short++;
        return rec_pass_nil(r, arg.out);
    }
    size_t frames = mel_patches_begin(w->mel), all = frames / MUSICNN_FRAMES;
    repeated += all == 0;
    all = all ? all : 1;
    size_t n = arg.patches.word == 0 && arg.patches.x < (double)all ? (size_t)arg.patches.x : all;
    memset(w->sum, 0, (width + n_tags) * sizeof *w->sum);
    for (size_t k = 0; k < n; k++) {
        size_t patch = (2 * k + 1) * all / (2 * n);
        if (!hear(r, w, patch * MUSICNN_FRAMES))
            return false;
        if (arg.each)
            emit(r, w, patch, patch * MUSICNN_FRAMES);
        for (size_t i = 0; i < width + n_tags; i++)
            w->sum[i] += (double)w->vector[i];
    }
    for (size_t i = 0; i < width + n_tags; i++)
        w->vector[i] = (float)(w->sum[i] / (double)n);
    set(r, w);
    if (arg.each)
        rec_drop(r);
    return true;
}

static void unset(struct rec *r)
{
    rec_set_nil(r, tags);
    if (arg.each) {                     /* it stands for its track */
        struct text id = rec_id(r);
        rec_set_str(r, "track", id.p, id.n);
        rec_set_nil(r, "start");
    }
}

static void header(struct head *h, void *unused)
{
    static const char *const stems[] = { "musicnn", "cnn3.", "mean_pool", "max_pool" };
    (void)unused;
    if (arg.layer == TAGGRAM)
        head_set_columns(h, arg.out, ear->tags, n_tags);
    else
        head_number_columns(h, arg.out, stems[arg.layer], width);
    head_set_columns(h, tags, ear->tags, n_tags);
}

int main(int argc, char **argv)
{
    char **operands = opt_parse(&prog, argc, argv);
    if (arg.patches.word == 0 && arg.patches.x != floor(arg.patches.x))
        opt_misuse(&prog, "--patches %s is not a whole number", arg.patches.text);
    ear = ear_open(arg.model.path);
    arg.model.sha256 = ear->sha256;
    width = musicnn_width(ear->net, layers[arg.layer]);
    n_tags = musicnn_width(ear->net, MUSICNN_LOGITS);
    tags = item_side(arg.out, "x", "tags");
    int status = map_main(&prog, &(struct map){ .in = arg.in, .out = arg.out, .keep = arg.keep, .process = process,
        .unset = unset, .worker_new = worker_new, .worker_free = worker_free, .header = header }, operands);
    if (repeated && !progress_quiet)
        warn("%zu of less than 3 s, repeated to fill a patch", (size_t)repeated);
    if (too_short && !progress_quiet)
        warn("%zu shorter than 1 s: nil", (size_t)too_short);
    return status;
}
