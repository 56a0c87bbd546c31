/* SPDX-License-Identifier: MIT */
/*
 * cache_redis.c - a cache in Redis: redis://[user[:password]@]host[:port][/db], rediss:// with TLS, redis+unix:///path;
 * with ?prefix=…&ttl=SECONDS&timeout=SECONDS&ca=FILE.
 *
 * hiredis writes commands and reads answers; the connection is ours, so that a time limit holds for a whole answer (its
 * own hold for each read), and so that there is TLS. After an error the server is left alone for a while, so that a start
 * pays for a server that is away once, and not with every question.
 */
#include "state/cache.h"

#include <hiredis/hiredis.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/channel.h"
#include "base/url.h"

enum { ANSWER_MAX = 1 << 20, WORDS_MAX = 1024, ELEMENTS_MAX = 65536 };
static const double longest_limit = 10, usual_limit = 1, away_for = 5, clear_limit = 300;

typedef struct redis {
    pthread_mutex_t turn; /* threads share one connection */
    mo_region *region;    /* the members of `url` */
    mo_url url;
    mo_channel_to to;
    const char *prefix;
    long ttl, db;
    double limit;
    mo_channel *channel; /* NULL: not connected */
    redisReader *reader;
    redisReplyObjectFunctions parts, usual; /* what the reader makes its answers with */
    double away_until;
} redis;

#if HIREDIS_MAJOR >= 1
typedef size_t array_size;
#else
typedef int array_size;
#endif

/* --- the URL --------------------------------------------------------------------------------------------------------- */

static int bad_param(const mo_url_param *p, const char *what, mo_error *err)
{
    mo_error_set(err, MOULT_INVALID, "the parameter '%s' of the cache's URL %s", p->name, what);
    return mo_error_hint(err, "it takes prefix=TEXT, ttl=SECONDS, timeout=SECONDS and, with rediss://, ca=FILE");
}

static int read_number(const mo_url_param *p, double least, double most, double *out, mo_error *err)
{
    char *end, what[80];
    *out = strtod(p->value, &end);
    if (end != p->value && *end == '\0' && *out >= least && *out <= most)
        return MOULT_OK;
    snprintf(what, sizeof what, "must be a number of seconds from %g to %.0f", least, most);
    return bad_param(p, what, err);
}

static int read_param(redis *r, const mo_url_param *p, mo_error *err)
{
    double seconds = 0;
    int rc;
    if (strcmp(p->name, "prefix") == 0) {
        r->prefix = p->value;
        return *p->value && strlen(p->value) <= 200 ? MOULT_OK : bad_param(p, "must have 1 to 200 characters", err);
    }
    if (strcmp(p->name, "ttl") == 0) {
        rc = read_number(p, 1, 10 * 366 * 86400.0, &seconds, err);
        r->ttl = (long)seconds;
        return rc;
    }
    if (strcmp(p->name, "timeout") == 0)
        return read_number(p, 0.001, longest_limit, &r->limit, err);
    if (strcmp(p->name, "ca") == 0 && r->to.tls) {
        r->to.ca = p->value;
        return MOULT_OK;
    }
    return bad_param(p, "is not known", err);
}

static int read_place(redis *r, mo_error *err)
{
    const mo_url *u = &r->url;
    int local = u->driver && strcmp(u->driver, "unix") == 0;
    if ((strcmp(u->scheme, "redis") != 0 && strcmp(u->scheme, "rediss") != 0) || (u->driver && !local) ||
        (local && strcmp(u->scheme, "redis") != 0)) {
        mo_error_set(err, MOULT_INVALID, "a cache is a file, or a URL redis://, rediss:// or redis+unix://");
        return mo_error_hint(err, "write a path, redis://host:6379/0, or redis+unix:///path/of/the/socket");
    }
    r->to.tls = strcmp(u->scheme, "rediss") == 0;
    if (local) {
        if (!u->database || !*u->database)
            return mo_error_set(err, MOULT_INVALID, "redis+unix:// must be followed by the path of a socket");
        r->to.path = mo_region_printf(r->region, "/%s", u->database + (u->database[0] == '/'));
        return r->to.path ? MOULT_OK : mo_error_nomem(err);
    }
    r->to.host = u->host && *u->host ? u->host : "127.0.0.1";
    r->to.port = u->port ? u->port : 6379;
    if (u->database && *u->database) {
        char *end;
        r->db = strtol(u->database, &end, 10);
        if (*end || r->db < 0 || r->db > 65535)
            return mo_error_set(err, MOULT_INVALID, "the database of a Redis URL is a number, such as 0");
    }
    return MOULT_OK;
}

