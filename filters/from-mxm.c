/* from-mxm - read musiXmatch's bags of words as records
 *
 * in      the data set's text: comments, a line of words, a line for each song
 * out     records: mxm, the number of the song at musiXmatch, and x, sparse, how often it has each word
 * memory  one line, the words, and about 50 bytes for each id
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/mem.h"
#include "base/progress.h"
#include "base/utf8.h"
#include "drive/source.h"
#include "files/lines.h"

static struct { const char *out; } arg = { .out = "x" };

static const struct opt opts[] = {
    OPT_STR('o', "output", &arg.out, "FIELD", "field to write"),
    OPT_END
};
static const struct opt *const also[] = { item_opts, rec_in_opts, rec_out_opts, NULL };
static const struct prog prog = {
    .name = "from-mxm", .brief = "read musiXmatch's bags of words as records",
    .in = IO_TEXT, .out = IO_RECORDS, .writes = "x vector, mxm number", .opts = opts, .also = also,
};

static char **words;            /* words[n], the columns */
static size_t n_words;
static struct str word_line;    /* the line that they stand in */

static uint32_t *column;        /* of a song: column[] ascending, count[] */
static float *count;
static size_t column_cap, count_cap;

/* Cut the line of words, which begins with '%'. */
static void read_words(struct source *s, const struct lines *in, struct text line)
{
    const char *path = lines_path(in), *p = line.p + 1, *end = line.p + line.n;
    size_t at = lines_number(in), cap = 0;
    if (words && (line.n != word_line.n || memcmp(line.p, word_line.p, line.n) != 0))
        die(ST_STOPPED, "%s:%zu: other words than those before", path, at);
    if (words)
        return;
    if (!utf8_valid(line.p, line.n))
        die(ST_STOPPED, "%s:%zu: the words are not UTF-8", path, at);
    str_put(&word_line, line.p, line.n);
    struct ids *seen = ids_new();
    for (const char *comma; p <= end; p = comma + 1) {
        comma = memchr(p, ',', (size_t)(end - p));
        comma = comma ? comma : end;
        struct text word = { p, (size_t)(comma - p) };
        if (!word.n)
            die(ST_STOPPED, "%s:%zu: word %zu is empty", path, at, n_words + 1);
        if (!ids_add(seen, word, n_words))
            die(ST_STOPPED, "%s:%zu: the word %s appears twice", path, at, SHORT(word.p, word.n));
        mem_grow(&words, &cap, n_words + 1, sizeof *words);
        words[n_words++] = mem_text(word.p, word.n);
    }
    ids_free(seen);
    head_set_columns(rec_out_head(s->out), arg.out, (const char *const *)words, n_words);
}

/* Read a whole number up to `most`; *p goes behind it. */
static bool whole(const char **p, const char *end, uint64_t most, uint64_t *v)
{
    const char *begin = *p;
    for (*v = 0; *p < end && isdigit((unsigned char)**p); ++*p) {
        *v = *v * 10 + (uint64_t)(**p - '0');
        if (*v > most)
            return false;
    }
    return *p > begin;
}

/* TRACK,MXM,WORD:COUNT,WORD:COUNT,...: words by their numbers from 1, ascending. */
static bool read_song(struct rec *r, struct text line)
{
    const char *end = line.p + line.n, *p = memchr(line.p, ',', line.n);
    uint64_t mxm, word, times, last = 0;
    size_t n = 0;
    if (!p || p == line.p)
        return rec_error(r, "not a song: TRACK,NUMBER,WORD:COUNT,...");
    if (!utf8_valid(line.p, (size_t)(p - line.p)))
        return rec_error(r, "the id is not UTF-8");
    rec_begin(r, line.p, (size_t)(p++ - line.p));
    if (!whole(&p, end, INT64_MAX / 10, &mxm) || (p < end && *p != ','))
        return rec_error(r, "the second cell is not musiXmatch's number of the song");
    for (; p < end; n++) {
        p++;
        if (!whole(&p, end, UINT32_MAX, &word) || p == end || *p++ != ':' || !whole(&p, end, 1 << 24, &times) ||
            (p < end && *p != ','))
            return rec_error(r, "cell %zu is not WORD:COUNT", n + 3);
        if (word < 1 || word > n_words)
            return rec_error(r, "word %llu in cell %zu: there are words 1 to %zu", (unsigned long long)word, n + 3,
                             n_words);
        if (word <= last)
            return rec_error(r, "word %llu in cell %zu comes after word %llu: they must ascend", (unsigned long long)word,
                             n + 3, (unsigned long long)last);
        last = word;
        mem_grow(&column, &column_cap, n + 1, sizeof *column);
        mem_grow(&count, &count_cap, n + 1, sizeof *count);
        column[n] = (uint32_t)(word - 1);
        count[n] = (float)times;
    }
    rec_set_int(r, "mxm", (int64_t)mxm);
    rec_set_sparse(r, arg.out, n_words, n, column, count);
    return true;
}

static void read_file(struct source *s, struct lines *in)
{
    bool begun = false;
    for (struct text line; lines_next(in, &line); ) {
        if (line.n == 0 || *line.p == '#')
            continue;
        if (*line.p == '%') {
            read_words(s, in, line);
            begun = true;
            continue;
        }
        if (!begun)
            die(ST_STOPPED, "%s:%zu: no line of words, %%WORD,WORD,..., before the first song: is it musiXmatch's data set?",
                lines_path(in), lines_number(in));
        s->rec->error[0] = '\0';
        read_song(s->rec, line);
        source_put(s, lines_path(in), lines_number(in));
    }
    if (!begun)
        die(ST_STOPPED, "%s: no line of words, %%WORD,WORD,...", lines_path(in));
}

int main(int argc, char **argv)
{
    struct source s;
    char **operands = source_parse(&prog, argc, argv);
    if (strcmp(arg.out, "id") == 0 || strcmp(arg.out, "mxm") == 0)
        opt_misuse(&prog, "-o %s: that is another field of the song", arg.out);
    source_open(&s, &prog, operands);
    progress_start(0, "songs");
    for (char **path = s.paths; *path; path++) {
        struct lines *in = lines_open(*path);
        read_file(&s, in);
        lines_close(in);
    }
    return source_finish(&s);
}
