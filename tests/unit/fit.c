/* fit and optim by an objective that is no net: a line through points by least squares, whose
 * best slope and intercept are known; order, log, patience, breaking, the same bits when a run
 * is taken up again after any batch and for any number of threads; two nets trained by a loss
 * between rows
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/par.h"
#include "base/rng.h"
#include "nn/fit.h"
#include "nn/linear.h"
#include "nn/net.h"

enum { ROWS = 103, WIDE = 40000 };

/* y = slope x + intercept; w: slope, then intercept in a tensor of its own; `seen` is kept with
 * them, and not learned; `idle` is large, learned, and pulled to 0.5. */
struct line {
    double x[ROWS], y[ROWS];
    float slope, intercept, seen, g[2], *idle, *idle_g;
    size_t n_idle, changed;
    struct weights weights[4];
    double times;               /* scale of the loss: to let it explode */
};

static double line_loss(void *ctx, const struct batch *b, double *parts, double *sums)
{
    struct line *l = ctx;
    double loss = 0, ds = 0, di = 0, most = 0, n = (double)b->n;
    for (size_t i = 0; i < b->n; i++) {
        double e = (double)l->slope * l->x[b->rows[i]] + (double)l->intercept - l->y[b->rows[i]];
        loss += l->times * e * e / n;
        ds += 2 * l->times * e * l->x[b->rows[i]] / n;
        di += 2 * l->times * e / n;
        most = fabs(e) > most ? fabs(e) : most;
    }
    parts[0] = most;
    if (!b->training)
        return loss;
    l->seen += (float)b->n;
    l->g[0] = (float)ds;
    l->g[1] = (float)di;
    for (size_t i = 0; i < l->n_idle; i++)
        l->idle_g[i] = l->idle[i] - 0.5f;
    sums[0] += n;
    return loss;
}

static void line_report(void *ctx, size_t epoch, double rows, const double *sums, double *parts)
{
    (void)ctx;
    assert_true(rows == sums[0]);
    parts[1] = sums[0];
    parts[2] = (double)epoch / 2;
}

static void line_changed(void *ctx) { ((struct line *)ctx)->changed++; }

static const struct part_name line_parts[] = { { "worst", PART_MEAN }, { "rows", PART_COUNT }, { "half", PART_SET } };

static struct objective line_new(struct line *l)
{
    struct rng rng;
    *l = (struct line){ .times = 1, .n_idle = WIDE, .idle = mem_zero(WIDE, 4), .idle_g = mem_zero(WIDE, 4) };
    rng_init(&rng, 1, 0);
    for (size_t i = 0; i < ROWS; i++) {
        l->x[i] = 2 * rng_uniform(&rng) - 1;
        l->y[i] = 3 * l->x[i] - 0.5 + 0.1 * rng_normal(&rng);
    }
    struct weights weights[4] = { { &l->slope, l->g, 1 }, { &l->intercept, l->g + 1, 1 }, { l->idle, l->idle_g, WIDE },
                                  { &l->seen, NULL, 1 } };
    memcpy(l->weights, weights, sizeof weights);
    return (struct objective){ .ctx = l, .weights = l->weights, .n_weights = 4, .least = 1, .parts = line_parts, .n_parts = 3,
                               .n_sums = 1, .loss = line_loss, .report = line_report, .changed = line_changed };
}

static void line_free(struct line *l)
{
    free(l->idle);
    free(l->idle_g);
}

static const struct fit_options usual = {
    .seed = 4, .epochs = 40, .batch = 10, .adam = { 0.9, 0.999, 1e-8, 0, false }, .rate = { .kind = SCHEDULE_COSINE, .lr = 0.1 },
};

static bool go_on(struct fit *f, bool epoch, void *ctx)
{
    (void)f;
    (void)epoch;
    (void)ctx;
    return true;
}

static void near(double is, double want, double tol)
{
    if (!(fabs(is - want) <= tol))
        fail_msg("%.17g is not %.17g", is, want);
}

/* ---- what it comes to ---- */

