/* sp-parallel - run a pipeline on blocks of a stream, several at once, here or on other machines
 *
 * in      any records
 * out     what the pipeline makes of them: the bytes that it writes without sp-parallel
 * memory  one record, and 100 bytes for each block; blocks that wait and what became of them lie in TMPDIR
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

#include "base/die.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/par.h"
#include "base/progress.h"
#include "drive/blocks.h"
#include "drive/heard.h"
#include "drive/spread.h"
#include "stream/history.h"
#include "stream/rec.h"

static struct {
    const char *hosts, *resume;
    int64_t block, retries;
    bool send;
} arg = { .block = 16, .retries = 3 };

static const struct opt opts[] = {
    OPT_JOBS(0),
    OPT_INT(0, "block", &arg.block, 1, 1e9, "records in a block"),
    OPT_NOTE(0, "hosts", &arg.hosts, "FILE", "machines to work on: a file of GNU parallel's sshlogins"),
    OPT_FLAG(0, "send", &arg.send, "send the songs to these machines, too"),
    OPT_INT(0, "retries", &arg.retries, 1, 1000, "how often a block is tried whose worker dies"),
    OPT_OUTPUT(0, "resume", &arg.resume, "keep in this file what is done, and begin with what it holds"),
    NEEDS("send", "hosts"),
    OPT_END
};
static const struct opt *const also[] = { rec_in_opts, NULL };
static const struct prog prog = {
    .name = "sp-parallel", .brief = "run a pipeline on blocks of a stream, several at once, here or on other machines",
    .in = IO_RECORDS, .out = IO_RECORDS, .operands = "COMMAND [FILE]...", .example = "l2norm", .opts = opts, .also = also,
};

static const char *command;
static struct blocks *blocks;
static struct cut { uint64_t hash; size_t first, records; } *cuts;      /* the blocks so far */
static size_t n_cuts, cap_cuts, n_said, records_done;
static int status;                  /* of the whole: 1 if that of a block was */

/* ---- the command as it is ---- */

static char *whole_file(int fd, size_t *n)
{
    char *text = lseek(fd, 0, SEEK_SET) < 0 ? NULL : io_slurp(fd, (size_t)1 << 30, n);
    if (!text)
        die(ST_STOPPED, "cannot read a temporary file:");
    close(fd);
    return text;
}

/* The status to end with where a command ended with `status`. */
static enum status status_of(int ended)
{
    return ended >= ST_USAGE && ended <= ST_STOPPED ? (enum status)ended : ST_STOPPED;
}

/* Run the command on the input's header without any record: what it writes, to be freed; *n bytes. */
static uint8_t *try_command(const struct rec_in *in, size_t *n)
{
    int fd[3] = { io_temporary(), io_temporary(), io_temporary() };
    struct span body = rec_head_body(in);
    struct frame_out *out = frame_create(io_create_fd(fcntl(fd[0], F_DUPFD_CLOEXEC, 3)));
    frame_put(out, FRAME_HEADER, &body, 1);
    frame_finish(out);
    lseek(fd[0], 0, SEEK_SET);
    int ended = spread_try(command, fd);
    size_t size;
    char *said = whole_file(fd[2], &size);
    if (ended > ST_SOME) {
        heard_say(said, size);
        if (ended == 127)
            die(status_of(ended), "a program of the command is not there");
        die(status_of(ended), "the command fails with status %d on a stream without records: does it need all records?", ended);
    }
    free(said);
    close(fd[0]);
    return (uint8_t *)whole_file(fd[1], n);
}

/* Whether the step has one of the options in text, each "--NAME". */
static bool has_one(const struct step *s, const char *text)
{
    char name[64];
    for (int n; sscanf(text, " --%63[a-z-]%n", name, &n) == 1; text += n)
        if (history_has(s, name))
            return true;
    return false;
}

