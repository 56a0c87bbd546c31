# SPDX-License-Identifier: MIT
"""Where the migration hooks into an application's start, and what could break there: each case by its name."""

from __future__ import annotations

import asyncio
import itertools
import logging
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any

import pytest
from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.testclient import TestClient
from sqlalchemy import text

from fastapi_easy import CRUDRouter, FastAPI_Easy, migration
from fastapi_easy.errors import ConfigurationError, DDLError, MigrationRefused, MoultMissing, NotMigrated
from lifespan_case import application, model, router, rows, table, tables


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "app.db"


@pytest.fixture
def url(path: Path) -> str:
    return f"sqlite:///{path}"


def started(app: FastAPI) -> None:
    """Starts it and stops it, as a server does."""
    with TestClient(app):
        pass


# --- which models -------------------------------------------------------------------------------------------------------


def test_a_router_included_before_and_after_init_app(url: str, path: Path) -> None:
    app = application(router("a"))
    FastAPI_Easy.init_app(app, url)
    app.include_router(router("b"))
    started(app)
    assert tables(path) == {"a", "b"}


def test_a_nested_router(url: str, path: Path) -> None:
    app, outer, inner = FastAPI(), APIRouter(prefix="/outer"), APIRouter()
    inner.include_router(router("a"))
    outer.include_router(inner)
    app.include_router(outer, prefix="/v1")
    FastAPI_Easy.init_app(app, url)
    started(app)
    assert tables(path) == {"a"}


def test_a_mounted_application(url: str, path: Path) -> None:
    app, sub = FastAPI(), FastAPI()
    FastAPI_Easy.init_app(app, url)
    app.mount("/sub", sub)
    sub.include_router(router("a"))
    with TestClient(app) as client:
        assert client.post("/sub/a", json={"name": "x"}).status_code == 201
    assert tables(path) == {"a"}


def test_a_metadata_counts_once_however_many_routers(url: str, path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "fastapi_easy")
    one = model("a")
    other = model("b", base=one.__bases__[0])
    app = application(CRUDRouter(model=one), CRUDRouter(model=other), CRUDRouter(model=one, prefix="/again"))
    FastAPI_Easy.init_app(app, url)
    started(app)
    assert tables(path) == {"a", "b"}
    assert len([r for r in caplog.records if "the plan was applied; version 1" in r.getMessage()]) == 1


def test_migrate_false_and_moult_false_leave_a_table_alone(url: str, path: Path) -> None:
    kept = table("kept")
    kept.tables["kept"].info["moult"] = False
    table("own", kept)
    app = application(router("a", migrate=False))
    FastAPI_Easy.init_app(app, url, metadata=kept)
    started(app)
    assert tables(path) == {"own"}


def test_without_any_router_the_metadata_is_migrated(url: str, path: Path) -> None:
    app = FastAPI()
    FastAPI_Easy.init_app(app, url, metadata=[table("a"), table("b")])
    started(app)
    assert tables(path) == {"a", "b"}


def test_two_models_of_one_table_are_refused(url: str) -> None:
    app = application(router("a"), router("a", prefix="/b"))
    FastAPI_Easy.init_app(app, url)
    with pytest.raises(DDLError, match="table a is declared by two of these models' metadatas"):
        started(app)


def test_nothing_declared_changes_nothing_and_says_so(url: str, path: Path, caplog: pytest.LogCaptureFixture) -> None:
    before = application(router("a"))
    FastAPI_Easy.init_app(before, url)
    started(before)
    app = FastAPI()
    FastAPI_Easy.init_app(app, url)
    started(app)
    assert tables(path) == {"a"}
    assert "no model with a table was found: nothing is changed" in caplog.text


# --- the application's own lifespan -------------------------------------------------------------------------------------


