/* SPDX-License-Identifier: MIT */
/* error.c - SQLite's result codes in our words: which of our codes each is, its name, and what a person can do. */
#include "dialect/sqlite/sqlite.h"

#include <errno.h>
#include <string.h>

#define CODES(X)                                                                                                       \
    X(SQLITE_OK)                                                                                                       \
    X(SQLITE_ERROR)                                                                                                    \
    X(SQLITE_INTERNAL)                                                                                                 \
    X(SQLITE_PERM)                                                                                                     \
    X(SQLITE_ABORT)                                                                                                    \
    X(SQLITE_BUSY)                                                                                                     \
    X(SQLITE_LOCKED)                                                                                                   \
    X(SQLITE_NOMEM)                                                                                                    \
    X(SQLITE_READONLY)                                                                                                 \
    X(SQLITE_INTERRUPT)                                                                                                \
    X(SQLITE_IOERR)                                                                                                    \
    X(SQLITE_CORRUPT)                                                                                                  \
    X(SQLITE_NOTFOUND)                                                                                                 \
    X(SQLITE_FULL)                                                                                                     \
    X(SQLITE_CANTOPEN)                                                                                                 \
    X(SQLITE_PROTOCOL)                                                                                                 \
    X(SQLITE_EMPTY)                                                                                                    \
    X(SQLITE_SCHEMA)                                                                                                   \
    X(SQLITE_TOOBIG)                                                                                                   \
    X(SQLITE_CONSTRAINT)                                                                                               \
    X(SQLITE_MISMATCH)                                                                                                 \
    X(SQLITE_MISUSE)                                                                                                   \
    X(SQLITE_NOLFS)                                                                                                    \
    X(SQLITE_AUTH)                                                                                                     \
    X(SQLITE_FORMAT)                                                                                                   \
    X(SQLITE_RANGE)                                                                                                    \
    X(SQLITE_NOTADB)                                                                                                   \
    X(SQLITE_ERROR_MISSING_COLLSEQ)                                                                                    \
    X(SQLITE_ERROR_RETRY)                                                                                              \
    X(SQLITE_ERROR_SNAPSHOT)                                                                                           \
    X(SQLITE_IOERR_READ)                                                                                               \
    X(SQLITE_IOERR_SHORT_READ)                                                                                         \
    X(SQLITE_IOERR_WRITE)                                                                                              \
    X(SQLITE_IOERR_FSYNC)                                                                                              \
    X(SQLITE_IOERR_DIR_FSYNC)                                                                                          \
    X(SQLITE_IOERR_TRUNCATE)                                                                                           \
    X(SQLITE_IOERR_FSTAT)                                                                                              \
    X(SQLITE_IOERR_UNLOCK)                                                                                             \
    X(SQLITE_IOERR_RDLOCK)                                                                                             \
    X(SQLITE_IOERR_DELETE)                                                                                             \
    X(SQLITE_IOERR_NOMEM)                                                                                              \
    X(SQLITE_IOERR_ACCESS)                                                                                             \
    X(SQLITE_IOERR_CHECKRESERVEDLOCK)                                                                                  \
    X(SQLITE_IOERR_LOCK)                                                                                               \
    X(SQLITE_IOERR_CLOSE)                                                                                              \
    X(SQLITE_IOERR_SHMOPEN)                                                                                            \
    X(SQLITE_IOERR_SHMSIZE)                                                                                            \
    X(SQLITE_IOERR_SHMLOCK)                                                                                            \
    X(SQLITE_IOERR_SHMMAP)                                                                                             \
    X(SQLITE_IOERR_SEEK)                                                                                               \
    X(SQLITE_IOERR_DELETE_NOENT)                                                                                       \
    X(SQLITE_IOERR_MMAP)                                                                                               \
    X(SQLITE_IOERR_GETTEMPPATH)                                                                                        \
    X(SQLITE_IOERR_CONVPATH)                                                                                           \
    X(SQLITE_IOERR_DATA)                                                                                               \
    X(SQLITE_IOERR_CORRUPTFS)                                                                                          \
    X(SQLITE_LOCKED_SHAREDCACHE)                                                                                       \
    X(SQLITE_LOCKED_VTAB)                                                                                              \
    X(SQLITE_BUSY_RECOVERY)                                                                                            \
    X(SQLITE_BUSY_SNAPSHOT)                                                                                            \
    X(SQLITE_BUSY_TIMEOUT)                                                                                             \
    X(SQLITE_CANTOPEN_NOTEMPDIR)                                                                                       \
    X(SQLITE_CANTOPEN_ISDIR)                                                                                           \
    X(SQLITE_CANTOPEN_FULLPATH)                                                                                        \
    X(SQLITE_CANTOPEN_CONVPATH)                                                                                        \
    X(SQLITE_CANTOPEN_SYMLINK)                                                                                         \
    X(SQLITE_CORRUPT_VTAB)                                                                                             \
    X(SQLITE_CORRUPT_SEQUENCE)                                                                                         \
    X(SQLITE_CORRUPT_INDEX)                                                                                            \
    X(SQLITE_READONLY_RECOVERY)                                                                                        \
    X(SQLITE_READONLY_CANTLOCK)                                                                                        \
    X(SQLITE_READONLY_ROLLBACK)                                                                                        \
    X(SQLITE_READONLY_DBMOVED)                                                                                         \
    X(SQLITE_READONLY_CANTINIT)                                                                                        \
    X(SQLITE_READONLY_DIRECTORY)                                                                                       \
    X(SQLITE_ABORT_ROLLBACK)                                                                                           \
    X(SQLITE_CONSTRAINT_CHECK)                                                                                         \
    X(SQLITE_CONSTRAINT_COMMITHOOK)                                                                                    \
    X(SQLITE_CONSTRAINT_FOREIGNKEY)                                                                                    \
    X(SQLITE_CONSTRAINT_FUNCTION)                                                                                      \
    X(SQLITE_CONSTRAINT_NOTNULL)                                                                                       \
    X(SQLITE_CONSTRAINT_PRIMARYKEY)                                                                                    \
    X(SQLITE_CONSTRAINT_TRIGGER)                                                                                       \
    X(SQLITE_CONSTRAINT_UNIQUE)                                                                                        \
    X(SQLITE_CONSTRAINT_VTAB)                                                                                          \
    X(SQLITE_CONSTRAINT_ROWID)                                                                                         \
    X(SQLITE_CONSTRAINT_PINNED)                                                                                        \
    X(SQLITE_CONSTRAINT_DATATYPE)                                                                                      \
    X(SQLITE_AUTH_USER)

