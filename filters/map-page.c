/* map-page - songs on a map to look at, search and listen to, as one HTML file
 *
 * in      records with xy, and what else a person may want to see of a song
 * out     text: a page of HTML that needs nothing else, but for the sound under --audio link
 * memory  the page
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "audio/preview.h"
#include "base/die.h"
#include "base/mem.h"
#include "base/par.h"
#include "base/progress.h"
#include "drive/pass.h"
#include "drive/row.h"
#include "files/base64.h"
#include "files/json_out.h"
#include "files/line.h"
#include "plot/page.h"
#include "stream/history.h"

enum { COLUMNS = 64 };                  /* fields of a song that a page holds */
enum { PLACES = 99999 };                /* of the wider axis */

static struct {
    const char *in, *color, *name, *title, *prefix, *output;
    double preview;
    size_t max_size;
    int audio;
} arg = { .in = "xy", .prefix = "", .preview = 8, .max_size = 50 << 20 };

static const struct opt opts[] = {
    OPT_STR('i', "input", &arg.in, "FIELD", "field with the place on the map"),
    OPT_STR('c', "color", &arg.color, "FIELD", "field to show by colour at first; default cluster, if there is one"),
    OPT_STR(0, "name", &arg.name, "FIELD", "field that names clusters: what the most songs of each say"),
    OPT_STR('t', "title", &arg.title, "TEXT", "title of the page"),
    OPT_CHOICE(0, "audio", &arg.audio, PAGE_SOUNDS, "play the files where they are, previews inside the page, or nothing"),
    OPT_STR(0, "prefix", &arg.prefix, "TEXT", "with link: what stands before a relative path, as ../"),
    OPT_F64(0, "preview", &arg.preview, 0.1, 600, "with embed: seconds of a preview, the loudest of the song"),
    OPT_SIZE(0, "max-size", &arg.max_size, "with embed: the previews may take so many bytes of the page"),
    OPT_OUTPUT(0, "output", &arg.output, "write to FILE, which appears when it is whole"),
    OPT_JOBS(0),
    NEEDS("prefix", "audio=link"),
    NEEDS("preview", "audio=embed"),
    NEEDS("max-size", "audio=embed"),
    OPT_END
};
static const struct opt *const also[] = { rec_in_opts, NULL };
static const struct prog prog = {
    .name = "map-page", .brief = "songs on a map to look at, search and listen to, as one HTML file",
    .in = IO_RECORDS, .out = IO_TEXT, .reads = "xy vector", .writes = "a page of HTML", .opts = opts, .also = also,
};

/* A field: a JSON list of its values, n of them so far. */
struct column { char *name; size_t len, n; struct str values; };

static struct column columns[COLUMNS];
static size_t n_columns, songs, left_out, silent;
static float *place;            /* [songs][2] */
static char **paths;            /* [songs], with embed; NULL where there is none */
static struct str raw;          /* songs whose path is not UTF-8 */
static struct json_lost lost;

/* ---- fields ---- */

/* Its column, looked for at `hint` first. */
static struct column *column_of(const struct field *f, size_t hint)
{
    for (size_t k = 0; k < n_columns; k++) {
        struct column *c = columns + (hint + k) % n_columns;
        if (c->len == f->len && memcmp(c->name, f->name, f->len) == 0)
            return c;
    }
    if (n_columns == COLUMNS)
        die(ST_STOPPED, "over %d fields, too many to show: keep some of them by sp-fields", COLUMNS);
    columns[n_columns] = (struct column){ .name = mem_text(f->name, f->len), .len = f->len };
    return columns + n_columns++;
}

/* Nil for the songs that lacked the field, and the comma. */
static struct str *next_value(struct column *c)
{
    for (; c->n < songs; c->n++)
        str_text(&c->values, c->n ? ",null" : "null");
    if (c->n++)
        str_char(&c->values, ',');
    return &c->values;
}

