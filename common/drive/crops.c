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
#include "base/world.h"
#include "drive/groups.h"
#include "drive/row.h"
#include "math/moments.h"
#include "math/pca.h"

enum { BLOCK = 256 };           /* rows at once */

/* ---- reading ---- */

struct reading { struct crops *c; struct song_ids *ids; struct row row; size_t n; struct msg_buf told; };

/* Row n of all is of this song. */
static void number(struct reading *s, struct text id)
{
    struct crops *c = s->c;
    size_t song = ids_find(s->ids->ids, id);
    if (song == SIZE_MAX && s->ids->n == UINT32_MAX)
        die(ST_STOPPED, "more than %u songs", UINT32_MAX);
    if (song == SIZE_MAX)
        ids_add(s->ids->ids, id, song = s->ids->n++);
    mem_grow(&c->song, &c->cap, s->n + 1, sizeof *c->song);
    c->song[s->n++] = (uint32_t)song;
}

static bool add_row(struct rec *r, void *state)
{
    struct reading *s = state;
    struct value v = rec_get(r, s->c->field);
    msgpack_packer pk = msg_packer(&s->told);
    struct text id;
    if (!groups_id(r, s->ids->by, &id) || !row_read(r, s->c->field, &v, NULL, &s->row))
        return false;
    if (world.size == 1)
        number(s, id);
    else
        msg_put_str(&pk, id.p, id.n);
    return true;
}

/* The songs of the rows of all ranks, in order: what one rank would have numbered. */
static void number_all(struct reading *s)
{
    for (size_t i = 0; world.size > 1 && i < world.size; i++) {
        size_t bytes, head, n;
        uint8_t *told = world_from(i, s->told.p, s->told.n, &bytes), *p = told, *end = told + bytes;
        for (; p < end; p += head + n) {
            n = msg_str(p, end, &head);
            number(s, (struct text){ (const char *)p + head, n });
        }
        free(told);
    }
    msg_free(&s->told);
}

/* Rows at ... at+BLOCK-1 of an order (NULL: that of the table) are at hand. */
static void have_rows(const struct crops *c, const size_t *row, size_t at, size_t n)
{
    size_t own[BLOCK], count = n - at < BLOCK ? n - at : BLOCK;
    for (size_t i = 0; i < count; i++)
        own[i] = row ? row[at + i] : at + i;
    table_gather(c->table, own, count);
}

/* Mean and scale of all rows. */
static void fit_scores(struct crops *c)
{
    size_t n = c->table->n, d = c->table->d;
    struct moments *m = moments_new(d);
    double *var = mem_new(d, sizeof *var);
    float *x = mem_new(d, sizeof *x);
    c->mean = mem_new(d, sizeof *c->mean);
    c->scale = mem_new(d, sizeof *c->scale);
    for (size_t i = 0; i < n; i++) {
        if (i % BLOCK == 0)
            have_rows(c, NULL, i, n);
        table_row(c->table, i, x);
        moments_add(m, x, 1);
    }
    moments_get(m, c->mean, var);
    moments_scale(n, d, c->mean, var, c->scale);
    moments_free(m);
    free(var);
    free(x);
}

void crops_read(struct crops *c, struct rec_in *in, const char *field, struct song_ids *ids)
{
    struct reading s = { .c = c, .ids = ids };
    c->field = field;
    c->table = table_open(in, field, 1, false, add_row, &s);
    table_share(c->table, in, field);
    if (c->table->n == 0)
        die(ST_STOPPED, "no record has a vector %s to train on", field);
    number_all(&s);
    fit_scores(c);
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
        if (s->first % BLOCK == 0)
            have_rows(c, s->row, s->first, rows);
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
        have_rows(c, s->row, s->first, rows);
        n->pass = (struct net_pass){ .rows = count, .fetch = fetch_scores, .ctx = s };
        net_forward(n, 0, SIZE_MAX);
        net_share(n, c->white->white);
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
