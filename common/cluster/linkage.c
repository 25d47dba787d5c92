/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cluster/linkage.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/par.h"
#include "base/union.h"
#include "math/vec.h"

/* ---- from merges of representatives to a tree ---- */

static int by_height(const void *a, const void *b)
{
    const struct merge *x = a, *y = b;
    if (x->height != y->height)
        return x->height < y->height ? -1 : 1;
    return x->size < y->size ? -1 : x->size > y->size;     /* size: order of making, as yet */
}

void linkage_grow(struct merge *merges, size_t n)
{
    union_parent *parent = union_new(2 * n);
    size_t *size = mem_new(2 * n, sizeof *size);
    for (size_t i = 0; i + 1 < n; i++)
        merges[i].size = i;
    qsort(merges, n ? n - 1 : 0, sizeof *merges, by_height);
    for (size_t i = 0; i < n; i++)
        size[i] = 1;
    for (size_t i = 0; i + 1 < n; i++) {
        struct merge *m = merges + i;
        size_t a = union_root(parent, m->left), b = union_root(parent, m->right);
        m->left = a < b ? a : b;
        m->right = a < b ? b : a;
        m->size = size[n + i] = size[a] + size[b];
        union_hang(parent, a, n + i);
        union_hang(parent, b, n + i);
    }
    free(parent);
    free(size);
}

void linkage_cut(const struct merge *merges, size_t n, size_t k, int32_t *labels)
{
    union_parent *parent = union_new(2 * n);
    int32_t *number = mem_new(2 * n, sizeof *number), next = 0;
    for (size_t i = 0; i < 2 * n; i++)
        number[i] = -1;
    for (size_t i = 0; i + k < n; i++) {
        union_hang(parent, merges[i].left, n + i);
        union_hang(parent, merges[i].right, n + i);
    }
    for (size_t i = 0; i < n; i++) {
        size_t root = union_root(parent, i);
        if (number[root] < 0)
            number[root] = next++;
        labels[i] = number[root];
    }
    free(parent);
    free(number);
}

size_t linkage_count(const struct merge *merges, size_t n, double height)
{
    size_t count = n;
    for (size_t i = 0; i + 1 < n && merges[i].height < height; i++)
        count--;
    return count;
}

/* ---- a changing set of points, laid out for distances from one to all ---- */

enum { LANES = 32, TILE = 64 };     /* points of a lane group; groups of a par block */

/* Point s is column s % LANES of group s / LANES: at[group][dimension][lane]. The first
 * `used` slots are taken, without holes. */
struct cloud {
    size_t d, used;
    double *at;
    double *weight;         /* [slots] size of the cluster */
    uint32_t *label;        /* [slots] index that breaks ties */
    double *squared;        /* [slots] distances of the last search */
    const double *from;     /* that search: the point and its weight */
    double from_weight;
    double *least;          /* [par blocks] */
};

static double *lane(const struct cloud *c, size_t slot)
{
    return c->at + slot / LANES * LANES * c->d + slot % LANES;
}

static struct cloud cloud_new(const float *x, size_t n, size_t d)
{
    size_t slots = (n + LANES - 1) / LANES * LANES;
    struct cloud c = {
        .d = d, .used = n,
        .at = mem_aligned(mem_mul(slots, d), sizeof *c.at), .weight = mem_aligned(slots, sizeof *c.weight),
        .label = mem_aligned(slots, sizeof *c.label), .squared = mem_aligned(slots, sizeof *c.squared),
        .least = mem_aligned(par_blocks(slots, LANES * TILE), sizeof *c.least),
    };
    for (size_t s = 0; s < slots; s++) {
        double *to = lane(&c, s);
        for (size_t j = 0; j < d; j++)
            to[j * LANES] = s < n ? (double)x[s * d + j] : 0;
        c.weight[s] = 1;
        c.label[s] = (uint32_t)s;
    }
    return c;
}

