/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "stream/rec.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

#include "base/die.h"
#include "base/mem.h"
#include "base/progress.h"
#include "base/str.h"
#include "stream/ids.h"

/* ---- memory of fields that were set: pieces that never move ---- */

struct chunk { struct chunk *next; size_t used, cap; uint8_t bytes[]; };

static uint8_t *room(struct rec *r, size_t n)
{
    struct chunk *c = r->chunks;
    if (!c || c->cap - c->used < n) {
        size_t cap = c ? 2 * c->cap : 1024;
        if (cap > 1 << 20)
            cap = 1 << 20;
        if (cap < n)
            cap = n;
        c = mem_new(sizeof *c + cap, 1);
        *c = (struct chunk){ .next = r->chunks, .cap = cap };
        r->chunks = c;
    }
    c->used += n;
    return c->bytes + c->used - n;
}

/* Keep the newest chunk, which is the largest or nearly so. */
static void clear(struct rec *r)
{
    if (r->chunks) {
        for (struct chunk *c = r->chunks->next, *next; c; c = next) {
            next = c->next;
            free(c);
        }
        r->chunks->next = NULL;
        r->chunks->used = 0;
    }
    r->n = 0;
    r->error[0] = '\0';
    r->packed.n = 0;
    r->emitted = 0;
    r->dropped = r->nil = false;
}

struct rec *rec_new(void)
{
    return mem_zero(1, sizeof(struct rec));
}

void rec_free(struct rec *r)
{
    if (!r)
        return;
    clear(r);
    free(r->chunks);
    free(r->fields);
    free(r->own);
    msg_free(&r->packed);
    free(r);
}

/* ---- fields ---- */

static struct field *find(const struct rec *r, const char *name, size_t len)
{
    for (size_t i = 0; i < r->n; i++)
        if (r->fields[i].len == len && memcmp(r->fields[i].name, name, len) == 0)
            return r->fields + i;
    return NULL;
}

const struct field *rec_find(const struct rec *r, const char *name)
{
    return find(r, name, strlen(name));
}

const struct field *rec_find_as(const struct rec *r, const struct field *f)
{
    return find(r, f->name, f->len);
}

struct value field_value(const struct field *f)
{
    return msg_value(f->raw + f->key, f->size - f->key);
}

struct value rec_get(const struct rec *r, const char *name)
{
    const struct field *f = rec_find(r, name);
    return f ? field_value(f) : (struct value){ .type = V_NIL };
}

struct text rec_id(const struct rec *r)
{
    const struct field *f = find(r, "id", 2);
    struct value v = f ? field_value(f) : (struct value){ .type = V_NIL };
    return v.type == V_STR ? v.s : (struct text){ "", 0 };
}

/* Room for a field `name` whose value has at most `most` bytes, begun in buf with the
 * packed name; `done` puts it in place. */
struct setting { struct msg_buf buf; msgpack_packer pk; size_t key; };

static int into_room(void *state, const char *p, size_t n)
{
    struct msg_buf *b = state;
    memcpy(b->p + b->n, p, n);
    b->n += n;
    return 0;
}

static void begin(struct rec *r, struct setting *s, const char *name, size_t most)
{
    size_t len = strlen(name);
    s->buf = (struct msg_buf){ room(r, len + 5 + most), 0, len + 5 + most };
    msgpack_packer_init(&s->pk, &s->buf, into_room);
    msg_put_str(&s->pk, name, len);
    s->key = s->buf.n;
}

static void done(struct rec *r, struct setting *s, const char *name)
{
    size_t len = strlen(name);
    struct field *f = find(r, name, len);
    if (!f) {
        mem_grow(&r->fields, &r->cap, r->n + 1, sizeof *r->fields);
        f = r->fields + r->n++;
    }
    *f = (struct field){ (const char *)s->buf.p + s->key - len, len, s->key, s->buf.p, s->buf.n };
    r->chunks->used -= s->buf.cap - s->buf.n;
}

#define SET(R, NAME, MOST, PACK) do {           \
        struct setting s;                       \
        begin(R, &s, NAME, MOST);               \
        PACK;                                   \
        done(R, &s, NAME);                      \
    } while (0)

void rec_set_nil(struct rec *r, const char *name)
{
    SET(r, name, 1, msgpack_pack_nil(&s.pk));
}