/* End the program if a filter needs to see the whole stream: its --help says so. */
static void check_step(const struct step *s)
{
    static const char words[] = "records  one by one";
    char line[256], ask[64], how[256] = "";
    snprintf(ask, sizeof ask, "%.*s --help", (int)s->tool.n, s->tool.p);
    FILE *help = history_known(s) ? popen(ask, "re") : NULL;
    if (!help)
        return;
    while (fgets(line, sizeof line, help))
        if (strncmp(line, words, sizeof words - 1) == 0)
            snprintf(how, sizeof how, "%.*s", (int)strcspn(line, "\n"), line);
    pclose(help);
    const char *with = strstr(how, " with "), *without = strstr(how, " without ");
    if (!*how || (with && !has_one(s, with + 5)) || (without && has_one(s, without + 8)))
        die(ST_USAGE, "%.*s looks at all records together%s%s: of a block it would make something else", (int)s->tool.n,
            s->tool.p, with ? ", if not" : without ? ", if not" : "", with ? with : without ? without : "");
}

/* Find out from p[n], which it writes without a record, whether the command may be run on blocks; returns its header's body. */
static struct span check_command(const struct rec_in *in, const uint8_t *p, size_t n)
{
    const struct head *was = rec_head(in);
    struct head h;
    int kind, next;
    size_t size, more;
    if (n < FRAME_HEAD || !frame_parse_head(p, &kind, &size) || kind != FRAME_HEADER || size > n - FRAME_HEAD)
        die(ST_USAGE, "the command writes no stream: what comes after its last filter goes behind sp-parallel");
    const char *why = head_parse(&h, p + FRAME_HEAD, size);
    if (why)
        die(ST_STREAM, "the command's output: %s", why);
    const uint8_t *behind = p + FRAME_HEAD + size;
    if (h.model || (n > 2 * FRAME_HEAD + size && (!frame_parse_head(behind, &next, &more) || next != FRAME_END)))
        die(ST_USAGE, "the command writes %s, whatever it reads", h.model ? "a model" : "records of its own");
    if (h.history.n < was->history.n || (was->history.n && memcmp(h.history.p, was->history.p, was->history.n) != 0))
        die(ST_USAGE, "the command leaves out the history, which says whether it can be run on blocks");
    struct step *steps = history_steps(&h);
    for (size_t i = was->n_history; i < h.n_history; i++)
        check_step(steps + i);
    free(steps);
    head_free(&h);
    return (struct span){ p + FRAME_HEAD, size };
}

/* ---- blocks ---- */

/* The path of a record's song, to be freed: empty where there is none. */
static char *song_path(const struct frame *f)
{
    struct rec *r = rec_new();
    struct value v = rec_parse(r, f->body, f->size) ? rec_get(r, "path") : (struct value){ .type = V_NIL };
    char *path = v.type == V_STR || v.type == V_BIN ? mem_text(v.s.p, v.s.n) : mem_text("", 0);
    rec_free(r);
    return path;
}

/* The block's first song, where it is here: a machine that lacks it lacks the music. */
static void note_first(const struct frame *f)
{
    char *path = song_path(f);
    struct io_out *out = io_create(spread_path(n_cuts, "path"));
    if (access(path, F_OK) == 0)
        io_put(out, path, strlen(path));
    io_finish(out);
    free(path);
}

static void send_song(const struct frame *f)
{
    char *path = song_path(f);
    for (const char *at = path; at; at = strchr(at, '/'), at += at != NULL)
        if (*path == '/' || (strncmp(at, "..", 2) == 0 && (at[2] == '/' || !at[2])))
            die(ST_USAGE, "--send: %s is not in this folder", path);
    spread_send(n_cuts, path);
    free(path);
}

