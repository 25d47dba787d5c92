/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cluster/mixture.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/par.h"
#include "cluster/kmeans.h"
#include "math/blas.h"

/* Rows are worked on in blocks: column by column, so that a processor's vectors hold one column of several rows. */
#if defined __AVX512F__
enum { WIDTH = 8 };
#elif defined __AVX__
enum { WIDTH = 4 };
#else
enum { WIDTH = 2 };
#endif
typedef double vec __attribute__((vector_size(WIDTH * sizeof(double))));
enum { ROWS = 64 };

/* Rows are cut into shards, whose number depends on k, d and n alone. */
struct work {
    struct mixture *m;
    const float *x;
    size_t n, shards, shard;
    const int32_t *start;       /* components that are known, or NULL */
    double *sum;                /* [shards][k][one]: how many rows, sums of deviations, of their squares or products */
    size_t one;
    double *likelihood;         /* [shards] */
    int32_t *label;             /* [n], or NULL: sums are wanted */
    float *p;                   /* [n][k], or NULL */
};

static bool matrices(const struct mixture *m) { return m->kind == MIXTURE_TIED || m->kind == MIXTURE_FULL; }

/* Numbers that are summed up for a component. */
static size_t sums_of(size_t d, enum mixture_kind kind)
{
    return 1 + d + (kind == MIXTURE_TIED || kind == MIXTURE_FULL ? mem_mul(d, d) : d);
}

/* ---- one block of rows ---- */

/* What a thread works with. */
struct scratch {
    double *x;                  /* [d][ROWS] */
    double *p;                  /* [k][ROWS]: logarithms of densities, then memberships */
    double *from, *turned;      /* [ROWS][d] deviations from a mean, the same times a factor; or NULL */
};

static struct scratch scratch_new(const struct mixture *m)
{
    struct scratch s = { mem_aligned(m->d * ROWS, sizeof(double)), mem_aligned(m->k * ROWS, sizeof(double)), NULL, NULL };
    if (matrices(m)) {
        s.from = mem_new(m->d * ROWS, sizeof(double));
        s.turned = mem_new(m->d * ROWS, sizeof(double));
    }
    return s;
}

static void scratch_free(struct scratch *s)
{
    free(s->x);
    free(s->p);
    free(s->from);
    free(s->turned);
}

/* Lay out the rows; places without one get the first. */
static void load_rows(const struct work *w, size_t begin, size_t rows, double *x)
{
    for (size_t r = 0; r < ROWS; r++) {
        const float *from = w->x + (begin + (r < rows ? r : 0)) * w->m->d;
        for (size_t j = 0; j < w->m->d; j++)
            x[j * ROWS + r] = (double)from[j];
    }
}

static inline vec load(const double *p)
{
    vec v;
    memcpy(&v, p, sizeof v);
    return v;
}

static inline void store(double *p, vec v)
{
    memcpy(p, &v, sizeof v);
}

/* to[ROWS] = sum over columns of ((x - mean) factor)^2; `step` 0: one factor for all columns. */
static void squares(const double *x, const double *mean, const double *factor, size_t step, size_t d, double *to)
{
    for (size_t r = 0; r < ROWS; r += 4 * WIDTH) {
        vec s0 = { 0 }, s1 = s0, s2 = s0, s3 = s0;
        for (size_t j = 0; j < d; j++) {
            const double *p = x + j * ROWS + r;
            double m = mean[j], f = factor[j * step];
            vec a = (load(p) - m) * f, b = (load(p + WIDTH) - m) * f;
            vec c = (load(p + 2 * WIDTH) - m) * f, e = (load(p + 3 * WIDTH) - m) * f;
            s0 += a * a;
            s1 += b * b;
            s2 += c * c;
            s3 += e * e;
        }
        store(to + r, s0);
        store(to + r + WIDTH, s1);
        store(to + r + 2 * WIDTH, s2);
        store(to + r + 3 * WIDTH, s3);
    }
}

static void deviations(const struct mixture *m, size_t k, struct scratch *s)
{
    for (size_t j = 0; j < m->d; j++)
        for (size_t r = 0; r < ROWS; r++)
            s->from[r * m->d + j] = s->x[j * ROWS + r] - m->mean[k * m->d + j];
}

