/* SPDX-License-Identifier: MIT */
/*
 * alloc.c - makes every allocation of a plan and of an apply fail in turn.
 *
 *   alloc plan|apply CASE|all FOLDER [STEP [FIRST]]
 *
 * malloc and its kin are defined here, so that SQLite's, jansson's and the C library's own calls count too. For each N: a fresh
 * copy of the database, the N-th allocation fails (in a second round: that one and all that follow), and then
 *   - the call says out of memory; or it succeeds, where the failure was harmless (a cache of SQLite that did not grow);
 *   - no block is left behind;
 *   - the database holds what it held before, or, after a success, what it shall hold. An error whose cause came after the
 *     commit ("late") may find it done: all of it.
 * Prints a line for each case and ends with 1 when anything was otherwise. STEP takes every STEP-th allocation only, from FIRST.
 * With ALLOC_TRACE=N in the environment only that one fails, and where it was asked for is printed.
 */
#include <errno.h>
#include <execinfo.h>
#include <malloc.h>
#include <moult.h>
#include <pwd.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cases.h"

void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t n);
void *__libc_memalign(size_t alignment, size_t n);
void __libc_free(void *p);

static int armed, persistent, tracing;
static long calls, fail_at, live;

enum { TRACED = 1 << 16, DEPTH = 24 };
static struct {
    void *block;
    int depth;
    void *where[DEPTH];
} traced[TRACED];

static void trace_add(void *p)
{
    size_t at = ((size_t)p >> 4) % TRACED;

    for (size_t i = 0; i < TRACED; i++, at = (at + 1) % TRACED) {
        if (!traced[at].block) {
            int keep = armed;
            armed = 0;
            traced[at].block = p;
            traced[at].depth = backtrace(traced[at].where, DEPTH);
            armed = keep;
            return;
        }
    }
}

static void trace_remove(const void *p)
{
    size_t at = ((size_t)p >> 4) % TRACED;

    for (size_t i = 0; i < TRACED; i++, at = (at + 1) % TRACED) {
        if (traced[at].block == p) {
            traced[at].block = NULL;
            return;
        }
    }
    void *where[DEPTH];
    armed = 0;
    fprintf(stderr, "a block is freed that is older than the call:\n");
    backtrace_symbols_fd(where, backtrace(where, DEPTH), STDERR_FILENO);
    armed = 1;
}

/* One allocation is asked for: 1 when it is to fail. */
static int ask(void)
{
    if (!armed) {
        return 0;
    }
    calls++;
    if (fail_at == 0 || calls < fail_at || (calls > fail_at && !persistent)) {
        return 0;
    }
    if (tracing && calls == fail_at) {
        void *where[DEPTH];
        armed = 0;
        fprintf(stderr, "allocation %ld fails:\n", calls);
        backtrace_symbols_fd(where, backtrace(where, DEPTH), STDERR_FILENO);
        armed = 1;
    }
    return 1;
}

static void *got(void *p)
{
    if (armed && p) {
        live++;
        if (tracing) {
            trace_add(p);
        }
    }
    return p;
}

void *malloc(size_t n)
{
    return ask() ? NULL : got(__libc_malloc(n));
}

void *calloc(size_t n, size_t size)
{
    return ask() ? NULL : got(__libc_calloc(n, size));
}

void *aligned_alloc(size_t alignment, size_t n)
{
    return ask() ? NULL : got(__libc_memalign(alignment, n));
}

int posix_memalign(void **out, size_t alignment, size_t n)
{
    *out = aligned_alloc(alignment, n);
    return *out ? 0 : ENOMEM;
}

void free(void *p)
{
    if (armed && p) {
        live--;
        if (tracing) {
            trace_remove(p);
        }
    }
    __libc_free(p);
}

void *realloc(void *p, size_t n)
{
    if (!p) {
        return malloc(n);
    }
    if (ask()) {
        return NULL;
    }
    void *q = __libc_realloc(p, n);
    if (armed && tracing && q != p) {
        trace_remove(p);
        trace_add(q);
    }
    return q;
}

static void arm(long at, int all)
{
    calls = 0;
    live = 0;
    fail_at = at;
    persistent = all;
    armed = 1;
}

static void report_live(void)
{
    for (size_t i = 0; i < TRACED; i++) {
        if (traced[i].block) {
            fprintf(stderr, "%zu bytes left behind, from:\n", malloc_usable_size(traced[i].block));
            backtrace_symbols_fd(traced[i].where, traced[i].depth, STDERR_FILENO);
        }
    }
}

