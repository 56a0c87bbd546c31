# SPDX-License-Identifier: MIT
"""PgBouncer in transaction mode, in front of a PostgreSQL of the tests."""
from __future__ import annotations

import shutil
import signal
from pathlib import Path
from urllib.parse import quote

from . import libpq, process
from .postgres import USER, Postgres

PORT = 6432


def program() -> str | None:
    """Its path: it is no command of every user's."""
    return shutil.which("pgbouncer") or next((p for p in ("/usr/sbin/pgbouncer",) if Path(p).exists()), None)


def unavailable() -> str | None:
    return None if program() else "pgbouncer is not installed"


class PgBouncer:
    """A pooler. `size` connections to the server for each database and user; it knows these users, without passwords."""

    def __init__(self, server: Postgres, size: int = 20, users: tuple[str, ...] = (USER,), mode: str = "transaction"):
        self.server = server
        self.place = process.place("bouncer", USER)
        self.log = self.place / "log"
        (self.place / "users").write_text("".join('"%s" ""\n' % u for u in users))
        conf = {"listen_port": PORT, "unix_socket_dir": self.place, "auth_type": "trust", "auth_file": self.place / "users",
                "pool_mode": mode, "default_pool_size": size, "max_client_conn": 500, "admin_users": USER}
        (self.place / "ini").write_text("[databases]\n* = host=%s port=%d\n[pgbouncer]\n%s" % (
            server.socket, server.port, "".join("%s = %s\n" % pair for pair in conf.items())))
        for made in ("users", "ini"):
            process.owned_by(USER, self.place / made)
        self.process = process.start(process.as_user(USER, [program(), "-q", str(self.place / "ini")], dies_by="INT"), self.log)
        try:
            process.wait_for(self.ready, "PgBouncer", 30, self.process, self.log)
        except BaseException:
            self.stop()
            raise

    def ready(self) -> bool:
        try:
            libpq.Client(self.url("postgres")).close()
        except libpq.Error:
            return False
        return True

    def url(self, database: str, user: str = USER) -> str:
        return "postgresql://%s@/%s?host=%s&port=%d" % (quote(user, safe=""), quote(database, safe=""), self.place, PORT)

    @property
    def pid(self) -> int:
        return self.process.pid

    def stop(self) -> None:
        process.stop(self.process, signal.SIGTERM)
        shutil.rmtree(self.place, ignore_errors=True)

    def __enter__(self) -> PgBouncer:
        return self

    def __exit__(self, *_) -> None:
        self.stop()
