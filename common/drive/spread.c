/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _GNU_SOURCE         /* pipe2, nftw */
#include "drive/spread.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/die.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/version.h"

/* GNU parallel waits for more lines than it has jobs before it says how they ended. */
enum { FULL = 256, FULL_HOSTS = 1024 };

/* Between us and GNU parallel, which starts with the first line of input: removes the folder when its descriptor 3 ends, as we
 * let it go or have ended ourselves. Parallel's second TERM ends its jobs; if it was killed, they and its helpers have become
 * children of this shell (PR_SET_CHILD_SUBREAPER); jobs lead groups. $1 is the folder, then come the arguments of parallel. */
static const char keeper[] =
    "dir=$1; shift\n"
    "trap 'cd /; rm -rf -- \"$dir\"' EXIT\n"
    "if cd -- \"$dir\" && read -r go; then\n"
    "    parallel \"$@\" <&0 3<&- & p=$!\n"
    "    { read -r go <&3; kill $p; sleep 0.2; kill $p; } >&- 2>&- &\n"
    "    wait $p\n"
    "    status=$?\n"
    "    for child in $(</proc/$$/task/$$/children); do kill -9 -- -$child $child; done 2>&-\n"
    "fi\n"
    "exec >&-\n"
    "read -r go <&3\n"
    "exit ${status:-0}\n";

/* What parallel runs for block $1, behind definitions of sp_dir, _home, _version, _command and _send. The last line of .err
 * says what became of it: "status N", or "refused WHY" by a machine that is not fit. What ends otherwise is tried again: a
 * filter was killed (but by SIGPIPE, 141: what read from it has failed), or one failed on another machine, whose disk may be
 * full. */
static const char worker[] =
    "sp_n=$1 sp_at=$PWD sp_here=\n"
    "sp_refuse() { echo \"refused $PARALLEL_SSHHOST: $1\" >\"$sp_at/$sp_n.err\"; : >\"$sp_at/$sp_n.out\"; exit 0; }\n"
    "case $PARALLEL_SSHLOGIN in\n"
    "'' | :) sp_at=$sp_dir sp_here=1;;\n"
    "*) sp_has=$(sp-parallel --version 2>/dev/null) || sp_has='no songpipe'\n"
    "   [ \"$sp_has\" = \"$sp_version\" ] || sp_refuse \"it has $sp_has, not $sp_version: the history would lie\"\n"
    "   [ -s \"$sp_at/$sp_n.in\" ] || { echo \"$PARALLEL_SSHHOST: block $sp_n has not arrived\" >&2; exit 6; }\n"
    "   [ \"$sp_send\" ] && sp_home=$sp_at/$sp_n.music;;\n"
    "esac\n"
    "cd -- \"$sp_home\" 2>/dev/null || sp_refuse \"it has no folder $sp_home\"\n"
    "if [ -s \"$sp_at/$sp_n.path\" ]; then\n"
    "    sp_path=$(<\"$sp_at/$sp_n.path\")\n"
    "    [ -e \"$sp_path\" ] || sp_refuse \"it has no file $sp_path\"\n"
    "fi\n"
    "(set -o pipefail\n"
    " eval \"$sp_command\"$'\\n\\nsp_status=$? sp_each=(\"${PIPESTATUS[@]}\")'\n"
    " for sp_one in \"${sp_each[@]}\"; do [ $sp_one -gt 128 ] && [ $sp_one -ne 141 ] && sp_status=$sp_one; done\n"
    " exit $sp_status) <\"$sp_at/$sp_n.in\" >\"$sp_at/$sp_n.out\" 2>\"$sp_at/$sp_n.err\"\n"
    "sp_status=$?\n"
    "if [ $sp_status -gt 6 ] || { [ $sp_status -gt 1 ] && [ ! \"$sp_here\" ]; }; then\n"
    "    cat \"$sp_at/$sp_n.err\" >&2\n"
    "    exit $sp_status\n"
    "fi\n"
    "echo \"status $sp_status\" >>\"$sp_at/$sp_n.err\" || exit 6\n";