/* --- databases --------------------------------------------------------------------------------------------------- */

typedef struct text {
    char *data;
    size_t length;
} text;

static char path[4096];
static const char *at_case = "", *at_what = "", *at_after = "";

static void die(const char *what)
{
    fprintf(stderr, "alloc: %s (%s)\n", what, path);
    exit(2);
}

static text read_file(const char *name)
{
    text t = {NULL, 0};
    FILE *f = fopen(name, "rb");

    if (!f || fseek(f, 0, SEEK_END) != 0) {
        die("cannot read");
    }
    t.length = (size_t)ftell(f);
    rewind(f);
    t.data = malloc(t.length + 1);
    if (!t.data || fread(t.data, 1, t.length, f) != t.length) {
        die("cannot read");
    }
    fclose(f);
    return t;
}

static void remove_side_files(void)
{
    static const char *const sides[] = {"-journal", "-wal", "-shm"};
    char name[sizeof path + 16];

    for (size_t i = 0; i < sizeof sides / sizeof sides[0]; i++) {
        snprintf(name, sizeof name, "%s%s", path, sides[i]);
        unlink(name);
    }
}

static void restore(const text *image)
{
    FILE *f = fopen(path, "wb");

    remove_side_files();
    if (!f || fwrite(image->data, 1, image->length, f) != image->length || fclose(f) != 0) {
        die("cannot write");
    }
}

static void run_sql(const char *sql)
{
    sqlite3 *db = NULL;
    char *message = NULL;

    if (sqlite3_open(path, &db) != SQLITE_OK || sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK) {
        die(message ? message : "cannot open");
    }
    sqlite3_close(db);
}

static int dump_row(void *user, int n, char **values, char **names)
{
    FILE *out = user;

    (void)names;
    for (int i = 0; i < n; i++) {
        fprintf(out, "%s|", values[i] ? values[i] : "NULL");
    }
    return fputc('\n', out) == EOF;
}

static int dump_table(void *user, int n, char **values, char **names)
{
    FILE *out = ((void **)user)[0];
    sqlite3 *db = ((void **)user)[1];
    char *sql = sqlite3_mprintf("SELECT * FROM \"%w\"", values[0]);

    (void)n, (void)names;
    fprintf(out, "%s\n", values[0]);
    int rc = sqlite3_exec(db, sql, dump_row, out, NULL);
    sqlite3_free(sql);
    return rc != SQLITE_OK;
}

/* All that the database holds, moult's own tables aside. */
static char *dump(void)
{
    static const char schema[] =
        "SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE tbl_name NOT LIKE '\\_moult\\_%' "
        "ESCAPE '\\' AND name NOT LIKE '\\_moult\\_%' ESCAPE '\\' ORDER BY type, name";
    static const char tables[] =
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND tbl_name NOT LIKE '\\_moult\\_%' "
        "ESCAPE '\\' AND name <> 'sqlite_sequence' ORDER BY name";
    sqlite3 *db = NULL;
    char *data = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&data, &length);
    void *both[2] = {out, NULL};

    if (!out || sqlite3_open(path, &db) != SQLITE_OK) {
        die("cannot open");
    }
    both[1] = db;
    if (sqlite3_exec(db, schema, dump_row, out, NULL) != SQLITE_OK ||
        sqlite3_exec(db, tables, dump_table, both, NULL) != SQLITE_OK ||
        sqlite3_exec(db, "PRAGMA integrity_check", dump_row, out, NULL) != SQLITE_OK) {
        fprintf(out, "cannot be read: %s\n", sqlite3_errmsg(db));
    }
    sqlite3_close(db);
    fclose(out);
    return data;
}

/* --- one run ----------------------------------------------------------------------------------------------------- */

typedef struct outcome {
    int code, has_message;
    char message[256];
} outcome;

static const moult_hook hooks[] = {
    {.version = "v2_first", .trigger = MOULT_BEFORE_DDL, .sql = FAULT_HOOK_BEFORE},
    {.version = "v2_older", .trigger = MOULT_AFTER_DDL, .sql = FAULT_HOOK_AFTER},
    {.version = NULL},
};

static unsigned flags; /* of the case */