static void close_store(void *store)
{
    redis *r = store;
    mo_channel_close(r->channel);
    if (r->reader)
        redisReaderFree(r->reader);
    mo_region_free(r->region);
    pthread_mutex_destroy(&r->turn);
    free(r);
}

int mo_cache_redis_open(void **out, const char *where, mo_error *err)
{
    redis *r = calloc(1, sizeof *r);
    int rc;
    *out = NULL;
    if (!r)
        return mo_error_nomem(err);
    pthread_mutex_init(&r->turn, NULL);
    r->prefix = "moult:";
    r->ttl = 30 * 86400L;
    r->limit = usual_limit;
    r->region = mo_region_new();
    rc = r->region ? mo_url_parse(r->region, where, &r->url, err) : mo_error_nomem(err);
    if (rc == MOULT_OK)
        rc = read_place(r, err);
    for (size_t i = 0; rc == MOULT_OK && i < r->url.params.count; i++)
        rc = read_param(r, &r->url.params.items[i], err);
    if (rc != MOULT_OK) {
        close_store(r);
        return rc;
    }
    *out = r;
    return MOULT_OK;
}

/* --- commands -------------------------------------------------------------------------------------------------------- */

static void hang_up(redis *r)
{
    mo_channel_close(r->channel);
    r->channel = NULL;
    if (r->reader)
        redisReaderFree(r->reader);
    r->reader = NULL;
}

/* Something is wrong with the server: it is left alone for a while. */
static int away(redis *r, int rc)
{
    hang_up(r);
    r->away_until = mo_clock_now() + away_for;
    return rc;
}

static int nonsense(mo_error *err)
{
    return mo_error_set(err, MOULT_IO, "the cache's server answers what no Redis does");
}

static int read_answer(redis *r, mo_deadline deadline, redisReply **out, mo_error *err)
{
    char piece[4096];
    size_t total = 0, n;
    for (;;) {
        void *answer = NULL;
        if (redisReaderGetReply(r->reader, &answer) != REDIS_OK)
            return nonsense(err);
        if (answer) {
            *out = answer;
            return MOULT_OK;
        }
        int rc = mo_channel_read(r->channel, piece, sizeof piece, &n, deadline, err);
        if (rc != MOULT_OK)
            return rc;
        total += n;
        if (total > ANSWER_MAX)
            return nonsense(err);
        if (redisReaderFeed(r->reader, piece, n) != REDIS_OK)
            return mo_error_nomem(err);
    }
}

/* One command. An answer of any kind but an error, for freeReplyObject(). */
static int ask(redis *r, int count, const char **words, mo_deadline deadline, redisReply **out, mo_error *err)
{
    size_t lengths[WORDS_MAX];
    char *command = NULL;
    *out = NULL;
    for (int i = 0; i < count; i++)
        lengths[i] = strlen(words[i]);
    int n = redisFormatCommandArgv(&command, count, words, lengths);
    int rc = n < 0 ? mo_error_nomem(err) : mo_channel_write(r->channel, command, (size_t)n, deadline, err);
    redisFreeCommand(command);
    if (rc == MOULT_OK)
        rc = read_answer(r, deadline, out, err);
    if (rc == MOULT_OK && (*out)->type == REDIS_REPLY_ERROR) {
        rc = mo_error_set(err, MOULT_IO, "the cache's server refuses: %.120s", (*out)->str);
        freeReplyObject(*out);
        *out = NULL;
    }
    return rc;
}

/* A command whose answer tells nothing. */
static int tell(redis *r, int count, const char **words, mo_deadline deadline, mo_error *err)
{
    redisReply *answer;
    int rc = ask(r, count, words, deadline, &answer, err);
    if (answer)
        freeReplyObject(answer);
    return rc;
}

static int log_in(redis *r, mo_deadline deadline, mo_error *err)
{
    char db[16];
    const char *with_user[] = {"AUTH", r->url.user, r->url.password}, *without[] = {"AUTH", r->url.password};
    const char *choose[] = {"SELECT", db};
    int rc = MOULT_OK;
    snprintf(db, sizeof db, "%ld", r->db);
    if (r->url.password && r->url.user && *r->url.user)
        rc = tell(r, 3, with_user, deadline, err);
    else if (r->url.password)
        rc = tell(r, 2, without, deadline, err);
    return rc == MOULT_OK && r->db ? tell(r, 2, choose, deadline, err) : rc;
}

