/* SPDX-License-Identifier: MIT */
/* text.h - inside this room: what reads texts and checks that they are text. */
#ifndef MO_SOURCE_TEXT_H
#define MO_SOURCE_TEXT_H

#include "source/source.h"

/* Each adds to `out`, whose region holds the texts. SOURCE with the place of what is no text, IO, NOTFOUND, NOMEM. */
int mo_text_from_memory(mo_texts *out, const char *name, const char *data, size_t length, mo_error *err);
int mo_text_from_path(mo_texts *out, const char *path, mo_patience patience, mo_error *err); /* file, folder, glob */
int mo_text_from_stdin(mo_texts *out, mo_patience patience, mo_error *err);
int mo_text_from_command(mo_texts *out, const char *command, mo_patience patience, mo_error *err);
int mo_text_from_models(mo_texts *out, const mo_dialect *d, const moult_model *models, mo_error *err);

/* Over the contents and their order. NOMEM. */
int mo_text_hash(const mo_texts *texts, mo_hash *out, mo_error *err);

#endif
