/* SPDX-License-Identifier: MIT */
/*
 * read.h - what the readers of the catalog share: pieces of SQL, and the rows that say all of an object.
 *
 * For most kinds the server writes the whole definition: then a reader is its query, and mo_pg_object_row() takes the rows.
 * Such a query gives, in this order:
 *
 *   the kind ("enum")     NULL: no object of its own, but whatever depends on it depends on what the last two columns name
 *   catalog and oid       by which others find it
 *   the name              as DROP takes it; see mo_pg_server_name()
 *   the parent            of kinds that belong to a table; else NULL
 *   canonical             what is compared: the definition without the object's own name, oids, owner, database
 *   sql                   the statements that make it, with ";\n" between them: the first creates, the others only add to it
 *   catalog and oid       of what it mentions beside what pg_depend says, or NULL; may be left out
 */
#ifndef MO_PG_READ_H
#define MO_PG_READ_H

#include "dialect/postgres/postgres.h"

/*
 * In the SQL of a reader these are put in before it is sent:
 *
 *   $schemas           the managed schemas, an array of name
 *   $managed           begins a query: those schemas as m(oid, nspname, prefix, place); prefix is what stands before the names in them
 *   $own(catalog, o)   "it is an object of its own": no member of an extension, and nothing that another object brings along
 *   $options(array)    the elements of an array of options, as a table with the one column `option`: name='value'
 *   $arguments(p)      the types of a function's arguments, with commas between
 *   $operator(o)       the name of an operator as the options of CREATE OPERATOR take it
 *   $sequence(s)       the options of a sequence that are not the usual ones of its type: ' INCREMENT BY 5 CACHE 3'
 *   {15?a}{15!b}       a for servers from 15 on, b for older ones; the text inside has no braces
 *
 * moult's own schema is never among the managed ones.
 */
void mo_pg_expand(const mo_conn *c, const char *sql, mo_str *out);

/* Takes a row as it is told above. */
int mo_pg_object_row(mo_pg_reading *in, const mo_pg_row *r);
/* A name that the server wrote, in which words in capitals are SQL's and all else are names ("audit ON other.users"), in the one
 * spelling of name.h: another release quotes other words. In the region; NULL: no memory. What stands in parentheses stays. */
const char *mo_pg_server_name(mo_pg_reading *in, const char *text);

/* An expression, or a text with some, in the form that it has when the server has read its own text again: what is compared. `text`
 * itself where that is the same; NULL: no memory, or `text` is NULL. */
const char *mo_pg_settled(mo_pg_reading *in, const char *text);

/* What a serial column has for a default in canonical form: whatever its sequence is called. */
#define MO_PG_SERIAL "serial"

/* What the canonical form of a sequence with an owner ends with, and the owner, a column. */
#define MO_PG_OWNED_BY " OWNED BY "

/* The column of the table and with the number in those columns of the row; NULL: it is not among the parts of a table that is read. */
mo_column *mo_pg_column(mo_pg_reading *in, const mo_pg_row *r, int table, int number);

/* An option of a table; `name` lives on. Without `canonical` or `text` there was no memory. */
int mo_pg_add_option(mo_pg_reading *in, mo_object *o, const char *name, const char *canonical, const char *text);

/* The readers: one file each, read_NAME.c, but where it says otherwise. */
extern const mo_pg_reader mo_pg_read_namespaces, mo_pg_read_extensions, mo_pg_read_collations, mo_pg_read_enums,
    mo_pg_read_composites, mo_pg_read_ranges, mo_pg_read_domains, mo_pg_read_sequences, mo_pg_read_functions,
    mo_pg_read_bodies, mo_pg_read_aggregates, mo_pg_read_operators, mo_pg_read_operator_classes,
    mo_pg_read_operator_families, mo_pg_read_casts, mo_pg_read_dictionaries, mo_pg_read_configurations,
    mo_pg_read_tables, mo_pg_read_columns, mo_pg_read_constraints, mo_pg_read_indexes, mo_pg_read_views,
    mo_pg_read_rules, mo_pg_read_statistics, mo_pg_read_triggers, mo_pg_read_policies, mo_pg_read_publications,
    mo_pg_read_event_triggers, mo_pg_read_others, mo_pg_read_comments, mo_pg_read_privileges,
    mo_pg_read_default_privileges, mo_pg_read_depends;

#endif
