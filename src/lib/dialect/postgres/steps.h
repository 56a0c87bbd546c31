/* SPDX-License-Identifier: MIT */
/*
 * steps.h - inside this folder: how changes become steps.
 *
 *   steps.c        the walk over the changes, and the steps that create and drop
 *   again.c        what is dropped and made again, because something that it depends on is
 *   inplace.c      which kinds can be altered where they stand, and by which file: alter_KIND.c
 *   behind.c       definitions whose statements behind the CREATE alone differ
 *   alter.c        the parts of tables; alter_type.c, alter_identity.c: those of columns that take more than one statement
 *   alter_keys.c   foreign keys that are in the way of what happens to either side
 *   follow_names.c names that only follow an old one
 *   resay.c        comments and privileges of parts that were made again
 *   partition.c    partitions and inheritance: attached and detached
 *   replace_type.c types that cannot be altered: the new one is made beside the old one, and the columns change over
 *   definition.c   pieces of definitions
 *
 * Everything that is dropped comes before what is created in its place, what others need before them, and what closes circles
 * (foreign keys) when all tables are there. Within one number, mo_plan_sort() goes by what the objects mention.
 */
#ifndef MO_PG_STEPS_H
#define MO_PG_STEPS_H

#include "dialect/postgres/postgres.h"

/* In this order; where a serial number is added, the steps keep the order in which they were made: there is room for half a million. */
enum {
    MO_PG_ORDER_RENAME = 1000000,
    MO_PG_ORDER_NEW_VALUE =
        1500000, /* + serial: values of enums, in transactions of their own where a later step uses them */
    MO_PG_ORDER_DROP_FOREIGN_KEY = 2000000, /* + serial */
    MO_PG_ORDER_DROP_USE = 2500000,         /* + serial: defaults and checks that use what is dropped next */
    MO_PG_ORDER_DROP = 5000000,             /* what depends on tables, and what is made again */
    MO_PG_ORDER_DROP_CONSTRAINT = 10000000, /* + serial */
    MO_PG_ORDER_DROP_NEEDED = 15000000,     /* functions and types that are made again, whose name is needed */
    MO_PG_ORDER_MOVE_AWAY = 16000000,       /* + serial: types that columns still have */
    MO_PG_ORDER_CREATE = 20000000,          /* what tables may need, and tables */
    MO_PG_ORDER_ALTER = 30000000,           /* + serial */
    MO_PG_ORDER_ADD_CONSTRAINT = 40000000,  /* + serial */
    MO_PG_ORDER_OWN = 45000000,             /* + serial: sequences of columns */
    MO_PG_ORDER_CREATE_INDEX = 50000000,
    MO_PG_ORDER_USE_INDEX = 55000000,       /* + serial: CLUSTER ON, REPLICA IDENTITY */
    MO_PG_ORDER_ADD_FOREIGN_KEY = 60000000, /* + serial */
    MO_PG_ORDER_CREATE_LATE = 70000000,     /* what may depend on altered tables: views, triggers, policies */
    MO_PG_ORDER_DROP_LATE = 80000000,       /* what nothing depends on any more: tables, functions, types */
    MO_PG_ORDER_SAY = 90000000              /* comments and privileges */
};

typedef struct mo_pg_stepping {
    mo_conn *conn; /* live */
    mo_plan *plan;
    const mo_schema *from, *to;
    mo_map *again;    /* "kind name" of what is there before and after, and is dropped and made again */
    mo_map *replaced; /* likewise of types that columns have: made anew beside the old one */
    mo_map *gone;     /* names of what is not there for a while, or for ever */
    mo_map *shaken;   /* tables whose columns change so that what uses those is in the way: name → mo_change */
    mo_map *altered;  /* tables that are altered: name → mo_change */
    mo_map
        *paired; /* "kind name" of what is dropped and created under another name: it is renamed → mo_object of then */
    int dry;     /* 1: nothing is added; it is only asked what could be done */
    int serial;
    mo_error *err;
} mo_pg_stepping;

/* --- steps.c ------------------------------------------------------------------------------------------------------------- */
/* A new step of one statement or more (`sql` is the first; NULL: none yet), with the statement's beginning as its title. NULL: no
 * memory. Not to be called while it is dry. */
mo_step *mo_pg_step(mo_pg_stepping *s, mo_phase phase, int order, const char *method, const mo_object *o,
                    const char *sql);
