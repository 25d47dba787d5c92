/* score: external scores against exact arithmetic and the plain formulas, internal ones
 * against slow references
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "golden.h"
#include "base/mem.h"
#include "base/par.h"
#include "base/rng.h"
#include "math/dist.h"
#include "score/bootstrap.h"
#include "score/centres.h"
#include "score/external.h"
#include "score/profile.h"
#include "score/lof.h"
#include "score/resample.h"
#include "score/silhouette.h"

static void near(double got, double want, double tolerance)
{
    if (!(fabs(got - want) <= tolerance))
        fail_msg("%.17g, not %.17g: off by %g", got, want, got - want);
}

/* Tables whose pairs pass 2^63. The wanted numbers by exact integers and 60-digit decimals:
 * Python's fractions of the formulas in score/external.h. */
static void big_tables(void **state)
{
    (void)state;
    static const struct {
        size_t n;
        struct cell cells[9];
        double ari, nmi, homogeneity, completeness, fowlkes_mallows, purity;
    } t[] = {
        { 4, { { 0, 0, 100000 }, { 0, 1, 3 }, { 1, 0, 7 }, { 1, 1, 100000 } }, 0.9998000189986401, 0.999219452019327,
          0.999219452019327, 0.999219452019327, 0.99990000899943, 0.999950002499875 },
        { 8, { { 0, 0, 3000000000 }, { 0, 1, 1000000000 }, { 0, 2, 1 }, { 1, 0, 1000000000 }, { 1, 1, 2000000000 },
               { 1, 2, 5 }, { 2, 1, 1 }, { 2, 2, 4000000000 } }, 0.6310975595256023, 0.653156328711264,
          0.6531563286799227, 0.6531563287426053, 0.7560975599881024, 0.818181817661157 },
        { 4, { { 0, 0, 2147483648 }, { 0, 1, 2147483648 }, { 1, 0, 2147483648 }, { 1, 1, 2147483648 } },
          -1.1641532185403987e-10, 0, 0, 0, 0.4999999998835847, 0.5 },
        { 2, { { 0, 0, 1000000000 }, { 1, 1, 1000000000 } }, 1, 1, 1, 1, 1, 1 },
        { 4, { { 0, 0, 1000000000000 }, { 0, 1, 999999999999 }, { 1, 0, 1000000000001 }, { 1, 1, 1000000000000 } },
          -2.50000000000125e-13, 4.508422002778011e-50, 4.508422002778011e-50, 4.508422002778011e-50,
          0.49999999999975, 0.50000000000025 },
    };
    for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
        struct external e = external_table(t[i].cells, t[i].n);
        near(e.ari, t[i].ari, 1e-15);
        near(e.nmi, t[i].nmi, 1e-12);
        near(e.homogeneity, t[i].homogeneity, 1e-12);
        near(e.completeness, t[i].completeness, 1e-12);
        near(e.fowlkes_mallows, t[i].fowlkes_mallows, 1e-14);
        near(e.purity, t[i].purity, 1e-14);
    }
}

/* By the formulas as they stand in the books: pairs counted one by one, hypergeometric chances
 * by factorials. */
