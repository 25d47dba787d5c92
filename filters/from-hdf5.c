/* from-hdf5 - read HDF5 files as records: the Million Song Dataset, or data sets of one's own
 *
 * in      HDF5 files, or folders of them
 * out     a record for each song, or for each row of the data sets
 * memory  one record, a child for each of -j files (2 GB at most), and about 50 bytes for each id
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "audio/fence.h"
#include "base/die.h"
#include "base/mem.h"
#include "base/par.h"
#include "base/progress.h"
#include "base/walk.h"
#include "drive/slurp.h"
#include "drive/source.h"
#include "files/msd.h"
#include "files/path.h"

static struct {
    bool msd;
    struct opt_pairs set;
    const char *id;
} arg;

static const struct opt opts[] = {
    OPT_FLAG(0, "msd", &arg.msd, "the files are those of the Million Song Dataset"),
    OPT_PAIRS('d', "dataset", &arg.set, "PATH=FIELD", NULL, "make the rows of this data set, or TABLE.COLUMN, a field"),
    OPT_STR(0, "id", &arg.id, "PATH", "data set that holds the ids (without: the number of the row)"),
    REQUIRED("msd|dataset", "what to read"),
    EXCLUDES("msd", "dataset|id"),
    OPT_END
};
static const struct opt *const also[] = { slurp_opts, item_opts, rec_in_opts, rec_out_opts, NULL };
static const struct prog prog = {
    .name = "from-hdf5", .brief = "read HDF5 files as records: the Million Song Dataset, or data sets of one's own",
    .in = IO_FILES, .out = IO_RECORDS, .writes = "a field for each data set", .operands = "FILE|FOLDER...",
    .example = "--msd", .opts = opts, .also = also,
};

enum { RECORD, BAD, FAIL };     /* messages of a child: a frame; why a row is bad; why the file is */

/* ---- the child ---- */

static void fail(int fd, const char *why)
{
    fence_send(fd, FAIL, why, strlen(why));
}

static void send_row(int fd, struct rec *r, bool good)
{
    if (!good) {
        fence_send(fd, BAD, r->error, strlen(r->error));
        r->error[0] = '\0';
        return;
    }
    rec_emit(r);
    fence_send(fd, RECORD, r->packed.p, r->packed.n);
    r->packed.n = r->emitted = 0;
    r->dropped = false;
}

static void send_songs(int fd, struct hdf5 *f)
{
    char why[HDF5_WHY];
    size_t songs;
    struct msd *m = msd_open(f, &songs, why);
    if (!m) {
        char text[HDF5_WHY + 60];
        snprintf(text, sizeof text, "not of the Million Song Dataset's layout: %s", why);
        fail(fd, text);
        return;
    }
    struct rec *r = rec_new();
    for (size_t i = 0; i < songs; i++)
        send_row(fd, r, msd_song(m, i, r));
}

/* Set a field to a row of a column; with NULL, the id. */
static bool set(struct rec *r, struct hdf5_column *c, size_t row, const char *field)
{
    char digits[24];
    size_t i;
    if (!hdf5_row(c, row, &i))
        return rec_error(r, "%s cannot be read: the file is damaged", field ? field : "the id");
    if (!field && c->kind == HDF5_INT)
        rec_begin(r, digits, (size_t)snprintf(digits, sizeof digits, "%lld", (long long)hdf5_int(c, i)));
    else if (!field)
        rec_begin(r, hdf5_text(c, i).p, hdf5_text(c, i).n);
    else if (c->ndim)
        rec_set_tensor(r, field, T_F4, c->ndim, c->shape, hdf5_floats(c, i));
    else if (c->kind == HDF5_TEXT)
        rec_set_str(r, field, hdf5_text(c, i).p, hdf5_text(c, i).n);
    else if (c->kind == HDF5_INT)
        rec_set_int(r, field, hdf5_int(c, i));
    else
        rec_set_f64(r, field, hdf5_real(c, i));
    return true;
}

static void send_rows(int fd, struct hdf5 *f)
{
    char why[HDF5_WHY + 100] = "", digits[24];
    struct hdf5_column **c = mem_new(arg.set.n, sizeof *c), *id = arg.id ? hdf5_column(f, arg.id, why) : NULL;
    if (arg.id && id && (id->kind == HDF5_REAL || id->ndim))
        snprintf(why, sizeof why, "%s holds neither whole numbers nor texts, as ids are", arg.id);
    for (size_t i = 0; i < arg.set.n && !*why; i++) {
        c[i] = hdf5_column(f, arg.set.v[i].name, why);
        const struct hdf5_column *like = id ? id : c[0];
        if (c[i] && c[i]->rows != like->rows)
            snprintf(why, sizeof why, "%s has %zu rows, %s has %zu", arg.set.v[i].name, c[i]->rows,
                     id ? arg.id : arg.set.v[0].name, like->rows);
    }
    if (*why) {
        fail(fd, why);
        return;
    }
    struct rec *r = rec_new();
    for (size_t row = 0; row < c[0]->rows; row++) {
        bool good = true;
        if (id)
            good = set(r, id, row, NULL);
        else
            rec_begin(r, digits, (size_t)snprintf(digits, sizeof digits, "%zu", row));
        for (size_t i = 0; i < arg.set.n && good; i++)
            good = set(r, c[i], row, arg.set.v[i].value);
        send_row(fd, r, good);
    }
}

