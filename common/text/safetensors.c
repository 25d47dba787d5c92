/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "text/safetensors.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/half.h"
#include "base/json.h"
#include "base/mem.h"

enum { HEADER_MOST = 100 << 20 };   /* as the format's own reader has it */

struct safetensors {
    int fd;
    uint8_t *map;
    size_t size;
    struct timespec changed;        /* when the file was last, as it was opened */
    json_t *header;                 /* owns the names */
    struct safe_tensor *tensors;    /* by place in the file */
    size_t n;
};

static const struct { const char *name; enum safe_type type; size_t size; } dtypes[] = {
    { "F32", SAFE_F32, 4 }, { "F16", SAFE_F16, 2 }, { "BF16", SAFE_BF16, 2 }, { "F64", SAFE_OTHER, 8 },
    { "I64", SAFE_OTHER, 8 }, { "U64", SAFE_OTHER, 8 }, { "I32", SAFE_OTHER, 4 }, { "U32", SAFE_OTHER, 4 },
    { "I16", SAFE_OTHER, 2 }, { "U16", SAFE_OTHER, 2 }, { "I8", SAFE_OTHER, 1 }, { "U8", SAFE_OTHER, 1 },
    { "BOOL", SAFE_OTHER, 1 }, { "F8_E5M2", SAFE_OTHER, 1 }, { "F8_E4M3", SAFE_OTHER, 1 },
};

/* A whole number >= 0, or false. */
static bool whole(const json_t *j, size_t *v)
{
    if (!json_is_integer(j) || json_integer_value(j) < 0)
        return false;
    *v = (size_t)json_integer_value(j);
    return true;
}

/* One entry of the header; data_size bytes of data lie at `data`. NULL, or what is wrong. */
static const char *tensor(struct safe_tensor *t, const json_t *entry, const uint8_t *data, size_t data_size)
{
    const char *dtype = json_string_value(json_object_get(entry, "dtype"));
    const json_t *shape = json_object_get(entry, "shape"), *offsets = json_object_get(entry, "data_offsets");
    size_t begin, end, bytes = 0;
    if (!dtype || !json_is_array(shape) || json_array_size(offsets) != 2 ||
        !whole(json_array_get(offsets, 0), &begin) || !whole(json_array_get(offsets, 1), &end))
        return "its entry is malformed";
    for (size_t i = 0; i < sizeof dtypes / sizeof *dtypes; i++)
        if (strcmp(dtype, dtypes[i].name) == 0) {
            t->type = dtypes[i].type;
            bytes = dtypes[i].size;
        }
    if (!bytes)
        return "its dtype is not known";
    if (json_array_size(shape) > SAFE_DIMS)
        return "it has more than 8 dimensions";
    t->ndim = (int)json_array_size(shape);
    t->count = 1;
    for (int i = 0; i < t->ndim; i++)
        if (!whole(json_array_get(shape, (size_t)i), t->shape + i) ||
            __builtin_mul_overflow(t->count, t->shape[i], &t->count))
            return "its shape is malformed";
    if (__builtin_mul_overflow(t->count, bytes, &t->size))
        return "its shape is malformed";
    if (begin > end || end > data_size)
        return "its data lies beyond the end of the file";
    if (end - begin != t->size)
        return "its data has another size than its shape";
    t->data = data + begin;
    return NULL;
}

static int by_place(const void *a, const void *b)
{
    const struct safe_tensor *x = a, *y = b;
    if (x->data != y->data)
        return x->data < y->data ? -1 : 1;
    return x->size < y->size ? -1 : x->size > y->size;
}

