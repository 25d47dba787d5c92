/* io: bytes that come in parts, signals between them, inputs read twice, full disks, files
 * that appear when they are whole
 * SPDX-License-Identifier: GPL-3.0-or-later */
#define _DEFAULT_SOURCE         /* usleep */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>
#include <xxhash.h>

#include "base/die.h"
#include "base/io.h"
#include "base/mem.h"

static char dir[] = "/tmp/songpipe-io-XXXXXX";

static char *in_dir(const char *name)
{
    static char path[4][300];
    static int turn;
    turn = (turn + 1) % 4;
    snprintf(path[turn], sizeof path[turn], "%s/%s", dir, name);
    return path[turn];
}

static int entries(void)
{
    int n = 0;
    DIR *d = opendir(dir);
    assert_non_null(d);
    while (readdir(d))
        n++;
    closedir(d);
    return n - 2;               /* . and .. */
}

static void spew(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    assert_int_equal(fclose(f), 0);
}

static void content(const char *path, const char *want)
{
    size_t n;
    char *text = io_file(path, 1000, &n);
    assert_non_null(text);
    assert_int_equal(n, strlen(want));
    assert_string_equal(text, want);
    free(text);
}

/* The status that act(state) ends a process of its own with (99: it returns, -1: a signal);
 * what it says goes to said. */
