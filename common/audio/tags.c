/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "audio/tags.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <mpg123.h>
#include <sndfile.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audio/sniff.h"
#include "base/utf8.h"

const char *const tag_names[TAG_COUNT] = { "title", "artist", "album", "genre", "year" };

/* The genres of ID3v1, by number (id3.org, ID3v1 and appendix A of ID3v2.3). */
static const char *const genres[] = {
    "Blues", "Classic Rock", "Country", "Dance", "Disco", "Funk", "Grunge", "Hip-Hop", "Jazz", "Metal", "New Age",
    "Oldies", "Other", "Pop", "R&B", "Rap", "Reggae", "Rock", "Techno", "Industrial", "Alternative", "Ska",
    "Death Metal", "Pranks", "Soundtrack", "Euro-Techno", "Ambient", "Trip-Hop", "Vocal", "Jazz+Funk", "Fusion",
    "Trance", "Classical", "Instrumental", "Acid", "House", "Game", "Sound Clip", "Gospel", "Noise", "AlternRock",
    "Bass", "Soul", "Punk", "Space", "Meditative", "Instrumental Pop", "Instrumental Rock", "Ethnic", "Gothic",
    "Darkwave", "Techno-Industrial", "Electronic", "Pop-Folk", "Eurodance", "Dream", "Southern Rock", "Comedy",
    "Cult", "Gangsta", "Top 40", "Christian Rap", "Pop/Funk", "Jungle", "Native American", "Cabaret", "New Wave",
    "Psychadelic", "Rave", "Showtunes", "Trailer", "Lo-Fi", "Tribal", "Acid Punk", "Acid Jazz", "Polka", "Retro",
    "Musical", "Rock & Roll", "Hard Rock",
};
enum { GENRES = sizeof genres / sizeof *genres };

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

/* "17", "(17)" and "(17)Rock" are a number, or the words behind it. */
static void name_genre(char *genre, size_t room)
{
    char *end = genre, *p = genre + (*genre == '(');
    if (!isdigit((unsigned char)*p))
        return;
    unsigned long n = strtoul(p, &end, 10);
    if (p > genre && *end == ')')
        end++;
    else if (p > genre)
        return;
    if (*end)
        memmove(genre, end, strlen(end) + 1);
    else if (n < GENRES)
        snprintf(genre, room, "%s", genres[n]);
}

static void find_year(char *date)
{
    for (char *p = date; *p; p++) {
        size_t n = strspn(p, "0123456789");
        if (n == 4) {
            memmove(date, p, 4);
            date[4] = '\0';
            return;
        }
        p += n ? n - 1 : 0;
    }
    *date = '\0';
}

static void of_mpeg(int fd, struct tags *t)
{
    mpg123_init();
    mpg123_handle *m = mpg123_new(NULL, NULL);
    mpg123_id3v1 *v1 = NULL;
    mpg123_id3v2 *v2 = NULL;
    long rate;
    int channels, encoding;
    if (!m || mpg123_param(m, MPG123_ADD_FLAGS, MPG123_QUIET, 0) != MPG123_OK || mpg123_open_fd(m, fd) != MPG123_OK ||
        mpg123_getformat(m, &rate, &channels, &encoding) != MPG123_OK || mpg123_id3(m, &v1, &v2) != MPG123_OK)
        return;
    if (v2) {
        const mpg123_string *const text[TAG_COUNT] = { v2->title, v2->artist, v2->album, v2->genre, v2->year };
        for (int i = 0; i < TAG_COUNT; i++)
            if (text[i] && text[i]->p)
                set(t, i, text[i]->p, text[i]->fill);
    }
    if (v1) {
        set(t, TAG_TITLE, v1->title, sizeof v1->title);
        set(t, TAG_ARTIST, v1->artist, sizeof v1->artist);
        set(t, TAG_ALBUM, v1->album, sizeof v1->album);
        set(t, TAG_YEAR, v1->year, sizeof v1->year);
        if (v1->genre < GENRES)
            set(t, TAG_GENRE, genres[v1->genre], 100);
    }
}

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
        if (s.kind == SNIFF_MPEG)
            of_mpeg(fd, &t);
        else
            of_sndfile(fd, &t);
        name_genre(t.text[TAG_GENRE], sizeof t.text[TAG_GENRE]);
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

bool tags_read(const char *path, const struct fence_limits *limits, struct tags *tags, char *why)
{
    struct fence f, *list[] = { &f };
    struct answer a = { tags, 0 };
    bool ready, whole;
    memset(tags, 0, sizeof *tags);
    char *copy = (char *)(uintptr_t)path;       /* the child only reads it */
    if (!fence_start(&f, limits, work, copy)) {
        snprintf(why, FENCE_WHY, "cannot start a process: %s", strerror(errno));
        return false;
    }
    do
        fence_wait(list, 1, &ready, -1, -1);
    while (!ready || fence_read(&f, got, &a));
    whole = fence_end(&f, why);
    for (int i = 0; i < TAG_COUNT; i++)
        tags->text[i][sizeof tags->text[i] - 1] = '\0';
    if (!whole)
        memset(tags, 0, sizeof *tags);
    return whole;
}
