/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "stream/frame.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <xxhash.h>

#include "base/die.h"
#include "base/mem.h"
#include "base/packed.h"
#include "base/str.h"
#include "stream/msg.h"

size_t frame_max = (size_t)1 << 30;
static const uint64_t DIGEST_FACTOR = 0x9E3779B97F4A7C15;

static const uint8_t magic[] = { 0x93, 0xd7, 0, 'S', 'O', 'N', 'G', 'P', 'I', 'P', 'E', 0xce };

enum { BUFFER = 256 << 10 };

/* ---- reading ---- */

struct frame_in {
    char **paths;           /* n of them; those not opened yet begin at `next` */
    struct io_in **files;   /* opened so far, where they are read twice */
    size_t n, next;
    struct io_in *file;     /* that is read; NULL between two of them */
    const char *name;
    bool twice, second;     /* to be read twice; in a pass behind the first */
    bool beside, model;     /* an option names it: no pipe can bring it; and it is to be a model */
    uint8_t *buf;
    size_t cap, pos, end;   /* buf[pos … end) is not consumed yet */
    size_t hashed;          /* buf[… hashed) is in the hash */
    uint64_t base;          /* where in the file buf begins */
    XXH3_state_t *hash;
    bool inside;            /* between a header and its end */
    uint64_t records;
    uint64_t last_hash;     /* of the end frame read last */
    uint64_t digest;        /* of the end frames of this file; of each file's in the first pass */
    uint64_t *first_digest;
    uint64_t factor;        /* of a digest before that of the first pass */
    bool any;               /* a header was seen */
};

/* Open the next operand; false if there is none. */
static bool open_next(struct frame_in *in)
{
    if (in->next == in->n)
        return false;
    struct stat s;
    size_t i = in->next++;
    in->file = in->files[i];
    if (in->file)
        io_rewind(in->file);
    else if (stat(in->paths[i], &s) == 0 && S_ISDIR(s.st_mode))
        die(ST_STREAM, "%s: a folder, not a stream%s%s", in->paths[i],
            in->beside ? "" : "; of the sounds in it: tracks FOLDER | decode | ", in->beside ? "" : die_name);
    else
        in->file = io_open(in->paths[i], in->twice ? IO_REWIND : 0);
    if (in->twice)
        in->files[i] = in->file;
    in->name = io_name(in->file);
    return true;
}

struct frame_in *frame_open(char **paths, int how)
{
    static char *only_stdin[] = { "-", NULL };
    struct frame_in *in = mem_zero(1, sizeof *in);
    paths = paths[0] ? paths : only_stdin;
    while (paths[in->n])
        in->n++;
    in->paths = mem_new(in->n, sizeof *paths);
    memcpy(in->paths, paths, in->n * sizeof *paths);
    for (size_t i = 0; i < in->n; i++)      /* all, before anything is written */
        io_reads(in->paths[i]);
    in->files = mem_zero(in->n, sizeof *in->files);
    in->first_digest = mem_zero(in->n, sizeof *in->first_digest);
    in->factor = 1;
    in->twice = how & FRAME_TWICE;
    in->beside = how & FRAME_BESIDE;
    in->model = how & FRAME_MODEL;
    in->buf = mem_new(in->cap = BUFFER, 1);
    in->hash = XXH3_createState();
    if (!in->hash)
        die(ST_MEMORY, "no memory");
    in->name = strcmp(in->paths[0], "-") == 0 ? "stdin" : in->paths[0];
    return in;
}

const char *frame_name(const struct frame_in *in) { return in->name; }
uint64_t frame_hash(const struct frame_in *in) { return in->last_hash; }

uint64_t frame_digest(const struct frame_in *in, uint64_t before)
{
    uint64_t all = 0;
    for (size_t i = 0; i < in->n; i++)
        all = all * DIGEST_FACTOR + in->first_digest[i];
    return before * in->factor + all;
}

static void hash_to(struct frame_in *in, size_t to)
{
    if (in->inside && to > in->hashed)
        XXH3_64bits_update(in->hash, in->buf + in->hashed, to - in->hashed);
    in->hashed = to;
}

/* Have `need` bytes from pos on in the buffer; how many there are, if the file ends
 * before. The buffer grows as bytes arrive, whatever a frame claims. */
