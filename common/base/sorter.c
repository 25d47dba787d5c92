/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/sorter.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/die.h"
#include "base/io.h"
#include "base/mem.h"

enum { UNIT = 1 << 20, LEAST_UNIT = 512 };

/* A piece as it lies in memory and in the file: its sizes, its key, its bytes. */
struct sizes { size_t key, piece; };
struct entry { uint64_t begin; const uint8_t *at; };        /* the key's first 8 bytes as a number */

struct chunk { struct chunk *next; size_t used, cap; uint8_t bytes[]; };

/* A sorted stretch of the file: bytes [at … end) are still to be read, buf[pos … have) is read. */
struct run { uint64_t at, end; uint8_t *buf; size_t pos, have, cap; struct entry now; };

struct sorter {
    size_t most, unit, held;    /* bytes: allowed; of a chunk and of what is read or written at once; in chunks */
    size_t largest;             /* bytes of the largest piece with its key */
    struct chunk *chunks;
    struct entry *v;            /* [n] of the pieces in them */
    size_t n, cap, next;
    bool asked;                 /* sorter_next was called */
    int file;                   /* of the runs; -1: there are none */
    uint64_t written;           /* bytes of it, without buf[used] */
    uint8_t *buf;               /* [unit] */
    size_t used;
    struct run *runs;
    size_t n_runs, cap_runs;
    int source;                 /* the file that is merged from */
    size_t *heap, heap_n;       /* of the runs that are merged: the first one's piece is the next */
    bool taken;                 /* it was handed out */
};

static struct sizes sizes_of(const uint8_t *at)
{
    struct sizes z;
    memcpy(&z, at, sizeof z);
    return z;
}

static size_t bytes_of(const uint8_t *at)
{
    struct sizes z = sizes_of(at);
    return sizeof z + z.key + z.piece;
}

static struct entry entry_of(const uint8_t *at)
{
    struct entry e = { .at = at };
    size_t n = sizes_of(at).key;
    for (size_t i = 0; i < 8; i++)
        e.begin = e.begin << 8 | (i < n ? at[sizeof(struct sizes) + i] : 0);
    return e;
}

/* Whether a comes behind b, and not beside it. */
static bool behind(const struct entry *a, const struct entry *b)
{
    if (a->begin != b->begin)
        return a->begin > b->begin;
    size_t n = sizes_of(a->at).key, m = sizes_of(b->at).key;
    int order = memcmp(a->at + sizeof(struct sizes), b->at + sizeof(struct sizes), n < m ? n : m);
    return order > 0 || (order == 0 && n > m);
}

/* ---- in memory ---- */

static void merge_two(const struct entry *a, size_t n, const struct entry *b, size_t m, struct entry *to)
{
    while (n && m)
        if (behind(a, b))
            *to++ = *b++, m--;
        else
            *to++ = *a++, n--;
    memcpy(to, n ? a : b, (n + m) * sizeof *to);
}

/* Merge sort from below: stable. */
static void sort_entries(struct sorter *s)
{
    struct entry *from = s->v, *to = mem_new(s->n, sizeof *to), *done;
    for (size_t width = 1; width < s->n; width *= 2) {
        for (size_t left = 0; left < s->n; left += 2 * width) {
            size_t n = s->n - left < width ? s->n - left : width, m = s->n - left - n < width ? s->n - left - n : width;
            merge_two(from + left, n, from + left + n, m, to + left);
        }
        done = to;
        to = from;
        from = done;
    }
    free(to);
    s->v = from;
    s->cap = s->n;
}

static void free_chunks(struct sorter *s)
{
    for (struct chunk *c = s->chunks, *next; c; c = next) {
        next = c->next;
        free(c);
    }
    s->chunks = NULL;
    s->held = s->n = 0;
}

/* ---- the file ---- */

static void flush(struct sorter *s)
{
    io_temporary_put(s->file, s->buf, s->used);
    s->written += s->used;
    s->used = 0;
}

static void put(struct sorter *s, const uint8_t *p, size_t n)
{
    if (n > s->unit - s->used)
        flush(s);
    if (n > s->unit) {
        io_temporary_put(s->file, p, n);
        s->written += n;
    } else {
        memcpy(s->buf + s->used, p, n);
        s->used += n;
    }
}

/* All that was written since `begin` is run i. */
static void end_run(struct sorter *s, size_t i, uint64_t begin)
{
    flush(s);
    mem_grow(&s->runs, &s->cap_runs, i + 1, sizeof *s->runs);
    s->runs[i] = (struct run){ .at = begin, .end = s->written };
}

/* What is in memory becomes a run. */
static void spill(struct sorter *s)
{
    if (s->file < 0) {
        s->file = io_temporary();
        s->buf = mem_new(s->unit, 1);
    }
    sort_entries(s);
    uint64_t begin = s->written;
    for (size_t i = 0; i < s->n; i++)
        put(s, s->v[i].at, bytes_of(s->v[i].at));
    end_run(s, s->n_runs++, begin);
    free_chunks(s);
}

/* Have n bytes in r's buffer from pos on; false if the run is at its end. */
static bool have(const struct sorter *s, struct run *r, size_t n)
{
    if (r->have - r->pos >= n)
        return true;
    if (r->at == r->end)
        return false;
    mem_grow(&r->buf, &r->cap, n > s->unit ? n : s->unit, 1);
    memmove(r->buf, r->buf + r->pos, r->have -= r->pos);
    r->pos = 0;
    size_t more = r->end - r->at < r->cap - r->have ? (size_t)(r->end - r->at) : r->cap - r->have;
    if (io_read_at(s->source, r->buf + r->have, more, r->at) != (ssize_t)more)
        die(ST_STOPPED, "cannot read back what was kept in TMPDIR:");
    r->have += more;
    r->at += more;
    return true;
}

