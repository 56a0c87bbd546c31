/* SPDX-License-Identifier: MIT */
/*
 * rules.c - the table of rules: what is how dangerous, why, and what to do about it. One entry each; `moult rules` prints
 * it, docs/rules.md and docs/rules/ are made from it, and a test compares them.
 */
#include "risk/fires.h"

#include <string.h>

#define SAFE MOULT_RISK_SAFE
#define MEDIUM MOULT_RISK_MEDIUM
#define HIGH MOULT_RISK_HIGH

#define COUNTS_DUPLICATES                                                                                              \
    "Which rows repeat the value of another, as the new key compares them. With none it is safe; with one, in every "  \
    "mode nothing is applied."
#define COUNTS_BROKEN "Which rows break it. With none it is safe; with one, in every mode nothing is applied."
#define KEEP_ONE "keep one row of each group, or change the others"

const mo_rule mo_rules[] = {
    /* objects */
    {{"drop-table", HIGH, "all its rows go",
      "The rows are gone for every program, and queries that name the table fail.",
      "How many rows it has. With none it is medium: only queries that name it are concerned.",
      "if it lives on under another name, write @renamed behind it", 1},
     mo_rule_drops_table},
    {{"drop-virtual-table", HIGH, "all its rows go",
      "A virtual table may hold the only copy of its rows (full-text search with its own content does).",
      "How many rows it has. With none it is medium.", "see that what it indexes is kept elsewhere", 1},
     mo_rule_drops_virtual_table},
    {{"drop-index-of-key", MEDIUM, "each delete of a parent row reads the whole table that refers to it",
      "The index is the only one that begins with the column of a foreign key. Without it the engine looks for "
      "children by "
      "reading their whole table, for each parent row that is deleted or gets another key.",
      NULL, "keep an index that begins with this column", 0},
     mo_rule_drops_index_of_key},
    {{"drop-index", MEDIUM, "queries that use it become slow",
      "No row changes, but what took a millisecond may take minutes, and hold locks meanwhile.", NULL,
      "see that no query needs it (EXPLAIN QUERY PLAN)", 0},
     mo_rule_drops_index},
    {{"drop-view", MEDIUM, "queries that use it fail", "A view holds no rows; who reads it fails.", NULL,
      "roll out what no longer reads it first", 0},
     mo_rule_drops_view},
    {{"drop-trigger", MEDIUM, "what it did is done no more",
      "Rows that it kept in step (audit, counters, search) are from now on as programs write them.", NULL,
      "see that something else does what it did", 0},
     mo_rule_drops_trigger},
    {{"rename-table", MEDIUM, "programs that use the old name fail",
      "No row changes, but a program that still runs with the old name fails at its next query.", NULL,
      "roll out what uses the new name at the same time, or leave a view of the old name", 0},
     mo_rule_renames_table},
    {{"create-unique-index", MEDIUM, "fails when rows are the same in it, and refuses new ones",
      "The table has rows already. Duplicates stop the change; a program that writes them fails from then on.",
      COUNTS_DUPLICATES, KEEP_ONE, 1},
     mo_rule_creates_unique_index},
    {{"large-index", MEDIUM, "writers wait while it is built",
      "Building an index over a large table holds a lock for seconds or minutes, and writers wait for it.",
      "How many rows and bytes the table has: from 500,000 rows or 256 MB on it is large.",
      "apply it when few write, or with --online", 0},
     mo_rule_builds_large_index},
    {{"create", SAFE, "it is new: nothing that is there changes",
      "Nothing that reads or writes the database today knows it, so nothing can break.", NULL, NULL, 0},
     mo_rule_creates},
    {{"alter-unique-index", MEDIUM, "fails when rows are the same in it",
      "It is made anew, and forbids duplicates among other values than before.", COUNTS_DUPLICATES, KEEP_ONE, 1},
     mo_rule_alters_unique_index},
    {{"alter-index", SAFE, "it is built anew", "No row changes, and none is refused.", NULL, NULL, 0},
     mo_rule_alters_index},
    {{"alter-view", SAFE, "no row changes", "A view holds no rows; what it shows is what is declared.", NULL, NULL, 0},
     mo_rule_alters_view},
    {{"alter-trigger", MEDIUM, "what it does changes",
      "From now on writes have other effects than the programs were tested with.", NULL, "test the writes that fire it",
      0},
     mo_rule_alters_trigger},
    {{"alter-virtual-table", HIGH, "it is made anew and filled from the old one",
      "The module decides what it keeps of each row: values may be left out or read in another way.", NULL,
      "compare some rows afterwards, and keep the backup until then", 0},
     mo_rule_alters_virtual_table},
    /* columns */
    {{"add-column-not-null", MEDIUM, "rows that are there have to be filled",
      "Every row gets a value that it never had, by an expression that somebody thought of. A program that inserts "
      "without the new column fails.",
      "Whether there are rows, and whether the expression of @fill gives each of them a value. Without rows it is "
      "safe; "
      "without an expression, or where it gives NULL, nothing is applied.",
      "look at the expression of @fill", 1},
     mo_rule_adds_not_null_column},
    {{"add-column-computed", MEDIUM, "rows that are there get what its default gives now",
      "The default is an expression (CURRENT_TIMESTAMP, random()): rows that are years old get the value of the moment "
      "of the change, and the table is written anew.",
      "Whether there are rows. Without any it is safe.", "say what they shall hold: @fill", 1},
     mo_rule_adds_computed_default},
    {{"add-column", SAFE, "rows that are there get its default",
      "Nothing that is there changes, and inserts that do not name it work as before.", NULL, NULL, 0},
     mo_rule_adds_column},
    {{"drop-column", HIGH, "its values go",
      "The values are gone for every program, and queries that name the column fail.",
      "Which rows hold a value other than NULL and the default. With none it is medium: only queries that name it are "
      "concerned.",
      "if it lives on under another name, write @renamed behind it", 1},
     mo_rule_drops_column},
    {{"drop-generated-column", MEDIUM, "queries that use it fail; no stored value goes",
      "It can be computed again from the other columns.", NULL, "roll out what no longer reads it first", 0},
     mo_rule_drops_generated_column},
    {{"rename-column", MEDIUM, "programs that use the old name fail",
      "No value changes, but a program that still runs with the old name fails at its next query.", NULL,
      "roll out what uses the new name at the same time", 0},
     mo_rule_renames_column},
    {{"change-type", HIGH, "values may be converted, or no longer fit",
      "A new affinity converts what can be converted: '007' becomes 7 for ever. A STRICT table refuses what does not "
      "fit.",
      "Each value is put into a column of the new type in a private database and read again: refused, changed, stored "
      "in "
      "another form without loss, or the same. With all the same it is safe, with none changed it is medium; with one "
      "refused, in every mode nothing is applied.",
      "look at the rows that are named, and change them first", 1},
     mo_rule_changes_type},
    {{"set-not-null", HIGH, "rows with NULL have to be filled, or forbid it",
      "Rows with NULL need a value that they never had, and a program that writes NULL fails.",
      "Which rows are NULL. With none it is safe; with some and no @fill, in every mode nothing is applied.",
      "write behind it what rows with NULL shall hold: @fill", 1},
     mo_rule_sets_not_null},
    {{"drop-not-null", SAFE, "no row is refused that was taken before",
      "A program that cannot read NULL meets one only when another writes it.", NULL, NULL, 0},
     mo_rule_drops_not_null},
    {{"change-conflict", MEDIUM, "a write of NULL is dealt with in another way",
      "ON CONFLICT may ignore or replace what failed before, without an error.", NULL,
      "test the writes that rely on it", 0},
     mo_rule_changes_conflict},
    {{"change-default", SAFE, "only new rows get it",
      "Rows that are there keep what they hold, also those that read the old default from the definition.", NULL, NULL,
      0},
     mo_rule_changes_default},
    {{"change-collation", HIGH, "comparisons, order and what counts as a duplicate change",
      "Queries find other rows, in another order, and a unique key over it may forbid rows that are there.",
      "Which values become the same as others. With none it is medium; with one in a unique key, in every mode nothing "
      "is applied.",
      "look for values that differ in case only", 1},
     mo_rule_changes_collation},
    {{"change-generated", HIGH, "its values are computed anew, in every row",
      "What was read from it yesterday is no longer there.",
      "Which rows get another value, where the expression names stored columns only. With none it is safe.",
      "look at the rows that are named", 1},
     mo_rule_changes_generated},
    {{"column-order", SAFE, "the table is made anew, no value changes",
      "Only what reads columns by their place (SELECT *, INSERT without names) sees it.", NULL, NULL, 0},
     mo_rule_changes_column_order},
    /* constraints and options */
    {{"rename-constraint", SAFE, "only its name changes", "Nobody compares by it.", NULL, NULL, 0},
     mo_rule_renames_constraint},
    {{"drop-primary-key", HIGH, "nothing tells rows apart any more",
      "Duplicates and NULL are taken from now on, and foreign keys that refer to it no longer work.", NULL,
      "leave a UNIQUE constraint over the same columns", 0},
     mo_rule_drops_primary_key},
    {{"change-primary-key", HIGH, "rows are told apart in another way",
      "Tables and programs refer to rows by this key; what it was is in no column any more.",
      "Which rows repeat the key of another, or have none. With one, in every mode nothing is applied; with none it "
      "stays "
      "high.",
      "look for tables and programs that refer to this one", 1},
     mo_rule_changes_primary_key},
    {{"add-check", MEDIUM, "fails when a row breaks it, and refuses new ones",
      "Rows that break it stop the change; a program that writes such rows fails from then on.", COUNTS_BROKEN,
      "change the rows that break it, or the condition", 1},
     mo_rule_adds_check},
    {{"alter-check", MEDIUM, "fails when a row breaks it, and refuses new ones",
      "A value that was taken so far (one of an enumeration, say) may be refused now, also where rows hold it.",
      COUNTS_BROKEN, "change the rows that break it, or the condition", 1},
     mo_rule_alters_check},
    {{"drop-check", SAFE, "no row is refused that was taken before",
      "What it forbade may be written from now on; no row changes.", NULL, NULL, 0},
     mo_rule_drops_check},
    {{"add-unique", MEDIUM, "fails when rows are the same in it, and refuses new ones",
      "Duplicates stop the change; a program that writes them fails from then on.", COUNTS_DUPLICATES, KEEP_ONE, 1},
     mo_rule_adds_unique},
    {{"alter-unique", MEDIUM, "fails when rows are the same in it, and refuses new ones",
      "It forbids duplicates among other values than before.", COUNTS_DUPLICATES, KEEP_ONE, 1},
     mo_rule_alters_unique},
    {{"drop-unique", MEDIUM, "duplicates are refused no more",
      "A program that relies on a refused duplicate (INSERT … ON CONFLICT) fails, or writes it twice.", NULL,
      "see that nothing relies on it", 0},
     mo_rule_drops_unique},
    {{"add-cascade", MEDIUM, "rows go with their parent from now on",
      "A DELETE that failed, or left children behind, takes them with it.", NULL,
      "look at what deletes parents, and how many children they have", 0},
     mo_rule_adds_cascade},
    {{"add-foreign-key", MEDIUM, "rows without a parent are refused from now on",
      "Rows without a parent stop the change; a program that writes children first fails from then on.",
      "Which rows have no parent. With none it is safe; with one, in every mode nothing is applied.",
      "give these rows a parent, set the column to NULL, or delete them", 1},
     mo_rule_adds_foreign_key},
    {{"alter-foreign-key", MEDIUM, "what happens to rows when their parent goes may change",
      "Deletes and updates of parents have other effects than the programs were tested with.",
      "Which rows have no parent that had one before. With one, in every mode nothing is applied; with none it stays "
      "medium, but for a table without rows.",
      "give these rows a parent, set the column to NULL, or delete them", 1},
     mo_rule_alters_foreign_key},
    {{"drop-foreign-key", MEDIUM, "rows without a parent are refused no more",
      "Children may be left behind by a DELETE from now on, or written without a parent.", NULL,
      "see that something else keeps them together", 0},
     mo_rule_drops_foreign_key},
    {{"set-strict", HIGH, "values of another type are refused",
      "A value that does not fit its column stops the change, and a program that writes one fails.",
      "Each value of each column is put into the STRICT table in a private database. With all taken as they are it is "
      "safe, with none changed it is medium; with one refused, in every mode nothing is applied.",
      "look at the rows that are named, and change them first", 1},
     mo_rule_sets_strict},
    {{"drop-strict", MEDIUM, "values of any type are taken from now on",
      "A program that reads numbers may meet texts, once another writes them.", NULL,
      "leave a CHECK of typeof() where it matters", 0},
     mo_rule_drops_strict},
    {{"change-option", MEDIUM, "the table is stored in another way",
      "WITHOUT ROWID takes the row ids away, and takes no NULL in its key.",
      "Which rows are NULL in the key. With one, in every mode nothing is applied. Without rows it is safe.",
      "see that no program reads row ids", 1},
     mo_rule_changes_other_option},
    /* steps */
    {{"large-rebuild", MEDIUM, "writers wait while the rows are copied",
      "A rebuild copies every row in one transaction, for which writers wait, and needs the space twice meanwhile.",
      "How many rows and bytes the table has: from 500,000 rows or 256 MB on it is large.",
      "apply it when few write, or with --online", 0},
     mo_rule_rebuilds_large_table},
    {{"data-hook", MEDIUM, "a hook writes data",
      "What a hook does to rows is not read off two schemas, so nobody but its author can judge it.", NULL,
      "read it, and try it on a copy", 0},
     mo_rule_runs_hook},
    /* what holds when none of them fires */
    {{"unclassified", HIGH, "no rule knows this change", "What nobody thought of is dangerous.", NULL,
      "look at its statements", 0},
     mo_rule_never},
    {{NULL, SAFE, NULL, NULL, NULL, NULL, 0}, NULL},
};

const mo_rule *mo_rule_find(const char *id)
{
    for (const mo_rule *r = mo_rules; r->info.id; r++)
        if (strcmp(r->info.id, id) == 0)
            return r;
    return NULL;
}