/* Logarithms of the weighed densities, to s->p. */
static void densities(const struct mixture *m, struct scratch *s)
{
    size_t d = m->d;
    for (size_t k = 0; k < m->k; k++) {
        double *to = s->p + k * ROWS;
        if (matrices(m)) {
            deviations(m, k, s);
            blas_f64(false, true, ROWS, d, d, 1, s->from, d, m->factor + (m->kind == MIXTURE_FULL ? k * d * d : 0), d, 0,
                     s->turned, d);
            for (size_t r = 0; r < ROWS; r++) {
                to[r] = 0;
                for (size_t j = 0; j < d; j++)
                    to[r] += s->turned[r * d + j] * s->turned[r * d + j];
            }
        } else {
            size_t step = m->kind == MIXTURE_DIAG;
            squares(s->x, m->mean + k * d, m->factor + k * (step ? d : 1), step, d, to);
        }
        for (size_t r = 0; r < ROWS; r++)
            to[r] = m->constant[k] - to[r] / 2;
    }
}

/* Memberships from the logarithms; returns the sum of the rows' log-likelihoods. What is less than 2^-60 of the largest
 * is 0. */
static double memberships(const struct mixture *m, size_t rows, double *p)
{
    double total = 0;
    for (size_t r = 0; r < rows; r++) {
        double most = p[r], sum = 0;
        for (size_t k = 1; k < m->k; k++)
            most = p[k * ROWS + r] > most ? p[k * ROWS + r] : most;
        for (size_t k = 0; k < m->k; k++) {
            double less = p[k * ROWS + r] - most;
            p[k * ROWS + r] = less < -41.6 ? 0 : less < 0 ? exp(less) : 1;
            sum += p[k * ROWS + r];
        }
        for (size_t k = 0; k < m->k; k++)
            p[k * ROWS + r] /= sum;
        total += most + log(sum);
    }
    return total;
}

static double lanes_sum(vec v)
{
    double total = 0;
    for (int i = 0; i < WIDTH; i++)
        total += v[i];
    return total;
}

/* Add the rows' deviations from the mean and their squares, weighed by p[ROWS], to sum[d] and square[d]. */
static void add_squares(const double *x, const double *mean, const double *p, size_t d, double *sum, double *square)
{
    for (size_t j = 0; j < d; j++) {
        vec s0 = { 0 }, s1 = s0, q0 = s0, q1 = s0;
        for (size_t r = 0; r < ROWS; r += 2 * WIDTH) {
            vec a = load(x + j * ROWS + r) - mean[j], b = load(x + j * ROWS + r + WIDTH) - mean[j];
            vec wa = a * load(p + r), wb = b * load(p + r + WIDTH);
            s0 += wa;
            s1 += wb;
            q0 += wa * a;
            q1 += wb * b;
        }
        sum[j] += lanes_sum(s0 + s1);
        square[j] += lanes_sum(q0 + q1);
    }
}

/* The same with all products, by columns of deviations weighed by the roots of p. */
static void add_products(const struct mixture *m, size_t k, struct scratch *s, const double *p, double *sum, double *product)
{
    size_t d = m->d;
    deviations(m, k, s);
    for (size_t r = 0; r < ROWS; r++) {
        double root = sqrt(p[r]);
        for (size_t j = 0; j < d; j++) {
            sum[j] += p[r] * s->from[r * d + j];
            s->from[r * d + j] *= root;
        }
    }
    blas_f64(true, false, d, d, ROWS, 1, s->from, d, s->from, d, 1, product, d);
}

static void add_block(const struct mixture *m, struct scratch *s, double *sum, size_t one)
{
    size_t d = m->d;
    for (size_t k = 0; k < m->k; k++, sum += one) {
        const double *p = s->p + k * ROWS;
        double members = 0;
        for (size_t r = 0; r < ROWS; r++)
            members += p[r];
        if (!(members > 0))
            continue;
        sum[0] += members;
        if (matrices(m))
            add_products(m, k, s, p, sum + 1, sum + 1 + d);
        else
            add_squares(s->x, m->mean + k * d, p, d, sum + 1, sum + 1 + d);
    }
}

