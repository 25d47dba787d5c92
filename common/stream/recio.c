/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "stream/rec.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/die.h"
#include "base/mem.h"
#include "base/progress.h"
#include "stream/ids.h"

/* ---- reading a stream ---- */

const struct opt rec_in_opts[] = {
    OPT_SIZE(0, "max-memory", &mem_limit, "stop rather than hold more data in memory than this"),
    OPT_SIZE(0, "max-record", &frame_max, "largest record to read or write"),
    OPT_END
};

struct rec_in {
    struct frame_in *frames;
    struct head head;
    struct msg_buf head_body;
    uint64_t records;           /* read in this pass */
    struct span body;           /* of the last of them */
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

static struct rec_in *open_as(char **paths, int how, enum io kind, const char *maker)
{
    struct rec_in *in = mem_zero(1, sizeof *in);
    in->frames = frame_open(paths, how);
    in->twice = how & FRAME_TWICE;
    struct frame f;
    if (!frame_next(in->frames, &f))
        frame_bad(in->frames, "empty: no header");
    const char *why = head_parse(&in->head, f.body, f.size);
    if (why)
        frame_bad(in->frames, "%s", why);
    msg_append(&in->head_body, f.body, f.size);
    if (kind == IO_MODEL && !in->head.model)
        frame_bad(in->frames, "holds records where a model is wanted%s%s", maker ? ", as it is made by " : "",
                  maker ? maker : "");
    if (kind == IO_RECORDS && in->head.model)
        frame_bad(in->frames, "holds a model where records are wanted%s", how & FRAME_BESIDE ? "" :
                  ": -m FILE applies it, of the filter that made it");
    return in;
}

struct rec_in *rec_open(const struct prog *prog, char **operands, bool twice)
{
    opt_need_stdin(prog, operands);
    return open_as(operands, twice ? FRAME_TWICE : 0, prog->in, NULL);
}

struct rec_in *rec_open_file(const char *path, enum io kind, const char *maker)
{
    char *paths[] = { (char *)path, NULL };
    return open_as(paths, FRAME_BESIDE | (kind == IO_MODEL ? FRAME_MODEL : 0), kind, maker);
}

const struct head *rec_head(const struct rec_in *in) { return &in->head; }
struct span rec_head_body(const struct rec_in *in) { return (struct span){ in->head_body.p, in->head_body.n }; }
bool rec_ready(const struct rec_in *in) { return frame_ready(in->frames); }
bool rec_piped(const struct rec_in *in) { return frame_piped(in->frames); }
int rec_fd(const struct rec_in *in) { return frame_fd(in->frames); }
int rec_place(struct rec_in *in, const uint8_t *p, uint64_t *at) { return frame_place(in->frames, p, at); }
const char *rec_name(const struct rec_in *in) { return frame_name(in->frames); }
uint64_t rec_hash(const struct rec_in *in) { return frame_hash(in->frames); }
uint64_t rec_digest(const struct rec_in *in, uint64_t before) { return frame_digest(in->frames, before); }

bool rec_next_frame(struct rec_in *in, struct frame *f)
{
    while (frame_next(in->frames, f)) {
        if (f->kind == FRAME_RECORD) {
            in->records++;
            in->body = (struct span){ f->body, f->size };
            return true;
        }
        header(in, f);
    }
    return false;
}

struct span rec_body(const struct rec_in *in)
{
    return in->body;
}

bool rec_next(struct rec_in *in, struct rec *r)
{
    struct frame f;
    if (!rec_next_frame(in, &f))
        return false;
    if (!rec_parse(r, f.body, f.size))
        frame_bad(in->frames, "record %llu is malformed%s", (unsigned long long)in->records, r->error);
    if (in->ids && !ids_add(in->ids, rec_id(r), (size_t)in->records))
        frame_bad(in->frames, "id %s appears twice", REC_ID(r));
    return true;
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
    msg_free(&in->head_body);
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
    out->pieces[n++] = (struct span){ head, msg_map_head(r->n, head) };
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

void rec_put_frames(struct rec_out *out, const void *frames, size_t size, size_t records)
{
    if (!records)
        return;
    if (!out->begun)
        begin_stream(out);
    frame_put_packed(out->frames, frames, size, records);
}

void rec_put_emitted(struct rec_out *out, const struct rec *r)
{
    rec_put_frames(out, r->packed.p, r->packed.n, r->emitted);
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
