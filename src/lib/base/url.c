/* SPDX-License-Identifier: MIT */
/*
 * url.c - database URLs in SQLAlchemy's form, so that an application and moult name a database alike.
 *
 * No error says more of the text than its scheme, a host name or a port that is known to be none of the password: a
 * password may hold any character, and a URL that is wrong is often wrong because of it.
 */
#include "base/url.h"

#include <string.h>

#include "base/str.h"

/* One parse: what the steps below share. */
typedef struct parse {
    mo_region *r;
    mo_url *url;
    mo_error *err;
} parse;

static int is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static int is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static int hex_value(char c)
{
    if (is_digit(c))
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The length of the scheme, driver included, at the beginning of `text`; 0 when there is none. */
static size_t scheme_length(const char *text)
{
    if (!is_letter(text[0]))
        return 0;
    size_t n = 1;
    while (is_letter(text[n]) || is_digit(text[n]) || (text[n] && strchr("+-._", text[n])))
        n++;
    return n;
}

int mo_url_is(const char *text)
{
    size_t n = scheme_length(text);
    return n > 0 && strncmp(text + n, "://", 3) == 0;
}

/* Undoes %XX, and + for a space where asked (as in queries). What is no two digits stays as it is, as Python does.
 * INVALID for a NUL, which would end the text early. */
static int decode(parse *p, const char *text, size_t n, int plus, const char **out)
{
    char *copy = mo_region_alloc(p->r, n + 1);
    if (!copy)
        return mo_error_nomem(p->err);
    size_t length = 0;
    for (size_t i = 0; i < n; i++) {
        char c = text[i];
        if (c == '%' && n - i > 2 && hex_value(text[i + 1]) >= 0 && hex_value(text[i + 2]) >= 0) {
            c = (char)(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
            if (c == '\0') {
                mo_error_set(p->err, MOULT_INVALID, "the database URL holds a NUL character (%%00)");
                return mo_error_hint(p->err, "take %%00 out of the URL");
            }
            i += 2;
        } else if (c == '+' && plus) {
            c = ' ';
        }
        copy[length++] = c;
    }
    *out = copy;
    return MOULT_OK;
}

static int decode_lower(parse *p, const char *text, size_t n, const char **out)
{
    char *copy = mo_region_dupn(p->r, text, n);
    if (!copy)
        return mo_error_nomem(p->err);
    for (char *c = copy; *c; c++)
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c + ('a' - 'A'));
    *out = copy;
    return MOULT_OK;
}

static int parse_scheme(parse *p, const char *text, size_t n)
{
    const char *plus = memchr(text, '+', n);
    size_t name = plus ? (size_t)(plus - text) : n;
    int code = decode_lower(p, text, name, &p->url->scheme);
    if (code == MOULT_OK && plus && n - name > 1)
        code = decode_lower(p, plus + 1, n - name - 1, &p->url->driver);
    if (code == MOULT_OK && strcmp(p->url->scheme, "postgres") == 0)
        p->url->scheme = "postgresql"; /* the form that hosting services hand out */
    return code;
}

static int parse_query(parse *p, const char *query)
{
    while (*query) {
        size_t n = strcspn(query, "&");
        const char *equals = memchr(query, '=', n);
        size_t name = equals ? (size_t)(equals - query) : n;
        mo_url_param param = {NULL, ""};
        int code = MOULT_OK;
        if (name > 0) {
            code = decode(p, query, name, 1, &param.name);
            if (code == MOULT_OK && equals)
                code = decode(p, equals + 1, n - name - 1, 1, &param.value);
            if (code == MOULT_OK && mo_vec_push(p->r, &p->url->params, param) != 0)
                code = mo_error_nomem(p->err);
        }
        if (code != MOULT_OK)
            return code;
        query += n + (query[n] == '&');
    }
    return MOULT_OK;
}

static int bad_authority(parse *p, const char *what)
{
    mo_error_set(p->err, MOULT_INVALID, "the database URL (%s://) is wrong: %s", p->url->scheme, what);
    return mo_error_hint(p->err, "write scheme://user:password@host:port/database, with '@', ':', '/', '?' and '%%' "
                                 "of user and password as %%40, %%3A, %%2F, %%3F and %%25");
}

static int parse_port(parse *p, const char *text, size_t n)
{
    long port = 0;
    for (size_t i = 0; i < n; i++) {
        if (!is_digit(text[i]) || port > 65535)
            return bad_authority(p, "its port is not a number from 1 to 65535");
        port = port * 10 + (text[i] - '0');
    }
    if (n > 0 && (port < 1 || port > 65535))
        return bad_authority(p, "its port is not a number from 1 to 65535");
    p->url->port = (int)port;
    return MOULT_OK;
}

/* host:port, [::1]:port, or nothing. */
static int parse_host(parse *p, const char *text, size_t n)
{
    const char *host = text, *end = text + n, *host_end, *rest;
    if (memchr(text, '@', n))
        return bad_authority(p, "there is more than one '@' before its host");
    if (n > 0 && *text == '[') {
        host = text + 1;
        host_end = memchr(text, ']', n);
        if (!host_end)
            return bad_authority(p, "the '[' of its host is not closed");
        rest = host_end + 1;
    } else {
        const char *colon = memchr(text, ':', n);
        host_end = rest = colon ? colon : end;
    }
    if (rest < end && *rest != ':')
        return bad_authority(p, "something other than a port follows the ']' of its host");
    if (host_end > host) {
        int code = decode(p, host, (size_t)(host_end - host), 0, &p->url->host);
        if (code != MOULT_OK)
            return code;
    }
    return rest < end ? parse_port(p, rest + 1, (size_t)(end - rest - 1)) : MOULT_OK;
}

/* The '@' that ends user and password, or NULL. A password may hold a '/' (as SQLAlchemy has it), but what looks like a
 * port followed by a path is one. */
static const char *user_end(const char *text)
{
    size_t user = strcspn(text, ":/?@");
    if (text[user] == '@')
        return text + user;
    if (text[user] != ':')
        return NULL;
    const char *password = text + user + 1;
    size_t digits = strspn(password, "0123456789");
    if (password[digits] == '/')
        return NULL;
    size_t n = strcspn(password, "@?");
    return password[n] == '@' ? password + n : NULL;
}

static int parse_authority(parse *p, const char *text, const char **after)
{
    int code = MOULT_OK;
    const char *at = user_end(text);
    if (at) {
        size_t n = (size_t)(at - text);
        const char *colon = memchr(text, ':', n);
        size_t user = colon ? (size_t)(colon - text) : n;
        if (user > 0)
            code = decode(p, text, user, 0, &p->url->user);
        if (code == MOULT_OK && colon)
            code = decode(p, colon + 1, n - user - 1, 0, &p->url->password);
        text = at + 1;
    }
    size_t host = strcspn(text, "/?");
    *after = text + host;
    return code == MOULT_OK ? parse_host(p, text, host) : code;
}

/* SQLite has no host: what stands in its place is a path with a slash too few. */
static int check_sqlite(parse *p)
{
    mo_url *url = p->url;
    if (url->user || url->password || url->port) {
        mo_error_set(p->err, MOULT_INVALID, "an SQLite URL has no user, password or port");
        return mo_error_hint(p->err, "write sqlite:///relative.db or sqlite:////absolute/path.db");
    }
    if (url->host) {
        mo_error_set(p->err, MOULT_INVALID, "'%s' stands where a URL has its host, and SQLite has none", url->host);
        return mo_error_hint(p->err, "a relative path takes three slashes, an absolute one four: sqlite:///%s%s%s",
                             url->host, url->database ? "/" : "", url->database ? url->database : "");
    }
    if (url->database && (!*url->database || strcmp(url->database, ":memory:") == 0))
        url->database = NULL;
    return MOULT_OK;
}

static int is_control(char c)
{
    return (unsigned char)c < 0x20 || c == 0x7f;
}

/* Text that came from a URL, fit for a terminal. */
static void show(mo_str *s, const char *text)
{
    for (; text && *text; text++) {
        if (is_control(*text))
            mo_str_addf(s, "%%%02X", (unsigned)(unsigned char)*text);
        else
            mo_str_addc(s, *text);
    }
}

static void show_server(mo_str *s, const mo_url *url)
{
    /* The only parameters that say where a server is, and what of it is meant; others may hold secrets. */
    static const char *const places[] = {"host", "port", "unix_socket", "schema"};
    mo_str_addf(s, "%s://", url->scheme);
    show(s, url->user);
    if (url->user)
        mo_str_addc(s, '@');
    int brackets = url->host && strchr(url->host, ':');
    mo_str_add(s, brackets ? "[" : "");
    show(s, url->host);
    mo_str_add(s, brackets ? "]" : "");
    if (url->port)
        mo_str_addf(s, ":%d", url->port);
    if (url->database) {
        mo_str_addc(s, '/');
        show(s, url->database);
    }
    char mark = '?';
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        const char *value = mo_url_param_get(url, places[i]);
        if (!value)
            continue;
        mo_str_addf(s, "%c%s=", mark, places[i]);
        show(s, value);
        mark = '&';
    }
}

