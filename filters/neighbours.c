/* neighbours - the nearest songs of each song, or of one
 *
 * in      records with a vector x
 * out     the same records with neighbours (ids, nearest first) and neighbours.distance
 *         (f32[k]); with --of the nearest records themselves, with rank and distance; with
 *         --duplicates the records that have another very near, with its id and distance
 * memory  n x d floats twice, the ids, n x k neighbours; with --of k records
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/budget.h"
#include "base/die.h"
#include "base/mem.h"
#include "drive/about.h"
#include "drive/duplicates.h"
#include "drive/slurp.h"
#include "drive/sought.h"
#include "math/near.h"
#include "score/hubs.h"

static struct {
    const char *in, *out, *of;
    int64_t k;
    double within;
    int metric;
    bool mutual, duplicates;
} arg = { .in = "x", .out = "neighbours", .k = 10, .within = NAN };

static const struct opt opts[] = {
    OPT_INT('k', "n-neighbors", &arg.k, 1, 1e6, "number of neighbours, not counting the song itself"),
    OPT_CHOICE(0, "metric", &arg.metric, "euclidean|cosine", "distance between vectors"),
    OPT_FLAG(0, "mutual", &arg.mutual, "by mutual proximity, so that no song is everybody's neighbour"),
    OPT_STR(0, "of", &arg.of, "ID", "write only this song's neighbours, nearest first"),
    OPT_FLAG(0, "duplicates", &arg.duplicates, "write only songs that are there twice, each with the id of the other"),
    OPT_F64(0, "within", &arg.within, 0, 1e300, "how far duplicates may be apart; else a quarter of the median distance"),
    OPT_STR('i', "input", &arg.in, "FIELD", "field to read"),
    OPT_STR('o', "output", &arg.out, "FIELD", "field to write"),
    EXCLUDES("duplicates", "n-neighbors|mutual|of"),
    NEEDS("within", "duplicates"),
    EXCLUDES_WHY("of", "output", "it writes rank and distance"),
    OPT_END
};
static const struct prog prog = {
    .name = "neighbours", .brief = "the nearest songs of each song, or of one",
    .in = IO_RECORDS, .out = IO_RECORDS, .reads = "x vector", .writes = "neighbours ids, neighbours.distance vector",
    .example = "-k 2", .conv = "sklearn-1.9", .opts = opts, .also = slurp_also,
};

static struct {
    size_t k;
    uint32_t *index;            /* [n][k] */
    double *distance;           /* [n][k] */
    struct msg_buf ids;         /* of all rows, packed */
    size_t *start;              /* [n + 1] */
    struct sought of;           /* --of */
    struct rec **picked;        /* [k]: its neighbours */
} found;

static void add_id(struct rec *r, size_t row, void *unused)
{
    struct text id = rec_id(r);
    (void)unused;
    if (row == SLURP_NO_ROW)
        return;
    if (arg.of)
        sought_see(&found.of, r, row);
    msgpack_packer pk = msg_packer(&found.ids);
    msg_put_str(&pk, id.p, id.n);
    found.start[row + 1] = found.ids.n;
}

/* The list of a row's neighbours. */
static void make_list(struct rec *r, const char *field, size_t row, const void *unused)
{
    struct msg_buf list = { NULL, 0, 0 };
    msgpack_packer pk = msg_packer(&list);
    (void)unused;
    msgpack_pack_array(&pk, found.k);
    for (size_t j = 0; j < found.k; j++) {
        size_t other = found.index[row * found.k + j];
        msg_append(&list, found.ids.p + found.start[other], found.start[other + 1] - found.start[other]);
    }
    rec_set_raw(r, field, list.p, list.n);
    msg_free(&list);
}

/* Neither --of nor --duplicates: all records, each with its list. */
static int write_all(struct slurp *s, struct rec_out *out, const char *side)
{
    return slurp_annotate(s, out, (struct column[]){
        { .field = arg.out, .type = COL_MADE, .make = make_list },
        { .field = side, .type = COL_VECTOR_F8, .data = found.distance, .d = found.k, .side = true },
        { .field = NULL },
    });
}

static void pick_neighbour(struct rec *r, size_t row, void *slurp)
{
    if (row == SLURP_NO_ROW)
        slurp_without(slurp, r);
    for (size_t j = 0; j < found.k; j++)
        if (found.index[found.of.row * found.k + j] == row) {
            found.picked[j] = rec_keep(r);
            return;
        }
}

/* --of: the neighbours' records, in the order of their distance. */
static int write_of(struct slurp *s, struct rec_out *out)
{
    found.picked = mem_zero(found.k, sizeof *found.picked);
    slurp_again(s, pick_neighbour, s);
    for (size_t j = 0; j < found.k; j++) {
        struct rec *r = found.picked[j];
        item_note_side(r, "distance");
        rec_set_int(r, "rank", (int64_t)j + 1);
        rec_set_f64(r, "distance", found.distance[found.of.row * found.k + j]);
        rec_put(out, r);
        rec_free(r);
    }
    free(found.picked);
    rec_finish(out);
    return slurp_done(s);
}

/* --duplicates: the records whose nearest is near enough. */
static int write_duplicates(struct slurp *s, struct rec_out *out, const char *side)
{
    return duplicates_write(s, out, (struct duplicates){
        .index = found.k ? found.index : NULL, .distance = found.distance, .within = arg.within,
        .ids = found.ids.p, .start = found.start, .field = arg.out, .side = side,
    });
}

/* The neighbours of all rows, nearest first. */
static void find(const struct slurp *s)
{
    struct near *t = near_new(s->x, s->n, s->d, arg.metric == 0 ? NEAR_EUCLIDEAN : NEAR_COSINE);
    found.index = mem_new(mem_mul(s->n, found.k), sizeof *found.index);
    found.distance = mem_new(mem_mul(s->n, found.k), sizeof *found.distance);
    if (arg.mutual)
        hubs_mutual(t, s->n, found.k, found.index, found.distance);
    else
        about_knn(t, s, found.k, arg.duplicates ? 0 : ABOUT_ABOVE, found.index, found.distance);
    near_free(t);
}

int main(int argc, char **argv)
{
    char **operands = opt_parse(&prog, argc, argv);
    struct rec_out *out;
    if (arg.duplicates && strcmp(arg.out, "neighbours") == 0)
        arg.out = "duplicate";
    struct slurp *s = slurp_open(&prog, operands, arg.in, arg.of ? NULL : arg.out, &out);
    slurp_note_scales(s);
    found.k = arg.duplicates ? s->n > 1 : (size_t)arg.k;
    if (s->n && found.k >= s->n)
        die(ST_STOPPED, "%zu vectors are too few for %zu neighbours each: give a smaller -k", s->n, found.k);
    found.of = (struct sought){ .id = arg.of, .row = SIZE_MAX };
    found.start = mem_zero(s->n + 1, sizeof *found.start);
    slurp_again(s, add_id, NULL);
    if (arg.of)
        sought_need(&found.of, "no record with this id has a vector");
    budget_need((double)s->n * ((double)found.k * 12 + 8 * (double)s->d + (arg.mutual ? 16 : 0)), "the list of neighbours");
    find(s);
    char *side = item_side(arg.out, "", "distance");
    int status = arg.of ? write_of(s, out) : arg.duplicates ? write_duplicates(s, out, side) : write_all(s, out, side);
    free(found.index);
    free(found.distance);
    free(found.start);
    free(side);
    msg_free(&found.ids);
    return status;
}