static struct {
    char *dir;
    int to, from, said;         /* its input, its log, its stderr */
    int hold;                   /* keeps the folder */
    pid_t pid;
    struct str log;             /* of which the beginning of a line was read */
    struct job { size_t n; bool done; } *jobs;  /* in the order in which they were given */
    size_t n, cap, done, full;
} run;

/* ---- starting ---- */

/* Wait for a child; its status as a shell gives it. */
static int ended(pid_t pid)
{
    int status;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static pid_t start(void)
{
    pid_t pid = fork();
    if (pid < 0)
        die(ST_STOPPED, "cannot start a process:");
    return pid;
}

int spread_try(const char *command, const int fd[3])
{
    int hold[2];
    if (pipe2(hold, O_CLOEXEC) != 0)
        die(ST_STOPPED, "cannot start a process:");
    pid_t pid = start();
    if (pid == 0) {
        setpgid(0, 0);
        for (int i = 0; i < 3; i++)
            dup2(fd[i], i);
        execlp("bash", "bash", "-o", "pipefail", "-c", command, (char *)NULL);
        _exit(127);
    }
    setpgid(pid, pid);              /* whichever of the two comes first */
    pid_t watch = start();
    if (watch == 0) {               /* ends the group if we end before the command */
        close(hold[1]);
        setpgid(0, 0);
        char c;
        if (io_read(hold[0], &c, 1) <= 0)
            kill(-pid, SIGKILL);
        _exit(0);
    }
    int status = ended(pid);
    io_write(hold[1], "", 1);
    close(hold[0]);
    close(hold[1]);
    ended(watch);
    return status;
}

/* Add text as one word for a shell, in which GNU parallel finds none of its {}. */
static void quote(struct str *to, const char *text)
{
    str_char(to, '\'');
    for (; *text; text++)
        if (*text == '\'')
            str_text(to, "'\\''");
        else
            str_text(to, *text == '{' ? "{''" : (char[]){ *text, '\0' });
    str_char(to, '\'');
}

static void define(struct str *script, const char *name, const char *value)
{
    str_printf(script, "sp_%s='", name);
    for (; *value; value++)
        str_text(script, *value == '\'' ? "'\\''" : (char[]){ *value, '\0' });
    str_text(script, "'\n");
}

/* What parallel is to run. */
static struct str job_line(const struct spread_how *how)
{
    struct str script = { 0 }, line = { 0 };
    char *home = getcwd(NULL, 0), version[64];
    if (!home)
        die(ST_STOPPED, "cannot tell the current folder:");
    snprintf(version, sizeof version, "sp-parallel (songpipe) %s", songpipe_version);
    define(&script, "dir", run.dir);
    define(&script, "home", home);
    define(&script, "version", version);
    define(&script, "command", how->command);
    define(&script, "send", how->send ? "1" : "");
    str_text(&script, worker);
    str_text(&line, "bash -c ");
    quote(&line, script.p);
    str_text(&line, " sp-parallel {}");
    str_free(&script);
    free(home);
    return line;
}

/* In the child: become the keeper. */
noreturn static void keep(const struct spread_how *how, const char *hosts, const char *line, int hold)
{
    char jobs[16], retries[32];
    snprintf(jobs, sizeof jobs, how->jobs ? "-j%d" : "-j100%%", how->jobs);
    snprintf(retries, sizeof retries, "--retries=%d", how->retries);
    const char *argv[32] = { "bash", "-c", keeper, "sp-parallel", run.dir, "--plain", "--will-cite", "-u", "--joblog", "-",
                             jobs, retries };
    const char *const far[] = { "--sshloginfile", hosts, "--workdir", "...", "--transferfile", "{}.in",
                                "--transferfile", "{}.path", "--return", "{}.out", "--return", "{}.err", "--cleanup",
                                "--transferfile", "{}.music" };
    size_t n = 12;
    for (size_t i = 0; hosts && i < sizeof far / sizeof *far - (how->send ? 0 : 2); i++)
        argv[n++] = far[i];
    argv[n] = line;
    if (how->send)
        setenv("PARALLEL_RSYNC_OPTS", "-rLDzR", 1);     /* what the links in .music lead to */
    setenv("PARALLEL_SHELL", "/bin/sh", 1);       /* only starts bash */
    setenv("PARALLEL_SSH", "ssh -o BatchMode=yes -o ServerAliveInterval=20", 0);
    if (dup2(hold, 3) == 3 && fcntl(3, F_SETFD, 0) == 0)
        execvp(argv[0], (char *const *)argv);
    _exit(127);
}

/* The path of the list of machines, to be freed. */
static char *hosts_path(const char *list)
{
    char *path = realpath(list, NULL);
    size_t n, size;
    char *text = path ? io_file(path, (size_t)1 << 20, &n) : NULL;
    if (!text)
        die(ST_STOPPED, "%s: cannot read:", list);
    for (const char *c = text; c < text + n; c += size)
        if (!str_harmless(c, (size_t)(text + n - c), &size) && *c != '\n' && *c != '\t')
            die(ST_STOPPED, "%s: not a list of machines, which would be text", list);
    const char *at = text;
    while (at += strspn(at, " \t\n"), *at == '#')          /* a comment */
        at += strcspn(at, "\n");
    if (!*at)
        die(ST_STOPPED, "%s: names no machine; a line with : is this one", list);
    free(text);
    return path;
}

void spread_start(const struct spread_how *how)
{
    const char *tmp = getenv("TMPDIR");
    struct str path = { 0 };
    char *hosts = how->hosts ? hosts_path(how->hosts) : NULL;
    int to[2], from[2], hold[2];
    str_printf(&path, "%s/sp-parallel.XXXXXX", tmp && *tmp ? tmp : "/tmp");
    run.full = hosts ? FULL_HOSTS : FULL;
    run.said = io_temporary();
    if (pipe2(to, O_CLOEXEC) != 0 || pipe2(from, O_CLOEXEC) != 0 || pipe2(hold, O_CLOEXEC) != 0)
        die(ST_STOPPED, "cannot start a process:");
    run.dir = mkdtemp(path.p);
    if (!run.dir)
        die(ST_STOPPED, "%s: cannot work there (TMPDIR):", path.p);
    struct str line = job_line(how);
    run.pid = start();
    if (run.pid == 0) {
        prctl(PR_SET_CHILD_SUBREAPER, 1);
        dup2(to[0], STDIN_FILENO);
        dup2(from[1], STDOUT_FILENO);
        dup2(run.said, STDERR_FILENO);
        keep(how, hosts, line.p, hold[0]);
    }
    close(to[0]);
    close(from[1]);
    close(hold[0]);
    run.hold = hold[1];
    run.to = to[1];
    run.from = from[0];
    str_free(&line);
    free(hosts);
}

const char *spread_path(size_t n, const char *suffix)
{
    static struct str path[2];
    static int turn;
    struct str *to = path + (turn = !turn);
    to->n = 0;
    str_printf(to, "%s/%zu.%s", run.dir, n + 1, suffix);
    return to->p;
}

/* ---- under way ---- */

static void tell(const char *line)
{
    void (*old)(int) = signal(SIGPIPE, SIG_IGN);
    bool told = io_write(run.to, line, strlen(line));
    signal(SIGPIPE, old);
    (void)told;                 /* if it has ended, spread_next says so */
}

void spread_give(size_t n)
{
    char line[32];
    if (run.n == 0)
        tell("go\n");
    mem_grow(&run.jobs, &run.cap, run.n + 1, sizeof *run.jobs);
    run.jobs[run.n++] = (struct job){ n, false };
    snprintf(line, sizeof line, "%zu\n", n + 1);
    tell(line);
}

size_t spread_waiting(void) { return run.n - run.done; }
bool spread_full(void) { return spread_waiting() >= run.full; }

/* What a job left: its messages, and in the last line of them what became of it. */
static void judge(struct spread_done *d, const char *host, int signal)
{
    char *said = io_file(spread_path(d->n, "err"), (size_t)1 << 30, &d->size), *last = said ? said + d->size : NULL;
    while (last && last > said && (last == said + d->size || last[-1] != '\n'))
        last--;
    bool refused = !d->status && last && strncmp(last, "refused ", 8) == 0;
    if (signal)
        snprintf(d->why, sizeof d->why, "its worker on %s was killed by signal %d", host, signal);
    else if (refused)
        snprintf(d->why, sizeof d->why, "refused by %.*s", (int)strcspn(last + 8, "\n"), last + 8);
    else if (!d->status && !said)
        snprintf(d->why, sizeof d->why, "what it made did not come back from %s", host);
    else if (d->status || !last || sscanf(last, "status %d", &d->status) != 1 || d->status > ST_SOME)
        snprintf(d->why, sizeof d->why, "the command ended with status %d on %s", d->status, host);
    bool marked = refused || (last && strncmp(last, "status ", 7) == 0);
    d->status = refused ? ST_USAGE : d->status;
    d->said = said ? said : mem_text("", 0);
    d->size = marked ? (size_t)(last - said) : d->size;
}

/* One line of the log: number, host, start, seconds, bytes, bytes, status, signal, command. Whether it tells of a job. */
static bool read_line(const char *line, struct spread_done *d)
{
    size_t job;
    char host[128];
    int signal;
    if (sscanf(line, "%zu %127s %*s %*s %*s %*s %d %d", &job, host, &d->status, &signal) != 4 || !job || job > run.n ||
        run.jobs[job - 1].done)
        return false;
    run.jobs[job - 1].done = true;
    run.done++;
    d->n = run.jobs[job - 1].n;
    judge(d, strcmp(host, ":") == 0 ? "this machine" : host, signal);
    return true;
}

static int remove_one(const char *path, const struct stat *s, int type, struct FTW *at)
{
    (void)s, (void)type, (void)at;
    remove(path);
    return 0;
}

static void remove_tree(const char *path) { nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS); }

