/* opt - one table of options for each filter
 *
 * The table drives parsing, ranges, --help, shell completion and the history in the
 * stream's header; a test holds the man page against it. The defaults are what the
 * variables hold when opt_parse is called.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef BASE_OPT_H
#define BASE_OPT_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum opt_type {
    OPT_T_END, OPT_T_FLAG, OPT_T_INT, OPT_T_F64, OPT_T_STR, OPT_T_CHOICE, OPT_T_LIST,
    OPT_T_SIZE, OPT_T_JOBS, OPT_T_SEED, OPT_T_INPUT, OPT_T_NOTE,
};

/* An option that may be given several times: its values in order. */
struct opt_list { char **v; size_t n; };

/* A file that is read beside the main input. Its path is not in the history, its
 * hash is: the reader of the file fills in xxh3, or sha256 (in hex), which then stands
 * in its place. */
struct opt_input { const char *path; uint64_t xxh3; const char *sha256; };

struct opt {
    char letter;            /* 0: none */
    const char *name;
    enum opt_type type;
    union {
        bool *flag;
        int64_t *integer;
        double *real;
        const char **text;
        int *choice;
        struct opt_list *list;
        size_t *size;
        uint64_t *seed;
        struct opt_input *input;
    } to;
    double min, max;        /* of numbers, both allowed */
    const char *arg;        /* what the value is called in --help; for a choice "a|b|c" */
    const char *help;
};

/* bool: given or not. */
#define OPT_FLAG(c, n, t, h) { c, n, OPT_T_FLAG, { .flag = t }, 0, 0, NULL, h }
/* int64_t */
#define OPT_INT(c, n, t, lo, hi, h) { c, n, OPT_T_INT, { .integer = t }, lo, hi, "N", h }
/* double; a default of NAN is "not set" */
#define OPT_F64(c, n, t, lo, hi, h) { c, n, OPT_T_F64, { .real = t }, lo, hi, "X", h }
/* const char *; a default of NULL is "not set" */
#define OPT_STR(c, n, t, a, h) { c, n, OPT_T_STR, { .text = t }, 0, 0, a, h }
/* int: index of the word in "one|two|three" */
#define OPT_CHOICE(c, n, t, words, h) { c, n, OPT_T_CHOICE, { .choice = t }, 0, 0, words, h }
/* struct opt_list; values may be given several times */
#define OPT_LIST(c, n, t, a, h) { c, n, OPT_T_LIST, { .list = t }, 0, 0, a, h }
/* size_t bytes, with suffix K, M, G or T (powers of 1024); not in the history */
#define OPT_SIZE(c, n, t, h) { c, n, OPT_T_SIZE, { .size = t }, 0, 0, "SIZE", h }
/* int64_t: -j, threads or processes, 0 for all processors; not in the history */
#define OPT_JOBS(t) \
    { 'j', "jobs", OPT_T_JOBS, { .integer = t }, 0, 1024, "N", "how many at once; 0: one for each processor" }
/* uint64_t */
#define OPT_SEED(t) { 0, "seed", OPT_T_SEED, { .seed = t }, 0, 0, "N", "seed of the random draws" }
/* struct opt_input */
#define OPT_INPUT(c, n, t, h) { c, n, OPT_T_INPUT, { .input = t }, 0, 0, "FILE", h }
/* const char *: a file to write, or what else does not change the output and so is
 * left out of the history */
#define OPT_NOTE(c, n, t, a, h) { c, n, OPT_T_NOTE, { .text = t }, 0, 0, a, h }
#define OPT_END { 0, NULL, OPT_T_END, { NULL }, 0, 0, NULL, NULL }

/* What a filter reads and writes; the contract test goes by it. */
enum io { IO_NONE, IO_RECORDS, IO_MODEL, IO_TEXT, IO_FILES, IO_ANY };

struct prog {
    const char *name, *brief;
    enum io in, out;
    const char *reads;      /* input fields and kinds: "x vector", "pcm samples" … or NULL */
    const char *writes;     /* output fields and kinds, or NULL */
    const char *operands;   /* NULL: "[FILE]..." */
    const char *example;    /* options and words that make it run on the least input */
    const char *conv;       /* the set of conventions its numbers follow: "librosa-0.11" */
    const struct opt *opts; /* the filter's own options */
    const struct opt *const *also;  /* shared tables: NULL-ended list, or NULL */
};

/* Parse the command line; --help and --version print and exit 0, misuse says why and
 * exits 2 with nothing on stdout. Returns the operands, NULL-ended: the caller's
 * argv, permuted. Sets die_name. */
char **opt_parse(const struct prog *prog, int argc, char **argv);

/* Say that the first n operands are words of the command and no files: they go into
 * the history. Returns the operands behind them; too few exit 2. */
char **opt_words(const struct prog *prog, char **operands, size_t n);

/* "name: message, try --help"; exit 2. */
_Noreturn void opt_misuse(const struct prog *prog, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* If no operand names a file and stdin is a terminal: a short usage, exit 2. */
void opt_need_stdin(const struct prog *prog, char **operands);

/* If stdout is a terminal: binary output is refused, exit 2. */
void opt_not_terminal(const struct prog *prog);

/* Call visit for every option of the filter's own and shared tables. */
void opt_each(const struct prog *prog, void (*visit)(const struct opt *, void *), void *state);

/* The words that opt_words took. */
extern struct opt_list opt_taken;

/* The word that a choice stands at, as a new string's pointer and length. */
const char *opt_choice(const struct opt *o, int index, size_t *len);

/* Whole text as a decimal number: false unless it all is one, finite and in lo … hi. */
bool opt_number(const char *text, double lo, double hi, double *value);

/* "key=value" cut at the first '=': key's length and the value; 0 if there is none. */
size_t opt_pair(const char *text, const char **value);

#endif