def test_the_users_lifespan_comes_after_and_its_state_is_kept(url: str, path: Path) -> None:
    seen: list[Any] = []

    @asynccontextmanager
    async def own(app: FastAPI) -> AsyncIterator[dict[str, str]]:
        seen.append(tables(path))
        yield {"colour": "red"}
        seen.append("end")

    app = application(router("a"), lifespan=own)

    @app.get("/colour")
    def colour(request: Request) -> str:
        return str(request.state.colour)

    FastAPI_Easy.init_app(app, url)
    with TestClient(app) as client:
        assert client.get("/colour").json() == "red"
    assert seen == [{"a"}, "end"]


def test_lifespans_of_routers_come_after(url: str, path: Path) -> None:
    seen: list[Any] = []

    @asynccontextmanager
    async def own(app: Any) -> AsyncIterator[None]:
        seen.append(tables(path))
        yield

    app = application(router("a"))
    FastAPI_Easy.init_app(app, url)
    app.include_router(APIRouter(lifespan=own))
    started(app)
    assert seen == [{"a"}]


def test_a_lifespan_replaced_after_init_app_is_named_at_the_first_request(url: str) -> None:
    @asynccontextmanager
    async def other(app: Any) -> AsyncIterator[None]:
        yield

    app = application(router("a"))
    FastAPI_Easy.init_app(app, url)
    app.router.lifespan_context = other
    with (
        TestClient(app) as client,
        pytest.raises(ConfigurationError, match="lifespan_context was replaced after init_app"),
    ):
        client.get("/a")


# --- where no lifespan runs ---------------------------------------------------------------------------------------------


