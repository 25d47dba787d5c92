/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drive/table.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/die.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/par.h"
#include "base/world.h"
#include "drive/pass.h"
#include "drive/ranks.h"
#include "drive/row.h"

enum { FILE_BITS = 16, SMALL = 32 << 20, HEADS = TENSOR_HEAD + 64 };

struct source { int fd; uint8_t *p; size_t size; };

struct whole {
    struct table table;         /* first: what the caller sees */
    int ndim;
    uint64_t *place;            /* file << 48 | offset */
    size_t cap;
    struct source *sources;
    size_t n_sources, cap_sources;
    const char *name;           /* of the input */

    size_t *firsts;             /* [ranks + 1] the first row of each */
    size_t *at;                 /* [n] where a row lies in `gathered`, if it does */
    float *gathered;
};

static size_t source_of(struct whole *w, int fd)
{
    if (w->n_sources && w->sources[w->n_sources - 1].fd == fd)
        return w->n_sources - 1;
    if (w->n_sources >> FILE_BITS)
        die(ST_STOPPED, "more than %d files", 1 << FILE_BITS);
    mem_grow(&w->sources, &w->cap_sources, w->n_sources + 1, sizeof *w->sources);
    w->sources[w->n_sources] = (struct source){ .fd = fd };
    return w->n_sources++;
}

/* Check the value as a matrix of the shape of those before. */
static bool read_matrix(struct rec *r, const char *field, const struct value *v, struct table *t, struct row *row)
{
    const size_t *shape = v->t.shape;
    if (v->type == V_TENSOR && v->t.ndim == 2 && t->n && (shape[0] != t->shape[0] || shape[1] != t->shape[1]))
        return rec_error(r, "%s is %zu x %zu, not %zu x %zu like those before", field, shape[0], shape[1], t->shape[0],
                         t->shape[1]);
    if (!matrix_read(r, field, v, row))
        return false;
    memcpy(t->shape, shape, sizeof t->shape);
    return true;
}

/* Small ones are read at once: the fastest. Of a large one each row is read when it is wanted. */
static void load_sources(struct whole *w)
{
    struct stat s;
    size_t all = 0;
    for (size_t i = 0; i < w->n_sources; i++) {
        struct source *f = &w->sources[i];
        if (fstat(f->fd, &s) != 0)
            die(ST_STOPPED, "cannot examine the input:");
        f->size = (size_t)s.st_size;
        all += f->size;
    }
    for (size_t i = 0; all <= SMALL && i < w->n_sources; i++) {
        struct source *f = &w->sources[i];
        f->p = mem_new(f->size, 1);
        if (io_read_at(f->fd, f->p, f->size, 0) != (ssize_t)f->size)
            io_changed(w->name);
    }
}

/* What table_open fills in. */
struct filling {
    struct whole *w;
    struct rec_in *in;
    const char *field;
    struct row row;
    bool (*also)(struct rec *r, void *state);
    void *state;
};

static bool add_record(struct rec *r, const struct value *v, void *state)
{
    struct filling *f = state;
    struct whole *w = f->w;
    struct table *t = &w->table;
    if (w->ndim == 1 ? !row_read(r, f->field, v, head_columns(rec_head(f->in), f->field), &f->row)
                     : !read_matrix(r, f->field, v, t, &f->row))
        return false;
    if (f->also && !f->also(r, f->state))
        return false;
    if (r->dropped) {
        r->nil = true;
        return false;
    }
    const struct field *place = rec_find(r, f->field);
    uint64_t at;
    int fd = rec_place(f->in, place->raw + place->key, &at);
    mem_grow(&w->place, &w->cap, t->n + 1, sizeof *w->place);
    w->place[t->n++] = (uint64_t)source_of(w, fd) << 48 | at;
    return true;
}

struct table *table_open(struct rec_in *in, const char *field, int ndim, bool again,
                         bool (*also)(struct rec *r, void *state), void *state)
{
    struct whole *w = mem_zero(1, sizeof *w);
    struct table *t = &w->table;
    struct filling f = { .w = w, .in = in, .field = field, .also = also, .state = state };
    w->ndim = ndim;
    w->name = rec_name(in);
    pass_each(in, &(struct pass){ .field = field, .only = !again, .late_ids = again }, add_record, &f);
    t->d = f.row.d;
    t->own = t->n;
    if (ndim == 1)
        t->shape[0] = t->d;
    load_sources(w);
    free(f.row.x);
    return t;
}

