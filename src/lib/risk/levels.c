/* SPDX-License-Identifier: MIT */
/* levels.c - levels that an option gives to rules: "drop-index=safe". */
#include <string.h>

#include "base/near.h"
#include "risk/risk.h"

static const char *const names[] = {"safe", "medium", "high"};

static int level_named(const char *name, moult_risk *out)
{
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i], name) == 0) {
            *out = (moult_risk)i;
            return 1;
        }
    return 0;
}

const mo_rule *mo_rule_near(const char *word)
{
    const mo_rule *near = NULL;
    int best = 4; /* farther is another word */
    for (const mo_rule *r = mo_rules; r->info.id; r++) {
        int d = mo_distance(word, strlen(word), r->info.id);
        if (d < best) {
            best = d;
            near = r;
        }
    }
    return near;
}

static int is_id(const char *entry, size_t length, const mo_rule *r)
{
    return strlen(r->info.id) == length && memcmp(r->info.id, entry, length) == 0;
}

static int no_such_rule(const char *entry, size_t length, mo_error *err)
{
    char word[48];
    const mo_rule *near;
    size_t n = length < sizeof word - 1 ? length : sizeof word - 1;
    memcpy(word, entry, n);
    word[n] = '\0';
    near = mo_rule_near(word);
    mo_error_set(err, MOULT_INVALID, "there is no rule '%s'", word);
    mo_error_object(err, "option rules");
    return near ? mo_error_hint(err, "did you mean '%s'? 'moult rules' lists them", near->info.id)
                : mo_error_hint(err, "'moult rules' lists them");
}

int mo_levels_check(const char *const *levels, mo_error *err)
{
    for (; levels && *levels; levels++) {
        const char *eq = strchr(*levels, '=');
        const mo_rule *r = mo_rules;
        moult_risk level;
        size_t n = eq ? (size_t)(eq - *levels) : strlen(*levels);
        while (r->info.id && !is_id(*levels, n, r))
            r++;
        if (!r->info.id)
            return no_such_rule(*levels, n, err);
        if (!eq || !level_named(eq + 1, &level)) {
            mo_error_set(err, MOULT_INVALID, "rule '%s' cannot have the level '%.40s'", r->info.id, eq ? eq + 1 : "");
            mo_error_object(err, "option rules");
            return mo_error_hint(err, "the levels are safe, medium and high: %s=safe", r->info.id);
        }
    }
    return MOULT_OK;
}

moult_risk mo_level_of(const mo_rule *rule, const char *const *levels, int *changed)
{
    moult_risk level = rule->info.level;
    size_t n = strlen(rule->info.id);
    *changed = 0;
    for (; levels && *levels; levels++) /* the last one holds */
        if (strncmp(*levels, rule->info.id, n) == 0 && (*levels)[n] == '=' && level_named(*levels + n + 1, &level))
            *changed = 1;
    return level;
}
