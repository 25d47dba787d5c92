/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "nn/contrast_fit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/par.h"
#include "base/rng.h"
#include "base/world.h"
#include "math/blas.h"
#include "math/draws.h"
#include "math/vec.h"
#include "nn/linear.h"

enum { DRAW_ROWS = 6, DRAW_VIEW = 7 };          /* of the seed's sequences: see fit.c and layers.c */
enum { QUANTILES = 1 << 16, HALF = QUANTILES / 2, DRAWN = 256 };        /* draws at once */

static const struct part_name parts_of[] = { { "found", PART_MEAN } };

size_t contrast_fit_rows(const struct contrast_fit *o, size_t batch)
{
    return o->tower[1] ? batch : 2 * batch;
}

/* The middles of 2^16 equal shares of the normal distribution, times `scale`, by Newton's steps from one to the next: the
 * upper half, of which the lower is the mirror image. */
static float *normal_quantiles(double scale)
{
    float *q = mem_new(HALF, sizeof *q);
    double x = 0;
    for (size_t i = 0; i < HALF; i++) {
        double above = (HALF - (double)i - 0.5) / QUANTILES, step = 1;
        while (fabs(step) > 1e-9) {
            step = (0.5 * erfc(x / sqrt(2)) - above) * sqrt(2 * 3.14159265358979323846) * exp(x * x / 2);
            x += step;
        }
        q[i] = (float)(scale * x);
    }
    return q;
}

/* Which row of the data is each song's view on either side. */
static void draw_rows(struct contrast_fit *o, const struct batch *b)
{
    const struct songs *of[2] = { &o->songs[0], &o->songs[o->tower[1] != NULL] };
    struct rng rng;
    rng_init(&rng, b->seed, (uint64_t)DRAW_ROWS << 60 | b->step);
    size_t shift = o->pairs && b->n > 1 ? 1 + (b->training ? rng_below(&rng, b->n - 1) : 0) : 0;
    for (size_t i = 0; i < b->n; i++) {
        size_t song[2] = { b->rows[i], b->rows[(i + shift) % b->n] }, count[2], at[2];
        for (int s = 0; s < 2; s++) {
            count[s] = of[s]->first[song[s] + 1] - of[s]->first[song[s]];
            at[s] = b->training ? rng_below(&rng, count[s]) : s ? count[s] - 1 : 0;
        }
        if (b->training && !o->tower[1] && song[0] == song[1] && count[0] > 1)
            at[1] = (at[0] + 1 + rng_below(&rng, count[0] - 1)) % count[0];     /* another one */
        for (int s = 0; s < 2; s++)
            o->row[s][i] = of[s]->first[song[s]] + at[s];
    }
}

/* y[n] = x[n] with noise of u[n]'s lower halves, times scale, or 0 where the upper half is below `below`. */
static void make_noisy(const float *restrict x, const uint32_t *restrict u, const float *restrict normal, uint32_t below,
                       float scale, size_t n, float *restrict y)
{
    for (size_t j = 0; j < n; j++) {
        uint32_t mirrored = (u[j] >> 15 & 1) - 1;       /* all ones in the lower half of the quantiles */
        float e = normal[(u[j] ^ mirrored) % HALF], noisy = (x[j] + (mirrored ? -e : e)) * scale;
        y[j] = u[j] >> 16 < below ? 0 : noisy;
    }
}

void contrast_fit_view(const struct contrast_fit *o, size_t which, size_t row, uint64_t seed, uint64_t step, size_t place,
                       float *y)
{
    size_t d = o->tower[which]->config.d;
    const float *x = o->songs[which].x + row * d;
    uint32_t below = (uint32_t)lrint(o->dropout * QUANTILES);
    struct rng rng;
    for (size_t j = 0; j < d; j += 16)          /* it lies anywhere in the data: let it come while the noise is drawn */
        __builtin_prefetch(x + j);
    rng_init(&rng, seed, (uint64_t)DRAW_VIEW << 60 | (uint64_t)which << 56 | step);
    rng_seek(&rng, place * ((d + 3) / 4));
    for (size_t first = 0; first < d; first += DRAWN) {
        uint32_t u[DRAWN];
        size_t n = d - first < DRAWN ? d - first : DRAWN;
        draws_u32(&rng, u, n);
        make_noisy(x + first, u, o->normal, below, (float)(1 / (1 - o->dropout)), n, y + first);
    }
}

