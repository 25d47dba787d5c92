/* to-m3u - write playlists, of all songs or one for each cluster
 *
 * in      records with a path; title, artist, seconds, distance, a vector, where they are there
 * out     text: extended M3U in UTF-8, to stdout or a file for each group
 * memory  path and title of each record; with --order path the vectors
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#define _XOPEN_SOURCE 700         /* realpath */
#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/die.h"
#include "base/io.h"
#include "base/mem.h"
#include "drive/pass.h"
#include "drive/row.h"
#include "files/line.h"
#include "files/playlist.h"
#include "layout/tour.h"
#include "stream/ids.h"
#include "stream/value.h"

enum { CENTRE, PATH, STREAM };
enum { MOST_FILES = 4096 };    /* each is one pass over the songs */

static struct {
    const char *by, *dir, *in, *apart, *distance;
    int order;
    bool force, missing;
} arg = { .distance = "distance" };

static const struct opt opts[] = {
    OPT_STR('b', "by", &arg.by, "FIELD", "a playlist for each value of FIELD"),
    OPT_STR('d', "dir", &arg.dir, "DIR", "write each playlist to a file in DIR, which is made"),
    OPT_CHOICE(0, "order", &arg.order, "centre|path|stream", "nearest to the centre first, or by short ways from song to song"),
    OPT_STR(0, "distance", &arg.distance, "FIELD", "the distance from the centre"),
    OPT_STR('i', "input", &arg.in, "FIELD", "vector for --order path; without it xy, or else x"),
    OPT_STR(0, "apart", &arg.apart, "FIELD", "no two in a row with the same FIELD, if that can be had"),
    OPT_FLAG(0, "missing", &arg.missing, "list files that are not there, too"),
    OPT_FLAG('f', "force", &arg.force, "write into a folder that has files"),
    NEEDS("distance", "order=centre"),
    NEEDS("input", "order=path"),
    NEEDS("force", "dir"),
    OPT_END
};
static const struct opt *const also[] = { item_opts, rec_in_opts, NULL };
static const struct prog prog = {
    .name = "to-m3u", .brief = "write playlists, of all songs or one for each cluster", .example = "--missing",
    .in = IO_RECORDS, .out = IO_TEXT, .reads = "path label", .writes = "a playlist", .opts = opts, .also = also,
};

static struct song { char *path, *line; double distance; uint32_t group; } *songs;
static size_t n_songs, cap_songs, cap_x, cap_artist;
static float *x;                /* x[n_songs][row.d], with --order path */
static struct row row;
static uint32_t *artist;        /* of each song, with --apart; TOUR_ALONE where it has none */
static struct names groups, artists;

/* ---- reading ---- */

static bool read_path(struct rec *r, const struct value *v)
{
    if ((v->type != V_STR && v->type != V_BIN) || v->s.n == 0)
        return rec_error(r, "path is not text");
    if (memchr(v->s.p, '\n', v->s.n) || memchr(v->s.p, '\r', v->s.n) || memchr(v->s.p, '\0', v->s.n))
        return rec_error(r, "its path has a line break or NUL in it: no line of a playlist");
    songs[n_songs].path = mem_text(v->s.p, v->s.n);
    if (!arg.missing && access(songs[n_songs].path, F_OK) != 0)
        return rec_error(r, "%s: %s", SHORT(v->s.p, v->s.n), strerror(errno));
    return true;
}

/* Its line #EXTINF: seconds, artist and title; a song without title goes by the name of its file. */
static char *extinf(const struct rec *r, const char *path)
{
    struct value seconds = rec_get(r, "seconds"), who = rec_get(r, "artist"), title = rec_get(r, "title");
    double s = seconds.type == V_FLOAT ? seconds.f : seconds.type == V_INT ? (double)seconds.i : -1;
    struct str to = { NULL, 0, 0 };
    const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
    str_printf(&to, "#EXTINF:%.0f,", s >= 0 && s < 1e9 ? s : -1.);
    if (who.type == V_STR && who.s.n) {
        playlist_text(&to, who.s.p, who.s.n, STR_SHORT);
        str_text(&to, " - ");
    }
    if (title.type == V_STR && title.s.n)
        playlist_text(&to, title.s.p, title.s.n, STR_SHORT);
    else
        playlist_text(&to, name, strlen(name), STR_SHORT);
    return to.p;
}