static size_t fill(struct frame_in *in, size_t need)
{
    while (in->end - in->pos < need) {
        if (in->end == in->cap || in->pos > in->cap / 2) {
            hash_to(in, in->pos);
            memmove(in->buf, in->buf + in->pos, in->end - in->pos);
            in->end -= in->pos;
            in->base += in->pos;
            in->pos = in->hashed = 0;
        }
        if (in->end == in->cap)
            mem_grow(&in->buf, &in->cap, in->cap + 1, 1);
        size_t n = io_get(in->file, in->buf + in->end, in->cap - in->end);
        if (n == 0)
            break;
        in->end += n;
    }
    return in->end - in->pos;
}

noreturn void frame_bad(const struct frame_in *in, const char *format, ...)
{
    char what[256];
    va_list args;
    va_start(args, format);
    str_fit(what, sizeof what, format, args);
    va_end(args);
    if (in->second)
        io_changed(in->name);
    die(ST_STREAM, "%s: %s", in->name, what);
}

/* The end's body {records: n, xxh3: h}: compare with what was seen. */
static void check_end(struct frame_in *in, const uint8_t *p, size_t size)
{
    const uint8_t *end = p + size;
    size_t head = 0, pairs = size && msg_size(p, end) == size ? msg_map(p, end, &head) : SIZE_MAX;
    uint64_t records = UINT64_MAX, hash = 0;
    bool hashed = false;
    for (p += head; pairs != SIZE_MAX && pairs; pairs--) {
        size_t skip, n = msg_str(p, end, &skip);
        const char *key = (const char *)p + skip;
        p += msg_size(p, end);
        size_t bytes = msg_size(p, end);
        struct value v = msg_value(p, bytes);
        bool counts = n == 7 && memcmp(key, "records", 7) == 0, checks = n == 4 && memcmp(key, "xxh3", 4) == 0;
        if ((counts && records != UINT64_MAX) || (checks && hashed))
            frame_bad(in, "malformed end record: a key appears twice");
        if (counts && v.type == V_INT)
            records = (uint64_t)v.i;
        if (checks && (v.type == V_INT || *p == MSG_U64)) {
            hash = v.type == V_INT ? (uint64_t)v.i : msg_u64(p);
            hashed = true;
        }
        p += bytes;
    }
    if (records == UINT64_MAX || !hashed)
        frame_bad(in, "malformed end record");
    if (records != in->records)
        frame_bad(in, "%llu records, but its end record says %llu",
            (unsigned long long)in->records, (unsigned long long)records);
    if (hash != XXH3_64bits_digest(in->hash))
        frame_bad(in, "damaged: the checksum does not match");
    in->last_hash = hash;
    in->digest = in->digest * DIGEST_FACTOR + hash;
    in->factor *= in->second ? 1 : DIGEST_FACTOR;
}

/* At the end of a file: nothing may be missing. */
static void file_done(struct frame_in *in, size_t left)
{
    if (left)
        frame_bad(in, "cut short in a frame after %llu records (%zu bytes of it are there, from byte %llu on)",
            (unsigned long long)in->records, left, (unsigned long long)(in->base + in->pos));
    if (in->inside)
        frame_bad(in, "cut short after %llu records: no end record", (unsigned long long)in->records);
    if (!in->any)
        frame_bad(in, "empty: no header");
    if (in->second && in->digest != in->first_digest[in->next - 1])
        io_changed(in->name);
    in->first_digest[in->next - 1] = in->digest;
    in->digest = 0;
    if (!in->twice)
        io_close(in->file);
    in->file = NULL;
    in->pos = in->end = in->hashed = 0;
    in->base = 0;
}

