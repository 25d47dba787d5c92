/* neighbours - the nearest songs of each song, or of one
 *
 * in      records with a vector x
 * out     the same records with neighbours (ids, nearest first) and neighbours.distance
 *         (f32[k]); with --of the nearest records themselves, with rank and distance
 * memory  n x d floats twice, the ids, n x k neighbours; with --of k records
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/budget.h"
#include "base/die.h"
#include "base/mem.h"
#include "drive/slurp.h"
#include "math/near.h"

static struct {
    const char *in, *out, *of;
    int64_t k;
    int metric;
} arg = { .in = "x", .out = "neighbours", .k = 10 };

static const struct opt opts[] = {
    OPT_INT('k', "n-neighbors", &arg.k, 1, 1e6, "how many neighbours, the song itself not counted"),
    OPT_CHOICE(0, "metric", &arg.metric, "euclidean|cosine", "how far vectors are apart"),
    OPT_STR(0, "of", &arg.of, "ID", "write only this song's neighbours, nearest first"),
    OPT_STR('i', "input", &arg.in, "FIELD", "field to read"),
    OPT_STR('o', "output", &arg.out, "FIELD", "field to write"),
    OPT_END
};
static const struct prog prog = {
    .name = "neighbours", .brief = "the nearest songs of each song, or of one",
    .in = IO_RECORDS, .out = IO_RECORDS, .reads = "x vector", .writes = "neighbours ids, neighbours.distance vector",
    .example = "-k 2", .conv = "sklearn-1.9", .opts = opts, .also = slurp_also,
};

struct search {
    size_t k;
    uint32_t *index;            /* [n][k] */
    double *distance;           /* [n][k] */
    struct msg_buf ids;         /* of all rows, packed */
    size_t *start;              /* [n + 1] */
};

/* The ids of the rows, and the row of --of: SIZE_MAX if it has none. */
static size_t read_ids(struct slurp *s, struct search *found)
{
    struct rec *r = rec_new();
    size_t row = 0, of = SIZE_MAX;
    found->start = mem_zero(s->n + 1, sizeof *found->start);
    rec_rewind(s->in);
    for (size_t i = 0; rec_next(s->in, r); i++) {
        struct text id = rec_id(r);
        if (!s->has_row[i])
            continue;
        if (arg.of && strlen(arg.of) == id.n && memcmp(arg.of, id.p, id.n) == 0)
            of = row;
        msgpack_packer pk = msg_packer(&found->ids);
        msg_put_str(&pk, id.p, id.n);
        found->start[++row] = found->ids.n;
    }
    rec_free(r);
    return of;
}

/* The list of a row's neighbours. */
static void make_list(struct rec *r, const char *field, size_t row, const void *data)
{
    const struct search *s = data;
    struct msg_buf list = { NULL, 0, 0 };
    msgpack_packer pk = msg_packer(&list);
    msgpack_pack_array(&pk, s->k);
    for (size_t j = 0; j < s->k; j++) {
        size_t other = s->index[row * s->k + j];
        msg_append(&list, s->ids.p + s->start[other], s->start[other + 1] - s->start[other]);
    }
    rec_set_raw(r, field, list.p, list.n);
    msg_free(&list);
}

/* --of: the neighbours' records, in the order of their distance. */
static int write_of(struct slurp *s, struct rec_out *out, const struct search *found, size_t of)
{
    struct rec **picked = mem_zero(found->k, sizeof *picked), *r = rec_new();
    const uint32_t *index = found->index + of * found->k;
    rec_rewind(s->in);
    for (size_t i = 0, row = 0; rec_next(s->in, r); i++) {
        if (!s->has_row[i])
            continue;
        for (size_t j = 0; j < found->k; j++)
            if (index[j] == row) {
                rec_own(r);
                picked[j] = r;
                r = rec_new();
                break;
            }
        row++;
    }
    for (size_t j = 0; j < found->k; j++) {
        item_note_side(picked[j], "distance");
        rec_set_int(picked[j], "rank", (int64_t)j + 1);
        rec_set_f64(picked[j], "distance", found->distance[of * found->k + j]);
        rec_put(out, picked[j]);
        rec_free(picked[j]);
    }
    rec_free(r);
    free(picked);
    rec_finish(out);
    return slurp_done(s);
}

int main(int argc, char **argv)
{
    char **operands = opt_parse(&prog, argc, argv);
    struct rec_in *in = rec_open(&prog, operands, true);
    struct rec_out *out = rec_create(&prog, in);
    struct slurp *s = slurp_read(in, arg.in, arg.of ? NULL : arg.out);
    struct search found = { .k = (size_t)arg.k };
    if (s->n && found.k >= s->n)
        die(ST_STOPPED, "%zu vectors have no %zu neighbours each: give a smaller -k", s->n, found.k);
    size_t of = read_ids(s, &found);
    if (arg.of && of == SIZE_MAX)
        die(ST_STOPPED, "%s: no record of that id with a vector", arg.of);
    budget_need((double)s->n * (double)found.k * 12 + 2.0 * (double)s->n * (double)s->d * 4, "the list of neighbours");
    struct near *t = near_new(s->x, s->n, s->d, arg.metric == 0 ? NEAR_EUCLIDEAN : NEAR_COSINE);
    found.index = mem_new(mem_mul(s->n, found.k), sizeof *found.index);
    found.distance = mem_new(mem_mul(s->n, found.k), sizeof *found.distance);
    near_knn_all(t, found.k, found.index, found.distance);
    near_free(t);
    char *side = item_side(arg.out, "", "distance");
    int status = arg.of ? write_of(s, out, &found, of) : slurp_annotate(s, out, (struct column[]){
        { .field = arg.out, .type = COL_MADE, .data = &found, .make = make_list },
        { .field = side, .type = COL_VECTOR_F8, .data = found.distance, .d = found.k, .side = true },
        { .field = NULL },
    });
    free(found.index);
    free(found.distance);
    free(found.start);
    free(side);
    msg_free(&found.ids);
    return status;
}