static const char *name_of(int rc)
{
    switch (rc) {
#define CASE(code)                                                                                                     \
    case code:                                                                                                         \
        return #code;
        CODES(CASE)
#undef CASE
    default:
        return NULL;
    }
}

const char *mo_sqlite_code_name(int rc)
{
    const char *name = name_of(rc);

    if (!name) {
        name = name_of(rc & 0xff);
    }
    return name ? name : "SQLITE_UNKNOWN";
}

/* Which of our codes a result code is. */
static int code_of(int rc)
{
    switch (rc & 0xff) {
    case SQLITE_NOMEM:
        return MOULT_NOMEM;
    case SQLITE_BUSY:
        return MOULT_LOCKED;
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
        return MOULT_PERMISSION;
    case SQLITE_IOERR:
        return rc == SQLITE_IOERR_NOMEM ? MOULT_NOMEM : MOULT_IO;
    case SQLITE_FULL:
    case SQLITE_NOLFS:
        return MOULT_IO;
    case SQLITE_CANTOPEN:
        return MOULT_IO;
    default:
        return MOULT_DATABASE;
    }
}

int mo_sqlite_fail_moved(const mo_conn *c, mo_error *err)
{
    mo_error_set(err, MOULT_CHANGED,
                 "'%s' is another file now than the one that was opened: it was replaced, moved or removed", c->name);
    mo_error_hint(err, "nothing was written; see what happened to the file, and start again");
    return mo_error_engine(err, "SQLITE_READONLY_DBMOVED");
}

static int is_denied(int number)
{
    return number == EACCES || number == EPERM || number == EROFS;
}

static int fail_stopped(mo_conn *c, mo_error *err)
{
    int code = c->stopped ? c->stopped : MOULT_CANCELLED;

    if (code == MOULT_TIMEOUT) {
        mo_error_set(err, code, "a time limit passed while a statement ran on '%s'", c->name);
        mo_error_hint(err, "give it more time, or find out what makes it slow");
    } else {
        mo_error_set(err, code, "cancelled while a statement ran on '%s'", c->name);
    }
    return mo_error_engine(err, "SQLITE_INTERRUPT");
}