/* A list as long as no answer of ours is: its memory alone would take seconds. */
static void *make_array(const redisReadTask *task, array_size count)
{
    const redis *r = task->privdata;
    return count > 0 && (size_t)count > ELEMENTS_MAX ? NULL : r->usual.createArray(task, count);
}

static int make_reader(redis *r, mo_error *err)
{
    r->reader = redisReaderCreate();
    if (!r->reader)
        return mo_error_nomem(err);
    r->parts = r->usual = *r->reader->fn;
    r->parts.createArray = make_array;
    r->reader->fn = &r->parts;
    r->reader->privdata = r;
    return MOULT_OK;
}

static int connect_to(redis *r, mo_deadline deadline, mo_error *err)
{
    int rc;
    if (r->channel)
        return MOULT_OK;
    if (mo_clock_now() < r->away_until)
        return mo_error_set(err, MOULT_IO, "the cache's server did not answer a moment ago, and is left alone");
    rc = make_reader(r, err);
    if (rc != MOULT_OK)
        return rc;
    rc = mo_channel_open(&r->channel, &r->to, deadline, err);
    return rc == MOULT_OK ? log_in(r, deadline, err) : rc;
}

/* A thread's turn, with a connection; ends with leave(). */
static int enter(redis *r, mo_deadline deadline, mo_error *err)
{
    pthread_mutex_lock(&r->turn); /* whoever has it is done within the limit, or has found that the server is away */
    int rc = connect_to(r, deadline, err);
    return rc == MOULT_OK ? rc : r->channel || r->reader ? away(r, rc) : rc;
}

static int leave(redis *r, int rc)
{
    if (rc != MOULT_OK && rc != MOULT_NOTFOUND && r->channel)
        away(r, rc);
    pthread_mutex_unlock(&r->turn);
    return rc;
}

/* --- the store ------------------------------------------------------------------------------------------------------- */

static int get(void *store, const char *key, char value[MO_CACHE_VALUE], mo_error *err)
{
    redis *r = store;
    char name[256];
    const char *words[] = {"GET", name};
    mo_deadline deadline = mo_deadline_in(r->limit);
    redisReply *answer = NULL;
    int rc = enter(r, deadline, err);
    snprintf(name, sizeof name, "%sfast:%s", r->prefix, key);
    if (rc == MOULT_OK)
        rc = ask(r, 2, words, deadline, &answer, err);
    if (rc == MOULT_OK && answer->type == REDIS_REPLY_NIL)
        rc = MOULT_NOTFOUND;
    else if (rc == MOULT_OK && answer->type != REDIS_REPLY_STRING)
        rc = nonsense(err);
    else if (rc == MOULT_OK)
        snprintf(value, MO_CACHE_VALUE, "%s", answer->str);
    if (answer)
        freeReplyObject(answer);
    return leave(r, rc);
}

static int put(void *store, const char *key, const char *value, mo_error *err)
{
    redis *r = store;
    char name[256], ttl[24];
    const char *words[] = {"SET", name, value, "EX", ttl};
    mo_deadline deadline = mo_deadline_in(r->limit);
    int rc = enter(r, deadline, err);
    snprintf(name, sizeof name, "%sfast:%s", r->prefix, key);
    snprintf(ttl, sizeof ttl, "%ld", r->ttl);
    if (rc == MOULT_OK)
        rc = tell(r, 5, words, deadline, err);
    return leave(r, rc);
}

static int add_one(redis *r, const char *field, int64_t add, int64_t *sum, mo_deadline deadline, mo_error *err)
{
    char name[256], number[24];
    const char *words[] = {"HINCRBY", name, field, number};
    redisReply *answer;
    snprintf(name, sizeof name, "%scounters", r->prefix);
    snprintf(number, sizeof number, "%lld", (long long)add);
    int rc = ask(r, 4, words, deadline, &answer, err);
    if (rc == MOULT_OK && answer->type != REDIS_REPLY_INTEGER)
        rc = nonsense(err);
    else if (rc == MOULT_OK)
        *sum = answer->integer;
    if (answer)
        freeReplyObject(answer);
    return rc;
}