static moult_options options(void)
{
    moult_options o = MOULT_OPTIONS_INIT;

    o.mode = MOULT_MODE_AGGRESSIVE;
    o.own = MOULT_OWN_ALL;
    o.no_backup = 1;
    o.no_attic = !(flags & (FAULT_ATTIC | FAULT_BACK));
    o.hooks = flags & FAULT_HOOKS ? hooks : NULL;
    o.online = flags & FAULT_ONLINE ? MOULT_ONLINE_ALWAYS : MOULT_ONLINE_NEVER;
    o.phase = flags & FAULT_EXPAND     ? MOULT_PHASE_EXPAND
              : flags & FAULT_CONTRACT ? MOULT_PHASE_CONTRACT
                                       : MOULT_PHASE_ALL;
    o.lock_timeout = 1.0;
    return o;
}

static void take(outcome *out, int code, const moult_error *e)
{
    out->code = code;
    out->has_message = e && e->message != NULL;
    snprintf(out->message, sizeof out->message, "%s", out->has_message ? e->message : "no message");
}

static void run_apply(const char *desired, outcome *out)
{
    moult_options o = options();
    moult_source source = {.text = desired};
    moult_result *result = NULL;
    int code = moult_start(&result, path, &source, &o);

    take(out, code, result ? moult_result_error(result) : NULL);
    moult_result_free(result);
}

static void run_plan(const char *desired, outcome *out)
{
    moult_options o = options();
    moult_source source = {.text = desired};
    moult *m = NULL;
    moult_plan *plan = NULL;
    int code = moult_open(&m, path, MOULT_OPEN_READ, &o);

    if (code == MOULT_OK) {
        code = moult_make_plan(m, &source, &plan);
    }
    take(out, code, m ? moult_error_of(m) : NULL);
    moult_plan_free(plan);
    moult_close(m);
}

/* Two starts on a database that is up to date and may only be read: one fills the cache, one finds it there. */
static void run_cached(const char *desired, outcome *out)
{
    moult_options o = options();
    moult_source source = {.text = desired};
    moult_result *result = NULL;
    char cache[sizeof path + 8];
    moult *m = NULL;

    snprintf(cache, sizeof cache, "%s.cache", path);
    unlink(cache);
    o.cache = cache;
    int code = moult_open(&m, path, MOULT_OPEN_READ, &o);
    for (int i = 0; i < 2 && code == MOULT_OK; i++) {
        moult_result_free(result);
        code = moult_migrate(m, &source, &result);
    }
    take(out, code, m ? moult_error_of(m) : NULL);
    moult_result_free(result);
    moult_close(m);
}

typedef struct tally {
    long all, tried, refused, harmless, late, half,
        wrong; /* late: the failure came after the commit; half: after a first */
} tally;

static void wrong(tally *t, long n, int all, const char *what, const char *more)
{
    t->wrong++;
    if (t->wrong <= 5) {
        printf("%s %s: allocation %ld%s: %s%s%s\n", at_what, at_case, n, all ? " and all after it" : "", what,
               *more ? ": " : "", more);
    }
}

/* Every block that the call took is given back, and no other. */
static void check_live(tally *t, long n, int all)
{
    char count[32];

    snprintf(count, sizeof count, "%ld", live);
    if (live != 0) {
        wrong(t, n, all, "blocks left behind", count);
    }
}

static void run_apply(const char *desired, outcome *out);

/* What is half done is gone on with, once there is memory again. */
static void goes_on(tally *t, long n, int all, const char *after)
{
    outcome o;

    run_apply(at_after, &o);
    char *now = dump();
    if (o.code != MOULT_OK || strcmp(now, after) != 0) {
        wrong(t, n, all, "half done, and the next run does not get there", o.code != MOULT_OK ? o.message : now);
    }
    free(now);
}

static void judge(tally *t, long n, int all, const outcome *o, const char *before, const char *after)
{
    char *now = dump();

    t->tried++;
    if (o->code == MOULT_OK) {
        t->harmless++;
    } else if (o->code == MOULT_NOMEM) {
        t->refused++;
    } else {
        wrong(t, n, all, moult_code_name(o->code), o->message);
    }
    check_live(t, n, all);
    if (o->code != MOULT_OK && strcmp(before, after) != 0 && strcmp(now, after) == 0) {
        t->late++;
    } else if (o->code != MOULT_OK && (flags & FAULT_PARTS) && strcmp(now, before) != 0) {
        t->half++;
        goes_on(t, n, all, after);
    } else if (strcmp(now, o->code == MOULT_OK ? after : before) != 0) {
        wrong(t, n, all, o->code == MOULT_OK ? "said done, and is not" : "said failed, and the database changed", now);
    }
    free(now);
}

typedef void (*run_fn)(const char *desired, outcome *out);

