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
    OPT_T_END, OPT_T_FLAG, OPT_T_INT, OPT_T_F64, OPT_T_F64_OR, OPT_T_RANGE, OPT_T_INT_RANGE, OPT_T_STR, OPT_T_CHOICE,
    OPT_T_LIST, OPT_T_WORDS, OPT_T_WORDS_EACH, OPT_T_PAIRS, OPT_T_SIZE, OPT_T_JOBS, OPT_T_SEED,
    OPT_T_INPUT, OPT_T_OUTPUT, OPT_T_NOTE,
    OPT_T_EXCLUDES, OPT_T_NEEDS, OPT_T_REQUIRED,    /* rules */
};

/* An option that may be given several times: its values in order. */
struct opt_list { char **v; size_t n; };

/* "A,B,...", cut into its words, none of which is empty. Given several times it goes on:
 * text is then joined. Set text alone for a default, which opt_parse cuts. */
struct opt_words { const char *text; char **v; size_t n; struct opt_list given; };

/* NAME=VALUE, given any number of times and cut at the first '='. */
struct opt_pairs { struct opt_pair { char *name; const char *value; } *v; size_t n; struct opt_list given; };

/* A number or a word. Set text alone for a default, which opt_parse reads. */
struct opt_or {
    const char *text;       /* as it was given */
    double x;               /* the number; 0 if it is a word */
    double last;            /* of A:B, B; else x */
    int word;               /* 0: it is the number; else the word's place in "X|first|second" */
};

/* Whole numbers "K" (first == last) or "A:B", or "A,B". text NULL: not set, and both are 0. Set text
 * alone for a default, which opt_parse reads. */
struct opt_range { const char *text; int64_t first, last; };

/* A file that is read beside the main input. Its path is not in the history, its
 * hash is: the reader of the file fills in xxh3, or sha256 (in hex), which then stands
 * in its place. */
struct opt_input { const char *path; uint64_t xxh3; const char *sha256; };

struct opt {
    char letter;            /* 0: none; never a digit */
    const char *name;
    enum opt_type type;
    union {
        bool *flag;
        int64_t *integer;
        double *real;
        const char **text;
        int *choice;
        struct opt_list *list;
        struct opt_words *words;
        struct opt_pairs *pairs;
        struct opt_or *number_or;
        struct opt_range *range;
        size_t *size;
        int jobs;           /* the default itself */
        uint64_t *seed;
        struct opt_input *input;
    } to;
    double min, max;        /* of numbers, both allowed; of pairs min: bytes of a value; of words max: 1: each once */
    const char *arg;        /* what the value is called in --help; for a choice "a|b|c" */
    const char *help;
    const char *not;        /* of pairs: names that are refused, as "id|path", or NULL */
};

/* bool: given or not. */
#define OPT_FLAG(c, n, t, h) { c, n, OPT_T_FLAG, { .flag = t }, 0, 0, NULL, h, NULL }
/* int64_t */
#define OPT_INT(c, n, t, lo, hi, h) { c, n, OPT_T_INT, { .integer = t }, lo, hi, "N", h, NULL }
/* double; a default of NAN is "not set" */
#define OPT_F64(c, n, t, lo, hi, h) { c, n, OPT_T_F64, { .real = t }, lo, hi, "X", h, NULL }
/* struct opt_or: a number or one of the words of a = "X|first|second"; with "X|A:B|first", or two, A < B */
#define OPT_F64_OR(c, n, t, lo, hi, a, h) { c, n, OPT_T_F64_OR, { .number_or = t }, lo, hi, a, h, NULL }
/* struct opt_range, its numbers parted by ':', or by ',' where a has one; in the history a text, or with
 * OPT_INT_RANGE a number where it is one */