static void least_squares(void **state)
{
    (void)state;
    struct line l;
    struct objective of = line_new(&l);
    struct fit_options o = usual;
    o.batch = ROWS;             /* all in one batch: no noise of the draws */
    o.epochs = 400;
    struct fit *f = fit_new(&o, &of, ROWS);
    assert_int_equal(fit_run(f, go_on, NULL), FIT_DONE);
    double sx = 0, sy = 0, sxx = 0, sxy = 0, n = ROWS, rest = 0;
    for (size_t i = 0; i < ROWS; i++) {
        sx += l.x[i];
        sy += l.y[i];
        sxx += l.x[i] * l.x[i];
        sxy += l.x[i] * l.y[i];
    }
    double slope = (n * sxy - sx * sy) / (n * sxx - sx * sx), intercept = (sy - slope * sx) / n;
    near((double)l.slope, slope, 1e-4);
    near((double)l.intercept, intercept, 1e-4);
    for (size_t i = 0; i < WIDE; i += 999)
        near((double)l.idle[i], 0.5, 1e-3);
    for (size_t i = 0; i < ROWS; i++)
        rest += pow(slope * l.x[i] + intercept - l.y[i], 2) / n;
    near(f->log[399 * f->n_columns + 1], rest, 1e-6);
    assert_int_equal(l.changed, 400);
    fit_free(f);
    line_free(&l);
}

/* ---- what is told ---- */

static void told(void **state)
{
    (void)state;
    struct line l;
    struct objective of = line_new(&l);
    struct fit_options o = usual;
    static const char *const names[] = { "epoch", "loss", "worst", "rows", "validation", "lr", "half", "speed" };
    o.epochs = 3;
    o.validation = 0.2;
    struct fit *f = fit_new(&o, &of, ROWS);
    assert_int_equal(f->n_valid, 20);
    assert_int_equal(fit_batches(f, 1), 9);                        /* 83 rows: 8 of 10, one of 3 */
    fit_run(f, go_on, NULL);
    assert_int_equal(f->n_columns, 8);
    for (size_t i = 0; i < 8; i++) {
        assert_string_equal(f->columns[i].name, names[i]);
        assert_int_equal(f->columns[i].whole, i == 0 || i == 3);
    }
    const double *last = f->log + 2 * 8;
    assert_true(last[0] == 3 && last[3] == 83 && last[6] == 1 && last[7] > 0);
    near(last[5], 0.05 * (1 + cos(2 * 3.14159265358979323846 / 3)), 1e-12);
    double valid = 0;
    for (size_t i = 0; i < 20; i++)
        valid += pow((double)l.slope * l.x[f->rows[i]] + (double)l.intercept - l.y[f->rows[i]], 2) / 20;
    near(last[4], valid, 1e-9);
    assert_true((double)l.seen == 3 * 83);
    fit_free(f);
    line_free(&l);
}

/* Each row once an epoch, in another order each time; a last batch of too few rows is left out. */
struct order { size_t seen[ROWS], first[2]; struct line *l; };

static double order_loss(void *ctx, const struct batch *b, double *parts, double *sums)
{
    struct order *s = ctx;
    if (b->step % 10 == 0)
        s->first[b->epoch] = b->rows[0];
    for (size_t i = 0; i < b->n; i++)
        s->seen[b->rows[i]]++;
    assert_int_equal(b->n, 10);
    return line_loss(s->l, b, parts, sums);
}

static void order(void **state)
{
    (void)state;
    struct line l;
    struct order s = { .l = &l };
    struct objective of = line_new(&l);
    struct fit_options o = usual;
    size_t out = 0;
    of.loss = order_loss;
    of.changed = NULL;
    of.report = NULL;
    of.ctx = &s;
    of.least = 4;
    o.epochs = 2;
    struct fit *f = fit_new(&o, &of, ROWS);
    assert_int_equal(fit_batches(f, 1), 10);
    fit_run(f, go_on, NULL);
    for (size_t i = 0; i < ROWS; i++) {
        assert_true(s.seen[i] <= 2);
        out += 2 - s.seen[i];
    }
    assert_int_equal(out, 6);
    assert_int_not_equal(s.first[0], s.first[1]);
    fit_free(f);
    line_free(&l);
}

/* Where all batches are full, epochs share the rows that are left: 103 rows and batches of 10 make 10 each, and 3 in 10 epochs
 * one more. No batch has a row twice, and each row is there nearly as often as all others. */