void rec_set_bool(struct rec *r, const char *name, bool v)
{
    SET(r, name, 1, v ? msgpack_pack_true(&s.pk) : msgpack_pack_false(&s.pk));
}

void rec_set_int(struct rec *r, const char *name, int64_t v)
{
    SET(r, name, 9, msgpack_pack_int64(&s.pk, v));
}

void rec_set_f64(struct rec *r, const char *name, double v)
{
    SET(r, name, 9, msgpack_pack_double(&s.pk, v));
}

void rec_set_str(struct rec *r, const char *name, const char *p, size_t n)
{
    SET(r, name, n + 5, msg_put_str(&s.pk, p, n));
}

void rec_set_bin(struct rec *r, const char *name, const void *p, size_t n)
{
    SET(r, name, n + 5, msgpack_pack_bin(&s.pk, n); if (n) msgpack_pack_bin_body(&s.pk, p, n));
}

static void put_tensor(struct setting *s, enum dtype type, int ndim, const size_t *shape, const void *data)
{
    size_t bytes = dtype_size(type);
    for (int i = 0; i < ndim; i++)
        bytes = mem_mul(bytes, shape[i]);
    msg_put_tensor_head(&s->pk, type, ndim, shape);
    if (bytes)
        into_room(&s->buf, data, bytes);
}

void rec_set_tensor(struct rec *r, const char *name, enum dtype type, int ndim, const size_t *shape,
                    const void *data)
{
    size_t bytes = dtype_size(type);
    for (int i = 0; i < ndim; i++)
        bytes = mem_mul(bytes, shape[i]);
    SET(r, name, TENSOR_HEAD + bytes, put_tensor(&s, type, ndim, shape, data));
}

void rec_lend_tensor(struct rec *r, const char *name, enum dtype type, int ndim, const size_t *shape, void *data)
{
    struct setting s;
    size_t bytes = dtype_size(type), len = strlen(name);
    for (int i = 0; i < ndim; i++)
        bytes = mem_mul(bytes, shape[i]);
    begin(r, &s, name, TENSOR_HEAD);
    msg_put_tensor_head(&s.pk, type, ndim, shape);
    done(r, &s, name);
    struct field *f = find(r, name, len);
    uint8_t *raw = (uint8_t *)data - f->size;
    memcpy(raw, f->raw, f->size);
    *f = (struct field){ (const char *)raw + f->key - len, len, f->key, raw, f->size + bytes };
}

void rec_set_vector(struct rec *r, const char *name, const float *x, size_t d)
{
    rec_set_tensor(r, name, T_F4, 1, &d, x);
}

void rec_set_sparse(struct rec *r, const char *name, size_t d, size_t nnz, const uint32_t *index,
                    const float *value)
{
    struct setting s;
    begin(r, &s, name, 2 * TENSOR_HEAD + 32 + mem_mul(nnz, 8));
    msgpack_pack_map(&s.pk, 3);
    msg_put_text(&s.pk, "sparse");
    msgpack_pack_uint64(&s.pk, d);
    msg_put_text(&s.pk, "index");
    put_tensor(&s, T_U4, 1, &nnz, index);
    msg_put_text(&s.pk, "value");
    put_tensor(&s, T_F4, 1, &nnz, value);
    done(r, &s, name);
}

void rec_set_raw(struct rec *r, const char *name, const void *value, size_t size)
{
    SET(r, name, size, into_room(&s.buf, value, size));
}

void rec_take(struct rec *r, const struct field *from)
{
    uint8_t *raw = room(r, from->size);
    memcpy(raw, from->raw, from->size);
    struct field *f = find(r, from->name, from->len);
    if (!f) {
        mem_grow(&r->fields, &r->cap, r->n + 1, sizeof *r->fields);
        f = r->fields + r->n++;
    }
    *f = (struct field){ (const char *)raw + from->key - from->len, from->len, from->key, raw, from->size };
}

void rec_del(struct rec *r, const char *name)
{
    struct field *f = find(r, name, strlen(name));
    if (!f)
        return;
    size_t at = (size_t)(f - r->fields);
    memmove(f, f + 1, (--r->n - at) * sizeof *f);
}