#define OPT_RANGE(c, n, t, lo, hi, a, h) { c, n, OPT_T_RANGE, { .range = t }, lo, hi, a, h, NULL }
#define OPT_INT_RANGE(c, n, t, lo, hi, a, h) { c, n, OPT_T_INT_RANGE, { .range = t }, lo, hi, a, h, NULL }
/* const char *; a default of NULL is "not set" */
#define OPT_STR(c, n, t, a, h) { c, n, OPT_T_STR, { .text = t }, 0, 0, a, h, NULL }
/* int: index of the word in "one|two|three"; a default of -1 is the first, and not in the history */
#define OPT_CHOICE(c, n, t, words, h) { c, n, OPT_T_CHOICE, { .choice = t }, 0, 0, words, h, NULL }
/* struct opt_list; values may be given several times */
#define OPT_LIST(c, n, t, a, h) { c, n, OPT_T_LIST, { .list = t }, 0, 0, a, h, NULL }
/* struct opt_words; in the history one text, or with OPT_WORDS_EACH, which is a list of WORDS_ONCE, one for each time */
#define OPT_WORDS(c, n, t, a, h) { c, n, OPT_T_WORDS, { .words = t }, 0, 0, a, h, NULL }
/* the same; the empty text is not a word */
#define OPT_WORDS_OR_NONE(c, n, t, a, h) { c, n, OPT_T_WORDS, { .words = t }, 1, 0, a, h, NULL }
/* the same; a word that comes twice is misuse: for lists of which each word becomes something in the output */
#define OPT_WORDS_ONCE(c, n, t, a, h) { c, n, OPT_T_WORDS, { .words = t }, 0, 1, a, h, NULL }
#define OPT_WORDS_EACH(c, n, t, a, h) { c, n, OPT_T_WORDS_EACH, { .words = t }, 0, 1, a, h, NULL }
/* struct opt_pairs; names of `not` ("id|path", or NULL) are refused, empty ones, and one that comes twice; with
 * OPT_RENAMES and OPT_TABLES empty values, too */
#define OPT_PAIRS(c, n, t, a, not, h) { c, n, OPT_T_PAIRS, { .pairs = t }, 0, 0, a, h, not }
#define OPT_RENAMES(c, n, t, not, h) { c, n, OPT_T_PAIRS, { .pairs = t }, 1, 0, "OLD=NEW", h, not }
#define OPT_TABLES(c, n, t, not, h) { c, n, OPT_T_PAIRS, { .pairs = t }, 1, 0, "FIELD=FILE", h, not }
/* size_t bytes, with suffix K, M, G or T (powers of 1024); not in the history */
#define OPT_SIZE(c, n, t, h) { c, n, OPT_T_SIZE, { .size = t }, 0, 0, "SIZE", h, NULL }
/* -j, threads or processes, 0 for all processors: opt_parse sets par_jobs (base/par.h) to that
 * number, with all processors counted; d is the default. Not in the history. */
#define OPT_JOBS(d) \
    { 'j', "jobs", OPT_T_JOBS, { .jobs = d }, 0, 1024, "N", "jobs to run at once; 0: one per processor", NULL }
/* uint64_t */
#define OPT_SEED(t) { 0, "seed", OPT_T_SEED, { .seed = t }, 0, 0, "N", "seed of the random draws", NULL }
/* struct opt_input; a file, or a folder of files */
#define OPT_INPUT(c, n, t, h) { c, n, OPT_T_INPUT, { .input = t }, 0, 0, "FILE", h, NULL }
#define OPT_FOLDER(c, n, t, h) { c, n, OPT_T_INPUT, { .input = t }, 0, 0, "DIR", h, NULL }
/* a is "word|FILE": the word, unless a file is called so, means what is done without the option */
#define OPT_INPUT_OR(c, n, t, a, h) { c, n, OPT_T_INPUT, { .input = t }, 0, 0, a, h, NULL }
/* const char *: a file to write, which must be no other file of the command (io_writes) */
#define OPT_OUTPUT(c, n, t, h) { c, n, OPT_T_OUTPUT, { .text = t }, 0, 0, "FILE", h, NULL }
/* const char *: what does not change the output and so is left out of the history */
#define OPT_NOTE(c, n, t, a, h) { c, n, OPT_T_NOTE, { .text = t }, 0, 0, a, h, NULL }

/* Rules, which stand in the table after the options. `others` names one option or several,
 * "b|c", or a value that an option has, "b=word"; `why` is said after the message. An option that
 * is given with its default counts as not given, as commands from the history give all. Where a rule
 * is broken, opt_parse exits 2:
 *     EXCLUDES    --a was given and one of the others, too
 *     NEEDS       --a was given and none of the others
 *     REQUIRED    none of the others was given */
#define EXCLUDES(a, others) EXCLUDES_WHY(a, others, NULL)
#define EXCLUDES_WHY(a, others, why) { 0, a, OPT_T_EXCLUDES, { NULL }, 0, 0, others, why, NULL }
#define NEEDS(a, others) NEEDS_WHY(a, others, NULL)
#define NEEDS_WHY(a, others, why) { 0, a, OPT_T_NEEDS, { NULL }, 0, 0, others, why, NULL }
#define REQUIRED(others, why) { 0, NULL, OPT_T_REQUIRED, { NULL }, 0, 0, others, why, NULL }
#define OPT_END { 0, NULL, OPT_T_END, { NULL }, 0, 0, NULL, NULL, NULL }

