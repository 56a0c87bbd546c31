/* SPDX-License-Identifier: MIT */
/* fs.h - files: reading whole, writing whole and safely, patterns. */
#ifndef MO_FS_H
#define MO_FS_H

#include <limits.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/region.h"

/* Reads a file whole into malloc'd memory, with a NUL behind it. "-" is standard input. IO with errno's text, NOMEM;
 * `max` is a limit in bytes. What must be waited for (a pipe, a terminal) is waited for as long as `patience` says: TIMEOUT,
 * CANCELLED. */
int mo_fs_read(const char *path, mo_patience patience, size_t max, char **out, size_t *length, mo_error *err);

/* Writes aside, fsyncs, renames: whoever looks sees the old content or the new. */
int mo_fs_write(const char *path, const char *data, size_t length, mo_error *err);

typedef MO_VEC(const char *) mo_path_list;
/* The files that a path stands for: itself, a folder's *.sql in order of name, or a glob's matches in order of name.
 * NOTFOUND when there is none. */
int mo_fs_expand(mo_region *r, const char *path, mo_path_list *out, mo_error *err);
int mo_fs_is_directory(const char *path);
int mo_fs_exists(const char *path);

/* A file system: where it is mounted, and its bytes. `free_bytes` are those that this account may still use. */
typedef struct mo_space {
    char point[PATH_MAX];
    int64_t free_bytes, all_bytes;
} mo_space;
/* That of a path, or of the folder of a file that is not there yet. 0; -1 with errno when it cannot be told. */
int mo_fs_space(const char *path, mo_space *out);

#endif
