/* SPDX-License-Identifier: MIT */
/*
 * inbox.c - the thread that reads: it says of each message what it is, and whether it may come now.
 *
 * What is wrong is answered here, and nothing else happens. `cancel` is done here, for the other thread is at work then. The
 * rest waits in one of two queues: requests, one after the other; and, while a question is asked back, its answer and what a
 * hook asks meanwhile.
 */
#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "rpc.h"

/* --- queues ------------------------------------------------------------------------------------------------------ */

static int push(rpc_queue *q, json_t *message)
{
    if (q->count == RPC_WAITING_MAX) {
        return -1;
    }
    q->items[q->count++] = message;
    return 0;
}

static json_t *take_at(rpc_queue *q, size_t i)
{
    json_t *message = q->items[i];

    q->count--;
    memmove(q->items + i, q->items + i + 1, (q->count - i) * sizeof *q->items);
    return message;
}

static void empty(rpc_queue *q)
{
    while (q->count) {
        json_decref(take_at(q, 0));
    }
}

/* --- what runs --------------------------------------------------------------------------------------------------- */

/* Under `lock`. */
static void stop(rpc *s)
{
    moult *m = __atomic_load_n(&s->m, __ATOMIC_ACQUIRE);

    s->stopped = 1;
    if (m) {
        moult_cancel(m);
    }
    pthread_cond_broadcast(&s->changed);
}

void rpc_inbox_stop(rpc *s)
{
    pthread_mutex_lock(&s->lock);
    if (s->running) {
        stop(s);
    }
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
}

int rpc_inbox_ended(rpc *s)
{
    pthread_mutex_lock(&s->lock);
    int ended = s->ended;
    pthread_mutex_unlock(&s->lock);
    return ended;
}

int rpc_inbox_stopped(rpc *s)
{
    pthread_mutex_lock(&s->lock);
    int stopped = s->stopped;
    pthread_mutex_unlock(&s->lock);
    return stopped || cli_interrupted();
}

int rpc_inbox_begin(rpc *s, const rpc_method *method, const json_t *id)
{
    pthread_mutex_lock(&s->lock);
    int refused = s->ended && (method->flags & RPC_CHANGES_IT);
    s->stopped = 0;
    s->running = refused ? NULL : method;
    s->running_id = id;
    pthread_mutex_unlock(&s->lock);
    return refused ? -1 : 0;
}

int rpc_inbox_finish(rpc *s)
{
    pthread_mutex_lock(&s->lock);
    int stopped = s->stopped;
    s->running = NULL;
    s->running_id = NULL;
    s->stopped = 0;
    pthread_mutex_unlock(&s->lock);
    return stopped;
}

/* --- cancel ------------------------------------------------------------------------------------------------------ */

/* Takes the request with this id out of those that wait; NULL: none has it. */
static json_t *take_waiting(rpc *s, const json_t *id)
{
    for (size_t i = 0; i < s->requests.count; i++) {
        if (json_equal(json_object_get(s->requests.items[i], "id"), id)) {
            return take_at(&s->requests, i);
        }
    }
    return NULL;
}

json_t *rpc_cancel(rpc *s, const json_t *params)
{
    static const moult_error cancelled = {
        .code = MOULT_CANCELLED, .message = "cancelled before it began", .hint = "nothing was changed"};
    const json_t *id = json_object_get(params, "id");

    pthread_mutex_lock(&s->lock);
    int hit = s->running && (!id || json_equal(s->running_id, id));
    json_t *waiting = id && !hit ? take_waiting(s, id) : NULL;
    if (hit) {
        stop(s);
    }
    pthread_mutex_unlock(&s->lock);
    if (waiting) {
        rpc_send_error(s, json_object_get(waiting, "id"), rpc_error(&cancelled, 0));
    }
    hit |= waiting != NULL;
    json_decref(waiting);
    return json_pack("{s:b}", "cancelled", hit);
}

static void answer_at_once(rpc *s, const rpc_method *method, const json_t *message)
{
    const json_t *id = json_object_get(message, "id"), *params = json_object_get(message, "params");
    opt_problem problem = {0};

    if (rpc_fields_check(method->params, params, &problem) != 0) {
        rpc_send_problem(s, id, RPC_BAD_PARAMS, problem.hint, "%s: %s", method->name, problem.message);
        return;
    }
    json_t *result = method->run(s, params);
    if (id) {
        rpc_send_result(s, id, result);
    } else {
        json_decref(result);
    }
}

/* --- what a message is ------------------------------------------------------------------------------------------- */

static int is_id(const json_t *id)
{
    return json_is_string(id) || json_is_integer(id);
}

