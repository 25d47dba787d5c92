/* stream - throw mutated streams at the readers of common/stream, many in one process
 *
 *     stream SEED N       N mutations drawn from SEED
 *
 * Each is read as a map filter, a batch filter and a model reader would, and written
 * again; what was read to its valid end must be read the same when it comes back.
 * die() ends in _exit, which here jumps back instead. Works in processes of some
 * hundred cases, since a case that dies leaves its memory behind.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#define _GNU_SOURCE
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/die.h"
#include "drive/item.h"
#include "drive/model.h"
#include "drive/slurp.h"
#include "mutate.h"

enum { EACH = 200, SEEDS = 4 };

static sigjmp_buf back;
static volatile int caught;
static int in_fd, out_fd, report;

void _exit(int status)
{
    caught = status;
    siglongjmp(back, 1);
}

static const struct prog any = { .name = "fuzz", .in = IO_ANY, .out = IO_RECORDS };
static char *no_operands[] = { NULL };

/* ---- streams to begin with ---- */

static struct bytes from_file(const char *path)
{
    struct bytes b = { mem_new(1 << 16, 1), 0 };
    FILE *f = fopen(path, "rb");
    if (!f) {
        perror(path);
        exit(2);
    }
    b.n = fread(b.p, 1, 1 << 16, f);
    fclose(f);
    return b;
}

/* A stream of records with a field of each type, or (kind IO_MODEL) a model. */
static struct bytes seed_stream(int which, const char *path)
{
    static const char *const names[] = { "a", "b", "c" };
    const float x[12] = { 1, -2, 3.5f, 0, 1e-30f, 7, 8, 9, 10, 11, 12, 13 };
    const double y[4] = { 1, 2, 3, 4 };
    const int32_t whole[2] = { -1, 70000 };
    const uint16_t halves[2] = { 0x3c00, 0xc000 };
    const uint32_t index[3] = { 0, 5, 99 };
    bool model = which == 3;
    struct rec_out *out = rec_create_file(&any, NULL, path, model ? IO_MODEL : IO_RECORDS);
    struct rec *r = rec_new();
    head_set_columns(rec_out_head(out), "x", names, 3);
    for (int i = 0; i < 3; i++) {
        char id[16];
        int n = snprintf(id, sizeof id, model && i == 0 ? "fuzz" : "r%d", i);
        rec_begin(r, id, (size_t)n);
        if (model) {
            rec_set_int(r, "k", 3);
            rec_set_tensor(r, "x", T_F8, 2, (size_t[]){ 2, 2 }, y);
        } else if (which == 0) {
            rec_set_vector(r, "x", x + i, 3);
        } else if (which == 1) {
            rec_set_sparse(r, "x", 100, 3, index, x + i);
            rec_set_str(r, "genre", "rock", 4);
            rec_set_nil(r, "lyrics");
        } else {
            rec_set_vector(r, "x", x + i, 3);
            rec_set_tensor(r, "mfcc", T_F4, 2, (size_t[]){ 4, 3 }, x);
            rec_set_tensor(r, "h", T_F2, 1, (size_t[]){ 2 }, halves);
            rec_set_tensor(r, "i", T_I4, 1, (size_t[]){ 2 }, whole);
            rec_set_tensor(r, "u", T_U4, 1, (size_t[]){ 3 }, index);
            rec_set_tensor(r, "none", T_F8, 2, (size_t[]){ 0, 7 }, y);
            rec_set_bool(r, "b", true);
            rec_set_int(r, "year", -1999);
            rec_set_f64(r, "f", 0.1);
            rec_set_bin(r, "path", "\xff/a", 3);
            rec_set_raw(r, "nested", "\x82\xa1k\x93\x01\x02\xc0\xa1m\x81\xa0\xcd\x12\x34", 14);
        }
        rec_put(out, r);
    }
    rec_free(r);
    rec_finish(out);
    return from_file(path);
}

/* ---- readers ---- */

static void rewind_to(int fd)
{
    if (lseek(fd, 0, SEEK_SET) < 0)
        abort();
}

/* Look at a value as filters do. */
static void look(const struct value *v)
{
    if (v->type == V_TENSOR && v->t.count < 1 << 20) {
        double *x = mem_new(v->t.count, sizeof *x);
        float *y = mem_new(v->t.count, sizeof *y);
        tensor_f64(&v->t, x);
        tensor_f32(&v->t, y);
        free(x);
        free(y);
    } else if (v->type == V_STR || v->type == V_BIN) {
        uint64_t hash = v->s.n ? XXH3_64bits(v->s.p, v->s.n) : 0;
        if (write(out_fd, &hash, 0) < 0)
            abort();
    }
}

/* Read what is at stdin, record by record, twice, and write it to out_fd; the number of records. */
static size_t pass(bool twice)
{
    struct rec_in *in = rec_open(&any, no_operands, twice);
    struct frame_out *out = frame_create(io_create_fd(dup(out_fd)));
    struct rec *r = rec_new();
    struct msg_buf head = { NULL, 0, 0 };
    size_t n = 0;
    head_pack(rec_head(in), &any, &head);
    frame_put(out, FRAME_HEADER, &(struct span){ head.p, head.n }, 1);
    for (; rec_next(in, r); n++) {
        if (n % 2)
            rec_own(r);
        for (size_t i = 0; i < r->n; i++) {
            struct value v = field_value(r->fields + i);
            look(&v);
        }
        if (n % 3 == 2 && rec_find(r, "x"))
            rec_rename(r, "x", "y");
        rec_set_int(r, "seen", (int64_t)n);
        r->packed.n = 0;
        rec_emit(r);
        frame_put_packed(out, r->packed.p, r->packed.n, 1);
    }
    frame_finish(out);
    if (twice) {
        rec_rewind(in);
        while (rec_next(in, r))
            n += 0;
    }
    rec_free(r);
    msg_free(&head);
    rec_close(in);
    return n;
}

