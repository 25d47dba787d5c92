/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "files/msd.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static const struct { const char *name, *field; bool text; } values[] = {
    { "analysis/songs.track_id", "id", true }, { "metadata/songs.title", "title", true },
    { "metadata/songs.artist_name", "artist", true }, { "metadata/songs.release", "album", true },
    { "musicbrainz/songs.year", "year", false }, { "analysis/songs.tempo", "tempo", false },
    { "analysis/songs.key", "key", false }, { "analysis/songs.mode", "mode", false },
    { "analysis/songs.loudness", "loudness", false }, { "analysis/songs.duration", "duration", false },
};
static const struct { const char *name, *begin, *field; bool text; size_t width; } arrays[] = {
    { "metadata/artist_terms", "metadata/songs.idx_artist_terms", "tags", true, 1 },
    { "analysis/segments_timbre", "analysis/songs.idx_segments_timbre", "timbre", false, 12 },
    { "analysis/segments_pitches", "analysis/songs.idx_segments_pitches", "pitches", false, 12 },
    { "analysis/segments_start", "analysis/songs.idx_segments_start", "segments_start", false, 1 },
};
enum { VALUES = sizeof values / sizeof *values, ARRAYS = sizeof arrays / sizeof *arrays };

struct msd {
    struct hdf5_column *value[VALUES], *array[ARRAYS], *begin[ARRAYS];
    size_t songs;
    float *numbers;
    size_t cap;
};

/* A column that holds what it should; else NULL. */
static struct hdf5_column *column(struct hdf5 *f, const char *name, bool text, size_t width, char *why)
{
    struct hdf5_column *c = hdf5_column(f, name, why);
    if (c && (c->kind == HDF5_TEXT) != text)
        return snprintf(why, HDF5_WHY, "%s holds %s", name, text ? "numbers, not texts" : "texts, not numbers"), NULL;
    if (c && (c->width != width || c->ndim != (width > 1)))
        return snprintf(why, HDF5_WHY, "%s has not %zu number%s a row", name, width, width == 1 ? "" : "s"), NULL;
    return c;
}

struct msd *msd_open(struct hdf5 *f, size_t *songs, char *why)
{
    struct msd *m = mem_zero(1, sizeof *m);
    for (size_t i = 0; i < VALUES; i++) {
        if (!(m->value[i] = column(f, values[i].name, values[i].text, 1, why)))
            return NULL;
        if (m->value[i]->rows != m->value[0]->rows)
            return snprintf(why, HDF5_WHY, "%s has %zu songs, %s %zu", values[i].name, m->value[i]->rows, values[0].name,
                            m->value[0]->rows), NULL;
    }
    *songs = m->songs = m->value[0]->rows;
    for (size_t i = 0; i < ARRAYS; i++) {
        m->array[i] = column(f, arrays[i].name, arrays[i].text, arrays[i].width, why);
        m->begin[i] = m->array[i] ? column(f, arrays[i].begin, false, 1, why) : NULL;
        if (!m->begin[i])
            return NULL;
        if (m->begin[i]->rows != m->songs || m->begin[i]->kind != HDF5_INT)
            return snprintf(why, HDF5_WHY, "%s is not a whole number for each song", arrays[i].begin), NULL;
    }
    return m;
}

static bool set_value(struct msd *m, size_t which, size_t song, struct rec *r)
{
    struct hdf5_column *c = m->value[which];
    const char *field = values[which].field;
    size_t i;
    if (!hdf5_row(c, song, &i))
        return rec_error(r, "%s cannot be read: the file is damaged", values[which].name);
    if (c->kind == HDF5_TEXT) {
        struct text t = hdf5_text(c, i);
        if (which == 0 && !t.n)
            return rec_error(r, "the song has no track_id");
        if (which == 0)
            rec_begin(r, t.p, t.n);
        else if (t.n)
            rec_set_str(r, field, t.p, t.n);
        else
            rec_set_nil(r, field);
    } else if (c->kind == HDF5_INT && (hdf5_int(c, i) > 0 || strcmp(field, "year") != 0)) {
        rec_set_int(r, field, hdf5_int(c, i));
    } else if (c->kind == HDF5_REAL && isfinite(hdf5_real(c, i))) {
        rec_set_f64(r, field, hdf5_real(c, i));
    } else {
        rec_set_nil(r, field);          /* the year 0, NaN: not known */
    }
    return true;
}

/* The rows [*first, *last) of an array that are a song's. */
static bool range(struct msd *m, size_t which, size_t song, struct rec *r, size_t *first, size_t *last)
{
    struct hdf5_column *c = m->begin[which];
    size_t rows = m->array[which]->rows, i;
    int64_t begin = 0, end = (int64_t)rows;
    bool good = hdf5_row(c, song, &i);
    if (good)
        begin = hdf5_int(c, i);
    if (good && song + 1 < m->songs && rows && (good = hdf5_row(c, song + 1, &i)))
        end = hdf5_int(c, i);
    if (!good)
        return rec_error(r, "%s cannot be read: the file is damaged", arrays[which].begin);
    if (begin < 0 || begin > end || (uint64_t)end > rows)
        return rec_error(r, "%s: rows %lld to %lld of %zu", arrays[which].begin, (long long)begin, (long long)end, rows);
    *first = (size_t)begin;
    *last = (size_t)end;
    return true;
}

static void set_texts(const struct hdf5_column *c, size_t n, const char *field, struct rec *r)
{
    struct msg_buf buf = { NULL, 0, 0 };
    msgpack_packer pk = msg_packer(&buf);
    msgpack_pack_array(&pk, n);
    for (size_t i = 0; i < n; i++) {
        struct text t = hdf5_text(c, i);
        msg_put_str(&pk, t.p, t.n);
    }
    rec_set_raw(r, field, buf.p, buf.n);
    msg_free(&buf);
}

static bool set_array(struct msd *m, size_t which, size_t song, struct rec *r)
{
    struct hdf5_column *c = m->array[which];
    const char *field = arrays[which].field;
    size_t first = 0, last = 0;
    if (!range(m, which, song, r, &first, &last))
        return false;
    size_t n = last - first;
    if (!n) {
        rec_set_nil(r, field);
        return true;
    }
    if (n > frame_max / 64)
        return rec_error(r, "%s: %zu rows of one song are more than --max-record allows", arrays[which].name, n);
    if (!hdf5_read(c, first, n))
        return rec_error(r, "%s cannot be read: the file is damaged", arrays[which].name);
    if (arrays[which].text) {
        set_texts(c, n, field, r);
    } else if (c->ndim) {
        rec_set_tensor(r, field, T_F4, 2, (size_t[]){ n, c->width }, hdf5_floats(c, 0));
    } else {
        mem_grow(&m->numbers, &m->cap, n, sizeof *m->numbers);
        for (size_t i = 0; i < n; i++)
            m->numbers[i] = (float)hdf5_real(c, i);
        rec_set_vector(r, field, m->numbers, n);
    }
    return true;
}

bool msd_song(struct msd *m, size_t i, struct rec *r)
{
    bool good = true;
    for (size_t v = 0; v < VALUES && good; v++)
        good = set_value(m, v, i, r);
    for (size_t a = 0; a < ARRAYS && good; a++)
        good = set_array(m, a, i, r);
    return good;
}