static void cloud_free(struct cloud *c)
{
    free(c->at);
    free(c->weight);
    free(c->label);
    free(c->squared);
    free(c->least);
}

static void cloud_get(const struct cloud *c, size_t slot, double *point)
{
    const double *from = lane(c, slot);
    for (size_t j = 0; j < c->d; j++)
        point[j] = from[j * LANES];
}

static void cloud_set(struct cloud *c, size_t slot, const double *point)
{
    double *to = lane(c, slot);
    for (size_t j = 0; j < c->d; j++)
        to[j * LANES] = point[j];
}

/* Move what is in slot `from` to slot `to`. */
static void cloud_move(struct cloud *c, size_t to, size_t from, double *scratch)
{
    if (to == from)
        return;
    cloud_get(c, from, scratch);
    cloud_set(c, to, scratch);
    c->weight[to] = c->weight[from];
    c->label[to] = c->label[from];
}

/* Squared distances of a group's points from `from`. */
static void group_squared(const double *restrict at, const double *restrict from, size_t d, double *restrict out)
{
    double sum[LANES] = { 0 };
    for (size_t j = 0; j < d; j++)
        for (size_t i = 0; i < LANES; i++) {
            double t = at[j * LANES + i] - from[j];
            sum[i] += t * t;
        }
    memcpy(out, sum, sizeof sum);
}

/* Ward's squared height of `from` with every cluster of a par block, and the least. */
static void ward_block(size_t block, void *state)
{
    struct cloud *c = state;
    double least = INFINITY;
    size_t begin = block * TILE * LANES, end = par_end(block, TILE * LANES, c->used);
    for (size_t s = begin; s < end; s += LANES) {
        group_squared(c->at + s * c->d, c->from, c->d, c->squared + s);
        size_t some = end - s < LANES ? end - s : LANES;
        for (size_t i = s; i < s + some; i++) {
            double w = c->from_weight * c->weight[i] / (c->from_weight + c->weight[i]);
            c->squared[i] *= 2 * w;
        }
        for (size_t i = s; i < s + some; i++)
            least = c->squared[i] < least ? c->squared[i] : least;
    }
    c->least[block] = least;
}

/* The slot nearest by Ward's height to a point of weight w that is in no slot; ties
 * go to the lowest label. Its squared height in *height2. */
static size_t ward_nearest(struct cloud *c, const double *point, double w, double *height2)
{
    size_t blocks = par_blocks(c->used, TILE * LANES);
    c->from = point;
    c->from_weight = w;
    if (c->used * c->d < 1 << 19)
        for (size_t b = 0; b < blocks; b++)
            ward_block(b, c);
    else
        par_for(blocks, ward_block, c);
    double least = INFINITY;
    for (size_t b = 0; b < blocks; b++)
        least = c->least[b] < least ? c->least[b] : least;
    size_t best = SIZE_MAX;
    for (size_t b = 0; b < blocks; b++) {
        if (c->least[b] != least)
            continue;
        for (size_t s = b * TILE * LANES; s < par_end(b, TILE * LANES, c->used); s++)
            if (c->squared[s] == least && (best == SIZE_MAX || c->label[s] < c->label[best]))
                best = s;
    }
    *height2 = least;
    return best;
}

/* ---- Ward ---- */

/* Clusters of the chain are taken out of the cloud, so a search meets each other
 * cluster once, and the chain's last but one is compared apart: it is preferred. */
struct link { double *centre; double weight; uint32_t label; double height2; };

static void weigh_into(double *a, double na, const double *b, double nb, size_t d)
{
    double share = nb / (na + nb);      /* exact where both are the same point */
    for (size_t j = 0; j < d; j++)
        a[j] += (b[j] - a[j]) * share;
}