/* Go to the run's next piece; false if there is none, and its memory is freed. */
static bool next_of(const struct sorter *s, struct run *r)
{
    r->pos += r->now.at ? bytes_of(r->now.at) : 0;
    if (!have(s, r, sizeof(struct sizes))) {
        free(r->buf);
        return false;
    }
    have(s, r, bytes_of(r->buf + r->pos));
    r->now = entry_of(r->buf + r->pos);
    return true;
}

/* Whether run i's piece comes behind run k's; of equal ones that of the earlier run is the first. */
static bool run_behind(const struct sorter *s, size_t i, size_t k)
{
    const struct entry *a = &s->runs[i].now, *b = &s->runs[k].now;
    return behind(a, b) || (i > k && !behind(b, a));
}

static void sift(struct sorter *s, size_t i)
{
    for (size_t least = i;; i = least) {
        for (size_t k = 2 * i + 1; k <= 2 * i + 2; k++)
            if (k < s->heap_n && run_behind(s, s->heap[least], s->heap[k]))
                least = k;
        if (least == i)
            return;
        size_t held = s->heap[i];
        s->heap[i] = s->heap[least];
        s->heap[least] = held;
    }
}

/* Begin to merge the runs [first … end), which lie in file `from`. */
static void begin_merge(struct sorter *s, int from, size_t first, size_t end)
{
    s->source = from;
    s->heap_n = 0;
    s->taken = false;
    for (size_t i = first; i < end; i++)
        if (next_of(s, s->runs + i))
            s->heap[s->heap_n++] = i;
    for (size_t i = s->heap_n; i-- > 0; )
        sift(s, i);
}

/* The next piece of the merge; NULL at its end. */
static const uint8_t *merged(struct sorter *s)
{
    if (s->taken && !next_of(s, s->runs + s->heap[0]))
        s->heap[0] = s->heap[--s->heap_n];
    sift(s, 0);
    s->taken = s->heap_n;
    return s->heap_n ? s->runs[s->heap[0]].now.at : NULL;
}

/* Merge the runs into fewer, until the buffers of those that are left fit in memory. */
static void merge_runs(struct sorter *s)
{
    size_t fan = s->most / 2 / (s->unit + s->largest);
    fan = fan < 2 ? 2 : fan;
    s->heap = mem_new(fan, sizeof *s->heap);
    while (s->n_runs > fan) {
        int from = s->file;
        size_t fewer = 0;
        s->file = io_temporary();
        s->written = 0;
        for (size_t first = 0; first < s->n_runs; first += fan) {
            uint64_t begin = s->written;
            begin_merge(s, from, first, first + fan < s->n_runs ? first + fan : s->n_runs);
            for (const uint8_t *at; (at = merged(s)); )
                put(s, at, bytes_of(at));
            end_run(s, fewer++, begin);
        }
        s->n_runs = fewer;
        close(from);
    }
    begin_merge(s, s->file, 0, s->n_runs);
}

/* ---- what is public ---- */

struct sorter *sorter_new(size_t most)
{
    struct sorter *s = mem_zero(1, sizeof *s);
    s->most = most;
    s->unit = most / 64 < LEAST_UNIT ? LEAST_UNIT : most / 64 > UNIT ? UNIT : most / 64;
    s->file = -1;
    return s;
}

void sorter_add(struct sorter *s, const void *key, size_t key_n, const void *piece, size_t n)
{
    struct sizes z = { key_n, n };
    size_t bytes = sizeof z + key_n + n, cap = bytes > s->unit ? bytes : s->unit;
    struct chunk *c = s->chunks;
    bool fresh = !c || c->cap - c->used < bytes;
    /* of entries twice as many as there are, and those that they are sorted into */
    if (fresh && s->n && s->held + cap + 3 * s->n * sizeof *s->v > s->most) {
        spill(s);
        c = NULL;
    }
    if (fresh) {
        struct chunk *new = mem_new(sizeof *new + cap, 1);
        *new = (struct chunk){ .next = c, .cap = cap };
        s->chunks = c = new;
        s->held += cap;
    }
    uint8_t *at = c->bytes + c->used;
    memcpy(at, &z, sizeof z);
    memcpy(at + sizeof z, key, key_n);
    memcpy(at + sizeof z + key_n, piece, n);
    c->used += bytes;
    s->largest = bytes > s->largest ? bytes : s->largest;
    mem_grow(&s->v, &s->cap, s->n + 1, sizeof *s->v);
    s->v[s->n++] = entry_of(at);
}

bool sorter_next(struct sorter *s, const void **piece, size_t *n)
{
    if (!s->asked) {
        s->asked = true;
        if (s->file < 0) {
            sort_entries(s);
        } else {
            spill(s);
            merge_runs(s);
        }
    }
    const uint8_t *at = s->file >= 0 ? merged(s) : s->next < s->n ? s->v[s->next++].at : NULL;
    if (!at)
        return false;
    *n = sizes_of(at).piece;
    *piece = at + bytes_of(at) - *n;
    return true;
}

void sorter_free(struct sorter *s)
{
    if (!s)
        return;
    free_chunks(s);
    for (size_t i = 0; i < s->heap_n; i++)
        free(s->runs[s->heap[i]].buf);
    if (s->file >= 0)
        close(s->file);
    free(s->v);
    free(s->buf);
    free(s->runs);
    free(s->heap);
    free(s);
}