static struct external slow(const uint32_t *u, const uint32_t *v, size_t n, size_t r, size_t c)
{
    struct external e = { 0 };
    double *t = mem_zero(r * c, sizeof *t), *a = mem_zero(r, sizeof *a), *b = mem_zero(c, sizeof *b);
    double both = 0, in_u = 0, in_v = 0, all = (double)n * ((double)n - 1) / 2, count = (double)n;
    for (size_t i = 0; i < n; i++) {
        t[u[i] * c + v[i]]++;
        a[u[i]]++;
        b[v[i]]++;
        for (size_t j = 0; j < i; j++) {
            both += u[i] == u[j] && v[i] == v[j];
            in_u += u[i] == u[j];
            in_v += v[i] == v[j];
        }
    }
    e.ari = (both - in_u * in_v / all) / ((in_u + in_v) / 2 - in_u * in_v / all);
    e.fowlkes_mallows = in_u * in_v > 0 ? both / sqrt(in_u * in_v) : 0;
    double mi = 0, hu = 0, hv = 0, emi = 0;
    for (size_t i = 0; i < r; i++)
        hu -= a[i] / count * log(a[i] / count);
    for (size_t j = 0; j < c; j++) {
        double most = 0;
        hv -= b[j] / count * log(b[j] / count);
        for (size_t i = 0; i < r; i++) {
            double x = t[i * c + j];
            most = x > most ? x : most;
            mi += x > 0 ? x / count * log(x * count / a[i] / b[j]) : 0;
            for (x = fmax(1, a[i] + b[j] - count); x <= fmin(a[i], b[j]); x++)
                emi += x / count * log(count * x / a[i] / b[j]) *
                       exp(lgamma(a[i] + 1) + lgamma(b[j] + 1) + lgamma(count - a[i] + 1) + lgamma(count - b[j] + 1) -
                           lgamma(count + 1) - lgamma(x + 1) - lgamma(a[i] - x + 1) - lgamma(b[j] - x + 1) -
                           lgamma(count - a[i] - b[j] + x + 1));
        }
        e.purity += most / count;
    }
    e.nmi = mi / ((hu + hv) / 2);
    e.homogeneity = mi / hu;
    e.completeness = mi / hv;
    e.v_measure = 2 * mi / (hu + hv);
    e.ami = (mi - emi) / ((hu + hv) / 2 - emi);
    free(t);
    free(a);
    free(b);
    return e;
}

/* label[n] drawn from 0 ... k-1, of which each occurs. */
static uint32_t *labels(size_t n, size_t k, uint64_t seed)
{
    uint32_t *label = mem_new(n, sizeof *label);
    struct rng r;
    rng_init(&r, seed, 0);
    for (size_t i = 0; i < n; i++)
        label[i] = (uint32_t)(i < k ? i : rng_below(&r, k) * rng_below(&r, k) / k);
    return label;
}

static void random_pairs(void **state)
{
    (void)state;
    const size_t shape[][3] = { { 40, 3, 4 }, { 500, 7, 2 }, { 300, 100, 5 }, { 200, 60, 150 }, { 1500, 10, 12 } };
    for (size_t s = 0; s < sizeof shape / sizeof *shape; s++) {
        size_t n = shape[s][0], r = shape[s][1], c = shape[s][2];
        uint32_t *u = labels(n, r, s), *v = labels(n, c, s + 100);
        for (size_t i = 0; i < n / 4 && c >= r; i++)
            v[n - 1 - i] = u[n - 1 - i];        /* some agreement */
        struct external got = external_scores(u, v, n), want = slow(u, v, n, r, c);
        near(got.ari, want.ari, 1e-13);
        near(got.fowlkes_mallows, want.fowlkes_mallows, 1e-13);
        near(got.nmi, want.nmi, 1e-13);
        near(got.ami, want.ami, 1e-10);
        near(got.homogeneity, want.homogeneity, 1e-13);
        near(got.completeness, want.completeness, 1e-13);
        near(got.v_measure, want.v_measure, 1e-13);
        near(got.purity, want.purity, 1e-13);
        assert_true(got.classes == r && got.clusters == c);
        free(u);
        free(v);
    }
}

static void corners(void **state)
{
    (void)state;
    struct external e = external_scores(NULL, NULL, 0);
    assert_true(e.nmi == 1 && e.ami == 1 && e.ari == 1 && e.homogeneity == 1 && e.completeness == 1 && e.v_measure == 1);
    assert_true(isnan(e.fowlkes_mallows) && isnan(e.purity));
    const uint32_t zeros[6] = { 0 }, counts[6] = { 0, 1, 2, 3, 4, 5 };
    e = external_scores(zeros, counts, 6);
    assert_true(e.nmi == 0 && e.ami == 0 && e.ari == 0 && e.homogeneity == 1 && e.completeness == 0 && e.v_measure == 0);
    assert_true(e.fowlkes_mallows == 0 && e.purity == 1);
    e = external_scores(counts, zeros, 6);
    assert_true(e.homogeneity == 0 && e.completeness == 1);
    near(e.purity, 1.0 / 6, 1e-16);
    e = external_scores(counts, counts, 6);
    assert_true(e.nmi == 1 && e.ami == 1 && e.ari == 1 && e.fowlkes_mallows == 1 && e.purity == 1);
    e = external_scores(zeros, zeros, 6);
    assert_true(e.nmi == 1 && e.ami == 1 && e.ari == 1 && e.fowlkes_mallows == 1 && e.purity == 1);
}