def test_a_client_without_with_migrates_at_the_first_request(
    url: str, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    app = application(router("a"))
    FastAPI_Easy.init_app(app, url)
    client = TestClient(app)
    assert client.post("/a", json={"name": "x"}).status_code == 201
    assert client.get("/a").json()["total"] == 1
    assert caplog.text.count("no lifespan ran") == 1


def test_a_mounted_application_with_a_database_of_its_own(tmp_path: Path) -> None:
    app, sub = application(router("a")), application(router("b"))
    FastAPI_Easy.init_app(app, f"sqlite:///{tmp_path / 'a.db'}")
    FastAPI_Easy.init_app(sub, f"sqlite:///{tmp_path / 'b.db'}")
    app.mount("/sub", sub)
    with TestClient(app) as client:
        assert client.post("/sub/b", json={"name": "x"}).status_code == 201
        assert client.post("/a", json={"name": "x"}).status_code == 201
    assert "b" in tables(tmp_path / "b.db")


@pytest.mark.parametrize("driver", ["sqlite", "sqlite+aiosqlite"])
def test_a_transport_without_lifespan_migrates_once(driver: str, path: Path, caplog: pytest.LogCaptureFixture) -> None:
    httpx = pytest.importorskip("httpx")
    app = application(router("a"))
    FastAPI_Easy.init_app(app, f"{driver}:///{path}")

    async def ask() -> list[int]:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            answers = await asyncio.gather(*(client.post("/a", json={"name": "x"}) for _ in range(8)))
        await FastAPI_Easy.of(app).database.dispose()
        return [answer.status_code for answer in answers]

    assert asyncio.run(ask()) == [201] * 8
    assert caplog.text.count("no lifespan ran") == 1


def test_a_refusal_at_the_first_request_is_the_same_at_the_second(url: str, path: Path) -> None:
    risky(url)
    app = application(router("users", "first"))
    FastAPI_Easy.init_app(app, url)
    client = TestClient(app)
    for _ in range(2):
        with pytest.raises(MigrationRefused, match="a person must approve it first"):
            client.get("/users")


# --- what comes of it ---------------------------------------------------------------------------------------------------


def risky(url: str) -> None:
    """A database whose next version takes something away."""
    app = application(router("users", "name"))
    FastAPI_Easy.init_app(app, url)
    with TestClient(app) as client:
        client.post("/users", json={"name": "Ada"})


def test_a_refusal_names_the_plan_and_changes_nothing(url: str, path: Path, caplog: pytest.LogCaptureFixture) -> None:
    risky(url)
    app = application(router("users", "first"))
    FastAPI_Easy.init_app(app, url)
    with pytest.raises(MigrationRefused) as refused:
        started(app)
    short = str(refused.value.plan_id)[:8]
    assert f"'fastapi-easy migrate approve {short}', then start again" in str(refused.value)
    assert refused.value.exit_code == 3
    errors = [r.getMessage() for r in caplog.records if r.levelno == logging.ERROR and r.name == "fastapi_easy"]
    assert len(errors) == 1 and f"fastapi-easy migrate apply --approve {short}" in errors[0]
    assert rows(path, "SELECT name FROM users") == [("Ada",)]


def test_serve_503_answers_each_request_until_a_person_approved(url: str) -> None:
    risky(url)
    app = application(router("users", "first"))
    easy = FastAPI_Easy.init_app(app, url, on_refused="serve_503")
    with TestClient(app) as client:
        for target in ("/users", "/docs", "/nowhere"):
            answer = client.get(target)
            assert answer.status_code == 503 and answer.headers["retry-after"] == "60"
            plan_id = answer.json()["plan_id"]
    easy.apply(approve=plan_id)
    with TestClient(app) as client:
        assert client.get("/users").json()["items"] == [{"id": 1, "first": None}]


def test_an_old_build_starts_on_a_newer_schema_and_says_so(
    url: str, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for columns in (("name",), ("name", "more")):
        app = application(router("users", *columns))
        FastAPI_Easy.init_app(app, url)
        started(app)
    old = application(router("users", "name"))
    FastAPI_Easy.init_app(old, url)
    with TestClient(old) as client:
        assert client.post("/users", json={"name": "Ada"}).status_code == 201
    assert "is newer than the desired schema" in caplog.text
    assert rows(path, "SELECT more FROM users") == [(None,)]
    strict = application(router("users", "name"))
    FastAPI_Easy.init_app(strict, url, when_behind="refuse")
    with pytest.raises(NotMigrated, match="is newer than the desired schema"):
        started(strict)


def test_mode_off_and_dry_run_change_nothing(url: str, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = application(router("a"))
    FastAPI_Easy.init_app(app, url, mode="off")
    started(app)
    assert not path.exists()
    monkeypatch.setenv("FASTAPI_EASY_MODE", "dry_run")
    app = application(router("a"))
    FastAPI_Easy.init_app(app, url)
    started(app)
    assert tables(path) == set()
    app = application(router("a"))
    FastAPI_Easy.init_app(app, url, mode="safe")  # what is written in the code goes first
    started(app)
    assert tables(path) == {"a"}


def test_plan_and_apply_by_hand(url: str, path: Path) -> None:
    app = application(router("a"))
    easy = FastAPI_Easy.init_app(app, url)
    plan = easy.plan()
    assert plan.id and plan.allowed and [c.name for c in plan.changes] == ["a"] and "CREATE TABLE a" in plan.sql
    assert tables(path) == set()
    result = easy.apply()
    assert (result.outcome, result.version, result.plan_id) == ("applied", 1, plan.id)
    assert easy.apply().outcome == "up_to_date" and easy.plan().id is None

    async def within_a_loop() -> str:
        return easy.apply().outcome + (await easy.aapply()).outcome

    assert asyncio.run(within_a_loop()) == "up_to_dateup_to_date"


# --- databases ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        "sqlite://",
        "sqlite:///:memory:",
        "sqlite+aiosqlite://",
        "sqlite:///file:shared?mode=memory&cache=shared&uri=true",
    ],
)
def test_a_database_in_memory_is_created_by_its_own_connection(url: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "fastapi_easy")
    app = application(router("a"))
    FastAPI_Easy.init_app(app, url)
    with TestClient(app) as client:
        assert client.post("/a", json={"name": "x"}).status_code == 201
        assert client.get("/a").json()["total"] == 1
    assert "the database is in memory" in caplog.text


def test_a_relative_path_is_that_of_init_app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    app = application(router("a"))
    FastAPI_Easy.init_app(app, "sqlite:///app.db")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    with TestClient(app) as client:
        assert client.post("/a", json={"name": "x"}).status_code == 201
    assert rows(tmp_path / "app.db", "SELECT name FROM a") == [("x",)]
    assert not list((tmp_path / "elsewhere").iterdir())


def test_the_url_comes_from_the_environment(url: str, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    app = application(router("a"))
    FastAPI_Easy.init_app(app)
    started(app)
    assert tables(path) == {"a"}


def test_an_engine_of_ones_own_and_a_url_for_moult(url: str, path: Path) -> None:
    from sqlalchemy import create_engine

    app = application(router("a"))
    FastAPI_Easy.init_app(app, engine=create_engine(url), moult_url=lambda: str(path))
    started(app)
    assert tables(path) == {"a"}


def test_a_session_as_a_dependency(url: str) -> None:
    app = application(router("a"))
    FastAPI_Easy.init_app(app, url)

    @app.get("/count")
    def count(session: Annotated[Any, Depends(FastAPI_Easy.session)]) -> int:
        return int(session.execute(text("SELECT count(*) FROM a")).scalar_one())

    with TestClient(app) as client:
        assert client.get("/count").json() == 0


def test_init_app_opens_nothing_and_starts_no_thread(url: str, path: Path) -> None:
    """So that a server may load the application and fork."""
    threads, files = threading.active_count(), len(list(Path("/proc/self/fd").iterdir()))
    app = application(router("a"))
    FastAPI_Easy.init_app(app, url)
    assert (threading.active_count(), len(list(Path("/proc/self/fd").iterdir()))) == (threads, files)
    assert not path.exists()


def test_the_event_loop_goes_on_meanwhile(url: str, path: Path, hooks: None) -> None:
    table_of = table("users")
    first = FastAPI()
    FastAPI_Easy.init_app(first, url, metadata=table_of)
    started(first)
    ticks: list[float] = []

    @migration.hook("v2_slow", trigger="after_ddl")
    def slow(connection: Any) -> None:
        time.sleep(0.5)

    app = FastAPI()
    FastAPI_Easy.init_app(
        app, url, metadata=table("more", table("users")), mode="aggressive", options={"no_backup": True}
    )

    async def start() -> None:
        async def tick() -> None:
            while True:
                ticks.append(time.monotonic())
                await asyncio.sleep(0.01)

        ticking = asyncio.create_task(tick())
        async with app.router.lifespan_context(app):
            ticking.cancel()

    asyncio.run(start())
    assert tables(path) == {"users", "more"}
    assert len(ticks) > 15 and max(b - a for a, b in itertools.pairwise(ticks)) < 0.4


# --- moult itself -------------------------------------------------------------------------------------------------------


def script(folder: Path, body: str) -> str:
    file = folder / "moult"
    file.write_text(f"#!/bin/sh\n{body}\n")
    file.chmod(0o755)
    return str(file)


OTHER = """read line; echo '{"jsonrpc": "2.0", "id": 1, "result": {"moult": "9.9.9", "protocol": 1}}'; read line"""
DIES = """read line; echo '{"jsonrpc": "2.0", "id": 1, "result": {"moult": "0.1.0", "protocol": 1}}'; read line; kill -9 $$"""
BABBLES = """read line; echo 'Welcome!'"""


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (OTHER, r"is moult 9\.9\.9, and this package is for 0\.1\.0; install that one, or set MOULT_BINARY"),
        (DIES, r"the moult process was ended by signal SIGKILL; its journal has what was begun: start again"),
        (BABBLES, r"is no moult that this package can talk to .*said what is not JSON"),
        ("exit 7", r"is no moult that this package can talk to .*ended with 7"),
    ],
)
def test_a_moult_of_another_version_or_one_that_dies(
    body: str, said: str, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOULT_BINARY", script(tmp_path, body))
    app = application(router("a"))
    FastAPI_Easy.init_app(app, url)
    with pytest.raises(Exception, match=said):
        started(app)


def test_a_moult_that_is_not_there(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = application(router("a"))
    FastAPI_Easy.init_app(app, url)
    monkeypatch.setenv("MOULT_BINARY", str(tmp_path / "nowhere"))
    with pytest.raises(MoultMissing, match=r"MOULT_BINARY is .*nowhere, and there is no program"):
        started(app)
    monkeypatch.delenv("MOULT_BINARY")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(
        MoultMissing, match="MOULT_BINARY is not set, this installation carries none, and PATH has none"
    ):
        started(app)
    (tmp_path / "moult").symlink_to("/bin/true")
    with pytest.raises(MoultMissing, match="is no moult that this package can talk to"):
        started(app)


# --- bad input ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "there is no database: give database_url=, or set DATABASE_URL"),
        ({"database_url": "nonsense"}, "database URL cannot be read"),
        ({"database_url": "oracel://x"}, "SQLAlchemy knows no oracel"),
        ({"database_url": "mysql+mysqlconnector://h/x"}, "its driver mysql is not installed"),
        (
            {"database_url": "sqlite://", "mode": "brave"},
            "mode is 'brave'; it is one of safe, auto, aggressive, dry_run, off",
        ),
        ({"database_url": "sqlite://", "on_refused": "x"}, "on_refused is 'x'; it is one of exit, serve_503"),
        ({"database_url": "sqlite://", "when_behind": "x"}, "when_behind is 'x'; it is one of start, refuse"),
        ({"database_url": "sqlite://", "metadata": ["x"]}, "metadata holds 'x', which is no MetaData"),
        ({"database_url": "sqlite://", "engine": object()}, "given database_url and engine; give one of them"),
        ({"engine": "x"}, "engine is str, and no engine of SQLAlchemy"),
    ],
)
def test_init_app_says_what_is_wrong(options: dict[str, Any], said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    with pytest.raises(Exception, match=said):
        FastAPI_Easy.init_app(FastAPI(), **options)


def test_init_app_twice_of_none_and_of_something_else() -> None:
    app = FastAPI()
    FastAPI_Easy.init_app(app, "sqlite://")
    with pytest.raises(Exception, match="call init_app once"):
        FastAPI_Easy.init_app(app, "sqlite://")
    with pytest.raises(ConfigurationError, match="it takes the FastAPI application"):
        FastAPI_Easy.init_app("main:app", "sqlite://")  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError, match="this application is not set up"):
        FastAPI_Easy.of(FastAPI())


