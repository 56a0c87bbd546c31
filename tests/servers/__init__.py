# SPDX-License-Identifier: MIT
"""Real database servers for the tests: each a plain process of our own, on a private socket, in a temporary folder.

    process.py    how a server program is started, as whom, and how it is stopped again, by its own process id
    sid.py        a newer Debian in a folder, for the servers that the system itself is too old for
    postgres.py   PostgreSQL: the system's and the newer one, databases that cost little, a streaming standby
    pgbouncer.py  PgBouncer in transaction mode, in front of it
    libpq.py      a client: what the tests ask a server
    fixtures.py   the same as pytest fixtures

    python3 -m tests.servers postgres15 [--standby] [--pooler] [--sync]     starts one and prints its URLs, until Enter or Ctrl-C
    python3 -m tests.servers sid                                            makes the newer Debian, if it is not there
"""
