/* info_nce, towers, contrast_fit: against closed forms, finite differences and PyTorch; which views are drawn, their noise;
 * the share of what was learned; half whitening; draws_u32
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "nn.h"

#include "base/par.h"
#include "base/rng.h"
#include "math/draws.h"
#include "math/pca.h"
#include "math/vec.h"
#include "nn/contrast_fit.h"
#include "nn/linear.h"
#include "npz.h"

static void near(double is, double want, double tol)
{
    if (!(fabs(is - want) <= tol))
        fail_msg("%.9g is not %.9g", is, want);
}

/* ---- the loss ---- */

static void closed_forms(void **state)
{
    (void)state;
    enum { N = 70, D = 80 };
    struct info_nce *l = info_nce_new(N, D, 0.25);
    double found;
    l->n = N;
    for (size_t i = 0; i < N * D; i++)
        l->a[i] = l->b[i] = 3;
    near(info_nce_loss(l, &found), log(N), 1e-6);               /* all the same: a guess, and no best one */
    near(found, 0, 0);
    for (size_t i = 0; i < N * D; i++)
        near((double)l->da[i], 0, 1e-7);
    for (size_t i = 0; i < N; i++)
        for (size_t j = 0; j < D; j++) {                        /* at right angles, of any length */
            l->a[i * D + j] = i == j ? (float)i + 1 : 0;
            l->b[i * D + j] = i == j ? 0.5f : 0;
        }
    near(info_nce_loss(l, &found), info_nce_least(N, 0.25), 1e-6);
    near(info_nce_least(N, 0.25), log(1 + (N - 1) * exp(-4)), 1e-12);
    near(found, 1, 0);
    l->n = 1;
    near(info_nce_loss(l, NULL), 0, 1e-7);
    memset(l->a, 0, D * sizeof *l->a);                          /* no direction: as PyTorch, divided by 1e-12 */
    near(info_nce_loss(l, NULL), 0, 1e-7);
    assert_true(isfinite(l->da[0]) && l->a[0] == 0);
    info_nce_free(l);
}

static void differences(void **state)
{
    (void)state;
    enum { N = 45, D = 6 };
    struct info_nce *l = info_nce_new(50, D, 0.4);
    float a[N * D], b[N * D];
    struct rng rng;
    rng_init(&rng, 5, 0);
    for (size_t i = 0; i < N * D; i++) {
        a[i] = (float)rng_normal(&rng);
        b[i] = a[i] + (float)rng_normal(&rng);
    }
    l->n = N;
    memcpy(l->a, a, sizeof a);
    memcpy(l->b, b, sizeof b);
    info_nce_loss(l, NULL);
    for (size_t k = 0; k < 2 * N * D; k += 13) {
        float *x = k % 2 ? b : a, *at = x + k / 2, was = *at;
        double g = (double)(k % 2 ? l->db : l->da)[k / 2], loss[2];
        struct info_nce *m = info_nce_new(50, D, 0.4);
        for (int up = 0; up < 2; up++) {
            *at = was + (up ? 0.01f : -0.01f);
            m->n = N;
            memcpy(m->a, a, sizeof a);
            memcpy(m->b, b, sizeof b);
            loss[up] = info_nce_loss(m, NULL);
        }
        *at = was;
        near((loss[1] - loss[0]) / 0.02, g, 2e-5);
        info_nce_free(m);
    }
    info_nce_free(l);
}

static void loss_of_torch(void **state)
{
    (void)state;
    struct safetensors *g = golden("contrast/loss");
    if (!g)
        skip();
    float *a = values(g, "a", NULL), *b = values(g, "b", NULL), *t = values(g, "t", NULL), *loss = values(g, "loss", NULL);
    float *share = values(g, "found", NULL);
    double found;
    struct info_nce *l = info_nce_new(7, 5, (double)*t);
    l->n = 7;
    memcpy(l->a, a, 35 * sizeof *a);
    memcpy(l->b, b, 35 * sizeof *b);
    near_to("loss", info_nce_loss(l, &found), (double)*loss, 1e-6);
    near(found, (double)*share, 1e-6);
    same("da", g, "da", l->da, 1e-6);
    same("db", g, "db", l->db, 1e-6);
    info_nce_free(l);
    free(a);
    free(b);
    free(t);
    free(loss);
    free(share);
    safetensors_close(g);
}

