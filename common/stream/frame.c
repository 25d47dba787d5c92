/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _GNU_SOURCE         /* O_TMPFILE, F_SETPIPE_SZ */
#include "stream/frame.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include "base/die.h"
#include "base/mem.h"
#include "stream/msg.h"

size_t frame_max = (size_t)1 << 30;

static const uint8_t magic[] = { 0x93, 0xd7, 0, 'S', 'O', 'N', 'G', 'P', 'I', 'P', 'E', 0xce };

enum { BUFFER = 256 << 10, PIPE = 1 << 20 };

/* ---- reading ---- */

struct frame_in {
    char **paths;           /* NULL-ended; those not opened yet begin at `next` */
    size_t next;
    int fd;                 /* -1 between files */
    const char *name;
    off_t stdin_start;      /* where a regular stdin stood; -1 otherwise */
    int spool;              /* file that keeps the input for the second pass; -1 none */
    bool spooling, again;   /* copying to it; reading from it */
    uint8_t *buf;
    size_t cap, pos, end;   /* buf[pos … end) is not consumed yet */
    size_t hashed;          /* buf[… hashed) is in the hash */
    uint64_t base;          /* where in the file buf begins */
    uint64_t spooled;       /* bytes in the spool, and how many of them are of files before this one */
    uint64_t spooled_before;
    int *kept;              /* descriptors of the operands for frame_place; -1 not asked for yet */
    XXH3_state_t *hash;
    bool inside;            /* between a header and its end */
    uint64_t records;
    uint64_t last_hash;     /* of the end frame read last */
    uint64_t digest;        /* of all end frames of this pass, and of the first */
    uint64_t first_digest;
    bool second;
    bool any;               /* a header was seen */
};

static bool regular(int fd)
{
    struct stat s;
    return fstat(fd, &s) == 0 && S_ISREG(s.st_mode);
}

int frame_spool(void)
{
    const char *dir = getenv("TMPDIR");
    if (!dir || !*dir)
        dir = "/tmp";
    int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0) {
        size_t n = strlen(dir) + 32;
        char *path = mem_new(n, 1);
        strcat(strcpy(path, dir), "/songpipe.XXXXXX");
        fd = mkostemp(path, O_CLOEXEC);
        if (fd >= 0)
            unlink(path);
        free(path);
    }
    if (fd < 0)
        die(ST_STOPPED, "cannot keep the input in %s (TMPDIR):", dir);
    return fd;
}

/* Open the next operand; false if there is none. */
static bool open_next(struct frame_in *in)
{
    if (in->again) {
        if (in->next++)
            return false;
        in->fd = in->spool;
        return true;
    }
    const char *path = in->paths[in->next];
    if (!path)
        return false;
    in->next++;
    in->spooled_before = in->spooled;
    if (strcmp(path, "-") == 0) {
        in->name = "stdin";
        in->fd = STDIN_FILENO;
    } else {
        in->name = path;
        in->fd = open(path, O_RDONLY | O_CLOEXEC);
        if (in->fd < 0)
            die(ST_STOPPED, "%s: cannot open:", path);
    }
    fcntl(in->fd, F_SETPIPE_SZ, PIPE);      /* a hint: refused for anything but a pipe */
    return true;
}

struct frame_in *frame_open(char **paths, bool twice)
{
    static char *only_stdin[] = { "-", NULL };
    struct frame_in *in = mem_zero(1, sizeof *in);
    size_t n = 0;
    paths = paths[0] ? paths : only_stdin;
    while (paths[n])
        n++;
    in->paths = mem_new(n + 1, sizeof *paths);
    memcpy(in->paths, paths, (n + 1) * sizeof *paths);
    in->fd = in->spool = -1;
    in->stdin_start = -1;
    in->buf = mem_new(in->cap = BUFFER, 1);
    in->hash = XXH3_createState();
    if (!in->hash)
        die(ST_MEMORY, "no memory");
    in->name = strcmp(in->paths[0], "-") == 0 ? "stdin" : in->paths[0];
    for (char **p = in->paths; twice && *p; p++) {
        bool is_stdin = strcmp(*p, "-") == 0;
        struct stat s;
        if (is_stdin && regular(STDIN_FILENO))
            in->stdin_start = lseek(STDIN_FILENO, 0, SEEK_CUR);
        else if (is_stdin || stat(*p, &s) != 0 || !S_ISREG(s.st_mode))
            in->spooling = true;
    }
    if (in->spooling)
        in->spool = frame_spool();
    return in;
}

