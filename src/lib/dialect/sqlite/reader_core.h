/* SPDX-License-Identifier: MIT */
/*
 * reader_core.h - what the readers of definitions share: one definition as tokens, the keywords, sets of names.
 *
 * A reader is made once and used for any number of definitions: its buffers are kept between them. Functions that return an
 * int return MOULT_OK or the code of the error that they set.
 */
#ifndef MO_SQLITE_READER_CORE_H
#define MO_SQLITE_READER_CORE_H

#include <stdint.h>

#include "dialect/sqlite/reader.h"

/* Every keyword, in order, and where the grammar takes it for a name all the same:
 *   NAME      wherever a name may stand, types included
 *   COLUMN    as a name, but not as a word of a type
 *   RESERVED  nowhere */
/* clang-format off */
#define MO_SQLITE_WORDS(X)                                                                                              \
    X(ABORT, NAME) X(ACTION, NAME) X(ADD, RESERVED) X(AFTER, NAME) X(ALL, RESERVED) X(ALTER, RESERVED)                  \
    X(ALWAYS, NAME) X(ANALYZE, NAME) X(AND, RESERVED) X(AS, RESERVED) X(ASC, NAME) X(ATTACH, NAME)                      \
    X(AUTOINCREMENT, RESERVED) X(BEFORE, NAME) X(BEGIN, NAME) X(BETWEEN, RESERVED) X(BY, NAME) X(CASCADE, NAME)         \
    X(CASE, RESERVED) X(CAST, NAME) X(CHECK, RESERVED) X(COLLATE, RESERVED) X(COLUMN, NAME) X(COMMIT, RESERVED)         \
    X(CONFLICT, NAME) X(CONSTRAINT, RESERVED) X(CREATE, RESERVED) X(CROSS, COLUMN) X(CURRENT, NAME)                     \
    X(CURRENT_DATE, NAME) X(CURRENT_TIME, NAME) X(CURRENT_TIMESTAMP, NAME) X(DATABASE, NAME) X(DEFAULT, RESERVED)       \
    X(DEFERRABLE, RESERVED) X(DEFERRED, NAME) X(DELETE, RESERVED) X(DESC, NAME) X(DETACH, NAME)                         \
    X(DISTINCT, RESERVED) X(DO, NAME) X(DROP, RESERVED) X(EACH, NAME) X(ELSE, RESERVED) X(END, NAME)                    \
    X(ESCAPE, RESERVED) X(EXCEPT, RESERVED) X(EXCLUDE, NAME) X(EXCLUSIVE, NAME) X(EXISTS, RESERVED) X(EXPLAIN, NAME)    \
    X(FAIL, NAME) X(FILTER, NAME) X(FIRST, NAME) X(FOLLOWING, NAME) X(FOR, NAME) X(FOREIGN, RESERVED)                   \
    X(FROM, RESERVED) X(FULL, COLUMN) X(GENERATED, NAME) X(GLOB, NAME) X(GROUP, RESERVED) X(GROUPS, NAME)               \
    X(HAVING, RESERVED) X(IF, NAME) X(IGNORE, NAME) X(IMMEDIATE, NAME) X(IN, RESERVED) X(INDEX, RESERVED)               \
    X(INDEXED, COLUMN) X(INITIALLY, NAME) X(INNER, COLUMN) X(INSERT, RESERVED) X(INSTEAD, NAME)                         \
    X(INTERSECT, RESERVED) X(INTO, RESERVED) X(IS, RESERVED) X(ISNULL, RESERVED) X(JOIN, RESERVED) X(KEY, NAME)         \
    X(LAST, NAME) X(LEFT, COLUMN) X(LIKE, NAME) X(LIMIT, RESERVED) X(MATCH, NAME) X(MATERIALIZED, NAME)                 \
    X(NATURAL, COLUMN) X(NO, NAME) X(NOT, RESERVED) X(NOTHING, RESERVED) X(NOTNULL, RESERVED) X(NULL, RESERVED)         \
    X(NULLS, NAME) X(OF, NAME) X(OFFSET, NAME) X(ON, RESERVED) X(OR, RESERVED) X(ORDER, RESERVED) X(OTHERS, NAME)       \
    X(OUTER, COLUMN) X(OVER, NAME) X(PARTITION, NAME) X(PLAN, NAME) X(PRAGMA, NAME) X(PRECEDING, NAME)                  \
    X(PRIMARY, RESERVED) X(QUERY, NAME) X(RAISE, NAME) X(RANGE, NAME) X(RECURSIVE, NAME) X(REFERENCES, RESERVED)        \
    X(REGEXP, NAME) X(REINDEX, NAME) X(RELEASE, NAME) X(RENAME, NAME) X(REPLACE, NAME) X(RESTRICT, NAME)                \
    X(RETURNING, RESERVED) X(RIGHT, COLUMN) X(ROLLBACK, NAME) X(ROW, NAME) X(ROWS, NAME) X(SAVEPOINT, NAME)             \
    X(SELECT, RESERVED) X(SET, RESERVED) X(TABLE, RESERVED) X(TEMP, NAME) X(TEMPORARY, NAME) X(THEN, RESERVED)          \
    X(TIES, NAME) X(TO, RESERVED) X(TRANSACTION, RESERVED) X(TRIGGER, NAME) X(UNBOUNDED, NAME) X(UNION, RESERVED)       \
    X(UNIQUE, RESERVED) X(UPDATE, RESERVED) X(USING, RESERVED) X(VACUUM, NAME) X(VALUES, RESERVED) X(VIEW, NAME)        \
    X(VIRTUAL, NAME) X(WHEN, RESERVED) X(WHERE, RESERVED) X(WINDOW, NAME) X(WITH, NAME) X(WITHIN, NAME)                 \
    X(WITHOUT, NAME)
