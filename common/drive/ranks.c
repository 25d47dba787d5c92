/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drive/ranks.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/die.h"
#include "base/mem.h"
#include "base/progress.h"

bool ranks_begin(const struct prog *prog, char ***operands, const char *save)
{
    if (!prog->ranks || !world_wanted())
        return false;
    if (!save)
        opt_misuse(prog, "mpirun fits and writes no records: give --save, and --model to sp-parallel '%s ...'", prog->name);
    *operands = world_begin(*operands);
    if (world.rank == 0)
        return true;
    progress_quiet = true;
    int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (fd < 0 || dup2(fd, STDOUT_FILENO) < 0)
        die(ST_STOPPED, "/dev/null:");
    close(fd);
    return true;
}

void ranks_same_columns(const struct rec_in *in)
{
    struct span own = rec_head_body(in);
    size_t *bytes = mem_new(world.size, sizeof *bytes), at = 0;
    uint8_t *all = world_all(own.p, own.n, bytes);
    for (size_t i = 0; i < world.size; at += bytes[i++]) {
        struct head h;
        const char *why = head_parse(&h, all + at, bytes[i]);
        if (why || !head_same_columns(&h, rec_head(in)))
            die(ST_STREAM, "%s: its columns differ from those of rank %zu", rec_name(in), i);
        head_free(&h);
    }
    free(all);
    free(bytes);
}

uint64_t ranks_digest(const struct rec_in *in)
{
    uint64_t own[2] = { rec_digest(in, 0), rec_digest(in, 1) - rec_digest(in, 0) }, digest = 0;
    uint64_t *all = world_all(own, sizeof own, NULL);
    for (size_t i = 0; i < world.size; i++)
        digest = digest * all[2 * i + 1] + all[2 * i];
    free(all);
    return digest;
}

size_t ranks_sum(size_t n)
{
    size_t *all = world_all(&n, sizeof n, NULL);
    n = 0;
    for (size_t i = 0; i < world.size; i++)
        n += all[i];
    free(all);
    return n;
}

size_t ranks_width(size_t width, const char *field)
{
    size_t *all = world_all(&width, sizeof width, NULL);
    for (size_t i = 0; i < world.size; i++) {
        width = width ? width : all[i];
        if (all[i] && all[i] != width)
            die(ST_STREAM, "rank %zu: %s has %zu numbers, that of rank %zu has %zu", world.rank, field, width, i, all[i]);
    }
    free(all);
    return width;
}

float *ranks_rows(float *x, size_t n, size_t d, size_t from, size_t to)
{
    if (world.size == 1)
        return x;
    size_t row = d * sizeof *x, before = 0, bytes;
    char *wanted = mem_new(to - from, row);
    for (size_t i = 0; i < world.size; i++, before += bytes / row) {
        char *rows = world_from(i, x, n * row, &bytes);
        size_t end = before + bytes / row, first = from > before ? from : before, last = to < end ? to : end;
        if (first < last)
            memcpy(wanted + (first - from) * row, rows + (first - before) * row, (last - first) * row);
        free(rows);
    }
    free(x);
    return (float *)(void *)wanted;
}
