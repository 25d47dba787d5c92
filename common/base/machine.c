/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _DEFAULT_SOURCE         /* MAP_ANONYMOUS */
#include "base/machine.h"

#include <limits.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

/* The number in a file; SIZE_MAX if there is none, as where it says "max". */
static size_t number_in(const char *path)
{
    FILE *f = fopen(path, "r");
    unsigned long long n = 0;
    bool read = f && fscanf(f, "%llu", &n) == 1;
    if (f)
        fclose(f);
    return read ? (size_t)n : SIZE_MAX;
}

/* The least of a group and of those around it, up to the root. */
static size_t least_of(const char *root, const char *group, const char *file)
{
    char path[PATH_MAX];
    size_t least = SIZE_MAX, top = strlen(root);
    int n = snprintf(path, sizeof path, "%s%s", root, strcmp(group, "/") == 0 ? "" : group);
    for (size_t at = (size_t)n; n > 0 && at >= top && at + 32 < sizeof path; ) {
        snprintf(path + at, sizeof path - at, "/%s", file);
        size_t limit = number_in(path);
        least = limit < least ? limit : least;
        if (at == top)
            break;
        while (at > top && path[--at] != '/')
            ;
    }
    return least;
}

size_t machine_group_limit(const char *list, const char *root)
{
    char line[PATH_MAX], v1[PATH_MAX];
    size_t least = SIZE_MAX;
    FILE *f = fopen(list, "r");
    snprintf(v1, sizeof v1, "%s/memory", root);
    while (f && fgets(line, sizeof line, f)) {          /* number:controllers:/group */
        line[strcspn(line, "\n")] = '\0';
        char *controllers = strchr(line, ':'), *group = controllers ? strchr(controllers + 1, ':') : NULL;
        if (!group)
            continue;
        *group++ = '\0';
        size_t limit = strcmp(controllers, ":") == 0 ? least_of(root, group, "memory.max")
            : strcmp(controllers, ":memory") == 0 ? least_of(v1, group, "memory.limit_in_bytes") : SIZE_MAX;
        least = limit < least ? limit : least;
    }
    if (f)
        fclose(f);
    return least;
}

size_t machine_memory(const char **of)
{
    static atomic_size_t machine, group;        /* two threads that look at once find the same */
    if (!machine) {
        group = machine_group_limit("/proc/self/cgroup", "/sys/fs/cgroup");
        machine = (size_t)sysconf(_SC_PHYS_PAGES) * (size_t)sysconf(_SC_PAGESIZE);
    }
    *of = group < machine ? "the container's memory" : "the machine's memory";
    return group < machine ? group : machine;
}

bool machine_maps(size_t bytes)
{
    void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return p != MAP_FAILED && munmap(p, bytes) == 0;
}

static bool limited(int what)
{
    struct rlimit limit;
    return getrlimit(what, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY;
}

bool machine_limited(void)
{
    return limited(RLIMIT_AS) || limited(RLIMIT_DATA);
}