/* clang-format on */

#define MO_WORD_ENUM(word, use) MO_WORD_##word,
/* A keyword; words that are none are MO_WORD_NONE. */
typedef enum mo_word { MO_WORD_NONE = 0, MO_SQLITE_WORDS(MO_WORD_ENUM) MO_WORD_COUNT } mo_word;
#undef MO_WORD_ENUM

typedef enum mo_word_use { MO_WORD_USE_NAME = 0, MO_WORD_USE_COLUMN, MO_WORD_USE_RESERVED } mo_word_use;

mo_word mo_word_find(const char *text, size_t length);
const char *mo_word_text(mo_word word);  /* in capitals */
mo_word_use mo_word_where(mo_word word); /* MO_WORD_NONE is a name */

/* A token, smaller than the lexer's: a definition may have millions. */
typedef struct mo_rtoken {
    uint32_t at, length; /* in the text */
    int32_t line, column;
    unsigned char kind; /* mo_token_kind */
    unsigned char word; /* mo_word; WORD tokens only */
    char quote;
} mo_rtoken;

/* A set of names, each with a number; ASCII case is no difference. The texts are borrowed. */
typedef struct mo_name_entry {
    const char *text; /* NULL: free */
    uint32_t length, hash, value;
} mo_name_entry;
typedef struct mo_names {
    mo_name_entry *slots;
    size_t size, capacity, count; /* slots used now, slots there are, names */
} mo_names;
void mo_names_clear(mo_names *n);
void mo_names_free(mo_names *n);
/* Adds unless it is there: 1 added, 0 there already, -1 no memory. */
int mo_names_add(mo_names *n, const char *text, size_t length, uint32_t value);
int mo_names_find(const mo_names *n, const char *text, size_t length, uint32_t *value); /* 1 found */

/* A constraint as read: it is finished when all columns are known. Token positions; `to` is behind the last. */
typedef struct mo_rpart {
    mo_constraint *constraint;
    size_t inside_from, inside_to; /* within the parentheses: terms, columns, the condition */
    size_t ref_from, ref_to;       /* within the parentheses behind the parent's name; equal: none */
    size_t text_from, text_to;     /* as written; inline: from REFERENCES on */
    size_t name;                   /* token of its name, or MO_NO_TOKEN */
    const char *match; /* the name behind MATCH: SQLite ignores it, but it is part of the definition; NULL: none */
    mo_word conflict, on_delete, on_update; /* MO_WORD_NONE is the default; SET NULL is NULL, SET DEFAULT is DEFAULT */
    int descending, autoincrement, deferred;
} mo_rpart;
#define MO_NO_TOKEN SIZE_MAX

/* What is known of a column besides what the tree keeps. */
typedef struct mo_rcolumn {
    size_t generated_from, generated_to; /* the expression; equal: not generated */
    size_t default_from, default_to;
    size_t type_to, type_end; /* of its type's tokens: where it ends, and where what SQLite takes off again ends */
    const char *raw_type;     /* the type with its comments, where SQLite heeds them; else NULL */
    int stored;
} mo_rcolumn;

typedef struct mo_reader {
    mo_region *region; /* of the schema: where results go */
    mo_error *err;
    const char *text; /* of the definition */
    size_t length;
    mo_rtoken *tokens; /* ended by END */
    size_t count, capacity;
    size_t at;      /* the next token to take */
    size_t own;     /* token of the object's own name */
    int marked;     /* 1: the canonical form has marks (see schema/canonical.h) */
    int raw_counts; /* 1: white space or comments of this text mean something to SQLite */
    mo_str out;     /* a text under construction */
    mo_str value;   /* of one quoted token */
    mo_names columns;
    mo_names mentioned;
    MO_VEC(const char *) gives; /* names that the definition itself brings up */
    mo_rpart *parts;
    size_t part_count, part_capacity;
    mo_rcolumn *column_parts;
    size_t column_part_capacity;
} mo_reader;