/* ---- training ---- */

/* Two towers, their weights those of PyTorch. */
static void towers_of_torch(void **state)
{
    (void)state;
    struct safetensors *g = golden("contrast/towers");
    if (!g)
        skip();
    float *x[2] = { values(g, "xa", NULL), values(g, "xl", NULL) }, *loss = values(g, "loss", NULL);
    static const size_t first[6] = { 0, 1, 2, 3, 4, 5 };
    struct contrast_fit o = { .temperature = 0.5, .batch = 5 };
    char name[64];
    for (size_t s = 0; s < 2; s++) {
        struct tower_config c = { .name = s ? "l" : "a", .d = s ? 3 : 6, .out = 4, .widths = { 8, 8 }, .n_widths = 2 };
        o.tower[s] = tower_new(&c, TOWER_LAYERS, 5, true);
        o.songs[s] = (struct songs){ 5, first, x[s] };
        struct net *n = o.tower[s]->net;
        assert_int_equal(n->n_params, 6);
        for (size_t i = 0; i < 6; i++) {
            snprintf(name, sizeof name, "%s.value", n->params[i].name);
            float *w = values(g, name, NULL);
            memcpy(net_values(n, &n->params[i]), w, n->params[i].count * sizeof *w);
            free(w);
        }
        net_changed(n);
    }
    struct objective of = contrast_fit_new(&o);
    struct optim optim;
    double parts[1];
    assert_int_equal(of.n_weights, 12);
    optim_new(&optim, &(struct adam){ 0.9, 0.999, 1e-8, 0.01, true }, 0, of.weights, of.n_weights);
    for (int step = 0; step < 3; step++) {
        struct batch b = { .rows = first, .n = 5, .training = true, .step = optim.t };
        near_to("loss", of.loss(of.ctx, &b, parts, NULL), (double)loss[step], 1e-6);
        for (size_t s = 0; s < 2 && step == 0; s++)
            for (size_t i = 0; i < 6; i++) {
                struct net *n = o.tower[s]->net;
                snprintf(name, sizeof name, "grad.%s", n->params[i].name);
                same(name, g, name, n->g + n->params[i].offset, 2e-6);
            }
        assert_true(optim_step(&optim, 0.01));
        of.changed(of.ctx);
    }
    for (size_t s = 0; s < 2; s++)
        for (size_t i = 0; i < 6; i++) {
            struct net *n = o.tower[s]->net;
            snprintf(name, sizeof name, "after.%s", n->params[i].name);
            same(name, g, name, net_values(n, &n->params[i]), 2e-5);
        }
    optim_free(&optim);
    contrast_fit_free(&o);
    tower_free(o.tower[0]);
    tower_free(o.tower[1]);
    free(x[0]);
    free(x[1]);
    free(loss);
    safetensors_close(g);
}

/* The shared golden: one tower 50-256-256-32, views with noise and dropout as they were drawn there, two steps by hand. */
struct given { const float *x, *noise, *keep; };

static void fetch_given(void *ctx, size_t row, float *x)
{
    const struct given *v = ctx;
    for (size_t j = 0; j < 50; j++)
        x[j] = (v->x[row * 50 + j] + v->noise[row * 50 + j]) * v->keep[row * 50 + j] / 0.8f;
}

static float *shared_array(const char *name)
{
    size_t n;
    return npz_read(golden_path("golden/texture/net.npz"), name, &n);
}

static void same_numbers(const char *name, const float *is, size_t n, double tol)
{
    float *want = shared_array(name), most = 0;
    for (size_t i = 0; i < n; i++)
        most = fabsf(want[i]) > most ? fabsf(want[i]) : most;
    for (size_t i = 0; i < n; i++)
        if (!(fabs((double)is[i] - (double)want[i]) <= tol * (double)most))
            fail_msg("%s[%zu] is %g, not %g", name, i, (double)is[i], (double)want[i]);
    free(want);
}