/* A path that is not UTF-8, as it stands in an address. */
static void put_raw_path(struct str *to, struct text path)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.~/-";
    str_char(to, '"');
    for (size_t i = 0; i < path.n; i++)
        if (path.p[i] && strchr(plain, path.p[i]))
            str_char(to, path.p[i]);
        else
            str_printf(to, "%%%02X", (unsigned char)path.p[i]);
    str_char(to, '"');
    str_printf(&raw, "%s%zu", raw.n ? "," : "", songs);
}

static void put_field(const struct field *f, size_t hint)
{
    struct value v = field_value(f);
    bool path = f->len == 4 && memcmp(f->name, "path", 4) == 0;
    if (v.type == V_TENSOR || v.type == V_SPARSE || v.type == V_OTHER || (v.type == V_BIN && !path))
        return;
    struct column *c = column_of(f, hint);
    if (c->n > songs)                   /* twice in the record: the first counts */
        return;
    struct str *to = next_value(c);
    if (v.type == V_STR)
        json_put_text(to, v.s.p, v.s.n, &lost);
    else if (v.type == V_BIN)
        put_raw_path(to, v.s);
    else if (v.type == V_INT)
        str_printf(to, "%" PRId64, v.i);
    else if (v.type == V_FLOAT && fabs(v.f) < 1e38)
        str_f32(to, (float)v.f);
    else
        str_text(to, v.type != V_BOOL ? "null" : v.b ? "true" : "false");
}

static bool add_song(struct rec *r, const struct value *v, void *state)
{
    static size_t place_cap, paths_cap;
    struct row *row = state;
    left_out += v->type == V_NIL;
    if (v->type == V_NIL || !row_read(r, arg.in, v, NULL, row))
        return false;
    if (row->d < 2)
        return rec_error(r, "%s has one column, but a map needs two", arg.in);
    if (arg.color && !rec_find(r, arg.color))
        return rec_lacks(r, arg.color, "");
    if (arg.name && !rec_find(r, arg.name))
        return rec_lacks(r, arg.name, "");
    if (arg.audio == PAGE_EMBED) {
        struct value path = rec_get(r, "path");
        if (!rec_find(r, "path"))
            return rec_lacks(r, "path", "; or give --audio none");
        mem_grow(&paths, &paths_cap, songs + 1, sizeof *paths);
        bool good = (path.type == V_STR || path.type == V_BIN) && path.s.n && !memchr(path.s.p, '\0', path.s.n);
        paths[songs] = good ? mem_text(path.s.p, path.s.n) : NULL;
    }
    mem_grow(&place, &place_cap, 2 * songs + 2, sizeof *place);
    memcpy(place + 2 * songs, row->x, 2 * sizeof *place);
    for (size_t i = 0; i < r->n; i++)
        put_field(r->fields + i, i);
    songs++;
    return true;
}

/* ---- the sound ---- */

/* A preview of song i as base64, or null. */
static void put_clip(size_t i, const char *clip, size_t n, const char *why, void *state)
{
    struct str *to = state;
    if (i)
        str_char(to, ',');
    if (n) {
        str_char(to, '"');
        base64_encode((const uint8_t *)clip, n, str_room(to, BASE64_SIZE(n)));
        to->n += BASE64_SIZE(n);
        str_char(to, '"');
    } else {
        silent++;
        str_text(to, "null");
        if (paths[i])
            warn("%s: no preview: %s", paths[i], why);
    }
    if (to->n > arg.max_size)
        die(ST_MEMORY, "the previews of %zu of %zu songs take over %.3g MB: give a shorter --preview, a larger --max-size"
            " or --audio link", i + 1, songs, (double)arg.max_size / (1 << 20));
    free(paths[i]);
    progress_at(i + 1, NULL);
}