/* Cut off the block that begins with the record f. Whether there are more: then f is the next one. */
static bool cut(struct rec_in *in, struct frame *f)
{
    struct span head = rec_head_body(in);
    struct cut c = { .first = n_cuts ? cuts[n_cuts - 1].first + cuts[n_cuts - 1].records : 0 };
    struct frame_out *out = frame_create(io_create(spread_path(n_cuts, "in")));
    XXH3_state_t *hash = XXH3_createState();
    bool more = true;
    if (!hash)
        die(ST_MEMORY, "no memory");
    XXH3_64bits_reset(hash);
    if (arg.hosts)
        note_first(f);
    frame_put(out, FRAME_HEADER, &head, 1);
    for (; more && c.records < (size_t)arg.block; more = rec_next_frame(in, f)) {
        if (arg.send)
            send_song(f);
        frame_put(out, FRAME_RECORD, &(struct span){ f->body, f->size }, 1);
        XXH3_64bits_update(hash, &f->size, sizeof f->size);
        XXH3_64bits_update(hash, f->body, f->size);
        c.records++;
    }
    frame_finish(out);
    c.hash = XXH3_64bits_digest(hash);
    XXH3_freeState(hash);
    mem_grow(&cuts, &cap_cuts, n_cuts + 1, sizeof *cuts);
    cuts[n_cuts++] = c;
    return more;
}

/* Keep what came of the blocks that are done; with `wait` there is at least one. Then say what those said whose turn it is. */
static void take(bool wait)
{
    for (struct spread_done d; spread_next(&d, wait); wait = false) {
        const struct cut *c = cuts + d.n;
        if (*d.why) {
            size_t size;
            char *noise = spread_noise(&size);
            heard_say(noise, size);
            heard_say(d.said, d.size);
            die(status_of(d.status), "block %zu (records %zu to %zu): %s", d.n + 1, c->first + 1, c->first + c->records, d.why);
        }
        blocks_add(blocks, d.n, c->hash, d.status, spread_path(d.n, "out"), d.said, d.size);
        spread_forget(d.n);
        free(d.said);
        progress_at(records_done += c->records, NULL);
    }
    for (; n_said < n_cuts && blocks_have(blocks, n_said, cuts[n_said].hash); n_said++) {
        struct str said = blocks_said(blocks, n_said);
        heard_say(said.p, said.n);
        str_free(&said);
        status = blocks_status(blocks, n_said) ? ST_SOME : status;
    }
}

/* Let all blocks of the input be worked on, and take what comes of them. */
static void run_blocks(struct rec_in *in)
{
    struct frame f;
    bool more = rec_next_frame(in, &f);
    if (!more)
        return;
    spread_start(&(struct spread_how){ command, arg.hosts && !opt_given(opts) ? 0 : par_jobs, arg.hosts, arg.send,
                                       (int)arg.retries });
    while (more) {
        size_t n = n_cuts;
        more = cut(in, &f);
        if (blocks_have(blocks, n, cuts[n].hash)) {
            spread_forget(n);
            records_done += cuts[n].records;
        } else {
            spread_give(n);
        }
        for (take(false); spread_full(); )
            take(true);
    }
    spread_last();
    while (spread_waiting())
        take(true);
    spread_end();
}

int main(int argc, char **argv)
{
    char **operands = opt_parse(&prog, argc, argv);
    char **files = opt_words(&prog, operands, 1);
    command = operands[0];
    struct rec_in *in = rec_open(&prog, files, false);
    struct frame_out *out = frame_create(io_create_fd(STDOUT_FILENO));
    struct span input = rec_head_body(in);
    struct str key = { 0 };
    size_t size;
    setenv("SONGPIPE_BLOCKS", "1", 1);          /* for what leaves nothing in the history: sp-split */
    uint8_t *empty = try_command(in, &size);
    struct span output = check_command(in, empty, size);
    str_printf(&key, "%s\n%lld\n", command, (long long)arg.block);
    str_put(&key, input.p, input.n);
    str_put(&key, output.p, output.n);
    blocks = blocks_open(arg.resume, XXH3_64bits(key.p, key.n), output);
    progress_start(rec_head(in)->total, "records");
    run_blocks(in);
    progress_clear();
    heard_end();
    blocks_join(blocks, n_cuts, out);
    frame_finish(out);
    blocks_free(blocks);
    str_free(&key);
    free(empty);
    rec_close(in);
    return status;
}
