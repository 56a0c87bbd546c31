#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""startup.py - what a start costs an application whose database is up to date: by fastapi_easy, by SQLAlchemy's create_all, and
by the command 'alembic upgrade head' before it, on the same models.

usage: $(scripts/venv newest) bench/startup.py [--rounds N] [MODELS]...

Prints JSON: {"5": {"ours": ns, "create_all": ns, "alembic": ns}, ...}. Each figure is the median of N (7) processes of its own,
which take turns. Of the first two, what the application's own process takes for it, with libraries and models there already;
of the command, which is a process of its own with the models imported as ever, all of it.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
WAYS = ("ours", "create_all", "alembic")

ENV_PY = """
import startup
from alembic import context
from sqlalchemy import create_engine
engine = create_engine(context.config.get_main_option("sqlalchemy.url"))
with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=startup.models({count}))
    with context.begin_transaction():
        context.run_migrations()
"""
REVISION = """
revision, down_revision = "1", None
def upgrade(): pass
"""
INI = """
[alembic]
script_location = {folder}
sqlalchemy.url = sqlite:///{folder}/alembic.db
"""


def models(count):
    """As people write them: ten columns, an index, and a tree of foreign keys."""
    from sqlalchemy import DateTime, ForeignKey, Integer, String, func
    from sqlalchemy.orm import DeclarativeBase, mapped_column

    class Base(DeclarativeBase):
        pass

    for number in range(count):
        members = {"__tablename__": f"t{number}", "id": mapped_column(Integer, primary_key=True)}
        for column in range(7):
            members[f"c{column}"] = mapped_column(String(50), index=column == 0, nullable=column > 2)
        members["at"] = mapped_column(DateTime, server_default=func.now())
        if number:
            members["parent"] = mapped_column(ForeignKey(f"t{number // 10}.id"))
        type(f"M{number}", (Base,), members)
    return Base.metadata


def one(way, count, folder):
    """In a process of its own: how many nanoseconds it takes."""
    import fastapi
    import sqlalchemy

    import fastapi_easy.app

    metadata, url = models(count), f"sqlite:///{folder}/{way}.db"
    began = time.perf_counter_ns()
    if way == "ours":
        fastapi_easy.app.FastAPI_Easy.init_app(fastapi.FastAPI(), url, metadata=metadata).apply()
    else:
        metadata.create_all(sqlalchemy.create_engine(url))
    print(time.perf_counter_ns() - began)


def took(way, count, folder):
    env = os.environ | {"PYTHONPATH": f"{ROOT}/python/src:{ROOT}/bench"}
    command = [sys.executable, "-m", "alembic", "-c", f"{folder}/alembic.ini", "upgrade", "head"] if way == "alembic" else [
        sys.executable, __file__, "--one", way, str(count), folder]
    began = time.perf_counter_ns()
    done = subprocess.run(command, env=env, check=True, capture_output=True, text=True)
    return time.perf_counter_ns() - began if way == "alembic" else int(done.stdout)


def measured(count, rounds, folder):
    pathlib.Path(folder, "alembic.ini").write_text(INI.format(folder=folder))
    pathlib.Path(folder, "env.py").write_text(ENV_PY.format(count=count))
    pathlib.Path(folder, "versions").mkdir()
    pathlib.Path(folder, "versions", "one.py").write_text(REVISION)
    for way in WAYS * 2:
        took(way, count, folder)  # which makes the database, and remembers what it found
    seen = [[took(way, count, folder) for way in WAYS] for _ in range(rounds)]
    return {way: statistics.median(times[i] for times in seen) for i, way in enumerate(WAYS)}


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--one", nargs=3)
    parser.add_argument("models", type=int, nargs="*")
    args = parser.parse_args()
    if args.one:
        return one(args.one[0], int(args.one[1]), args.one[2])
    out = {}
    for count in args.models or [5, 50, 500]:
        with tempfile.TemporaryDirectory() as folder:
            out[str(count)] = measured(count, args.rounds, folder)
    print(json.dumps(out))
    return 0


if __name__ == "__main__":
    sys.exit(main())