/* The same for a text that is freed here; MOULT_OK or NOMEM. Dry: nothing but that. */
int mo_pg_step_text(mo_pg_stepping *s, mo_phase phase, int order, const char *method, const mo_object *o, mo_str *sql);
/* Where in the order an object is created, or replaced. */
int mo_pg_order_of_create(const mo_pg_stepping *s, const mo_object *o);
/* What it costs, and what takes it back; both may be NULL. Of the last step. NOMEM. */
int mo_pg_step_says(mo_pg_stepping *s, const char *cost, const char *undo);

/* --- again.c --------------------------------------------------------------------------------------------------------------- */
/* Fills again, replaced, gone and shaken. */
int mo_pg_find_again(mo_pg_stepping *s);
int mo_pg_is_marked(const mo_map *marks, const mo_object *o);
/* Does the server hold on to `name` for the sake of `o`? What only the text of a function's body names, it does not. */
int mo_pg_holds(const mo_object *o, const char *name);
/* Does this piece of the object's definition use something that is gone for a while? */
int mo_pg_uses_gone(const mo_pg_stepping *s, const mo_object *o, const char *text);

/* --- inplace.c and the files it names -------------------------------------------------------------------------------------------- */
/* An object that PostgreSQL can alter in place; *done 0: it has to be dropped and made again. */
typedef int mo_pg_alter_fn(mo_pg_stepping *s, const mo_change *change, int *done);
mo_pg_alter_fn mo_pg_alter_object;
mo_pg_alter_fn mo_pg_alter_behind, mo_pg_alter_comment, mo_pg_alter_composite, mo_pg_alter_domain, mo_pg_alter_enum,
    mo_pg_alter_extension, mo_pg_alter_function, mo_pg_alter_index, mo_pg_alter_materialized_view, mo_pg_alter_policy,
    mo_pg_alter_privilege, mo_pg_alter_publication, mo_pg_alter_sequence, mo_pg_alter_dictionary, mo_pg_alter_trigger,
    mo_pg_alter_view;
/* A statement that alters the change's object, at its kind's place; the text is freed. */
int mo_pg_alter_text(mo_pg_stepping *s, const mo_change *change, mo_str *sql);
/* The order in which things of a kind are created. */
int mo_pg_order_of(mo_kind kind);
/* behind.c: the statements behind the CREATE that `before` has and `after` does not are taken back, the new ones run; *done 0:
 * one of them cannot be taken back. */
int mo_pg_change_behind(mo_pg_stepping *s, const mo_change *change, int *done);

/* alter_sequence.c: all options of a canonical form, the usual ones too, each after `before`. */
void mo_pg_sequence_options(mo_str *sql, const char *canonical, const char *before);
/* alter_identity.c: is the sequence, which comes, there already as that of a serial column? */
int mo_pg_leaves_serial(const mo_pg_stepping *s, const mo_object *sequence);
/* Does a column that is there become a serial one that has this sequence, which is there too? */
int mo_pg_becomes_serial(const mo_pg_stepping *s, const char *sequence);
/* alter_privilege.c: statements that take back what a privilege object says, so that things are as usual; appended. */
void mo_pg_usual_privileges(const mo_object *o, mo_str *sql);

/* --- tables --------------------------------------------------------------------------------------------------------------- */
/* New columns of an altered table, in a form that asks nothing of the rows. */
int mo_pg_expand_table(mo_pg_stepping *s, const mo_change *change);
/* Must what depends on this table go while its parts change? */
int mo_pg_disturbs(const mo_change *change);
/* alter.c: the steps of an altered table. */
int mo_pg_alter_table(mo_pg_stepping *s, const mo_change *change);
/* Is it a column that has to be made again, because it is computed from something that changes? */
int mo_pg_is_remade(const mo_pg_stepping *s, const mo_object *before, const mo_change *change, const mo_column *c);
/* The parts of a table that use what is gone for a while: out of the way before, and back after. Parts that `change` (NULL: none)
 * changes anyway are its own affair. */
int mo_pg_release_parts(mo_pg_stepping *s, const mo_object *before, const mo_object *after, const mo_change *change);
/* "ALTER TABLE t ALTER COLUMN c <what><value>" as a step of its own. */
int mo_pg_alter_column(mo_pg_stepping *s, const mo_object *o, const mo_column *c, const char *what, const char *value);
int mo_pg_column_has(const mo_column *c, mo_attr attr);
int mo_pg_part_differs(const mo_part *part, mo_attr attr);
/* alter_type.c: another type or collation. `rewritten`: the type is another one by the same name, which values reach as text. */
int mo_pg_alter_type(mo_pg_stepping *s, const mo_object *o, const mo_column *before, const mo_column *after,
                     int rewritten, int64_t rows);
