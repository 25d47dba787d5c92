/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/progress.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/die.h"
#include "base/str.h"

bool progress_wanted, progress_quiet;

static struct {
    const char *what;
    size_t total;
    double start, drawn;
    bool on, shown;
} line;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

void progress_start(size_t total, const char *what)
{
    progress_clear();
    line.on = !progress_quiet && (progress_wanted || isatty(STDERR_FILENO));
    line.what = what;
    line.total = total;
    line.start = line.drawn = now();
}

void progress_at(size_t done, const char *note)
{
    if (!line.on)
        return;
    double t = now();
    if (t - line.drawn < 0.2)
        return;
    line.drawn = t;
    line.shown = true;
    double rate = (double)done / (t - line.start);
    char text[256];
    int n;
    if (line.total >= done && done) {
        double left = (double)(line.total - done) / rate;
        unsigned eta = left < 6e6 ? (unsigned)left : 6000000;
        n = snprintf(text, sizeof text, "\r\033[K%s: %zu of %zu %s, %.4g/s, %u:%02u left%s%s", die_name,
                     done, line.total, line.what, rate, eta / 60, eta % 60,
                     note ? "  " : "", note ? note : "");
    } else {
        n = snprintf(text, sizeof text, "\r\033[K%s: %zu %s, %.4g/s%s%s", die_name,
                     done, line.what, rate, note ? "  " : "", note ? note : "");
    }
    size_t used = n < 0 ? 0 : (size_t)n < sizeof text ? (size_t)n : sizeof text - 1;
    used = 4 + str_clean(text + 4, used - 4, "");
    if (write(STDERR_FILENO, text, used) < 0)
        line.on = false;
}

void progress_clear(void)
{
    if (!line.shown)
        return;
    line.shown = false;
    if (write(STDERR_FILENO, "\r\033[K", 4) < 0)
        line.on = false;
}