/* What begins with these bytes is no stream: say what it seems to be, and how it becomes one. */
noreturn static void not_stream(const struct frame_in *in, const uint8_t *p, size_t n)
{
    static const struct { const char *begin; size_t n; const char *is; } known[] = {
        { "ID3", 3, "sound: tracks FILE | decode | %s" }, { "fLaC", 4, "sound: tracks FILE | decode | %s" },
        { "OggS", 4, "sound: tracks FILE | decode | %s" }, { "RIFF", 4, "sound: tracks FILE | decode | %s" },
        { "FORM", 4, "sound: tracks FILE | decode | %s" }, { "\xff\xfb", 2, "sound: tracks FILE | decode | %s" },
        { "\xff\xf3", 2, "sound: tracks FILE | decode | %s" }, { "\xff\xfa", 2, "sound: tracks FILE | decode | %s" },
        { "\xff\xf2", 2, "sound: tracks FILE | decode | %s" }, { "\xff\xe3", 2, "sound: tracks FILE | decode | %s" },
        { "\x93NUMPY", 6, "a NumPy array: from-npy FILE | %s ..." }, { "{", 1, "JSON: from-json FILE | %s ..." },
        { "[", 1, "JSON: from-json FILE | %s ..." },
    };
    static const char becomes[] = "FILE > NEW, and give that";
    char how[96];
    const char *packed = packed_how(p, n);
    if (packed && in->beside)
        frame_bad(in, "not a songpipe stream but %s %s", packed, becomes);
    if (packed)
        frame_bad(in, "not a songpipe stream but %s FILE | %s ...", packed, die_name);
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (n < known[i].n || memcmp(p, known[i].begin, known[i].n) != 0)
            continue;
        const char *at = strstr(known[i].is, " | %s"), *rest = at + 5;
        const char *from = strstr(known[i].is, "from-");
        if (in->beside && from && !in->model)
            frame_bad(in, "not a songpipe stream but %.*s %s", (int)(strstr(from, " FILE") - known[i].is), known[i].is,
                      becomes);
        if (in->beside)
            frame_bad(in, "not a songpipe stream but %.*s", (int)strcspn(known[i].is, ":"), known[i].is);
        bool decodes = strcmp(die_name, "decode") == 0 && strstr(known[i].is, "decode");
        snprintf(how, sizeof how, "%.*s%s%s%s", (int)(at - known[i].is), known[i].is, decodes ? "" : " | ",
                 decodes ? "" : die_name, rest);
        frame_bad(in, "not a songpipe stream but %s", how);
    }
    size_t text = 0;
    while (text < n && (p[text] >= ' ' || strchr("\t\r\n", p[text])) && p[text])
        text++;
    if (in->beside && text == n && !in->model)
        frame_bad(in, "not a songpipe stream but text; if it is a table: from-csv %s", becomes);
    if (in->beside)
        frame_bad(in, "not a songpipe stream%s", text == n ? " but text" : "");
    frame_bad(in, "not a songpipe stream%s%s%s", text == n ? " but text; if it is a table: from-csv FILE | " : "",
              text == n ? die_name : "", text == n ? " ..." : "");
}

bool frame_next(struct frame_in *in, struct frame *f)
{
    for (;;) {
        if (!in->file) {
            in->any = false;
            if (!open_next(in))
                return false;
        }
        size_t have = fill(in, FRAME_HEAD);
        const uint8_t *h = in->buf + in->pos;
        if (have < FRAME_HEAD) {
            if (have && !in->any && memcmp(h, magic, have < 2 ? have : 2) != 0)
                not_stream(in, h, have);
            file_done(in, have);
            continue;
        }
        int kind;
        size_t size;
        if (!frame_parse_head(h, &kind, &size)) {
            if (in->any)
                frame_bad(in, "damaged: no frame where one should begin, after %llu records, at byte %llu",
                    (unsigned long long)in->records, (unsigned long long)(in->base + in->pos));
            not_stream(in, h, have);
        }
        if ((kind == FRAME_HEADER) == in->inside)
            frame_bad(in, "%s",
                in->inside ? "a header where a record or the end should be" : "no header");
        if (size > frame_max)
            die(ST_MEMORY, "%s: a record of %zu bytes is larger than --max-record (%zu)", in->name, size, frame_max);
        if ((have = fill(in, FRAME_HEAD + size)) < FRAME_HEAD + size)
            file_done(in, have);            /* never returns: something is left */
        if (kind == FRAME_HEADER) {
            XXH3_64bits_reset(in->hash);
            in->hashed = in->pos;
            in->inside = in->any = true;
            in->records = 0;
        } else if (kind == FRAME_RECORD) {
            in->records++;
        } else {
            hash_to(in, in->pos);
            check_end(in, in->buf + in->pos + FRAME_HEAD, size);
            in->inside = false;
            in->pos += FRAME_HEAD + size;
            in->hashed = in->pos;
            continue;
        }
        *f = (struct frame){ kind, in->buf + in->pos + FRAME_HEAD, size };
        in->pos += FRAME_HEAD + size;
        return true;
    }
}

bool frame_ready(const struct frame_in *in)
{
    int kind;
    size_t size;
    return in->file && in->end - in->pos >= FRAME_HEAD && frame_parse_head(in->buf + in->pos, &kind, &size) &&
        kind != FRAME_END && in->end - in->pos - FRAME_HEAD >= size;        /* behind an end we wait */
}