static int set_display(parse *p)
{
    mo_str s = {0};
    if (strcmp(p->url->scheme, "sqlite") != 0)
        show_server(&s, p->url);
    else
        show(&s, p->url->database ? p->url->database : ":memory:");
    p->url->display = mo_str_into(&s, p->r);
    return p->url->display ? MOULT_OK : mo_error_nomem(p->err);
}

static int parse_url(parse *p, const char *text)
{
    size_t scheme = scheme_length(text);
    const char *rest = NULL;
    int code = parse_scheme(p, text, scheme);
    if (code == MOULT_OK)
        code = parse_authority(p, text + scheme + 3, &rest);
    if (code == MOULT_OK && *rest == '/') {
        size_t n = strcspn(rest + 1, "?");
        if (n > 0)
            code = decode(p, rest + 1, n, 0, &p->url->database);
        rest += 1 + n;
    }
    if (code == MOULT_OK && *rest == '?')
        code = parse_query(p, rest + 1);
    if (code == MOULT_OK && strcmp(p->url->scheme, "sqlite") == 0)
        code = check_sqlite(p);
    return code;
}

/* "sqlite:x.db" is a path, but nobody means one: what begins with an engine's name and a colon is a URL gone wrong. */
static int check_path(parse *p, const char *text)
{
    static const char *const schemes[] = {"sqlite", "sqlite3", "postgresql", "postgres", "mysql", "mariadb", "file"};
    size_t n = scheme_length(text);
    if (n == 0 || text[n] != ':')
        return strncmp(text, "://", 3) != 0
                   ? MOULT_OK
                   : (mo_error_set(p->err, MOULT_INVALID, "the database URL has no scheme before '://'"),
                      mo_error_hint(p->err, "write sqlite:///relative.db, or the path alone"));
    size_t name = strcspn(text, "+:");
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
        if (strlen(schemes[i]) != name || strncasecmp(text, schemes[i], name) != 0)
            continue;
        mo_error_set(p->err, MOULT_INVALID, "'%s:' is not followed by '//'", schemes[i]);
        if (strncmp(schemes[i], "sqlite", 6) != 0 && strcmp(schemes[i], "file") != 0)
            return mo_error_hint(p->err, "write %s://user:password@host:port/database", schemes[i]);
        const char *path = text + n + 1;
        return mo_error_hint(p->err, "write sqlite:///%s, or the path alone: %s", path, path);
    }
    return MOULT_OK;
}

static int parse_path(parse *p, const char *text)
{
    int code = check_path(p, text);
    if (code != MOULT_OK)
        return code;
    p->url->scheme = "sqlite";
    if (strcmp(text, ":memory:") == 0)
        return MOULT_OK;
    p->url->database = mo_region_dup(p->r, text);
    return p->url->database ? MOULT_OK : mo_error_nomem(p->err);
}

int mo_url_parse(mo_region *r, const char *text, mo_url *out, mo_error *err)
{
    parse p = {r, out, err};
    memset(out, 0, sizeof *out);
    if (!text || !*text) {
        mo_error_set(err, MOULT_INVALID, "no database is named: the URL is empty");
        return mo_error_hint(err, "give a URL such as sqlite:///app.db, or the path of a database file");
    }
    int code = mo_url_is(text) ? parse_url(&p, text) : parse_path(&p, text);
    return code == MOULT_OK ? set_display(&p) : code;
}

const char *mo_url_param_get(const mo_url *url, const char *name)
{
    for (size_t i = 0; i < url->params.count; i++)
        if (strcmp(url->params.items[i].name, name) == 0)
            return url->params.items[i].value;
    return NULL;
}
