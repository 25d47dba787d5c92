/* segment - cut tracks into pieces
 *
 * in      samples: pcm = f32[n] or f32[n][channels], rate; or frames: a matrix, frame_rate
 * out     a record for each piece: id TRACK#0007, track, start, seconds, the piece in the
 *         field's place, and everything else that the track has
 * memory  one track a thread, and its pieces
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/mem.h"
#include "base/progress.h"
#include "drive/map.h"
#include "drive/piece.h"
#include "drive/samples.h"

static struct {
    const char *in;
    double length, hop, pad_value;
    int64_t max;
    bool keep_short, drop_short, pad;
} arg = { .in = "pcm", .length = 10, .hop = NAN };

static const struct opt opts[] = {
    MAP_IN(&arg.in),
    OPT_F64('l', "length", &arg.length, 0.001, 1e6, "length of a piece in seconds"),
    OPT_F64(0, "hop", &arg.hop, 0.001, 1e6, "seconds from one piece to the next (without: the length)"),
    OPT_INT(0, "max", &arg.max, 0, 1e9, "at most this many pieces per track, spread evenly; 0: all"),
    OPT_FLAG(0, "keep-short", &arg.keep_short, "keep a remainder shorter than half the length, too"),
    OPT_FLAG(0, "drop-short", &arg.drop_short, "drop every last piece that is shorter than the length"),
    OPT_FLAG(0, "pad", &arg.pad, "pad a last piece that is too short"),
    OPT_F64(0, "pad-value", &arg.pad_value, -1e30, 1e30, "number to pad with"),
    EXCLUDES("drop-short", "pad|keep-short"),
    EXCLUDES("keep-short", "pad"),
    NEEDS("pad-value", "pad"),
    OPT_END
};
static const struct prog prog = {
    .name = "segment", .brief = "cut tracks into pieces", .in = IO_RECORDS, .out = IO_RECORDS,
    .reads = "pcm samples, rate number", .writes = "pcm samples, track label, start number, seconds number",
    .example = "--length 0.1", .opts = opts, .also = map_also,
};

static atomic_size_t too_short, remainders;

/* What there is to cut: rows of `row` bytes, `rate` of them in a second. */
struct whole { const struct tensor *t; size_t rows, row; double rate; };

/* What one thread works with. */
struct worker { struct rec *piece; uint8_t *padded; size_t cap; };

static bool look(struct rec *r, const struct value *v, struct whole *w)
{
    if (v->type != V_TENSOR || (v->t.ndim != 1 && v->t.ndim != 2))
        return rec_error(r, "%s holds neither samples nor frames", arg.in);
    *w = (struct whole){ .t = &v->t, .rows = v->t.shape[0] };
    w->row = dtype_size(v->t.type) * (v->t.ndim == 2 ? v->t.shape[1] : 1);
    bool frames = v->t.ndim == 2 && strcmp(arg.in, "pcm") != 0;
    const char *side = frames ? "frame_rate" : "rate";
    side_number(r, arg.in, "", side, &w->rate);
    if (!(w->rate > 0 && w->rate < 1e9))
        return rec_lacks(r, side, " with a number above 0, the samples or frames per second");
    size_t finite = tensor_finite(w->t);
    if (finite < w->t->count)
        return rec_error(r, "%s[%zu] is not finite", arg.in, finite);
    if (piece_start(1, arg.length, w->rate) == 0 || piece_start(1, arg.hop, w->rate) == 0)
        return rec_error(r, "--length and --hop must be at least one %s of %g s", frames ? "frame" : "sample",
                         1 / w->rate);
    return true;
}

/* Set the numbers at bytes first to end of p to --pad-value; whole numbers and halves to 0. */
static void fill_up(uint8_t *p, size_t first, size_t end, enum dtype type)
{
    const float f = (float)arg.pad_value;
    const double d = arg.pad_value;
    memset(p + first, 0, end - first);
    for (size_t at = first; at < end && (type == T_F4 || type == T_F8); at += dtype_size(type))
        memcpy(p + at, type == T_F4 ? (const void *)&f : &d, dtype_size(type));
}

