/* journey - a way from one song to another, by songs between them
 *
 * in      records with a vector x
 * out     the records on the way, in order, with step and distance (along the way)
 * memory  n x d floats twice, 60 bytes for each neighbour of each song, the songs on the way
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "base/budget.h"
#include "base/die.h"
#include "base/mem.h"
#include "base/progress.h"
#include "drive/slurp.h"
#include "drive/sought.h"
#include "math/path.h"

enum { NEIGHBOUR = 60 };        /* bytes: in a list, both ways in the graph, and sorted meanwhile */

static struct {
    const char *in, *from, *to;
    int64_t count, k;
    int metric;
} arg = { .in = "x", .count = 12, .k = 10 };

static const struct opt opts[] = {
    OPT_STR('f', "from", &arg.from, "ID", "the song to begin with"),
    OPT_STR('t', "to", &arg.to, "ID", "the song to end with"),
    OPT_INT('n', "count", &arg.count, 2, 1000, "number of songs, both of these among them"),
    OPT_INT('k', "n-neighbors", &arg.k, 1, 1e6, "go only between songs that are among each other's so many nearest"),
    OPT_CHOICE(0, "metric", &arg.metric, "euclidean|cosine", "distance between vectors"),
    OPT_STR('i', "input", &arg.in, "FIELD", "field to read"),
    REQUIRED("from", "the id of a song"), REQUIRED("to", "the id of a song"),
    OPT_END
};
static const struct prog prog = {
    .name = "journey", .brief = "a way from one song to another, by songs between them",
    .in = IO_RECORDS, .out = IO_RECORDS, .reads = "x vector", .writes = "step number, distance number",
    .example = "--from id1 --to id7 -n 3", .opts = opts, .also = slurp_also,
};

static struct sought ends[2];
static size_t *way, steps;          /* rows */
static struct rec **songs;          /* [steps] */

static void find_ends(struct rec *r, size_t row, void *unused)
{
    (void)unused;
    for (int i = 0; i < 2; i++)
        sought_see(ends + i, r, row);
}

static void keep_song(struct rec *r, size_t row, void *slurp)
{
    if (row == SLURP_NO_ROW)
        slurp_without(slurp, r);
    for (size_t i = 0; i < steps; i++)
        if (way[i] == row) {
            songs[i] = rec_keep(r);
            return;
        }
}

/* The shortest way from end to end: through k neighbours each, or if it takes more, twice as many until it is there. */
static void find_way(const struct near *t, size_t n, size_t k)
{
    size_t tried = 0;
    for (size_t more = k < n ? k : n - 1; !steps; tried = more, more = more < n / 2 ? 2 * more : n - 1) {
        double bytes = (double)n * (double)more * NEIGHBOUR;
        if (tried && bytes > (double)mem_allowed())
            die(ST_MEMORY, "no way from %s to %s by songs among each other's %zu nearest, and -k %zu needs %.0f MiB: "
                "give another --input or --metric", ends[0].id, ends[1].id, tried, more, bytes / 1048576);
        budget_need(bytes, "the neighbours");
        uint32_t *index = mem_new(mem_mul(n, more), sizeof *index);
        near_knn_all(t, more, index, NULL);
        struct graph *g = graph_neighbours(index, n, more);         /* 1 for those on both sides, else 1/2 */
        free(index);
        steps = path_shortest(g, 0.75, t, ends[0].row, ends[1].row, way);
        graph_free(g);
        if (steps && more > k && !progress_quiet)
            warn("no way by songs among each other's %zu nearest: there is a gap, which -k %zu gets over", k, more);
    }
}

static int write_way(struct slurp *s, struct rec_out *out, const struct near *t)
{
    double distance = 0;
    songs = mem_zero(steps, sizeof *songs);
    slurp_again(s, keep_song, s);
    for (size_t i = 0; i < steps; i++) {
        if (!songs[i])
            die(ST_STOPPED, "%s: changed while being read", rec_name(s->in));
        distance += i ? near_distance(t, way[i - 1], way[i]) : 0;
        item_note_side(songs[i], "distance");
        rec_set_int(songs[i], "step", (int64_t)i + 1);
        rec_set_f64(songs[i], "distance", distance);
        rec_put(out, songs[i]);
        rec_free(songs[i]);
    }
    free(songs);
    rec_finish(out);
    return slurp_done(s);
}

int main(int argc, char **argv)
{
    char **operands = opt_parse(&prog, argc, argv);
    struct rec_out *out;
    if (strcmp(arg.from, arg.to) == 0)
        opt_misuse(&prog, "--from and --to are the same song");
    struct slurp *s = slurp_open(&prog, operands, arg.in, "step", &out);
    size_t count = (size_t)arg.count;
    slurp_note_scales(s);
    for (int i = 0; i < 2; i++)
        ends[i] = (struct sought){ .id = i ? arg.to : arg.from, .row = SIZE_MAX };
    slurp_again(s, find_ends, NULL);
    for (int i = 0; i < 2; i++)
        sought_need(ends + i, "no record with this id has a vector");
    budget_need(2.0 * (double)s->n * (double)s->d * sizeof(float), "the vectors and a sorted copy");
    struct near *t = near_new(s->x, s->n, s->d, arg.metric == 0 ? NEAR_EUCLIDEAN : NEAR_COSINE);
    way = mem_new(s->n > count ? s->n : count, sizeof *way);
    find_way(t, s->n, (size_t)arg.k);
    steps = path_even(t, s->n, way, steps, count);
    if (steps < count && !progress_quiet)
        warn("the way has %zu songs, not %zu: no others lie between them", steps, count);
    int status = write_way(s, out, t);
    near_free(t);
    free(way);
    return status;
}
