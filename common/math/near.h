/* near - which rows are close to which, exactly, without a distance matrix
 *
 * Points are put in the order of a tree, whose nodes are cut in two between two centres, so
 * that neighbours in memory are neighbours in space; leaves that are too far away as a whole
 * or from a point are passed over, the others are compared lane by lane in float, and whatever
 * lies within rounding of a decision is decided in double from the differences.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MATH_NEAR_H
#define MATH_NEAR_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum near_metric {
    NEAR_EUCLIDEAN,
    NEAR_COSINE,            /* 1 - cos: of rows scaled to length 1; a zero row is 1 from all but itself */
};

struct near;

/* Prepare x[n][d] (row-major, finite, n < 2^32), which must live as long. Holds about
 * 4 n d bytes, 8 n d with cosine. */
struct near *near_new(const float *x, size_t n, size_t d, enum near_metric metric);
void near_free(struct near *t);

/* The same of m of its rows, in that order, as rows 0 ... m-1; copies them. */
struct near *near_some(const struct near *t, const uint32_t *rows, size_t m);

/* The points come in leaves: each point is in one. Work on leaves may run in parallel. */
size_t near_leaves(const struct near *t);
/* The rows of a leaf: how many, and their indices in x. */
size_t near_leaf(const struct near *t, size_t leaf, const uint32_t **rows);

/* How many rows are at distance <= eps of each row of the leaf, itself counted: added
 * to count[row]. */
void near_count(const struct near *t, size_t leaf, double eps, uint32_t *count);

/* What near_range is to look for. */
struct near_search {
    double eps;
    bool (*wanted)(size_t i, const void *state);            /* rows to search around; NULL: all */
    bool (*worth)(size_t leaf, size_t other, void *state);  /* leaves to search in; NULL: all */
    void (*found)(size_t i, size_t j, void *state);
    void *state;
};

/* Call found(i, j) for every wanted row i of the leaf and every other row j at distance
 * <= eps of it that lies in a leaf worth searching. */
void near_range(const struct near *t, size_t leaf, const struct near_search *s);

/* The k rows nearest to each row, itself left out (another row at distance 0 is not), by
 * distance and then by index: index[n][k], distance[n][k] (NULL: not wanted). k < n. Equals
 * scikit-learn's NearestNeighbors where no distances tie. Uses par_for over the leaves. */
void near_knn_all(const struct near *t, size_t k, uint32_t *index, double *distance);

/* Nearly the same, in less time for 100 000 rows and more, by NN-descent (Dong, Charikar, Li 2011): rows that lie in one leaf
 * of sixteen trees over random directions meet, then, in rounds, those that a row has among its neighbours or that have it
 * among theirs, until few change. Of 14 neighbours in a mixture of 50 000 Gaussians in 32 columns 97 % are right. Fewer
 * than 2560 rows, and more neighbours than NEAR_ABOUT_MOST: exactly. Holds near_knn_about_bytes. Uses par_for; the same for
 * any par_jobs. */
enum { NEAR_ABOUT_MOST = 32 };
void near_knn_about(const struct near *t, size_t k, uint32_t *index, double *distance);
double near_knn_about_bytes(size_t n, size_t d, size_t k);

/* The k rows nearest to each of q[m][d], an equal one among them, 1 <= k <= n: index[m][k], distance[m][k]. In m n d
 * steps of double precision; q in the range of x. Uses par_for. */
void near_knn_of(const struct near *t, const float *q, size_t m, size_t k, uint32_t *index, double *distance);

/* distance[n] of each row from the k-th nearest other row, 1 <= k < n. Uses par_for. */
void near_kth_all(const struct near *t, size_t k, double *distance);

/* Exact distance of two rows. */
double near_distance(const struct near *t, size_t i, size_t j);

/* The distance at which two rows reach each other, if none may reach another below its core[n]: the largest of
 * the three (mutual reachability; Campello, Moulavi, Sander 2013, definition 2). */
double near_reach(const struct near *t, const double *core, size_t i, size_t j);

/* A row that another reaches, and at what distance; links of one row come in the order of near_shorter. */
struct near_link { double reach; uint32_t to; };
#define NEAR_NO_LINK ((struct near_link){ INFINITY, UINT32_MAX })
bool near_shorter(struct near_link a, struct near_link b);

/* What near_between works on: rows in groups, none of which need be whole. */
#define NEAR_MIXED UINT32_MAX
struct near_between {
    const uint32_t *group;      /* [n], each below n */
    const uint32_t *only;       /* [leaves]: the group that all rows of the leaf are in, or NEAR_MIXED */
    const double *core;         /* [n] */
    const double *floor;        /* [n]: links of the row that are not known yet are no shorter */
    struct near_link *link;     /* [n]: the shortest known of each row to one of another group, or NEAR_NO_LINK */
    _Atomic double *bound;      /* [n]: of each group, the shortest of its rows' */
};

/* Find links of the leaf's rows to other groups by near_reach, where they may be the shortest of their group:
 * afterwards that one is known, ties with it too; of other rows it depends on the threads what is found. A step of
 * Boruvka's algorithm (1926) when called for all leaves, which may run in parallel. */
void near_between(const struct near *t, size_t leaf, const struct near_between *s);

#endif
