/* sp-split - one of N parts of a stream
 *
 * in      any records
 * out     the records of the part, under the header of the whole
 * memory  one record, and 8 bytes for each id
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <unistd.h>

#include "base/io.h"
#include "base/par.h"
#include "drive/pass.h"
#include "stream/rec.h"

static struct { int64_t parts, part; } arg = { .part = -1 };

static const struct opt opts[] = {
    OPT_INT('n', "parts", &arg.parts, 0, 1e9, "number of parts"),
    OPT_INT('p', "part", &arg.part, -1, 1e9, "which of them to write, from 0"),
    REQUIRED("parts", "how many parts"),
    REQUIRED("part", "which of the parts"),
    OPT_END
};
static const struct opt *const also[] = { rec_in_opts, NULL };
static const struct prog prog = {
    .name = "sp-split", .brief = "write one of N parts of a stream, which cat joins again",
    .in = IO_RECORDS, .out = IO_RECORDS, .example = "-n 2 -p 0", .opts = opts, .also = also,
};

static bool count(struct rec *r, const struct value *v, void *unused)
{
    (void)r, (void)v, (void)unused;
    return true;
}

int main(int argc, char **argv)
{
    char **operands = opt_parse(&prog, argc, argv);
    if (arg.part >= arg.parts)
        opt_misuse(&prog, "--part %lld is none of %lld, which are 0 to %lld", (long long)arg.part, (long long)arg.parts,
                   (long long)arg.parts - 1);
    if (getenv("SONGPIPE_BLOCKS"))
        opt_misuse(&prog, "sp-parallel's blocks are parts already");
    opt_not_terminal(&prog);
    struct rec_in *in = rec_open(&prog, operands, true);
    struct frame_out *out = frame_create(io_create_fd(STDOUT_FILENO));
    uint64_t n = pass_each(in, &(struct pass){ .what = "records counted", .late_ids = true }, count, NULL), i = 0;
    size_t part = (size_t)arg.part, parts = (size_t)arg.parts;
    uint64_t from = par_share(part, parts, n), to = par_share(part + 1, parts, n);
    struct span head = rec_head_body(in);
    struct frame f;
    rec_rewind(in);
    frame_put(out, FRAME_HEADER, &head, 1);     /* and no entry in the history: the parts are the whole */
    for (; rec_next_frame(in, &f); i++)
        if (i >= from && i < to)
            frame_put(out, FRAME_RECORD, &(struct span){ f.body, f.size }, 1);
    if (i != n)
        io_changed(rec_name(in));
    frame_finish(out);
    rec_close(in);
    return 0;
}
