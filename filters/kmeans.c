/* kmeans - cluster vectors around k centres
 *
 * in      records with a vector x
 * out     the same records with cluster (int from 0) and distance (to its centre)
 * memory  all vectors, 8 bytes a number, and up to 64 MB; other fields are not held
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/budget.h"
#include "base/die.h"
#include "base/mem.h"
#include "base/progress.h"
#include "cluster/dbscan.h"
#include "cluster/kmeans.h"
#include "drive/model.h"
#include "drive/slurp.h"
#include "score/centres.h"
#include "score/silhouette.h"

enum { BY_SILHOUETTE, BY_CALINSKI_HARABASZ, BY_DAVIES_BOULDIN, BY_INERTIA_KNEE };

static struct {
    const char *in, *out, *save, *n_clusters, *scan;
    struct opt_input model, init;
    int64_t n_init, max_iter;
    int by;
    double tol;
    uint64_t seed;
} arg = { .in = "x", .out = "cluster", .n_init = 10, .max_iter = 300, .tol = 1e-4 };

static const struct opt opts[] = {
    OPT_STR('i', "input", &arg.in, "FIELD", "field to read"),
    OPT_STR('o', "output", &arg.out, "FIELD", "field to write"),
    OPT_STR('k', "n-clusters", &arg.n_clusters, "K|A:B",
            "number of clusters, or the best of A to B; not set: as many as --init or --model has"),
    OPT_NOTE(0, "scan", &arg.scan, "FILE", "write the scores of all k of A:B to this file, as records"),
    OPT_CHOICE(0, "by", &arg.by, "silhouette|calinski_harabasz|davies_bouldin|inertia-knee", "which k of A:B is the best"),
    OPT_INT(0, "n-init", &arg.n_init, 1, 1e6, "starts, the best of which is kept"),
    OPT_INT(0, "max-iter", &arg.max_iter, 1, 1e9, "most steps of a start"),
    OPT_F64(0, "tol", &arg.tol, 0, 1e300, "stop when the centres move less: share of the mean variance"),
    OPT_SEED(&arg.seed),
    OPT_INPUT(0, "init", &arg.init, "start from the vectors of this stream, once"),
    OPT_INPUT('m', "model", &arg.model, "take the centres of this model and only label"),
    OPT_NOTE(0, "save", &arg.save, "FILE", "write the centres to this file"),
    OPT_END
};
static const struct prog prog = {
    .name = "kmeans", .brief = "cluster vectors around k centres",
    .in = IO_RECORDS, .out = IO_RECORDS, .reads = "x vector", .writes = "cluster label, distance number",
    .example = "-k 2", .conv = "sklearn-1.9", .opts = opts, .also = slurp_also,
};

static size_t k_first, k_last;      /* -k; 0 if not set */

struct result { const int32_t *label; const double *distance; char *distance_name; };

static void annotate(struct rec *r, size_t row, void *state)
{
    const struct result *to = state;
    item_note_side(r, to->distance_name);
    if (row == SLURP_NONE) {
        rec_set_nil(r, arg.out);
        rec_set_nil(r, to->distance_name);
    } else {
        rec_set_int(r, arg.out, to->label[row]);
        rec_set_f64(r, to->distance_name, to->distance[row]);
    }
}

/* The vectors of --init: init[k][d], or NULL without. */
static double *starts(size_t d, size_t *k)
{
    if (!arg.init.path)
        return NULL;
    struct rec_in *in = rec_open_file(arg.init.path, IO_RECORDS);
    struct rec *r = rec_new();
    struct row row = { NULL, 0, 0 };
    double *init = NULL;
    size_t cap = 0;
    for (*k = 0; rec_next(in, r); ++*k) {
        struct value v = rec_get(r, arg.in);
        struct text id = rec_id(r);
        if (!row_read(r, arg.in, &v, head_columns(rec_head(in), arg.in), &row))
            die(ST_STOPPED, "%s: %.*s: %s", arg.init.path, (int)id.n, id.p, r->error);
        if (row.d != d)
            die(ST_STOPPED, "%s has vectors of %zu numbers, the input of %zu", arg.init.path, row.d, d);
        mem_grow(&init, &cap, (*k + 1) * d, sizeof *init);
        for (size_t j = 0; j < d; j++)
            init[*k * d + j] = (double)row.x[j];
    }
    arg.init.xxh3 = rec_hash(in);
    free(row.x);
    rec_free(r);
    rec_close(in);
    return init;
}

