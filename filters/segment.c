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
    .example = "--length 0.1", .alone = "", .opts = opts, .also = map_also,
};

static atomic_size_t too_short, remainders;

/* What there is to cut: rows of `row` bytes, `rate` of them in a second. */
struct whole { const struct tensor *t; size_t rows, row; double rate; };

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

static void emit_piece(struct rec *r, struct rec *piece, const struct whole *w, size_t i, size_t length)
{
    size_t first = piece_start(i, arg.hop, w->rate), n = w->rows - first < length ? w->rows - first : length;
    const uint8_t *data = w->t->data + first * w->row;
    uint8_t *padded = n < length && arg.pad ? mem_new(mem_mul(length, w->row), 1) : NULL;
    if (padded) {
        memcpy(padded, data, n * w->row);
        fill_up(padded, n * w->row, length * w->row, w->t->type);
        data = padded;
        n = length;
    }
    size_t shape[2] = { n, w->t->ndim == 2 ? w->t->shape[1] : 1 };
    piece_begin(piece, r, arg.in, i, (double)first / w->rate);
    rec_set_f64(piece, "seconds", (double)n / w->rate);
    rec_set_tensor(piece, arg.in, w->t->type, w->t->ndim, shape, data);
    piece_emit(r, piece);
    free(padded);
}

static bool process(struct rec *r, const struct value *unused, void *state)
{
    (void)unused;
    (void)state;
    struct value v;
    struct whole w = { .rows = 0 };
    if (!rec_need(r, arg.in, &v) && !r->nil)
        return false;
    if (r->nil)
        return true;
    if (!look(r, &v, &w))
        return false;
    enum piece_last last = arg.drop_short ? PIECE_WHOLE : arg.keep_short || arg.pad ? PIECE_ANY : PIECE_HALF;
    size_t length = piece_start(1, arg.length, w.rate), left = 0;
    size_t pieces = piece_count(w.rows, length, arg.hop, w.rate, last, &left);
    size_t most = arg.max && (size_t)arg.max < pieces ? (size_t)arg.max : pieces;
    struct rec *piece = rec_new();
    for (size_t k = 0; k < most; k++)
        emit_piece(r, piece, &w, piece_spread(k, most, pieces), length);
    rec_free(piece);
    too_short += pieces == 0;
    remainders += left;
    rec_drop(r);
    return true;
}

/* One without pieces: it stands for its track. */
static void unset(struct rec *r)
{
    piece_unset(r);
    rec_set_nil(r, "seconds");
    rec_set_nil(r, arg.in);
}

int main(int argc, char **argv)
{
    char **operands = opt_parse(&prog, argc, argv);
    if (isnan(arg.hop))
        arg.hop = arg.length;
    int status = map_main(&prog, &(struct map){ .process = process, .unset = unset }, operands);
    if (too_short && !progress_quiet)
        warn("%zu without any piece: shorter than %g s", (size_t)too_short, arg.length);
    if (remainders && !progress_quiet)
        warn("%zu remainder%s shorter than half of %g s left out; --keep-short keeps %s", (size_t)remainders,
             remainders == 1 ? "" : "s", arg.length, remainders == 1 ? "it" : "them");
    return status;
}