/* The song's row for --order path. */
static bool read_vector(struct rec *r)
{
    struct value v;
    if (!arg.in)
        arg.in = rec_find(r, "xy") ? "xy" : "x";
    if (!rec_need(r, arg.in, &v) || !row_read(r, arg.in, &v, NULL, &row))
        return false;
    mem_grow(&x, &cap_x, mem_mul(n_songs + 1, row.d), sizeof *x);
    memcpy(x + n_songs * row.d, row.x, row.d * sizeof *x);
    return true;
}

static bool read_song(struct rec *r, const struct value *path, void *state)
{
    struct value by, v;
    (void)state;
    mem_grow(&songs, &cap_songs, n_songs + 1, sizeof *songs);
    struct song *s = songs + n_songs;
    *s = (struct song){ .distance = (double)INFINITY };
    if ((arg.by && (!rec_need(r, arg.by, &by) || !value_number(r, arg.by, &by, &groups, &s->group))) ||
        !read_path(r, path) || (arg.order == PATH && !read_vector(r))) {
        free(s->path);
        return false;
    }
    s->line = extinf(r, s->path);
    v = rec_get(r, arg.distance);
    if (v.type == V_INT || (v.type == V_FLOAT && !isnan(v.f)))
        s->distance = v.type == V_INT ? (double)v.i : v.f;
    if (arg.apart) {
        mem_grow(&artist, &cap_artist, n_songs + 1, sizeof *artist);
        v = rec_get(r, arg.apart);
        artist[n_songs] = value_is_label(&v) ? (uint32_t)value_name(&artists, &v) : TOUR_ALONE;
    }
    n_songs++;
    return true;
}

/* ---- writing ---- */

static int nearer(const void *a, const void *b)
{
    size_t i = *(const size_t *)a, k = *(const size_t *)b;
    double x1 = songs[i].distance, x2 = songs[k].distance;
    return x1 != x2 ? (x1 < x2 ? -1 : 1) : (i > k) - (i < k);
}

/* Put the songs order[n] of a group in the order that was asked for. */
static void arrange(size_t *order, size_t n)
{
    if (arg.order != STREAM)
        qsort(order, n, sizeof *order, nearer);
    if (arg.order == PATH && n > TOUR_MOST)
        die(ST_STOPPED, "%zu songs in a playlist are too many for --order path, which takes %d: --by?", n, TOUR_MOST);
    if (arg.order == PATH)
        tour_short(x, row.d, order, n);
    if (arg.apart)
        tour_apart(artist, (uint32_t)artists.n, order, n);
}

/* What the group is called: its text; of a number, true and false with the field in front. */
static void put_title(struct str *to, size_t group)
{
    const struct name *name = groups.v + group;
    if (name->kind != NAME_TEXT)
        str_printf(to, "%s ", arg.by);
    str_put(to, name->text, name->len);
}

/* The song's two lines, its path as it leads from the folder `here` (NULL: as it came). */
static void put_song(struct line_out *out, const struct song *s, const char *here)
{
    const char *slash = strrchr(s->path, '/'), *name = slash ? slash + 1 : s->path;
    char *given = slash ? mem_text(s->path, (size_t)(name - s->path)) : mem_text("./", 2);
    char *folder = here ? realpath(given, NULL) : NULL;
    struct str place = { NULL, 0, 0 };
    if (folder) {
        playlist_way(&place, here, folder);
        str_text(&place, name);
    } else {
        if (here && s->path[0] != '/') {        /* a folder that is not there: from the one we are in */
            free(given);
            playlist_way(&place, here, given = realpath(".", NULL));
        }
        str_text(&place, s->path);
    }
    str_text(&out->text, s->line);
    line_end(out);
    str_text(&out->text, strchr("# \t", place.p[0]) ? "./" : "");      /* else it would be a comment */
    str_put(&out->text, place.p, place.n);
    line_end(out);
    str_free(&place);
    free(folder);
    free(given);
}