const char *frame_name(const struct frame_in *in) { return in->name; }
uint64_t frame_hash(const struct frame_in *in) { return in->last_hash; }
uint64_t frame_digest(const struct frame_in *in) { return in->digest; }

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
        ssize_t n = read(in->fd, in->buf + in->end, in->cap - in->end);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            die(ST_STOPPED, "%s: cannot read:", in->name);
        if (n == 0)
            break;
        if (in->spooling)
            frame_write(in->spool, in->buf + in->end, (size_t)n);
        in->spooled += (size_t)n;
        in->end += (size_t)n;
    }
    return in->end - in->pos;
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
        if (n == 7 && memcmp(key, "records", 7) == 0 && v.type == V_INT)
            records = (uint64_t)v.i;
        if (n == 4 && memcmp(key, "xxh3", 4) == 0 && (v.type == V_INT || *p == 0xcf)) {
            hash = 0;
            if (v.type == V_INT)
                hash = (uint64_t)v.i;
            else
                for (int i = 1; i <= 8; i++)
                    hash = hash << 8 | p[i];
            hashed = true;
        }
        p += bytes;
    }
    if (records == UINT64_MAX || !hashed)
        die(ST_STREAM, "%s: malformed end record", in->name);
    if (records != in->records)
        die(ST_STREAM, "%s: %llu records, but its end says %llu", in->name,
            (unsigned long long)in->records, (unsigned long long)records);
    if (hash != XXH3_64bits_digest(in->hash))
        die(ST_STREAM, "%s: damaged: the checksum does not fit", in->name);
    in->last_hash = hash;
    in->digest = in->digest * 0x9E3779B97F4A7C15 + hash;
}

/* At the end of a file: nothing may be missing. */
static void file_done(struct frame_in *in, size_t left)
{
    if (left)
        die(ST_STREAM, "%s: cut short in a frame after %llu records (%zu bytes of it are there, from byte %llu on)",
            in->name, (unsigned long long)in->records, left, (unsigned long long)(in->base + in->pos));
    if (in->inside)
        die(ST_STREAM, "%s: cut short after %llu records: no end record", in->name,
            (unsigned long long)in->records);
    if (!in->any)
        die(ST_STREAM, "%s: empty: no header", in->name);
    if (in->fd != STDIN_FILENO && in->fd != in->spool)
        close(in->fd);
    in->fd = -1;
    in->pos = in->end = in->hashed = 0;
    in->base = 0;
}