static void net_of_torch(void **state)
{
    (void)state;
    float *x = shared_array("x"), *noise = shared_array("noise"), *keep = shared_array("keep");
    char name[32];
    double rate = 2e-3;
    if (!x)
        skip();
    struct tower_config c = { .name = "a", .d = 50, .out = 32, .widths = { 256, 256 }, .n_widths = 2 };
    struct tower *t = tower_new(&c, TOWER_LAYERS, 40, true);
    struct info_nce *l = info_nce_new(20, 32, 1);
    struct optim optim;
    size_t count;
    for (size_t i = 0; i < 6; i++) {
        snprintf(name, sizeof name, "init.%zu", i);
        float *w = shared_array(name);
        memcpy(net_values(t->net, &t->net->params[i]), w, t->net->params[i].count * sizeof *w);
        free(w);
    }
    struct weights *weights = net_weights(t->net, &count);
    optim_new(&optim, &(struct adam){ 0.9, 0.999, 1e-8, 0.01, true }, 0, weights, count);
    for (size_t step = 0; step < 3; step++) {
        struct given v = { x + step * 2000, noise + step * 2000, keep + step * 2000 };
        t->net->pass = (struct net_pass){ .rows = 40, .training = true, .fetch = fetch_given, .ctx = &v };
        net_forward(t->net, 0, SIZE_MAX);
        for (size_t i = 0; i < 20; i++) {
            tower_row(t, t->out, i, l->a + i * 32);
            tower_row(t, t->out, 20 + i, l->b + i * 32);
        }
        l->n = 20;
        float loss = (float)info_nce_loss(l, NULL);
        snprintf(name, sizeof name, "loss%zu", step);
        same_numbers(name, &loss, 1, 1e-6);
        if (step == 0)
            same_numbers("z", l->a, 20 * 32, 2e-6);
        memset(t->net->nodes[t->out].dy, 0, 64 * 32 * sizeof(float));
        for (size_t i = 0; i < 40; i++)
            tower_set_gradient(t, i, (i < 20 ? l->da : l->db) + i % 20 * 32);
        net_backward(t->net);
        for (size_t i = 0; i < 6 && step == 0; i++) {
            snprintf(name, sizeof name, "grad.%zu", i);
            same_numbers(name, t->net->g + t->net->params[i].offset, t->net->params[i].count, 5e-6);
        }
        assert_true(optim_step(&optim, rate));
        for (size_t i = 0; i < 6 && step != 1; i++) {           /* where a gradient is nearly 0, Adam's step has any sign */
            snprintf(name, sizeof name, "step%zu.%zu", step + 1, i);
            same_numbers(name, net_values(t->net, &t->net->params[i]), t->net->params[i].count, 1e-3);
        }
    }
    optim_free(&optim);
    free(weights);
    info_nce_free(l);
    tower_free(t);
    free(x);
    free(noise);
    free(keep);
}

/* ---- views ---- */

/* Songs of 1 to 4 rows, each row its own number. */
enum { SONGS = 30, WIDE = 5 };

static struct contrast_fit plain_fit(size_t *first, float *x, size_t wide)
{
    struct tower_config c = { .name = "a", .d = wide, .out = 3, .widths = { 4 }, .n_widths = 1 };
    first[0] = 0;
    for (size_t s = 0; s < SONGS; s++)
        first[s + 1] = first[s] + 1 + s % 4;
    for (size_t i = 0; i < first[SONGS] * wide; i++)
        x[i] = (float)(i / wide);
    struct contrast_fit o = { .tower = { tower_new(&c, TOWER_LAYERS, 2 * SONGS, true) }, .songs = { { SONGS, first, x } },
                              .temperature = 1, .batch = SONGS };
    net_init(o.tower[0]->net, 1, 0);
    return o;
}

static size_t song_of(const size_t *first, size_t row)
{
    size_t s = 0;
    while (first[s + 1] <= row)
        s++;
    return s;
}

