/* l2norm - scale vectors to unit length
 *
 * in      records with vectors, dense or sparse
 * out     the same records, each vector divided by its norm; a sparse one stays sparse
 * memory  the vector of one record a thread
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdatomic.h>

#include "base/die.h"
#include "base/progress.h"
#include "drive/map.h"
#include "drive/row.h"
#include "math/vec.h"

static double (*const norms[])(const float *x, size_t n) = { vec_l1, vec_l2, vec_max };
static struct { const char *in, *out; bool keep; int norm; } arg = { .in = "x", .norm = 1 };

static const struct opt opts[] = {
    MAP_IN(&arg.in),
    MAP_OUT(&arg.out),
    MAP_KEEP(&arg.keep),
    OPT_CHOICE(0, "norm", &arg.norm, "l1|l2|max", "norm to make 1: sum of absolute values, length, or largest absolute value"),
    OPT_END
};
static const struct prog prog = {
    .name = "l2norm", .brief = "scale vectors to unit length", .alone = "", .in = IO_RECORDS, .out = IO_RECORDS,
    .reads = "x vector", .writes = "x vector", .conv = "sklearn-1.9", .opts = opts, .also = map_also,
};

static const struct columns *columns;   /* of the input, for messages */
static size_t width;                    /* of all vectors: the first one's, known before threads begin */
static atomic_size_t zeros;             /* vectors without a direction */

static void scale(float *x, size_t n)
{
    double norm = norms[arg.norm](x, n);
    zeros += norm == 0;
    for (size_t i = 0; i < n && norm > 0; i++)
        x[i] = (float)((double)x[i] / norm);
}

static bool process(struct rec *r, const struct value *in, void *unused)
{
    (void)unused;
    struct stored_row row = { .d = width };
    bool good = row_read_stored(r, arg.in, in, columns, &row);
    if (good) {
        scale(row.value, row.n);
        row_set_stored(r, arg.out ? arg.out : arg.in, &row);
    }
    if (!width)
        width = row.d;
    row_free_stored(&row);
    return good;
}

int main(int argc, char **argv)
{
    struct rec_in *in = rec_open(&prog, opt_parse(&prog, argc, argv), false);
    columns = head_columns(rec_head(in), arg.in);
    int status = map_run(&(struct map){ .in = arg.in, .out = arg.out, .keep = arg.keep, .same_columns = true,
                                        .process = process }, in, rec_create(&prog, in));
    if (zeros && !progress_quiet)
        warn("zero vectors, left as they are: %zu", (size_t)zeros);
    return status;
}
