/* confusion - how often each class falls into each cluster
 *
 * in      records with a cluster and a field of truth
 * out     one record for each truth: x = f64[clusters] counts or shares, named by cluster
 * memory  the table, and the labels
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>

#include "base/budget.h"
#include "base/mem.h"
#include "base/names.h"
#include "drive/pass.h"
#include "score/match.h"
#include "stream/value.h"

enum { COUNTS, ROW, COLUMN, ALL };

static struct {
    const char *truth, *cluster;
    int shares;
    bool match;
} arg = { .truth = "genre", .cluster = "cluster" };

static const struct opt opts[] = {
    OPT_STR('t', "truth", &arg.truth, "FIELD", "true classes, in rows"),
    OPT_STR('c', "cluster", &arg.cluster, "FIELD", "clusters, in columns"),
    OPT_CHOICE(0, "shares", &arg.shares, "none|row|column|all", "what the numbers are shares of; none: write counts"),
    OPT_FLAG(0, "match", &arg.match, "order the clusters so that each lines up with the class it fits best"),
    OPT_END
};
static const struct opt *const also[] = { item_opts, rec_in_opts, rec_out_opts, NULL };
static const struct prog prog = {
    .name = "confusion", .brief = "how often each class falls into each cluster",
    .in = IO_RECORDS, .out = IO_RECORDS, .reads = "cluster label, genre label", .writes = "x vector",
    .conv = "sklearn-1.9", .opts = opts, .also = also,
};

/* The labels of a record, as numbers of names. */
struct pair { uint32_t truth, cluster; };
static struct names truths, clusters;
static struct pair *pairs;
static size_t n_pairs, pairs_cap;

static bool read_pair(struct rec *r, const struct value *truth, void *state)
{
    struct value cluster;
    struct pair p;
    (void)state;
    if (!value_number(r, arg.truth, truth, &truths, &p.truth) || !rec_need(r, arg.cluster, &cluster) ||
        !value_number(r, arg.cluster, &cluster, &clusters, &p.cluster))
        return false;
    mem_grow(&pairs, &pairs_cap, n_pairs + 1, sizeof *pairs);
    pairs[n_pairs++] = p;
    return true;
}

static void make_shares(double *table, size_t rows, size_t columns)
{
    double *sum = mem_zero(rows > columns ? rows + 1 : columns + 1, sizeof *sum);
#define TOTAL sum[arg.shares == ROW ? i : arg.shares == COLUMN ? j : 0]
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < columns; j++)
            TOTAL += table[i * columns + j];
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < columns; j++)
            table[i * columns + j] /= TOTAL;
#undef TOTAL
    free(sum);
}

int main(int argc, char **argv)
{
    char **operands = opt_parse(&prog, argc, argv);
    struct rec_in *in = rec_open(&prog, operands, false);
    struct rec_out *out = rec_create(&prog, in);
    pass_each(in, &(struct pass){ .field = arg.truth, .only = true }, read_pair, NULL);
    size_t rows = truths.n, columns = clusters.n;
    budget_need((double)rows * (double)columns * sizeof(double), "the table");
    struct ranking row = names_rank(&truths, SIZE_MAX), column = names_rank(&clusters, SIZE_MAX);
    double *table = mem_zero(mem_mul(rows, columns), sizeof *table), *x = mem_new(columns, sizeof *x);
    for (size_t i = 0; i < n_pairs; i++)
        table[row.rank[pairs[i].truth] * columns + column.rank[pairs[i].cluster]]++;
    size_t *order = mem_new(columns, sizeof *order);
    for (size_t j = 0; j < columns; j++)
        order[j] = j;
    if (arg.match)
        match_order(table, rows, columns, order);
    if (arg.shares != COUNTS)
        make_shares(table, rows, columns);
    head_clear_columns(rec_out_head(out));
    head_set_columns(rec_out_head(out), "x", (const char *const []){ NULL }, 0);
    for (size_t j = 0; j < columns; j++)
        head_add_column(rec_out_head(out), "x", "%s", clusters.v[column.shown_name[order[j]]].text);
    struct rec *r = rec_new();
    for (size_t i = 0; i < rows; i++) {
        size_t len;
        char *id = names_id(&truths, row.shown_name[i], &len);
        for (size_t j = 0; j < columns; j++)
            x[j] = table[i * columns + order[j]];
        rec_begin(r, id, len);
        free(id);
        rec_set_tensor(r, "x", T_F8, 1, &columns, x);
        rec_put(out, r);
    }
    rec_free(r);
    ranking_free(&row);
    ranking_free(&column);
    free(table);
    free(order);
    free(x);
    rec_finish(out);
    rec_close(in);
    return item_status();
}
