/* sp-fields - keep, drop, map, rename, set or shuffle the fields of records
 *
 * in      any records
 * out     the same records with other fields; in this order: shuffle, keep, drop, map, rename, set
 * memory  one record; with --map the tables, with --shuffle all values of that field
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/par.h"
#include "base/progress.h"
#include "base/rng.h"
#include "base/str.h"
#include "drive/asked.h"
#include "drive/map.h"
#include "drive/pass.h"
#include "files/renames.h"
#include "stream/value.h"

static struct {
    const char *shuffle;
    struct opt_words keep, drop;
    struct opt_pairs map, rename, set;
    uint64_t seed;
} arg = { .seed = 0 };

static const struct opt opts[] = {
    OPT_WORDS('k', "keep", &arg.keep, "A,B,...", "keep only these fields (and id)"),
    OPT_WORDS('d', "drop", &arg.drop, "A,B,...", "drop these fields"),
    OPT_TABLES(0, "map", &arg.map, "id", "give a field's values others, by a CSV table with the columns FIELD and name"),
    OPT_RENAMES('r', "rename", &arg.rename, "id", "rename a field; may be given several times"),
    OPT_PAIRS('s', "set", &arg.set, "NAME=VALUE", "id", "set a field to a whole number, number, true, false, null or text"),
    OPT_STR(0, "shuffle", &arg.shuffle, "FIELD", "shuffle the values of a field among the records"),
    OPT_SEED(&arg.seed),
    OPT_END
};
static const struct prog prog = {
    .name = "sp-fields", .brief = "keep, drop, map, rename, set or shuffle the fields of records",
    .in = IO_RECORDS, .out = IO_RECORDS, .example = "--set year=1999",
    .alone = "without --shuffle", .opts = opts, .also = map_also,
};

/* The field's values, packed, in a random order. */
static struct {
    struct msg_buf bytes;
    size_t *start, *order, n, cap, next;
    const char *name;           /* of the input */
} deal;

/* Whether --keep and --drop leave a field. */
static bool is_left(const char *name, size_t len)
{
    return (!arg.keep.n || opt_words_have(&arg.keep, name, len)) && !opt_words_have(&arg.drop, name, len);
}

/* The table of each --map, whose hash the history has in place of its name; how many records had a value that is not in it. */
static struct { struct renames *table; _Atomic size_t missed; } *maps;

static void read_maps(void)
{
    maps = mem_zero(arg.map.n, sizeof *maps);
    for (size_t i = 0; i < arg.map.n; i++) {
        struct str said = { 0 };
        maps[i].table = renames_read(arg.map.v[i].value, arg.map.v[i].name);
        str_printf(&said, "%s=xxh3:%016" PRIx64, arg.map.v[i].name, maps[i].table->hash);
        arg.map.given.v[i] = said.p;
    }
}

static bool map_values(struct rec *r)
{
    for (size_t i = 0; i < arg.map.n; i++) {
        const char *name = arg.map.v[i].name;
        struct value v = rec_get(r, name);
        struct msg_buf text = { 0 };
        if (!rec_find(r, name))
            return rec_lacks(r, name, " to map");
        if (v.type == V_NIL)
            continue;
        if (!value_text(&v, &text))
            return value_no_label(r, name, &v);
        size_t at = renames_find(maps[i].table, (const char *)text.p, text.n);
        const char *to = at == SIZE_MAX ? NULL : maps[i].table->to[at];
        msg_free(&text);
        maps[i].missed += !to;
        if (!to)
            continue;
        v = value_word(to);
        rec_set_value(r, name, &v);
    }
    return true;
}

static struct asked asked_keep = { .words = &arg.keep }, asked_drop = { .words = &arg.drop };

static void end(void *unused)
{
    (void)unused;
    for (size_t k = 0; k < arg.set.n && asked_keep.had; k++)     /* they have it now */
        asked_see(&asked_keep, arg.set.v[k].name, strlen(arg.set.v[k].name));
    asked_say(&asked_keep, "keep", "no record has a field", true);
    asked_say(&asked_drop, "drop", "no record has a field", false);
    for (size_t i = 0; i < arg.map.n && !progress_quiet; i++)
        if (maps[i].missed)
            warn("%s: no name for the %s of %zu records: it stays as it is", arg.map.v[i].value, arg.map.v[i].name,
                 maps[i].missed);
    if (opt_words_have(&arg.drop, "id", 2) && !progress_quiet)
        warn("--drop id: the id stays, no record is without one");
}

static bool rename_fields(struct rec *r)
{
    for (size_t i = 0; i < arg.rename.n; i++) {
        const char *from = arg.rename.v[i].name, *to = arg.rename.v[i].value;
        if (!rec_find(r, from))
            return rec_lacks(r, from, " to rename");
        if (strcmp(from, to) == 0)
            continue;
        if (rec_find(r, to))
            return rec_error(r, "%s exists: drop it first", to);
        rec_rename(r, from, to);
    }
    return true;
}