/* The likeliest components of a block, and its memberships. */
static void put_block(const struct work *w, size_t begin, size_t rows, const double *p)
{
    size_t count = w->m->k;
    for (size_t r = 0; r < rows; r++) {
        size_t best = 0;
        for (size_t k = 0; k < count; k++) {
            best = p[k * ROWS + r] > p[best * ROWS + r] ? k : best;
            if (w->p)
                w->p[(begin + r) * count + k] = (float)p[k * ROWS + r];
        }
        w->label[begin + r] = (int32_t)best;
    }
}

static void do_shard(size_t b, void *state)
{
    struct work *w = state;
    struct scratch s = scratch_new(w->m);
    double *sum = w->sum ? w->sum + b * w->m->k * w->one : NULL;
    size_t end = par_end(b, w->shard, w->n);
    w->likelihood[b] = 0;
    if (sum)
        memset(sum, 0, w->m->k * w->one * sizeof *sum);
    for (size_t begin = par_begin(b, w->shard); begin < end; begin += ROWS) {
        size_t rows = end - begin < ROWS ? end - begin : ROWS;
        load_rows(w, begin, rows, s.x);
        if (w->start) {
            memset(s.p, 0, w->m->k * ROWS * sizeof *s.p);
            for (size_t r = 0; r < rows; r++)
                s.p[(size_t)w->start[begin + r] * ROWS + r] = 1;
        } else {
            densities(w->m, &s);
            w->likelihood[b] += memberships(w->m, rows, s.p);
            for (size_t k = 0; k < w->m->k; k++)
                for (size_t r = rows; r < ROWS; r++)
                    s.p[k * ROWS + r] = 0;
        }
        if (sum)
            add_block(w->m, &s, sum, w->one);
        else
            put_block(w, begin, rows, s.p);
    }
    scratch_free(&s);
}

/* All rows; returns their mean log-likelihood. The sums are then in w->sum's first. */
static double do_rows(struct work *w)
{
    double total = 0;
    par_for(w->shards, do_shard, w);
    for (size_t b = 0; b < w->shards; b++)
        total += w->likelihood[b];
    for (size_t b = 1; w->sum && b < w->shards; b++)
        for (size_t i = 0; i < w->m->k * w->one; i++)
            w->sum[i] += w->sum[b * w->m->k * w->one + i];
    return total / (double)w->n;
}

/* ---- covariances and their factors ---- */

#define LOG_2_PI 1.83787706640934548356

/* The inverse (lower triangle) of the Cholesky factor of c[d][d], its pivots held at `least` or more; the logarithm of its
 * determinant in *log_det. Whether one had to be held, or nearly. */
static bool factorise(const double *c, size_t d, double least, double *inverse, double *log_det)
{
    double *l = mem_zero(d * d, sizeof *l);
    bool held = false;
    *log_det = 0;
    for (size_t i = 0; i < d; i++)
        for (size_t j = 0; j <= i; j++) {
            double s = c[i * d + j];
            for (size_t a = 0; a < j; a++)
                s -= l[i * d + a] * l[j * d + a];
            double floor = c[i * d + i] * 1e-13 > least ? c[i * d + i] * 1e-13 : least;     /* below is but rounding */
            held |= i == j && !(s >= 2 * floor);
            l[i * d + j] = i > j ? s / l[j * d + j] : sqrt(s >= floor ? s : floor);
        }
    memset(inverse, 0, d * d * sizeof *inverse);
    for (size_t j = 0; j < d; j++) {
        inverse[j * d + j] = 1 / l[j * d + j];
        *log_det -= log(l[j * d + j]);
        for (size_t i = j + 1; i < d; i++) {
            double s = 0;
            for (size_t a = j; a < i; a++)
                s -= l[i * d + a] * inverse[a * d + j];
            inverse[i * d + j] = s / l[i * d + i];
        }
    }
    free(l);
    return held;
}

void mixture_prepare(struct mixture *m)
{
    size_t d = m->d, each = m->kind == MIXTURE_FULL ? d * d : m->columns;
    if (!m->factor) {
        m->factor = mem_new(mem_mul(m->rows, m->columns), sizeof *m->factor);
        m->constant = mem_new(m->k, sizeof *m->constant);
    }
    m->collapsed = 0;
    for (size_t k = 0; k < m->k; k++) {
        const double *c = m->covariance + (m->kind == MIXTURE_TIED ? 0 : k * each);
        double *f = m->factor + (c - m->covariance), log_det = 0;
        bool held = false;
        if (matrices(m)) {
            held = factorise(c, d, m->least, f, &log_det);
        } else {
            for (size_t j = 0; j < each; j++) {
                double v = c[j] >= m->least ? c[j] : m->least;
                held |= !(c[j] >= 2 * m->least);
                f[j] = 1 / sqrt(v);
                log_det += log(f[j]) * (each == 1 ? (double)d : 1);
            }
        }
        m->collapsed += held;
        double weight = m->weight[k] > 0 ? log(m->weight[k]) : -1e300;
        m->constant[k] = weight + log_det - (double)d / 2 * LOG_2_PI;
    }
}

