/* safetensors - named tensors in a file that is mapped, not read
 *
 * The format (github.com/huggingface/safetensors): 8 bytes little-endian size of the
 * header, a JSON object {name: {dtype, shape, data_offsets}, "__metadata__": {…}}, then
 * the data, which the tensors cover without gap or overlap. All of that is checked when
 * the file is opened; whoever has a tensor may read its data without further checks.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TEXT_SAFETENSORS_H
#define TEXT_SAFETENSORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum safe_type { SAFE_F32, SAFE_F16, SAFE_BF16, SAFE_OTHER };
#define SAFE_DIMS 8

struct safe_tensor {
    const char *name;
    enum safe_type type;
    int ndim;
    size_t shape[SAFE_DIMS];
    size_t count;               /* product of the shape */
    const uint8_t *data;        /* little-endian, C order, at any alignment */
    size_t size;                /* bytes of it */
};

struct safetensors;

/* Map the file. NULL if it cannot be opened or is not whole and right; the reason is
 * then in why[room]. */
struct safetensors *safetensors_open(const char *path, char *why, size_t room);

/* Whether the file still is what was mapped, by its size and times. Whoever reads what a file that was
 * cut no longer has, gets a SIGBUS. */
bool safetensors_same(const struct safetensors *s);

/* The tensor of that name, or NULL; it lives until safetensors_close. */
const struct safe_tensor *safetensors_find(const struct safetensors *s, const char *name);

/* All of them, in the order of their data: n in *n. */
const struct safe_tensor *safetensors_all(const struct safetensors *s, size_t *n);

/* The whole file as it lies in memory: size in *n. */
const uint8_t *safetensors_bytes(const struct safetensors *s, size_t *n);

/* Copy the elements to to[count], widened exactly from F16 or BF16; t is of no other type. */
void safetensors_f32(const struct safe_tensor *t, float *to);

/* The elements where they lie in the file, if they are F32 and aligned; else NULL. */
const float *safetensors_view(const struct safe_tensor *t);

void safetensors_close(struct safetensors *s);

#endif
