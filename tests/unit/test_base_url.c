/* SPDX-License-Identifier: MIT */
/* Database URLs: SQLAlchemy's forms, what people get wrong, and passwords that must not be told. */
#include <criterion/criterion.h>
#include <string.h>

#include "base/url.h"

static mo_region *region;
static mo_error err;

static void setup(void)
{
    region = mo_region_new();
}

static void teardown(void)
{
    mo_region_free(region);
    mo_error_clear(&err);
}

TestSuite(url, .init = setup, .fini = teardown);

static mo_url parse(const char *text)
{
    mo_url url;
    int code = mo_url_parse(region, text, &url, &err);
    cr_assert_eq(code, MOULT_OK, "%s: %s", text, err.pub.message);
    return url;
}

static void same(const char *a, const char *b)
{
    cr_assert((!a && !b) || (a && b && strcmp(a, b) == 0), "'%s' is not '%s'", a ? a : "NULL", b ? b : "NULL");
}

static void check_sqlite(const char *text, const char *database, const char *display)
{
    mo_url url = parse(text);
    same(url.scheme, "sqlite");
    same(url.database, database);
    same(url.display, display);
    same(url.host, NULL);
}

Test(url, sqlite_paths)
{
    check_sqlite("sqlite:///rel.db", "rel.db", "rel.db");
    check_sqlite("sqlite:///dir/rel.db", "dir/rel.db", "dir/rel.db");
    check_sqlite("sqlite:////abs/x.db", "/abs/x.db", "/abs/x.db");
    check_sqlite("sqlite:///a%20b.db", "a b.db", "a b.db");
    check_sqlite("sqlite:///100%.db", "100%.db", "100%.db");
    check_sqlite("sqlite:///../x:y@z.db", "../x:y@z.db", "../x:y@z.db");
    check_sqlite("sqlite:///x.db?mode=ro", "x.db", "x.db");
    check_sqlite("SQLite+aiosqlite:///x.db", "x.db", "x.db");
    check_sqlite("app.db", "app.db", "app.db");
    check_sqlite("/var/a b?c#d%20.db", "/var/a b?c#d%20.db", "/var/a b?c#d%20.db");
    check_sqlite("a:b.db", "a:b.db", "a:b.db");
    check_sqlite("evil\x1b[31m.db", "evil\x1b[31m.db", "evil%1B[31m.db");
}

Test(url, sqlite_in_memory)
{
    check_sqlite("sqlite://", NULL, ":memory:");
    check_sqlite("sqlite:///", NULL, ":memory:");
    check_sqlite("sqlite:///:memory:", NULL, ":memory:");
    check_sqlite(":memory:", NULL, ":memory:");
}

Test(url, servers)
{
    mo_url url =
        parse("postgresql+asyncpg://us%40er:p%40ss%2Fw@host.example:5433/my%20db?sslmode=require&application_name=a+b");
    same(url.scheme, "postgresql");
    same(url.driver, "asyncpg");
    same(url.user, "us@er");
    same(url.password, "p@ss/w");
    same(url.host, "host.example");
    cr_assert_eq(url.port, 5433);
    same(url.database, "my db");
    same(mo_url_param_get(&url, "sslmode"), "require");
    same(mo_url_param_get(&url, "application_name"), "a b");
    same(mo_url_param_get(&url, "none"), NULL);
    same(url.display, "postgresql://us@er@host.example:5433/my db");
}

Test(url, parts_that_are_not_there)
{
    mo_url url = parse("postgres://localhost");
    same(url.scheme, "postgresql");
    same(url.driver, NULL);
    same(url.user, NULL);
    same(url.password, NULL);
    same(url.host, "localhost");
    cr_assert_eq(url.port, 0);
    same(url.database, NULL);
    url = parse("mysql://root@/db");
    same(url.user, "root");
    same(url.host, NULL);
    same(url.database, "db");
    url = parse("mysql://u:@h:/d?");
    same(url.password, "");
    same(url.host, "h");
    cr_assert_eq(url.port, 0);
    cr_assert_eq(url.params.count, 0);
    url = parse("postgresql://");
    same(url.host, NULL);
    same(url.display, "postgresql://");
}

Test(url, sockets_stay_in_the_parameters)
{
    mo_url url = parse("postgresql:///db?host=/var/run/pg&port=5433&password=secret");
    same(url.host, NULL);
    same(mo_url_param_get(&url, "host"), "/var/run/pg");
    same(url.display, "postgresql:///db?host=/var/run/pg&port=5433");
    url = parse("mysql://root@localhost/db?unix_socket=/tmp/my%20sock");
    same(mo_url_param_get(&url, "unix_socket"), "/tmp/my sock");
    same(url.display, "mysql://root@localhost/db?unix_socket=/tmp/my sock");
    url = parse("postgresql://%2Fvar%2Frun/db");
    same(url.host, "/var/run");
}