static double full_loss(void *ctx, const struct batch *b, double *parts, double *sums)
{
    struct order *s = ctx;
    assert_int_equal(b->n, 10);
    for (size_t i = 0; i < b->n; i++) {
        s->seen[b->rows[i]]++;
        for (size_t k = 0; k < i; k++)
            assert_int_not_equal(b->rows[i], b->rows[k]);
    }
    return line_loss(s->l, b, parts, sums);
}

static void full(void **state)
{
    (void)state;
    struct line l;
    struct order s = { .l = &l };
    struct objective of = line_new(&l);
    struct fit_options o = usual;
    of.loss = full_loss;
    of.changed = NULL;
    of.report = NULL;
    of.ctx = &s;
    of.full = true;
    o.epochs = 20;
    struct fit *f = fit_new(&o, &of, ROWS);
    assert_int_equal(fit_batches(f, 3), 30);
    assert_int_equal(fit_batches(f, 4), 41);
    assert_int_equal(fit_batches(f, 20), 206);
    assert_int_equal(fit_run(f, go_on, NULL), FIT_DONE);
    assert_int_equal(f->optim.t, 206);
    for (size_t i = 0; i < ROWS; i++)
        assert_in_range(s.seen[i], 17, 22);
    fit_free(f);
    o.batch = 200;              /* more than there are */
    f = fit_new(&o, &of, 40);
    assert_int_equal(f->o.batch, 40);
    assert_int_equal(fit_batches(f, 20), 20);
    fit_free(f);
    line_free(&l);
}

/* ---- how it ends ---- */

/* After five epochs the points lie on another line: no later epoch is as good. */
static bool spoil(struct fit *f, bool epoch, void *ctx)
{
    struct line *l = ctx;
    for (size_t i = 0; epoch && f->epoch == 5 && i < ROWS; i++)
        l->y[i] = 10 - l->y[i];
    return true;
}

static void patience(void **state)
{
    (void)state;
    struct line l;
    struct objective of = line_new(&l);
    struct fit_options o = usual;
    o.patience = 3;
    struct fit *f = fit_new(&o, &of, ROWS);
    assert_int_equal(fit_run(f, spoil, &l), FIT_PATIENCE);
    assert_int_equal(f->best_epoch, 5);
    assert_int_equal(f->epoch, 8);
    assert_true(l.slope == f->best[0] && l.intercept == f->best[16] && l.idle[9] == f->best[32 + 9]);
    assert_true(l.seen == f->best[32 + WIDE] && (double)l.seen == 5.0 * ROWS);
    fit_free(f);
    line_free(&l);
}

static bool explode(struct fit *f, bool epoch, void *ctx)
{
    struct line *l = ctx;
    if (!epoch && f->epoch == 2 && f->batch == 3)
        l->times = 1e7;
    return true;
}

static void breaks(void **state)
{
    (void)state;
    for (int kind = 0; kind < 2; kind++) {
        struct line l;
        struct objective of = line_new(&l);
        struct fit *f = fit_new(&usual, &of, ROWS);
        if (kind)
            l.x[f->rows[7]] = NAN;
        assert_int_equal(fit_run(f, explode, &l), FIT_BROKEN);
        assert_int_equal(f->epoch, kind ? 0 : 2);
        assert_int_equal(f->batch, kind ? f->batch : 3);
        assert_true(kind ? isnan(f->loss) : f->loss > 1000 * f->first_loss);
        assert_true(l.slope == f->good[0] && (double)l.seen == (double)(f->epoch * ROWS));      /* of the last whole epoch */
        assert_true(!kind || (l.slope == 0 && l.idle[3] == 0));
        fit_free(f);
        line_free(&l);
    }
}

/* ---- the same bits ---- */

/* What a checkpoint has, from one run to another. */
static void carry(struct fit *to, const struct fit *from)
{
    for (size_t i = 0; i < from->of.n_weights; i++)
        memcpy(to->of.weights[i].w, from->of.weights[i].w, from->of.weights[i].n * 4);
    memcpy(to->optim.m, from->optim.m, from->optim.n * 4);
    memcpy(to->optim.v, from->optim.v, from->optim.n * 4);
    memcpy(to->good, from->good, from->n_kept * 4);
    memcpy(to->best, from->best, from->n_kept * 4);
    memcpy(to->sums, from->sums, from->n_sums * 8);
    memcpy(to->log, from->log, from->epoch * from->n_columns * 8);
    to->optim.t = from->optim.t;
    to->epoch = from->epoch;
    to->batch = from->batch;
    to->best_loss = from->best_loss;
    to->first_loss = from->first_loss;
    to->best_epoch = from->best_epoch;
}

