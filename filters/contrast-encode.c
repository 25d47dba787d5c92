/* contrast-encode - vectors of records, or of whole songs, by a net that contrast-train trained
 *
 * in      records with the vectors that the model was trained on
 * out     the same records with x = a unit vector in place of what was read, or with --pool a record for each song
 * memory  the weights and 256 records; with --pool a row for each song
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "drive/contrast_coder.h"
#include "drive/groups.h"
#include "drive/map.h"
#include "math/vec.h"

static struct {
    const char *in, *with, *out, *pool;
    struct opt_input model;
    bool keep;
} arg;

static const struct opt opts[] = {
    MAP_IN(&arg.in),
    OPT_STR(0, "with", &arg.with, "FIELD", "field of the second vector, of a model that has one"),
    MAP_OUT(&arg.out),
    MAP_KEEP(&arg.keep),
    OPT_INPUT('m', "model", &arg.model, "the model, from contrast-train"),
    OPT_STR('p', "pool", &arg.pool, "FIELD", "merge the records that have the same value here: track"),
    REQUIRED("model", "what contrast-train wrote"),
    EXCLUDES("pool", "keep"),
    OPT_END
};
static const struct prog prog = {
    .name = "contrast-encode", .brief = "vectors by a net that contrast-train trained", .in = IO_RECORDS, .out = IO_RECORDS,
    .reads = "x vector", .writes = "x vector", .example = "-m MODEL", .conv = "torch-2.13",
    .alone = "without --pool", .opts = opts, .also = map_also,
};

static struct contrast_coder coder;
static size_t given;            /* records of the block that went out */

/* With --pool: of each song the sums of unit vectors, NULL where it has none; then the means of the songs' unit vectors. */
static struct groups *groups;
static double *(*sums)[2], *centre[2];
static size_t sums_cap, filled;

/* ---- a block of records ---- */

static bool process(struct rec *r, const struct value *unused, void *state)
{
    struct text id;
    (void)unused;
    (void)state;
    bool good = contrast_coder_read(&coder, r) && (!arg.pool || groups_id(r, arg.pool, &id));
    if (!good && !arg.pool)
        return false;
    if (!good && !item_bad(r))
        rec_drop(r);
    r->error[0] = '\0';                 /* it is dealt with */
    bool any = false;
    for (size_t i = 0; i < coder.n; i++)
        any |= coder.side[i].has[coder.taken] &= good;
    r->nil = !any && !arg.pool;
    coder.taken += !r->dropped && !r->nil;
    return true;
}

static bool full(size_t n, void *unused)
{
    (void)unused;
    if (n == 0)
        coder.taken = given = 0;
    return n == CODER_BLOCK;
}

static void together(void *unused)
{
    (void)unused;
    contrast_coder_run(&coder);
}

/* ---- what is written ---- */

/* Whether it is a field that is written. */
static bool is_written(const struct field *f)
{
    const char *const names[] = { arg.out, contrast_names[0], contrast_names[1] };
    for (size_t i = 0; i < (coder.n == 2 ? 3 : 1); i++)
        if (strlen(names[i]) == f->len && memcmp(names[i], f->name, f->len) == 0)
            return true;
    return false;
}

/* Take the input's fields away, but those that are written. */
static void replace_inputs(struct rec *r)
{
    for (size_t i = 0; i < coder.n && !arg.keep; i++)
        if (!is_written(&(struct field){ .name = coder.side[i].field, .len = strlen(coder.side[i].field) }))
            rec_del(r, coder.side[i].field);
}

/* Where nothing was read. */
static void unset(struct rec *r)
{
    rec_set_nil(r, arg.out);
    for (size_t i = 0; coder.n == 2 && i < 2; i++)
        rec_set_nil(r, contrast_names[i]);
    replace_inputs(r);
}

/* Set the towers' vectors, NULL where there is none, and their mean, brought to length 1 if `unit`. */
static void set_vectors(struct rec *r, float *const y[2], bool unit)
{
    static float *mean;
    unset(r);
    for (size_t i = 0; coder.n == 2 && i < 2; i++)
        if (y[i])
            rec_set_vector(r, contrast_names[i], y[i], coder.out);
    if (!mean)
        mean = mem_new(coder.out, sizeof *mean);
    for (size_t j = 0; j < coder.out; j++)
        mean[j] = y[0] && y[1] ? (y[0][j] + y[1][j]) / 2 : y[0] ? y[0][j] : y[1] ? y[1][j] : 0;
    if (unit && y[0] && y[1])
        vec_make_unit(mean, coder.out);
    if (y[0] || y[1])
        rec_set_vector(r, arg.out, mean, coder.out);
}

