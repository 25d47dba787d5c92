/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drive/heard.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/progress.h"
#include "base/str.h"
#include "stream/ids.h"

static struct ids *lines;               /* that were said */
static struct count { char *tool; const char *what; unsigned long long n; } *counts;
static size_t n_counts;

/* Whether it is a closing line of drive/item, "TOOL: NUMBER WHAT": then it is counted. */
static bool is_count(const char *line)
{
    static const char *const ends[] = { "without input skipped", "bad, left out", "bad, passed on with nil" };
    char tool[64];
    unsigned long long value;
    int at;
    if (sscanf(line, "%63[^:]: %llu %n", tool, &value, &at) != 2)
        return false;
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        if (strcmp(line + at, ends[i]) != 0)
            continue;
        struct count *c = counts;
        while (c < counts + n_counts && (strcmp(c->tool, tool) != 0 || c->what != ends[i]))
            c++;
        if (c == counts + n_counts) {
            counts = mem_resize(counts, n_counts + 1, sizeof *counts);
            c = counts + n_counts++;
            *c = (struct count){ mem_text(tool, strlen(tool)), ends[i], 0 };
        }
        c->n += value;
        return true;
    }
    return false;
}

void heard_say(const char *text, size_t n)
{
    lines = lines ? lines : ids_new();
    progress_clear();
    for (size_t size; n; text += size, n -= size) {
        const char *feed = memchr(text, '\n', n);
        size_t length = feed ? (size_t)(feed - text) : n;
        struct text as_id = { text, length };
        char *line = mem_text(text, length);
        size = feed ? length + 1 : n;
        line[str_clean(line, length, "\t")] = '\0';
        if (!is_count(line) && ids_add(lines, as_id, 0))
            fprintf(stderr, "%s\n", line);
        free(line);
    }
}

void heard_end(void)
{
    for (struct count *c = counts; c < counts + n_counts; c++) {
        fprintf(stderr, "%s: %llu %s\n", c->tool, c->n, c->what);
        free(c->tool);
    }
    free(counts);
    counts = NULL;
    n_counts = 0;
    ids_free(lines);
    lines = NULL;
}