/* A million rows, each a class of its own against pairs: nothing here may take n^2. */
static void many_classes(void **state)
{
    (void)state;
    enum { N = 1000000 };
    uint32_t *u = mem_new(N, sizeof *u), *v = mem_new(N, sizeof *v);
    for (uint32_t i = 0; i < N; i++) {
        u[i] = i;
        v[i] = i / 2;
    }
    struct external e = external_scores(u, v, N);
    near(e.homogeneity, 1 - log(2) / log(N), 1e-12);
    near(e.ami, 0, 1e-9);
    near(e.purity, 0.5, 0);
    free(u);
    free(v);
}

static float *normal(size_t n, size_t d, double mean, uint64_t seed)
{
    float *x = mem_new(n * d, sizeof *x);
    struct rng r;
    rng_init(&r, seed, 0);
    for (size_t i = 0; i < n * d; i++)
        x[i] = (float)(mean + rng_normal(&r));
    return x;
}

static double distance(const float *a, const float *b, size_t d, bool cosine)
{
    double ab = 0, aa = 0, bb = 0;
    for (size_t i = 0; i < d; i++) {
        ab += (double)a[i] * (double)b[i];
        aa += (double)a[i] * (double)a[i];
        bb += (double)b[i] * (double)b[i];
    }
    return a == b ? 0 : !cosine ? sqrt(dist_sq(a, b, d)) : aa * bb > 0 ? 1 - ab / sqrt(aa) / sqrt(bb) : 1;
}

static void slow_silhouette(const float *x, size_t n, size_t d, const uint32_t *label, size_t k, bool cosine,
                            double *row)
{
    for (size_t i = 0; i < n; i++) {
        double *sum = mem_zero(k, sizeof *sum), *size = mem_zero(k, sizeof *size), b = INFINITY;
        for (size_t j = 0; j < n; j++) {
            sum[label[j]] += distance(x + i * d, x + j * d, d, cosine);
            size[label[j]]++;
        }
        double a = sum[label[i]] / (size[label[i]] - 1);
        for (size_t c = 0; c < k; c++)
            b = c != label[i] && sum[c] / size[c] < b ? sum[c] / size[c] : b;
        row[i] = size[label[i]] == 1 || fmax(a, b) == 0 ? 0 : (b - a) / fmax(a, b);
        free(sum);
        free(size);
    }
}

static void silhouette(void **state)
{
    (void)state;
    const size_t shape[][3] = { { 100, 3, 4 }, { 700, 5, 3 }, { 1300, 33, 9 }, { 515, 2, 200 }, { 17, 4, 2 }, { 3, 1, 2 } };
    for (size_t s = 0; s < sizeof shape / sizeof *shape; s++)
        for (int cosine = 0; cosine < 2; cosine++) {
            size_t n = shape[s][0], d = shape[s][1], k = shape[s][2];
            float *x = normal(n, d, cosine ? 0.5 : 1000, s);
            uint32_t *label = labels(n, k, s + 50);
            for (size_t i = 0; i + 40 < n; i += 40)      /* copies, a row of zeros */
                memcpy(x + (i + 1) * d, x + i * d, d * sizeof *x);
            memset(x, 0, d * sizeof *x * (n > 20));
            double *want = mem_new(n, sizeof *want), *got = mem_new(n, sizeof *got), mean = 0;
            slow_silhouette(x, n, d, label, k, cosine, want);
            for (size_t i = 0; i < n; i++)
                mean += want[i] / (double)n;
            near(silhouette_score(&(struct clustered){ x, n, d, label, k }, cosine, got, NULL), mean, 1e-12);
            for (size_t i = 0; i < n; i++)
                near(got[i], want[i], 1e-11);
            free(x);
            free(label);
            free(want);
            free(got);
        }
}

