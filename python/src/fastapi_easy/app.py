# SPDX-License-Identifier: MIT
"""FastAPI_Easy: one line beside `app = FastAPI()`, and the database is right when the application starts."""

from __future__ import annotations

import asyncio
import logging
import os
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from fastapi import FastAPI, Request
from sqlalchemy import URL, MetaData, make_url

from fastapi_easy import lifespan, urls
from fastapi_easy.collect import metadata_of
from fastapi_easy.engine import AnySession, Database, attach, database_of, engine_for
from fastapi_easy.errors import (
    ConfigurationError,
    FastAPIEasyError,
    HookError,
    MigrationRefused,
    MoultError,
    NotMigrated,
)
from fastapi_easy.hooks.runner import running
from fastapi_easy.migration import TypeComparator
from fastapi_easy.migrator import Migrator, Mode, OnRefused, Settings, WhenBehind, mode_of, one_of
from fastapi_easy.results import Plan, Result

if TYPE_CHECKING:
    from sqlalchemy import Engine
    from sqlalchemy.ext.asyncio import AsyncEngine

log = logging.getLogger("fastapi_easy")
T = TypeVar("T")
STATE = "fastapi_easy"
GOOD = ("up_to_date", "applied", "recorded", "behind", "pending", "waits")


class FastAPI_Easy:
    """The database of one application, and its migration: once per process, before the first request."""

    def __init__(self, app: FastAPI, database: Database, metadata: Sequence[MetaData], settings: Settings) -> None:
        self.app, self.database, self.named, self.settings = app, database, list(metadata), settings
        self.url = database.sync_engine.url
        self.ready = False
        self.failure: FastAPIEasyError | None = None
        self.lifespan_seen = self.lifespan_ran = False
        self._once = threading.Lock()
        database.before_use = self.before_use

    # --- setting up -------------------------------------------------------------------------------------------------

    @classmethod
    def init_app(
        cls,
        app: FastAPI,
        database_url: str | URL | None = None,
        *,
        engine: Engine | AsyncEngine | None = None,
        metadata: MetaData | Sequence[MetaData] | None = None,
        mode: Mode | None = None,
        when_behind: WhenBehind = "start",
        lock_timeout: float = 60.0,
        on_refused: OnRefused = "exit",
        type_comparator: TypeComparator | None = None,
        moult_url: str | Callable[[], str] | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> FastAPI_Easy:
        """Hooks the migration into the start of the application. Nothing is opened yet.

        database_url: SQLAlchemy's, sync or async; else $DATABASE_URL. Or `engine`, one that is there already.
        metadata: besides that of the CRUDRouters' models, which are found when the application starts.
        mode: how much risk is applied without a person: safe (the default), auto, aggressive; dry_run only tells, off does
        nothing. Not given: $FASTAPI_EASY_MODE.
        when_behind: what an old build does that finds a newer schema: it starts, and says so, or it refuses to.
        lock_timeout: seconds to wait while another process applies.
        on_refused: when a person must approve: "exit" ends the start, "serve_503" answers each request with 503.
        type_comparator: says which types are the same to the application; see `TypeComparator`.
        moult_url: the database for moult, or a function that gives it, where the URL does not say all (a creator, a token).
        options: further members of moult's `open`, such as {"no_backup": True}.
        """
        settings = Settings(
            mode_of(mode),
            one_of("when_behind", when_behind, WhenBehind),
            one_of("on_refused", on_refused, OnRefused),
            lock_timeout,
            type_comparator,
            moult_url,
            dict(options or {}),
        )
        named = [metadata] if isinstance(metadata, MetaData) else list(metadata or ())
        for each in named:
            if not isinstance(each, MetaData):
                raise ConfigurationError(f"metadata holds {each!r}, which is no MetaData; give Base.metadata")
        if not isinstance(app, FastAPI):
            raise ConfigurationError(f"init_app was given {type(app).__name__}; it takes the FastAPI application")
        database = attach(app, chosen_engine(database_url, engine))
        easy = cls(app, database, named, settings)
        setattr(app.state, STATE, easy)
        lifespan.install(app, easy)
        return easy

    @staticmethod
    def of(app: FastAPI) -> FastAPI_Easy:
        """What init_app made of this application; ConfigurationError where it was not called."""
        easy = getattr(app.state, STATE, None)
        if easy is None:
            raise ConfigurationError("this application is not set up: call FastAPI_Easy.init_app(app, database_url=…)")
        return easy  # type: ignore[no-any-return]

    @staticmethod
    async def session(request: Request) -> AsyncIterator[AnySession]:
        """A dependency, `Depends(FastAPI_Easy.session)`: an AsyncSession where the engine is async, else a Session."""
        async for session in database_of(request).session():
            yield session

    # --- asking moult -----------------------------------------------------------------------------------------------

    def migrator(self) -> Migrator:
        return Migrator(self.url, self.database.sync_engine.dialect, self.metadatas, self.settings)

    def metadatas(self) -> list[MetaData]:
        """Those that are there now: of every CRUDRouter, included wherever."""
        return metadata_of(self.app, self.named)

    async def aplan(self) -> Plan:
        """What would be done."""
        return await self.migrator().plan()

    async def aapply(self, approve: str | None = None) -> Result:
        """Makes the database be what the models say, as far as the mode lets it, or as a person approves the plan."""
        return await self.migrator().apply(approve)

    def plan(self) -> Plan:
        """`aplan()` for who has no event loop."""
        return run(self.aplan)

    def apply(self, approve: str | None = None) -> Result:
        """`aapply()` for who has no event loop."""
        return run(lambda: self.aapply(approve))

    # --- the start --------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Once: what the start of the application waits for. NotMigrated, or what went wrong, ends it."""
        if self.ready:
            return
        try:
            await self.migrate()
        except FastAPIEasyError as wrong:
            self.failure = wrong.with_traceback(None)  # a server prints it whole, and a person reads its last line
            if not (isinstance(wrong, MigrationRefused) and self.settings.on_refused == "serve_503"):
                raise
            return
        self.ready, self.failure = True, None

    async def migrate(self) -> None:
        if self.settings.mode == "off":
            log.info("%s: migration is off", urls.shown(self.url))
            return
        metadatas = self.metadatas()
        if not any(m.tables for m in metadatas):
            log.warning("%s: no model with a table was found: nothing is changed", urls.shown(self.url))
            return
        if urls.is_memory(self.url):
            await self.create_in_memory(metadatas)
            return
        judge(await self.aapply(), self.settings, urls.shown(self.url))

    async def create_in_memory(self, metadatas: Sequence[MetaData]) -> None:
        """Only the application's own connection sees this database, so moult cannot; it is new, so nothing is lost."""
        log.info("the database is in memory: its tables are created, there is nothing to migrate")

        def create(connection: Any) -> None:
            for metadata in metadatas:
                wanted = [t for t in metadata.tables.values() if t.info.get("moult", True) is not False]
                metadata.create_all(connection, tables=wanted)

        engine: Any = self.database.engine
        if self.database.is_async:
            async with engine.begin() as connection:
                await connection.run_sync(create)
        else:
            await asyncio.to_thread(in_transaction, engine, create)

    # --- where no lifespan ran --------------------------------------------------------------------------------------

    async def before_use(self) -> None:
        """Before each session: that of a request whose application never started must not meet an old database."""
        if self.ready:
            return
        now = running.get()
        if now is not None:
            raise HookError(
                f"the hook {now.hook.version} asks for a session of the application, which waits for the hook; use the "
                "connection that it is given"
            )
        await asyncio.to_thread(self.start_late)

    def start_late(self, quiet: bool = False) -> None:
        with self._once:
            if self.ready:
                return
            if self.failure is not None:
                raise self.failure
            if not quiet and self.lifespan_seen and not self.lifespan_ran:
                raise ConfigurationError(
                    "the application started, and the migration did not: app.router.lifespan_context was replaced after "
                    "init_app; give lifespan= to FastAPI(…), or call init_app after it"
                )
            if not quiet:
                log.warning(
                    "no lifespan ran (a mounted application, lifespan off, a client without 'with'): migrating now"
                )
            asyncio.run(self.start())
            if self.failure is not None:
                raise self.failure


def judge(result: Result, settings: Settings, place: str) -> None:
    """Says what came of it; NotMigrated when the application must not start on it."""
    pid = os.getpid()
    if result.outcome == "behind" and settings.when_behind == "refuse":
        raise NotMigrated(f"{place}: {result.text.strip()}", result.raw)
    if result.outcome == "up_to_date":
        log.info("%s is up to date, version %d", place, result.version)
    elif result.outcome in ("applied", "recorded"):
        log.info("%s (by process %d)", result.text.strip(), pid)
    elif result.outcome in GOOD:
        log.warning("%s", result.text.strip())
    elif result.outcome == "refused":
        log.error("%s", result.text.strip())
        raise refusal(result, place)
    else:
        raise NotMigrated(
            str(MoultError(result.text.strip() or result.outcome, result.raw.get("error") or {})), result.raw
        )


def refusal(result: Result, place: str) -> NotMigrated:
    if result.plan_id is None:
        return NotMigrated(f"{place}: {result.text.strip()}", result.raw)
    short = result.plan_id[:8]
    return MigrationRefused(
        f"{place}: plan {short} is {result.risk} risk, and a person must approve it first: "
        f"'fastapi-easy migrate approve {short}', then start again",
        result.raw,
    )


def chosen_engine(database_url: str | URL | None, engine: Any) -> Any:
    if engine is not None:
        if database_url is not None:
            raise ConfigurationError("init_app was given database_url and engine; give one of them")
        if not hasattr(engine, "sync_engine") and not hasattr(engine, "dialect"):
            raise ConfigurationError(f"engine is {type(engine).__name__}, and no engine of SQLAlchemy")
        return engine
    url = database_url if database_url is not None else os.environ.get("DATABASE_URL")
    if not url:
        raise ConfigurationError("there is no database: give database_url=, or set DATABASE_URL")
    try:
        return engine_for(urls.absolute(make_url(url)))
    except Exception:
        return engine_for(url)  # which says what is wrong with it


def in_transaction(engine: Any, work: Callable[[Any], None]) -> None:
    with engine.begin() as connection:
        work(connection)


def run(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """To its end, from code that is not async; also where an event loop runs in this thread already."""
    out: list[T] = []
    wrong: list[BaseException] = []

    def target() -> None:
        try:
            out.append(asyncio.run(work()))
        except BaseException as raised:
            wrong.append(raised)

    thread = threading.Thread(target=target, name="fastapi-easy")
    thread.start()
    thread.join()
    if wrong:
        raise wrong[0]
    return out[0]
