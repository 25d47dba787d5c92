/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drive/map.h"

#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/die.h"
#include "base/mem.h"
#include "base/par.h"
#include "base/progress.h"
#include "drive/pass.h"
#include "drive/window.h"

const struct opt map_opts[] = {
    OPT_JOBS(1),
    OPT_END
};
const struct opt *const map_also[] = { map_opts, item_opts, rec_in_opts, rec_out_opts, NULL };

/* Records are handed to threads in batches: small ones would cost more to hand over
 * than to work on. A batch closes when it is full or when the input makes us wait. */
enum { BATCH = 32, BATCH_BYTES = 64 << 10 };

/* What is computed together is held until then: no more records than have so many bytes. */
enum { TOGETHER_BYTES = 64 << 20 };

struct batch {
    struct rec *recs[BATCH];
    size_t n;
    bool done;
};

struct run {
    const struct map *m;
    struct rec_in *in;
    struct rec_out *out;
    size_t count;
    bool settled;               /* a record that is not nil went through process in the calling thread */
    struct rec *held;           /* frames that wait for the header */
    bool headed;

    pthread_mutex_t lock;
    pthread_cond_t work;
    int done;                   /* an eventfd: the batch that is awaited is done */
    struct batch *ring;
    size_t size, filled, taken, awaited;    /* batch numbers; the place is number % size */
    bool closed;
};

static const char *out_field(const struct map *m)
{
    return m->out ? m->out : m->in;
}

/* Take `in` away where out stands for it. */
static void replace_input(const struct map *m, struct rec *r)
{
    if (m->in && m->out && !m->keep && strcmp(m->in, m->out) != 0)
        rec_del(r, m->in);
}

static void work_on(const struct map *m, struct rec *r, void *worker)
{
    struct value in = { .type = V_NIL };
    const char *out = out_field(m);
    if (m->in) {
        bool there = rec_need(r, m->in, &in);
        if (!there && !r->nil)
            return;
    }
    if (out && !(m->in && strcmp(m->in, out) == 0))
        item_claim(r, out);
    if (m->in && in.type == V_NIL)
        rec_pass_nil(r, out);
    else if (!m->process(r, &in, worker) || (out && !rec_finite(r, out)))
        return;
    if (!r->dropped)
        replace_input(m, r);
}

static void head_for_output(struct run *run)
{
    const struct map *m = run->m;
    struct head *h = rec_out_head(run->out);
    if (m->in && m->out && !m->keep && strcmp(m->in, m->out) != 0)
        head_set_columns(h, m->in, NULL, 0);
    const struct columns *c = m->same_columns ? head_columns(rec_head(run->in), m->in) : NULL;
    if (c && strcmp(m->in, out_field(m)) != 0)
        head_set_columns(h, m->out, (const char *const *)c->names, c->n);
    if (m->header)
        m->header(h, m->state);
    run->headed = true;
    rec_put_emitted(run->out, run->held);
    rec_free(run->held);
    run->held = NULL;
}

/* Write what became of a record, in the order of the input. */
static void write_out(struct run *run, struct rec *r)
{
    const char *out = out_field(run->m);
    if (r->error[0]) {
        r->emitted = 0;
        r->packed.n = 0;
        r->dropped = false;
        if (!item_bad(r))
            return;
        if (out)
            rec_set_nil(r, out);
        replace_input(run->m, r);
        r->nil = true;
    } else if (r->nil) {
        item_nil();
    }
    if (r->nil && !r->dropped && run->m->unset)
        run->m->unset(r);
    run->settled |= !r->nil;
    if (!run->headed) {
        if (r->nil && run->m->header && run->held->packed.n < 64 << 20) {
            if (!r->dropped)
                rec_emit(r);
            msg_append(&run->held->packed, r->packed.p, r->packed.n);
            run->held->emitted += r->emitted;
            return;
        }
        head_for_output(run);
    }
    rec_put_emitted(run->out, r);
    if (!r->dropped)
        rec_put(run->out, r);
}

static void *new_worker(const struct map *m)
{
    return m->worker_new ? m->worker_new(m->state) : m->state;
}

static void free_worker(const struct map *m, void *worker)
{
    if (m->worker_free)
        m->worker_free(worker);
}

/* One record at a time, in this thread, as long as `on` says. */
static bool here(struct run *run, struct rec *r, void *worker)
{
    if (!rec_ready(run->in))
        rec_flush(run->out);        /* nothing is kept back while we wait */
    if (!rec_next(run->in, r))
        return false;
    work_on(run->m, r, worker);
    write_out(run, r);
    progress_at(++run->count, NULL);
    return true;
}

static void *thread(void *state)
{
    struct run *run = state;
    void *worker = new_worker(run->m);
    pthread_mutex_lock(&run->lock);
    for (;;) {
        while (run->taken == run->filled && !run->closed)
            pthread_cond_wait(&run->work, &run->lock);
        if (run->taken == run->filled)
            break;
        size_t number = run->taken++;
        struct batch *b = run->ring + number % run->size;
        pthread_mutex_unlock(&run->lock);
        for (size_t i = 0; i < b->n; i++)
            work_on(run->m, b->recs[i], worker);
        pthread_mutex_lock(&run->lock);
        b->done = true;
        if (number == run->awaited)
            eventfd_write(run->done, 1);
    }
    pthread_mutex_unlock(&run->lock);
    free_worker(run->m, worker);
    return NULL;
}

static size_t bytes_of(const struct rec *r)
{
    size_t bytes = 0;
    for (size_t i = 0; i < r->n; i++)
        bytes += r->fields[i].size;
    return bytes;
}

