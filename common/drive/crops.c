/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drive/crops.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/budget.h"
#include "base/die.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/progress.h"
#include "drive/groups.h"
#include "drive/row.h"
#include "math/moments.h"
#include "math/pca.h"

enum { BLOCK = 256 };           /* rows at once */

/* ---- reading ---- */

struct reading { struct crops *c; struct song_ids *ids; struct row row; struct moments *moments; size_t n; };

static bool add_row(struct rec *r, void *state)
{
    struct reading *s = state;
    struct crops *c = s->c;
    struct value v = rec_get(r, c->field);
    struct text id;
    if (!groups_id(r, s->ids->by, &id) || !row_read(r, c->field, &v, NULL, &s->row))
        return false;
    size_t song = ids_find(s->ids->ids, id);
    if (song == SIZE_MAX && s->ids->n == UINT32_MAX)
        die(ST_STOPPED, "more than %u songs", UINT32_MAX);
    if (song == SIZE_MAX)
        ids_add(s->ids->ids, id, song = s->ids->n++);
    if (!s->moments)
        s->moments = moments_new(s->row.d);
    moments_add(s->moments, s->row.x, 1);
    mem_grow(&c->song, &c->cap, s->n + 1, sizeof *c->song);
    c->song[s->n++] = (uint32_t)song;
    return true;
}

void crops_read(struct crops *c, struct rec_in *in, const char *field, struct song_ids *ids)
{
    struct reading s = { .c = c, .ids = ids };
    c->field = field;
    c->table = table_open(in, field, 1, false, add_row, &s);
    if (c->table->n == 0)
        die(ST_STOPPED, "no record has a vector %s to train on", field);
    size_t d = c->table->d;
    double *var = mem_new(d, sizeof *var);
    c->mean = mem_new(d, sizeof *c->mean);
    c->scale = mem_new(d, sizeof *c->scale);
    moments_get(s.moments, c->mean, var);
    moments_scale(c->table->n, d, c->mean, var, c->scale);
    moments_free(s.moments);
    free(var);
    free(s.row.x);
}

/* ---- whitening ---- */

/* Row by row in the order of the songs: which row of the table, and its z-scores. */
struct sorted { const struct crops *c; const size_t *row; size_t first; };

static void fetch_scores(void *ctx, size_t i, float *x)
{
    const struct sorted *s = ctx;
    const struct crops *c = s->c;
    table_row(c->table, s->row[s->first + i], x);
    for (size_t j = 0; j < c->table->d; j++)
        x[j] = (float)(((double)x[j] - c->mean[j]) / c->scale[j]);
}

/* The rows of songs that are kept, song by song: a new array; where each song's begin to c->songs. */
static size_t *sort_rows(struct crops *c, const size_t *keep, size_t n)
{
    size_t *first = mem_zero(n + 2, sizeof *first), *row = mem_new(c->table->n, sizeof *row);
    for (size_t i = 0; i < c->table->n; i++)
        if (keep[c->song[i]] != SIZE_MAX)
            first[keep[c->song[i]] + 2]++;
    for (size_t s = 0; s < n; s++)
        first[s + 2] += first[s + 1];
    for (size_t i = 0; i < c->table->n; i++)
        if (keep[c->song[i]] != SIZE_MAX)
            row[first[keep[c->song[i]] + 1]++] = i;
    c->songs = (struct songs){ .n = n, .first = first };
    return row;
}

/* The matrix to c->white, of which it becomes the first layer; d numbers at most. */
static void fit_whitening(struct crops *c, const char *name, struct sorted *s, size_t most)
{
    size_t wide = c->table->d, rows = c->songs.first[c->songs.n];
    budget_need(40 * (double)wide * (double)(wide < rows ? wide : rows) + 12 * (double)most * (double)wide,
                "the correlations and their eigenvectors (fewer columns: pca)");
    struct pca_fit *fit = pca_fit_new(wide);
    float *x = mem_new(wide, sizeof *x);
    for (s->first = 0; s->first < rows; s->first++) {
        fetch_scores(s, 0, x);
        pca_fit_add(fit, x, 1);
    }
    free(x);
    most = most < wide ? most : wide;
    struct pca *p = pca_fit_first(fit, most < rows ? most : rows);
    if (!p)
        die(ST_STOPPED, "no solution for %zu records with %zu columns: the numbers are too large", rows, wide);
    float *matrix = mem_new(mem_mul(most, wide), sizeof *matrix);
    size_t d = pca_half_whitening(p, most, matrix);
    if (d == 0)
        die(ST_STOPPED, "all vectors %s are equal: there is nothing to learn from", c->field);
    struct tower_config config = { .name = name, .input = wide, .d = d };
    c->white = tower_new(&config, TOWER_WHITEN, BLOCK, false);
    memcpy(net_values(c->white->net, c->white->net->params), matrix, d * wide * sizeof *matrix);
    net_changed(c->white->net);
    pca_free(p);
    free(matrix);
}

/* The rows through it, to a file, which is mapped. */
static void apply_whitening(struct crops *c, struct sorted *s)
{
    struct net *n = c->white->net;
    size_t d = c->white->config.d, rows = c->songs.first[c->songs.n];
    float *block = mem_new(BLOCK * d, sizeof *block);
    int fd = io_temporary();
    for (s->first = 0; s->first < rows; s->first += BLOCK) {
        size_t count = rows - s->first < BLOCK ? rows - s->first : BLOCK;
        n->pass = (struct net_pass){ .rows = count, .fetch = fetch_scores, .ctx = s };
        net_forward(n, 0, SIZE_MAX);
        for (size_t i = 0; i < count; i++)
            tower_row(c->white, c->white->white, i, block + i * d);
        if (!io_write(fd, block, count * d * sizeof *block))
            die(ST_STOPPED, "cannot keep the whitened vectors in TMPDIR:");
        progress_at(s->first + count, NULL);
    }
    free(block);
    void *x = mmap(NULL, rows * d * sizeof *block, PROT_READ, MAP_SHARED, fd, 0);
    if (x == MAP_FAILED)
        die(ST_MEMORY, "cannot map the whitened vectors:");
    close(fd);
    c->songs.x = x;
}

void crops_whiten(struct crops *c, const char *name, const size_t *keep, size_t n, size_t most)
{
    size_t *row = sort_rows(c, keep, n);
    struct sorted s = { .c = c, .row = row };
    fit_whitening(c, name, &s, most);
    progress_start(c->songs.first[n], "vectors whitened");
    apply_whitening(c, &s);
    progress_clear();
    free(row);
    free(c->song);
    c->song = NULL;
    table_close(c->table);
    c->table = NULL;
}
