/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drive/blocks.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include "base/die.h"
#include "base/io.h"
#include "base/mem.h"
#include "stream/history.h"

enum { COPY = 256 << 10 };
static const char mark[16] = "songpipe blocks";     /* a file's first bytes, then the key */

/* In the file, in front of the header's body, the record frames and the messages. */
struct entry { uint64_t n, hash, status, head, records, count, said, check; };

/* Where the three lie. */
struct place { bool there; uint64_t at; struct entry entry; };

struct blocks {
    int fd;
    const char *name;           /* of the file, for messages */
    uint64_t end;               /* of what is whole in it */
    struct place *v;
    size_t n, cap;
    struct head usual;          /* what the command's header says without a record */
    struct head head;           /* what the blocks' headers say, and as it came */
    struct msg_buf body;
};

noreturn static void failed(const struct blocks *b, const char *what)
{
    die(ST_STOPPED, "%s: cannot %s:", b->name, what);
}

static void read_at(const struct blocks *b, int fd, void *to, size_t n, uint64_t at)
{
    errno = 0;
    if (io_read_at(fd, to, n, at) != (ssize_t)n)
        failed(b, "read");
}

/* Give `use` size bytes of fd from `at` on, piece by piece. */
static void each_piece(const struct blocks *b, int fd, uint64_t at, uint64_t size, void (*use)(void *, const void *, size_t),
                       void *state)
{
    char *buf = mem_new(COPY, 1);
    for (size_t n; size; size -= n, at += n) {
        n = size < COPY ? (size_t)size : COPY;
        read_at(b, fd, buf, n, at);
        use(state, buf, n);
    }
    free(buf);
}

/* Whether `more` says all that h does, but for columns that the command names without having seen a record. */
static bool within(const struct blocks *b, const struct head *h, const struct head *more)
{
    for (size_t i = 0; i < h->n_columns; i++) {
        struct head one = { .columns = h->columns + i, .n_columns = 1 };
        if (!head_columns_within(&one, more) && !head_columns_within(&one, &b->usual))
            return false;
    }
    return history_within(h, more);
}

/* A header of block n must say what the others do, but one without a good record may say less: of the run on all records
 * the first good record settles it. */
static void take_head(struct blocks *b, size_t n, const uint8_t *body, size_t size)
{
    struct head h;
    const char *why = head_parse(&h, body, size);
    if (why)
        die(ST_STREAM, "block %zu: %s", n + 1, why);
    if (h.model != b->usual.model || !history_within(&b->usual, &h))
        die(ST_STREAM, "block %zu was made by another version of songpipe, or by another model", n + 1);
    bool less = within(b, &h, &b->head);
    if (!less && !within(b, &b->head, &h))
        die(ST_STREAM, "block %zu: its header contradicts those of the blocks before it; give a larger --block", n + 1);
    struct head *drop = less ? &h : &b->head;
    head_free(drop);
    if (less)
        return;
    b->head = h;
    b->body.n = 0;
    msg_append(&b->body, body, size);
}

static void settle(struct blocks *b, const struct entry *e)
{
    size_t old = b->cap;
    b->n = e->n < b->n ? b->n : (size_t)e->n + 1;
    mem_grow(&b->v, &b->cap, b->n, sizeof *b->v);
    for (; old < b->cap; old++)
        b->v[old].there = false;
    b->v[e->n] = (struct place){ true, b->end + sizeof *e, *e };
    b->end += sizeof *e + e->head + e->records + e->said;
}

/* ---- a file that is there already ---- */

static void hash_piece(void *hash, const void *p, size_t n) { XXH3_64bits_update(hash, p, n); }

/* Read the entry at the end of what is known; false if it is not whole: the run was stopped there. */
static bool read_entry(struct blocks *b, XXH3_state_t *hash, uint64_t size)
{
    struct entry e;
    if (size - b->end < sizeof e)
        return false;
    read_at(b, b->fd, &e, sizeof e, b->end);
    uint64_t left = size - b->end - sizeof e, check = e.check;
    if (e.head > left || e.records > left || e.said > left || e.head + e.records + e.said > left || e.n > UINT32_MAX)
        return false;
    e.check = 0;
    XXH3_64bits_reset(hash);
    XXH3_64bits_update(hash, &e, sizeof e);
    each_piece(b, b->fd, b->end + sizeof e, e.head + e.records + e.said, hash_piece, hash);
    if (XXH3_64bits_digest(hash) != check)
        return false;
    uint8_t *body = mem_new((size_t)e.head, 1);
    read_at(b, b->fd, body, (size_t)e.head, b->end + sizeof e);
    take_head(b, (size_t)e.n, body, (size_t)e.head);
    free(body);
    settle(b, &e);
    return true;
}