/* Stop after so many calls; what a checkpoint would have then goes to another run. */
struct stop { int left; struct fit *to; };

static bool stop_after(struct fit *f, bool epoch, void *ctx)
{
    struct stop *s = ctx;
    (void)epoch;
    if (--s->left > 0)
        return true;
    carry(s->to, f);
    return false;
}

static void taken_up(void **state)
{
    (void)state;
    struct fit_options o = usual;
    o.epochs = 5;
    o.validation = 0.1;
    o.patience = 5;
    o.clip = 0.5;
    struct line whole;
    struct objective of = line_new(&whole);
    struct fit *f = fit_new(&o, &of, ROWS);
    assert_int_equal(fit_run(f, go_on, NULL), FIT_DONE);
    for (int at = 1; at < 55; at += 3) {        /* 10 batches and an epoch's end, 5 times */
        struct line first, second;
        struct objective of1 = line_new(&first), of2 = line_new(&second);
        struct fit *one = fit_new(&o, &of1, ROWS), *two = fit_new(&o, &of2, ROWS);
        par_jobs = at % 4 + 1;
        assert_int_equal(fit_run(one, stop_after, &(struct stop){ at, two }), FIT_STOPPED);
        assert_int_equal(fit_run(two, go_on, NULL), FIT_DONE);
        assert_true(second.slope == whole.slope && second.intercept == whole.intercept && second.seen == whole.seen);
        assert_memory_equal(second.idle, whole.idle, WIDE * 4);
        for (size_t e = 0; e < 5; e++)
            assert_memory_equal(two->log + e * f->n_columns, f->log + e * f->n_columns, (f->n_columns - 1) * 8);
        fit_free(one);
        fit_free(two);
        line_free(&first);
        line_free(&second);
    }
    fit_free(f);
    line_free(&whole);
}

/* ---- two nets, and a loss between the rows of a batch ---- */

/* Each row has two views of three hidden numbers. Two towers give each a code of K numbers; of a
 * batch's second codes, each first one is to find its own: cross entropy over scalar products
 * (InfoNCE: van den Oord et al. 2018). The gradient is known when all rows are through. */
enum { K = 4, VIEW = 7, PAIRS = 120 };

struct towers {
    struct net *net[2];
    int out[2];
    float view[2][PAIRS][VIEW];
    const size_t *rows;
    struct weights weights[4];
};

struct side { const struct towers *t; int view; };

static void fetch_view(void *ctx, size_t row, float *x)
{
    const struct side *s = ctx;
    memcpy(x, s->t->view[s->view][s->t->rows[row]], VIEW * sizeof *x);
}

/* Where the i-th number of a row's code lies, or its gradient. */
static float *code(const struct towers *t, int side, size_t row, size_t i, bool gradient)
{
    const struct net_node *n = &t->net[side]->nodes[t->out[side]];
    return (gradient ? n->dy : n->y) + (row / LINEAR_ROWS * K + i) * LINEAR_ROWS + row % LINEAR_ROWS;
}

