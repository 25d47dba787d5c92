/* tracks - list audio files as records, with labels and texts
 *
 * in      files, folders, or a table (CSV) of them
 * out     a record for each: id, path, and a field for each label, text, tag or column
 * memory  one record, 300 bytes for each file, the names in a folder
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "audio/sniff.h"
#include "audio/suffix.h"
#include "base/die.h"
#include "base/mem.h"
#include "base/progress.h"
#include "base/walk.h"
#include "drive/pass.h"
#include "drive/source.h"
#include "drive/tag_fields.h"
#include "files/file_ids.h"
#include "files/manifest.h"
#include "files/path.h"

static struct {
    struct opt_input csv, not_in;
    const char *path, *base, *id, *delimiter;
    struct opt_words suffixes;
    struct opt_pairs label, text;
    bool tags;
} arg;

static const struct opt opts[] = {
    OPT_INPUT(0, "csv", &arg.csv, "take the files from this table; its columns become fields"),
    OPT_STR(0, "path", &arg.path, "COLUMN", "column of the table that is the path (without: path)"),
    OPT_NOTE(0, "base", &arg.base, "DIR", "folder that the table's paths are relative to (without: its own)"),
    OPT_STR(0, "id", &arg.id, "COLUMN", "column that is the id (without: id, or the path)"),
    OPT_STR(0, "delimiter", &arg.delimiter, "CHAR", "character between the table's cells, or tab (without: guessed)"),
    OPT_PAIRS('l', "label", &arg.label, "FIELD=PART", "id|path", "part of the path as a field: dir or regex:RE"),
    OPT_PAIRS('t', "text", &arg.text, "FIELD=FILE", "id|path", "read a text beside each file; {stem}: its name"),
    OPT_FLAG(0, "tags", &arg.tags, "take title, artist, album, genre and year from the file"),
    OPT_WORDS(0, "suffixes", &arg.suffixes, "A,B,...", "suffixes of the files to take from folders (without: those of audio)"),
    OPT_INPUT(0, "not-in", &arg.not_in, "leave out the ids that this stream has"),
    NEEDS("path", "csv"),
    NEEDS("base", "csv"),
    NEEDS("id", "csv"),
    EXCLUDES_WHY("csv", "suffixes", "all files of the table are taken"),
    OPT_END
};
static const struct opt *const also[] = { item_opts, rec_in_opts, rec_out_opts, NULL };
static const struct prog prog = {
    .name = "tracks", .brief = "list audio files as records, with labels and texts", .in = IO_FILES, .out = IO_RECORDS,
    .writes = "path text", .operands = "[FILE|FOLDER]...", .opts = opts, .also = also,
};

enum { OLD, NEW };          /* of an id: in the stream of --not-in; written */

static struct {
    struct source s;
    struct path_part *label;    /* of each --label */
    size_t *no_label, *no_text; /* of each: records for which it found nothing */
    size_t listed;              /* records that were asked */
    const char *operand;    /* that is visited */
    const char *no_sound;   /* an operand that is a file of something else */
    struct file_ids *names;
    size_t left_out, found;     /* files found in the operand */
    struct fence_limits limits;
} run = { .limits = { 10, 60, (size_t)1 << 30 } };

/* ---- records ---- */

static void count_nil(const struct rec *r, const struct opt_pairs *fields, size_t *none)
{
    for (size_t i = 0; i < fields->n; i++)
        none[i] += rec_get(r, fields->v[i].name).type == V_NIL;
}

/* The record has its id and path (relative: below the operand), or its error: fill in the
 * rest and write it. */