/* The expression that makes the new value of the old one; NULL: none was given. */
const char *mo_pg_conversion(const mo_column *c);
/* Is it a type that a written cast cuts values for, and that the server assigns by itself? A domain is what it is over. */
int mo_pg_is_assigned(const mo_schema *to, const char *old, const char *wanted);
/* Is it an enum of this schema, or an array of one? */
int mo_pg_is_enum(const mo_schema *s, const char *text);
/* Does the type take all values of the old one as they are, so that no row has to be looked at? */
int mo_pg_takes_all(const mo_schema *from, const mo_schema *to, const char *old, const char *wanted);
/* alter_identity.c: identity columns, and serial ones. */
int mo_pg_is_serial(const mo_column *c);
int mo_pg_alter_numbering(mo_pg_stepping *s, const mo_object *o, const mo_part *part);
/* follow_names.c: after renames. */
int mo_pg_follow_names(mo_pg_stepping *s);
/* partition.c: an option of where the table stands: *done 0: it is none. */
int mo_pg_alter_place(mo_pg_stepping *s, const mo_change *change, const mo_part *part, int *done);
/* The column that a table has from its parent or type in this schema; NULL: none. */
const mo_column *mo_pg_inherited(mo_region *r, const mo_schema *s, const mo_object *table, const char *column);

/* alter_keys.c: foreign keys that stay, but for what is done to a column or key of either side. */
int mo_pg_release_keys(mo_pg_stepping *s);
/* resay.c: after all other steps. */
int mo_pg_say_again(mo_pg_stepping *s);

/* --- replace_type.c ---------------------------------------------------------------------------------------------------------- */
/* Does a column of a table have this type or collation? */
int mo_pg_is_type_of_column(const mo_schema *s, const mo_object *type);
/* The steps of a type in `replaced`: the old one steps aside, the new one is made, the columns change over, the old one goes. */
int mo_pg_replace_type(mo_pg_stepping *s, const mo_object *before, const mo_object *after);

/* --- definition.c -------------------------------------------------------------------------------------------------------------- */
/* Where these words stand outside of parentheses and quotes, at or behind `text`; NULL: nowhere. */
const char *mo_pg_find_words(const char *text, const char *words);
/* The pieces of a text between commas outside of parentheses, without the white space around; in `r`. 0, or -1: no memory. */
int mo_pg_split_list(mo_region *r, const char *text, size_t length, mo_pg_list *out);
/* The statements of a text, likewise. */
int mo_pg_split_statements(mo_region *r, const char *sql, mo_pg_list *out);
/* What stands in the parentheses that open first at or behind `text`; NULL: none do. */
const char *mo_pg_inside(const char *text, size_t *length);
/* Does a piece of SQL use the name of an object (as the tree has it; of a function without its arguments)? */
int mo_pg_speaks_of(const char *text, const char *name);
/* The last part of a name, without a function's arguments: RENAME takes no other. In `r`; NULL: no memory. */
const char *mo_pg_last_name(mo_region *r, const char *name);
/* The name with its last part replaced: in the same namespace. In `r`; NULL: no memory. */
const char *mo_pg_beside(mo_region *r, const char *name, const char *last);
/* The same text but for the names of the objects, which may be any. */
int mo_pg_list_has(const mo_pg_list *list, const char *text);
/* Two options "name=value" are of one name. */
int mo_pg_same_option(const char *a, const char *b);
/* ALTER … SET (…) and RESET (…) that turn one list of options into another, each as a statement after `head`: NOMEM, or OK. */
int mo_pg_options_sql(mo_region *r, const char *head, const mo_pg_list *before, const mo_pg_list *after,
                      mo_pg_list *out);

int mo_pg_steps(mo_conn *c, mo_plan *plan, mo_error *err);
int mo_pg_expand_steps(mo_conn *c, mo_plan *plan, mo_error *err);
int mo_pg_renames(mo_plan *plan, int tolerant, mo_error *err);
int mo_pg_probe(mo_conn *c, mo_plan *plan, double seconds, const mo_watch *watch, mo_error *err);
void mo_pg_script_frame(const mo_plan *plan, const mo_part_of_plan *part, mo_str *before, mo_str *after);
void mo_pg_script_assert(const mo_statement *statement, mo_str *out);

#endif
