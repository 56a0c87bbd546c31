/* SPDX-License-Identifier: MIT */
/* options.c - every option of every command, once. */
#include "opt.h"

static const char *const owns[] = {"declared", "all", NULL};
static const char *const modes[] = {"safe", "auto", "aggressive", "dry_run", NULL};
static const char *const phases[] = {"all", "expand", "contract", NULL};
static const char *const orders[] = {"any", "strict", NULL};
static const char *const formats[] = {"text", "json", "sql", NULL};
static const char *const text_or_json[] = {"text", "json", NULL};
static const char *const sql_or_json[] = {"sql", "json", NULL};

const option_info option_table[OPT_COUNT] = {
    [OPT_URL] = {"url", 0, OPT_IS_TEXT, "URL", NULL,
                 "the database: a URL such as sqlite:///app.db, or the path of a file; else DATABASE_URL from the "
                 "environment, or from the file .env",
                 COMPLETE_FILES},
    [OPT_MANAGE] =
        {"schema", 0, OPT_IS_TEXT, "NAME,NAME", NULL,
         "on engines that have them, the schemas that are managed: the first is the one that unqualified names "
         "are in; else the first of the search_path that is there",
         0},
    [OPT_FROM] = {"from", 0, OPT_IS_TEXT, "SOURCE", NULL, "the schema to start from: any source, as for --to",
                  COMPLETE_FILES},
    [OPT_TO] = {"to", 0, OPT_IS_TEXT, "SOURCE", NULL,
                "the desired schema: a file, a folder of .sql files, a glob, - for standard input, cmd:COMMAND, a "
                "database, or history:VERSION; else schema.sql, or schema/*.sql",
                COMPLETE_FILES},
    [OPT_FILE] = {"file", 0, OPT_IS_TEXT, "FILE", NULL, "the file to write; else schema.sql", COMPLETE_FILES},
    [OPT_OWN] = {"own", 0, OPT_IS_CHOICE, "WHOSE", owns,
                 "whose objects may be dropped: what the last applied version declared, or all that is in the schema",
                 0},
    [OPT_INCLUDE] =
        {"include", 0, OPT_IS_LIST, "PATTERN", NULL,
         "look at tables and views of this name only (* and ? stand for any characters, for any one); may be "
         "given more than once",
         0},
    [OPT_EXCLUDE] = {"exclude", 0, OPT_IS_LIST, "PATTERN", NULL,
                     "do not look at tables and views of this name; may be given more than once", 0},
    [OPT_COLUMN_ORDER] = {"column-order", 0, OPT_IS_CHOICE, "HOW", orders,
                          "is the order of columns a difference: no, or yes", 0},
    [OPT_RULE] =
        {"rule", 0, OPT_IS_LIST, "ID=LEVEL", NULL,
         "give a risk rule another level, such as drop-index=safe ('moult rules' lists them); may be given more "
         "than once",
         0},
    [OPT_MODE] = {"mode", 0, OPT_IS_CHOICE, "MODE", modes,
                  "how much risk may be applied without a person: safe changes; those and medium ones; all; nothing",
                  0},
    [OPT_PHASE] = {"phase", 0, OPT_IS_CHOICE, "PHASE", phases,
                   "all of it, or one half: what only adds, or later the hooks and what drops, renames and tightens",
                   0},
    [OPT_HOOKS] =
        {"hooks", 0, OPT_IS_TEXT, "FOLDER", NULL,
         "data hooks: NNN_name.before_ddl.sql and NNN_name.after_ddl.sql; else the folder hooks, if there is one",
         COMPLETE_FILES},
    [OPT_APPROVE] = {"approve", 0, OPT_IS_TEXT, "ID", NULL,
                     "approve the plan with this id (at least 8 digits of it) and apply it now", 0},
    [OPT_PLAN] = {"plan", 0, OPT_IS_TEXT, "FILE", NULL,
                  "run the plan of this file (made by 'moult plan --format json') and nothing else", COMPLETE_FILES},
    [OPT_EXPORT] =
        {"export", 0, OPT_IS_TEXT, "FILE", NULL,
         "write the plan as a script for the engine's shell to FILE: for 'apply', where this account may not "
         "run it (else to migration_plan.sql; '' writes none) and in mode dry_run",
         COMPLETE_FILES},
    [OPT_BACKWARD] = {"backward", 0, OPT_IS_FLAG, NULL, NULL, "go back to a schema that the history says was replaced",
                      0},
    [OPT_RECORD_ONLY] = {"record-only", 0, OPT_IS_FLAG, NULL, NULL,
                         "change nothing: verify that the desired schema is there already, and record it", 0},
    [OPT_NO_ATTIC] = {"no-attic", 0, OPT_IS_FLAG, NULL, NULL,
                      "keep nothing of what is dropped or rewritten, but for the backup", 0},
    [OPT_ATTIC_AGE] = {"attic-age", 0, OPT_IS_SECONDS, "TIME", NULL,
                       "keep what is dropped or rewritten for so long, such as 90d; 0: until it is purged; else 30d",
                       0},
    [OPT_FILL] = {"fill", 0, OPT_IS_LIST, "TABLE.COLUMN=EXPRESSION", NULL,
                  "what a column that comes back, or is NOT NULL again, holds in rows that have nothing for it; may be "
                  "given more "
                  "than once",
                  0},
    [OPT_INTO] = {"into", 0, OPT_IS_TEXT, "NAME", NULL, "bring the table back under this name, which must be free", 0},
    [OPT_KEEP] = {"keep", 0, OPT_IS_TEXT, "N", NULL, "keep the schemas of the last N versions", 0},
    [OPT_LIMIT] = {"limit", 0, OPT_IS_TEXT, "N", NULL, "show at most N rows; 0: all; else 20", 0},
    [OPT_EXPIRED] = {"expired", 0, OPT_IS_FLAG, NULL, NULL, "all that has been kept for its time", 0},
    [OPT_ALL] = {"all", 0, OPT_IS_FLAG, NULL, NULL, "all of it", 0},
    [OPT_PURGE] = {"purge", 0, OPT_IS_FLAG, NULL, NULL, "also what is in the attic, which is lost then", 0},
    [OPT_NO_BACKUP] = {"no-backup", 0, OPT_IS_FLAG, NULL, NULL, "make no backup before a medium or high risk", 0},
    [OPT_ONLINE] = {"online", 0, OPT_IS_FLAG, NULL, NULL,
                    "rebuild every table in batches while others write, not only large ones", 0},
    [OPT_NO_ONLINE] = {"no-online", 0, OPT_IS_FLAG, NULL, NULL, "rebuild in one transaction, however large a table is",
                       0},
    [OPT_INDEXES_LAST] = {"indexes-last", 0, OPT_IS_FLAG, NULL, NULL,
                          "as --online, and build indexes last: sooner done, but each blocks writers while it is built",
                          0},
    [OPT_LIST] = {"list", 0, OPT_IS_FLAG, NULL, NULL, "list the plans that wait, and the approvals that were not used",
                  0},
    [OPT_REVOKE] = {"revoke", 0, OPT_IS_TEXT, "ID", NULL, "take the approval of this plan back", 0},
    [OPT_YES] = {"yes", 'y', OPT_IS_FLAG, NULL, NULL, "ask nothing; it answers only what the mode allows", 0},
    [OPT_SCHEMA] = {"schema", 0, OPT_IS_FLAG, NULL, NULL, "print the JSON Schema of all messages, and end", 0},
    [OPT_FULL] = {"full", 0, OPT_IS_FLAG, NULL, NULL, "load and prove everything, not only what changed", 0},
    [OPT_EXIT_CODE] = {"exit-code", 0, OPT_IS_FLAG, NULL, NULL, "exit with 2 when there are changes", 0},
    [OPT_FORMAT] = {"format", 0, OPT_IS_CHOICE, "FORMAT", formats, "the form of the result", 0},
    [OPT_FORMAT_JSON] = {"format", 0, OPT_IS_CHOICE, "FORMAT", text_or_json, "the form of the result", 0},
    [OPT_FORMAT_SCHEMA] = {"format", 0, OPT_IS_CHOICE, "FORMAT", sql_or_json, "the form of the result", 0},
    [OPT_CACHE] = {"cache", 0, OPT_IS_TEXT, "PLACE", NULL,
                   "where it is remembered that a database which cannot be written to is up to date: a file, redis://, "
                   "rediss:// or redis+unix://; else MOULT_CACHE from the environment; else nowhere",
                   COMPLETE_FILES},
    [OPT_WAIT] = {"wait", 0, OPT_IS_SECONDS, "TIME", NULL,
                  "wait this long for the database to come up, such as 30s; else not at all", 0},
    [OPT_LOCK_TIMEOUT] = {"lock-timeout", 0, OPT_IS_SECONDS, "TIME", NULL,
                          "wait this long for another moult, or for another writer; else 60s", 0},
    [OPT_DETECT_TIMEOUT] = {"detect-timeout", 0, OPT_IS_SECONDS, "TIME", NULL,
                            "the limit for reading, planning and proving; else 60s", 0},
    [OPT_PROBE_TIMEOUT] = {"probe-timeout", 0, OPT_IS_SECONDS, "TIME", NULL,
                           "the limit for asking the rows of one table what a change would do to them; else 10s", 0},
    [OPT_STATEMENT_TIMEOUT] = {"statement-timeout", 0, OPT_IS_SECONDS, "TIME", NULL,
                               "the limit for one statement of a step; else there is none", 0},
    [OPT_LOG_FORMAT] = {"log-format", 0, OPT_IS_CHOICE, "FORMAT", text_or_json,
                        "the form of what goes to standard error: for people, or one JSON object a line", 0},
    [OPT_QUIET] = {"quiet", 'q', OPT_IS_FLAG, NULL, NULL, "say nothing on standard error but warnings and errors", 0},
    [OPT_VERBOSE] = {"verbose", 'v', OPT_IS_FLAG, NULL, NULL, "say more on standard error: each step, and details", 0},
    [OPT_COLOR] = {"color", 0, OPT_IS_FLAG, NULL, NULL, "colour even where no terminal is", 0},
    [OPT_NO_COLOR] = {"no-color", 0, OPT_IS_FLAG, NULL, NULL, "no colour; the environment's NO_COLOR does the same", 0},
    [OPT_HELP] = {"help", 'h', OPT_IS_FLAG, NULL, NULL, "tell how the command is used", 0},
};