/* So many clusters that n x k sums are not kept: strips by themselves give the same. */
static void silhouette_many(void **state)
{
    (void)state;
    enum { N = 6000, K = 5700 };
    float *x = normal(N, 2, 0, 9);
    uint32_t *label = mem_new(N, sizeof *label);
    for (uint32_t i = 0; i < N; i++)
        label[i] = i % K;
    double *row = mem_new(N, sizeof *row), *slow_row = mem_new(N, sizeof *slow_row);
    double some = silhouette_score(&(struct clustered){ x, N, 2, label, K }, false, row, NULL);
    par_jobs = 3;
    assert_true(silhouette_score(&(struct clustered){ x, N, 2, label, K }, false, NULL, NULL) == some);
    par_jobs = 1;
    slow_silhouette(x, 300, 2, label, 300, false, slow_row);     /* all alone: 0 */
    for (size_t i = 0; i < 300; i++) {
        double a = sqrt(dist_sq(x + 2 * i, x + 2 * (i + K), 2)), b = INFINITY;
        for (size_t j = 0; j < K; j++) {
            double e = sqrt(dist_sq(x + 2 * i, x + 2 * j, 2));
            if (j + K < N)
                e = (e + sqrt(dist_sq(x + 2 * i, x + 2 * (j + K), 2))) / 2;
            b = j != i && e < b ? e : b;
        }
        assert_true(slow_row[i] == 0);
        near(row[i], (b - a) / fmax(a, b), 1e-11);
    }
    free(x);
    free(label);
    free(row);
    free(slow_row);
}

static void any_threads(void **state)
{
    (void)state;
    enum { N = 3000, D = 7, K = 5 };
    float *x = normal(N, D, 0, 2);
    uint32_t *label = labels(N, K, 4);
    double one[N], more[N];
    par_jobs = 1;
    double mean = silhouette_score(&(struct clustered){ x, N, D, label, K }, false, one, NULL);
    double ch = centres_calinski_harabasz(&(struct clustered){ x, N, D, label, K }), db = centres_davies_bouldin(&(struct clustered){ x, N, D, label, K });
    for (par_jobs = 2; par_jobs < 5; par_jobs++) {
        assert_true(silhouette_score(&(struct clustered){ x, N, D, label, K }, false, more, NULL) == mean);
        assert_memory_equal(one, more, sizeof one);
        assert_true(centres_calinski_harabasz(&(struct clustered){ x, N, D, label, K }) == ch);
        assert_true(centres_davies_bouldin(&(struct clustered){ x, N, D, label, K }) == db);
    }
    par_jobs = 1;
    free(x);
    free(label);
}

/* The rows' silhouettes of a golden set: x.npy, labelings.csv's second column and
 * silhouette_kmeans.npy (scikit-learn 1.9.1 from exact distances), if the folder is there. */
static void golden_set(const char *dir, size_t n, size_t d)
{
    char path[300], line[1000];
    float *x = mem_new(n * d, sizeof *x);
    double *want = mem_new(n, sizeof *want), *got = mem_new(n, sizeof *got);
    uint32_t *label = mem_new(n, sizeof *label);
    const struct { const char *name; void *to; size_t bytes; } files[] = {
        { "x.npy", x, n * d * sizeof *x }, { "silhouette_kmeans.npy", want, n * sizeof *want } };
    for (int i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/%s", dir, files[i].name);
        FILE *f = fopen(path, "rb");
        assert_non_null(f);
        assert_int_equal(fseek(f, -(long)files[i].bytes, SEEK_END), 0);
        assert_int_equal(fread(files[i].to, 1, files[i].bytes, f), files[i].bytes);
        fclose(f);
    }
    snprintf(path, sizeof path, "%s/labelings.csv", dir);
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    assert_non_null(fgets(line, sizeof line, f));
    size_t k = 0;
    for (size_t i = 0; i < n; i++) {
        assert_non_null(fgets(line, sizeof line, f));
        label[i] = (uint32_t)atoi(strchr(line, ',') + 1);
        k = label[i] >= k ? label[i] + (size_t)1 : k;
    }
    fclose(f);
    silhouette_score(&(struct clustered){ x, n, d, label, k }, false, got, NULL);
    for (size_t i = 0; i < n; i++)
        near(got[i], want[i], 1e-10);
    free(x);
    free(want);
    free(got);
    free(label);
}