void rec_rename(struct rec *r, const char *from, const char *to)
{
    if (strcmp(from, to) == 0)
        return;
    rec_del(r, to);
    struct field *f = find(r, from, strlen(from));
    size_t at = (size_t)(f - r->fields);
    rec_set_raw(r, to, f->raw + f->key, f->size - f->key);
    r->fields[at] = r->fields[--r->n];      /* it went behind the others: bring it back */
}

void rec_begin(struct rec *r, const char *id, size_t n)
{
    clear(r);
    rec_set_str(r, "id", id, n);
}

bool rec_error(struct rec *r, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    str_fit(r->error, sizeof r->error, format, args);
    va_end(args);
    return false;
}

/* The head of a record's map. */
static size_t map_head(size_t n, uint8_t head[5])
{
    if (n < 16) {
        head[0] = (uint8_t)(0x80 | n);
        return 1;
    }
    if (n < 65536) {
        head[0] = 0xde;
        head[1] = (uint8_t)(n >> 8);
        head[2] = (uint8_t)n;
        return 3;
    }
    head[0] = 0xdf;
    for (int i = 0; i < 4; i++)
        head[1 + i] = (uint8_t)(n >> (24 - 8 * i));
    return 5;
}

void rec_emit(struct rec *r)
{
    uint8_t head[5], frame[FRAME_HEAD];
    size_t size = map_head(r->n, head), bytes = size;
    for (size_t i = 0; i < r->n; i++)
        bytes += r->fields[i].size;
    frame_pack_head(frame, FRAME_RECORD, bytes);
    msg_append(&r->packed, frame, sizeof frame);
    msg_append(&r->packed, head, size);
    for (size_t i = 0; i < r->n; i++)
        msg_append(&r->packed, r->fields[i].raw, r->fields[i].size);
    r->emitted++;
    r->dropped = true;
}

void rec_drop(struct rec *r)
{
    r->dropped = true;
}

bool rec_lacks(struct rec *r, const char *name, const char *more)
{
    return rec_error(r, "no field %s%s", name, more);
}

bool rec_need(struct rec *r, const char *name, struct value *v)
{
    const struct field *f = rec_find(r, name);
    if (!f)
        return rec_lacks(r, name, "");
    *v = field_value(f);
    r->nil = v->type == V_NIL;
    return !r->nil;
}

bool rec_pass_nil(struct rec *r, const char *out)
{
    rec_set_nil(r, out);
    return r->nil = true;
}

static int compare_names(const void *a, const void *b)
{
    const struct field *f = a, *g = b;
    return f->len != g->len ? (f->len < g->len ? -1 : 1) : f->len ? memcmp(f->name, g->name, f->len) : 0;
}

/* A field whose name another one has, too; NULL. */
static const struct field *find_twin(const struct rec *r)
{
    struct field *sorted = mem_new(r->n, sizeof *sorted);
    const struct field *twin = NULL;
    memcpy(sorted, r->fields, r->n * sizeof *sorted);
    qsort(sorted, r->n, sizeof *sorted, compare_names);
    for (size_t i = 1; i < r->n && !twin; i++)
        if (compare_names(sorted + i - 1, sorted + i) == 0)
            twin = find(r, sorted[i].name, sorted[i].len);
    free(sorted);
    return twin;
}

/* Take a frame's body apart into r's fields, which borrow it. */
static bool parse(struct rec *r, const uint8_t *p, size_t size)
{
    const uint8_t *end = p + size;
    size_t head, n = size ? msg_map(p, end, &head) : SIZE_MAX;
    clear(r);
    if (n == SIZE_MAX)
        return false;
    bool has_id = false;
    uint64_t names = 0;
    for (p += head; n; n--) {
        size_t key, len = msg_str(p, end, &key);
        if (len == SIZE_MAX || len > (size_t)(end - p) - key || p + key + len == end)
            return false;
        size_t value = msg_size(p + key + len, end);
        if (!value)
            return false;
        mem_grow(&r->fields, &r->cap, r->n + 1, sizeof *r->fields);
        struct field *f = r->fields + r->n++;
        *f = (struct field){ (const char *)p + key, len, key + len, p, key + len + value };
        size_t id;
        if (len == 2 && memcmp(f->name, "id", 2) == 0)
            has_id = msg_str(p + f->key, end, &id) != SIZE_MAX;
        names = XXH3_64bits_withSeed(f->name, len, names);
        p += f->size;
    }
    const struct field *twin = names != r->names ? find_twin(r) : NULL;     /* most have the names of the one before */
    if (twin)
        return rec_error(r, ": field %s appears twice", SHORT(twin->name, twin->len));
    r->names = names;
    return p == end && has_id;
}

