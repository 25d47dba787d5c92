/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/openblas.h"

#include <cblas.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/machine.h"
#include "base/mem.h"
#include "base/par.h"

enum { BUFFER = 128 << 20 };    /* its BUFFER_SIZE on x86-64; no processor's is larger */

/* Its own, which are not in its header: a buffer, and back to those that it keeps. */
extern void *blas_memory_alloc(int procpos);
extern void blas_memory_free(void *buffer);

/* Runs before main by itself, as soon as anything of this file is linked. OpenBLAS has started a thread for
 * each processor, and each wants a buffer: where addresses are few, begin again without them. */
__attribute__((constructor)) static void hold_at_one_thread(int argc, char **argv)
{
    const char *told = getenv("OPENBLAS_NUM_THREADS");
    if (argc && openblas_get_num_threads() > 1 && machine_limited() && !(told && strcmp(told, "1") == 0) &&
        setenv("OPENBLAS_NUM_THREADS", "1", 1) == 0)
        execv("/proc/self/exe", argv);
    openblas_set_num_threads(1);
}

static void get_buffers(void)
{
    if (!machine_limited())
        return;
    size_t n = (size_t)(par_jobs < 1 ? par_available() : par_jobs);
    void **buffer = mem_new(n, sizeof *buffer);
    char what[80];
    snprintf(what, sizeof what, "OpenBLAS, with -j %zu", n);
    for (size_t i = 0; i < n; i++) {
        mem_room(BUFFER, what);
        buffer[i] = blas_memory_alloc(0);
    }
    for (size_t i = 0; i < n; i++)
        blas_memory_free(buffer[i]);
    free(buffer);
}

void openblas_ready(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, get_buffers);
}