static void views(void **state)
{
    (void)state;
    size_t first[SONGS + 1], rows[SONGS], seen[4][4] = { { 0 } };
    float x[4 * SONGS * WIDE];
    double parts[1];
    struct contrast_fit o = plain_fit(first, x, WIDE);
    struct objective of = contrast_fit_new(&o);
    for (size_t i = 0; i < SONGS; i++)
        rows[i] = SONGS - 1 - i;
    for (uint64_t step = 0; step < 400; step++) {
        struct batch b = { .rows = rows, .n = SONGS, .training = true, .seed = 3, .step = step };
        of.loss(of.ctx, &b, parts, NULL);
        for (size_t i = 0; i < SONGS; i++) {
            size_t begin = first[rows[i]], count = first[rows[i] + 1] - begin;
            assert_in_range(o.row[0][i], begin, begin + count - 1);
            assert_in_range(o.row[1][i], begin, begin + count - 1);
            assert_true(count == 1 || o.row[0][i] != o.row[1][i]);
            if (count == 4)
                seen[o.row[0][i] - begin][o.row[1][i] - begin]++;
        }
    }
    for (size_t i = 0; i < 16; i++)             /* 2800 pairs of different ones: 233 each, 5 deviations of 15 */
        assert_true(i / 4 == i % 4 ? seen[i / 4][i % 4] == 0 : fabs((double)seen[i / 4][i % 4] - 2800.0 / 12) < 75);
    o.pairs = true;
    size_t same = 0;
    for (uint64_t step = 0; step < 50; step++) {
        struct batch b = { .rows = rows, .n = SONGS, .training = true, .seed = 3, .step = step };
        of.loss(of.ctx, &b, parts, NULL);
        for (size_t i = 0; i < SONGS; i++)
            same += song_of(first, o.row[0][i]) == song_of(first, o.row[1][i]);
    }
    assert_int_equal(same, 0);
    o.pairs = false;
    struct batch b = { .rows = rows, .n = SONGS };
    of.loss(of.ctx, &b, parts, NULL);
    for (size_t i = 0; i < SONGS; i++)
        assert_true(o.row[0][i] == first[rows[i]] && o.row[1][i] == first[rows[i] + 1] - 1);
    tower_free(o.tower[0]);
    contrast_fit_free(&o);
}

static void noise(void **state)
{
    (void)state;
    enum { MANY = 200000 };
    size_t first[SONGS + 1], zeros = 0;
    float *x = mem_zero(4 * SONGS * (size_t)MANY, sizeof *x), *y = mem_new(MANY, sizeof *y), *z = mem_new(MANY, sizeof *z);
    struct contrast_fit o = plain_fit(first, x, MANY);
    o.noise = 0.3;
    o.dropout = 0.2;
    contrast_fit_new(&o);
    contrast_fit_view(&o, 0, 2, 7, 11, 5, y);
    double sum = 0, squares = 0, fourth = 0, n = 0;
    for (size_t j = 0; j < MANY; j++) {
        double e = (double)y[j] * 0.8 - 2;      /* row 2 holds 2 everywhere */
        zeros += y[j] == 0;
        if (y[j] == 0)
            continue;
        n++;
        sum += e;
        squares += e * e;
        fourth += e * e * e * e;
    }
    near((double)zeros / MANY, 0.2, 5 * sqrt(0.16 / MANY));
    near(sum / n, 0, 5 * 0.3 / sqrt(n));
    near(squares / n, 0.09, 5 * 0.09 * sqrt(2 / n));
    near(fourth / n / (0.09 * 0.09), 3, 5 * sqrt(96 / n));      /* of a normal distribution */
    contrast_fit_view(&o, 0, 2, 7, 12, 5, z);
    assert_memory_not_equal(y, z, MANY * sizeof *y);
    contrast_fit_view(&o, 0, 2, 7, 11, 5, z);
    assert_memory_equal(y, z, MANY * sizeof *y);
    contrast_fit_free(&o);
    tower_free(o.tower[0]);
    free(x);
    free(y);
    free(z);
}

/* ---- what was learned ---- */

/* Rows of a song lie together, but for one; the net is the identity. */
static void share(void **state)
{
    (void)state;
    static const float x[7][2] = { { 1, 0 }, { 1, 0.1f }, { 0, 1 }, { -0.1f, 1 }, { 0.9f, 0.05f }, { -1, -1 }, { -1, -0.9f } };
    static const size_t first[5] = { 0, 2, 5, 6, 7 };
    struct tower_config c = { .name = "a", .d = 2, .out = 2, .n_widths = 0 };
    struct contrast_fit o = { .tower = { tower_new(&c, TOWER_LAYERS, 4, true) }, .songs = { { 4, first, x[0] } },
                              .temperature = 1, .batch = 2 };
    struct net *n = o.tower[0]->net;
    double chance;
    net_values(n, &n->params[0])[0] = net_values(n, &n->params[0])[3] = 1;
    contrast_fit_new(&o);
    /* Rows 0, 1 are nearest to row 4, which is another song's, as it is to them; songs of one row do not count. */
    near(contrast_fit_share(&o, 100, &chance), 2.0 / 5, 1e-12);
    near(chance, (1 + 1 + 2 + 2 + 2) / 5.0 / 4, 1e-12);
    contrast_fit_free(&o);
    tower_free(o.tower[0]);
}

