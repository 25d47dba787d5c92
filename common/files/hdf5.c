/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "files/hdf5.h"

#include <errno.h>
#include <fcntl.h>
#include <hdf5.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/packed.h"
#include "base/str.h"
#include "base/utf8.h"
#include "stream/frame.h"

/* gzip makes no more than 1032 bytes of one. */
enum { SQUEEZED = 1100, SLACK = 1 << 16, AT_ONCE = 1 << 18, BUFFER = 1 << 16, SIGNATURE = 8 };

struct hdf5 { hid_t file; double size; };

struct set {
    struct hdf5_column c;       /* first: what the caller sees */
    hid_t set, space, memory;   /* memory: the type that is read */
    hid_t how;                  /* reading with a small buffer: libhdf5's own, cleared for each call, is of 2 MB */
    size_t bytes;               /* of an element of it */
    bool pointers;              /* a text is a char * */
    uint8_t *data;
    size_t cap, first, have;    /* rows in data */
};

/* A link that leads to another file. */
static herr_t no_other_file(const char *group, const char *name, const char *other, const char *object, unsigned *flags,
                            hid_t fapl, void *state)
{
    (void)group;
    (void)name;
    (void)other;
    (void)object;
    (void)flags;
    (void)fapl;
    (void)state;
    return -1;
}

struct hdf5 *hdf5_open(const char *path, char *why)
{
    static const uint8_t signature[SIGNATURE] = { 0x89, 'H', 'D', 'F', '\r', '\n', 0x1a, '\n' };
    uint8_t begin[SIGNATURE] = { 0 };
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 || fstat(fd, &st) != 0)
        return snprintf(why, HDF5_WHY, "cannot open: %s", strerror(errno)), NULL;
    if (!S_ISREG(st.st_mode))
        return snprintf(why, HDF5_WHY, "not a regular file"), NULL;
    ssize_t n = io_read_at(fd, begin, sizeof begin, 0);
    const char *packed = n > 0 ? packed_how(begin, (size_t)n) : NULL;
    close(fd);
    if (packed)
        return snprintf(why, HDF5_WHY, "not HDF5 but %.*s: unpack it", (int)strcspn(packed, ":"), packed), NULL;
    setenv("HDF5_USE_FILE_LOCKING", "FALSE", 1);
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    H5PLset_loading_state(0);
    struct hdf5 *f = mem_zero(1, sizeof *f);
    f->size = (double)st.st_size;
    f->file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    bool signed_so = n == SIGNATURE && memcmp(begin, signature, SIGNATURE) == 0;
    if (f->file < 0)
        return snprintf(why, HDF5_WHY, signed_so ? "damaged, or cut: HDF5 cannot open it" : "not an HDF5 file"), NULL;
    return f;
}

static hid_t open_set(const struct hdf5 *f, const char *name)
{
    hid_t access = H5Pcreate(H5P_DATASET_ACCESS);
    H5Pset_elink_cb(access, no_other_file, NULL);
    return H5Dopen2(f->file, name, access);
}

/* Whether its bytes are in this file. */
static bool is_here(hid_t set)
{
    hid_t how = H5Dget_create_plist(set);
    return how >= 0 && H5Pget_external_count(how) == 0 && H5Pget_layout(how) != H5D_VIRTUAL;
}

/* The type to read `type` as; false if it is neither number nor text. */
static bool take_type(struct set *s, hid_t type)
{
    switch (H5Tget_class(type)) {
    case H5T_INTEGER:
        s->c.kind = HDF5_INT;
        s->memory = s->c.ndim ? H5T_NATIVE_FLOAT : H5T_NATIVE_INT64;
        break;
    case H5T_FLOAT:
        s->c.kind = HDF5_REAL;
        s->memory = s->c.ndim ? H5T_NATIVE_FLOAT : H5T_NATIVE_DOUBLE;
        break;
    case H5T_STRING:
        s->c.kind = HDF5_TEXT;
        s->pointers = H5Tis_variable_str(type) > 0;
        s->memory = H5Tcopy(type);
        break;
    default:
        return false;
    }
    s->bytes = H5Tget_size(s->memory);
    return s->memory >= 0 && s->bytes > 0;
}

/* Its rows and their shape; NULL, or what is wrong with them. */
static const char *take_shape(struct set *s)
{
    hsize_t dims[H5S_MAX_RANK];
    int ndim = H5Sget_simple_extent_ndims(s->space);
    if (ndim < 1 || ndim > 4 || H5Sget_simple_extent_dims(s->space, dims, NULL) != ndim)
        return "has no rows, or more than three dimensions in each";
    s->c.rows = dims[0];
    s->c.ndim = ndim - 1;
    s->c.width = 1;
    for (int i = 1; i < ndim; i++) {
        s->c.shape[i - 1] = dims[i];
        if (dims[i] && s->c.width > frame_max / dims[i])
            return "has rows larger than --max-record";
        s->c.width *= dims[i];
    }
    return NULL;
}