/* GNU parallel has ended before its work: that is how the first block of those left fails. */
static void lost(struct spread_done *d)
{
    size_t i = 0;
    while (run.jobs[i].done)
        i++;
    d->n = run.jobs[i].n;
    close(run.hold);
    d->status = ended(run.pid);
    remove_tree(run.dir);           /* as in spread_end */
    snprintf(d->why, sizeof d->why, d->status == 127 ? "GNU parallel is not installed" : "GNU parallel ended before it, with "
             "status %d", d->status);
    d->status = ST_STOPPED;
}

bool spread_next(struct spread_done *d, bool wait)
{
    *d = (struct spread_done){ .why = "" };
    while (spread_waiting()) {
        char *feed = run.log.n ? memchr(run.log.p, '\n', run.log.n) : NULL;
        if (feed) {
            *feed = '\0';
            bool tells = read_line(run.log.p, d);
            run.log.n -= (size_t)(feed + 1 - run.log.p);
            memmove(run.log.p, feed + 1, run.log.n);
            if (tells)
                return true;
            continue;
        }
        if (!wait && poll(&(struct pollfd){ run.from, POLLIN, 0 }, 1, 0) <= 0)
            return false;
        ssize_t n = io_read(run.from, str_room(&run.log, 4096), 4096);
        if (n <= 0) {
            lost(d);
            return true;
        }
        run.log.n += (size_t)n;
    }
    return false;
}

