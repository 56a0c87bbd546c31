/* SPDX-License-Identifier: MIT */
/* cache.c - moult cache: what a cache has counted, and how it is emptied. */
#include <string.h>

#include "cli.h"
#include "commands.h"

static int stats(cli *c, moult_cache *cache)
{
    moult_cache_info info;
    int code = moult_cache_stats(cache, &info);

    if (code != MOULT_OK) {
        return code;
    }
    const struct {
        const char *name;
        int64_t value;
    } all[] = {{"entries", info.entries},
               {"hits", info.hits},
               {"misses", info.misses},
               {"errors", info.errors},
               {"stores", info.stores}};
    int json = report_format(c) == MOULT_FORMAT_JSON;
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        printf(json ? "%s\"%s\": %lld" : "%s%-8s %lld\n", json ? i ? ", " : "{" : "", all[i].name,
               (long long)all[i].value);
    }
    printf("%s", json ? "}\n" : "");
    return MOULT_OK;
}

static int clear(cli *c, moult_cache *cache)
{
    int64_t removed;
    int code = moult_cache_clear(cache, &removed);

    if (code == MOULT_OK && report_format(c) == MOULT_FORMAT_JSON) {
        printf("{\"removed\": %lld}\n", (long long)removed);
    } else if (code == MOULT_OK) {
        printf("%lld entr%s removed\n", (long long)removed, removed == 1 ? "y" : "ies");
    }
    return code;
}

static int run(cli *c)
{
    const char *where = cli_cache(c);
    moult_cache *cache = NULL;

    if (!where) {
        return out_problem(&c->out, "--cache FILE, --cache redis://HOST, or MOULT_CACHE in the environment",
                           "no cache is named");
    }
    int code = moult_cache_open(&cache, where);
    if (code == MOULT_OK) {
        code = strcmp(c->values.args[0], "clear") == 0 ? clear(c, cache) : stats(c, cache);
    }
    if (code != MOULT_OK) {
        out_error(&c->out, moult_cache_error(cache));
    }
    moult_cache_close(cache);
    return moult_code_exit(code);
}

static const char *const forms[] = {"stats|clear [--cache PLACE] [--format FORMAT]", NULL};
static const char *const what[] = {"stats", "clear", NULL};

const command command_cache = {
    .name = "cache",
    .summary = "tell what a cache has counted, or empty it",
    .forms = forms,
    .options = OPT_BIT(OPT_CACHE) | OPT_BIT(OPT_FORMAT_JSON),
    .min_args = 1,
    .max_args = 1,
    .arg_choices = what,
    .run = run,
};