static void put_record(const char *path, const char *relative)
{
    struct rec *r = run.s.rec;
    progress_at(++run.s.count, NULL);
    if (r->error[0]) {
        rec_set_nil(r, "path");
        source_bad(&run.s);
        return;
    }
    struct text id = rec_id(r);
    if (ids_find(run.s.ids, id) == OLD) {
        run.left_out++;
        return;
    }
    if (!ids_add(run.s.ids, id, NEW)) {
        rec_error(r, "this id appears twice; %s is left out%s", path ? path : "this row",
                  arg.csv.path ? ": --id takes the ids from another column" : ": it was listed before");
        item_bad(r);            /* not even under emit: ids are unique */
        return;
    }
    for (size_t i = 0; i < arg.label.n && path; i++)
        path_set_label(r, arg.label.v[i].name, run.label + i, path, relative);
    for (size_t i = 0; i < arg.text.n && path && !r->error[0]; i++)
        path_set_text(r, arg.text.v[i].name, arg.text.v[i].value, path);
    if (path && !r->error[0]) {
        count_nil(r, &arg.label, run.no_label);
        count_nil(r, &arg.text, run.no_text);
        run.listed++;
    }
    if (arg.tags && path && !r->error[0])
        tag_fields(r, path, &run.limits);
    (r->error[0] ? source_bad : source_good)(&run.s);
}

/* ---- files and folders ---- */

static void put_bad(const char *path, const char *why, void *unused)
{
    (void)unused;
    path_set_part(run.s.rec, "id", path, strlen(path));
    rec_error(run.s.rec, "%s", why);
    put_record(path, path);
}

/* The part of a path below the operand, if that is a folder; else the file's name. */
static const char *relative_of(const char *path)
{
    size_t skip = strlen(run.operand);
    const char *slash = strrchr(path, '/');
    return path[skip] ? path + skip + strspn(path + skip, "/") : slash ? slash + 1 : path;
}

static void put_file(const char *path, void *unused)
{
    (void)unused;
    const char *relative = relative_of(path);
    struct text id = file_ids_id(run.names, path, relative);
    path_set_part(run.s.rec, "id", id.p, id.n);
    path_set(run.s.rec, path);
    put_record(path, relative);
}

static bool is_wanted(const char *name, void *unused)
{
    const char *dot = name + path_stem(name);
    (void)unused;
    if (!*dot || !arg.suffixes.n)
        return *dot && suffix_is_audio(dot + 1);
    for (size_t i = 0; i < arg.suffixes.n; i++)
        if (strcasecmp(dot + (arg.suffixes.v[i][0] != '.'), arg.suffixes.v[i]) == 0)
            return true;
    return false;
}

static void count_file(const char *path, void *unused)
{
    (void)unused;
    file_ids_add(run.names, path, relative_of(path));
    run.found++;
    if (strcmp(path, run.operand) == 0 && !is_wanted(path, NULL) && !sniff_is_audio(path))
        run.no_sound = run.operand;
}

static void ignore_bad(const char *path, const char *why, void *unused)
{
    (void)path;
    (void)why;
    (void)unused;
    run.found++;                /* the second visit tells of it */
}

/* Twice: an id is made by what else there is. */
static void put_operands(char **operands)
{
    static const struct walk_visitor count = { is_wanted, count_file, ignore_bad, NULL },
                                     put = { is_wanted, put_file, put_bad, NULL };
    size_t total = 0;
    run.names = file_ids_new();
    for (char **o = operands; *o; total += run.found, o++) {
        run.found = 0;
        run.operand = *o;
        walk(*o, &count);
        if (!run.found && !progress_quiet)
            warn("%s: no audio files in it%s", *o, arg.suffixes.n ? " of these --suffixes" : "");
    }
    if (run.no_sound && !progress_quiet)
        warn("%s: not sound, by its content; files that a table names are listed by --csv FILE", run.no_sound);
    rec_out_head(run.s.out)->total = total;
    for (char **o = operands; *o; o++) {
        run.operand = *o;
        walk(*o, &put);
    }
    if (file_ids_longer(run.names) && !progress_quiet)
        warn("%zu files share the name of another: their suffix or folder is part of the id", file_ids_longer(run.names));
    file_ids_free(run.names);
}

