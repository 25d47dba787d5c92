/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drive/duplicates.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/mem.h"
#include "base/progress.h"
#include "math/sort.h"

#define SHARE 0.25              /* of the median distance to the nearest: as good as the same */

static double median(const double *x, size_t n)
{
    double *sorted = mem_new(n, sizeof *sorted);
    memcpy(sorted, x, n * sizeof *sorted);
    sort_f64(sorted, n);
    double middle = sort_quantile(sorted, n, 0.5);
    free(sorted);
    return middle;
}

struct writing { struct slurp *s; struct rec_out *out; const struct duplicates *of; size_t written; };

static void write_one(struct rec *r, size_t row, void *state)
{
    struct writing *w = state;
    const struct duplicates *of = w->of;
    if (row == SLURP_NO_ROW) {
        slurp_without(w->s, r);
        return;
    }
    if (!of->index || of->distance[row] > of->within)
        return;
    const size_t *start = of->start + of->index[row];
    item_note_side(r, of->side);
    rec_set_raw(r, of->field, of->ids + start[0], start[1] - start[0]);
    rec_set_f64(r, of->side, of->distance[row]);
    rec_put(w->out, r);
    w->written++;
}

int duplicates_write(struct slurp *s, struct rec_out *out, struct duplicates of)
{
    bool given = !isnan(of.within);
    size_t n = s->n;
    if (!given)
        of.within = of.index ? SHARE * median(of.distance, n) : 0;
    struct writing w = { s, out, &of, 0 };
    slurp_again(s, write_one, &w);
    rec_finish(out);
    if (!progress_quiet)
        warn("%zu of %zu have another within %g%s", w.written, n, of.within,
             given ? "" : ", a quarter of the median distance to the nearest");
    return slurp_done(s);
}
