# SPDX-License-Identifier: MIT
"""What a hook gets and may do, and what becomes of those that fail, hang, or go their own way."""

from __future__ import annotations

import asyncio
import datetime
import decimal
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import (
    JSON,
    Column,
    DateTime,
    Integer,
    LargeBinary,
    Numeric,
    String,
    create_engine,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.orm import DeclarativeBase, Session

from fastapi_easy import FastAPI_Easy, migration
from fastapi_easy.errors import HookError, MoultError
from fastapi_easy.testing import on_database
from lifespan_case import model, rows

pytestmark = pytest.mark.usefixtures("hooks")


class Case:
    """Users with a name, whose next version has a first name; a hook stands between."""

    def __init__(self, path: Path) -> None:
        self.path, self.url = path, f"sqlite:///{path}"
        self.first = self.application(model("users", "name"))
        self.first.apply()
        rows(path, "INSERT INTO users (name) VALUES ('Ada'), ('Alan')")
        self.user = model("users", "first")

    def application(self, user: Any, **options: Any) -> FastAPI_Easy:
        options = {"metadata": user.metadata, "mode": "aggressive", **options}
        options["options"] = {"no_backup": True, **options.get("options", {})}
        return FastAPI_Easy.init_app(FastAPI(), self.url, **options)

    def migrate(self, **options: Any) -> Any:
        return self.application(self.user, **options).apply()

    @property
    def names(self) -> list[tuple[Any, ...]]:
        columns = {name for (name,) in rows(self.path, "SELECT name FROM pragma_table_info('users')")}
        return rows(self.path, f"SELECT {'first' if 'first' in columns else 'name'} FROM users ORDER BY id")


@pytest.fixture
def case(tmp_path: Path) -> Case:
    return Case(tmp_path / "app.db")


DONE, UNDONE = [("A",), ("A",)], [("Ada",), ("Alan",)]


def test_sql_text_as_it_stands(case: Case) -> None:
    @migration.hook("v2")
    async def hook(connection: Any) -> None:
        result = await connection.execute("UPDATE users SET first = substr(name, 1, 1) WHERE name <> ':x ?'")
        assert result.rowcount == 2

    case.migrate()
    assert case.names == DONE


@pytest.mark.parametrize("asynchronous", [True, False])
def test_sql_text_with_parameters_and_rows(case: Case, asynchronous: bool) -> None:
    seen: list[Any] = []

    def plain(connection: Any) -> None:
        assert threading.current_thread() is not threading.main_thread()
        seen.extend(connection.execute("SELECT id, name FROM users WHERE id > ? ORDER BY id", [0]).mappings().all())
        connection.execute("UPDATE users SET first = :first WHERE id = :id", {"first": "A", "id": 1})
        connection.execute("UPDATE users SET first = :first WHERE id = :id", [{"first": "A", "id": 2}])
        seen.append(connection.scalar("SELECT count(*) FROM users WHERE first = ?", ["A"]))

    async def coroutine(connection: Any) -> None:
        found = await connection.execute("SELECT id, name FROM users WHERE id > ? ORDER BY id", [0])
        seen.extend(found.mappings().all())
        await connection.execute("UPDATE users SET first = :first", {"first": "A"})
        seen.append(await connection.scalar("SELECT count(*) FROM users WHERE first = ?", ["A"]))

    migration.hook("v2")(coroutine if asynchronous else plain)
    case.migrate()
    assert [dict(row) for row in seen[:2]] == [{"id": 1, "name": "Ada"}, {"id": 2, "name": "Alan"}]
    assert seen[2] == 2 and case.names == DONE


def test_sqlalchemy_core(case: Case) -> None:
    users = case.user.__table__

    @migration.hook("v2")
    async def hook(connection: Any) -> None:
        await connection.execute(update(users).values(first="A").where(users.c.id.in_([1, 2])))
        found = (await connection.execute(select(users.c.id, users.c.first).order_by(users.c.id))).all()
        assert found == [(1, "A"), (2, "A")]
        await connection.execute(insert(users), [{"first": "B"}, {"first": "C"}])
        made = await connection.execute(insert(users).values(first="D"))
        assert made.inserted_primary_key == (5,)

    case.migrate()
    assert case.names == [*DONE, ("B",), ("C",), ("D",)]


@pytest.mark.parametrize("asynchronous", [True, False])
def test_models_in_a_session_of_the_same_transaction(case: Case, asynchronous: bool) -> None:
    def work(session: Session) -> None:
        for user in session.scalars(select(case.user)):
            user.first = "A"
        session.add(case.user(first="B"))
        session.commit()
        session.add(case.user(first="C"))

    async def coroutine(connection: Any) -> None:
        await connection.run_sync(work)

    migration.hook("v2")(coroutine if asynchronous else lambda connection: work(connection.session))
    case.migrate()
    assert case.names == [*DONE, ("B",), ("C",)]


def test_values_are_kept(case: Case) -> None:
    class Base(DeclarativeBase):
        pass

    class Odd(Base):
        __tablename__ = "odd"
        id = Column(Integer, primary_key=True)
        big, real, day = Column(Integer), Column(Numeric(20, 4)), Column(DateTime)
        raw, doc, word = Column(LargeBinary), Column(JSON), Column(String(50))

    case.user.__table__.to_metadata(Base.metadata)
    values = {
        "big": 2**62 + 1,
        "real": decimal.Decimal("12345.6789"),
        "day": datetime.datetime(2026, 1, 2, 3, 4, 5, 678),
        "raw": bytes(range(256)),
        "doc": {"k": [1, None, "ü"]},
        "word": "100% ':x' 用户\n",
    }
    seen: list[Any] = []

    @migration.hook("v2")
    async def hook(connection: Any) -> None:
        await connection.execute(insert(Odd), [values])
        await connection.execute(insert(Odd).values(big=None))
        seen.extend((await connection.execute(select(Odd.__table__).order_by(Odd.id))).mappings().all())

    case.user = Odd
    case.migrate()
    assert dict(seen[0]) == {"id": 1, **values}
    assert all(value is None for key, value in seen[1].items() if key not in ("id", "doc"))
    assert rows(case.path, "SELECT big, raw FROM odd WHERE id = 1") == [(2**62 + 1, bytes(range(256)))]


def test_it_runs_once_and_another_code_under_its_name_does_not_run(
    case: Case, caplog: pytest.LogCaptureFixture
) -> None:
    runs: list[int] = []

    @migration.hook("v2")
    def first(connection: Any) -> None:
        runs.append(1)

    case.migrate()
    assert case.migrate().outcome == "up_to_date"
    migration.registered.by_version.clear()

    @migration.hook("v2")
    def second(connection: Any) -> None:
        runs.append(2)

    case.migrate()
    assert runs == [1]


def test_priorities_and_triggers(case: Case) -> None:
    order: list[str] = []
    for version, trigger, priority in (("d", "after_ddl", 0), ("c", "before_ddl", 5), ("b", "before_ddl", 1)):

        def hook(connection: Any, version: str = version) -> None:
            columns = "SELECT count(*) FROM pragma_table_info('users')"
            order.append(f"{version}{connection.scalar(columns)}")

        migration.hook(version, trigger=trigger, priority=priority)(hook)  # type: ignore[arg-type]
    case.migrate()
    assert order == ["b3", "c3", "d2"]


@pytest.mark.parametrize("asynchronous", [True, False])
def test_one_that_raises_undoes_all(case: Case, asynchronous: bool) -> None:
    def plain(connection: Any) -> None:
        connection.execute("UPDATE users SET first = 'A'")
        raise ValueError("no such luck")

    async def coroutine(connection: Any) -> None:
        await connection.execute("UPDATE users SET first = 'A'")
        raise ValueError("no such luck")

    migration.hook("v2")(coroutine if asynchronous else plain)
    with pytest.raises(MoultError, match=r"v2.*ValueError: no such luck"):
        case.migrate()
    assert case.names == UNDONE


def test_an_error_of_sql_is_named_and_may_be_caught(case: Case) -> None:
    @migration.hook("v2")
    async def hook(connection: Any) -> None:
        with pytest.raises(Exception, match="no such column: frist"):
            await connection.execute("UPDATE users SET frist = 'A'")
        await connection.execute("UPDATE users SET first = 'A'")

    case.migrate()
    assert case.names == DONE


def test_ddl_in_a_hook_is_refused(case: Case) -> None:
    @migration.hook("v2")
    async def hook(connection: Any) -> None:
        await connection.execute("DROP TABLE users")

    with pytest.raises(MoultError, match="v2"):
        case.migrate()
    assert case.names == UNDONE


def test_one_that_opens_its_own_connection_is_told_why_not(case: Case) -> None:
    @migration.hook("v2")
    def hook(connection: Any) -> None:
        engine = create_engine(case.url)
        try:
            with engine.begin() as own:
                own.execute(text("UPDATE users SET name = 'x'"))
        finally:
            engine.dispose()

    started = time.monotonic()
    with pytest.raises(MoultError, match=r"the hook v2 opens a connection of its own .* would wait for itself"):
        case.migrate()
    assert time.monotonic() - started < 20
    assert case.names == UNDONE


def test_one_that_opens_an_async_connection_of_its_own_is_told_why_not(case: Case) -> None:
    from sqlalchemy.ext.asyncio import create_async_engine

    @migration.hook("v2")
    async def hook(connection: Any) -> None:
        engine = create_async_engine(case.url.replace("sqlite:", "sqlite+aiosqlite:"))
        try:
            async with engine.begin() as own:
                await own.execute(text("UPDATE users SET name = 'x'"))
        finally:
            await engine.dispose()

    with pytest.raises(MoultError, match=r"the hook v2 opens a connection of its own"):
        case.migrate()
    assert case.names == UNDONE


def test_one_that_asks_the_application_for_a_session_is_told_why_not(case: Case) -> None:
    easy = case.application(case.user)

    @migration.hook("v2")
    async def hook(connection: Any) -> None:
        await easy.database.run(lambda session: None)

    with pytest.raises(MoultError, match=r"the hook v2 asks for a session of the application"):
        easy.apply()


def test_another_database_may_be_asked(case: Case, tmp_path: Path) -> None:
    other = f"sqlite:///{tmp_path / 'other.db'}"

    @migration.hook("v2")
    def hook(connection: Any) -> None:
        engine = create_engine(other)
        with engine.begin() as elsewhere:
            name = elsewhere.scalar(text("SELECT 'A'"))
        engine.dispose()
        connection.execute("UPDATE users SET first = ?", [name])

    case.migrate()
    assert case.names == DONE


@pytest.mark.parametrize("asynchronous", [True, False])
def test_one_that_hangs_ends_at_its_time_limit(case: Case, asynchronous: bool) -> None:
    over = threading.Event()

    async def coroutine(connection: Any) -> None:
        await asyncio.sleep(60)

    migration.hook("v2")(coroutine if asynchronous else lambda connection: over.wait(60))
    started = time.monotonic()
    with pytest.raises(MoultError, match=r"said nothing for 1 seconds \(answer_timeout\)"):
        case.migrate(options={"answer_timeout": 1})
    assert time.monotonic() - started < 15
    over.set()
    assert case.names == UNDONE


def test_one_that_rolls_back_by_itself_has_failed(case: Case) -> None:
    @migration.hook("v2")
    def hook(connection: Any) -> None:
        connection.execute("UPDATE users SET first = 'A'")
        connection.session.rollback()

    with pytest.raises(MoultError, match=r"rolled back"):
        case.migrate()
    assert case.names == UNDONE


def test_its_connection_is_of_no_use_afterwards(case: Case) -> None:
    kept: list[Any] = []
    migration.hook("v2")(kept.append)
    case.migrate()
    with pytest.raises(Exception, match="the hook is over"):
        kept[0].raw.ask("query", sql="SELECT 1")


def test_a_cancelled_start_stops_moult_and_leaves_nothing_half_done(case: Case) -> None:
    begun = asyncio.Event()

    @migration.hook("v2")
    async def hook(connection: Any) -> None:
        await connection.execute("UPDATE users SET first = 'A'")
        begun.set()
        await asyncio.sleep(60)

    easy = case.application(case.user)

    async def start() -> None:
        task = asyncio.create_task(easy.aapply())
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(start())
    assert case.names == UNDONE
    migration.registered.by_version.clear()
    assert easy.apply().outcome == "applied"


def test_a_moult_that_is_killed_in_a_hook_is_told_and_the_next_start_goes_on(case: Case) -> None:
    import os
    import signal

    easy, kill = case.application(case.user), [True]

    @migration.hook("v2")
    async def hook(connection: Any) -> None:
        await connection.execute("UPDATE users SET first = 'A'")
        if kill:
            os.kill(connection.inner.raw.moult.process.pid, signal.SIGKILL)
            await connection.execute("UPDATE users SET first = 'B'")

    with pytest.raises(MoultError, match="the moult process was ended by signal SIGKILL"):
        easy.apply()
    assert case.names == UNDONE
    kill.clear()
    asyncio.run(easy.start())
    assert case.names == DONE


# --- registering --------------------------------------------------------------------------------------------------------


def test_a_version_twice_with_different_code_is_an_error() -> None:
    @migration.hook("v2")
    def first(connection: Any) -> None:
        connection.execute("SELECT 1")

    migration.hook("v2")(first)  # a module that is imported twice
    with pytest.raises(HookError, match=r"the hook 'v2' is there twice: .*first \(.*test_hooks.py:\d+\) and .*second"):

        @migration.hook("v2")
        def second(connection: Any) -> None:
            connection.execute("SELECT 2")


@pytest.mark.parametrize(
    ("arguments", "function", "said"),
    [
        ({"version": ""}, print, "must be a name"),
        ({"version": "a b"}, print, "must be a name"),
        ({"version": "v", "trigger": "during"}, print, "has the trigger 'during'; there are before_ddl and after_ddl"),
        ({"version": "v", "priority": "high"}, print, "has the priority 'high'"),
        ({"version": "v"}, "UPDATE x", "must be a function that takes a connection"),
    ],
)
def test_what_is_no_hook(arguments: dict[str, Any], function: Any, said: str) -> None:
    with pytest.raises(HookError, match=said):
        migration.hook(**arguments)(function)


def test_a_plain_function_that_returns_a_coroutine(case: Case) -> None:
    async def work() -> None: ...

    migration.hook("v2")(lambda connection: work())
    with pytest.raises(MoultError, match="declare it with async def"):
        case.migrate()


def test_fastapi_easy_testing_gives_each_test_a_database(case: Case, tmp_path: Path) -> None:
    easy = case.application(case.user)
    before = easy.url
    for _ in range(2):
        with on_database(easy.app):
            assert easy.url != before and easy.ready

            def add(session: Session) -> int:
                session.add(case.user(first="x"))
                session.commit()
                return len(session.scalars(select(case.user)).all())

            assert asyncio.run(easy.database.run(add)) == 1
    assert easy.url == before and not easy.ready and case.names == UNDONE