static int count(void *store, const mo_cache_counts *add, mo_cache_counts *sums, mo_error *err)
{
    redis *r = store;
    const struct {
        const char *name;
        int64_t add, *sum;
    } all[] = {{"hits", add->hits, &sums->hits},
               {"misses", add->misses, &sums->misses},
               {"errors", add->errors, &sums->errors},
               {"stores", add->stores, &sums->stores}};
    mo_deadline deadline = mo_deadline_in(r->limit);
    int rc = enter(r, deadline, err);
    for (size_t i = 0; i < sizeof all / sizeof *all && rc == MOULT_OK; i++)
        rc = add_one(r, all[i].name, all[i].add, all[i].sum, deadline, err);
    return leave(r, rc);
}

/* The prefix as a pattern: its own characters, and nothing else. */
static void pattern_of(const char *prefix, char out[512])
{
    for (; *prefix; prefix++) {
        if (strchr("*?[]\\^-", *prefix))
            *out++ = '\\';
        *out++ = *prefix;
    }
    memcpy(out, "*", 2);
}

/* A batch of keys, which are told to `each`. The cursor goes on; "0" is the end. */
static int scan(redis *r, char cursor[32], int (*each)(redis *r, const redisReply *keys, int64_t *n, mo_error *err),
                int64_t *n, mo_error *err)
{
    char pattern[512];
    const char *words[] = {"SCAN", cursor, "MATCH", pattern, "COUNT", "500"};
    redisReply *answer;
    pattern_of(r->prefix, pattern);
    int rc = ask(r, 6, words, mo_deadline_in(r->limit), &answer, err);
    if (rc != MOULT_OK)
        return rc;
    if (answer->type != REDIS_REPLY_ARRAY || answer->elements != 2 || answer->element[0]->type != REDIS_REPLY_STRING ||
        strlen(answer->element[0]->str) >= 32 || answer->element[1]->type != REDIS_REPLY_ARRAY)
        rc = nonsense(err);
    if (rc == MOULT_OK) {
        memcpy(cursor, answer->element[0]->str, strlen(answer->element[0]->str) + 1);
        rc = each(r, answer->element[1], n, err);
    }
    freeReplyObject(answer);
    return rc;
}

static int is_ours(const redis *r, const redisReply *key)
{
    return key->type == REDIS_REPLY_STRING && strncmp(key->str, r->prefix, strlen(r->prefix)) == 0 &&
           strlen(key->str) == (size_t)key->len;
}

static int is_entry(const redis *r, const redisReply *key)
{
    return is_ours(r, key) && strncmp(key->str + strlen(r->prefix), "fast:", 5) == 0;
}

static int count_batch(redis *r, const redisReply *keys, int64_t *n, mo_error *err)
{
    (void)err;
    for (size_t i = 0; i < keys->elements; i++)
        *n += is_entry(r, keys->element[i]);
    return MOULT_OK;
}

/* Removes what has the prefix; a server that lists anything else is not believed. */
static int remove_batch(redis *r, const redisReply *keys, int64_t *n, mo_error *err)
{
    const char *words[WORDS_MAX] = {"DEL"};
    int rc = MOULT_OK;
    for (size_t i = 0; i < keys->elements && rc == MOULT_OK;) {
        int count = 1;
        for (; i < keys->elements && count < WORDS_MAX; i++)
            if (is_ours(r, keys->element[i])) {
                *n += is_entry(r, keys->element[i]);
                words[count++] = keys->element[i]->str;
            }
        if (count > 1)
            rc = tell(r, count, words, mo_deadline_in(r->limit), err);
    }
    return rc;
}

/* Batch by batch: the whole has a limit, and so has each command. */
static int walk(redis *r, int (*each)(redis *r, const redisReply *keys, int64_t *n, mo_error *err), int64_t *n,
                mo_error *err)
{
    char cursor[32] = "0";
    mo_deadline end = mo_deadline_in(clear_limit);
    int rc = enter(r, mo_deadline_in(r->limit), err);
    *n = 0;
    if (rc != MOULT_OK)
        return leave(r, rc);
    do {
        rc = scan(r, cursor, each, n, err);
        if (rc == MOULT_OK && mo_deadline_passed(end))
            rc = mo_error_set(err, MOULT_TIMEOUT, "the keys of the cache did not come to an end in %g seconds",
                              clear_limit);
    } while (rc == MOULT_OK && strcmp(cursor, "0") != 0);
    return leave(r, rc);
}

static int entries(void *store, int64_t *out, mo_error *err)
{
    return walk(store, count_batch, out, err);
}

static int clear(void *store, int64_t *removed, mo_error *err)
{
    return walk(store, remove_batch, removed, err);
}

const mo_cache_store mo_cache_redis = {
    .close = close_store, .get = get, .put = put, .count = count, .entries = entries, .clear = clear};