static struct kmeans *load(const struct rec_in *in)
{
    struct model *file = model_load(&arg.model, prog.name);
    struct value input = rec_get(model_config(file), "input");
    size_t shape[2];
    struct kmeans *m = mem_zero(1, sizeof *m);
    m->centre = model_f64(file, "centres", 2, shape);
    m->k = shape[0];
    m->d = shape[1];
    m->converged = true;
    if (input.type != V_STR || m->k == 0 || m->k > INT32_MAX || m->d == 0)
        model_bad(file, "no input, or no centres");
    for (size_t i = 0; i < m->k * m->d; i++)
        if (!isfinite(m->centre[i]))
            model_bad(file, "a centre is not finite");
    char *field = mem_text(input.s.p, input.s.n);
    model_same_columns(file, field, rec_head(in), arg.in);
    free(field);
    model_free(file);
    return m;
}

static void save(const struct rec_in *in, const struct kmeans *km, size_t n)
{
    struct model_out *m = model_create(&prog, in, arg.save);
    struct rec *config = model_out_config(m);
    rec_set_str(config, "input", arg.in, strlen(arg.in));
    rec_set_int(config, "records", (int64_t)n);
    rec_set_int(config, "k", (int64_t)km->k);
    rec_set_f64(config, "inertia", km->inertia);
    rec_set_int(config, "n_iter", (int64_t)km->n_iter);
    rec_set_bool(config, "converged", km->converged);
    model_put(m, "centres", T_F8, 2, (size_t[]){ km->k, km->d }, km->centre);
    model_finish(m);
}

static void tick(size_t start, size_t step, void *state)
{
    char note[64];
    (void)state;
    snprintf(note, sizeof note, "step %zu", step);
    progress_at(start, note);
}

static struct kmeans *fit_k(const struct slurp *s, size_t k, const double *init)
{
    if (k > s->n || k == 0)
        die(ST_STOPPED, "%zu vectors cannot make %zu clusters: give a smaller -k", s->n, k);
    struct kmeans_options o = {
        .k = k, .n_init = (size_t)arg.n_init, .max_iter = (size_t)arg.max_iter, .tol = arg.tol, .seed = arg.seed,
        .init = init, .tick = tick,
    };
    progress_start(init ? 1 : o.n_init, "starts");
    struct kmeans *m = kmeans_fit(s->x, s->n, s->d, &o);
    progress_clear();
    return m;
}

/* One k of a scan: what --by goes by, larger is better (the inertia for its knee); all of it to `to`. */
static double score(const struct slurp *s, const struct kmeans *m, struct rec *to)
{
    double v[] = { NAN, NAN, NAN, m->inertia };
    uint32_t *label = mem_new(s->n, sizeof *label), *number = mem_zero(m->k, sizeof *number), used = 0;
    for (size_t i = 0; i < s->n; i++) {         /* centres without members do not count */
        uint32_t *at = number + m->label[i];
        *at = *at ? *at : ++used;
        label[i] = *at - 1;
    }
    struct clustered c = { s->x, s->n, s->d, label, used };
    if (arg.scan || arg.by == BY_SILHOUETTE) {
        budget_need((double)s->n * (double)s->d * sizeof *s->x + silhouette_memory(&c), "the silhouette");
        v[BY_SILHOUETTE] = silhouette_score(&c, false, NULL, NULL);
    }
    v[BY_CALINSKI_HARABASZ] = centres_calinski_harabasz(&c);
    v[BY_DAVIES_BOULDIN] = centres_davies_bouldin(&c);
    free(label);
    free(number);
    char id[32];
    const char *const names[] = { "silhouette", "calinski_harabasz", "davies_bouldin" };
    rec_begin(to, id, (size_t)snprintf(id, sizeof id, "k%zu", m->k));
    rec_set_int(to, "k", (int64_t)m->k);
    rec_set_f64(to, "inertia", m->inertia);
    for (size_t i = 0; i < 3; i++)
        if (isfinite(v[i]))
            rec_set_f64(to, names[i], v[i]);
        else
            rec_set_nil(to, names[i]);
    rec_set_int(to, "n_iter", (int64_t)m->n_iter);
    rec_set_bool(to, "converged", m->converged);
    return arg.by == BY_DAVIES_BOULDIN ? -v[arg.by] : v[arg.by];
}

/* Where the inertia stops to fall steeply. */
static size_t knee(const double *inertia, size_t n)
{
    double *rising = mem_new(n, sizeof *rising);
    size_t i = 0;
    for (i = 0; i < n; i++)
        rising[i] = inertia[n - 1 - i];
    double value = dbscan_knee(rising, n);
    for (i = 0; inertia[i] > value; i++)
        ;
    free(rising);
    return i;
}

