/* msg - MessagePack values: a cursor that reads in place, and writing by msgpack-c
 *
 * Reading takes nothing apart that is not asked for: a value is skipped by its size
 * or looked at where it lies, so records pass through a filter byte for byte.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef STREAM_MSG_H
#define STREAM_MSG_H

#include <msgpack.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum vtype { V_NIL, V_BOOL, V_INT, V_FLOAT, V_STR, V_BIN, V_TENSOR, V_SPARSE, V_OTHER };
enum dtype { T_F4, T_F2, T_F8, T_I4, T_U4 };
#define TENSOR_DIMS 8
#define TENSOR_ROWS 65536       /* product of the other dimensions of an array of which one is 0 */

/* An array as msgpack-numpy writes it: C order, little-endian, at any alignment. */
struct tensor {
    enum dtype type;
    int ndim;
    size_t shape[TENSOR_DIMS];
    size_t count;               /* product of the shape */
    const uint8_t *data;
};

/* A vector of d numbers of which nnz are stored: index <u4[nnz] ascending, value <f4[nnz]. */
struct sparse {
    size_t d, nnz;
    const uint8_t *index, *value;
};

struct text { const char *p; size_t n; };

struct value {
    enum vtype type;
    union {
        bool b;
        int64_t i;              /* a uint64 above INT64_MAX is V_OTHER */
        double f;
        struct text s;          /* V_STR (UTF-8 is not checked) and V_BIN */
        struct tensor t;
        struct sparse sp;
    };
};

/* Size in bytes of the whole value at p (end is one past the last byte that may be
 * read); 0 if it is cut or malformed. Takes time in proportion to that size. */
size_t msg_size(const uint8_t *p, const uint8_t *end);

/* Read the value at p, `size` bytes as msg_size gave. What has no own type is
 * V_OTHER; a map that begins like a tensor but lies about its data is V_OTHER too. */
struct value msg_value(const uint8_t *p, size_t size);

/* Header of the str, bin, array or map at p: its length or count, and in *head the
 * bytes before its content. SIZE_MAX if it is of another type. */
size_t msg_str(const uint8_t *p, const uint8_t *end, size_t *head);
size_t msg_bin(const uint8_t *p, const uint8_t *end, size_t *head);
size_t msg_array(const uint8_t *p, const uint8_t *end, size_t *head);
size_t msg_map(const uint8_t *p, const uint8_t *end, size_t *head);

/* The whole number above INT64_MAX at p, whose first byte is MSG_U64; its type is V_OTHER. */
enum { MSG_U64 = 0xcf };
uint64_t msg_u64(const uint8_t *p);

/* Bytes per element, and numpy's name ("<f4"). */
size_t dtype_size(enum dtype type);
const char *dtype_name(enum dtype type);

/* Copy the elements of t to to[t->count] as float or double. */
void tensor_f32(const struct tensor *t, float *to);
void tensor_f64(const struct tensor *t, double *to);

/* Write a sparse vector out, with its zeros, to to[s->d]. */
void sparse_f32(const struct sparse *s, float *to);

/* How many elements of f4 or f8 are finite before the first that is not; t->count if all are. */
size_t tensor_finite(const struct tensor *t);

/* ---- writing ---- */

/* A growing run of bytes that a msgpack_packer writes to. */
struct msg_buf { uint8_t *p; size_t n, cap; };

void msg_append(struct msg_buf *b, const void *p, size_t n);
void msg_free(struct msg_buf *b);

/* The head of a map of n pairs: its bytes. */
size_t msg_map_head(size_t n, uint8_t head[5]);

/* A packer on b. */
msgpack_packer msg_packer(struct msg_buf *b);

void msg_put_str(msgpack_packer *pk, const char *s, size_t n);
void msg_put_text(msgpack_packer *pk, const char *s);   /* NUL-ended */

/* Everything of a tensor up to its data: the data's bytes must follow. At most
 * TENSOR_HEAD bytes. */
#define TENSOR_HEAD 128
void msg_put_tensor_head(msgpack_packer *pk, enum dtype type, int ndim, const size_t *shape);

#endif
