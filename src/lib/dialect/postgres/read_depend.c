/* SPDX-License-Identifier: MIT */
/*
 * read_depend.c - which object needs which, as the server knows it.
 *
 * pg_depend speaks of parts (a default, a constraint, the rule that is a view's query, the row type of a table): each is taken
 * for the object that it is a part of. What both ends were remembered by their catalog and oid.
 */
#include <stdlib.h>
#include <string.h>

#include "base/fold.h"
#include "dialect/postgres/postgres.h"

enum { D_CATALOG = 0, D_OID, D_REF_CATALOG, D_REF_OID };

static const char depends_sql[] =
    "SELECT DISTINCT CASE WHEN w.oid IS NOT NULL OR f.oid IS NOT NULL OR k.conrelid <> 0 THEN 'pg_class' "
    "WHEN k.contypid <> 0 THEN 'pg_type' ELSE d.classid::regclass::text END, "
    "coalesce(w.ev_class, f.adrelid, nullif(k.conrelid, 0), nullif(k.contypid, 0), d.objid), "
    "CASE WHEN t.typrelid <> 0 AND tc.relkind <> 'c' THEN 'pg_class' ELSE d.refclassid::regclass::text END, "
    "CASE WHEN t.typrelid <> 0 AND tc.relkind <> 'c' THEN t.typrelid WHEN t.typelem <> 0 AND t.typcategory = 'A' THEN "
    "t.typelem ELSE d.refobjid END "
    "FROM pg_depend AS d "
    "LEFT JOIN pg_rewrite AS w ON d.classid = 'pg_rewrite'::regclass AND w.oid = d.objid AND w.rulename = '_RETURN' "
    "LEFT JOIN pg_attrdef AS f ON d.classid = 'pg_attrdef'::regclass AND f.oid = d.objid "
    "LEFT JOIN pg_constraint AS k ON d.classid = 'pg_constraint'::regclass AND k.oid = d.objid "
    "LEFT JOIN pg_type AS t ON d.refclassid = 'pg_type'::regclass AND t.oid = d.refobjid "
    "LEFT JOIN pg_class AS tc ON tc.oid = t.typrelid "
    "WHERE d.objid >= 16384 AND d.refobjid >= 16384 AND d.deptype IN ('n', 'a', 'i')";

int mo_pg_mentions(mo_pg_reading *in, mo_object *o, const char *name)
{
    mo_pg_mention m = {o, name};
    if (!name || mo_name_equal(o->name, name))
        return MOULT_OK;
    return mo_vec_push(in->region, &in->mentions, m) ? mo_error_nomem(in->err) : MOULT_OK;
}

static int depend_row(mo_pg_reading *in, const mo_pg_row *r)
{
    mo_object *o = mo_pg_recall(in, mo_pg_text(r, D_CATALOG), r, D_OID);
    const mo_object *needed = mo_pg_recall(in, mo_pg_text(r, D_REF_CATALOG), r, D_REF_OID);
    return o && needed && o != needed ? mo_pg_mentions(in, o, needed->name) : MOULT_OK;
}

static int compare(const void *left, const void *right)
{
    const mo_pg_mention *a = left, *b = right;
    if (a->object != b->object)
        return a->object < b->object ? -1 : 1;
    return mo_fold_compare(a->name, b->name);
}

int mo_pg_give_mentions(mo_pg_reading *in)
{
    size_t count = in->mentions.count;
    mo_pg_mention *all = in->mentions.items;
    const char **names = mo_region_alloc(in->region, (count + 1) * sizeof *names);
    if (!names)
        return mo_error_nomem(in->err);
    if (count)
        qsort(all, count, sizeof *all, compare);
    for (size_t i = 0; i < count; i++) {
        mo_object *o = all[i].object;
        if (i > 0 && all[i - 1].object == o && mo_name_equal(all[i - 1].name, all[i].name))
            continue;
        if (!o->mentions)
            o->mentions = names;
        o->mention_count++;
        *names++ = all[i].name;
    }
    return MOULT_OK;
}

const mo_pg_reader mo_pg_read_depends = {"dependencies", depends_sql, depend_row};