static char said[1000];
static int status_of(void (*act)(void *), void *state)
{
    int status, fd[2];
    fflush(NULL);
    assert_int_equal(pipe(fd), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        dup2(fd[1], STDERR_FILENO);
        act(state);
        _exit(99);
    }
    close(fd[1]);
    ssize_t n = io_read(fd[0], said, sizeof said - 1);
    said[n > 0 ? n : 0] = '\0';
    close(fd[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* ---- bytes that come one by one, with signals between them ---- */

static volatile sig_atomic_t signals;
static void count_signal(int number) { signals += number > 0; }

static void tick(bool on)
{
    struct itimerval every = { { 0, on ? 300 : 0 }, { 0, on ? 300 : 0 } };
    sigaction(SIGALRM, &(struct sigaction){ .sa_handler = count_signal }, NULL);     /* without SA_RESTART */
    assert_int_equal(setitimer(ITIMER_REAL, &every, NULL), 0);
}

/* A pipe on which a child writes text, a byte each 500 us; the end to read, put where `fd` is. */
static pid_t drip(const char *text, int fd)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t pid = fork();
    if (pid == 0) {
        close(ends[0]);
        for (; *text; text++) {
            usleep(500);
            if (write(ends[1], text, 1) != 1)
                _exit(1);
        }
        _exit(0);
    }
    close(ends[1]);
    assert_int_equal(dup2(ends[0], fd), fd);
    close(ends[0]);
    return pid;
}

static const char song[] = "one byte after the other, and a signal in every gap: nothing gets lost";

static void test_drip(void **state)
{
    (void)state;
    char got[200] = "", name[40];
    size_t n;
    signals = 0;
    pid_t pid = drip(song, 100);
    tick(true);
    char *text = io_slurp(100, 1000, &n);
    assert_non_null(text);
    assert_string_equal(text, song);
    assert_int_equal(n, strlen(song));
    free(text);
    close(100);
    waitpid(pid, NULL, 0);

    pid = drip(song, 100);
    snprintf(name, sizeof name, "/dev/fd/%d", 100);
    struct io_in *in = io_open(name, IO_REWIND | IO_HASH);
    close(100);
    assert_true(io_piped(in));
    assert_int_equal(io_get(in, got, 1), 1);
    assert_int_equal(io_get_all(in, got + 1, 10), 10);
    assert_int_equal(io_get_all(in, got + 11, sizeof got - 11), strlen(song) - 11);
    tick(false);
    assert_string_equal(got, song);
    assert_int_equal(io_get(in, got, 1), 0);        /* the end stays the end */
    assert_true(io_hash(in) == XXH3_64bits(song, strlen(song)));
    for (int pass = 0; pass < 2; pass++) {
        memset(got, 0, sizeof got);
        io_rewind(in);
        assert_false(io_piped(in));
        assert_int_equal(io_get_all(in, got, 3), 3);
        assert_int_equal(io_get_all(in, got + 3, sizeof got - 3), strlen(song) - 3);
        assert_string_equal(got, song);
        assert_true(io_hash(in) == XXH3_64bits(song, strlen(song)));
    }
    uint64_t start;
    int fd = io_keep(in, &start);
    assert_int_equal(io_read_at(fd, got, 4, start + 4), 4);
    assert_memory_equal(got, "byte", 4);
    assert_int_equal(io_read_at(fd, got, 100, strlen(song) - 4), 4);       /* fewer at the end */
    io_close(in);
    waitpid(pid, NULL, 0);
    assert_true(signals > 10);
}

/* More than a pipe holds, to a slow reader, while signals come; the pipe may not block, too. */
static void test_write(void **state)
{
    (void)state;
    enum { N = 3 << 20 };
    char *big = mem_new(N, 1);
    for (size_t i = 0; i < N; i++)
        big[i] = (char)(i * 7 + i / 1000);
    for (int nonblocking = 0; nonblocking < 2; nonblocking++) {
        int ends[2], status;
        assert_int_equal(pipe(ends), 0);
        pid_t pid = fork();
        if (pid == 0) {
            close(ends[1]);
            char *got = mem_new(N + 1, 1);
            size_t have = 0;
            for (ssize_t k = 1; k > 0; have += (size_t)k) {
                k = io_read(ends[0], got + have, N + 1 - have < 100000 ? N + 1 - have : 100000);
                usleep(1000);
            }
            _exit(have == N && memcmp(got, big, N) == 0 ? 0 : 1);
        }
        close(ends[0]);
        if (nonblocking)
            fcntl(ends[1], F_SETFL, O_NONBLOCK);
        tick(true);
        assert_true(io_write(ends[1], big, N));
        tick(false);
        close(ends[1]);
        waitpid(pid, &status, 0);
        assert_int_equal(status, 0);
    }
    free(big);
}

/* ---- whole files ---- */

static void test_file(void **state)
{
    (void)state;
    size_t n;
    char *path = in_dir("whole");
    spew(path, "0123456789");
    content(path, "0123456789");
    char *text = io_file(path, 10, &n);
    assert_non_null(text);
    free(text);
    assert_null(io_file(path, 9, &n));
    assert_int_equal(errno, EFBIG);
    assert_null(io_file(dir, 10, &n));
    assert_int_equal(errno, EISDIR);
    assert_null(io_file("/dev/null", 10, &n));
    assert_int_equal(errno, EINVAL);
    assert_null(io_file(in_dir("none"), 10, &n));
    assert_int_equal(errno, ENOENT);
    int fd = open(path, O_RDONLY);
    assert_null(io_slurp(fd, 9, &n));
    assert_int_equal(errno, EFBIG);
    close(fd);
    spew(path, "");
    content(path, "");
    unlink(path);
}

/* ---- two passes ---- */

static struct io_in *open_ends(const char *path, int wanted)
{
    char byte;
    struct io_in *in = io_open(path, wanted);
    while (io_get(in, &byte, 1))
        ;
    return in;
}

static void test_again(void **state)
{
    (void)state;
    char *path = in_dir("twice"), got[20] = "";
    spew(path, "abcdef");
    struct io_in *in = open_ends(path, IO_REWIND | IO_HASH);
    assert_int_equal(io_fd(in), -1);            /* of thousands of inputs one is open */
    io_rewind(in);
    assert_int_equal(io_get_all(in, got, 20), 6);
    assert_string_equal(got, "abcdef");
    io_close(in);

    int fd = open(path, O_RDONLY), was = dup(STDIN_FILENO);      /* a regular stdin, from where it stands on */
    assert_int_equal(lseek(fd, 2, SEEK_SET), 2);
    dup2(fd, STDIN_FILENO);
    close(fd);
    in = open_ends("-", IO_REWIND);
    assert_string_equal(io_name(in), "stdin");
    io_rewind(in);
    memset(got, 0, sizeof got);
    assert_int_equal(io_get_all(in, got, 20), 4);
    assert_string_equal(got, "cdef");
    io_close(in);
    dup2(was, STDIN_FILENO);
    close(was);
    unlink(path);
}

static void changes(void *path)
{
    struct io_in *in = open_ends(path, IO_REWIND | IO_HASH);
    spew(path, "abcdeX");
    io_rewind(in);
    char got[20];
    io_get_all(in, got, sizeof got);
}

static void goes(void *path)
{
    struct io_in *in = open_ends(path, IO_REWIND);
    unlink(path);
    io_rewind(in);
}

static void test_changed(void **state)
{
    (void)state;
    char *path = in_dir("changes"), want[400];
    spew(path, "abcdef");
    assert_int_equal(status_of(changes, path), ST_STOPPED);
    snprintf(want, sizeof want, "%s: %s: changed while being read\n", die_name, path);
    assert_string_equal(said, want);
    assert_int_equal(status_of(goes, path), ST_STOPPED);
    assert_non_null(strstr(said, "cannot open"));
}

static void spools(void *tmpdir)
{
    int ends[2];
    setenv("TMPDIR", tmpdir, 1);
    if (pipe(ends) != 0 || write(ends[1], "x", 1) != 1)
        _exit(1);
    close(ends[1]);
    dup2(ends[0], STDIN_FILENO);
    io_close(open_ends("-", IO_REWIND));
}

/* The same where a file may have no bytes. */
static void spools_full(void *tmpdir)
{
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &(struct rlimit){ 0, 0 });
    spools(tmpdir);
}

static void test_spool(void **state)
{
    (void)state;
    assert_int_equal(status_of(spools, dir), 99);
    assert_int_equal(entries(), 0);
    assert_int_equal(status_of(spools, in_dir("none")), ST_STOPPED);
    assert_non_null(strstr(said, "none (TMPDIR): No such file or directory"));
    assert_int_equal(status_of(spools_full, dir), ST_STOPPED);
    assert_non_null(strstr(said, "cannot keep the input in /tmp/songpipe-io"));
    assert_int_equal(entries(), 0);
}

static void opens_none(void *path) { io_open(path, 0); }
static void reads_folder(void *path) { open_ends(path, 0); }

static void test_no_input(void **state)
{
    (void)state;
    assert_int_equal(status_of(opens_none, in_dir("none")), ST_STOPPED);
    assert_non_null(strstr(said, "none: cannot open: No such file"));
    assert_int_equal(status_of(reads_folder, dir), ST_STOPPED);
    assert_non_null(strstr(said, ": a folder, not a file"));
}

/* ---- files that appear ---- */

static struct io_out *begin(const char *path, const char *text)
{
    struct io_out *out = io_create(path);
    io_put(out, text, strlen(text));
    return out;
}

static void dies_half(void *path)
{
    begin(path, "half");
    die(ST_STREAM, "broken");
}

static void only_creates(void *path) { io_create(path); }
static void writes(void *path) { io_finish(begin(path, "text")); }

static void writes_full(void *path)
{
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &(struct rlimit){ 2, 2 });
    writes(path);
}

