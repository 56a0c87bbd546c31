/* SPDX-License-Identifier: MIT */
/* libpq.c - loads PostgreSQL's client library. */
#include "dialect/postgres/libpq.h"

#include <dlfcn.h>
#include <string.h>

/* One function, by its name; by copying, since C has no cast from an object to a function. */
static int find(mo_pq *pq, const char *name, void *place, size_t size)
{
    void *found = dlsym(pq->library, name);
    memcpy(place, &found, size);
    return found ? 0 : -1;
}

int mo_pq_load(mo_pq *pq, mo_error *err)
{
    int missing = 0;
    pq->library = dlopen("libpq.so.5", RTLD_NOW | RTLD_LOCAL);
    if (!pq->library) {
        mo_error_set(err, MOULT_UNSUPPORTED, "PostgreSQL needs its client library libpq, which cannot be loaded");
        return mo_error_hint(err, "install it: the package is called libpq5, postgresql-libs or libpq");
    }
#define MO_PQ_FIND(name) missing |= find(pq, #name, &pq->name, sizeof pq->name);
    MO_PQ_CALLS(MO_PQ_FIND)
#undef MO_PQ_FIND
    if (!missing)
        return MOULT_OK;
    mo_error_set(err, MOULT_UNSUPPORTED, "the system's libpq lacks a function that moult needs");
    return mo_error_hint(err, "install a newer libpq: at least that of PostgreSQL 10");
}