void linkage_ward(const float *x, size_t n, size_t d, struct merge *merges)
{
    if (n < 2)
        return;
    struct cloud c = cloud_new(x, n, d);
    struct link *chain = mem_zero(n, sizeof *chain);
    double *pool = mem_new(mem_mul(n, d), sizeof *pool), *scratch = mem_new(d, sizeof *scratch);
    size_t length = 0, made = 0;
    while (made + 1 < n) {
        if (length == 0) {              /* start anew at the lowest index */
            size_t first = 0;
            for (size_t s = 1; s < c.used; s++)
                if (c.label[s] < c.label[first])
                    first = s;
            chain[0] = (struct link){ pool, c.weight[first], c.label[first], INFINITY };
            cloud_get(&c, first, pool);
            cloud_move(&c, first, --c.used, scratch);
            length = 1;
        }
        struct link *last = chain + length - 1;
        double height2 = INFINITY;
        size_t near = c.used ? ward_nearest(&c, last->centre, last->weight, &height2) : SIZE_MAX;
        if (length > 1 && !(height2 < last->height2)) {     /* each is the other's nearest */
            struct link *other = last - 1;
            merges[made++] = (struct merge){ other->label, last->label, sqrt(last->height2), 0 };
            weigh_into(other->centre, other->weight, last->centre, last->weight, d);
            size_t slot = c.used++;
            cloud_set(&c, slot, other->centre);
            c.weight[slot] = other->weight + last->weight;
            c.label[slot] = other->label > last->label ? other->label : last->label;
            length -= 2;
            continue;
        }
        chain[length] = (struct link){ pool + length * d, c.weight[near], c.label[near], height2 };
        cloud_get(&c, near, chain[length].centre);
        cloud_move(&c, near, --c.used, scratch);
        length++;
    }
    cloud_free(&c);
    free(chain);
    free(pool);
    free(scratch);
    linkage_grow(merges, n);
}

/* ---- single ---- */

/* Prim's tree: `squared` keeps each free point's least distance from the tree. */
static void prim_block(size_t block, void *state)
{
    struct cloud *c = state;
    double fresh[LANES], least = INFINITY;
    size_t end = par_end(block, TILE * LANES, c->used);
    for (size_t s = block * TILE * LANES; s < end; s += LANES) {
        group_squared(c->at + s * c->d, c->from, c->d, fresh);
        size_t some = end - s < LANES ? end - s : LANES;
        for (size_t i = 0; i < some; i++)
            if (fresh[i] < c->squared[s + i]) {
                c->squared[s + i] = fresh[i];
                c->weight[s + i] = c->from_weight;      /* here: the tree's point it is nearest to */
            }
        for (size_t i = 0; i < some; i++)
            least = c->squared[s + i] < least ? c->squared[s + i] : least;
    }
    c->least[block] = least;
}

void linkage_single(const float *x, size_t n, size_t d, struct merge *merges)
{
    if (n < 2)
        return;
    struct cloud c = cloud_new(x, n, d);
    double *point = mem_new(d, sizeof *point), *scratch = mem_new(d, sizeof *scratch);
    for (size_t s = 0; s < n; s++)
        c.squared[s] = INFINITY;
    size_t taken = 0;                       /* slot of the point that joins the tree */
    for (size_t made = 0; made + 1 < n; made++) {
        c.from_weight = (double)c.label[taken];
        cloud_get(&c, taken, point);
        c.used--;
        c.squared[taken] = c.squared[c.used];
        cloud_move(&c, taken, c.used, scratch);
        c.from = point;
        size_t blocks = par_blocks(c.used, TILE * LANES);
        if (c.used * d < 1 << 19)
            for (size_t b = 0; b < blocks; b++)
                prim_block(b, &c);
        else
            par_for(blocks, prim_block, &c);
        double least = INFINITY;
        for (size_t b = 0; b < blocks; b++)
            least = c.least[b] < least ? c.least[b] : least;
        taken = SIZE_MAX;
        for (size_t s = 0; s < c.used; s++)
            if (c.squared[s] == least && (taken == SIZE_MAX || c.label[s] < c.label[taken]))
                taken = s;
        merges[made] = (struct merge){ (size_t)c.weight[taken], c.label[taken], sqrt(least), 0 };
    }
    cloud_free(&c);
    free(point);
    free(scratch);
    linkage_grow(merges, n);
}