static void test_appears(void **state)
{
    (void)state;
    char *path = mem_text(in_dir("out"), strlen(in_dir("out")));
    struct io_out *out = begin(path, "one");
    assert_int_equal(entries(), 0);             /* not to be seen yet */
    io_finish(out);
    content(path, "one");
    out = begin(path, "two");
    content(path, "one");
    io_finish(out);
    content(path, "two");
    assert_int_equal(status_of(dies_half, path), ST_STREAM);
    content(path, "two");
    assert_int_equal(status_of(writes_full, path), ST_STOPPED);
    assert_non_null(strstr(said, "/out: cannot write: File too large"));
    content(path, "two");
    assert_int_equal(entries(), 1);             /* nothing left behind */

    char *link = mem_text(in_dir("link"), strlen(in_dir("link")));
    assert_int_equal(symlink("out", link), 0);
    io_finish(begin(link, "three"));
    struct stat s;
    assert_true(lstat(link, &s) == 0 && S_ISLNK(s.st_mode));
    content(path, "three");
    io_finish(begin("/dev/null", "nothing"));
    assert_true(stat("/dev/null", &s) == 0 && S_ISCHR(s.st_mode));
    assert_int_equal(status_of(only_creates, in_dir("none/out")), ST_STOPPED);
    assert_int_equal(status_of(writes, "/dev/full"), ST_STOPPED);
    assert_non_null(strstr(said, "/dev/full: cannot write: No space left"));
    unlink(link);
    unlink(path);
    free(link);
    free(path);
    assert_int_equal(entries(), 0);
}

static void closed_pipe(void *state)
{
    int ends[2];
    (void)state;
    signal(SIGPIPE, SIG_IGN);
    if (pipe(ends) != 0)
        _exit(1);
    close(ends[0]);
    io_put(io_create_fd(ends[1]), "x", 1);
}

static void test_closed_pipe(void **state)
{
    (void)state;
    assert_int_equal(status_of(closed_pipe, NULL), -1);
    assert_string_equal(said, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_drip), cmocka_unit_test(test_write), cmocka_unit_test(test_file),
        cmocka_unit_test(test_again), cmocka_unit_test(test_changed), cmocka_unit_test(test_spool),
        cmocka_unit_test(test_no_input), cmocka_unit_test(test_appears), cmocka_unit_test(test_closed_pipe),
    };
    if (!mkdtemp(dir))
        return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    rmdir(dir);
    return failed;
}
