/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _GNU_SOURCE         /* sched_getaffinity */
#include "base/par.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#include "base/die.h"

int par_jobs = 0;

static struct {
    pthread_mutex_t lock;
    pthread_cond_t begin, end;
    int threads;                    /* workers started, besides the caller */
    int wanted, running;            /* workers this call may use; still busy with it */
    unsigned long call;             /* number of the call, which wakes the workers */
    void (*work)(size_t, void *);
    void *state;
    size_t blocks;
    atomic_size_t next;
} pool = { .lock = PTHREAD_MUTEX_INITIALIZER, .begin = PTHREAD_COND_INITIALIZER,
           .end = PTHREAD_COND_INITIALIZER };

static _Thread_local int self;

int par_worker(void)
{
    return self;
}

static pthread_mutex_t unsafe = PTHREAD_MUTEX_INITIALIZER;

void par_lock(void)
{
    pthread_mutex_lock(&unsafe);
}

void par_unlock(void)
{
    pthread_mutex_unlock(&unsafe);
}

int par_available(void)
{
    cpu_set_t set;
    int n = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
    return n > 0 ? n : 1;
}

static void take_blocks(void)
{
    for (size_t b; (b = atomic_fetch_add(&pool.next, 1)) < pool.blocks; )
        pool.work(b, pool.state);
}

static void *worker(void *index)
{
    self = (int)(size_t)index;
    unsigned long seen = 0;
    pthread_mutex_lock(&pool.lock);
    for (;;) {
        while (pool.call == seen)
            pthread_cond_wait(&pool.begin, &pool.lock);
        seen = pool.call;
        if (self > pool.wanted)
            continue;
        pthread_mutex_unlock(&pool.lock);
        take_blocks();
        pthread_mutex_lock(&pool.lock);
        if (--pool.running == 0)
            pthread_cond_signal(&pool.end);
    }
    return NULL;
}

void par_for(size_t blocks, void (*work)(size_t block, void *state), void *state)
{
    if (par_jobs < 1)
        par_jobs = par_available();
    size_t helpers = (size_t)par_jobs - 1;
    if (blocks < helpers + 1)
        helpers = blocks ? blocks - 1 : 0;
    if (helpers == 0) {
        for (size_t b = 0; b < blocks; b++)
            work(b, state);
        return;
    }
    pthread_mutex_lock(&pool.lock);
    while (pool.threads < (int)helpers) {
        pthread_t thread;
        int error = pthread_create(&thread, NULL, worker, (void *)(size_t)(pool.threads + 1));
        if (error)
            die(ST_MEMORY, "cannot start thread %d", pool.threads + 2);
        pthread_detach(thread);
        pool.threads++;
    }
    pool.work = work;
    pool.state = state;
    pool.blocks = blocks;
    atomic_store(&pool.next, 0);
    pool.wanted = pool.running = (int)helpers;
    pool.call++;
    pthread_cond_broadcast(&pool.begin);
    pthread_mutex_unlock(&pool.lock);
    take_blocks();
    pthread_mutex_lock(&pool.lock);
    while (pool.running)
        pthread_cond_wait(&pool.end, &pool.lock);
    pthread_mutex_unlock(&pool.lock);
}