/* A component's covariance about its new mean, mean + shift, without reg: to c[d], or c[d][d]. */
static void covariance_of(const struct mixture *m, const double *sum, const double *shift, double *c)
{
    size_t d = m->d;
    if (matrices(m))
        for (size_t i = 0; i < d * d; i++)
            c[i] = sum[1 + d + i] / sum[0] - shift[i / d] * shift[i % d];
    else
        for (size_t j = 0; j < d; j++) {
            c[j] = sum[1 + d + j] / sum[0] - shift[j] * shift[j];
            c[j] = c[j] > 0 ? c[j] : 0;
        }
}

/* Weights, means and covariances from the sums. */
static void maximise(struct work *w, double reg)
{
    struct mixture *m = w->m;
    size_t d = m->d, cells = m->rows * m->columns;
    double *shift = mem_new(d, sizeof *shift), *c = mem_new(w->one, sizeof *c), all = 0;
    memset(m->covariance, 0, cells * sizeof *m->covariance);
    for (size_t k = 0; k < m->k; k++)
        all += w->sum[k * w->one] += 10 * DBL_EPSILON;
    for (size_t k = 0; k < m->k; k++) {
        double *sum = w->sum + k * w->one, share = sum[0] / all;
        for (size_t j = 0; j < d; j++)
            shift[j] = sum[1 + j] / sum[0];
        covariance_of(m, sum, shift, c);
        m->weight[k] = share;
        for (size_t j = 0; j < d; j++)
            m->mean[k * d + j] += shift[j];
        switch (m->kind) {
        case MIXTURE_SPHERICAL:
            for (size_t j = 0; j < d; j++)
                m->covariance[k] += (c[j] + reg) / (double)d;
            break;
        case MIXTURE_DIAG:
            for (size_t j = 0; j < d; j++)
                m->covariance[k * d + j] = c[j] + reg;
            break;
        case MIXTURE_TIED:
            for (size_t i = 0; i < d * d; i++)
                m->covariance[i] += share * c[i];
            break;
        default:
            memcpy(m->covariance + k * d * d, c, d * d * sizeof *c);
        }
    }
    for (size_t row = 0; matrices(m) && row < m->rows; row++)
        m->covariance[row * d + row % d] += reg;
    free(shift);
    free(c);
}

/* ---- all of it ---- */

/* How many shards sums of k components are held for: up to 64, unless they took more than 64 MB; at least 4. */
static size_t shards_for(size_t k, size_t one)
{
    double bytes = 8 * (double)k * (double)one, most = 64 << 20;
    return bytes * 64 < most ? 64 : bytes * 4 > most ? 4 : (size_t)(most / bytes);
}

static struct work work_on(struct mixture *m, const float *x, size_t n)
{
    struct work w = { .m = m, .x = x, .n = n, .one = sums_of(m->d, (enum mixture_kind)m->kind) };
    size_t shards = shards_for(m->k, w.one);
    w.shard = par_blocks(par_blocks(n, shards), ROWS) * ROWS;
    w.shards = n ? par_blocks(n, w.shard) : 0;
    w.likelihood = mem_new(w.shards, sizeof *w.likelihood);
    return w;
}

double mixture_bytes(size_t d, const struct mixture_options *o)
{
    double one = (double)sums_of(d, o->kind), k = (double)o->k;
    return 8 * k * one * ((double)shards_for(o->k, sums_of(d, o->kind)) + 2);
}

/* The mean variance of the columns, of all rows as one component. */
static double mean_variance(const float *x, size_t n, size_t d)
{
    double total = 0;
    for (size_t j = 0; j < d; j++) {
        double sum = 0, square = 0;
        for (size_t i = 0; i < n; i++) {
            double e = (double)x[i * d + j] - (double)x[j];
            sum += e;
            square += e * e;
        }
        total += (square - sum * (sum / (double)n)) / (double)n;
    }
    return total / (double)d;
}