/* The path of a group's file; the caller's to free. */
static char *file_of(size_t group, struct ids *taken)
{
    struct str to = { NULL, 0, 0 }, title = { NULL, 0, 0 };
    if (arg.by)
        put_title(&title, group);
    else
        str_text(&title, "songs");
    str_printf(&to, "%s/", arg.dir);
    size_t folder = to.n;
    playlist_name(&to, title.p, title.n);
    size_t end = to.n;
    for (size_t same = 2; !playlist_take(taken, to.p + folder, to.n - folder); same++) {
        to.n = end;
        str_printf(&to, " (%zu)", same);
    }
    str_text(&to, ".m3u8");
    str_free(&title);
    return to.p;
}

static void put_group(struct line_out *out, size_t group, size_t *order, size_t n, const char *here)
{
    arrange(order, n);
    if (arg.by) {
        struct str title = { NULL, 0, 0 };
        put_title(&title, group);
        str_text(&out->text, here ? "#PLAYLIST:" : "#EXTGRP:");
        playlist_text(&out->text, title.p, title.n, STR_SHORT);
        line_end(out);
        str_free(&title);
    }
    for (size_t i = 0; i < n; i++)
        put_song(out, songs + order[i], here);
}

static struct line_out *begin(const char *path)
{
    struct line_out *out = line_create(path);
    str_text(&out->text, "#EXTM3U");
    line_end(out);
    return out;
}

/* Die if --dir has files that nobody said may go. */
static void look_at_folder(void)
{
    DIR *d = arg.dir ? opendir(arg.dir) : NULL;
    if (arg.dir && !d && errno != ENOENT)
        die(ST_STOPPED, "%s:", arg.dir);
    for (const struct dirent *e; d && (e = readdir(d)); )
        if (!arg.force && strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
            die(ST_STOPPED, "%s has files already: give another --dir, or --force to write among them", arg.dir);
    if (d)
        closedir(d);
}

static void free_all(void)
{
    for (size_t i = 0; i < n_songs; i++) {
        free(songs[i].path);
        free(songs[i].line);
    }
    free(songs);
    free(x);
    free(row.x);
    free(artist);
    names_free(&groups);
    names_free(&artists);
}

int main(int argc, char **argv)
{
    item_on_error = ON_ERROR_SKIP;
    struct rec_in *in = rec_open(&prog, opt_parse(&prog, argc, argv), false);
    look_at_folder();
    pass_each(in, &(struct pass){ .field = "path", .only = true }, read_song, NULL);
    rec_close(in);
    size_t n_groups = arg.by ? groups.n : n_songs > 0, *order = mem_new(n_songs, sizeof *order);
    if (n_groups > MOST_FILES)
        die(ST_STOPPED, "%s has %zu values, too many for a playlist each: at most %d", arg.by, n_groups, MOST_FILES);
    char *here = NULL, **path = mem_zero(n_groups, sizeof *path);
    if (arg.dir && ((mkdir(arg.dir, 0777) != 0 && errno != EEXIST) || !(here = realpath(arg.dir, NULL))))
        die(ST_STOPPED, "%s:", arg.dir);
    struct ids *taken = ids_new();
    for (size_t g = 0; arg.dir && g < n_groups; g++)
        io_writes(path[g] = file_of(g, taken));
    struct line_out *out = arg.dir ? NULL : begin(NULL);
    for (size_t g = 0; g < n_groups; g++) {
        size_t n = 0;
        for (size_t i = 0; i < n_songs; i++)
            if (songs[i].group == g)
                order[n++] = i;
        if (path[g])
            out = begin(path[g]);
        put_group(out, g, order, n, here);
        if (path[g])
            line_finish(out);
    }
    if (!arg.dir)
        line_finish(out);
    free_all();
    ids_free(taken);
    free(order);
    free(here);
    free(path);             /* base/io has its texts */
    return item_status();
}
