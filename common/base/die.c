/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/die.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/progress.h"
#include "base/str.h"
#include "base/world.h"

const char *die_name = "songpipe";
void (*world_abandon)(int status);

/* One write, so that lines of several filters of a pipe do not mix. */
static void message(const char *format, va_list args)
{
    char line[2048], why[160] = "";
    int saved = errno;
    size_t end = strlen(format), used = strlen(die_name);
    if (end && format[end - 1] == ':')
        snprintf(why, sizeof why, " %s", strerror(saved));
    memcpy(line, die_name, used);
    memcpy(line + used, ": ", 2);
    used += 2;
    used += str_fit(line + used, sizeof line - used - sizeof why - 1, format, args);
    memcpy(line + used, why, strlen(why));
    used = str_clean(line, used + strlen(why), "");     /* a file's name may hold anything */
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
    if (world_abandon)
        world_abandon((int)status);
    _exit((int)status);
}