/* ---- half whitening ---- */

static void half_whitening(void **state)
{
    (void)state;
    enum { N = 500, D = 6 };
    float x[N][D], matrix[D * D], y[D];
    struct rng rng;
    rng_init(&rng, 9, 0);
    struct pca_fit *fit = pca_fit_new(D);
    for (size_t i = 0; i < N; i++) {
        double h[4];
        for (size_t j = 0; j < 4; j++)
            h[j] = rng_normal(&rng) * pow(3, (double)j);
        for (size_t j = 0; j < D; j++)          /* of rank 4 */
            x[i][j] = (float)(h[j % 4] + h[(j + 1) % 4] * (double)j + 7);
    }
    pca_fit_add(fit, x[0], N);
    struct pca *p = pca_fit_solve(fit, 0);
    assert_int_equal(pca_half_whitening(p, 5, matrix), 4);
    double mean = 0, cov[4][4] = { { 0 } };
    for (size_t i = 0; i < N; i++) {
        for (size_t k = 0; k < 4; k++) {
            y[k] = 0;
            for (size_t j = 0; j < D; j++)
                y[k] += matrix[k * D + j] * (x[i][j] - (float)p->mean[j]);
            mean += (double)(y[k] * y[k]) / (4 * N);
        }
        for (size_t k = 0; k < 16; k++)
            cov[k / 4][k % 4] += (double)(y[k / 4] * y[k % 4]) / N;
    }
    near(mean, 1, 1e-5);
    for (size_t k = 0; k < 16; k++)             /* variances are those of before to the power 1/2 */
        near(cov[k / 4][k % 4] / cov[0][0], k / 4 == k % 4 ? sqrt(p->variance[k / 4] / p->variance[0]) : 0, 1e-5);
    assert_int_equal(pca_half_whitening(p, 2, matrix), 2);
    pca_free(p);
}

/* ---- draws at once ---- */

static void draws(void **state)
{
    (void)state;
    for (size_t begin = 0; begin < 6; begin++)
        for (size_t n = 0; n < 400; n += 99) {
            uint32_t u[400];
            struct rng a, b;
            rng_init(&a, 7, (uint64_t)9 << 60 | 3);
            rng_init(&b, 7, (uint64_t)9 << 60 | 3);
            rng_seek(&a, 0xfffffffd);           /* the counter's lower half is over soon */
            rng_seek(&b, 0xfffffffd);
            for (size_t i = 0; i < begin; i++)
                assert_int_equal(rng_u32(&a), rng_u32(&b));
            draws_u32(&a, u, n);
            for (size_t i = 0; i < n; i++)
                assert_int_equal(u[i], rng_u32(&b));
            assert_int_equal(rng_u32(&a), rng_u32(&b));
        }
}

/* The same bits for any number of threads: the loss and its gradients. */
static void threads(void **state)
{
    (void)state;
    float x[2][300];
    for (int run = 0; run < 2; run++) {
        struct info_nce *l = info_nce_new(100, 3, 0.5);
        struct rng rng;
        rng_init(&rng, 5, 0);
        for (size_t i = 0; i < 600; i++)
            (i % 2 ? l->a : l->b)[i / 2] = (float)rng_normal(&rng);
        l->n = 100;
        par_jobs = run ? 4 : 1;
        info_nce_loss(l, NULL);
        memcpy(x[run], l->da, sizeof x[run]);
        info_nce_free(l);
    }
    assert_memory_equal(x[0], x[1], sizeof x[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(closed_forms), cmocka_unit_test(differences), cmocka_unit_test(loss_of_torch),
        cmocka_unit_test(towers_of_torch), cmocka_unit_test(net_of_torch), cmocka_unit_test(views), cmocka_unit_test(noise),
        cmocka_unit_test(share), cmocka_unit_test(half_whitening), cmocka_unit_test(draws), cmocka_unit_test(threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