static void once(run_fn run, const char *desired, const text *image, long n, int all, outcome *out)
{
    restore(image);
    arm(n, all);
    run(desired, out);
    armed = 0;
}

static void make(const char *schema)
{
    outcome o;

    run_apply(schema, &o);
    if (o.code != MOULT_OK) {
        die(o.message);
    }
}

static text make_image(const fault_case *c)
{
    remove_side_files();
    unlink(path);
    run_sql(c->before);
    run_sql("PRAGMA user_version = 1");
    flags = 0;
    if (c->schema) {
        make(c->schema);
    }
    if (c->flags & FAULT_CONTRACT) {
        flags = FAULT_EXPAND;
        make(c->after);
    }
    flags = c->flags;
    if (c->schema && strcmp(at_what, "cached") == 0) {
        run_sql("DELETE FROM _moult_state"); /* what the database remembers itself comes before any cache */
    }
    return read_file(path);
}

static int try_case(const fault_case *c, run_fn run, const char *desired, long step, long first)
{
    text image = make_image(c);
    char *before = dump();
    tally t = {0};
    outcome o;
    const char *trace = getenv("ALLOC_TRACE");

    at_case = c->name;
    at_after = desired;
    for (int warm = 0; warm < 3; warm++) { /* what is allocated once and kept is allocated now */
        tracing = trace && warm == 2;
        once(run, desired, &image, 0, 0, &o);
    }
    if (o.code != MOULT_OK) {
        die(o.message);
    }
    char *after = dump();
    t.all = calls;
    check_live(&t, 0, 0);
    for (int all = 0; all < 2; all++) {
        for (long n = trace ? atol(trace) : first; n <= t.all; n += trace ? t.all : step) {
            tracing = trace != NULL;
            once(run, desired, &image, n, all, &o);
            judge(&t, n, all, &o, before, after);
            if (tracing) {
                fprintf(stderr, "-> %s: %s\n", moult_code_name(o.code), o.message);
                report_live();
                memset(traced, 0, sizeof traced);
            }
        }
    }
    printf("%s %s: %ld allocations, %ld tried, %ld refused, %ld harmless, %ld late, %ld half, %ld wrong\n", at_what,
           c->name, t.all, t.tried, t.refused, t.harmless, t.late, t.half, t.wrong);
    free(image.data);
    free(before);
    free(after);
    return t.wrong > 0;
}

static void crashed(int signal_number)
{
    void *where[DEPTH];
    char line[256];
    int n =
        snprintf(line, sizeof line, "%s %s: signal %d at allocation %ld\n", at_what, at_case, signal_number, fail_at);

    armed = 0;
    if (write(STDOUT_FILENO, line, (size_t)n) == n) {
        backtrace_symbols_fd(where, backtrace(where, DEPTH), STDOUT_FILENO);
    }
    _exit(3);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *what;
        run_fn run;
    } whats[] = {{"plan", run_plan}, {"apply", run_apply}, {"cached", run_cached}};
    run_fn run = NULL;
    int found = 0, bad = 0;
    void *where[1];

    for (size_t i = 0; argc >= 4 && i < sizeof whats / sizeof *whats; i++) {
        run = strcmp(argv[1], whats[i].what) == 0 ? whats[i].run : run;
    }
    if (!run) {
        return fprintf(stderr, "usage: alloc plan|apply|cached CASE|all|list FOLDER [STEP [FIRST]]\n"), 2;
    }
    backtrace(where, 1);       /* loads what it needs */
    (void)getpwuid((uid_t)-3); /* nobody's: loads every module that knows accounts, which the C library keeps */
    signal(SIGSEGV, crashed);
    signal(SIGABRT, crashed);
    setvbuf(stdout, NULL, _IOLBF, 0);
    snprintf(path, sizeof path, "%s/alloc.db", argv[3]);
    at_what = argv[1];
    long step = argc > 4 ? atol(argv[4]) : 1, first = argc > 5 ? atol(argv[5]) : 1;
    for (size_t i = 0; i < FAULT_CASES; i++) {
        if (strcmp(argv[2], "list") == 0) {
            found = puts(fault_cases[i].name);
        } else if (strcmp(argv[2], "all") == 0 || strcmp(argv[2], fault_cases[i].name) == 0) {
            found = 1;
            /* what is up to date is what was recorded */
            const char *desired = run == run_cached ? fault_cases[i].schema : fault_cases[i].after;
            if (desired) {
                bad |= try_case(&fault_cases[i], run, desired, step > 0 ? step : 1, first > 0 ? first : 1);
            }
        }
    }
    return found ? bad : 2;
}
