/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drive/weights.h"

#include <signal.h>
#include <stdatomic.h>
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

const char *weights_guard(const char *dir)
{
    struct str path = { NULL, 0, 0 };
    if (access(dir, F_OK) != 0)
        die(ST_STREAM, "%s: no such folder; nothing is fetched from a network: give the path of a model's folder", dir);
    str_printf(&path, "%s/model.safetensors", dir);
    weights = path.p;
    signal(SIGBUS, stop_cut);
    return weights;
}
