/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "audio/tags.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <sndfile.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <tag_c.h>
#include <unistd.h>

#include "audio/sniff.h"
#include "base/utf8.h"

const char *const tag_names[TAG_COUNT] = { "title", "artist", "album", "genre", "year" };

/* Set a tag, if there is none: text that is not UTF-8 is taken for Latin-1; it ends at a NUL,
 * blanks at its end go. */
static void set(struct tags *t, int tag, const char *p, size_t most)
{
    size_t n = 0, used = 0;
    char *to = t->text[tag];
    while (n < most && p[n])
        n++;
    while (n && isspace((unsigned char)p[n - 1]))
        n--;
    if (*to || !n)
        return;
    bool utf8 = utf8_valid(p, n);
    for (size_t i = 0; i < n && used + 5 < sizeof t->text[tag]; ) {
        size_t size = utf8 ? utf8_size(p + i, n - i) : 1;
        if (utf8)
            memcpy(to + used, p + i, size);
        used += utf8 ? size : utf8_put((uint8_t *)to + used, (uint8_t)p[i]);
        i += size;
    }
    to[used] = '\0';
}

/* TagLib's C functions choose by the file's name, or by what they are told: the content says it
 * where they have a word for that, else (WAV, AIFF, APE, Opus) the name. */
static TagLib_File *open_tags(const char *path, enum sniff_kind kind)
{
    switch (kind) {
    case SNIFF_MPEG: return taglib_file_new_type(path, TagLib_File_MPEG);
    case SNIFF_FLAC: return taglib_file_new_type(path, TagLib_File_FLAC);
    case SNIFF_VORBIS: return taglib_file_new_type(path, TagLib_File_OggVorbis);
    case SNIFF_OGG_FLAC: return taglib_file_new_type(path, TagLib_File_OggFlac);
    case SNIFF_MP4: return taglib_file_new_type(path, TagLib_File_MP4);
    case SNIFF_WAVPACK: return taglib_file_new_type(path, TagLib_File_WavPack);
    case SNIFF_OTHER: return taglib_file_new(path);
    }
    return NULL;
}

static void of_taglib(const char *path, enum sniff_kind kind, struct tags *t)
{
    TagLib_File *f = open_tags(path, kind);
    if (!f || !taglib_file_is_valid(f))
        return;
    const TagLib_Tag *tag = taglib_file_tag(f);
    if (!tag)
        return;
    const char *text[TAG_YEAR] = { taglib_tag_title(tag), taglib_tag_artist(tag), taglib_tag_album(tag),
                                   taglib_tag_genre(tag) };
    for (int i = 0; i < TAG_YEAR; i++)
        if (text[i])
            set(t, i, text[i], sizeof t->text[i]);
    char year[16];
    unsigned number = taglib_tag_year(tag);
    if (number)
        set(t, TAG_YEAR, year, (size_t)snprintf(year, sizeof year, "%u", number));
}

/* The first number of four digits; eight are a date without lines between. */
static void find_year(char *date)
{
    for (char *p = date; *p; p++) {
        size_t n = strspn(p, "0123456789");
        if (n == 4 || n == 8) {
            memmove(date, p, 4);
            date[4] = '\0';
            return;
        }
        p += n ? n - 1 : 0;
    }
    *date = '\0';
}

/* What TagLib does not know (CAF, W64, a WAV file of another name) or does not take for text (Latin-1
 * in a WAV file). */
static void of_sndfile(int fd, struct tags *t)
{
    static const int kinds[TAG_COUNT] = { SF_STR_TITLE, SF_STR_ARTIST, SF_STR_ALBUM, SF_STR_GENRE, SF_STR_DATE };
    SF_INFO info = { 0 };
    SNDFILE *s = sf_open_fd(fd, SFM_READ, &info, SF_FALSE);
    for (int i = 0; s && i < TAG_COUNT; i++) {
        const char *text = sf_get_string(s, kinds[i]);
        if (text)
            set(t, i, text, 4096);
    }
}

static void work(int to, void *state)
{
    struct tags t;
    struct stat st;
    struct sniff s;
    memset(&t, 0, sizeof t);
    int fd = open(state, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && sniff(fd, &s)) {
        of_taglib(state, s.kind, &t);
        find_year(t.text[TAG_YEAR]);        /* "31.12.1999" is 31 for TagLib */
        if (s.kind != SNIFF_MPEG)
            of_sndfile(fd, &t);
        find_year(t.text[TAG_YEAR]);
    }
    fence_send(to, 0, &t, sizeof t);
}

struct answer { struct tags *tags; size_t n; };

static void got(int kind, const void *p, size_t n, bool last, void *state)
{
    struct answer *a = state;
    (void)kind;
    (void)last;
    if (n > sizeof *a->tags - a->n)
        n = sizeof *a->tags - a->n;
    memcpy((char *)a->tags + a->n, p, n);
    a->n += n;
}

enum tags_got tags_read(const char *path, const struct fence_limits *limits, struct tags *tags, char *why)
{
    struct fence f, *list[] = { &f };
    struct answer a = { tags, 0 };
    bool ready, whole;
    memset(tags, 0, sizeof *tags);
    char *copy = (char *)(uintptr_t)path;       /* the child only reads it */
    if (!fence_start(&f, limits, work, copy)) {
        snprintf(why, FENCE_WHY, "cannot start a process: %s", strerror(errno));
        return TAGS_LACK;
    }
    do
        fence_wait(list, 1, &ready, -1, -1);
    while (!ready || fence_read(&f, got, &a));
    whole = fence_end(&f, why);
    for (int i = 0; i < TAG_COUNT; i++)
        tags->text[i][sizeof tags->text[i] - 1] = '\0';
    if (!whole)
        memset(tags, 0, sizeof *tags);
    return whole ? TAGS_READ : f.killed ? TAGS_LACK : TAGS_BROKEN;
}
