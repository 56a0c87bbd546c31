/* SPDX-License-Identifier: MIT */
/* lock.h - a lock file: the kernel's lock on it is freed when its process ends, however that ends. */
#ifndef MO_LOCK_H
#define MO_LOCK_H

#include "base/error.h"

typedef struct mo_file_lock mo_file_lock;

/* Waits at most `seconds`; LOCKED (message names the owner), IO, PERMISSION, CANCELLED when *cancel becomes nonzero. `before`
 * gets what an owner that was killed had written (state LEFT), else state FREE. */
int mo_file_lock_take(mo_file_lock **out, const char *path, double seconds, const volatile int *cancel,
                      moult_lock_info *before, mo_error *err);
/* What the owner does now: one line, for others to read. -1 when it could not be written. */
int mo_file_lock_note(mo_file_lock *lock, const char *text);
/* Who has it, without waiting. IO, PERMISSION. */
int mo_file_lock_look(const char *path, moult_lock_info *out, mo_error *err);
/* Removes the file and lets go; takes NULL, never blocks, and frees `lock` in any case. IO or PERMISSION when the file could not be
 * removed, or is not there any more; the lock is free all the same. */
int mo_file_lock_release(mo_file_lock *lock, mo_error *err);

/* The name of the account that the process runs under, or "uid 1000". */
void mo_account(char *out, size_t size);

#endif
