# SPDX-License-Identifier: MIT
"""Asks moult to make one database be what the models say: settings and models in, a plan or a result out."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Literal, get_args

from sqlalchemy import URL, MetaData
from sqlalchemy.engine import Dialect

from fastapi_easy import ddl, urls
from fastapi_easy.errors import ConfigurationError, HookError
from fastapi_easy.hooks.runner import run_hook
from fastapi_easy.migration import Hooks, TypeComparator, registered
from fastapi_easy.moult.process import Event, Moult
from fastapi_easy.results import Plan, Result, plan_of, result_of

log = logging.getLogger("fastapi_easy")

Mode = Literal["safe", "auto", "aggressive", "dry_run", "off"]
WhenBehind = Literal["start", "refuse"]
OnRefused = Literal["exit", "serve_503"]
MODE_VARIABLE = "FASTAPI_EASY_MODE"


def one_of(name: str, value: Any, kind: Any) -> Any:
    if value not in get_args(kind):
        raise ConfigurationError(f"{name} is {value!r}; it is one of {', '.join(get_args(kind))}")
    return value


def mode_of(given: str | None) -> Mode:
    """The argument, else the environment, else safe."""
    if given is not None:
        return one_of("mode", given, Mode)  # type: ignore[no-any-return]
    return one_of(MODE_VARIABLE, os.environ.get(MODE_VARIABLE) or "safe", Mode)  # type: ignore[no-any-return]


@dataclass(frozen=True)
class Settings:
    """How to go about it; `options` are further members of moult's `open`, by their names in docs/rpc.md."""

    mode: Mode = "safe"
    when_behind: WhenBehind = "start"
    on_refused: OnRefused = "exit"
    lock_timeout: float = 60.0
    type_comparator: TypeComparator | None = None
    moult_url: str | Callable[[], str] | None = None
    options: Mapping[str, Any] = field(default_factory=dict)


class Migrator:
    """One database and the models that it shall hold."""

    def __init__(
        self,
        url: URL,
        dialect: Dialect,
        metadatas: Callable[[], Sequence[MetaData]],
        settings: Settings,
        hooks: Hooks = registered,
    ) -> None:
        self.url, self.dialect, self.metadatas, self.settings, self.hooks = url, dialect, metadatas, settings, hooks

    def with_settings(self, **changes: Any) -> Migrator:
        changed = replace(self.settings, **{k: v for k, v in changes.items() if v is not None})
        return Migrator(self.url, self.dialect, self.metadatas, changed, self.hooks)

    def sql(self) -> str:
        """The models as DDL; what is odd about them goes to the log."""
        return ddl.write(self.metadatas(), self.dialect, None, None, lambda said: log.warning("%s", said))

    def target(self) -> str:
        """What names the database to moult."""
        given = self.settings.moult_url
        if given is None:
            return urls.for_moult(self.url)
        return given() if callable(given) else given

    @asynccontextmanager
    async def opened(self, event: Event | None = None, access: str = "create") -> AsyncIterator[Moult]:
        sql = await asyncio.to_thread(self.sql)
        questions = {"hook": self.answer_hook, "same_type": self.answer_same_type}
        async with Moult(questions, event) as moult:
            self.moult = moult
            self.place = await moult.ask("open", **self.members(sql, access))
            yield moult

    def members(self, sql: str, access: str) -> dict[str, Any]:
        """Of moult's `open`."""
        settings = self.settings
        return {
            "url": self.target(),
            "desired": {"name": "<models>", "sql": sql},
            "hooks": [hook.for_moult() for hook in self.hooks.in_order()],
            "same_type": settings.type_comparator is not None,
            "access": access,
            "mode": settings.mode,
            "lock_timeout": settings.lock_timeout,
            **settings.options,
        }

    async def answer_hook(self, asked: dict[str, Any]) -> None:
        hook = self.hooks.by_version.get(asked["version"])
        if hook is None:
            raise HookError(f"there is no hook {asked['version']}")
        log.info("hook %s of %s", hook.version, hook.place)
        await run_hook(hook, self.moult, self.url)

    async def answer_same_type(self, asked: dict[str, Any]) -> bool:
        compare = self.settings.type_comparator
        assert compare is not None
        return bool(await asyncio.to_thread(compare, **asked))

    # --- what is asked ----------------------------------------------------------------------------------------------

    async def plan(self) -> Plan:
        async with self.opened() as moult:
            answer = await moult.ask("plan", text=True, sql=True, document=True)
            return plan_of(answer, self.place, self.settings.mode)

    async def status(self) -> dict[str, Any]:
        async with self.opened(access="read") as moult:
            return dict(await moult.ask("status"))

    async def apply(self, approve: str | None = None, event: Event | None = None) -> Result:
        async with self.opened(event) as moult:
            return result_of(await moult.ask("apply", **({"approve": approve} if approve else {})))

    async def resume(self, approve: str | None = None, event: Event | None = None) -> Result:
        async with self.opened(event) as moult:
            return result_of(await moult.ask("resume", **({"approve": approve} if approve else {})))