/* Only the members that there are, so that a misspelt one is not passed over. */
static const char *stranger(const json_t *message)
{
    static const char *const members[] = {"jsonrpc", "id", "method", "params", "result", "error", NULL};
    const char *name;
    json_t *value;

    json_object_foreach((json_t *)message, name, value)
    {
        size_t i = 0;
        while (members[i] && strcmp(members[i], name) != 0) {
            i++;
        }
        if (!members[i]) {
            return name;
        }
    }
    return NULL;
}

/* Is it a message of JSON-RPC 2.0? 0, or -1 after the answer. */
static int check_form(rpc *s, const json_t *message)
{
    const json_t *id = json_object_get(message, "id"), *known = is_id(id) ? id : NULL;
    const json_t *version = json_object_get(message, "jsonrpc");
    const char *what = NULL, *hint = NULL;

    if (json_is_array(message)) {
        what = "a batch";
        hint = "write one message a line; several may be sent before the first answer";
    } else if (!json_is_object(message)) {
        what = "no object";
    } else if (!json_is_string(version) || strcmp(json_string_value(version), "2.0") != 0) {
        what = "no message of JSON-RPC 2.0";
        hint = "it has a member \"jsonrpc\": \"2.0\"";
    } else if (stranger(message)) {
        what = "a message with a member that JSON-RPC does not have";
        hint = "a request has jsonrpc, id, method and params";
    } else if (id && !known) {
        what = "a message whose id is no text and no whole number";
    } else if (json_object_get(message, "method") && !json_is_string(json_object_get(message, "method"))) {
        what = "a message whose method is no text";
    } else if (!json_object_get(message, "method") &&
               (!known || !json_object_get(message, "result") == !json_object_get(message, "error"))) {
        what = "no request and no answer";
        hint = "a request has a method; an answer has an id and one of result and error";
    }
    if (what) {
        rpc_send_problem(s, known, RPC_NOT_A_REQUEST, hint, "the line is %s", what);
    }
    return what ? -1 : 0;
}

/* Under `lock`: why it may not come now; NULL: it may. */
static const char *out_of_order(const rpc *s, const rpc_method *method)
{
    int in_hook = s->asking == RPC_ASKS_HOOK && !s->answered;

    if (method->flags & RPC_IN_A_HOOK) {
        return in_hook ? NULL : "no hook runs";
    }
    return in_hook                                         ? "a hook runs, and is to be answered first"
           : s->asking != RPC_ASKS_NOTHING && !s->answered ? "a question waits for its answer"
                                                           : NULL;
}

/* 1: it is in a queue, and the other thread's from now on. So with the two below. */
static int take_request(rpc *s, const rpc_method *method, json_t *message)
{
    pthread_mutex_lock(&s->lock);
    const char *why = out_of_order(s, method);
    int kept = !why && push(method->flags & RPC_IN_A_HOOK ? &s->replies : &s->requests, message) == 0;
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
    if (kept) {
        return 1;
    }
    const json_t *id = json_object_get(message, "id");
    if (why) {
        rpc_send_problem(s, id, RPC_OUT_OF_ORDER,
                         method->flags & RPC_IN_A_HOOK
                             ? "it is asked between the question 'hook' and its answer"
                             : "a hook may ask execute and query; cancel may come at any time",
                         "'%s' cannot come now: %s", method->name, why);
    } else {
        rpc_send_problem(s, id, RPC_TOO_MANY, "read the answers before you ask more", "%d messages wait already",
                         RPC_WAITING_MAX);
    }
    return 0;
}

/* A request, or a notification, which is a request that wants no answer. */
static int sort_request(rpc *s, json_t *message)
{
    const json_t *id = json_object_get(message, "id");
    const char *name = json_string_value(json_object_get(message, "method"));
    const rpc_method *method = rpc_method_find(name);

    if (!method) {
        const char *near = rpc_method_nearest(name);
        char hint[128];
        snprintf(hint, sizeof hint, near ? "did you mean '%s'?" : "'hello' lists the methods", near);
        if (id) {
            rpc_send_problem(s, id, RPC_NO_METHOD, hint, "there is no method '%.80s'", name);
        } else {
            rpc_send_warning(s, "a notification '%.80s' was passed over: there is no such method", name);
        }
    } else if (method->flags & RPC_ANY_TIME) {
        answer_at_once(s, method, message);
    } else if (id) {
        return take_request(s, method, message);
    } else { /* nobody would learn what came of it */
        rpc_send_warning(s, "a notification '%s' was passed over: ask it as a request, with an id", method->name);
    }
    return 0;
}

