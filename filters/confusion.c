/* confusion - how often each truth met each cluster
 *
 * in      records with a cluster and a field of truth
 * out     one record for each truth: x = f64[clusters] counts or shares, named by cluster
 * memory  the table, and the labels
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/budget.h"
#include "base/die.h"
#include "base/mem.h"
#include "base/names.h"
#include "drive/item.h"
#include "score/match.h"
#include "stream/value.h"

enum { COUNTS, ROW, COLUMN, ALL };

static struct {
    const char *truth, *cluster;
    int shares;
    bool match;
} arg = { .truth = "genre", .cluster = "cluster" };

static const struct opt opts[] = {
    OPT_STR('t', "truth", &arg.truth, "FIELD", "truth, in rows"),
    OPT_STR('c', "cluster", &arg.cluster, "FIELD", "clusters, in columns"),
    OPT_CHOICE(0, "shares", &arg.shares, "none|row|column|all", "of what the numbers are shares; none: counts"),
    OPT_FLAG(0, "match", &arg.match, "order the clusters so that each stands under the truth it fits best"),
    BUDGET_OPT,
    OPT_END
};
static const struct opt *const also[] = { item_opts, rec_in_opts, rec_out_opts, NULL };
static const struct prog prog = {
    .name = "confusion", .brief = "how often each truth met each cluster",
    .in = IO_RECORDS, .out = IO_RECORDS, .reads = "cluster label, genre label", .writes = "x vector",
    .conv = "sklearn-1.9", .opts = opts, .also = also,
};

struct counts { uint32_t truth, cluster; };

/* Order the columns: the best matched under rows 0, 1, …, then the others. */
static void match_columns(double *table, size_t rows, size_t columns, size_t *shown)
{
    size_t next = 0;
    size_t *column = mem_new(rows, sizeof *column), *order = mem_new(columns, sizeof *order);
    bool *taken = mem_zero(columns, sizeof *taken);
    match_best(table, rows, columns, column);
    for (size_t i = 0; i < rows; i++)
        if (column[i] != SIZE_MAX) {
            order[next++] = column[i];
            taken[column[i]] = true;
        }
    for (size_t j = 0; j < columns; j++)
        if (!taken[j])
            order[next++] = j;
    double *row = mem_new(columns, sizeof *row);
    for (size_t i = 0; i < rows; i++) {
        for (size_t j = 0; j < columns; j++)
            row[j] = table[i * columns + order[j]];
        memcpy(table + i * columns, row, columns * sizeof *row);
    }
    for (size_t j = 0; j < columns; j++)
        order[j] = shown[order[j]];
    memcpy(shown, order, columns * sizeof *shown);
    free(row);
    free(column);
    free(order);
    free(taken);
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

/* The label of a side in r; false and r->error or r->nil set if there is none. */
static bool read_label(struct rec *r, const char *field, struct names *names, uint32_t *to)
{
    struct value v;
    if (!rec_need(r, field, &v))
        return false;
    size_t i = value_name(names, &v);
    if (i == SIZE_MAX)
        return value_no_label(r, field, &v);
    *to = (uint32_t)i;
    return true;
}

int main(int argc, char **argv)
{
    char **operands = opt_parse(&prog, argc, argv);
    struct rec_in *in = rec_open(&prog, operands, false);
    struct rec_out *out = rec_create(&prog, in);
    struct names truth = { 0 }, cluster = { 0 };
    struct counts *seen = NULL;
    size_t n = 0, cap = 0;
    struct rec *r = rec_new();
    while (rec_next(in, r)) {
        struct counts c;
        if (read_label(r, arg.truth, &truth, &c.truth) && read_label(r, arg.cluster, &cluster, &c.cluster)) {
            mem_grow(&seen, &cap, n + 1, sizeof *seen);
            seen[n++] = c;
        } else if (r->nil) {
            item_nil();
        } else {
            item_bad(r);
        }
    }
    size_t rows = truth.n, columns = cluster.n;
    budget_need((double)rows * (double)columns * sizeof(double), "the table");
    struct ranking row = names_rank(&truth, SIZE_MAX), column = names_rank(&cluster, SIZE_MAX);
    double *table = mem_zero(mem_mul(rows, columns), sizeof *table);
    for (size_t i = 0; i < n; i++)
        table[row.rank[seen[i].truth] * columns + column.rank[seen[i].cluster]]++;
    if (arg.match)
        match_columns(table, rows, columns, column.shown_name);
    if (arg.shares != COUNTS)
        make_shares(table, rows, columns);

    struct head *h = rec_out_head(out);
    while (h->n_columns)
        head_set_columns(h, h->columns[0].field, NULL, 0);
    const char **names = mem_new(columns, sizeof *names);
    for (size_t j = 0; j < columns; j++)
        names[j] = cluster.v[column.shown_name[j]].text;
    head_set_columns(h, "x", names, columns);
    for (size_t i = 0; i < rows; i++) {
        const struct name *t = truth.v + row.shown_name[i];
        rec_begin(r, t->text, t->len);
        rec_set_tensor(r, "x", T_F8, 1, &columns, table + i * columns);
        rec_put(out, r);
    }
    free(names);
    free(seen);
    free(table);
    ranking_free(&row);
    ranking_free(&column);
    names_free(&truth);
    names_free(&cluster);
    rec_free(r);
    rec_finish(out);
    rec_close(in);
    return item_status();
}