/* What a tower's net is fed: the views of its sides, one behind the other. */
struct feed { const struct contrast_fit *o; size_t which; };

static void fetch_view(void *ctx, size_t row, float *x)
{
    const struct feed *f = ctx;
    const struct contrast_fit *o = f->o;
    size_t n = o->now->n, side = o->tower[1] ? f->which : row / n, at = o->row[side][row % n];
    if (o->now->training)
        contrast_fit_view(o, f->which, at, o->now->seed, o->now->step, row, x);
    else
        memcpy(x, o->songs[f->which].x + at * o->tower[f->which]->config.d, o->tower[f->which]->config.d * sizeof *x);
}

static void forward(struct contrast_fit *o, size_t which)
{
    struct tower *t = o->tower[which];
    struct feed feed = { o, which };
    t->net->pass = (struct net_pass){ .rows = contrast_fit_rows(o, o->now->n), .training = o->now->training,
                                      .fetch = fetch_view, .ctx = &feed };
    net_forward(t->net, 0, SIZE_MAX);
    net_share(t->net, t->out);
}

/* The gradients of the batch's outputs go back through a tower; rows that are not there pull nowhere. */
static void backward(struct contrast_fit *o, size_t which)
{
    struct tower *t = o->tower[which];
    size_t rows = contrast_fit_rows(o, o->now->n), out = t->config.out;
    memset(t->net->nodes[t->out].dy, 0, (rows + LINEAR_ROWS - 1) / LINEAR_ROWS * LINEAR_ROWS * out * sizeof(float));
    for (size_t i = 0; i < rows; i++) {
        size_t side = o->tower[1] ? which : i / o->now->n;
        tower_set_gradient(t, i, (side ? o->nce->db : o->nce->da) + i % o->now->n * out);
    }
    net_backward(t->net);
}

static double batch_loss(void *ctx, const struct batch *b, double *parts, double *sums)
{
    struct contrast_fit *o = ctx;
    struct tower *second = o->tower[1] ? o->tower[1] : o->tower[0];
    size_t towers = o->tower[1] ? 2 : 1, out = second->config.out;
    (void)sums;
    o->now = b;
    draw_rows(o, b);
    for (size_t t = 0; t < towers; t++)
        forward(o, t);
    o->nce->n = b->n;
    for (size_t i = 0; i < b->n; i++) {
        tower_row(o->tower[0], o->tower[0]->out, i, o->nce->a + i * out);
        tower_row(second, second->out, o->tower[1] ? i : b->n + i, o->nce->b + i * out);
    }
    double loss = info_nce_loss(o->nce, &parts[0]);
    for (size_t t = 0; b->training && t < towers; t++)
        backward(o, t);
    return loss;
}

static void weights_changed(void *ctx)
{
    const struct contrast_fit *o = ctx;
    for (size_t t = 0; t < 2 && o->tower[t]; t++)
        net_changed(o->tower[t]->net);
}

struct objective contrast_fit_new(struct contrast_fit *o)
{
    size_t count[2] = { 0 };
    o->weights = net_weights(o->tower[0]->net, &count[0]);
    if (o->tower[1]) {
        struct weights *more = net_weights(o->tower[1]->net, &count[1]);
        o->weights = mem_resize(o->weights, count[0] + count[1], sizeof *o->weights);
        memcpy(o->weights + count[0], more, count[1] * sizeof *more);
        free(more);
    }
    o->nce = info_nce_new(o->batch, o->tower[0]->config.out, o->temperature);
    o->normal = normal_quantiles(o->noise);
    for (int s = 0; s < 2; s++)
        o->row[s] = mem_new(o->batch, sizeof *o->row[s]);
    return (struct objective){ .ctx = o, .weights = o->weights, .n_weights = count[0] + count[1], .least = 2, .full = true,
                               .parts = parts_of, .n_parts = 1, .loss = batch_loss, .changed = weights_changed };
}