/* ---- average and complete ---- */

double linkage_matrix_bytes(size_t n)
{
    return (double)n * (double)(n - (n > 0)) / 2 * sizeof(float);
}

struct matrix {
    const float *x;
    size_t n, d;
    double unit;            /* a power of 2 */
    float *half;            /* row i holds the distances to 0 … i-1, divided by unit */
};

static float *cell(const struct matrix *m, size_t i, size_t j)
{
    return i > j ? m->half + i * (i - 1) / 2 + j : m->half + j * (j - 1) / 2 + i;
}

enum { ROWS = 64 };

static void matrix_block(size_t block, void *state)
{
    const struct matrix *m = state;
    for (size_t i = par_begin(block, ROWS); i < par_end(block, ROWS, m->n); i++)
        for (size_t j = 0; j < i; j++) {
            const float *a = m->x + i * m->d, *b = m->x + j * m->d;
            double sum = 0;
            for (size_t k = 0; k < m->d; k++) {
                double t = (double)a[k] - (double)b[k];
                sum += t * t;
            }
            *cell(m, i, j) = (float)(sqrt(sum) / m->unit);
        }
}

/* What distances are divided by so that float holds them, and small ones to the last digit. */
static double unit_of(double most)
{
    return most > 0x1p60 ? 0x1p60 : most < 0x1p-60 ? 0x1p-60 : 1;
}

/* Distance of `other` from the union of a (of na points) and b (of nb). */
static float joined(enum linkage_rule rule, float a, float b, size_t na, size_t nb)
{
    if (rule == LINKAGE_COMPLETE)
        return a > b ? a : b;
    return (float)(((double)a * (double)na + (double)b * (double)nb) / (double)(na + nb));
}

void linkage_matrix(const float *x, size_t n, size_t d, enum linkage_rule rule, struct merge *merges)
{
    if (n < 2)
        return;
    struct matrix m = { x, n, d, unit_of(vec_max(x, n * d)), mem_new(n * (n - 1) / 2, sizeof(float)) };
    par_for(par_blocks(n, ROWS), matrix_block, &m);
    size_t *size = mem_new(n, sizeof *size), *chain = mem_new(n, sizeof *chain);
    size_t *alive = mem_new(n, sizeof *alive), length = 0, left = n;
    for (size_t i = 0; i < n; i++) {
        size[i] = 1;
        alive[i] = i;                       /* ascending, without holes */
    }
    for (size_t made = 0; made + 1 < n; ) {
        if (length == 0)
            chain[length++] = alive[0];
        size_t last = chain[length - 1], near = length > 1 ? chain[length - 2] : SIZE_MAX;
        float least = near != SIZE_MAX ? *cell(&m, last, near) : INFINITY;
        for (size_t i = 0; i < left; i++)
            if (alive[i] != last && *cell(&m, last, alive[i]) < least) {
                near = alive[i];
                least = *cell(&m, last, near);
            }
        if (length < 2 || near != chain[length - 2]) {
            chain[length++] = near;
            continue;
        }
        length -= 2;                        /* each is the other's nearest */
        size_t a = last < near ? last : near, b = last < near ? near : last, hole = 0;
        merges[made++] = (struct merge){ a, b, (double)least * m.unit, 0 };
        for (size_t i = 0; i < left; i++) {
            size_t o = alive[i];
            if (o == a)
                hole = i;
            else if (o != b)
                *cell(&m, b, o) = joined(rule, *cell(&m, a, o), *cell(&m, b, o), size[a], size[b]);
        }
        size[b] += size[a];
        memmove(alive + hole, alive + hole + 1, (--left - hole) * sizeof *alive);
    }
    free(m.half);
    free(size);
    free(chain);
    free(alive);
    linkage_grow(merges, n);
}