/* Read and check the mapped file; false with the reason in why. */
static bool parse(struct safetensors *s, char *why, size_t room)
{
    uint64_t header_size = 0;
    for (unsigned i = 0; i < 8; i++)
        header_size |= (uint64_t)s->map[i] << (8 * i);
    if (header_size > s->size - 8 || header_size > HEADER_MOST) {
        snprintf(why, room, "cut short, or no safetensors file: its header claims %llu bytes, the file has %zu",
                 (unsigned long long)header_size, s->size);
        return false;
    }
    json_error_t error;
    json_counts();
    s->header = json_loadb((const char *)s->map + 8, (size_t)header_size, JSON_REJECT_DUPLICATES, &error);
    if (!json_is_object(s->header)) {
        snprintf(why, room, "its header is not a JSON object%s%s", s->header ? "" : ": ",
                 s->header ? "" : error.text);
        return false;
    }
    const uint8_t *data = s->map + 8 + header_size;
    size_t data_size = s->size - 8 - (size_t)header_size;
    s->tensors = mem_zero(json_object_size(s->header), sizeof *s->tensors);
    const char *name;
    json_t *entry;
    json_object_foreach(s->header, name, entry) {
        if (strcmp(name, "__metadata__") == 0)
            continue;
        struct safe_tensor *t = s->tensors + s->n++;
        t->name = name;
        const char *wrong = tensor(t, entry, data, data_size);
        if (wrong) {
            snprintf(why, room, "tensor %.100s: %s", name, wrong);
            return false;
        }
    }
    qsort(s->tensors, s->n, sizeof *s->tensors, by_place);
    for (size_t i = 0; i < s->n; i++) {
        if (s->tensors[i].data != data) {
            snprintf(why, room, "tensor %.100s: its data %s", s->tensors[i].name,
                     s->tensors[i].data < data ? "overlaps another's" : "begins after a gap");
            return false;
        }
        data += s->tensors[i].size;
    }
    size_t over = (size_t)(s->map + s->size - data);
    if (over)
        snprintf(why, room, "%zu bytes after its last tensor", over);
    return over == 0;
}

bool safetensors_same(const struct safetensors *s)
{
    struct stat st;
    return fstat(s->fd, &st) == 0 && (size_t)st.st_size == s->size && st.st_ctim.tv_sec == s->changed.tv_sec &&
           st.st_ctim.tv_nsec == s->changed.tv_nsec;
}

struct safetensors *safetensors_open(const char *path, char *why, size_t room)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &st) != 0) {
        snprintf(why, room, "cannot open: %s", strerror(errno));
        if (fd >= 0)
            close(fd);
        return NULL;
    }
    if (!S_ISREG(st.st_mode) || st.st_size < 8) {
        snprintf(why, room, S_ISREG(st.st_mode) ? "too short for a safetensors file" : "no regular file");
        close(fd);
        return NULL;
    }
    struct safetensors *s = mem_zero(1, sizeof *s);
    s->fd = fd;
    s->size = (size_t)st.st_size;
    s->changed = st.st_ctim;
    s->map = mmap(NULL, s->size, PROT_READ, MAP_SHARED, fd, 0);
    int failed = errno;
    if (s->map == MAP_FAILED) {
        snprintf(why, room, "cannot map: %s", strerror(failed));
        close(fd);
        free(s);
        return NULL;
    }
    if (!parse(s, why, room)) {
        if (!safetensors_same(s))
            snprintf(why, room, "changed while being read");
        safetensors_close(s);
        return NULL;
    }
    return s;
}

const struct safe_tensor *safetensors_find(const struct safetensors *s, const char *name)
{
    for (size_t i = 0; i < s->n; i++)
        if (strcmp(s->tensors[i].name, name) == 0)
            return s->tensors + i;
    return NULL;
}

const struct safe_tensor *safetensors_all(const struct safetensors *s, size_t *n)
{
    *n = s->n;
    return s->tensors;
}

const uint8_t *safetensors_bytes(const struct safetensors *s, size_t *n)
{
    *n = s->size;
    return s->map;
}

void safetensors_f32(const struct safe_tensor *t, float *to)
{
    for (size_t i = 0; i < t->count; i++) {
        uint16_t high;
        uint32_t bits;
        switch (t->type) {
        case SAFE_F16:
            memcpy(&high, t->data + 2 * i, 2);
            to[i] = half_to_float(high);
            break;
        case SAFE_BF16:
            memcpy(&high, t->data + 2 * i, 2);
            bits = (uint32_t)high << 16;
            memcpy(to + i, &bits, 4);
            break;
        default:
            memcpy(to + i, t->data + 4 * i, 4);
        }
    }
}

const float *safetensors_view(const struct safe_tensor *t)
{
    bool fits = t->type == SAFE_F32 && (uintptr_t)t->data % _Alignof(float) == 0;
    return fits ? (const float *)(const void *)t->data : NULL;
}

void safetensors_close(struct safetensors *s)
{
    if (!s)
        return;
    munmap(s->map, s->size);
    close(s->fd);
    json_decref(s->header);
    free(s->tensors);
    free(s);
}
