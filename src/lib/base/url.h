/* SPDX-License-Identifier: MIT */
/* url.h - database URLs in SQLAlchemy's form. */
#ifndef MO_URL_H
#define MO_URL_H

#include "base/error.h"
#include "base/region.h"

typedef struct mo_url_param {
    const char *name, *value;
} mo_url_param;

/* dialect+driver://user:password@host:port/database?name=value&… , percent-decoded. Members that are not there are NULL. */
typedef struct mo_url {
    const char
        *scheme; /* "sqlite", "postgresql", "mysql", … lower case, without the driver; "sqlite" for a plain path */
    const char *driver; /* "asyncpg"; or NULL */
    const char *user, *password, *host;
    int port; /* 0: not given */
    const char *
        database; /* sqlite: the path as SQLAlchemy reads it (three slashes relative, four absolute); NULL or "" is memory */
    MO_VEC(mo_url_param) params;
    const char *display; /* for people: without password; a file's path as given */
} mo_url;

/* Parses a URL, or a plain path (no "://"). INVALID with what is wrong; the password is never in an error. */
int mo_url_parse(mo_region *r, const char *text, mo_url *out, mo_error *err);
const char *mo_url_param_get(const mo_url *url, const char *name); /* NULL when not there */
/* Does it look like a URL ("scheme://")? */
int mo_url_is(const char *text);

#endif