void spread_send(size_t n, const char *path)
{
    char *from = realpath(path, NULL);
    struct str to = { 0 };
    struct stat at;
    str_printf(&to, "%s/", spread_path(n, "music"));
    size_t folder = to.n;
    str_text(&to, path);
    mkdir(spread_path(n, "music"), 0700);
    for (char *slash = to.p + folder; from && (slash = strchr(slash, '/')); slash++) {
        *slash = '\0';
        mkdir(to.p, 0700);
        *slash = '/';
    }
    if (from && stat(from, &at) == 0 && S_ISREG(at.st_mode) && symlink(from, to.p) != 0 && errno != EEXIST)
        die(ST_STOPPED, "%s: cannot make a link:", to.p);
    str_free(&to);
    free(from);
}

void spread_forget(size_t n)
{
    static const char *const files[] = { "in", "path", "out", "err", "music" };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        remove_tree(spread_path(n, files[i]));
}

char *spread_noise(size_t *size)
{
    char *text = lseek(run.said, 0, SEEK_SET) < 0 ? NULL : io_slurp(run.said, (size_t)1 << 30, size);
    *size = text ? *size : 0;
    return text;
}

void spread_last(void)
{
    close(run.to);
}

void spread_end(void)
{
    close(run.hold);
    ended(run.pid);
    remove_tree(run.dir);           /* there only if the shell was killed */
}
