/* SPDX-License-Identifier: MIT */
/* models.h - the models of the notes service, in each version of it. */
#ifndef NOTES_MODELS_H
#define NOTES_MODELS_H

#include <moult.h>

enum { NOTES_VERSIONS = 3 };

/* notes_models[0] is version 1. In each, the first model is the table of the notes themselves. A real service has only
 * its newest models; this one keeps the old ones, so that the demo can walk through them. */
extern const moult_model *const notes_models[NOTES_VERSIONS];

#endif