void contrast_fit_free(struct contrast_fit *o)
{
    info_nce_free(o->nce);
    free(o->weights);
    free(o->normal);
    free(o->row[0]);
    free(o->row[1]);
}

/* ---- what was learned ---- */

struct plain { const float *x; const size_t *rows; size_t d; };

static void fetch_plain(void *ctx, size_t row, float *x)
{
    const struct plain *p = ctx;
    memcpy(x, p->x + p->rows[row] * p->d, p->d * sizeof *x);
}

/* Unit vectors of these rows of a tower's data: a new array. */
static float *encode(struct contrast_fit *o, size_t which, const size_t *rows, size_t n)
{
    struct tower *t = o->tower[which];
    size_t out = t->config.out, most = t->net->batch;
    float *all = mem_new(mem_mul(n, out), sizeof *all), *y = all;
    for (size_t at = 0; at < n; at += most) {
        struct plain p = { o->songs[which].x, rows + at, t->config.d };
        t->net->pass = (struct net_pass){ .rows = n - at < most ? n - at : most, .fetch = fetch_plain, .ctx = &p };
        net_forward(t->net, 0, SIZE_MAX);
        net_share(t->net, t->out);
        for (size_t i = 0; i < t->net->pass.rows; i++, y += out) {
            tower_row(t, t->out, i, y);
            vec_make_unit(y, out);
        }
    }
    return all;
}

enum { ASKED = 32 };            /* rows of a task */

/* Whose nearest row in b is of their own song. */
struct search { const float *a, *b; const size_t *song; size_t n, d; bool same; size_t *hits; };

static void search_rows(size_t task, void *state)
{
    const struct search *s = state;
    size_t first = task * ASKED, count = par_end(task, ASKED, s->n) - first;
    float *dot = mem_new(mem_mul(count, s->n), sizeof *dot);
    blas_f32(false, true, count, s->n, s->d, 1, s->a + first * s->d, s->d, s->b, s->d, 0, dot, s->n);
    s->hits[task] = 0;
    for (size_t i = 0; i < count; i++) {
        float *row = dot + i * s->n;
        size_t best = 0;
        if (s->same)
            row[first + i] = -2;        /* itself */
        for (size_t j = 1; j < s->n; j++)
            best = row[j] > row[best] ? j : best;
        s->hits[task] += s->song[best] == s->song[first + i];
    }
    free(dot);
}

double contrast_fit_share(struct contrast_fit *o, size_t most, double *chance)
{
    const struct songs *songs = &o->songs[0];
    bool two = o->tower[1] != NULL;
    size_t total = two ? songs->n : songs->first[songs->n], step = par_blocks(total, most), n = 0, hits = 0;
    size_t *rows = mem_new(total, sizeof *rows), *others = mem_new(total, sizeof *others), *song = mem_new(total, sizeof *song);
    double pairs = 0;
    for (size_t s = 0; s < songs->n; s += step) {
        size_t count = songs->first[s + 1] - songs->first[s];
        for (size_t i = 0; i < count && (two ? i < 1 : count > 1 && n < most); i++, n++) {
            rows[n] = songs->first[s] + i;
            song[n] = s;
            if (two)
                others[n] = o->songs[1].first[s];
            pairs += two ? 1 : (double)count - 1;
        }
    }
    *chance = pairs / (double)n / (double)(n - !two);
    struct search find = { .a = encode(o, 0, rows, n), .song = song, .n = n, .d = o->tower[0]->config.out, .same = !two,
                           .hits = mem_new(par_blocks(n, ASKED), sizeof(size_t)) };
    find.b = two ? encode(o, 1, others, n) : find.a;
    world_for(par_blocks(n, ASKED), search_rows, &find);
    world_fill(find.hits, par_blocks(n, ASKED), sizeof *find.hits);
    for (size_t i = 0; i < par_blocks(n, ASKED); i++)
        hits += find.hits[i];
    if (two)
        free((float *)find.b);
    free((float *)find.a);
    free(find.hits);
    free(rows);
    free(others);
    free(song);
    return n ? (double)hits / (double)n : NAN;
}
