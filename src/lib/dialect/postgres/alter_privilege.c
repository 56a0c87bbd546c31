/* SPDX-License-Identifier: MIT */
/*
 * alter_privilege.c - what roles may do: taken back, and given as it shall be, in one step.
 *
 * Some things everybody may do unless it is taken away: where that was, the usual comes back.
 */
#include <string.h>

#include "dialect/postgres/steps.h"

/* What everybody may do with a thing of this sort; NULL: nothing. */
static const char *usual(const char *noun)
{
    static const struct {
        const char *noun, *privilege;
    } all[] = {
        {"FUNCTION", "EXECUTE"}, {"PROCEDURE", "EXECUTE"}, {"TYPE", "USAGE"}, {"DOMAIN", "USAGE"}, {"SCHEMA", "USAGE"}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (strncmp(noun, all[i].noun, strlen(all[i].noun)) == 0)
            return all[i].privilege;
    return NULL;
}

/* The last " TO " of a name: before it the thing, behind it the role. */
static const char *role_of(const char *name)
{
    const char *to = NULL;
    for (const char *at = strstr(name, " TO "); at; at = strstr(at + 1, " TO "))
        to = at;
    return to;
}

/* "IN SCHEMA s ON TABLES TO role": the statement's beginning, and where what it is about begins. */
static const char *begin(const mo_object *o, mo_str *head)
{
    const char *on = o->kind == MO_KIND_DEFAULT_PRIVILEGE ? strstr(o->name, "ON ") : NULL;
    while (on && on > o->name && on[-1] != ' ')
        on = strstr(on + 1, "ON ");
    if (!on)
        return o->name;
    mo_str_addf(head, "ALTER DEFAULT PRIVILEGES %.*s", (int)(on - o->name), o->name);
    return on + strlen("ON ");
}

void mo_pg_usual_privileges(const mo_object *o, mo_str *sql)
{
    mo_str head = {0};
    const char *about = begin(o, &head), *to = role_of(o->name), *privilege = usual(about);
    int everybody = to && strcmp(to + 4, "PUBLIC") == 0;
    if (to)
        mo_str_addf(sql, "%sREVOKE ALL ON %.*s FROM %s", mo_str_text(&head), (int)(to - about), about, to + 4);
    if (everybody && privilege && strstr(o->sql, "REVOKE ALL ON"))
        mo_str_addf(sql, ";\n%sGRANT %s ON %.*s TO PUBLIC", mo_str_text(&head), privilege, (int)(to - about), about);
    sql->failed |= head.failed;
    mo_str_free(&head);
}

int mo_pg_alter_privilege(mo_pg_stepping *s, const mo_change *change, int *done)
{
    mo_str sql = {0};
    *done = 1;
    mo_pg_usual_privileges(change->before, &sql);
    mo_str_addf(&sql, ";\n%s", change->after->sql);
    return mo_pg_alter_text(s, change, &sql);
}