static void add_to_song(struct rec *r, size_t at)
{
    struct text id;
    groups_id(r, arg.pool, &id);
    size_t n = groups_count(groups), song = groups_add(groups, r, id);
    mem_grow(&sums, &sums_cap, n + 1, sizeof *sums);
    for (size_t i = 0; i < coder.n; i++) {
        const float *y = contrast_coder_vector(&coder, i, at);
        if (song == n)
            sums[song][i] = NULL;
        if (y && !sums[song][i])
            sums[song][i] = mem_zero(coder.out, sizeof(double));
        for (size_t j = 0; y && j < coder.out; j++)
            sums[song][i][j] += (double)y[j];
    }
}

/* Whether the vectors at a place are finite; if not, the song does not have them. */
static bool is_finite(struct rec *r, size_t at)
{
    for (size_t i = 0; i < coder.n; i++) {
        const float *y = contrast_coder_vector(&coder, i, at);
        for (size_t j = 0; y && j < coder.out; j++)
            if (!isfinite(y[j])) {
                coder.side[0].has[at] = coder.side[1].has[at] = false;
                return rec_error(r, "the vector of %s is not finite: is it scaled like the training data?",
                                 coder.side[i].field);
            }
    }
    return true;
}

static bool finish(struct rec *r, void *unused)
{
    (void)unused;
    if (r->dropped)
        return true;
    size_t at = given++;
    bool good = is_finite(r, at);
    if (!good && !arg.pool)
        return false;
    if (!good && !item_bad(r)) {
        rec_drop(r);
        return true;
    }
    r->error[0] = '\0';                 /* it is dealt with */
    if (arg.pool) {
        add_to_song(r, at);
        rec_drop(r);
        return true;
    }
    for (size_t i = 0; coder.n == 2 && i < 3; i++) {
        const char *name = i < 2 ? contrast_names[i] : arg.out;
        if (strcmp(name, coder.side[0].field) != 0 && strcmp(name, coder.side[1].field) != 0)
            item_claim(r, name);
    }
    set_vectors(r, (float *[]){ contrast_coder_vector(&coder, 0, at), contrast_coder_vector(&coder, 1, at) }, true);
    return true;
}

/* The songs' unit vectors in place of their sums, and the mean of all. */
static void centre_songs(void)
{
    for (size_t i = 0; i < coder.n; i++) {
        size_t songs = 0;
        centre[i] = mem_zero(coder.out, sizeof *centre[i]);
        for (size_t s = 0; s < groups_count(groups); s++) {
            double *sum = sums[s][i], squares = 0;
            for (size_t j = 0; sum && j < coder.out; j++)
                squares += sum[j] * sum[j];
            for (size_t j = 0; sum && j < coder.out; j++)
                centre[i][j] += sum[j] /= squares > 0 ? sqrt(squares) : 1;
            songs += sum != NULL;
        }
        for (size_t j = 0; j < coder.out; j++)
            centre[i][j] /= (double)(songs ? songs : 1);
    }
}

static bool fill_song(struct rec *r, void *unused)
{
    float *y[2] = { NULL, NULL };
    (void)unused;
    if (!filled)
        centre_songs();
    if (filled == groups_count(groups))
        return false;
    groups_fill(groups, filled, r);
    for (size_t i = 0; i < coder.n; i++) {
        y[i] = sums[filled][i] ? coder.side[i].y : NULL;
        for (size_t j = 0; y[i] && j < coder.out; j++)
            y[i][j] = (float)(sums[filled][i][j] - centre[i][j]);
    }
    set_vectors(r, y, false);
    groups_fill_count(groups, filled++, r);
    r->nil = !y[0] && !y[1];
    return true;
}

static void header(struct head *h, void *unused)
{
    (void)unused;
    for (size_t i = 0; i < coder.n && !arg.keep; i++)
        head_set_columns(h, coder.side[i].field, NULL, 0);
    if (groups)
        groups_head(groups, h);
    for (size_t i = 0; coder.n == 2 && i < 2; i++)
        head_number_columns(h, contrast_names[i], contrast_names[i], coder.out);
    head_number_columns(h, arg.out, "z", coder.out);
}

int main(int argc, char **argv)
{
    char **operands = opt_parse(&prog, argc, argv);
    struct rec_in *in = rec_open(&prog, operands, false);
    contrast_coder_open(&coder, &arg.model, rec_head(in), (const char *[]){ arg.in, arg.with });
    if (arg.with && coder.n == 1)
        opt_misuse(&prog, "--with: the model was trained on one vector");
    arg.out = arg.out ? arg.out : coder.n == 2 ? "x" : coder.side[0].field;
    if (arg.pool)
        groups = groups_new(is_written);
    bool simple = coder.n == 1 && !arg.pool;    /* a map from one field to one: the driver's */
    return map_run(&(struct map){ .in = simple ? coder.side[0].field : NULL, .out = simple ? arg.out : NULL, .keep = arg.keep,
        .process = process, .unset = simple ? NULL : unset, .full = full, .together = together, .finish = finish,
        .header = header, .rest = arg.pool ? fill_song : NULL }, in, rec_create(&prog, in));
}
