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
#include "dialect/postgres/read.h"

enum { D_OBJECT = 0, D_NEEDED, D_LOOSE };

/* place: where in the tree a part is, as catalog and oid of the object that it is part of. Only what is needed from outside counts
 * (deptype n): what goes with its table mentions it as its parent, and a sequence does not need the table that owns it. */
static const char depends_sql[] =
    "WITH place AS ( "
    "SELECT 'pg_attrdef'::regclass AS classid, oid AS objid, 'pg_class ' || adrelid AS key FROM pg_attrdef WHERE "
    "oid >= 16384 "
    "UNION ALL SELECT 'pg_constraint'::regclass, oid, 'pg_type ' || contypid FROM pg_constraint WHERE contypid <> "
    "0 AND oid >= 16384 "
    "UNION ALL SELECT 'pg_rewrite'::regclass, oid, 'pg_class ' || ev_class FROM pg_rewrite WHERE rulename = "
    "'_RETURN' AND oid >= 16384 "
    "UNION ALL SELECT 'pg_class'::regclass, oid, 'pg_type ' || reltype FROM pg_class WHERE relkind = 'c' AND oid "
    ">= 16384 "
    "UNION ALL SELECT 'pg_type'::regclass, t.oid, CASE WHEN c.relkind <> 'c' THEN 'pg_class ' || c.oid {14?WHEN "
    "r.rngtypid IS NOT NULL THEN 'pg_type ' || r.rngtypid} ELSE 'pg_type ' || b.oid END "
    "FROM pg_type t LEFT JOIN pg_type e ON e.typarray = t.oid JOIN pg_type b ON b.oid = coalesce(e.oid, t.oid) "
    "LEFT JOIN pg_class c ON c.oid = b.typrelid {14?LEFT JOIN pg_range r ON r.rngmultitypid = b.oid} WHERE t.oid "
    ">= 16384 "
    "UNION ALL SELECT 'pg_publication_rel'::regclass, oid, 'pg_publication ' || prpubid FROM pg_publication_rel "
    "{15?UNION ALL SELECT 'pg_publication_namespace'::regclass, oid, 'pg_publication ' || pnpubid FROM "
    "pg_publication_namespace} "
    "UNION ALL SELECT classid, objid, refclassid::regclass || ' ' || refobjid FROM pg_depend WHERE classid IN "
    "('pg_amop'::regclass, 'pg_amproc'::regclass) AND refclassid IN ('pg_opclass'::regclass, "
    "'pg_opfamily'::regclass) AND objid >= 16384 "
    "UNION ALL SELECT 'pg_opfamily'::regclass, f.oid, 'pg_opclass ' || c.oid FROM pg_opclass c JOIN pg_opfamily f "
    "ON f.oid = c.opcfamily AND f.opfname = c.opcname AND f.opfnamespace = c.opcnamespace WHERE f.oid >= 16384 "
    "UNION ALL SELECT classid, objid, 'pg_extension ' || refobjid FROM pg_depend WHERE refclassid = "
    "'pg_extension'::regclass AND deptype = 'e' "
    ") "
    "SELECT DISTINCT l.key, r.key, k.oid IS NOT NULL "
    "FROM pg_depend d LEFT JOIN place p ON p.classid = d.classid AND p.objid = d.objid LEFT JOIN place q ON "
    "q.classid = d.refclassid AND q.objid = d.refobjid "
    "LEFT JOIN pg_constraint k ON d.classid = 'pg_constraint'::regclass AND k.oid = d.objid AND k.contype = 'f', "
    "LATERAL (SELECT coalesce(p.key, d.classid::regclass || ' ' || d.objid) AS key) l, LATERAL (SELECT "
    "coalesce(q.key, d.refclassid::regclass || ' ' || d.refobjid) AS key) r "
    "WHERE d.refobjid >= 16384 AND (d.deptype = 'n' OR d.classid IN ('pg_publication_rel'::regclass, "
    "{15?'pg_publication_namespace'::regclass, }'pg_amop'::regclass, 'pg_amproc'::regclass, "
    "'pg_opclass'::regclass)) AND l.key <> r.key";

static int mention(mo_pg_reading *in, mo_object *o, const char *name, int loose)
{
    mo_pg_mention m = {o, name, loose};
    if (!name || mo_name_equal(o->name, name))
        return MOULT_OK;
    return mo_vec_push(in->region, &in->mentions, m) ? mo_error_nomem(in->err) : MOULT_OK;
}

int mo_pg_mentions(mo_pg_reading *in, mo_object *o, const char *name)
{
    return mention(in, o, name, 0);
}

int mo_pg_mentions_loosely(mo_pg_reading *in, mo_object *o, const char *name)
{
    return mention(in, o, name, 1);
}

static int depend_row(mo_pg_reading *in, const mo_pg_row *r)
{
    mo_object *o = mo_map_get(in->objects, mo_pg_text(r, D_OBJECT));
    const mo_object *needed = mo_map_get(in->objects, mo_pg_text(r, D_NEEDED));
    return o && needed && o != needed ? mention(in, o, needed->name, mo_pg_is_true(r, D_LOOSE)) : MOULT_OK;
}

/* What is needed comes before what is named loosely: of the same name the first one counts. */
static int compare(const void *left, const void *right)
{
    const mo_pg_mention *a = left, *b = right;
    if (a->object != b->object)
        return a->object < b->object ? -1 : 1;
    int order = mo_fold_compare(a->name, b->name);
    return order ? order : a->loose - b->loose;
}

int mo_pg_give_mentions(mo_pg_reading *in)
{
    size_t count = in->mentions.count;
    mo_pg_mention *all = in->mentions.items;
    const char **names = mo_region_alloc(in->region, (count + 1) * sizeof *names);
    const char **loose = mo_region_alloc(in->region, (count + 1) * sizeof *loose);
    if (!names || !loose)
        return mo_error_nomem(in->err);
    if (count)
        qsort(all, count, sizeof *all, compare);
    for (size_t i = 0; i < count; i++) {
        mo_object *o = all[i].object;
        if (i > 0 && all[i - 1].object == o && mo_name_equal(all[i - 1].name, all[i].name))
            continue;
        o->mentions = o->mentions ? o->mentions : names;
        o->loose = o->loose ? o->loose : loose;
        o->mention_count++;
        *names++ = all[i].name;
        if (all[i].loose) {
            o->loose_count++;
            *loose++ = all[i].name;
        }
    }
    return MOULT_OK;
}

const mo_pg_reader mo_pg_read_depends = {"dependencies", depends_sql, depend_row};