/* Which of n pieces is the k-th of `most` that are spread evenly over them. */
static size_t spread(size_t k, size_t most, size_t n)
{
    return most == 1 ? (n - 1) / 2 : (size_t)round((double)k * (double)(n - 1) / (double)(most - 1));
}

static void emit_piece(struct rec *r, const struct whole *w, size_t i, size_t length, struct worker *worker)
{
    size_t first = piece_start(i, arg.hop, w->rate), n = w->rows - first < length ? w->rows - first : length;
    const uint8_t *data = w->t->data + first * w->row;
    if (n < length && arg.pad) {
        mem_grow(&worker->padded, &worker->cap, mem_mul(length, w->row), 1);
        memcpy(worker->padded, data, n * w->row);
        fill_up(worker->padded, n * w->row, length * w->row, w->t->type);
        data = worker->padded;
        n = length;
    }
    size_t shape[2] = { n, w->t->ndim == 2 ? w->t->shape[1] : 1 };
    struct rec *p = worker->piece;
    piece_begin(p, r, arg.in, i, (double)first / w->rate);
    rec_set_f64(p, "seconds", (double)n / w->rate);
    rec_set_tensor(p, arg.in, w->t->type, w->t->ndim, shape, data);
    rec_emit(p);
    msg_append(&r->packed, p->packed.p, p->packed.n);
    r->emitted++;
}

static bool process(struct rec *r, const struct value *unused, void *state)
{
    (void)unused;
    struct value v;
    struct whole w = { .rows = 0 };
    if (!rec_need(r, arg.in, &v) && !r->nil)
        return false;
    if (r->nil)
        return true;
    if (!look(r, &v, &w))
        return false;
    size_t length = piece_start(1, arg.length, w.rate), pieces = 0;
    for (size_t at = 0; at < w.rows; at = piece_start(pieces, arg.hop, w.rate)) {
        if (at + length > w.rows && arg.drop_short)
            break;
        if (pieces && 2 * (w.rows - at) < length && !arg.keep_short && !arg.pad) {
            remainders++;
            break;
        }
        pieces++;
        if (at + length >= w.rows)
            break;              /* it reaches the end: what follows would lie in it */
    }
    size_t most = arg.max && (size_t)arg.max < pieces ? (size_t)arg.max : pieces;
    for (size_t k = 0; k < most; k++)
        emit_piece(r, &w, most == pieces ? k : spread(k, most, pieces), length, state);
    too_short += pieces == 0;
    rec_drop(r);
    return true;
}

/* One without pieces: it stands for its track. */
static void unset(struct rec *r)
{
    struct text id = rec_id(r);
    rec_set_str(r, "track", id.p, id.n);
    rec_set_nil(r, "start");
    rec_set_nil(r, "seconds");
    rec_set_nil(r, arg.in);
}

static void *worker_new(void *unused)
{
    (void)unused;
    struct worker *w = mem_zero(1, sizeof *w);
    w->piece = rec_new();
    return w;
}

static void worker_free(void *worker)
{
    struct worker *w = worker;
    rec_free(w->piece);
    free(w->padded);
    free(w);
}

int main(int argc, char **argv)
{
    char **operands = opt_parse(&prog, argc, argv);
    if (isnan(arg.hop))
        arg.hop = arg.length;
    int status = map_main(&prog, &(struct map){ .process = process, .unset = unset, .worker_new = worker_new,
                                                .worker_free = worker_free }, operands);
    if (too_short && !progress_quiet)
        warn("%zu without any piece: shorter than %g s", (size_t)too_short, arg.length);
    if (remainders && !progress_quiet)
        warn("%zu remainder%s shorter than half of %g s left out; --keep-short keeps %s", (size_t)remainders,
             remainders == 1 ? "" : "s", arg.length, remainders == 1 ? "it" : "them");
    return status;
}