/* Open the set, or the table and find the member of its rows: its type. */
static hid_t find(struct set *s, const struct hdf5 *f, const char *name, char *why)
{
    const char *dot = strrchr(name, '.');
    s->set = open_set(f, name);
    if (s->set >= 0)
        return H5Dget_type(s->set);
    char *table = dot ? mem_text(name, (size_t)(dot - name)) : NULL;
    if (table)
        s->set = open_set(f, table);
    const char *set = dot && !strchr(dot, '/') ? table : name;
    if (s->set < 0 && H5Lexists(f->file, set, H5P_DEFAULT) > 0)
        return snprintf(why, HDF5_WHY, "%s cannot be read: it is a group, damaged, in another file, or of a newer HDF5",
                        set), -1;
    if (s->set < 0)
        return snprintf(why, HDF5_WHY, "no data set %s", set), -1;
    hid_t row = H5Dget_type(s->set);
    int member = H5Tget_class(row) == H5T_COMPOUND ? H5Tget_member_index(row, dot + 1) : -1;
    if (member < 0)
        return snprintf(why, HDF5_WHY, "%s has no column %s", table, dot + 1), -1;
    return H5Tget_member_type(row, (unsigned)member);
}

struct hdf5_column *hdf5_column(struct hdf5 *f, const char *name, char *why)
{
    struct set *s = mem_zero(1, sizeof *s);
    hid_t type = find(s, f, name, why);
    if (type < 0)
        return NULL;
    s->space = H5Dget_space(s->set);
    const char *wrong = !is_here(s->set) ? "lies in another file" : take_shape(s);
    if (!wrong && !take_type(s, type))
        wrong = H5Tget_class(type) == H5T_COMPOUND ? "is a table: name a column of it, as in TABLE.COLUMN"
                                                   : "is of a type that is neither number nor text";
    if (!wrong && s->c.kind == HDF5_TEXT && s->c.ndim)
        wrong = "has rows of several texts";
    if (!wrong && (s->bytes > frame_max || s->c.width > frame_max / s->bytes))
        wrong = "has rows larger than --max-record";
    if (wrong)
        return snprintf(why, HDF5_WHY, "%s %s", name, wrong), NULL;
    double claims = (double)s->c.rows * (double)s->c.width * (double)H5Tget_size(type);
    if (claims > SQUEEZED * f->size + SLACK)
        return snprintf(why, HDF5_WHY, "%s claims %zu rows, %.3g bytes, which a file of %.3g bytes cannot hold", name,
                        s->c.rows, claims, f->size), NULL;
    s->how = H5Pcreate(H5P_DATASET_XFER);
    H5Pset_buffer(s->how, BUFFER + 2 * (H5Tget_size(H5Dget_type(s->set)) + s->bytes), NULL, NULL);
    if (H5Tget_class(H5Dget_type(s->set)) == H5T_COMPOUND) {
        hid_t row = H5Tcreate(H5T_COMPOUND, s->bytes);
        H5Tinsert(row, strrchr(name, '.') + 1, 0, s->memory);
        s->memory = row;
    }
    return &s->c;
}

bool hdf5_read(struct hdf5_column *c, size_t first, size_t n)
{
    struct set *s = (struct set *)c;
    hsize_t begin[4] = { first }, count[4] = { n };
    for (int i = 0; i < c->ndim; i++)
        count[i + 1] = c->shape[i];
    if (!n || !c->width)
        return true;
    mem_grow(&s->data, &s->cap, mem_mul(mem_mul(n, c->width), s->bytes), 1);
    hid_t space = H5Screate_simple(c->ndim + 1, count, NULL);
    if (s->pointers && s->have) {
        hsize_t had[1] = { s->have };
        hid_t old = H5Screate_simple(1, had, NULL);
        H5Dvlen_reclaim(s->memory, old, H5P_DEFAULT, s->data);
        H5Sclose(old);
    }
    s->first = first;
    s->have = n;
    memset(s->data, 0, n * c->width * s->bytes);
    bool good = space >= 0 && H5Sselect_hyperslab(s->space, H5S_SELECT_SET, begin, NULL, count, NULL) >= 0 &&
                H5Dread(s->set, s->memory, space, s->space, s->how, s->data) >= 0;
    H5Sclose(space);
    return good;
}

bool hdf5_row(struct hdf5_column *c, size_t row, size_t *i)
{
    struct set *s = (struct set *)c;
    size_t one = c->width * s->bytes, n = one < AT_ONCE ? AT_ONCE / (one ? one : 1) : 1;
    *i = row - s->first;
    if (row >= s->first && *i < s->have)
        return true;
    *i = 0;
    return hdf5_read(c, row, n < c->rows - row ? n : c->rows - row);
}

const float *hdf5_floats(const struct hdf5_column *c, size_t i)
{
    return (const float *)(const void *)((const struct set *)c)->data + i * c->width;
}

double hdf5_real(const struct hdf5_column *c, size_t i)
{
    const struct set *s = (const struct set *)c;
    double x;
    memcpy(&x, s->data + i * sizeof x, sizeof x);
    return c->kind == HDF5_INT ? (double)hdf5_int(c, i) : x;
}

int64_t hdf5_int(const struct hdf5_column *c, size_t i)
{
    int64_t v;
    memcpy(&v, ((const struct set *)c)->data + i * sizeof v, sizeof v);
    return v;
}

struct text hdf5_text(const struct hdf5_column *c, size_t i)
{
    static struct str clean;
    const struct set *s = (const struct set *)c;
    const char *p = (const char *)s->data + i * s->bytes;
    size_t n;
    if (s->pointers) {
        memcpy(&p, p, sizeof p);
        p = p ? p : "";
        n = strlen(p);
    } else {
        n = strnlen(p, s->bytes);
        while (n && p[n - 1] == ' ')        /* Fortran's padding */
            n--;
    }
    if (utf8_valid(p, n))
        return (struct text){ p, n };
    clean.n = 0;
    str_utf8(&clean, p, n);
    return (struct text){ clean.p, clean.n };
}