static void put_clips(struct str *to)
{
    double size = (double)songs * (arg.preview * PREVIEW_BITS / 8 + 1000) * 4 / 3;
    char why[PREVIEW_WHY];
    if (size > 2 * (double)arg.max_size)
        die(ST_MEMORY, "%zu previews of %g s would take about %.3g MB, and --max-size is %.3g MB: give a shorter --preview"
            " or --audio link", songs, arg.preview, size / (1 << 20), (double)arg.max_size / (1 << 20));
    if (!progress_quiet && songs)
        warn("%zu previews of %g s: about %.3g MB", songs, arg.preview, size / (1 << 20));
    progress_start(songs, "previews");
    if (!previews_make(paths, songs, arg.preview, (size_t)par_jobs, put_clip, to, why))
        die(ST_STOPPED, "%s", why);
    progress_clear();
}

/* ---- the page ---- */

static void put_text(struct str *to, const char *name, const char *text)
{
    str_printf(to, "\"%s\":", name);
    json_put_text(to, text, strlen(text), &lost);
    str_char(to, ',');
}

static void put_places(struct str *to)
{
    double low[2] = { INFINITY, INFINITY }, span = 0;
    for (size_t i = 0; i < 2 * songs; i++)
        low[i & 1] = fmin(low[i & 1], (double)place[i]);
    for (size_t i = 0; i < 2 * songs; i++)
        span = fmax(span, (double)place[i] - low[i & 1]);
    for (size_t i = 0; i < 2 * songs; i++)
        str_printf(to, "%s%.0f", i ? "," : "", span > 0 ? ((double)place[i] - low[i & 1]) / span * PLACES : 0);
}

/* What page.js reads. */
static void put_data(struct str *to, const struct head *head)
{
    static const char *const sounds[] = { "link", "embed", "none" };
    struct str made = { NULL, 0, 0 };
    bool path = false;
    for (size_t k = 0; k < n_columns; k++)
        path = path || strcmp(columns[k].name, "path") == 0;
    history_pipeline(head, &made);
    str_char(to, '{');
    put_text(to, "made", made.n ? made.p : "");
    put_text(to, "audio", sounds[path ? arg.audio : PAGE_NONE]);
    put_text(to, "prefix", arg.prefix);
    if (arg.color)
        put_text(to, "color", arg.color);
    if (arg.name)
        put_text(to, "name", arg.name);
    str_text(to, "\"clips\":[");
    if (arg.audio == PAGE_EMBED)
        put_clips(to);
    str_printf(to, "],\"left\":%zu,\"silent\":%zu,\"raw\":[%s],\n\"xy\":[", left_out, silent, raw.n ? raw.p : "");
    put_places(to);
    str_text(to, "],\n\"fields\":[");
    for (size_t k = 0; k < n_columns; k++) {
        struct column *c = columns + k;
        for (; c->n < songs; c->n++)
            str_text(&c->values, ",null");
        str_text(to, k ? ",\n{\"name\":" : "\n{\"name\":");
        json_put_text(to, c->name, c->len, &lost);
        str_text(to, ",\"v\":[");
        str_put(to, c->values.p, c->values.n);
        str_text(to, "]}");
        str_free(&c->values);
        free(c->name);
    }
    str_text(to, "]}");
    str_free(&made);
}

int main(int argc, char **argv)
{
    char **operands = opt_parse(&prog, argc, argv);
    struct rec_in *in = rec_open(&prog, operands, false);
    struct row row = { NULL, 0, 0 };
    struct str data = { NULL, 0, 0 };
    pass_each(in, &(struct pass){ .field = arg.in, .what = "songs", .only = true, .nil = true }, add_song, &row);
    put_data(&data, rec_head(in));
    struct line_out *out = line_create(arg.output);
    page_write(&out->text, arg.title ? arg.title : "Map of songs", &data, arg.audio);
    line_cut(out);
    line_finish(out);
    rec_close(in);
    str_free(&data);
    str_free(&raw);
    free(row.x);
    free(place);
    free(paths);
    if (silent)
        warn("songs without a preview: %zu", silent);
    if (lost.not_utf8)
        warn("bytes that are not UTF-8, written as U+FFFD: %zu", lost.not_utf8);
    return item_status();
}