/* The answer to what was asked back. */
static int sort_answer(rpc *s, json_t *message)
{
    const json_t *id = json_object_get(message, "id");
    char open[32];

    pthread_mutex_lock(&s->lock);
    snprintf(open, sizeof open, "m%lld", (long long)s->questions);
    int fits = s->asking != RPC_ASKS_NOTHING && !s->answered && json_is_string(id) &&
               strcmp(json_string_value(id), open) == 0 && push(&s->replies, message) == 0;
    s->answered |= fits;
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
    if (!fits) {
        rpc_send_problem(s, NULL, RPC_OUT_OF_ORDER, "answer a question once, with its id",
                         "an answer, but nothing with its id waits for one");
    }
    return fits;
}

static void sort_line(rpc *s, const char *line, size_t length)
{
    json_error_t e;
    int kept = 0;
    json_t *message = json_loadb(line, length, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &e);

    if (!message) {
        rpc_send_problem(s, NULL, RPC_NOT_JSON,
                         json_error_code(&e) == json_error_numeric_overflow
                             ? "write a whole number beyond 64 bits as {\"integer\": \"…\"}"
                             : "one message a line, in UTF-8",
                         "the line is not JSON: %s at byte %d", e.text, e.position);
    } else if (check_form(s, message) == 0) {
        kept = json_object_get(message, "method") ? sort_request(s, message) : sort_answer(s, message);
    }
    if (!kept) {
        json_decref(message);
    }
}

/* --- the thread -------------------------------------------------------------------------------------------------- */

/* The caller is gone, or only says no more: what would change the database ends in either case. */
static void end_input(rpc *s)
{
    pthread_mutex_lock(&s->lock);
    s->ended = 1;
    if (s->running && ((s->running->flags & RPC_CHANGES_IT) || rpc_reader_gone(STDOUT_FILENO))) {
        stop(s);
    }
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
}

static void *read_all(void *user)
{
    rpc *s = user;
    rpc_lines lines = {.fd = STDIN_FILENO};
    const char *line;
    size_t length;
    int rc;

    while ((rc = rpc_lines_next(&lines, &line, &length)) != RPC_LINE_END && rc != RPC_LINE_NOMEM) {
        if (rc == RPC_LINE) {
            sort_line(s, line, length);
        } else {
            rpc_send_problem(s, NULL, RPC_TOO_LARGE, "send less at once", "the line is longer than %d MiB",
                             RPC_MESSAGE_MAX >> 20);
        }
    }
    if (rc == RPC_LINE_NOMEM) {
        rpc_send(s, NULL);
    }
    rpc_lines_free(&lines);
    end_input(s);
    return NULL;
}

int rpc_inbox_start(rpc *s)
{
    pthread_t thread;

    if (pthread_create(&thread, NULL, read_all, s) != 0) {
        return -1;
    }
    pthread_detach(thread); /* it may wait for a line when all else has ended */
    return 0;
}

/* --- the other side ---------------------------------------------------------------------------------------------- */

/* Under `lock`: waits a little for something to change. Signals are seen in between. */
static void wait_a_little(rpc *s)
{
    struct timespec until;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += 100000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    pthread_cond_timedwait(&s->changed, &s->lock, &until);
}

json_t *rpc_inbox_next(rpc *s)
{
    pthread_mutex_lock(&s->lock);
    while (s->requests.count == 0 && !s->ended && !__atomic_load_n(&s->gone, __ATOMIC_RELAXED) && !cli_interrupted()) {
        pthread_cond_wait(&s->changed, &s->lock);
    }
    int over = __atomic_load_n(&s->gone, __ATOMIC_RELAXED) || cli_interrupted();
    json_t *message = s->requests.count && !over ? take_at(&s->requests, 0) : NULL;
    pthread_mutex_unlock(&s->lock);
    return message;
}

void rpc_inbox_ask(rpc *s, rpc_asking what)
{
    pthread_mutex_lock(&s->lock);
    s->asking = what;
    s->answered = 0;
    s->questions++;
    pthread_mutex_unlock(&s->lock);
}

json_t *rpc_inbox_reply(rpc *s, double seconds)
{
    double end = rpc_now() + seconds;

    pthread_mutex_lock(&s->lock);
    while (s->replies.count == 0 && !s->ended && !s->stopped && !cli_interrupted() && rpc_now() < end) {
        wait_a_little(s);
    }
    int over = s->stopped || cli_interrupted();
    json_t *message = s->replies.count && !over ? take_at(&s->replies, 0) : NULL;
    pthread_mutex_unlock(&s->lock);
    return message;
}

void rpc_inbox_asked(rpc *s)
{
    pthread_mutex_lock(&s->lock);
    s->asking = RPC_ASKS_NOTHING;
    empty(&s->replies);
    pthread_mutex_unlock(&s->lock);
}
