# SPDX-License-Identifier: MIT
"""`migration.hook`: what moves data while the schema changes. Hooks register when their module is imported."""

from __future__ import annotations

import hashlib
import inspect
import re
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeVar

from fastapi_easy.errors import HookError

__all__ = ["Hook", "Hooks", "Trigger", "TypeComparator", "hook", "registered"]

Trigger = Literal["before_ddl", "after_ddl"]
TRIGGERS = ("before_ddl", "after_ddl")
NAME = re.compile(r"[\w.-]+\Z")
F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class Hook:
    """A function that moves data once per database, under the name `version` for ever."""

    version: str
    trigger: Trigger
    priority: int
    run: Callable[..., Any]
    code: str  # changes when the function's text does
    place: str  # for a person: file and line

    @property
    def is_async(self) -> bool:
        return inspect.iscoroutinefunction(self.run)

    def for_moult(self) -> dict[str, Any]:
        return {"version": self.version, "trigger": self.trigger, "priority": self.priority, "code": self.code}


class Hooks:
    """The hooks that are known, by version."""

    def __init__(self) -> None:
        self.by_version: dict[str, Hook] = {}

    def add(self, hook: Hook) -> None:
        known = self.by_version.get(hook.version)
        if known and (known.code, known.trigger, known.priority) != (hook.code, hook.trigger, hook.priority):
            raise HookError(
                f"the hook {hook.version!r} is there twice: {known.place} and {hook.place}; a version names one hook for ever, "
                "so give the other one another version"
            )
        self.by_version[hook.version] = hook

    def in_order(self) -> list[Hook]:
        return sorted(self.by_version.values(), key=lambda h: (h.priority, h.version))


registered = Hooks()


def hook(version: str, trigger: Trigger = "before_ddl", priority: int = 0) -> Callable[[F], F]:
    """Registers a function, async or not, that gets a connection inside moult's transaction.

    `before_ddl`: everything new is in place, and nothing has been taken away yet. `after_ddl`: the schema is the desired
    one. Lower priorities run first. It runs once per database; what it raises undoes its transaction and ends the apply.
    """
    if not isinstance(version, str) or not NAME.match(version):
        raise HookError(f"a hook's version is {version!r}; it must be a name of letters, digits, '_', '.' and '-'")
    if trigger not in TRIGGERS:
        raise HookError(f"the hook {version!r} has the trigger {trigger!r}; there are {' and '.join(TRIGGERS)}")
    if isinstance(priority, bool) or not isinstance(priority, int):
        raise HookError(f"the hook {version!r} has the priority {priority!r}; it must be a whole number")

    def register(function: F) -> F:
        if not callable(function) or inspect.isclass(function):
            raise HookError(f"the hook {version!r} is {function!r}; it must be a function that takes a connection")
        registered.add(Hook(version, trigger, priority, function, code_of(function), place_of(function)))
        return function

    return register


def code_of(function: Callable[..., Any]) -> str:
    """A hash of its text; of what it was compiled to, where there is no text."""
    try:
        text = textwrap.dedent(inspect.getsource(function))
    except (OSError, TypeError):
        code = getattr(function, "__code__", None)
        text = repr((code.co_code, code.co_consts, code.co_names)) if code else repr(type(function))
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def place_of(function: Callable[..., Any]) -> str:
    code = getattr(inspect.unwrap(function), "__code__", None)
    name = getattr(function, "__qualname__", repr(function))
    return f"{name} ({code.co_filename}:{code.co_firstlineno})" if code else name


class TypeComparator(Protocol):
    """Knows of types that differ in name and are the same to the application: `init_app(type_comparator=…)`."""

    def __call__(self, table: str, column: str, live: str, desired: str) -> bool:
        """Whether the column need not be changed. `live` and `desired` are types as the database spells them."""
