/* map-page - songs on a map to look at, search and listen to, as one HTML file
 *
 * in      records with xy, and what else a person may want to see of a song
 * out     text: a page of HTML that needs nothing else, but for the sound under --audio link
 * memory  the page
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "audio/preview.h"
#include "base/die.h"
#include "base/mem.h"
#include "base/par.h"
#include "base/progress.h"
#include "drive/page_songs.h"
#include "drive/pass.h"
#include "drive/row.h"
#include "files/base64.h"
#include "files/line.h"
#include "plot/page.h"
#include "stream/history.h"

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

static struct page_songs *fields;
static size_t songs, left_out, silent;
static float *place;            /* [songs][2] */
static struct preview_of *sound;        /* [songs], with embed */
static struct json_lost lost;

/* The sound of a song; of a piece of one, which has a track and a start, that piece. */
static struct preview_of sound_of(struct rec *r)
{
    struct value path = rec_get(r, "path"), start = rec_get(r, "start"), seconds = rec_get(r, "seconds");
    bool good = (path.type == V_STR || path.type == V_BIN) && path.s.n && !memchr(path.s.p, '\0', path.s.n);
    bool piece = rec_find(r, "track") && start.type == V_FLOAT && start.f >= 0 && isfinite(start.f);
    return (struct preview_of){ good ? mem_text(path.s.p, path.s.n) : NULL, piece ? start.f : 0,
                                piece && seconds.type == V_FLOAT ? seconds.f : NAN };
}

static bool add_song(struct rec *r, const struct value *v, void *state)
{
    static size_t place_cap, sound_cap;
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
        if (!rec_find(r, "path"))
            return rec_lacks(r, "path", "; or give --audio none");
        mem_grow(&sound, &sound_cap, songs + 1, sizeof *sound);
        sound[songs] = sound_of(r);
    }
    mem_grow(&place, &place_cap, 2 * songs + 2, sizeof *place);
    memcpy(place + 2 * songs, row->x, 2 * sizeof *place);
    page_songs_add(fields, r);
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
        if (sound[i].path)
            warn("%s: no preview: %s", sound[i].path, why);
    }
    if (to->n > arg.max_size)
        die(ST_MEMORY, "the previews of %zu of %zu songs take over %.3g MB: give a shorter --preview, a larger --max-size"
            " or --audio link", i + 1, songs, (double)arg.max_size / (1 << 20));
    free(sound[i].path);
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
    if (!previews_make(sound, songs, arg.preview, (size_t)par_jobs, put_clip, to, why))
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
    history_pipeline(head, &made);
    str_char(to, '{');
    put_text(to, "made", made.n ? made.p : "");
    put_text(to, "audio", sounds[page_songs_have(fields, "path") ? arg.audio : PAGE_NONE]);
    put_text(to, "prefix", arg.prefix);
    if (arg.color)
        put_text(to, "color", arg.color);
    if (arg.name)
        put_text(to, "name", arg.name);
    str_text(to, "\"clips\":[");
    if (arg.audio == PAGE_EMBED)
        put_clips(to);
    str_printf(to, "],\"left\":%zu,\"silent\":%zu,\n\"xy\":[", left_out, silent);
    put_places(to);
    str_text(to, "],\n");
    page_songs_put(fields, to, &lost);
    str_char(to, '}');
    str_free(&made);
}

int main(int argc, char **argv)
{
    char **operands = opt_parse(&prog, argc, argv);
    struct rec_in *in = rec_open(&prog, operands, false);
    struct row row = { NULL, 0, 0 };
    struct str data = { NULL, 0, 0 };
    fields = page_songs_new();
    pass_each(in, &(struct pass){ .field = arg.in, .what = "songs", .only = true, .nil = true }, add_song, &row);
    put_data(&data, rec_head(in));
    struct line_out *out = line_create(arg.output);
    page_write(&out->text, arg.title ? arg.title : "Map of songs", &data, arg.audio);
    line_cut(out);
    line_finish(out);
    rec_close(in);
    str_free(&data);
    page_songs_free(fields);
    free(row.x);
    free(place);
    free(sound);
    if (songs == 0 && !progress_quiet)
        warn("no record has a %s: the page shows no song", arg.in);
    if (row.d > 2 && !progress_quiet)
        warn("%s has %zu columns: the page shows the first two", arg.in, row.d);
    if (silent)
        warn("songs without a preview: %zu", silent);
    if (lost.not_utf8)
        warn("bytes that are not UTF-8, written as U+FFFD: %zu", lost.not_utf8);
    return item_status();
}
