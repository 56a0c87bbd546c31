/* SPDX-License-Identifier: MIT */
/* store.h - rows of a model's table as JSON. The model says which columns there are; nothing here knows their names. */
#ifndef NOTES_STORE_H
#define NOTES_STORE_H

#include <jansson.h>
#include <moult.h>
#include <sqlite3.h>
#include <stddef.h>

typedef struct store {
    sqlite3 *db;
    const moult_model *model;
} store;

/* Each gives a status of HTTP, and in *out what goes back: rows, a row, or {"error": …}. *out is the caller's. */
int store_list(const store *s, json_t **out);
int store_get(const store *s, long long id, json_t **out);
/* Stores an object whose names are columns, and gives it back as it was stored. */
int store_add(const store *s, const char *body, size_t length, json_t **out);

#endif