int frame_place(struct frame_in *in, const uint8_t *p, uint64_t *at)
{
    int fd = io_keep(in->file, at);
    *at += in->base + (uint64_t)(p - in->buf);
    return fd;
}

bool frame_piped(const struct frame_in *in) { return in->file && io_piped(in->file); }
int frame_fd(const struct frame_in *in) { return in->file ? io_fd(in->file) : -1; }

void frame_rewind(struct frame_in *in)
{
    in->second = true;
    in->next = 0;
}

void frame_close(struct frame_in *in)
{
    if (!in)
        return;
    for (size_t i = 0; i < in->n; i++)
        io_close(in->files[i]);
    if (!in->twice)
        io_close(in->file);
    XXH3_freeState(in->hash);
    free(in->first_digest);
    free(in->files);
    free(in->buf);
    free(in->paths);
    free(in);
}

/* ---- writing ---- */

struct frame_out {
    struct io_out *to;
    uint8_t *buf;
    size_t used;
    XXH3_state_t *hash;
    uint64_t records;
};

struct frame_out *frame_create(struct io_out *to)
{
    struct frame_out *out = mem_zero(1, sizeof *out);
    out->to = to;
    out->buf = mem_new(BUFFER, 1);
    out->hash = XXH3_createState();
    if (!out->hash)
        die(ST_MEMORY, "no memory");
    XXH3_64bits_reset(out->hash);
    return out;
}

void frame_flush(struct frame_out *out)
{
    if (out->used == 0)
        return;
    XXH3_64bits_update(out->hash, out->buf, out->used);
    io_put(out->to, out->buf, out->used);
    out->used = 0;
}

static void put(struct frame_out *out, const void *p, size_t n)
{
    if (n > BUFFER - out->used)
        frame_flush(out);
    if (n > BUFFER / 2) {
        frame_flush(out);
        XXH3_64bits_update(out->hash, p, n);
        io_put(out->to, p, n);
    } else if (n) {
        memcpy(out->buf + out->used, p, n);
        out->used += n;
    }
}

void frame_pack_head(uint8_t head[FRAME_HEAD], int kind, size_t size)
{
    if (size > frame_max || size > UINT32_MAX)
        die(ST_MEMORY, "a record of %zu bytes is larger than --max-record (%zu)", size, frame_max);
    memcpy(head, magic, sizeof magic);
    head[2] = (uint8_t)kind;
    for (int i = 0; i < 4; i++)
        head[12 + i] = (uint8_t)(size >> (24 - 8 * i));
}

bool frame_parse_head(const uint8_t head[FRAME_HEAD], int *kind, size_t *size)
{
    *kind = head[2];
    *size = (size_t)head[12] << 24 | (size_t)head[13] << 16 | (size_t)head[14] << 8 | head[15];
    return memcmp(head, magic, 2) == 0 && memcmp(head + 3, magic + 3, 9) == 0 &&
        (*kind == FRAME_HEADER || *kind == FRAME_RECORD || *kind == FRAME_END);
}

void frame_put(struct frame_out *out, int kind, const struct span *pieces, size_t n)
{
    size_t size = 0;
    for (size_t i = 0; i < n; i++)
        size += pieces[i].n;
    uint8_t head[FRAME_HEAD];
    frame_pack_head(head, kind, size);
    put(out, head, sizeof head);
    for (size_t i = 0; i < n; i++)
        put(out, pieces[i].p, pieces[i].n);
    out->records += kind == FRAME_RECORD;
}

void frame_put_packed(struct frame_out *out, const void *bytes, size_t size, size_t records)
{
    put(out, bytes, size);
    out->records += records;
}

void frame_finish(struct frame_out *out)
{
    frame_flush(out);
    struct msg_buf body = { NULL, 0, 0 };
    msgpack_packer pk = msg_packer(&body);
    msgpack_pack_map(&pk, 2);
    msg_put_text(&pk, "records");
    msgpack_pack_uint64(&pk, out->records);
    msg_put_text(&pk, "xxh3");
    msgpack_pack_uint64(&pk, XXH3_64bits_digest(out->hash));
    frame_put(out, FRAME_END, &(struct span){ body.p, body.n }, 1);
    frame_flush(out);
    io_finish(out->to);
    msg_free(&body);
    XXH3_freeState(out->hash);
    free(out->buf);
    free(out);
}
