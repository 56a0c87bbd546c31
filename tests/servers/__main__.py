# SPDX-License-Identifier: MIT
"""Starts servers by hand; see the package's own words for how."""
from __future__ import annotations

import argparse
import contextlib
import sys

import tests.servers
from tests.servers import pgbouncer, postgres, sid


def main() -> int:
    parser = argparse.ArgumentParser(usage=tests.servers.__doc__)
    parser.add_argument("what", choices=["postgres", "postgres15", "postgres18", "sid"])
    parser.add_argument("--standby", action="store_true", help="and a streaming standby of it")
    parser.add_argument("--pooler", action="store_true", help="and PgBouncer in transaction mode before it")
    parser.add_argument("--sync", action="store_true", help="durable: it may be killed")
    parser.add_argument("--tcp", action="store_true", help="it listens at 127.0.0.1 too")
    args = parser.parse_args()
    if args.what == "sid":
        why = sid.unavailable()
        print(why or sid.folder())
        return 1 if why else 0
    version = int(args.what[8:] or 0) or postgres.system_version()
    why = postgres.unavailable(version) if version else "PostgreSQL is not installed"
    if why:
        print(why, file=sys.stderr)
        return 1
    with contextlib.ExitStack() as all_of_them:
        server = all_of_them.enter_context(postgres.Postgres(version, durable=args.sync, tcp=args.tcp))
        print("server  %s\nprograms %s\npid     %d" % (server.url(), server.bin, server.pid))
        if args.standby:
            print("standby %s" % all_of_them.enter_context(server.standby()).url())
        if args.pooler:
            print("pooler  %s" % all_of_them.enter_context(pgbouncer.PgBouncer(server)).url("postgres"))
        print("Enter or Ctrl-C ends it.", flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            sys.stdin.readline()
    return 0


if __name__ == "__main__":
    sys.exit(main())