static void work(int fd, void *path)
{
    char why[HDF5_WHY];
    struct hdf5 *f = hdf5_open(path, why);
    if (!f)
        fail(fd, why);
    else if (arg.msd)
        send_songs(fd, f);
    else
        send_rows(fd, f);
}

/* ---- the files in the ring ---- */

static struct {
    struct source s;
    struct file { char *path; struct fence fence; size_t rows; } *ring;
    size_t size, first, next;       /* of the ring; the files in it */
    struct str message;
    size_t silent;                  /* songs without segments */
} run;

static void put_bad_file(const char *path, const char *why)
{
    struct rec *r = run.s.rec;
    path_set_part(r, "id", path, strlen(path));
    rec_error(r, "%s", why);
    source_bad(&run.s);
    r->error[0] = '\0';
}

/* A part of a message; with the last one it is whole. */
static void got(int kind, const void *p, size_t n, bool last, void *state)
{
    struct file *f = state;
    struct str *m = &run.message;
    struct rec *r = run.s.rec;
    if (m->n + n > frame_max + FRAME_HEAD)
        die(ST_MEMORY, "%s: a record larger than --max-record (%zu)", f->path, frame_max);
    str_put(m, p, n);
    if (!last)
        return;
    const uint8_t *body = (const uint8_t *)m->p + FRAME_HEAD;
    r->error[0] = '\0';
    if (kind == FAIL)
        put_bad_file(f->path, m->p);
    else if (kind == BAD)
        rec_error(r, "%s", m->p);
    else if (m->n < FRAME_HEAD || !rec_parse(r, body, m->n - FRAME_HEAD))
        rec_error(r, "%s", r->error[0] ? r->error : "an id that is empty, or not UTF-8");
    else if (arg.msd)
        run.silent += rec_get(r, "timbre").type == V_NIL;
    if (kind != FAIL)
        source_put(&run.s, f->path, ++f->rows);
    m->n = 0;
}

/* All of the first file in the ring. */
static void put_first(void)
{
    struct file *f = run.ring + run.first++ % run.size;
    struct fence *fence = &f->fence;
    char why[FENCE_WHY];
    bool ready;
    do
        fence_wait(&fence, 1, &ready, -1, -1);
    while (!ready || fence_read(fence, got, f));
    run.message.n = 0;
    if (!fence_end(fence, why)) {
        if (fence->killed)
            die(ST_STOPPED, "%s: %s", f->path, why);
        put_bad_file(f->path, why);
    }
    free(f->path);
}

static void put_file(const char *path, void *unused)
{
    static const struct fence_limits limits = { 1e6, 60, (size_t)2 << 30 };
    (void)unused;
    if (run.next - run.first == run.size)
        put_first();
    struct file *f = run.ring + run.next % run.size;
    *f = (struct file){ .path = mem_text(path, strlen(path)) };
    if (!fence_start(&f->fence, &limits, work, f->path))
        die(ST_STOPPED, "%s: cannot start a process:", path);
    run.next++;
}

static void put_bad(const char *path, const char *why, void *unused)
{
    (void)unused;
    while (run.first < run.next)
        put_first();
    put_bad_file(path, why);
}

static bool is_wanted(const char *name, void *unused)
{
    const char *dot = name + path_stem(name);
    (void)unused;
    return strcasecmp(dot, ".h5") == 0 || strcasecmp(dot, ".hdf5") == 0;
}

int main(int argc, char **argv)
{
    static const struct walk_visitor visitor = { is_wanted, put_file, put_bad, NULL };
    char **operands = source_parse(&prog, argc, argv);
    if (!operands[0])
        opt_misuse(&prog, "nothing to read: name files or folders");
    for (size_t i = 0; i < arg.set.n; i++) {
        if (!*arg.set.v[i].value || strcmp(arg.set.v[i].value, "id") == 0)
            opt_misuse(&prog, "--dataset '%s=%s' names no field; --id has the ids", arg.set.v[i].name, arg.set.v[i].value);
        for (size_t k = 0; k < i; k++)
            if (strcmp(arg.set.v[i].value, arg.set.v[k].value) == 0)
                opt_misuse(&prog, "--dataset makes %s twice", arg.set.v[i].value);
    }
    source_open(&run.s, &prog, operands);
    run.size = (size_t)par_jobs;
    run.ring = mem_zero(run.size, sizeof *run.ring);
    progress_start(0, arg.msd ? "songs" : "rows");
    for (char **o = operands; *o; o++)
        walk(*o, &visitor);
    while (run.first < run.next)
        put_first();
    int status = source_finish(&run.s);
    if (run.silent && !progress_quiet)
        warn("%zu song%s no segments: timbre, pitches and segments_start are nil", run.silent,
             run.silent == 1 ? " has" : "s have");
    return status;
}
