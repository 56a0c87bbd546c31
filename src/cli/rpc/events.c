/* SPDX-License-Identifier: MIT */
/* events.c - what goes on, told to the caller as notifications. */
#include "rpc.h"

static json_t *log_params(const moult_event *e)
{
    static const char *const levels[] = {"debug", "info", "warning"};
    int level = e->level < 0 ? 0 : e->level > 2 ? 2 : e->level;

    return json_pack("{s:s, s:o}", "level", levels[level], "message", rpc_text(e->message));
}

static json_t *step_params(const moult_event *e)
{
    return json_pack("{s:o, s:I, s:I, s:b, s:f}", "title", rpc_text(e->message), "step", (json_int_t)e->step, "steps",
                     (json_int_t)e->step_count, "finished", e->finished, "seconds", e->seconds);
}

static json_t *progress_params(const moult_event *e)
{
    return json_pack("{s:o, s:I, s:I, s:I, s:I, s:f}", "title", rpc_text(e->message), "step", (json_int_t)e->step,
                     "steps", (json_int_t)e->step_count, "done", (json_int_t)e->done, "total", (json_int_t)e->total,
                     "seconds", e->seconds);
}

int rpc_event(void *user, const moult_event *event)
{
    static const struct {
        const char *name;
        json_t *(*params)(const moult_event *);
    } kinds[] = {[MOULT_EVENT_LOG] = {"log", log_params},
                 [MOULT_EVENT_STEP] = {"step", step_params},
                 [MOULT_EVENT_PROGRESS] = {"progress", progress_params}};
    rpc *s = user;

    if (event->kind != MOULT_EVENT_LOG || event->level > 0 || s->verbose) {
        rpc_send(s, json_pack("{s:s, s:s, s:o}", "jsonrpc", "2.0", "method", kinds[event->kind].name, "params",
                              kinds[event->kind].params(event)));
    }
    return rpc_inbox_stopped(s);
}