struct mixture *mixture_fit(const float *x, size_t n, size_t d, const int32_t *start, const struct mixture_options *o)
{
    struct mixture *m = mem_zero(1, sizeof *m);
    size_t full = mem_mul(o->k, d);
    *m = (struct mixture){ .k = o->k, .d = d, .kind = (int)o->kind, .least = o->reg };
    m->rows = o->kind == MIXTURE_FULL ? full : o->kind == MIXTURE_TIED ? d : o->k;
    m->columns = o->kind == MIXTURE_SPHERICAL ? 1 : d;
    m->weight = mem_new(m->k, sizeof *m->weight);
    m->mean = mem_new(full, sizeof *m->mean);
    m->covariance = mem_new(mem_mul(m->rows, m->columns), sizeof *m->covariance);
    if (!(m->least > 0)) {
        double v = mean_variance(x, n, d);
        m->least = 1e-12 * (v > 0 ? v : 1);
    }
    struct work w = work_on(m, x, n);
    w.sum = mem_new(mem_mul(w.shards, mem_mul(m->k, w.one)), sizeof *w.sum);
    w.start = start;
    for (size_t i = 0; i < full; i++)
        m->mean[i] = (double)x[i % d];
    for (int pass = 0; pass < 2; pass++) {      /* the means, then covariances about them */
        do_rows(&w);
        maximise(&w, o->reg);
    }
    w.start = NULL;
    for (double last = -INFINITY; m->n_iter < o->max_iter && !m->converged; last = m->likelihood) {
        mixture_prepare(m);
        m->likelihood = do_rows(&w);
        maximise(&w, o->reg);
        m->converged = fabs(m->likelihood - last) < o->tol;
        m->n_iter++;
        if (o->tick)
            o->tick(m->n_iter, o->state);
    }
    mixture_prepare(m);
    free(w.sum);
    free(w.likelihood);
    return m;
}

double mixture_label(const struct mixture *m, const float *x, size_t n, int32_t *label, float *p)
{
    struct mixture copy = *m;
    struct work w = work_on(&copy, x, n);
    w.label = label;
    w.p = p;
    double likelihood = n ? do_rows(&w) : 0;
    free(w.likelihood);
    return likelihood;
}

double mixture_parameters(const struct mixture *m)
{
    double k = (double)m->k, d = (double)m->d;
    double of[] = { k, k * d, d * (d + 1) / 2, k * d * (d + 1) / 2 };
    return of[m->kind] + k * d + k - 1;
}

void mixture_criteria(const struct mixture *m, double likelihood, size_t n, double *bic, double *aic)
{
    double minus_twice = -2 * (double)n * likelihood, parameters = mixture_parameters(m);
    *bic = minus_twice + parameters * log((double)n);
    *aic = minus_twice + parameters * 2;
}

static void label_by_means(const float *x, size_t n, size_t d, size_t k, uint64_t seed, int32_t *labels)
{
    struct kmeans_options o = { .k = k, .n_init = 1, .max_iter = 300, .tol = 1e-4, .seed = seed };
    struct kmeans *means = kmeans_fit(x, n, d, &o);
    memcpy(labels, means->label, n * sizeof *labels);
    kmeans_free(means);
}

struct mixture *mixture_best(const float *x, size_t n, size_t d, const struct mixture_options *o)
{
    struct mixture *best = NULL;
    int32_t *first = mem_new(n, sizeof *first);
    for (size_t start = 0; start < (o->init ? 1 : o->n_init); start++) {
        if (o->init)
            kmeans_label(&(struct kmeans){ .k = o->k, .d = d, .centre = o->init }, x, n, first);
        else
            label_by_means(x, n, d, o->k, o->seed + start, first);
        struct mixture *m = mixture_fit(x, n, d, first, o);
        if (best && !(m->likelihood > best->likelihood)) {
            mixture_free(m);
            continue;
        }
        mixture_free(best);
        best = m;
    }
    free(first);
    return best;
}

void mixture_free(struct mixture *m)
{
    if (!m)
        return;
    free(m->weight);
    free(m->mean);
    free(m->covariance);
    free(m->factor);
    free(m->constant);
    free(m);
}