static double towers_loss(void *ctx, const struct batch *b, double *parts, double *sums)
{
    struct towers *t = ctx;
    double loss = 0, n = (double)b->n;
    (void)sums;
    t->rows = b->rows;
    parts[0] = 0;
    for (int s = 0; s < 2; s++) {
        struct side side = { t, s };
        t->net[s]->pass = (struct net_pass){ .rows = b->n, .training = b->training, .fetch = fetch_view, .ctx = &side };
        net_forward(t->net[s], 0, SIZE_MAX);
        struct net_node *out = &t->net[s]->nodes[t->out[s]];
        memset(out->dy, 0, (b->n + LINEAR_ROWS - 1) / LINEAR_ROWS * LINEAR_ROWS * K * sizeof *out->dy);
    }
    for (size_t r = 0; r < b->n; r++) {
        double p[PAIRS], sum = 0, best = -INFINITY;
        for (size_t c = 0; c < b->n; c++) {
            double dot = 0;
            for (size_t i = 0; i < K; i++)
                dot += (double)*code(t, 0, r, i, false) * (double)*code(t, 1, c, i, false);
            best = c != r && dot > best ? dot : best;
            sum += p[c] = exp(dot);
        }
        loss -= log(p[r] / sum) / n;
        parts[0] += (log(p[r]) > best) / n;
        for (size_t c = 0; b->training && c < b->n; c++) {
            double d = (p[c] / sum - (c == r)) / n;
            for (size_t i = 0; i < K; i++) {
                *code(t, 0, r, i, true) += (float)(d * (double)*code(t, 1, c, i, false));
                *code(t, 1, c, i, true) += (float)(d * (double)*code(t, 0, r, i, false));
            }
        }
    }
    for (int s = 0; s < 2 && b->training; s++)
        net_backward(t->net[s]);
    return loss;
}

static void contrast(void **state)
{
    (void)state;
    static const struct part_name parts[] = { { "found", PART_MEAN } };
    struct towers t = { .rows = NULL };
    struct rng rng;
    rng_init(&rng, 8, 0);
    for (size_t r = 0; r < PAIRS; r++) {
        double h[3];
        for (size_t i = 0; i < 3; i++)
            h[i] = rng_normal(&rng);
        for (size_t i = 0; i < 2 * VIEW; i++)
            t.view[i / VIEW][r][i % VIEW] = (float)(h[i % 3] + h[(i + 1) % 3] * cos((double)i) + 0.05 * rng_normal(&rng));
    }
    for (int s = 0; s < 2; s++) {
        struct net *n = t.net[s] = net_new(50, LINEAR_ROWS, true);
        size_t count;
        t.out[s] = net_linear(n, net_act(n, net_linear(n, net_rows(n, VIEW), 16, true, s ? "b.0" : "a.0"), ACT_TANH, 0), K, true,
                              s ? "b.2" : "a.2");
        net_build(n);
        for (size_t i = 0; i < n->n_w; i++)
            n->w[i] = (float)(0.3 * rng_normal(&rng));
        net_changed(n);
        struct weights *w = net_weights(n, &count);
        assert_int_equal(count, 4);
        free(w);
        t.weights[s] = (struct weights){ n->w, n->g, n->n_w };
    }
    struct objective of = { .ctx = &t, .weights = t.weights, .n_weights = 2, .least = 2, .parts = parts, .n_parts = 1,
                            .loss = towers_loss };
    size_t rows[45];
    double part, g[2][9];
    for (size_t i = 0; i < 45; i++)
        rows[i] = 2 * i;
    struct batch b = { .rows = rows, .n = 45, .training = true };
    towers_loss(&t, &b, &part, NULL);
    for (size_t k = 0; k < 18; k++)             /* finite differences */
        g[k % 2][k / 2] = (double)t.net[k % 2]->g[k / 2 * 19];
    for (size_t k = 0; k < 18; k++) {
        float *w = t.net[k % 2]->w + k / 2 * 19, was = *w;
        *w = was + 1e-2f;
        double up = towers_loss(&t, &b, &part, NULL);
        *w = was - 1e-2f;
        double down = towers_loss(&t, &b, &part, NULL);
        *w = was;
        near((up - down) / 2e-2, g[k % 2][k / 2], 2e-4);
    }
    struct fit_options o = usual;
    o.batch = 50;
    o.epochs = 60;
    o.validation = 0.2;
    o.rate.lr = 0.02;
    struct fit *f = fit_new(&o, &of, PAIRS);
    assert_int_equal(fit_run(f, go_on, NULL), FIT_DONE);
    assert_true(f->log[1] > 3 && f->log[59 * f->n_columns + 1] < 1.5);          /* ln 50 is 3.9 */
    assert_true(f->log[59 * f->n_columns + 2] > 0.6);
    fit_free(f);
    net_free(t.net[0]);
    net_free(t.net[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(least_squares), cmocka_unit_test(told), cmocka_unit_test(order), cmocka_unit_test(full),
        cmocka_unit_test(patience),
        cmocka_unit_test(breaks), cmocka_unit_test(taken_up), cmocka_unit_test(contrast),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