static void read_file(struct blocks *b, uint64_t key)
{
    struct stat s;
    struct { char mark[sizeof mark]; uint64_t key; } first = { "", key };
    memcpy(first.mark, mark, sizeof mark);
    if (flock(b->fd, LOCK_EX | LOCK_NB) != 0)
        die(ST_STOPPED, errno == EWOULDBLOCK ? "%s: another run is using it" : "%s: cannot lock it:", b->name);
    if (fstat(b->fd, &s) != 0 || !S_ISREG(s.st_mode))
        die(ST_USAGE, "%s: not a regular file", b->name);
    b->end = sizeof first;
    char was[sizeof first];
    size_t n = (size_t)s.st_size < sizeof was ? (size_t)s.st_size : sizeof was;
    read_at(b, b->fd, was, n, 0);
    if (memcmp(was, &first, n < sizeof mark ? n : sizeof mark) != 0)
        die(ST_USAGE, "%s: not a file of sp-parallel --resume", b->name);
    if (n == sizeof first && memcmp(was, &first, n) != 0)
        die(ST_USAGE, "%s: of another command, --block, header of the input or version; remove it to begin again", b->name);
    XXH3_state_t *hash = XXH3_createState();
    if (!hash)
        die(ST_MEMORY, "no memory");
    while (n == sizeof first && read_entry(b, hash, (uint64_t)s.st_size))
        ;
    XXH3_freeState(hash);
    bool begun = n == sizeof first;
    if (ftruncate(b->fd, begun ? (off_t)b->end : 0) != 0 || lseek(b->fd, 0, SEEK_END) < 0 ||
        (!begun && !io_write(b->fd, &first, sizeof first)))
        failed(b, "write");
}

struct blocks *blocks_open(const char *path, uint64_t key, struct span usual)
{
    struct blocks *b = mem_zero(1, sizeof *b);
    b->name = path ? path : "a temporary file";
    const char *why = head_parse(&b->head, usual.p, usual.n);
    if (why)
        die(ST_STREAM, "the command's output: %s", why);
    head_copy(&b->usual, &b->head);
    msg_append(&b->body, usual.p, usual.n);
    b->fd = path ? open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666) : io_temporary();
    if (b->fd < 0)
        failed(b, "open");
    if (path)
        read_file(b, key);
    return b;
}

/* ---- adding and asking ---- */

bool blocks_have(const struct blocks *b, size_t n, uint64_t hash)
{
    if (n >= b->n || !b->v[n].there)
        return false;
    if (b->v[n].entry.hash != hash)
        die(ST_USAGE, "%s: of another input: block %zu differs; remove it to begin again", b->name, n + 1);
    return true;
}

/* The sizes of what is in the file; the header's body is taken. */
static void survey(struct blocks *b, size_t n, const char *stream, struct entry *e)
{
    char *paths[] = { (char *)stream, NULL };
    struct frame_in *in = frame_open(paths, FRAME_BESIDE);
    struct frame f;
    while (frame_next(in, &f)) {
        if (f.kind == FRAME_HEADER && e->head)
            frame_bad(in, "more than one stream");
        if (f.kind == FRAME_HEADER) {
            e->head = f.size;
            take_head(b, n, f.body, f.size);
        } else {
            e->records += FRAME_HEAD + f.size;
            e->count++;
        }
    }
    frame_close(in);
}

struct writing { struct blocks *b; XXH3_state_t *hash; };

static void write_piece(void *state, const void *p, size_t n)
{
    struct writing *w = state;
    XXH3_64bits_update(w->hash, p, n);
    if (!io_write(w->b->fd, p, n))
        failed(w->b, "write");
}

void blocks_add(struct blocks *b, size_t n, uint64_t hash, int status, const char *stream, const char *said, size_t size)
{
    struct entry e = { .n = n, .hash = hash, .status = (uint64_t)status, .said = size };
    struct writing w = { b, XXH3_createState() };
    survey(b, n, stream, &e);
    int fd = open(stream, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || !w.hash)
        die(ST_STOPPED, "%s: cannot open:", stream);
    off_t at = lseek(b->fd, 0, SEEK_CUR);
    XXH3_64bits_reset(w.hash);
    XXH3_64bits_update(w.hash, &e, sizeof e);
    if (!io_write(b->fd, &e, sizeof e))         /* without its check: not whole yet */
        failed(b, "write");
    each_piece(b, fd, FRAME_HEAD, e.head, write_piece, &w);
    each_piece(b, fd, FRAME_HEAD + e.head, e.records, write_piece, &w);
    write_piece(&w, said, size);
    e.check = XXH3_64bits_digest(w.hash);
    if (pwrite(b->fd, &e, sizeof e, at) != sizeof e)
        failed(b, "write");
    b->end = (uint64_t)at;
    settle(b, &e);
    XXH3_freeState(w.hash);
    close(fd);
}

int blocks_status(const struct blocks *b, size_t n)
{
    return (int)b->v[n].entry.status;
}

struct str blocks_said(const struct blocks *b, size_t n)
{
    const struct place *p = b->v + n;
    struct str said = { 0 };
    char *to = str_room(&said, (size_t)p->entry.said + 1);
    read_at(b, b->fd, to, (size_t)p->entry.said, p->at + p->entry.head + p->entry.records);
    said.n = (size_t)p->entry.said;
    return said;
}

static void put_piece(void *out, const void *p, size_t n) { frame_put_packed(out, p, n, 0); }

void blocks_join(const struct blocks *b, size_t n, struct frame_out *out)
{
    frame_put(out, FRAME_HEADER, &(struct span){ b->body.p, b->body.n }, 1);
    for (size_t i = 0; i < n; i++) {
        const struct place *p = b->v + i;
        each_piece(b, b->fd, p->at + p->entry.head, p->entry.records, put_piece, out);
        frame_put_packed(out, "", 0, (size_t)p->entry.count);
    }
}

void blocks_free(struct blocks *b)
{
    close(b->fd);
    head_free(&b->usual);
    head_free(&b->head);
    msg_free(&b->body);
    free(b->v);
    free(b);
}