Test(url, ipv6_hosts)
{
    mo_url url = parse("postgresql://u@[::1]:5433/db");
    same(url.host, "::1");
    cr_assert_eq(url.port, 5433);
    same(url.display, "postgresql://u@[::1]:5433/db");
    url = parse("postgresql://[fe80::1]/db");
    same(url.host, "fe80::1");
    cr_assert_eq(url.port, 0);
}

Test(url, an_at_sign_in_the_query_is_no_user)
{
    mo_url url = parse("postgresql://host:5432/db?options=a@b");
    same(url.user, NULL);
    same(url.host, "host");
    cr_assert_eq(url.port, 5432);
    same(mo_url_param_get(&url, "options"), "a@b");
    url = parse("postgresql://host/db?options=a@b");
    same(url.user, NULL);
    url = parse("postgresql://u:p/w@host/db");
    same(url.password, "p/w");
    same(url.host, "host");
}

static void check_invalid(const char *text, const char *in_message, const char *in_hint)
{
    mo_url url;
    cr_assert_eq(mo_url_parse(region, text, &url, &err), MOULT_INVALID, "%s", text ? text : "NULL");
    cr_assert(strstr(err.pub.message, in_message), "%s", err.pub.message);
    cr_assert(err.pub.hint && strstr(err.pub.hint, in_hint), "%s", err.pub.hint ? err.pub.hint : "no hint");
    cr_assert_null(strstr(err.pub.message, "SECRET"));
    cr_assert_null(strstr(err.pub.hint, "SECRET"));
}

Test(url, mistakes_have_a_hint)
{
    check_invalid(NULL, "empty", "sqlite:///");
    check_invalid("", "empty", "sqlite:///");
    check_invalid("sqlite:rel.db", "'sqlite:'", "sqlite:///rel.db");
    check_invalid("sqlite:/abs.db", "'sqlite:'", "sqlite:////abs.db");
    check_invalid("sqlite3:rel.db", "'sqlite3:'", "sqlite:///rel.db");
    check_invalid("file:rel.db", "'file:'", "rel.db");
    check_invalid("sqlite://rel.db", "'rel.db'", "sqlite:///rel.db");
    check_invalid("sqlite://dir/rel.db", "'dir'", "sqlite:///dir/rel.db");
    check_invalid("sqlite://u:SECRET@/x.db", "no user", "sqlite:///");
    check_invalid("://x", "no scheme", "sqlite:///");
    check_invalid("postgresql:u:SECRET@h/db", "'postgresql:'", "postgresql://");
    check_invalid("MySQL+pymysql:u:SECRET@h/db", "'mysql:'", "mysql://");
    check_invalid("sqlite:///a%00b", "NUL", "%00");
}

Test(url, wrong_hosts_and_ports)
{
    check_invalid("postgresql://h:abc/db", "port", "%40");
    check_invalid("postgresql://h:0/db", "port", "%40");
    check_invalid("postgresql://h:65536/db", "port", "%40");
    check_invalid("postgresql://h:99999999999999999999/db", "port", "%40");
    check_invalid("postgresql://[::1/db", "'['", "%40");
    check_invalid("postgresql://[::1]x/db", "']'", "%40");
}

Test(url, passwords_are_never_told)
{
    check_invalid("postgresql://u:p@SECRET@h/db", "'@'", "%40");
    check_invalid("postgresql://u:SECRET?x@h/db", "port", "%3F");
    check_invalid("postgresql://u:SECRET", "port", "%40");
    check_invalid("postgresql://u:SECRET@h:x/db", "port", "%40");
    check_invalid("postgresql://u:SECRET%00@h/db", "NUL", "%00");
    mo_url url = parse("mysql://u:SECRET@h/db?password=SECRET&ssl_key=SECRET");
    cr_assert_null(strstr(url.display, "SECRET"));
}

Test(url, parameters)
{
    mo_url url = parse("mysql://h/d?a&=x&b=&c=1=2&&a=second&%41=%");
    same(mo_url_param_get(&url, "a"), "");
    same(mo_url_param_get(&url, "b"), "");
    same(mo_url_param_get(&url, "c"), "1=2");
    same(mo_url_param_get(&url, "A"), "%");
    cr_assert_eq(url.params.count, 5);
}

Test(url, looks_like_one)
{
    cr_assert(mo_url_is("sqlite://"));
    cr_assert(mo_url_is("postgresql+asyncpg://x"));
    cr_assert_not(mo_url_is("schema.sql"));
    cr_assert_not(mo_url_is("a/b://c"));
    cr_assert_not(mo_url_is("://x"));
    cr_assert_not(mo_url_is("cmd:echo x://y"));
    cr_assert_not(mo_url_is(""));
}
