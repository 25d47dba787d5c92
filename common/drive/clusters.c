/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drive/clusters.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/budget.h"
#include "base/die.h"
#include "drive/ranks.h"
#include "drive/starts.h"

struct slurp *clusters_read(struct clusters *c, const struct prog *prog, char **operands)
{
    if (scan_wanted(&c->scan, prog) && c->init.path)
        opt_misuse(prog, "--init needs a single number of clusters");
    if (c->init.path && strcmp(c->init.path, "-") != 0 && access(c->init.path, F_OK) != 0)
        die(ST_STOPPED, "--init %s: no such file: it is a stream of vectors to start from; without --init it is k-means++",
            c->init.path);
    c->ranks = ranks_begin(prog, &operands, c->save);
    if (c->ranks && scan_wanted(&c->scan, prog))
        opt_misuse(prog, "mpirun needs a single number of clusters");
    struct rec_in *in = rec_open(prog, operands, !c->ranks);
    if (c->ranks)
        ranks_same_columns(in);
    struct slurp *s = slurp_read(in, c->in, c->out);
    c->all = s->n;
    if (c->ranks) {
        c->all = ranks_sum(s->n);
        s->d = ranks_width(s->d, c->in);
    }
    return s;
}

size_t clusters_choose(struct clusters *c, const struct prog *prog, const struct slurp *s,
                       struct scanned (*cluster)(const struct slurp *rows, size_t k, void *state), void *state, double **init)
{
    size_t k = (size_t)c->scan.k.first;
    slurp_note_scales(s);
    *init = starts_read(&c->init, c->in, s->d, &k);
    c->scan.seed = c->seed;
    if (scan_wanted(&c->scan, prog))
        k = scan_best(&c->scan, prog, s, cluster, state);
    scan_possible(&(struct slurp){ .n = c->all }, k);
    return k;
}

void clusters_share(const struct clusters *c, struct slurp *s, size_t from, size_t to)
{
    if (!c->ranks)
        return;
    budget_need(12 * (double)(to - from) * (double)s->d, "three copies of the vectors");
    s->x = ranks_rows(s->x, s->n, s->d, from, to);
    s->n = to - from;
}

void clusters_note_unconverged(const struct clusters *c)
{
    if (world.rank == 0)
        warn("no convergence within %zu steps: the output is valid; --max-iter allows more", (size_t)c->max_iter);
}

int clusters_write(const struct clusters *c, const struct prog *prog, struct slurp *s, const int32_t *labels, const char *name,
                   struct column side, bool converged)
{
    int status = c->ranks ? item_status() : ST_OK;
    if (c->ranks)
        return world_end(status == ST_OK && !converged ? ST_PARTIAL : status);
    char *field = item_side(c->out, "cluster", name);
    side.field = field;
    side.side = true;
    status = slurp_annotate(s, rec_create(prog, s->in), (struct column[]){
        { .field = c->out, .type = COL_I4, .data = labels },
        side,
        { .field = NULL },
    });
    free(field);
    return status == ST_OK && !converged ? ST_PARTIAL : status;
}