/* Set x to the row that v holds; false if it is none, any longer. */
static bool set_row(const struct table *t, struct value v, float *x)
{
    if (v.type == V_TENSOR && v.t.count == t->d) {
        tensor_f32(&v.t, x);
    } else if (v.type == V_SPARSE && v.sp.d == t->d) {
        sparse_f32(&v.sp, x);
    } else {
        return false;
    }
    return true;
}

/* The bytes of a file from `at` on, at least n of them if there are so many, until the thread's
 * next call; *end behind the last. */
static const uint8_t *bytes_at(const struct source *f, uint64_t at, size_t n, const uint8_t **end)
{
    static _Thread_local uint8_t *buffer;
    static _Thread_local size_t cap;
    if (f->p) {
        *end = f->p + f->size;
        return at < f->size ? f->p + at : *end;
    }
    mem_grow(&buffer, &cap, n, 1);
    ssize_t have = io_read_at(f->fd, buffer, n, at);
    if (have < 0)
        die(ST_STOPPED, "cannot read the input:");
    *end = buffer + have;
    return buffer;
}

/* Row i of this rank's. */
static void read_row(const struct whole *w, size_t i, float *x)
{
    const struct table *t = &w->table;
    const struct source *f = &w->sources[w->place[i] >> 48];
    uint64_t at = w->place[i] & (((uint64_t)1 << 48) - 1);
    size_t size = 0, most = 8 * t->d + HEADS;           /* f8, or every number of a sparse one */
    bool good = false;
    for (size_t n = 4 * t->d + HEADS; size == 0 && n <= 2 * most; n = most + n) {
        const uint8_t *end, *p = bytes_at(f, at, n, &end);
        if ((size = msg_size(p, end)))
            good = set_row(t, msg_value(p, size), x);
    }
    if (!good)
        io_changed(w->name);
}

void table_row(const struct table *t, size_t i, float *x)
{
    const struct whole *w = (const struct whole *)t;
    if (i - t->first < t->own)
        read_row(w, i - t->first, x);
    else
        memcpy(x, w->gathered + w->at[i] * t->d, t->d * sizeof *x);
}

/* ---- rows of several ranks ---- */

void table_share(struct table *t, const struct rec_in *in, const char *field)
{
    struct whole *w = (struct whole *)t;
    if (world.size == 1)
        return;
    ranks_same_columns(in);
    struct table own = *t, *all = world_all(&own, sizeof own, NULL);
    w->firsts = mem_zero(world.size + 1, sizeof *w->firsts);
    for (size_t i = 0; i < world.size; i++) {
        w->firsts[i + 1] = w->firsts[i] + all[i].own;
        if (!t->d) {
            t->d = all[i].d;
            memcpy(t->shape, all[i].shape, sizeof t->shape);
        }
        if (all[i].d && w->ndim == 2 && memcmp(all[i].shape, t->shape, sizeof t->shape) != 0)
            die(ST_STREAM, "rank %zu: %s is %zu x %zu, that of rank %zu is %zu x %zu", world.rank, field, t->shape[0],
                t->shape[1], i, all[i].shape[0], all[i].shape[1]);
    }
    ranks_width(t->d, field);
    t->first = w->firsts[world.rank];
    t->n = w->firsts[world.size];
    w->at = mem_new(t->n, sizeof *w->at);
    free(all);
}

struct own_rows { const struct whole *w; const size_t *rows; float *x; };

static void read_own(size_t i, void *state)
{
    const struct own_rows *o = state;
    table_row(&o->w->table, o->rows[i], o->x + i * o->w->table.d);
}

void table_gather(struct table *t, const size_t *rows, size_t n)
{
    struct whole *w = (struct whole *)t;
    size_t at = 0, count = 0, *mine = mem_new(n, sizeof *mine);
    for (size_t r = 0; world.size > 1 && r < world.size; r++)
        for (size_t i = 0; i < n; i++)
            if (rows[i] - w->firsts[r] < w->firsts[r + 1] - w->firsts[r]) {
                w->at[rows[i]] = at++;
                if (r == world.rank)
                    mine[count++] = rows[i];
            }
    if (world.size > 1) {
        struct own_rows own = { w, mine, mem_new(mem_mul(count, t->d), sizeof(float)) };
        par_for(count, read_own, &own);
        free(w->gathered);
        w->gathered = world_all(own.x, count * t->d * sizeof *own.x, NULL);
        free(own.x);
    }
    free(mine);
}

void table_close(struct table *t)
{
    struct whole *w = (struct whole *)t;
    if (!w)
        return;
    for (size_t i = 0; i < w->n_sources; i++)
        free(w->sources[i].p);
    free(w->sources);
    free(w->place);
    free(w->firsts);
    free(w->at);
    free(w->gathered);
    free(w);
}
