/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "files/timed.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

/* Bytes of the digits at p. */
static size_t digits(const char *p, const char *end)
{
    size_t n = 0;
    while (p + n < end && is_digit(p[n]))
        n++;
    return n;
}

/* Bytes of a time at p: m:s, h:m:s, each with a fraction behind a point, comma or colon; 0. */
static size_t time_at(const char *p, const char *end)
{
    const char *s = p;
    size_t parts = 0;
    for (; parts < 4; parts++) {
        size_t n = digits(s, end);
        if (!n)
            return 0;
        s += n;
        if (s == end || (*s != ':' && *s != '.' && *s != ',') || !digits(s + 1, end))
            break;
        s++;
    }
    return parts ? (size_t)(s - p) : 0;
}

/* Bytes of a time between brackets at p; 0. */
static size_t stamp_at(const char *p, const char *end)
{
    char close = *p == '[' ? ']' : *p == '<' ? '>' : '\0';
    size_t n = close ? time_at(p + 1, end) : 0;
    return n && p + 1 + n < end && p[1 + n] == close ? n + 2 : 0;
}

/* Whether the line is [name:value], name in small letters. */
static bool is_tag(const char *p, const char *end)
{
    const char *s = p + 1;
    while (s < end && ((*s >= 'a' && *s <= 'z') || *s == '#'))
        s++;
    while (end > s && (end[-1] == ' ' || end[-1] == '\r'))
        end--;
    return p < end && *p == '[' && s > p + 1 && s < end && *s == ':' && end[-1] == ']';
}

/* Copy a line of .lrc without its stamps; returns the end of the copy. */
static char *put_lyrics(char *to, const char *p, const char *end)
{
    if (is_tag(p, end))
        return to;
    while (p < end) {
        size_t n = stamp_at(p, end);
        if (n)
            p += n;
        else
            *to++ = *p++;
    }
    return to;
}

/* Whether the line is that of a cue's times. */
static bool is_times(const char *p, const char *end)
{
    size_t n = time_at(p, end);
    while (n && p + n < end && p[n] == ' ')
        n++;
    return n && end - p - (ptrdiff_t)n > 3 && memcmp(p + n, "-->", 3) == 0;
}

/* Bytes of markup at p: <i>, </font>, <00:01.000>, {\an8}; 0. */
static size_t markup_at(const char *p, const char *end)
{
    if (end - p < 3 || (*p != '<' && *p != '{'))
        return 0;
    bool letter = (p[1] | 32) >= 'a' && (p[1] | 32) <= 'z';
    bool opens = *p == '{' ? p[1] == '\\' : letter || p[1] == '/' || time_at(p + 1, end);
    const char *close = opens ? memchr(p, *p == '<' ? '>' : '}', (size_t)(end - p)) : NULL;
    return close ? (size_t)(close - p) + 1 : 0;
}

static char *put_caption(char *to, const char *p, const char *end)
{
    while (p < end) {
        size_t n = markup_at(p, end);
        if (n)
            p += n;
        else
            *to++ = *p++;
    }
    return to;
}

static bool begins(const char *p, const char *end, const char *word)
{
    size_t n = strlen(word);
    return (size_t)(end - p) >= n && memcmp(p, word, n) == 0 && (p + n == end || strchr(" \t\r", p[n]));
}

/* Whether a line begins a block of WebVTT that nobody sees. */
static bool is_hidden(const char *p, const char *end, bool first)
{
    return first ? begins(p, end, "WEBVTT") : begins(p, end, "NOTE") || begins(p, end, "STYLE") || begins(p, end, "REGION");
}

size_t timed_strip(const char *path, char *text, size_t n)
{
    const char *suffix = strrchr(path, '.'), *end = text + n;
    bool lrc = suffix && strcasecmp(suffix, ".lrc") == 0, vtt = suffix && strcasecmp(suffix, ".vtt") == 0;
    bool fresh = true, hidden = false;      /* at the beginning of a block (a cue has its name there); in a hidden one */
    char *to = text;
    if (!lrc && !vtt && !(suffix && strcasecmp(suffix, ".srt") == 0))
        return n;
    for (const char *p = text, *next; p < end; p = next) {
        const char *line_end = memchr(p, '\n', (size_t)(end - p));
        next = line_end ? line_end + 1 : end;
        line_end = line_end ? line_end : end;
        const char *after = next < end ? memchr(next, '\n', (size_t)(end - next)) : NULL;
        bool blank = line_end == p || (line_end == p + 1 && *p == '\r');
        hidden = !blank && (hidden || (vtt && fresh && is_hidden(p, line_end, p == text)));
        size_t number = digits(p, line_end);
        bool name = fresh || (number && p + number >= line_end - 1 && (p + number == line_end || p[number] == '\r'));
        bool dropped = hidden || (!lrc && (is_times(p, line_end) || (name && is_times(next, after ? after : end))));
        fresh = blank;
        char *begin = to;
        if (!dropped)
            to = lrc ? put_lyrics(to, p, line_end) : put_caption(to, p, line_end);
        if (to > begin || (blank && !hidden)) {
            memmove(to, line_end, (size_t)(next - line_end));
            to += next - line_end;
        }
    }
    return (size_t)(to - text);
}
