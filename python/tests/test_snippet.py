# SPDX-License-Identifier: MIT
"""The five lines, word for word, through the life of an application: create, start again, change with a hook, go on."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from easy import Database

SNIPPET = """\
from fastapi import FastAPI
from fastapi_easy import FastAPI_Easy, CRUDRouter, migration

app = FastAPI()
FastAPI_Easy.init_app(app, database_url="sqlite:///db.sqlite")
router = CRUDRouter(model=User)            # SQLAlchemy 2 declarative, or SQLModel
app.include_router(router)

"""
HOOK = """\
@migration.hook(version="v2_split_name", trigger="before_ddl")
async def split_name_data(connection):
    await connection.execute("UPDATE users SET first_name = ...")   # SQL text, or SQLAlchemy Core
""".replace("...", "substr(name, 1, instr(name, ' ') - 1), last_name = substr(name, instr(name, ' ') + 1)")

DECLARATIVE = """\
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

class Base(DeclarativeBase):
    pass

class User(Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
"""
SQLMODEL = """\
from sqlmodel import Field, SQLModel

class User(SQLModel, table=True):
    __tablename__ = "users"
    id: int | None = Field(default=None, primary_key=True)
"""
COLUMNS = {
    "declarative": {1: "    name: Mapped[str]\n", 2: "    first_name: Mapped[str]\n    last_name: Mapped[str]\n"},
    "sqlmodel": {1: "    name: str\n", 2: "    first_name: str\n    last_name: str\n"},
}
START = """
import sys, logging
logging.basicConfig(level=logging.INFO, stream=sys.stdout, format="%(message)s")
import anyio
from main import app
async def start():
    async with app.router.lifespan_context(app):
        print("serving")
anyio.run(start)
"""


class Application:
    """A folder with a main.py, started as a server starts it."""

    def __init__(self, folder: Path, env: dict[str, str]) -> None:
        self.folder, self.env, self.database = folder, env, Database(folder, "db.sqlite")

    def write(self, models: str, *, hook: bool = False, style: str = "declarative") -> None:
        head = DECLARATIVE if style == "declarative" else SQLMODEL
        (self.folder / "main.py").write_text(
            head + models + "\n\n" + SNIPPET + (HOOK if hook else ""), encoding="utf-8"
        )

    def python(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, *arguments]
        return subprocess.run(
            command, cwd=self.folder, env=self.env, capture_output=True, text=True, timeout=60, check=False
        )

    def start(self) -> tuple[bool, str]:
        done = self.python("-c", START)
        return "serving" in done.stdout, done.stdout + done.stderr

    def migrate(self, *arguments: str, expect: int = 0) -> str:
        done = self.python("-m", "fastapi_easy", "migrate", *arguments)
        assert done.returncode == expect, done.stdout + done.stderr
        return done.stdout + done.stderr


@pytest.fixture
def application(tmp_path: Path, env: dict[str, str]) -> Application:
    return Application(tmp_path, env)


@pytest.mark.parametrize("style", ["declarative", "sqlmodel"])
def test_the_life_of_an_application(application: Application, style: str) -> None:
    versions, database = COLUMNS[style], application.database

    application.write(versions[1], style=style)
    served, said = application.start()
    assert served and "version 1" in said
    database.run("INSERT INTO users (name) VALUES ('Ada Lovelace'), ('Alan Turing')")

    served, said = application.start()
    assert served and "is up to date, version 1" in said

    application.write(versions[2], hook=True, style=style)
    served, said = application.start()
    assert not served and "a person must approve it first: 'fastapi-easy migrate approve " in said
    assert "moult approve" not in said and "fastapi-easy migrate apply --approve" in said
    plan = said.split("'fastapi-easy migrate approve ")[1][:8]
    assert f"approve exactly this plan    fastapi-easy migrate approve {plan}\n" in said
    assert database.rows("SELECT name FROM users") == [("Ada Lovelace",), ("Alan Turing",)]

    application.migrate("approve", plan, "--yes")
    served, said = application.start()
    assert served and "version 2" in said
    assert database.rows("SELECT first_name, last_name FROM users") == [("Ada", "Lovelace"), ("Alan", "Turing")]
    served, said = application.start()
    assert served and "is up to date, version 2" in said

    application.write(versions[1], style=style)  # an old build is started again
    served, said = application.start()
    assert served and "is newer than the desired schema, which was version 1" in said
    assert database.rows("SELECT first_name FROM users") == [("Ada",), ("Alan",)]


def test_the_newest_version_on_an_empty_database(application: Application) -> None:
    application.write(COLUMNS["declarative"][2], hook=True)
    served, said = application.start()
    assert served and "version 1" in said
    assert application.database.rows("SELECT count(*) FROM users") == [(0,)]
    assert application.start()[0], "and the hook, of which there was no need, is not asked for again"
