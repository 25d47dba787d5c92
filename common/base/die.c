/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/die.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/progress.h"

const char *die_name = "songpipe";

/* One write, so that lines of several filters of a pipe do not mix. */
static void message(const char *format, va_list args)
{
    char line[2048];
    int saved = errno;
    size_t used = 0, room = sizeof line - 2;
    int n = snprintf(line, room, "%s: ", die_name);
    used = n < 0 ? 0 : (size_t)n < room ? (size_t)n : room - 1;
    n = vsnprintf(line + used, room - used, format, args);
    if (n > 0)
        used += (size_t)n < room - used ? (size_t)n : room - used - 1;
    size_t end = strlen(format);
    if (end && format[end - 1] == ':') {
        n = snprintf(line + used, room - used, " %s", strerror(saved));
        if (n > 0)
            used += (size_t)n < room - used ? (size_t)n : room - used - 1;
    }
    for (size_t i = 0; i < used; i++)       /* a file's name may hold anything */
        if ((unsigned char)line[i] < ' ' || line[i] == 127)
            line[i] = '?';
    line[used++] = '\n';
    progress_clear();
    if (write(STDERR_FILENO, line, used) < 0)
        return;                             /* nowhere left to say it */
}

void warn(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    message(format, args);
    va_end(args);
}

noreturn void die(enum status status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    message(format, args);
    va_end(args);
    io_abandon();
    _exit((int)status);
}