static void golden(void **state)
{
    (void)state;
    golden_set("tests/golden/cluster/blobs", 300, 8);
    golden_set("tests/golden/cluster/dups", 60, 5);
    golden_set("tests/golden/cluster/moons", 400, 2);
    const char *gtzan = golden_path("golden/cluster/gtzan");
    if (access(gtzan, R_OK) == 0)
        golden_set(gtzan, 1000, 57);
}

/* Two pairs on a line: every number by hand. */
static void by_hand(void **state)
{
    (void)state;
    const float x[4] = { 0, 2, 10, 14 };
    const uint32_t label[4] = { 0, 0, 1, 1 }, same[4] = { 0 }, apart[4] = { 0, 1, 2, 3 };
    double row[4];
    silhouette_score(&(struct clustered){ x, 4, 1, label, 2 }, false, row, NULL);
    const double want[4] = { 10.0 / 12, 8.0 / 10, 5.0 / 9, 9.0 / 13 };
    for (int i = 0; i < 4; i++)
        near(row[i], want[i], 1e-15);
    near(centres_calinski_harabasz(&(struct clustered){ x, 4, 1, label, 2 }), 121 / (10.0 / 2), 1e-13);
    near(centres_davies_bouldin(&(struct clustered){ x, 4, 1, label, 2 }), 3.0 / 11, 1e-15);
    assert_true(isnan(silhouette_score(&(struct clustered){ x, 4, 1, same, 1 }, false, row, NULL)));
    assert_true(isnan(centres_calinski_harabasz(&(struct clustered){ x, 4, 1, apart, 4 })));
    assert_true(isnan(centres_davies_bouldin(&(struct clustered){ x, 4, 1, same, 1 })));
    const float equal[4] = { 3, 3, 3, 3 };
    assert_true(silhouette_score(&(struct clustered){ equal, 4, 1, label, 2 }, false, row, NULL) == 0);
    assert_true(centres_calinski_harabasz(&(struct clustered){ equal, 4, 1, label, 2 }) == 1);
    assert_true(centres_davies_bouldin(&(struct clustered){ equal, 4, 1, label, 2 }) == 0);
}

/* The best matching of a table by trying all permutations, and a table that is too large. */
static void matching(void **state)
{
    (void)state;
    static const uint32_t order[6][3] = { { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 }, { 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 } };
    struct rng r;
    rng_init(&r, 5, 0);
    for (size_t t = 0; t < 50; t++) {
        uint32_t u[40], v[40], most = 0;
        for (size_t i = 0; i < 40; i++) {
            u[i] = i < 3 ? (uint32_t)i : (uint32_t)rng_below(&r, 3);
            v[i] = i < 3 ? (uint32_t)i : (uint32_t)rng_below(&r, 3);
        }
        for (size_t p = 0; p < 6; p++) {
            uint32_t sum = 0;
            for (size_t i = 0; i < 40; i++)
                sum += order[p][u[i]] == v[i];
            most = sum > most ? sum : most;
        }
        near(external_scores(u, v, 40).matched_accuracy, most / 40., 1e-15);
    }
    enum { N = 10000 };
    uint32_t *apart = mem_new(N, sizeof *apart);
    for (size_t i = 0; i < N; i++)
        apart[i] = (uint32_t)i;
    assert_true(isnan(external_scores(apart, apart, N).matched_accuracy));
    free(apart);
}