void rec_own(struct rec *r)
{
    const uint8_t *from = r->n ? r->fields[0].raw : NULL;
    size_t bytes = 0;
    for (size_t i = 0; i < r->n; i++)
        bytes += r->fields[i].size;
    if (bytes > r->own_cap) {
        free(r->own);
        r->own = mem_new(r->own_cap = bytes, 1);
    }
    if (bytes)
        memcpy(r->own, from, bytes);        /* a record just read is one run of bytes */
    for (size_t i = 0; i < r->n; i++) {
        size_t at = (size_t)(r->fields[i].raw - from);
        r->fields[i].name = (const char *)r->own + at + (r->fields[i].name - (const char *)r->fields[i].raw);
        r->fields[i].raw = r->own + at;
    }
}

struct rec *rec_keep(struct rec *r)
{
    struct rec *kept = rec_new();
    rec_own(r);
    *kept = *r;
    *r = (struct rec){ .n = 0 };
    return kept;
}

/* ---- reading a stream ---- */

const struct opt rec_in_opts[] = {
    OPT_SIZE(0, "max-record", &frame_max, "largest record to read or write"),
    OPT_END
};

struct rec_in {
    struct frame_in *frames;
    struct head head;
    uint64_t records;           /* read in this pass */
    bool twice, warned, again;
    struct ids *ids;            /* seen in this pass; NULL: not looked at */
};

/* Take the first header, or hold a later one against it. */
static void header(struct rec_in *in, const struct frame *f)
{
    struct head h;
    const char *why = head_parse(&h, f->body, f->size);
    if (why)
        frame_bad(in->frames, "%s", why);
    if (h.model != in->head.model)
        frame_bad(in->frames, "holds %s where %s are expected", h.model ? "a model" : "records",
            in->head.model ? "models" : "records");
    if (!head_same_columns(&h, &in->head))
        frame_bad(in->frames, "its columns differ from those of the stream before it");
    bool same = h.n_history == in->head.n_history && h.history.n == in->head.history.n &&
                (h.history.n == 0 || memcmp(h.history.p, in->head.history.p, h.history.n) == 0);
    if (!same && !in->warned && !progress_quiet) {
        warn("%s: made differently from the stream before it; the first history is kept", rec_name(in));
        in->warned = true;
    }
    head_free(&h);
}

static struct rec_in *open_as(char **paths, bool twice, enum io kind)
{
    struct rec_in *in = mem_zero(1, sizeof *in);
    in->frames = frame_open(paths, twice);
    in->twice = twice;
    struct frame f;
    if (!frame_next(in->frames, &f))
        frame_bad(in->frames, "empty: no header");
    const char *why = head_parse(&in->head, f.body, f.size);
    if (why)
        frame_bad(in->frames, "%s", why);
    if (kind != IO_ANY && in->head.model != (kind == IO_MODEL))
        frame_bad(in->frames, "holds %s where %s wanted", in->head.model ? "a model" : "records",
            in->head.model ? "records are" : "a model is");
    return in;
}

struct rec_in *rec_open(const struct prog *prog, char **operands, bool twice)
{
    opt_need_stdin(prog, operands);
    return open_as(operands, twice, prog->in);
}

struct rec_in *rec_open_file(const char *path, enum io kind)
{
    char *paths[] = { (char *)path, NULL };
    return open_as(paths, false, kind);
}

const struct head *rec_head(const struct rec_in *in) { return &in->head; }
bool rec_ready(const struct rec_in *in) { return frame_ready(in->frames); }
bool rec_piped(const struct rec_in *in) { return frame_piped(in->frames); }
int rec_fd(const struct rec_in *in) { return frame_fd(in->frames); }
int rec_place(struct rec_in *in, const uint8_t *p, uint64_t *at) { return frame_place(in->frames, p, at); }
const char *rec_name(const struct rec_in *in) { return frame_name(in->frames); }
uint64_t rec_hash(const struct rec_in *in) { return frame_hash(in->frames); }
uint64_t rec_digest(const struct rec_in *in) { return frame_digest(in->frames); }

