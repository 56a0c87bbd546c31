# SPDX-License-Identifier: MIT
"""fastapi-easy migrate …, as a person and as a job of a cluster run it: output, exit codes, what is not started."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lifespan_case import tables
from test_snippet import COLUMNS, Application

pytestmark = pytest.mark.once

MAIN = """
from contextlib import asynccontextmanager
from pathlib import Path
from fastapi import FastAPI
from sqlalchemy import Column, Integer, MetaData, String, Table
from fastapi_easy import FastAPI_Easy, migration

@asynccontextmanager
async def lifespan(app):
    Path("started").touch()
    yield

app, metadata = FastAPI(lifespan=lifespan), MetaData()
Table("users", metadata, Column("id", Integer, primary_key=True), {columns})
FastAPI_Easy.init_app(app, "sqlite:///db.sqlite", metadata=metadata, mode={mode!r})
"""
KILLED = """
@migration.hook(version="v3", trigger="after_ddl")
def late(connection):
    import os, signal
    if os.environ.get("KILL"):
        os.kill(connection.raw.moult.process.pid, signal.SIGKILL)
    connection.execute("SELECT 1")
"""


class Folder(Application):
    def main(self, *columns: str, mode: str | None = None, name: str = "main.py") -> None:
        text = ", ".join(f'Column("{column}", String(20))' for column in columns)
        (self.folder / name).parent.mkdir(exist_ok=True)
        (self.folder / name).write_text(MAIN.format(columns=text, mode=mode))


@pytest.fixture
def folder(tmp_path: Path, env: dict[str, str]) -> Folder:
    return Folder(tmp_path, env)


def test_a_life_by_commands_alone(folder: Folder) -> None:
    folder.main("name")
    said = folder.migrate("plan")
    assert "db.sqlite (SQLite 3." in said and ") → models: 1 change, plan " in said and "+ table  users" in said
    folder.migrate("plan", "--exit-code", expect=2)
    folder.database.run("SELECT 1")
    assert "state    pending: 1 change, at most safe risk" in folder.migrate("status", expect=2)
    assert "the plan was applied; version 1" in folder.migrate("apply")
    assert "up to date" in folder.migrate("apply") and "→ models: up to date" in folder.migrate("plan", "--exit-code")
    assert "state    up to date with the models\n  version  1, applied 20" in folder.migrate("status")

    folder.database.run("INSERT INTO users (name) VALUES ('Ada')")
    folder.main("first")
    said = folder.migrate("apply", expect=3)
    plan = said.split("fastapi-easy migrate approve ")[1][:8]
    assert f"fastapi-easy migrate apply --approve {plan}" in said and "moult approve" not in said.replace(
        "fastapi-easy", ""
    )
    assert f"plan     {plan}, waits for approval" in folder.migrate("status", expect=2)
    assert f"plan {plan} is approved" in folder.migrate("approve", plan, "--yes")
    assert "version 2" in folder.migrate("apply", "--no-backup")
    assert tables(folder.database.path) == {"users"}

    history = json.loads(folder.migrate("history", "--format", "json"))
    assert [entry["version"] for entry in history["entries" if "entries" in history else "versions"]][:2] in (
        [1, 2],
        [2, 1],
    )
    assert "version" in folder.migrate("rollback", "1", "--mode", "aggressive", "--no-backup")
    assert folder.database.rows("SELECT name FROM users") == [("Ada",)]
    assert not (folder.folder / "started").exists(), "the application is imported, and not started"


def test_formats(folder: Folder) -> None:
    folder.main("name")
    document = json.loads(folder.migrate("plan", "--format", "json"))
    assert document["format"] == "moult-plan" and document["risk"] == "safe"
    assert "CREATE TABLE users" in folder.migrate("plan", "--format", "sql")
    assert folder.migrate("sql").startswith("CREATE TABLE users (")
    assert json.loads(folder.migrate("apply", "--format", "json"))["outcome"] == "applied"
    assert json.loads(folder.migrate("status", "--format", "json"))["state"] == "up_to_date"


def test_another_database(folder: Folder) -> None:
    folder.main("name")
    folder.migrate("apply", "--url", "sqlite:///other.db")
    assert tables(folder.folder / "other.db") == {"users"} and not folder.database.path.exists()
    assert "version 1" in folder.migrate("status", "--url", "other.db").replace("version  1", "version 1")


def test_a_job_migrates_where_the_application_does_not(folder: Folder) -> None:
    folder.main("name", mode="off")
    assert "version 1" in folder.migrate("apply")
    assert tables(folder.database.path) == {"users"}


@pytest.mark.parametrize(
    ("name", "arguments", "pyproject"),
    [
        ("main.py", [], ""),
        ("app/main.py", [], ""),
        ("shop/web.py", ["--app", "shop.web:app"], ""),
        ("shop/web.py", [], '[tool.fastapi-easy]\napp = "shop.web:app"\n'),
    ],
)
def test_which_application(folder: Folder, name: str, arguments: list[str], pyproject: str) -> None:
    folder.main("name", name=name)
    if pyproject:
        (folder.folder / "pyproject.toml").write_text(pyproject)
    assert "version 1" in folder.migrate("apply", *arguments)


def test_what_is_wrong_is_one_line(folder: Folder) -> None:
    assert "which application? There is no main:app and no app.main:app here; say --app" in folder.migrate(
        "plan", expect=1
    )
    folder.main("name")
    for arguments, said in (
        (["--app", "main:nope"], "error: module main has no nope"),
        (["--app", "main:metadata"], "error: main:metadata is MetaData, and no FastAPI application"),
        (["--app", "nowhere:app"], "error: there is no module nowhere here"),
        (["--url", "postgres//x"], "error: the folder '"),
    ):
        text = folder.migrate("plan", *arguments, expect=1)
        assert text.startswith(said)
        assert "Traceback" not in text
    (folder.folder / "main.py").write_text("from fastapi import FastAPI\napp = FastAPI()\n")
    assert folder.migrate("plan", expect=1).startswith(
        "error: this application is not set up: call FastAPI_Easy.init_app"
    )
    (folder.folder / "main.py").write_text("import nothing_like_it\n")
    assert "main cannot be imported: ModuleNotFoundError" in folder.migrate("plan", expect=1)
    (folder.folder / "pyproject.toml").write_text("not toml")
    assert "error: pyproject.toml cannot be read" in folder.migrate("plan", expect=1)


def test_a_database_in_memory_has_nothing_to_migrate(folder: Folder) -> None:
    folder.main("name")
    source = (folder.folder / "main.py").read_text().replace("sqlite:///db.sqlite", "sqlite://")
    (folder.folder / "main.py").write_text(source)
    assert "in memory: it is new at each start" in folder.migrate("apply", expect=1)


def test_an_interrupted_apply_is_resumed_with_its_hook(folder: Folder) -> None:
    folder.write(COLUMNS["declarative"][1])
    folder.migrate("apply")
    folder.database.run("INSERT INTO users (name) VALUES ('Ada Lovelace')")
    folder.write(COLUMNS["declarative"][2], hook=True)
    with (folder.folder / "main.py").open("a") as main:
        main.write(KILLED)
    folder.env["KILL"] = "1"
    assert "was ended by signal SIGKILL" in folder.migrate("apply", "--mode", "aggressive", "--no-backup", expect=1)
    del folder.env["KILL"]
    assert "resume" in folder.migrate("status", expect=6)
    folder.migrate("resume", "--mode", "aggressive")
    assert folder.database.rows("SELECT first_name, last_name FROM users") == [("Ada", "Lovelace")]
    assert "up to date" in folder.migrate("status")


def test_version(folder: Folder) -> None:
    assert folder.python("-m", "fastapi_easy", "--version").stdout.startswith("fastapi-easy 0.")


def test_the_password_is_in_no_argument(folder: Folder, tmp_path: Path) -> None:
    """Arguments of a process can be read by everybody on the machine."""
    fake = tmp_path / "moult"
    fake.write_text('#!/bin/sh\necho "$@" >arguments; echo "$DATABASE_URL" >url\n')
    fake.chmod(0o755)
    folder.main("name")
    source = (folder.folder / "main.py").read_text()
    source = source.replace("sqlite:///db.sqlite", "postgresql+asyncpg://me:secret@h1/db?ssl=require")
    (folder.folder / "main.py").write_text(source)
    folder.env["MOULT_BINARY"] = str(fake)
    folder.migrate("history", "--format", "json")
    assert (folder.folder / "arguments").read_text() == "history --format json\n"
    assert (folder.folder / "url").read_text() == "postgresql://me:secret@h1/db?sslmode=require\n"