/* Fill a batch; false if the input is at its end before it has a record. */
static bool fill(struct run *run, struct batch *b)
{
    size_t bytes = 0;
    b->n = 0;
    b->done = false;
    while (b->n < BATCH && bytes < BATCH_BYTES && (b->n == 0 || rec_ready(run->in))) {
        struct rec *r = b->recs[b->n];
        if (!rec_next(run->in, r))
            break;
        rec_own(r);
        bytes += bytes_of(r);
        b->n++;
    }
    return b->n > 0;
}

/* ---- the window: batches under way ---- */

static bool begin(size_t number, void *state)
{
    struct run *run = state;
    bool more = fill(run, run->ring + number % run->size);
    pthread_mutex_lock(&run->lock);
    run->filled += more;
    run->closed = !more;
    if (more)
        pthread_cond_signal(&run->work);
    else
        pthread_cond_broadcast(&run->work);
    pthread_mutex_unlock(&run->lock);
    return more;
}

static bool put(size_t number, void *state)
{
    struct run *run = state;
    struct batch *b = run->ring + number % run->size;
    pthread_mutex_lock(&run->lock);
    run->awaited = number;
    bool done = b->done;
    pthread_mutex_unlock(&run->lock);
    if (!done)
        return false;
    for (size_t i = 0; i < b->n; i++)
        write_out(run, b->recs[i]);
    progress_at(run->count += b->n, NULL);
    return true;
}

static bool wait_for(size_t first, size_t n, int fd, void *state)
{
    struct run *run = state;
    struct pollfd polls[2] = { { .fd = run->done, .events = POLLIN }, { .fd = fd, .events = POLLIN } };
    eventfd_t none;
    (void)first;
    (void)n;
    if (poll(polls, 2, -1) <= 0)
        return false;
    if (polls[0].revents)
        eventfd_read(run->done, &none);
    return polls[1].revents != 0;
}

static void threaded(struct run *run, size_t jobs)
{
    pthread_t *threads = mem_new(jobs, sizeof *threads);
    run->size = 2 * jobs + 1;
    run->ring = mem_zero(run->size, sizeof *run->ring);
    for (size_t i = 0; i < run->size; i++)
        for (size_t k = 0; k < BATCH; k++)
            run->ring[i].recs[k] = rec_new();
    pthread_mutex_init(&run->lock, NULL);
    pthread_cond_init(&run->work, NULL);
    run->done = eventfd(0, EFD_CLOEXEC);
    if (run->done < 0)
        die(ST_STOPPED, "cannot start threads:");
    for (size_t i = 0; i < jobs; i++)
        if (pthread_create(threads + i, NULL, thread, run) != 0)
            die(ST_MEMORY, "cannot start thread %zu of %zu", i + 1, jobs);
    window_run(&(struct window){ .size = run->size, .begin = begin, .put = put, .wait = wait_for, .state = run },
               run->in, run->out);
    for (size_t i = 0; i < jobs; i++)
        pthread_join(threads[i], NULL);
    close(run->done);
    for (size_t i = 0; i < run->size; i++)
        for (size_t k = 0; k < BATCH; k++)
            rec_free(run->ring[i].recs[k]);
    free(run->ring);
    free(threads);
}

/* ---- what is computed on several at once ---- */

static void together(struct run *run, void *worker)
{
    const struct map *m = run->m;
    struct rec **recs = NULL;
    size_t made = 0, cap = 0;
    for (bool more = true; more; ) {
        size_t n = 0, bytes = 0;
        for (; !m->full(n, worker) && bytes < TOGETHER_BYTES; n++) {
            if (n == made) {
                mem_grow(&recs, &cap, n + 1, sizeof *recs);
                recs[made++] = rec_new();
            }
            if (!(more = rec_next(run->in, recs[n])))
                break;
            rec_own(recs[n]);
            bytes += bytes_of(recs[n]);
            work_on(m, recs[n], worker);
        }
        m->together(worker);
        for (size_t i = 0; i < n; i++) {
            if (!recs[i]->error[0] && !recs[i]->nil)
                m->finish(recs[i], worker);
            write_out(run, recs[i]);
        }
        if (more)
            rec_flush(run->out);
        progress_at(run->count += n, NULL);
    }
    while (made)
        rec_free(recs[--made]);
    free(recs);
}

int map_run(const struct map *m, struct rec_in *in, struct rec_out *out)
{
    struct run run = { .m = m, .in = in, .out = out, .held = rec_new() };
    size_t jobs = par_jobs > 1 ? (size_t)par_jobs : 1;
    if (!m->together)
        par_jobs = 1;                       /* the threads are ours: each process has one */
    pass_progress(in, 0, m->counts ? m->counts : "records");
    struct rec *r = rec_new();
    void *worker = new_worker(m);
    bool more = !m->together;
    if (m->together)
        together(&run, worker);
    while (more && (jobs == 1 || !run.settled))
        more = here(&run, r, worker);
    free_worker(m, worker);
    if (more)
        threaded(&run, jobs);
    while (m->rest && m->rest(r, m->state))
        write_out(&run, r);
    rec_free(r);
    if (!run.headed)
        head_for_output(&run);
    if (m->end)
        m->end(m->state);
    rec_finish(out);
    rec_close(in);
    return item_status();
}

int map_main(const struct prog *prog, const struct map *m, char **operands)
{
    struct rec_in *in = rec_open(prog, operands, false);
    return map_run(m, in, rec_create(prog, in));
}