bool rec_next(struct rec_in *in, struct rec *r)
{
    struct frame f;
    while (frame_next(in->frames, &f)) {
        if (f.kind == FRAME_HEADER) {
            header(in, &f);
            continue;
        }
        in->records++;
        if (!parse(r, f.body, f.size))
            frame_bad(in->frames, "record %llu is malformed%s", (unsigned long long)in->records, r->error);
        if (in->ids && !ids_add(in->ids, rec_id(r), (size_t)in->records))
            frame_bad(in->frames, "id %s appears twice", REC_ID(r));
        return true;
    }
    return false;
}

void rec_rewind(struct rec_in *in)
{
    frame_rewind(in->frames);
    in->records = 0;
    in->again = true;
    ids_free(in->ids);
    in->ids = NULL;
}

void rec_unique(struct rec_in *in)
{
    if (!in->ids && !in->again)             /* a second pass gives the same again */
        in->ids = ids_new();
}

void rec_close(struct rec_in *in)
{
    if (!in)
        return;
    frame_close(in->frames);
    ids_free(in->ids);
    head_free(&in->head);
    free(in);
}

/* ---- writing a stream ---- */

static bool no_history;
const struct opt rec_out_opts[] = {
    OPT_FLAG(0, "no-history", &no_history, "leave the history out of the header"),
    OPT_END
};

struct rec_out {
    struct frame_out *frames;
    struct head head;
    const struct prog *prog;
    bool begun;
    struct span *pieces;
    size_t cap;
};

static struct rec_out *create(const struct prog *prog, const struct rec_in *in, struct io_out *to, enum io kind)
{
    struct rec_out *out = mem_zero(1, sizeof *out);
    out->frames = frame_create(to);
    out->prog = prog;
    if (in)
        head_copy(&out->head, &in->head);
    out->head.model = kind == IO_MODEL;
    return out;
}

struct rec_out *rec_create(const struct prog *prog, const struct rec_in *in)
{
    opt_not_terminal(prog);
    return create(prog, in, io_create_fd(STDOUT_FILENO), prog->out);
}

struct rec_out *rec_create_file(const struct prog *prog, const struct rec_in *in, const char *path, enum io kind)
{
    return create(prog, in, io_create(path), kind);
}

struct head *rec_out_head(struct rec_out *out) { return &out->head; }

static void begin_stream(struct rec_out *out)
{
    struct msg_buf body = { NULL, 0, 0 };
    head_pack(&out->head, no_history ? NULL : out->prog, &body);
    frame_put(out->frames, FRAME_HEADER, &(struct span){ body.p, body.n }, 1);
    msg_free(&body);
    out->begun = true;
}

void rec_put(struct rec_out *out, const struct rec *r)
{
    if (!out->begun)
        begin_stream(out);
    uint8_t head[5];
    mem_grow(&out->pieces, &out->cap, r->n + 1, sizeof *out->pieces);
    size_t n = 0;
    out->pieces[n++] = (struct span){ head, map_head(r->n, head) };
    for (size_t i = 0; i < r->n; i++) {
        const struct field *f = r->fields + i;
        struct span *last = out->pieces + n - 1;
        if (n > 1 && (const uint8_t *)last->p + last->n == f->raw)
            last->n += f->size;             /* neighbours go out as one piece */
        else
            out->pieces[n++] = (struct span){ f->raw, f->size };
    }
    frame_put(out->frames, FRAME_RECORD, out->pieces, n);
}

void rec_put_emitted(struct rec_out *out, const struct rec *r)
{
    if (!r->emitted)
        return;
    if (!out->begun)
        begin_stream(out);
    frame_put_packed(out->frames, r->packed.p, r->packed.n, r->emitted);
}

void rec_flush(struct rec_out *out)
{
    frame_flush(out->frames);
}

void rec_finish(struct rec_out *out)
{
    if (!out->begun)
        begin_stream(out);
    frame_finish(out->frames);
    head_free(&out->head);
    free(out->pieces);
    free(out);
}