/* --- reader_tokens.c ------------------------------------------------------------------------------------------------ */
void mo_reader_init(mo_reader *r, mo_region *region, mo_error *err);
void mo_reader_free(mo_reader *r);
/* Takes a definition; its tokens, without a semicolon at its end. `text` is borrowed. */
int mo_reader_load(mo_reader *r, const char *text, size_t length);
/* Room for one more; a growing array outside of the region. 0, or -1. */
int mo_reader_grow(void **items, size_t *capacity, size_t count, size_t size);

/* The n-th token from here; END past the last. */
const mo_rtoken *mo_reader_peek(const mo_reader *r, size_t n);
int mo_rtoken_is_punct(const mo_reader *r, const mo_rtoken *t, char c);
int mo_rtoken_is_name(const mo_reader *r, const mo_rtoken *t); /* what the grammar takes for a name: also 'x' */
int mo_rtoken_is_blob(const mo_reader *r, const mo_rtoken *t);
int mo_reader_word(mo_reader *r, mo_word word); /* takes it when it is next: 1 */
int mo_reader_punct(mo_reader *r, char c);      /* likewise */
int mo_reader_need_word(mo_reader *r, mo_word word);
int mo_reader_need_punct(mo_reader *r, char c);
int mo_reader_need_name(mo_reader *r, size_t *token);
/* Takes '(' … ')' ; what is within. */
int mo_reader_parens(mo_reader *r, size_t *from, size_t *to);
/* "near 'x': what is expected" with the place of that token. */
int mo_reader_expected(mo_reader *r, size_t token, const char *what);
int mo_reader_error(mo_reader *r, size_t token, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* The name or string that a token stands for, quotes undone: borrowed from the text or from r->value; never NULL unless there
 * is no memory. */
const char *mo_rtoken_value(mo_reader *r, const mo_rtoken *t, size_t *length);
/* The same in the region. */
const char *mo_reader_value(mo_reader *r, size_t token);
/* Notes that the token is a name that the definition itself brings up. 0, or -1. */
int mo_reader_gives(mo_reader *r, size_t token);
/* The tokens as written, with one space where there was white space or a comment. */
void mo_reader_span(const mo_reader *r, size_t from, size_t to, mo_str *out);
/* r->out into the region, and cleared. NULL when something failed; the error is set. */
const char *mo_reader_take(mo_reader *r);
/* Where the term that begins at `from` ends: at a comma that is in no parentheses, or at `to`. */
size_t mo_reader_term_end(const mo_reader *r, size_t from, size_t to);

/* --- canonical.c ---------------------------------------------------------------------------------------------------- */
/* A name in lower case; in quotes when it is not a plain one, or a keyword that is a name nowhere. */
void mo_canonical_name(mo_str *out, const char *name, size_t length);
/* An expression of a definition, without the parentheses around all of it. With `columns` (those of its table), a name in
 * double quotes that is none of them is the string that SQLite takes it for. */
void mo_canonical_expr(mo_reader *r, size_t from, size_t to, const mo_names *columns, mo_str *out);
/* What follows DEFAULT. */
void mo_canonical_default(mo_reader *r, size_t from, size_t to, mo_str *out);
/* The body of a view or trigger. `named`: 1 for a view's, where the text of an expression without AS is a column's name; 2 when
 * the view lists its columns itself. */
void mo_canonical_body(mo_reader *r, size_t from, size_t to, int named, mo_str *out);
/* Is the text plain: what may stand without quotes, keywords apart? */
int mo_name_is_plain(const char *name, size_t length);

/* --- reader_table.c, reader_parts.c, reader_object.c --------------------------------------------------------------- */
/* From the '(' on; fills object->table. */
int mo_read_table(mo_reader *r, mo_object *o);
/* Takes one table constraint, and the same inside a column's definition (1 taken, 0 not a constraint, negative code). */
int mo_read_table_part(mo_reader *r, mo_table *t);
int mo_read_column_part(mo_reader *r, mo_table *t, size_t name);
/* Gives all constraints their canonical form, text and columns. */
int mo_finish_parts(mo_reader *r, mo_table *t);
/* ON CONFLICT …, when it is there. */
int mo_read_conflict(mo_reader *r, mo_word *out);
/* A definition → object. */
int mo_read_definition(mo_reader *r, mo_schema *s, const char *sql, size_t length, mo_object **out);
/* How a definition begins, up to the name; *kind says what it creates. `at` is behind the name then. */
typedef struct mo_rhead {
    mo_kind kind;
    int unique;
    size_t temporary; /* token of TEMP, or MO_NO_TOKEN */
    size_t space;     /* token of the name before the dot, or MO_NO_TOKEN */
    size_t name;
} mo_rhead;
int mo_read_head(mo_reader *r, mo_rhead *h);

#endif
