# SPDX-License-Identifier: MIT
"""PostgreSQL for the tests: the system's, or the newer one of Debian sid, on a private socket, with databases that cost little."""
from __future__ import annotations

import contextlib
import itertools
import os
import re
import shutil
import signal
import socket
import subprocess
from pathlib import Path
from urllib.parse import quote

from . import libpq, process, sid

USER = "postgres"
NEWER = 18  # this one is Debian sid's
BASE = Path("/usr/lib/postgresql")
SETTINGS = {"listen_addresses": "''", "shared_buffers": "64MB", "max_locks_per_transaction": "256", "jit": "off",
            "timezone": "UTC", "log_timezone": "UTC", "max_connections": "120", "max_prepared_transactions": "5"}
QUICK = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "autovacuum": "off"}
HBA = """local all +with_password scram-sha-256
host all +with_password 127.0.0.1/32 scram-sha-256
local replication all trust
local all all trust
host all all 127.0.0.1/32 trust
"""


def system_version() -> int | None:
    """The newest server that the system has."""
    found = [int(p.name) for p in BASE.glob("*") if (p / "bin/postgres").exists() and p.name.isdigit()]
    return max(found, default=None)


def unavailable(version: int) -> str | None:
    """None when a server of that version can be started, else why not."""
    if (BASE / str(version) / "bin/postgres").exists():
        return None
    if version == NEWER:
        return sid.unavailable()
    return "PostgreSQL %d is not installed" % version


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Postgres:
    """A server. It ends with `stop`, or when this process does. `durable`: it syncs, on a disk, so that it can be killed.

    `tcp`: it listens at 127.0.0.1 too. Roles that are members of with_password need one.
    """

    def __init__(self, version: int | None = None, durable: bool = False, tcp: bool = False, settings: dict | None = None,
                 copy_of: Postgres | None = None):
        self.version = version or system_version()
        self.root = None if (BASE / str(self.version)).exists() else sid.folder()
        self.inside = BASE / str(self.version) / "bin"  # as the server's own system sees it
        self.port = free_port() if tcp else 5432
        self.settings = {**SETTINGS, **({"wal_level": "replica"} if durable else QUICK), **(settings or {})}
        if tcp:
            self.settings["listen_addresses"] = "'127.0.0.1'"
        self.numbers = itertools.count(1)
        self.process = None
        self.place = process.place("pg", USER, self.root, durable)
        self.data, self.log = self.place / "data", self.place / "log"
        self.socket = self.place
        if len(str(self.socket)) > 90:
            raise RuntimeError("the path of the socket is too long: %s" % self.socket)
        try:
            self.create(copy_of)
            self.start()
        except BaseException:
            self.stop()
            raise

    # --- programs ----------------------------------------------------------------------------------------------------

    def there(self, path: Path) -> str:
        """A path as the server sees it."""
        return "/" + str(path.relative_to(self.root)) if self.root else str(path)

    def server_program(self, *words: object) -> None:
        """Runs a program beside the server, as the server's user."""
        command = [str(self.inside / str(words[0])), *(str(w) for w in words[1:])]
        done = subprocess.run(process.as_user(USER, command, self.root), cwd="/", stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, errors="replace", timeout=300)
        if done.returncode:
            raise RuntimeError("%s fails\n%s" % (words[0], done.stdout))

    @property
    def bin(self) -> Path:
        """A folder with the client programs of this version, for PATH."""
        if not self.root:
            return self.inside
        made = self.place / "bin"
        if not made.exists():
            made.mkdir()
            libraries = self.root / "usr/lib" / os.uname().machine.join(("", "-linux-gnu"))
            for name in ("psql", "pg_dump", "pg_restore", "pgbench"):
                program = self.root / str(self.inside / name)[1:]
                script = made / name
                # Its own loader and libraries: those of the system are older.
                script.write_text('#!/bin/sh\nexec "%s" --library-path "%s" "%s" "$@"\n'
                                  % (next(libraries.glob("ld-linux*")), libraries, program))
                script.chmod(0o755)
        return made

    # --- life --------------------------------------------------------------------------------------------------------

    def create(self, copy_of: Postgres | None) -> None:
        if copy_of:
            self.server_program("pg_basebackup", "-D", self.there(self.data), "-h", self.there(copy_of.socket), "-p", copy_of.port,
                                "-U", USER, "-R", "-X", "stream", "--checkpoint=fast", "--no-sync")
        else:
            self.server_program("initdb", "-D", self.there(self.data), "-U", USER, "--locale=C.UTF-8", "-E", "UTF8", "-A", "trust",
                                "--no-sync", "--no-instructions")
            (self.data / "pg_hba.conf").write_text(HBA)
        conf = {**self.settings, "port": self.port, "unix_socket_directories": "'%s'" % self.there(self.socket)}
        with open(self.data / "postgresql.conf", "a") as out:
            out.writelines("%s = %s\n" % pair for pair in conf.items())

    def start(self) -> None:
        first = not self.log.exists()
        command = [str(self.inside / "postgres"), "-D", self.there(self.data)]
        self.process = process.start(process.as_user(USER, command, self.root, dies_by="INT"), self.log)
        process.wait_for(self.ready, "PostgreSQL %s" % self.version, 60, self.process, self.log)
        if first and not (self.data / "standby.signal").exists():
            with self.client() as db:
                db.run("CREATE ROLE with_password NOLOGIN")

    def ready(self) -> bool:
        try:
            self.client().close()
        except libpq.Error:
            return False
        return True

    def halt(self, number: int = signal.SIGINT) -> None:
        """Ends the server, in order (SIGINT) or at once (SIGQUIT); its data stay, and `start` goes on with them."""
        if self.process:
            process.stop(self.process, number, signal.SIGQUIT)

    def kill(self) -> None:
        """As a machine that loses its power takes them: the server and all its processes, without a word."""
        pids = [self.process.pid, *process.children(self.process.pid)]
        self.process.send_signal(signal.SIGSTOP)  # it starts no more of them
        pids += process.children(self.process.pid)
        for pid in dict.fromkeys(pids):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait(30)
        process.wait_for(lambda: not any(process.alive(p) for p in pids), "the end of the server", 30)
        (self.data / "postmaster.pid").unlink(missing_ok=True)

    def stop(self) -> None:
        self.halt(signal.SIGINT if self.settings.get("fsync") != "off" else signal.SIGQUIT)
        shutil.rmtree(self.place, ignore_errors=True)

    def __enter__(self) -> Postgres:
        return self

    def __exit__(self, *_) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        return self.process.pid

    def said(self) -> str:
        """The server's log so far."""
        return self.log.read_text(errors="replace")

    # --- use ---------------------------------------------------------------------------------------------------------

    def url(self, database: str = "postgres", user: str = USER, password: str | None = None, **options: str) -> str:
        who = quote(user, safe="") + (":" + quote(password, safe="") if password is not None else "")
        more = {"host": str(self.socket), "port": str(self.port), **options}
        return "postgresql://%s@/%s?%s" % (who, quote(database, safe=""),
                                           "&".join("%s=%s" % (k, quote(v, safe="/")) for k, v in more.items()))

    def client(self, database: str = "postgres", user: str = USER) -> libpq.Client:
        return libpq.Client(self.url(database, user))

    @contextlib.contextmanager
    def database(self, template: str | None = None, name: str | None = None):
        """A database of one's own, by its name; dropped at the end."""
        name = self.create_database(template, name)
        try:
            yield name
        finally:
            self.drop_database(name)

    def create_database(self, template: str | None = None, name: str | None = None) -> str:
        name = name or "t%d_%d" % (os.getpid(), next(self.numbers))
        copied = " TEMPLATE %s" % quoted(template) if template else " TEMPLATE template0"
        with self.client() as db:
            db.run("CREATE DATABASE %s%s" % (quoted(name), copied))
        return name

    def drop_database(self, name: str) -> None:
        if self.process and self.process.poll() is None:
            with self.client() as db:
                db.run("DROP DATABASE IF EXISTS %s WITH (FORCE)" % quoted(name))

    def drop_other_databases(self, pattern: str) -> list[str]:
        """Drops those whose names match (a scratch that a killed command left, say); their names."""
        with self.client() as db:
            names = [n for n in db.column("SELECT datname FROM pg_database WHERE NOT datistemplate") if re.search(pattern, n)]
        for name in names:
            self.drop_database(name)
        return names

    def dump(self, database: str, *words: str) -> str:
        """What pg_dump says; --schema-only unless told otherwise."""
        done = subprocess.run([str(self.bin / "pg_dump"), *(words or ("--schema-only",)), "-d", self.url(database)],
                              capture_output=True, text=True, timeout=120)
        if done.returncode:
            raise RuntimeError("pg_dump fails: " + done.stderr)
        return done.stdout

    def standby(self) -> Postgres:
        """A streaming standby of this server, which must not be `durable` = False with wal_level minimal."""
        return Postgres(self.version, settings={**self.settings, "hot_standby": "on"}, copy_of=self)


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