def test_a_mode_of_the_environment_that_does_not_exist(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FASTAPI_EASY_MODE", "brave")
    with pytest.raises(ConfigurationError, match="FASTAPI_EASY_MODE is 'brave'"):
        FastAPI_Easy.init_app(FastAPI(), "sqlite://")


def test_an_option_that_moult_does_not_have(url: str) -> None:
    app = application(router("a"))
    FastAPI_Easy.init_app(app, url, options={"no_backups": True})
    with pytest.raises(Exception, match=r"no member 'no_backups'\nhint: did you mean 'no_backup'\?"):
        started(app)


# --- types of one's own -------------------------------------------------------------------------------------------------


def test_a_type_comparator_decides(url: str, path: Path) -> None:
    rows(path, "CREATE TABLE users (id INTEGER NOT NULL PRIMARY KEY, name INTEGER)")
    rows(path, "INSERT INTO users (name) VALUES ('Ada')")
    asked: list[dict[str, str]] = []

    def same(**types: str) -> bool:
        asked.append(types)
        return types["column"] == "name"

    app = application(router("users", "name"))
    FastAPI_Easy.init_app(app, url, type_comparator=same)
    started(app)
    assert [(a["table"], a["column"]) for a in asked] == [("users", "name")]
    assert rows(path, "SELECT type FROM pragma_table_info('users') WHERE name = 'name'") == [("INTEGER",)]


def test_a_type_comparator_that_raises_is_named(url: str, path: Path) -> None:
    rows(path, "CREATE TABLE users (id INTEGER NOT NULL PRIMARY KEY, name INTEGER)")

    def same(**_: str) -> bool:
        raise ValueError("what is that?")

    app = application(router("users", "name"))
    FastAPI_Easy.init_app(app, url, type_comparator=same)
    with pytest.raises(Exception, match=r"comparing the type of users\.name: ValueError: what is that\?"):
        started(app)
