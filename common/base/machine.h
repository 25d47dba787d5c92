/* machine - how much memory there is, for this process
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef BASE_MACHINE_H
#define BASE_MACHINE_H

#include <stdbool.h>
#include <stddef.h>

/* Bytes of memory: the machine's, or what the process's control group (a container, a batch job) may
 * take where that is less; *of says which, "the machine's memory". Looked up once. */
size_t machine_memory(const char **of);

/* The least limit in bytes of the control groups that a list as /proc/self/cgroup names, and of those they
 * are in, under `root` as /sys/fs/cgroup; of version 2 (memory.max) or 1 (memory.limit_in_bytes). SIZE_MAX: none. */
size_t machine_group_limit(const char *list, const char *root);

/* Whether so many bytes of address space can be had now (ulimit -v, -d, no overcommitment). */
bool machine_maps(size_t bytes);

/* Whether the process's address space is limited. */
bool machine_limited(void);

#endif
