/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "files/npy_in.h"

#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/mem.h"
#include "base/packed.h"
#include "stream/frame.h"

static void check_end(struct npy_in *array)
{
    uint8_t more;
    if (io_get_all(array->in, &more, 1))
        die(ST_STREAM, "%s: goes on after its last row, row %zu", array->name, array->rows);
}

/* All the bytes, growing as they come, whatever the shape claims. */
static void get_all(struct npy_in *array)
{
    size_t want = array->a.count * array->a.size, have = 0, cap = 0;
    while (have < want) {
        size_t piece = want - have < 1 << 20 ? want - have : 1 << 20;
        mem_grow(&array->all, &cap, have + piece, 1);
        size_t got = io_get_all(array->in, array->all + have, piece);
        have += got;
        if (got < piece)
            die(ST_STREAM, "%s: cut short: %zu of %zu bytes are there", array->name, have, want);
    }
    check_end(array);
}

void npy_open(struct npy_in *array, const char *path)
{
    uint8_t start[NPY_START];
    size_t at, n;
    *array = (struct npy_in){ .in = io_open(path, 0) };
    array->name = io_name(array->in);
    size_t got = io_get_all(array->in, start, sizeof start);
    packed_refuse(start, got, array->name, false, ST_STREAM);
    if (got < sizeof start)
        die(ST_STREAM, "%s: %s", array->name, got ? "cut short in its header" : "empty");
    const char *why = npy_start(start, &at, &n);
    if (why)
        die(ST_STREAM, "%s: %s", array->name, why);
    char *text = mem_new(n + sizeof start, 1);
    memcpy(text, start + at, sizeof start - at);
    size_t more = n + at - sizeof start;        /* of the dictionary */
    if (n + at < sizeof start || io_get_all(array->in, text + sizeof start - at, more) < more)
        die(ST_STREAM, "%s: cut short in its header", array->name);
    if ((why = npy_parse(text, n, &array->a)))
        die(ST_STREAM, "%s: %s", array->name, why);
    free(text);
    if (array->a.ndim == 0)
        die(ST_STREAM, "%s: a single number, not an array of rows", array->name);
    array->rows = array->a.shape[0];
    array->width = 1;
    for (int i = 1; i < array->a.ndim; i++)
        array->width *= array->a.shape[i];
    if (array->width * 4 > frame_max)
        die(ST_MEMORY, "%s: a row of %zu numbers is larger than --max-record (%zu)", array->name, array->width,
            frame_max);
    if (array->a.fortran && array->a.ndim > 1)
        get_all(array);
    array->row = mem_new(array->width, array->a.size);
}

/* Where element i of a row in C order is in one in Fortran order: its index there. */
static size_t fortran_index(const struct npy_in *array, size_t row, size_t i)
{
    size_t index = 0;
    for (int k = array->a.ndim - 1; k > 0; k--) {
        size_t left = 1;
        for (int j = 0; j < k; j++)
            left *= array->a.shape[j];
        index += i % array->a.shape[k] * left;
        i /= array->a.shape[k];
    }
    return index + row;
}

const uint8_t *npy_row(struct npy_in *array)
{
    size_t size = array->a.size, row = array->next++;
    if (array->all)
        for (size_t i = 0; i < array->width; i++)
            memcpy(array->row + i * size, array->all + fortran_index(array, row, i) * size, size);
    else if (io_get_all(array->in, array->row, array->width * size) < array->width * size)
        die(ST_STREAM, "%s: cut short in row %zu of %zu", array->name, row, array->rows);
    return array->row;
}

void npy_close(struct npy_in *array)
{
    if (!array->all)
        check_end(array);
    io_close(array->in);
    free(array->all);
    free(array->row);
}