bool frame_next(struct frame_in *in, struct frame *f)
{
    for (;;) {
        if (in->fd < 0) {
            in->any = false;
            if (!open_next(in)) {
                if (in->second && in->digest != in->first_digest)
                    die(ST_STREAM, "%s: changed while it was read", in->name);
                return false;
            }
        }
        size_t have = fill(in, FRAME_HEAD);
        const uint8_t *h = in->buf + in->pos;
        if (have < FRAME_HEAD) {
            if (have && !in->any && memcmp(h, magic, have < 2 ? have : 2) != 0)
                die(ST_STREAM, "%s: not a songpipe stream", in->name);
            file_done(in, have);
            continue;
        }
        int kind = h[2];
        if (memcmp(h, magic, 2) != 0 || memcmp(h + 3, magic + 3, 9) != 0 ||
            (kind != FRAME_HEADER && kind != FRAME_RECORD && kind != FRAME_END)) {
            if (in->any)
                die(ST_STREAM, "%s: damaged: no frame where one should begin, after %llu records, at byte %llu", in->name,
                    (unsigned long long)in->records, (unsigned long long)(in->base + in->pos));
            die(ST_STREAM, "%s: not a songpipe stream", in->name);
        }
        if ((kind == FRAME_HEADER) == in->inside)
            die(ST_STREAM, "%s: %s", in->name,
                in->inside ? "a header where a record or the end should be" : "no header");
        size_t size = (size_t)h[12] << 24 | (size_t)h[13] << 16 | (size_t)h[14] << 8 | h[15];
        if (size > frame_max)
            die(ST_STREAM, "%s: a record of %zu bytes is larger than --max-record (%zu)", in->name, size,
                frame_max);
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
    if (in->fd < 0 || in->end - in->pos < FRAME_HEAD)
        return false;
    const uint8_t *h = in->buf + in->pos;
    size_t size = (size_t)h[12] << 24 | (size_t)h[13] << 16 | (size_t)h[14] << 8 | h[15];
    return h[2] != FRAME_END && in->end - in->pos - FRAME_HEAD >= size;     /* behind an end we wait */
}

int frame_place(struct frame_in *in, const uint8_t *p, uint64_t *at)
{
    *at = in->base + (uint64_t)(p - in->buf);
    if (in->spool >= 0) {
        *at += in->spooled_before;
        return in->spool;
    }
    if (in->fd == STDIN_FILENO) {
        *at += (uint64_t)in->stdin_start;
        return STDIN_FILENO;
    }
    if (!in->kept) {
        size_t n = 0;
        while (in->paths[n])
            n++;
        in->kept = mem_new(n, sizeof *in->kept);
        for (size_t i = 0; i < n; i++)
            in->kept[i] = -1;
    }
    int *fd = &in->kept[in->next - 1];
    if (*fd < 0 && (*fd = fcntl(in->fd, F_DUPFD_CLOEXEC, 3)) < 0)
        die(ST_STOPPED, "%s: cannot keep it open:", in->name);
    return *fd;
}

bool frame_piped(const struct frame_in *in)
{
    struct stat s;
    return in->fd >= 0 && in->fd != in->spool && fstat(in->fd, &s) == 0 && S_ISFIFO(s.st_mode);
}

int frame_fd(const struct frame_in *in) { return in->fd; }

void frame_rewind(struct frame_in *in)
{
    in->first_digest = in->digest;
    in->digest = 0;
    in->second = true;
    in->next = 0;
    if (in->spool >= 0) {
        in->spooling = false;
        in->again = true;
        if (lseek(in->spool, 0, SEEK_SET) < 0)
            die(ST_STOPPED, "cannot go back in the kept input:");
    } else if (in->stdin_start >= 0 && lseek(STDIN_FILENO, in->stdin_start, SEEK_SET) < 0) {
        die(ST_STOPPED, "stdin: cannot go back:");
    }
}

void frame_close(struct frame_in *in)
{
    if (!in)
        return;
    if (in->spool >= 0)
        close(in->spool);
    for (size_t i = 0; in->kept && in->paths[i]; i++)
        if (in->kept[i] >= 0)
            close(in->kept[i]);
    free(in->kept);
    XXH3_freeState(in->hash);
    free(in->buf);
    free(in->paths);
    free(in);
}

/* ---- writing ---- */

struct frame_out {
    int fd;
    uint8_t *buf;
    size_t used;
    XXH3_state_t *hash;
    uint64_t records;
};

void frame_write(int fd, const void *p, size_t n)
{
    const uint8_t *at = p;
    while (n) {
        ssize_t k = write(fd, at, n);
        if (k < 0 && errno == EAGAIN) {
            poll(&(struct pollfd){ .fd = fd, .events = POLLOUT }, 1, -1);
            continue;
        }
        if (k < 0 && errno == EINTR)
            continue;
        if (k < 0 && errno == EPIPE) {      /* whoever ignores SIGPIPE for us meant well */
            signal(SIGPIPE, SIG_DFL);
            raise(SIGPIPE);
        }
        if (k < 0)
            die(ST_STOPPED, "cannot write:");
        at += k;
        n -= (size_t)k;
    }
}

struct frame_out *frame_create(int fd)
{
    struct frame_out *out = mem_zero(1, sizeof *out);
    out->fd = fd;
    out->buf = mem_new(BUFFER, 1);
    out->hash = XXH3_createState();
    if (!out->hash)
        die(ST_MEMORY, "no memory");
    XXH3_64bits_reset(out->hash);
    fcntl(fd, F_SETPIPE_SZ, PIPE);
    return out;
}

void frame_flush(struct frame_out *out)
{
    if (out->used == 0)
        return;
    XXH3_64bits_update(out->hash, out->buf, out->used);
    frame_write(out->fd, out->buf, out->used);
    out->used = 0;
}

static void put(struct frame_out *out, const void *p, size_t n)
{
    if (n > BUFFER - out->used)
        frame_flush(out);
    if (n > BUFFER / 2) {
        frame_flush(out);
        XXH3_64bits_update(out->hash, p, n);
        frame_write(out->fd, p, n);
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
    if (close(out->fd) != 0)
        die(ST_STOPPED, "cannot write:");
    msg_free(&body);
    XXH3_freeState(out->hash);
    free(out->buf);
    free(out);
}
