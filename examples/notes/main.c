/* SPDX-License-Identifier: MIT */
/*
 * main.c - a small service that keeps notes: HTTP in front, SQLite behind, moult in between.
 *
 *   notes DATABASE VERSION [PORT]
 *
 *   GET  /notes      all notes           POST /notes   stores one
 *   GET  /notes/ID   one note
 *
 * Before it serves, it makes the database be what its models declare, with one call (migrate(), below). When a
 * person must approve that first, it does not start, and says what to do.
 */
#include <arpa/inet.h>
#include <microhttpd.h>
#include <moult.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "models.h"
#include "store.h"

enum { BODY_MAX = 1 << 16 };

/* A request's body, while it comes in. */
typedef struct request {
    char body[BODY_MAX];
    size_t length;
    int too_long;
} request;

/* All that has to do with the schema. 0, or the exit status. */
static int migrate(const char *database, const moult_model *models)
{
    moult_options options = MOULT_OPTIONS_INIT;
    options.mode = MOULT_MODE_AUTO; /* safe and medium risks at once; a high one is for a person */
    moult_source desired = {.models = models};
    moult_result *result = NULL;
    int code = moult_start(&result, database, &desired, &options);
    if (code == MOULT_OK || code == MOULT_REFUSED) {
        fprintf(stderr, "%s\n", moult_result_text(result));
    } else {
        const moult_error *e = moult_result_error(result);
        fprintf(stderr, "error: %s\n", e->message);
        if (e->detail)
            fprintf(stderr, "%s\n", e->detail);
        if (e->hint)
            fprintf(stderr, "hint: %s\n", e->hint);
    }
    moult_result_free(result);
    return moult_code_exit(code);
}

static enum MHD_Result answer(struct MHD_Connection *connection, int status, json_t *content)
{
    char *text = content ? json_dumps(content, JSON_SORT_KEYS | JSON_COMPACT) : NULL;
    json_decref(content);
    if (!text)
        return MHD_NO;
    struct MHD_Response *response = MHD_create_response_from_buffer(strlen(text), text, MHD_RESPMEM_MUST_FREE);
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "application/json");
    enum MHD_Result queued = MHD_queue_response(connection, (unsigned)status, response);
    MHD_destroy_response(response);
    return queued;
}

static int dispatch(const store *s, const char *url, const char *method, const request *r, json_t **out)
{
    int is_get = !strcmp(method, MHD_HTTP_METHOD_GET), is_post = !strcmp(method, MHD_HTTP_METHOD_POST);
    if (!strcmp(url, "/notes") && is_get)
        return store_list(s, out);
    if (!strcmp(url, "/notes") && is_post && !r->too_long)
        return store_add(s, r->body, r->length, out);
    if (!strncmp(url, "/notes/", 7) && is_get)
        return store_get(s, strtoll(url + 7, NULL, 10), out);
    *out = json_pack("{s:s}", "error", r->too_long ? "too long" : "GET or POST /notes, GET /notes/ID");
    return r->too_long ? MHD_HTTP_CONTENT_TOO_LARGE : MHD_HTTP_NOT_FOUND;
}

/* Called once for a request's head, then for each piece of its body, then once with none left. */
static enum MHD_Result on_request(void *user, struct MHD_Connection *connection, const char *url, const char *method,
                                  const char *version, const char *data, size_t *size, void **state)
{
    (void)version;
    request *r = *state;
    if (!r) {
        *state = calloc(1, sizeof *r);
        return *state ? MHD_YES : MHD_NO;
    }
    if (*size) {
        if (*size > BODY_MAX - r->length)
            r->too_long = 1;
        else
            memcpy(r->body + r->length, data, *size);
        r->length += r->too_long ? 0 : *size;
        *size = 0;
        return MHD_YES;
    }
    json_t *content = NULL;
    int status = dispatch(user, url, method, r, &content);
    return answer(connection, status, content);
}

static void on_done(void *user, struct MHD_Connection *connection, void **state, enum MHD_RequestTerminationCode how)
{
    (void)user, (void)connection, (void)how;
    free(*state);
    *state = NULL;
}

/* Serves until SIGINT or SIGTERM. */
static int serve(store *s, unsigned short port)
{
    sigset_t stop;
    sigemptyset(&stop);
    sigaddset(&stop, SIGINT);
    sigaddset(&stop, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &stop, NULL);
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct MHD_Daemon *daemon =
        MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_AUTO, port, NULL, NULL, on_request, s,
                         MHD_OPTION_SOCK_ADDR, &address, MHD_OPTION_NOTIFY_COMPLETED, on_done, NULL, MHD_OPTION_END);
    if (!daemon) {
        fprintf(stderr, "error: cannot listen on port %u\n", (unsigned)port);
        return 1;
    }
    printf("http://127.0.0.1:%u\n", (unsigned)MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT)->port);
    fflush(stdout);
    int signal_number;
    sigwait(&stop, &signal_number);
    MHD_stop_daemon(daemon);
    return 0;
}

int main(int argc, char **argv)
{
    long version = argc > 2 ? strtol(argv[2], NULL, 10) : 0;
    long port = argc > 3 ? strtol(argv[3], NULL, 10) : 0;
    if (argc < 3 || argc > 4 || version < 1 || version > NOTES_VERSIONS || port < 0 || port > 65535) {
        fprintf(stderr, "usage: %s DATABASE VERSION(1-%d) [PORT]\n", argv[0], NOTES_VERSIONS);
        return 1;
    }
    const moult_model *models = notes_models[version - 1];
    int status = migrate(argv[1], models);
    if (status)
        return status;
    store s = {.model = &models[0]};
    if (sqlite3_open_v2(argv[1], &s.db, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK) {
        fprintf(stderr, "error: %s\n", sqlite3_errmsg(s.db));
        status = 1;
    } else {
        sqlite3_exec(s.db, "PRAGMA foreign_keys = ON", NULL, NULL, NULL);
        status = serve(&s, (unsigned short)port);
    }
    sqlite3_close(s.db);
    return status;
}
