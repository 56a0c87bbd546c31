/* SPDX-License-Identifier: MIT */
/* model.h - models declared in C, written as DDL: what is the same in all dialects, and what each says of its own. */
#ifndef MO_DIALECT_MODEL_H
#define MO_DIALECT_MODEL_H

#include "base/error.h"
#include "base/lexer.h"
#include "base/str.h"
#include "moult.h"

typedef struct mo_model_style {
    const mo_lex_rules *lex;
    void (*name)(mo_str *out, const char *name);
    /* The type of a column, but for NATIVE: its members are checked. `model` is what it stands in. */
    void (*type)(mo_str *out, const moult_model *model, const moult_column *column);
    /* What the engine has for auto_increment, primary key and NOT NULL, behind the type. `whole`: the column is the whole primary
     * key. NULL, or why that cannot be: static text. */
    const char *(*key)(mo_str *out, const moult_column *column, int whole);
} mo_model_style;

/* Writes CREATE TABLE with annotations, and its indexes. INVALID names the model, the column and what is wrong with it. */
int mo_model_render(const mo_model_style *style, const moult_model *model, mo_str *out, mo_error *err);

#endif
