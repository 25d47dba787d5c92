/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drive/weights.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/die.h"
#include "base/io.h"
#include "base/str.h"

static const char *weights;

/* SIGBUS: they were cut. Of several threads the first says so. */
static void stop_cut(int unused)
{
    static atomic_flag said = ATOMIC_FLAG_INIT;
    (void)unused;
    while (atomic_flag_test_and_set(&said))
        pause();
    io_changed(weights);
}

static bool has(const char *dir, const char *name)
{
    struct str path = { NULL, 0, 0 };
    str_printf(&path, "%s/%s", dir, name);
    bool there = access(path.p, F_OK) == 0;
    free(path.p);
    return there;
}

const char *weights_guard(const char *dir, const char *holds)
{
    struct str path = { NULL, 0, 0 };
    struct stat s;
    if (stat(dir, &s) != 0)
        die(ST_STREAM, "%s: no such folder; nothing is fetched from a network: give the path of a model's folder", dir);
    if (!S_ISDIR(s.st_mode) || (!has(dir, "config.json") && !has(dir, "modules.json")))
        die(ST_STREAM, "%s: %s: %s", dir, S_ISDIR(s.st_mode) ? "no config.json in this folder" : "a file, not a folder", holds);
    str_printf(&path, "%s/model.safetensors", dir);
    weights = path.p;
    signal(SIGBUS, stop_cut);
    return weights;
}