/* The interval of a share is the binomial one; that of equal partitions is 1; of nothing, none. */
static void intervals(void **state)
{
    (void)state;
    enum { N = 1000 };
    double value[N];
    uint32_t truth[N], cluster[N];
    for (size_t i = 0; i < N; i++) {
        value[i] = i < 300;
        truth[i] = i % 2;
        cluster[i] = truth[i] ^ (i < 300);
    }
    struct interval m = bootstrap_mean(value, N, 4000, 1);
    double half = 1.96 * sqrt(0.21 / N);
    near(m.low, 0.3 - half, 0.003);
    near(m.high, 0.3 + half, 0.003);
    struct interval of[EXTERNAL_SCORES];
    bootstrap_external(truth, cluster, N, 4000, 1, of);
    near(of[8].low, 0.7 - half, 0.003);
    near(of[8].high, 0.7 + half, 0.003);
    bootstrap_external(truth, truth, N, 50, 1, of);
    for (size_t j = 0; j < EXTERNAL_SCORES; j++)
        assert_true(of[j].low == 1 && of[j].high == 1);
    bootstrap_external(truth, truth, 0, 50, 1, of);
    assert_true(isnan(of[0].low) && isnan(of[8].high));
    assert_true(isnan(bootstrap_mean(value, 0, 50, 1).low));
}

static void profiles(void **state)
{
    (void)state;
    static const float x[] = { 0, 0, 1,  4, 0, 1,  1, 0, 1,  -1, 5, 7,  -3, 5, 9 };
    static const uint32_t label[] = { 0, 0, 0, 1, 1 }, truth[] = { 2, 9, 0, 1, 1 };
    struct profile *p = profile_new(x, 5, 3, label, 2);
    assert_true(p->size[0] == 3 && p->size[1] == 2);
    assert_true(p->medoid[0] == 2 && p->medoid[1] == 3);        /* of equals the first */
    near(p->distance[0], (5 / 3. + 7 / 3. + 2 / 3.) / 3, 1e-15);
    near(p->distance[1], sqrt(2), 1e-15);
    size_t column[3];
    assert_int_equal(profile_top(p, 0, 3, column), 2);          /* 0 is not above 0 */
    assert_true(column[0] == 0 && column[1] == 2);
    assert_int_equal(profile_top(p, 1, 1, column), 1);
    assert_int_equal(column[0], 2);
    assert_int_equal(profile_top(p, 1, 0, column), 0);
    double apart[3];
    profile_against(p, 0, (const size_t[]){ 1, 0 }, 2, apart);
    assert_true(apart[1] == -5 && apart[2] == 1 - 8);
    near(apart[0], 5 / 3. + 2, 1e-15);
    profile_against(p, 1, (const size_t[]){ 1 }, 1, apart);
    assert_true(apart[0] == -2 && apart[1] == 5 && apart[2] == 8);
    static const float y[] = { 0, 2, 4, 100 };                  /* three clusters: rows of the others count, not their means */
    struct profile *q = profile_new(y, 4, 1, (const uint32_t[]){ 0, 0, 1, 2 }, 3);
    profile_against(q, 2, (const size_t[]){ 0, 1, 2 }, 3, apart);
    assert_true(apart[0] == 98);
    profile_free(q);
    uint32_t major[2];
    double share[2];
    profile_majority(truth, 9, label, 5, 2, major, share);
    assert_true(major[0] == 0 && share[0] == 0.5 && major[1] == 1 && share[1] == 1);
    profile_majority(truth, 1, label, 5, 2, major, share);
    assert_true(major[1] == 1 && isnan(share[1]));
    profile_free(p);
}

/* Against the definition, from all distances. */
static void lof_is_the_definition(void **unused)
{
    (void)unused;
    enum { N = 300, D = 3, K = 7 };
    float x[N * D];
    struct rng r;
    rng_init(&r, 3, 0);
    for (size_t i = 0; i < N * D; i++)
        x[i] = (float)(rng_normal(&r) * (i < 50 * D ? 0.1 : 1));
    struct near *t = near_new(x, N, D, NEAR_EUCLIDEAN);
    uint32_t near_of[N][K];
    double got[N], far[N], dense[N], d[N];
    for (size_t i = 0; i < N; i++) {
        for (size_t j = 0; j < N; j++)
            d[j] = i == j ? INFINITY : sqrt(dist_sq(x + i * D, x + j * D, D));
        for (size_t k = 0; k < K; k++) {
            size_t best = 0;
            for (size_t j = 1; j < N; j++)
                best = d[j] < d[best] ? j : best;
            near_of[i][k] = (uint32_t)best;
            far[i] = d[best];
            d[best] = INFINITY;
        }
    }
    for (size_t i = 0; i < N; i++) {
        double sum = 0;
        for (size_t k = 0; k < K; k++)
            sum += fmax(far[near_of[i][k]], sqrt(dist_sq(x + i * D, x + near_of[i][k] * D, D)));
        dense[i] = K / sum;
    }
    lof(t, N, K, got);
    for (size_t i = 0; i < N; i++) {
        double sum = 0;
        for (size_t k = 0; k < K; k++)
            sum += dense[near_of[i][k]];
        near(got[i], sum / K / dense[i], 1e-8);
    }
    near_free(t);

    const float y[] = { 0, 2, 7, 5, 9 };
    const uint32_t label[] = { 0, 0, 1, LOF_NONE, 1 };
    lof_centre(y, 5, 1, label, 2, got);
    assert_true(got[0] == 1 && got[1] == 1 && got[2] == 1 && isnan(got[3]) && got[4] == 1);
}

