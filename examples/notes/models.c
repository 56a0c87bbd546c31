/* SPDX-License-Identifier: MIT */
/* models.c - the schema of the notes service as const tables: what the database shall be, in each of three versions. */
#include "models.h"

/* Version 1: notes with a title, a body, an owner and a color. */
static const moult_column note_1[] = {
    {.name = "id", .type = MOULT_TYPE_INTEGER, .primary_key = 1, .auto_increment = 1},
    {.name = "title", .type = MOULT_TYPE_TEXT, .not_null = 1},
    {.name = "body", .type = MOULT_TYPE_TEXT},
    {.name = "owner", .type = MOULT_TYPE_TEXT},
    {.name = "color", .type = MOULT_TYPE_TEXT},
    {.name = NULL},
};
static const moult_model version_1[] = {
    {.name = "note", .columns = note_1},
    {.name = NULL},
};

/* Version 2 only adds: whether a note is done, a slug that existing notes get from their id, an index, and tags. */
static const moult_column note_2[] = {
    {.name = "id", .type = MOULT_TYPE_INTEGER, .primary_key = 1, .auto_increment = 1},
    {.name = "title", .type = MOULT_TYPE_TEXT, .not_null = 1},
    {.name = "body", .type = MOULT_TYPE_TEXT},
    {.name = "owner", .type = MOULT_TYPE_TEXT},
    {.name = "color", .type = MOULT_TYPE_TEXT},
    {.name = "done", .type = MOULT_TYPE_BOOLEAN, .not_null = 1, .default_sql = "0"},
    {.name = "slug", .type = MOULT_TYPE_TEXT, .not_null = 1, .fill = "'note-' || id"},
    {.name = NULL},
};
static const moult_index note_indexes[] = {
    {.name = "note_owner", .columns = "owner, done"},
    {.name = NULL},
};
static const moult_column tag_2[] = {
    {.name = "note_id", .type = MOULT_TYPE_INTEGER, .primary_key = 1, .references = "note(id)", .on_delete = "CASCADE"},
    {.name = "name", .type = MOULT_TYPE_TEXT, .primary_key = 2, .not_null = 1},
    {.name = NULL},
};
static const moult_model version_2[] = {
    {.name = "note", .columns = note_2, .indexes = note_indexes},
    {.name = "tag", .columns = tag_2},
    {.name = NULL},
};

/* Version 3 renames the body, asks for an owner (who has none becomes "nobody"), and drops the color: a person must look. */
static const moult_column note_3[] = {
    {.name = "id", .type = MOULT_TYPE_INTEGER, .primary_key = 1, .auto_increment = 1},
    {.name = "title", .type = MOULT_TYPE_TEXT, .not_null = 1, .check_sql = "length(title) <= 200"},
    {.name = "text", .type = MOULT_TYPE_TEXT, .renamed_from = "body"},
    {.name = "owner", .type = MOULT_TYPE_TEXT, .not_null = 1, .fill = "'nobody'"},
    {.name = "done", .type = MOULT_TYPE_BOOLEAN, .not_null = 1, .default_sql = "0"},
    {.name = "slug", .type = MOULT_TYPE_TEXT, .not_null = 1},
    {.name = NULL},
};
static const moult_model version_3[] = {
    {.name = "note", .columns = note_3, .indexes = note_indexes},
    {.name = "tag", .columns = tag_2},
    {.name = NULL},
};

const moult_model *const notes_models[NOTES_VERSIONS] = {version_1, version_2, version_3};
