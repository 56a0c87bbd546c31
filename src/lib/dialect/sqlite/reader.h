/* SPDX-License-Identifier: MIT */
/*
 * reader.h - the reading side of this dialect: from SQLite's stored text to the schema tree, and back.
 *
 *   reader_words.c    the keywords
 *   reader_tokens.c   one definition as tokens, with what the readers ask of them
 *   reader_names.c    sets of names
 *   reader_table.c    CREATE TABLE: columns
 *   reader_parts.c    CREATE TABLE: constraints
 *   reader_object.c   everything else that is created, and what all definitions have
 *   canonical.c       canonical forms of expressions, names and whole bodies
 *   introspect.c      sqlite_schema → schema
 *   compose.c         a table's parts → its definition
 *   declare.c         one desired statement, told apart
 *
 * What the attributes of a column hold, as canonical form / as text:
 *
 *   TYPE                 "decimal(10,5)"          / DECIMAL(10, 5)
 *   NOT_NULL             "1"                      / NOT NULL   (also where a key of STRICT or WITHOUT ROWID implies it)
 *   NOT_NULL_CONFLICT    "replace"                / ON CONFLICT REPLACE
 *   DEFAULT              "'abc'", "- 1", "null"   / what may follow DEFAULT, and means the same in any expression
 *   COLLATION            "nocase"                 / NOCASE
 *   GENERATED            "stored a + b"           / GENERATED ALWAYS AS (a + b) STORED
 */
#ifndef MO_SQLITE_READER_H
#define MO_SQLITE_READER_H

#include "dialect/dialect.h"

/* Slots of the dialect. */
int mo_sqlite_introspect(mo_conn *c, mo_schema **out, mo_error *err);
int mo_sqlite_read_object(mo_schema *s, const char *sql, size_t length, mo_object **out, mo_error *err);
int mo_sqlite_declare(mo_conn *c, mo_region *r, const mo_statement_text *statement, mo_declared *out, mo_error *err);
const char *mo_sqlite_compose_table(mo_region *r, const mo_object *table);
int mo_sqlite_object_sql(const mo_object *o, mo_str *out);

enum {
    MO_SQLITE_COLUMN_NO_NOT_NULL = 1,    /* leave out NOT NULL and its ON CONFLICT */
    MO_SQLITE_COLUMN_NO_CONSTRAINTS = 2, /* leave out PRIMARY KEY, UNIQUE, CHECK and REFERENCES */
    MO_SQLITE_COLUMN_NO_DEFAULT = 4
};
/* The definition of one column, made from its parts: name, type, attributes, and the constraints that it holds (those with
 * its index). NULL: no memory. */
char *mo_sqlite_column_sql(mo_region *r, const mo_table *table, const mo_column *column, unsigned flags);

#endif
