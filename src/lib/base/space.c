/* SPDX-License-Identifier: MIT */
/* space.c - which file system a path is on, and how much of it is free. */
#include "base/fs.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

/* Cuts the last name off an absolute path; 0 when there is none left. */
static int up(char *path)
{
    char *slash = strrchr(path, '/');
    if (!slash || !slash[1])
        return 0;
    slash[slash == path] = '\0';
    return 1;
}

/* The topmost folder above `path`, links followed, that is on the same device: where its file system is mounted. */
static void mount_point(char path[PATH_MAX])
{
    struct stat here, above;
    char parent[PATH_MAX];
    if (stat(path, &here) != 0)
        return;
    memcpy(parent, path, strlen(path) + 1);
    while (up(parent) && stat(parent, &above) == 0 && above.st_dev == here.st_dev)
        memcpy(path, parent, strlen(parent) + 1);
}

int mo_fs_space(const char *path, mo_space *out)
{
    struct statvfs fs;
    *out = (mo_space){0};
    if (!realpath(path, out->point)) {
        if (errno != ENOENT || strlen(path) >= PATH_MAX)
            return -1;
        const char *slash = strrchr(path, '/'); /* a file that is not there yet: its folder says it */
        char folder[PATH_MAX];
        size_t length = slash ? (size_t)(slash - path) + 1 : 0;
        memcpy(folder, path, length);
        folder[length] = '\0';
        if (!realpath(length ? folder : ".", out->point))
            return -1;
    }
    if (statvfs(out->point, &fs) != 0)
        return -1;
    out->free_bytes = (int64_t)fs.f_bavail * (int64_t)fs.f_frsize;
    out->all_bytes = (int64_t)fs.f_blocks * (int64_t)fs.f_frsize;
    mount_point(out->point);
    return 0;
}