static void batch(int policy)
{
    item_on_error = policy;
    struct rec_in *in = rec_open(&any, no_operands, true);
    struct slurp *s = slurp_read(in, "x", NULL);
    for (size_t i = 0; i < s->n * s->d; i++)
        if (!(s->x[i] - s->x[i] == 0))
            abort();                    /* only finite numbers come through */
    slurp_done(s);
}

static void model(void)
{
    struct opt_input file = { .path = "-" };
    struct model *m = model_load(&file, "fuzz");
    size_t shape[TENSOR_DIMS];
    struct value k = rec_get(model_config(m), "k");
    look(&k);
    free(model_f64(m, "r1", 2, shape));
    free(model_f32(m, "r2", 2, shape));
    model_free(m);
}

/* One case through all readers; aborts where one breaks its promise. */
static void one(const struct bytes *b)
{
    if (ftruncate(in_fd, 0) != 0 || pwrite(in_fd, b->p, b->n, 0) != (ssize_t)b->n)
        abort();
    volatile size_t n = 0, again = 0;
    volatile bool whole = false;
    for (volatile int stage = 0; stage < 5; stage++) {
        caught = 0;
        rewind_to(in_fd);
        if (sigsetjmp(back, 0) == 0) {
            if (stage == 0) {
                if (ftruncate(out_fd, 0) != 0)
                    abort();
                rewind_to(out_fd);
                n = pass(true);
                whole = true;
            } else if (stage < 4) {
                batch(stage - 1);
            } else {
                model();
            }
        }
        /* A reader may end for what is in the stream, or for a size that it claims. */
        if (caught != 0 && caught != ST_STREAM && caught != ST_MEMORY && !(stage > 0 && caught == ST_STOPPED))
            abort();
    }
    if (!whole)
        return;
    caught = 0;
    rewind_to(out_fd);
    if (dup2(out_fd, STDIN_FILENO) < 0 || (out_fd = memfd_create("out", MFD_CLOEXEC)) < 0)
        abort();
    if (sigsetjmp(back, 0) == 0)
        again = pass(false);
    if (caught || again != n)
        abort();
    if (dup2(in_fd, STDIN_FILENO) < 0)
        abort();
}

int main(int argc, char **argv)
{
    uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 10) : 0;
    size_t total = argc > 2 ? strtoul(argv[2], NULL, 10) : 1000;
    const char *dir = getenv("TMPDIR");
    char path[4096];
    snprintf(path, sizeof path, "%s/fuzz.%ld.sp", dir && *dir ? dir : "/tmp", (long)getpid());
    struct bytes seeds[SEEDS];
    for (int i = 0; i < SEEDS; i++)
        seeds[i] = seed_stream(i, path);
    unlink(path);
    size_t *at = mmap(NULL, sizeof *at, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int bad = 0;
    if (at == MAP_FAILED)
        return 2;
    report = dup(STDOUT_FILENO);
    for (size_t from = 0; from < total; from = *at + 1) {
        size_t to = from + EACH < total ? from + EACH : total;
        fflush(stdout);
        pid_t child = fork();
        if (child == 0) {
            in_fd = memfd_create("in", MFD_CLOEXEC);
            out_fd = memfd_create("out", MFD_CLOEXEC);
            int null = getenv("FUZZ_LOUD") ? STDERR_FILENO : open("/dev/null", O_WRONLY | O_CLOEXEC);
            if (in_fd < 0 || out_fd < 0 || dup2(in_fd, STDIN_FILENO) < 0)
                abort();
            if (!getenv("SONGPIPE_ASAN"))
                dup2(null, STDERR_FILENO);
            alarm(60);
            for (*at = from; *at < to; ++*at) {
                struct bytes b = mutate(seeds[*at % SEEDS].p, seeds[*at % SEEDS].n, seed, *at);
                one(&b);
                free(b.p);
            }
            *at = to - 1;
            quick_exit(0);
        }
        int status;
        if (child < 0 || waitpid(child, &status, 0) < 0)
            return 2;
        if (status != 0) {
            dprintf(report, "seed %llu, case %zu: %s %d\n", (unsigned long long)seed, *at,
                    WIFSIGNALED(status) ? "signal" : "status", WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
            if (getenv("KEEP")) {
                struct bytes b = mutate(seeds[*at % SEEDS].p, seeds[*at % SEEDS].n, seed, *at);
                snprintf(path, sizeof path, "%s/stream-%llu-%zu.sp", getenv("KEEP"), (unsigned long long)seed, *at);
                FILE *f = fopen(path, "wb");
                if (f) {
                    fwrite(b.p, 1, b.n, f);
                    fclose(f);
                }
                free(b.p);
            }
            bad++;
        }
    }
    for (int i = 0; i < SEEDS; i++)
        free(seeds[i].p);
    dprintf(report, "%zu mutations of seed %llu, %d bad\n", total, (unsigned long long)seed, bad);
    return bad ? 1 : 0;
}
