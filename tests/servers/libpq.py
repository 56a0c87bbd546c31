# SPDX-License-Identifier: MIT
"""A small client over libpq, for what the tests ask a server: text in, text out, and the SQLSTATE of what fails."""
from __future__ import annotations

import ctypes
import ctypes.util
import functools

TUPLES_OK, COMMAND_OK, EMPTY = 2, 1, 0


class Error(Exception):
    """What the server said; `state` is its SQLSTATE, or "" when there is no connection."""

    def __init__(self, message: str, state: str = ""):
        super().__init__(message.strip())
        self.state = state


@functools.lru_cache(None)
def library():
    lib = ctypes.CDLL(ctypes.util.find_library("pq") or "libpq.so.5")
    for name, result in (("PQconnectdb", ctypes.c_void_p), ("PQexec", ctypes.c_void_p), ("PQerrorMessage", ctypes.c_char_p),
                         ("PQgetvalue", ctypes.c_char_p), ("PQfname", ctypes.c_char_p), ("PQresultErrorField", ctypes.c_char_p),
                         ("PQresultErrorMessage", ctypes.c_char_p)):
        getattr(lib, name).restype = result
    return lib


class Client:
    """One connection. `rows` are lists of str or None. Use it as a context, or close it."""

    def __init__(self, conninfo: str, client_min_messages: str = "error"):
        self.lib = library()
        self.conn = ctypes.c_void_p(self.lib.PQconnectdb(conninfo.encode()))
        if self.lib.PQstatus(self.conn) != 0:
            said = self.lib.PQerrorMessage(self.conn).decode(errors="replace")
            self.close()
            raise Error(said)
        self.run("SET client_min_messages = " + client_min_messages)  # notices would go to stderr

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def close(self) -> None:
        if self.conn:
            self.lib.PQfinish(self.conn)
            self.conn = None

    @property
    def pid(self) -> int:
        return self.lib.PQbackendPID(self.conn)

    def run(self, sql: str) -> list[list[str | None]]:
        """Runs statements as one message (one transaction, if they begin none); the rows of the last."""
        result = ctypes.c_void_p(self.lib.PQexec(self.conn, sql.encode()))
        try:
            status = self.lib.PQresultStatus(result)
            if status not in (TUPLES_OK, COMMAND_OK, EMPTY):
                state = self.lib.PQresultErrorField(result, ord("C")) or b""
                said = self.lib.PQresultErrorMessage(result) or self.lib.PQerrorMessage(self.conn)
                raise Error(said.decode(errors="replace"), state.decode())
            self.names = [self.lib.PQfname(result, c).decode() for c in range(self.lib.PQnfields(result))]
            return [[None if self.lib.PQgetisnull(result, r, c) else self.lib.PQgetvalue(result, r, c).decode()
                     for c in range(len(self.names))] for r in range(self.lib.PQntuples(result))]
        finally:
            self.lib.PQclear(result)

    def value(self, sql: str) -> str | None:
        """The one value of the one row."""
        return self.run(sql)[0][0]

    def column(self, sql: str) -> list:
        return [row[0] for row in self.run(sql)]