static int fail_locked(mo_conn *c, int rc, mo_error *err)
{
    if (c->stopped) {
        return fail_stopped(c, err);
    }
    if (rc == SQLITE_BUSY_SNAPSHOT) {
        mo_error_set(err, MOULT_LOCKED, "another connection has written to '%s' since this one began to read", c->name);
        mo_error_hint(err, "try again");
    } else {
        mo_error_set(err, MOULT_LOCKED, "another connection is writing to '%s'", c->name);
        mo_error_hint(
            err,
            "let that transaction end and try again, or allow more time: --lock-timeout (the option lock_timeout)");
        if (c->busy_since > 0) {
            mo_error_detail(err, "waited %.1f seconds for it", mo_clock_now() - c->busy_since);
        }
    }
    return mo_error_engine(err, mo_sqlite_code_name(rc));
}

static void add_hint(int rc, mo_error *err)
{
    switch (rc & 0xff) {
    case SQLITE_READONLY:
        mo_error_hint(err, "the file, its folder and what lies beside it (-journal, -wal, -shm) must be writable");
        break;
    case SQLITE_CORRUPT:
        mo_error_hint(err, "the file is damaged: restore a backup, or save what is left with '.recover' of the sqlite3 "
                           "shell");
        break;
    case SQLITE_NOTADB:
        mo_error_hint(err, "check the path; an encrypted database can only be read by a program that has its key");
        break;
    case SQLITE_FULL:
        mo_error_hint(err, "make room on the disk; nothing has been changed by what failed");
        break;
    default:
        break;
    }
}

/* What a CREATE needs that only the application has: the engine refuses it, and we cannot supply it. */
static void add_application_hint(const char *text, mo_error *err)
{
    if (strstr(text, "no such function") || strstr(text, "unknown function")) {
        mo_error_hint(err,
                      "if the application registers this function: SQLite itself cannot create an index, a CHECK or "
                      "a generated column with it in a connection that does not know it");
    } else if (strstr(text, "no such collation sequence")) {
        mo_error_hint(
            err, "only the application knows this collation: SQLite cannot order the rows of the table without it");
    } else if (strstr(text, "no such module")) {
        mo_error_hint(err, "this SQLite was built without that module");
    }
}

/* While a table is made anew it has a name that nobody knows: the message speaks of its own. */
static void set_text(mo_error *err, int code, const char *text)
{
    static const char aside[] = "_moult_new_";
    mo_str out = {0};
    const char *found;

    while ((found = strstr(text, aside)) != NULL) {
        mo_str_addn(&out, text, (size_t)(found - text));
        text = found + sizeof aside - 1;
    }
    mo_str_add(&out, text);
    mo_error_set(err, out.failed ? MOULT_NOMEM : code, "%s", mo_str_text(&out));
    mo_str_free(&out);
}

int mo_sqlite_fail(mo_conn *c, int rc, mo_error *err)
{
    int extended = c->db ? sqlite3_extended_errcode(c->db) : rc;
    const char *text;
    int code;

    if ((extended & 0xff) != (rc & 0xff)) {
        extended = rc; /* a later call has replaced it */
    }
    code = code_of(extended);
    if (code == MOULT_IO && c->db && is_denied(sqlite3_system_errno(c->db))) {
        code = MOULT_PERMISSION; /* the journal cannot be made: the folder, or what lies beside the file */
    }
    if (code == MOULT_NOMEM) {
        return mo_error_nomem(err);
    }
    if ((rc & 0xff) == SQLITE_INTERRUPT) {
        return fail_stopped(c, err);
    }
    if (code == MOULT_LOCKED) {
        return fail_locked(c, extended, err);
    }
    text = c->db && (sqlite3_errcode(c->db) & 0xff) == (rc & 0xff) ? sqlite3_errmsg(c->db) : sqlite3_errstr(rc);
    switch (rc & 0xff) {
    case SQLITE_NOTADB:
        mo_error_set(err, code, "'%s' is not an SQLite database, or it is encrypted", c->name);
        break;
    case SQLITE_READONLY:
        if (extended == SQLITE_READONLY_DBMOVED) {
            return mo_sqlite_fail_moved(c, err);
        }
        mo_error_set(err, code, "'%s' cannot be written: %s", c->name, text);
        break;
    case SQLITE_CORRUPT:
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
        mo_error_set(err, code, "'%s': %s", c->name, text);
        break;
    default:
        set_text(err, code, text);
        add_application_hint(text, err);
        break;
    }
    add_hint(rc, err);
    mo_sqlite_add_disk(c, extended, err);
    return mo_error_engine(err, mo_sqlite_code_name(extended));
}
