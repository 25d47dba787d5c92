/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/world.h"

#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/mem.h"
#include "base/par.h"
#include "base/str.h"

#ifdef SONGPIPE_MPI
#include <mpi.h>
#endif

struct world world = { 0, 1 };

static char *with_rank(const char *path)
{
    struct str s = { 0 };
    for (; *path; path++)
        if (path[0] == '%' && path[1] == 'r') {
            str_printf(&s, "%zu", world.rank);
            path++;
        } else {
            str_char(&s, *path);
        }
    return s.p ? s.p : mem_text("", 0);
}

#ifdef SONGPIPE_MPI

static void end_all(int status) { MPI_Abort(MPI_COMM_WORLD, status); }

static void join(void)
{
    int rank, size;
    MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &(int){ 0 });
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    world = (struct world){ (size_t)rank, (size_t)size };
    world_abandon = end_all;
}

void *world_all(const void *mine, size_t n, size_t *bytes)
{
    uint64_t size = n, *sizes = mem_new(world.size, sizeof *sizes);
    int *counts = mem_new(world.size, sizeof *counts), *at = mem_new(world.size, sizeof *at);
    size_t all = 0, most = INT_MAX;
    sizes[0] = size;
    if (world.size > 1)
        MPI_Allgather(&size, 1, MPI_UINT64_T, sizes, 1, MPI_UINT64_T, MPI_COMM_WORLD);
    for (size_t i = 0; i < world.size; all += (size_t)sizes[i++]) {
        if (sizes[i] > most - all)
            die(ST_MEMORY, "more than 2 GB to exchange between %zu ranks", world.size);
        counts[i] = (int)sizes[i];
        at[i] = (int)all;
        if (bytes)
            bytes[i] = (size_t)sizes[i];
    }
    char *to = mem_new(all ? all : 1, 1);
    if (world.size > 1)
        MPI_Allgatherv(mine, (int)n, MPI_BYTE, to, counts, at, MPI_BYTE, MPI_COMM_WORLD);
    else if (n)
        memcpy(to, mine, n);
    free(sizes);
    free(counts);
    free(at);
    return to;
}

/* n bytes in pieces that MPI can count. */
static void each_piece(void *p, size_t n, void (*exchange)(void *p, int n, int rank), int rank)
{
    enum { MOST = 1 << 30 };
    for (size_t at = 0; at < n; at += MOST)
        exchange((char *)p + at, (int)(n - at < MOST ? n - at : MOST), rank);
}

static void receive(void *p, int n, int rank) { MPI_Recv(p, n, MPI_BYTE, rank, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE); }
static struct { MPI_Request *v; size_t n, cap; } sent;
static void send(void *p, int n, int rank)
{
    mem_grow(&sent.v, &sent.cap, sent.n + 1, sizeof *sent.v);
    MPI_Isend(p, n, MPI_BYTE, rank, 0, MPI_COMM_WORLD, &sent.v[sent.n++]);
}
static void spread(void *p, int n, int rank) { MPI_Bcast(p, n, MPI_BYTE, rank, MPI_COMM_WORLD); }

void world_from_before(void *p, size_t n)
{
    if (world.rank)
        each_piece(p, n, receive, (int)world.rank - 1);
}

void world_to_next(void *p, size_t n)
{
    if (world.rank + 1 < world.size)
        each_piece(p, n, send, (int)world.rank + 1);
}

void world_sent(void)
{
    if (sent.n)
        MPI_Waitall((int)sent.n, sent.v, MPI_STATUSES_IGNORE);
    sent.n = 0;
}

void world_spread(void *p, size_t n, size_t from)
{
    if (world.size > 1)
        each_piece(p, n, spread, (int)from);
}

void *world_swap(void *mine, size_t *bytes)
{
    uint64_t *sizes = mem_new(world.size, sizeof *sizes), *theirs = mem_new(world.size, sizeof *theirs);
    size_t all = 0, at = 0, own = 0;
    for (size_t r = 0; r < world.size; r++)
        sizes[r] = bytes[r];
    MPI_Alltoall(sizes, 1, MPI_UINT64_T, theirs, 1, MPI_UINT64_T, MPI_COMM_WORLD);
    for (size_t r = 0; r < world.size; all += (size_t)theirs[r++]) {
        if (r != world.rank)
            each_piece((char *)mine + at, bytes[r], send, (int)r);
        else
            own = at;
        at += bytes[r];
    }
    char *to = mem_new(all ? all : 1, 1);
    at = 0;
    for (size_t r = 0; r < world.size; at += bytes[r++]) {
        bytes[r] = (size_t)theirs[r];
        if (r != world.rank)
            each_piece(to + at, bytes[r], receive, (int)r);
        else if (bytes[r])
            memcpy(to + at, (char *)mine + own, bytes[r]);
    }
    world_sent();
    free(sizes);
    free(theirs);
    return to;
}

void *world_from(size_t rank, const void *mine, size_t n, size_t *bytes)
{
    uint64_t size = n;
    world_spread(&size, sizeof size, rank);
    char *to = mem_new(size ? (size_t)size : 1, 1);
    if (n && rank == world.rank)
        memcpy(to, mine, n);
    world_spread(to, (size_t)size, rank);
    *bytes = (size_t)size;
    return to;
}

int world_end(int status)
{
    int worst = status;
    if (!world_abandon)
        return status;
    MPI_Allreduce(&status, &worst, 1, MPI_INT, MPI_MAX, MPI_COMM_WORLD);
    MPI_Finalize();
    return worst;
}

#else

static void join(void)
{
    die(ST_USAGE, "built without MPI: each of the processes that mpirun started would do all of it; see HACKING.md");
}

void *world_all(const void *mine, size_t n, size_t *bytes)
{
    if (bytes)
        *bytes = n;
    return mem_text(n ? mine : "", n);
}

void *world_from(size_t rank, const void *mine, size_t n, size_t *bytes)
{
    (void)rank;
    return world_all(mine, n, bytes);
}

void *world_swap(void *mine, size_t *bytes) { return world_all(mine, *bytes, bytes); }
void world_from_before(void *p, size_t n) { (void)p, (void)n; }
void world_to_next(void *p, size_t n) { (void)p, (void)n; }
void world_sent(void) { }
void world_spread(void *p, size_t n, size_t from) { (void)p, (void)n, (void)from; }
int world_end(int status) { return status; }

#endif

void world_share(size_t blocks, size_t *first, size_t *end)
{
    *first = par_share(world.rank, world.size, blocks);
    *end = par_share(world.rank + 1, world.size, blocks);
}

/* The blocks of this rank. */
struct share { size_t first; void (*work)(size_t, void *); void *state; };

static void work_in_share(size_t block, void *state)
{
    const struct share *s = state;
    s->work(s->first + block, s->state);
}

void world_for(size_t blocks, void (*work)(size_t block, void *state), void *state)
{
    struct share s = { .work = work, .state = state };
    size_t end;
    world_share(blocks, &s.first, &end);
    par_for(end - s.first, world.size > 1 ? work_in_share : work, world.size > 1 ? &s : state);
}

void world_fill(void *part, size_t blocks, size_t size)
{
    for (size_t r = 0; r < world.size; r++) {
        size_t first = blocks * r / world.size, end = blocks * (r + 1) / world.size;
        world_spread((char *)part + first * size, (end - first) * size, r);
    }
}

char **world_begin(char **operands)
{
    join();
    for (char **o = operands; *o; o++)
        *o = with_rank(*o);
    return operands;
}