static bool process(struct rec *r, const struct value *in, void *state)
{
    (void)in;
    (void)state;
    if (arg.shuffle) {
        if (!rec_find(r, arg.shuffle))
            return rec_lacks(r, arg.shuffle, "");
        if (deal.next == deal.n)
            io_changed(deal.name);
        size_t at = deal.order[deal.next++];
        rec_set_raw(r, arg.shuffle, deal.bytes.p + deal.start[at], deal.start[at + 1] - deal.start[at]);
    }
    asked_see_record(&asked_keep, r);
    asked_see_record(&asked_drop, r);
    size_t kept = 0;
    for (size_t i = 0; i < r->n; i++) {
        const struct field f = r->fields[i];
        if ((f.len == 2 && memcmp(f.name, "id", 2) == 0) || is_left(f.name, f.len))
            r->fields[kept++] = f;
    }
    r->n = kept;
    if (!map_values(r) || !rename_fields(r))
        return false;
    for (size_t i = 0; i < arg.set.n; i++) {
        struct value v = value_word(arg.set.v[i].value);
        rec_set_value(r, arg.set.v[i].name, &v);
    }
    return true;
}

/* What a record that is bad would have got. */
static void unset(struct rec *r)
{
    for (size_t i = 0; i < arg.map.n; i++)
        rec_set_nil(r, arg.map.v[i].name);
    for (size_t i = 0; i < arg.rename.n; i++)
        rec_set_nil(r, arg.rename.v[i].value);
    for (size_t i = 0; i < arg.set.n; i++)
        rec_set_nil(r, arg.set.v[i].name);
    if (arg.shuffle)
        rec_set_nil(r, arg.shuffle);
}

static void header(struct head *h, void *state)
{
    (void)state;
    for (size_t i = h->n_columns; i-- > 0; )
        if (!is_left(h->columns[i].field, strlen(h->columns[i].field)))
            head_set_columns(h, h->columns[i].field, NULL, 0);
    for (size_t i = 0; i < arg.rename.n; i++)
        head_rename_columns(h, arg.rename.v[i].name, arg.rename.v[i].value);
    for (size_t i = 0; i < arg.set.n; i++)
        head_set_columns(h, arg.set.v[i].name, NULL, 0);
}

static bool add_value(struct rec *r, const struct value *unused, void *state)
{
    const struct field *f = rec_find(r, arg.shuffle);
    (void)unused;
    (void)state;
    mem_grow(&deal.start, &deal.cap, deal.n + 2, sizeof *deal.start);
    deal.start[deal.n++] = deal.bytes.n;
    msg_append(&deal.bytes, f->raw + f->key, f->size - f->key);
    deal.start[deal.n] = deal.bytes.n;
    return true;
}

/* First pass: collect the values of --shuffle's field and draw their new order. */
static void collect(struct rec_in *in)
{
    struct rng rng;
    pass_each(in, &(struct pass){ .field = arg.shuffle, .nil = true, .any_ids = true }, add_value, NULL);
    deal.name = rec_name(in);
    deal.order = mem_new(deal.n, sizeof *deal.order);
    for (size_t i = 0; i < deal.n; i++)
        deal.order[i] = i;
    rng_init(&rng, arg.seed, 0);
    rng_shuffle(&rng, deal.order, deal.n);
    rec_rewind(in);
}

/* Two options, one of which undoes what the other does. */
static void refuse_contradictions(void)
{
    const char *s = arg.shuffle;
    for (size_t i = 0; i < arg.set.n; i++)
        for (size_t k = 0; k < arg.rename.n; k++)
            if (strcmp(arg.set.v[i].name, arg.rename.v[k].value) == 0)
                opt_misuse(&prog, "--rename and --set both make %s", arg.set.v[i].name);
    for (size_t i = 0; i < arg.map.n; i++)
        if (!is_left(arg.map.v[i].name, strlen(arg.map.v[i].name)))
            opt_misuse(&prog, "--map %s: %s leaves it out", arg.map.v[i].name, arg.keep.n ? "--keep" : "--drop");
    if (s && strcmp(s, "id") == 0)
        opt_misuse(&prog, "--shuffle id: ids stay with their records");
    if (s && !is_left(s, strlen(s)))
        opt_misuse(&prog, "--shuffle %s: %s leaves it out", s, arg.keep.n ? "--keep" : "--drop");
}

int main(int argc, char **argv)
{
    char **operands = opt_parse(&prog, argc, argv);
    refuse_contradictions();
    struct rec_in *in = rec_open(&prog, operands, arg.shuffle);
    struct rec_out *out = rec_create(&prog, in);
    read_maps();
    if (arg.shuffle) {
        par_jobs = 1;               /* values are dealt out in the order of the records */
        collect(in);
    }
    int status = map_run(&(struct map){ .process = process, .unset = unset, .header = header, .end = end }, in, out);
    for (size_t i = 0; i < arg.map.n; i++)
        renames_free(maps[i].table);
    free(maps);
    msg_free(&deal.bytes);
    free(deal.start);
    free(deal.order);
    return status;
}