/* Try each k of -k A:B; returns the best, the least of equals. */
static size_t scan(const struct slurp *s)
{
    size_t n = k_last - k_first + 1, best = 0;
    if (k_last > s->n)
        die(ST_STOPPED, "%zu vectors cannot make %zu clusters: give a smaller -k", s->n, k_last);
    struct rec_out *out = arg.scan ? rec_create_file(&prog, NULL, arg.scan, IO_RECORDS) : NULL;
    struct rec *r = rec_new();
    double *v = mem_new(n, sizeof *v);
    for (size_t i = 0; i < n; i++) {
        struct kmeans *m = fit_k(s, k_first + i, NULL);
        v[i] = score(s, m, r);
        if (out)
            rec_put(out, r);
        best = v[i] > v[best] || !isfinite(v[best]) ? i : best;
        kmeans_free(m);
    }
    rec_free(r);
    if (out)
        rec_finish(out);
    best = arg.by == BY_INERTIA_KNEE ? knee(v, n) : isfinite(v[best]) ? best : 0;
    const char *const names[] = { "silhouette", "Calinski-Harabasz", "Davies-Bouldin", "inertia" };
    if (!isfinite(v[best]))
        warn("no k from %zu to %zu has a score: taking the first", k_first, k_last);
    else if (!progress_quiet)
        warn("k = %zu is the best: %s %.6g", k_first + best, names[arg.by],
             arg.by == BY_DAVIES_BOULDIN ? -v[best] : v[best]);
    free(v);
    return k_first + best;
}

/* The centres of --init or k-means++, and what to say of them. */
static struct kmeans *fit(const struct slurp *s)
{
    size_t k = k_first;
    double *init = starts(s->d, &k);
    if (init && k_first && k_first != k)
        die(ST_STOPPED, "%s has %zu records, not the %zu of -k", arg.init.path, k, k_first);
    if (k_last > k_first)
        k = scan(s);
    struct kmeans *m = fit_k(s, k, init);
    if (arg.save)
        save(s->in, m, s->n);
    if (!progress_quiet)
        warn("inertia %.6g after %zu steps%s", m->inertia, m->n_iter, init || arg.n_init == 1 ? "" : " of the best start");
    if (m->used < k)
        warn("only %zu of %zu clusters have members: there are no more distinct vectors", m->used, k);
    if (!m->converged)
        warn("no convergence within %zu steps: the output stands, --max-iter allows more", (size_t)arg.max_iter);
    free(init);
    return m;
}

/* -k: "10" or "2:20". */
static void read_k(void)
{
    const char *colon = strchr(arg.n_clusters, ':');
    char *text = mem_text(arg.n_clusters, colon ? (size_t)(colon - arg.n_clusters) : strlen(arg.n_clusters));
    double first, last;
    if (!opt_number(text, 1, 1e9, &first) || !opt_number(colon ? colon + 1 : text, first, 1e9, &last)
        || first != floor(first) || last != floor(last))
        opt_misuse(&prog, "-k '%s' is no whole number from 1 to 1000000000, nor two of them as in 2:20", arg.n_clusters);
    k_first = (size_t)first;
    k_last = (size_t)last;
    free(text);
}

int main(int argc, char **argv)
{
    char **operands = opt_parse(&prog, argc, argv);
    if (arg.n_clusters)
        read_k();
    if (!k_first && !arg.init.path && !arg.model.path)
        opt_misuse(&prog, "give -k, the number of clusters");
    if (arg.model.path && (k_first || arg.init.path || arg.save))
        opt_misuse(&prog, "--model excludes -k, --init and --save");
    if (arg.scan && k_first == k_last)
        opt_misuse(&prog, "--scan goes with several numbers of clusters, as -k 2:20");
    if (arg.init.path && k_first != k_last)
        opt_misuse(&prog, "--init goes with one number of clusters");
    struct rec_in *in = rec_open(&prog, operands, true);
    struct kmeans *m = arg.model.path ? load(in) : NULL;
    struct slurp *s = slurp_read(in, arg.in, arg.out);
    budget_need(8 * (double)s->n * (double)s->d, "the vectors, twice");
    if (!m)
        m = fit(s);
    else if (s->n && s->d != m->d)
        die(ST_STOPPED, "%s has %zu numbers, the model %s was fitted to %zu", arg.in, s->d, arg.model.path, m->d);
    struct result to = { .distance_name = item_side(arg.out, "cluster", "distance") };
    if (!m->label) {
        m->label = mem_new(s->n, sizeof *m->label);
        kmeans_label(s->x, s->n, s->d, m->centre, m->k, m->label);
    }
    double *distance = mem_new(s->n, sizeof *distance);
    kmeans_distance(s->x, s->n, s->d, m->centre, m->label, distance);
    to.label = m->label;
    to.distance = distance;
    int status = slurp_write(s, rec_create(&prog, in), annotate, &to);
    if (status == ST_OK && !m->converged)
        status = ST_PARTIAL;
    free(distance);
    free(to.distance_name);
    kmeans_free(m);
    return status;
}