/* What a filter reads and writes; the contract test relies on it. */
enum io { IO_NONE, IO_RECORDS, IO_MODEL, IO_TEXT, IO_FILES, IO_ANY };

struct prog {
    const char *name, *brief;
    enum io in, out;
    const char *reads;      /* input fields and kinds: "x vector", "pcm samples" … or NULL */
    const char *writes;     /* output fields and kinds, or NULL */
    const char *operands;   /* NULL: "[FILE]..." */
    const char *example;    /* options and words that make it run on the least input */
    const char *alone;      /* each record is looked at by itself: "" always, "with --model", "without --a --b"; NULL: never */
    bool ranks;             /* mpirun may start it (base/world): each rank writes no records to stdout */
    const char *conv;       /* the set of conventions its numbers follow: "librosa-0.11" */
    const struct opt *opts; /* the filter's own options */
    const struct opt *const *also;  /* shared tables: NULL-ended list, or NULL */
};

/* Parse the command line; --help and --version print and exit 0, misuse says why and
 * exits 2 with nothing on stdout; so does what would write records or a model to a terminal.
 * Returns the operands, NULL-ended: the caller's argv, permuted. Sets die_name.
 *
 * Options and operands may be mixed. What begins with a dash is an option, but for "-" itself,
 * what comes after "--", and what continues like a number: -5, -.5. The value of an option
 * is the rest of its argument or else the next argument, whatever it begins with. Long names
 * may be cut short where that leaves one meaning. */
char **opt_parse(const struct prog *prog, int argc, char **argv);

/* Say that the first n operands are words of the command and no files: they go into
 * the history. Returns the operands after them; too few exit 2. */
char **opt_words(const struct prog *prog, char **operands, size_t n);

/* Whether the argument text[n], before any "--", is an operand and no option. */
bool opt_is_operand(const char *text, size_t n);

/* "name: message, try --help"; exit 2. */
_Noreturn void opt_misuse(const struct prog *prog, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* If no operand names a file and stdin is a terminal: a short usage, exit 2. */
void opt_need_stdin(const struct prog *prog, char **operands);

/* If stdout is a terminal: binary output is refused, exit 2. */
void opt_not_terminal(const struct prog *prog);

/* Call visit for every option (not the rules) of the filter's own and shared tables. */
void opt_each(const struct prog *prog, void (*visit)(const struct opt *, void *), void *state);

/* The words that opt_words took. */
extern struct opt_list opt_taken;

/* An option's effective value, as the history shows it. */
struct opt_value {
    enum { OPT_V_NONE, OPT_V_TRUE, OPT_V_INT, OPT_V_SEED, OPT_V_REAL, OPT_V_TEXT, OPT_V_TEXTS, OPT_V_INPUT } type;
    union {
        int64_t integer;
        uint64_t seed;
        double real;
        struct { const char *p; size_t n; } text;
        const struct opt_list *texts;
        const struct opt_input *input;
    } v;
};

/* That value; OPT_V_NONE: not set, or not for the history. Borrowed from the option's variable. */
struct opt_value opt_value(const struct opt *o);

/* Whether the last opt_parse met the option, and not with its default. */
bool opt_given(const struct opt *o);

/* Read "K" or "A<between>B" with whole numbers lo <= A <= B <= hi; false if it is neither. */
bool opt_read_range(const char *text, char between, double lo, double hi, struct opt_range *to);

/* Whole text as a decimal number: false unless it all is one, finite and in lo … hi. */
bool opt_number(const char *text, double lo, double hi, double *value);

/* Cut "A,B,..." and put its words, as new strings, after those of *words; \, is a comma in a word; an empty
 * word is misuse of --option, or with NULL a word. What OPT_WORDS does, for lists within other values. */
void opt_cut(const struct prog *prog, const char *option, const char *text, struct opt_words *words);

/* A word that comes twice is misuse of --option. */
void opt_once(const struct prog *prog, const char *option, const struct opt_words *words);

/* Whether word[n] is one of the words. */
bool opt_words_have(const struct opt_words *words, const char *word, size_t n);

/* "key=value" cut at the first '=': key's length and the value; 0 if there is none. */
size_t opt_pair(const char *text, const char **value);

#endif