/* ---- the table ---- */

static void put_table(void)
{
    struct manifest m;
    struct rec *r = run.s.rec;
    manifest_open(&m, run.s.paths[0], &(struct sheet_how){ &arg.delimiter, arg.id, NULL, NULL, &arg.csv.xxh3 },
                  arg.path ? arg.path : "path", arg.base);
    const struct csv *c = m.sheet.csv;
    rec_out_head(run.s.out)->total = m.sheet.rows;
    for (enum csv_got got; (got = manifest_next(&m, r)) != CSV_END; put_record(m.path, m.path ? m.path + m.below : NULL)) {
        if (got == CSV_BAD)
            rec_error(r, "%s", csv_error(c));
        if (r->error[0] && (got == CSV_BAD || !rec_id(r).n))
            item_place(r, csv_path(c), csv_line(c));
    }
    if (m.absent && !progress_quiet)
        warn("%zu of %zu files do not exist; the first: %s; --base names the folder that paths are relative to", m.absent,
             m.files, m.first_absent);
    manifest_close(&m);
}

static bool add_old(struct rec *r, const struct value *unused, void *state)
{
    (void)unused;
    (void)state;
    return ids_add(run.s.ids, rec_id(r), OLD);
}

static void read_old(void)
{
    struct rec_in *in = rec_open_file(arg.not_in.path, IO_RECORDS, NULL);
    pass_each(in, &(struct pass){ .what = NULL }, add_old, NULL);
    arg.not_in.xxh3 = rec_hash(in);
    rec_close(in);
}

static void read_labels(void)
{
    char why[PATH_WHY];
    run.label = mem_zero(arg.label.n + 1, sizeof *run.label);
    run.no_label = mem_zero(arg.label.n + 1, sizeof *run.no_label);
    run.no_text = mem_zero(arg.text.n + 1, sizeof *run.no_text);
    for (size_t i = 0; i < arg.label.n; i++)
        if (!path_part_read(run.label + i, arg.label.v[i].value, why))
            opt_misuse(&prog, "--label '%s=%s': %s", arg.label.v[i].name, arg.label.v[i].value, why);
    for (size_t i = 0; i < arg.text.n; i++)
        if (!*arg.text.v[i].value)
            opt_misuse(&prog, "--text '%s=' names no file", arg.text.v[i].name);
}

/* A pattern or a template with a slip in it finds nothing. */
static void note_nil(const struct opt_pairs *fields, const size_t *none)
{
    for (size_t i = 0; i < fields->n && !progress_quiet; i++)
        if (none[i])
            warn("%s: nil in %zu of %zu%s", fields->v[i].name, none[i], run.listed,
                 fields == &arg.text && none[i] == run.listed && !strstr(fields->v[i].value, "{stem}")
                     ? "; in FILE, {stem} stands for the name of each: words/{stem}.txt" : "");
}

int main(int argc, char **argv)
{
    char **operands = source_parse(&prog, argc, argv), *table[] = { (char *)(uintptr_t)arg.csv.path, NULL };
    source_delimiter(&prog, &arg.delimiter, arg.csv.path);
    if (!operands[0] == !arg.csv.path)
        opt_misuse(&prog, operands[0] ? "either files and folders or --csv, not both"
                                      : "nothing to list: name files, folders or --csv FILE");
    read_labels();
    source_open(&run.s, &prog, arg.csv.path ? table : operands);
    if (arg.not_in.path)
        read_old();
    if (progress_wanted)
        progress_start(0, "files");
    if (arg.csv.path)
        put_table();
    else
        put_operands(operands);
    int status = source_finish(&run.s);
    note_nil(&arg.label, run.no_label);
    note_nil(&arg.text, run.no_text);
    if (run.left_out && !progress_quiet)
        warn("%zu left out: %s has them", run.left_out, arg.not_in.path);
    return status;
}
