# SPDX-License-Identifier: MIT
"""SQLAlchemy's URLs as moult's: the same database, without the driver and with the options that moult knows."""

from __future__ import annotations

import logging
from pathlib import Path
from urllib.parse import unquote

from sqlalchemy import URL

log = logging.getLogger("fastapi_easy")

# What a driver calls an option, and what moult's client library calls it; None: it is the driver's own affair.
Names = dict[str, "str | None"]
LIBPQ = (
    "host hostaddr port passfile require_auth channel_binding connect_timeout client_encoding options application_name "
    "keepalives keepalives_idle keepalives_interval keepalives_count tcp_user_timeout gssencmode sslmode sslcompression "
    "sslcert sslkey sslrootcert sslcrl sslcrldir sslsni ssl_min_protocol_version ssl_max_protocol_version krbsrvname gsslib "
    "service target_session_attrs load_balance_hosts"
)
ASYNCPG_OWN = "prepared_statement_cache_size prepared_statement_name_func statement_cache_size command_timeout"
MYSQL_OWN = (
    "charset ssl use_unicode autocommit binary_prefix local_infile read_timeout write_timeout echo minsize maxsize"
)


def same(names: str) -> Names:
    return {name: name for name in names.split()}


PSYCOPG: Names = same(LIBPQ)
ASYNCPG: Names = {
    "ssl": "sslmode",
    "timeout": "connect_timeout",
    **same("host port passfile target_session_attrs"),
    **dict.fromkeys(ASYNCPG_OWN.split()),
}
PG8000: Names = {"unix_sock": "host", "timeout": "connect_timeout", "application_name": "application_name"}
MYSQL: Names = {
    **same("unix_socket connect_timeout ssl_ca ssl_cert ssl_key ssl_mode"),
    **dict.fromkeys(MYSQL_OWN.split()),
}
TRUE = {"true": "require", "1": "require", "false": "disable", "0": "disable"}  # of asyncpg's ssl


def is_memory(url: URL) -> bool:
    """A database that only its own connection sees."""
    name = url.database or ""
    return url.get_backend_name() == "sqlite" and (
        name in ("", ":memory:") or name.startswith("file::memory:") or "memory" in values(url, "mode")
    )


def values(url: URL, key: str) -> tuple[str, ...]:
    found = url.query.get(key, ())
    return (found,) if isinstance(found, str) else found


def absolute(url: URL) -> URL:
    """A path of SQLite is relative to the folder that the process is in: that of now, whatever it does later."""
    if url.get_backend_name() != "sqlite" or is_memory(url):
        return url
    name = url.database or ""
    if name.startswith("file:"):
        path = name[5:].removeprefix("//")
        return url if path.startswith("/") else url.set(database=f"file:{Path(path).absolute()}")
    return url.set(database=str(Path(name).absolute()))


def for_moult(url: URL) -> str:
    """What names the same database to moult: the path of a file, or a URL without a driver."""
    if url.get_backend_name() == "sqlite":
        name = absolute(url).database or ""
        return unquote(name[5:].removeprefix("//")) if name.startswith("file:") else name
    known = options_of(url)
    query: dict[str, str | tuple[str, ...]] = {}
    for key, value in url.query.items():
        if key not in known:
            log.warning("the option %s of the database URL is unknown to moult, and left out for it", key)
        elif (mapped := known[key]) is not None:
            query[mapped] = TRUE.get(value, value) if key == "ssl" and isinstance(value, str) else value
    return url.set(drivername=url.get_backend_name(), query=query).render_as_string(hide_password=False)


def options_of(url: URL) -> Names:
    driver = url.drivername.partition("+")[2]
    if url.get_backend_name() != "postgresql":
        return MYSQL
    if driver in ("asyncpg", "pg8000"):
        return ASYNCPG if driver == "asyncpg" else PG8000
    return PSYCOPG


def shown(url: URL) -> str:
    """For a person: without the password."""
    return url.render_as_string(hide_password=True)