/* Gaps of known sums, the rule, agreement by hand, draws. */
static void resampling(void **unused)
{
    (void)unused;
    const double uniform[] = { exp(2), exp(4) };
    double s, chance;
    near(resample_gap(exp(1), uniform, 2, &s), 2, 1e-12);
    near(s, sqrt(1.5), 1e-12);
    assert_true(isnan(resample_gap(0, uniform, 2, &s)));
    const double gap[] = { 0.1, 0.5, 0.45, 0.6 }, ones[] = { 0, 0.1, 0.1, 0.1 };
    assert_int_equal(resample_gap_choice(gap, ones, 4), 1);
    assert_int_equal(resample_gap_choice(gap, ones, 2), 1);         /* none: the last */
    const double none[] = { NAN, NAN, 3 };
    assert_int_equal(resample_gap_choice(none, ones, 3), 2);

    const size_t a[] = { 0, 1, 2, 3, 5, 8 }, b[] = { 1, 2, 3, 4, 5, 6 };
    const int32_t la[] = { 2, 2, 0, 0, 1, 1 }, lb[] = { 0, 1, 1, 0, 2, 0 };
    near(resample_agreement(a, la, 6, b, lb, 6, 3, &chance), 1, 1e-12);     /* of 1, 2, 3, 5: {1} {2 3} {5} in both */
    near(chance, 1. / 36 + 25. / 36, 1e-12);
    assert_true(isnan(resample_agreement(a, la, 1, b, lb, 6, 3, &chance)) && isnan(chance));

    enum { N = 2000 };
    static float x[2 * N], y[2 * N];
    static size_t half[N / 2], other[N / 2];
    for (size_t i = 0; i < 2 * N; i++)
        x[i] = i % 2 ? 7 : (float)i / N - 1;            /* from -1 to 1, and a constant */
    resample_uniform(x, N, 2, 5, 0, y);
    double mean = 0, square = 0;
    for (size_t i = 0; i < N; i++) {
        assert_true(y[2 * i + 1] == 7 && y[2 * i] >= -1 && y[2 * i] <= 1);
        mean += (double)y[2 * i] / N;
        square += (double)y[2 * i] * (double)y[2 * i] / N;
    }
    near(mean, 0, 0.05);
    near(square, 1. / 3, 0.03);
    resample_half(N, 5, 0, half);
    resample_half(N, 5, 1, other);
    size_t common = 0;
    for (size_t i = 0, j = 0; i < N / 2; i++) {
        assert_true(half[i] < N && (i == 0 || half[i] > half[i - 1]));
        while (j < N / 2 && other[j] < half[i])
            j++;
        common += j < N / 2 && other[j] == half[i];
    }
    assert_true(common > N / 4 - 100 && common < N / 4 + 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(big_tables), cmocka_unit_test(random_pairs), cmocka_unit_test(corners),
        cmocka_unit_test(many_classes), cmocka_unit_test(silhouette), cmocka_unit_test(silhouette_many),
        cmocka_unit_test(any_threads), cmocka_unit_test(by_hand), cmocka_unit_test(golden),
        cmocka_unit_test(matching), cmocka_unit_test(intervals), cmocka_unit_test(profiles),
        cmocka_unit_test(lof_is_the_definition), cmocka_unit_test(resampling),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
