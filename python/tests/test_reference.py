# SPDX-License-Identifier: MIT
"""docs/reference.md says what the code says: it is made of the signatures and docstrings of what is public.

`MOULT_REWRITE=1 pytest tests/test_reference.py` makes it anew.
"""

from __future__ import annotations

import dataclasses
import inspect
import os
import re
import textwrap
from collections.abc import Iterator
from typing import Any

import pytest

import fastapi_easy
from easy import ROOT
from fastapi_easy import CRUDRouter, FastAPI_Easy, TypeComparator, errors, metadata_to_sql, migration, results, testing
from fastapi_easy.hooks import connection

pytestmark = pytest.mark.once

PAGE = ROOT / "python" / "docs" / "reference.md"
HEAD = """# Reference

In the code's own words. [README.md](../README.md) is the guide; [crud.md](crud.md) shows each option of a CRUDRouter at work.
"""
SECTIONS: list[tuple[str, list[tuple[str, Any]]]] = [
    (
        "The application",
        [
            ("FastAPI_Easy", FastAPI_Easy),
            *(
                (f"FastAPI_Easy.{name}", getattr(FastAPI_Easy, name))
                for name in ("init_app", "of", "session", "plan", "aplan", "apply", "aapply")
            ),
        ],
    ),
    ("Endpoints", [("CRUDRouter", CRUDRouter)]),
    (
        "Hooks",
        [
            ("migration.hook", migration.hook),
            ("connection, in a function", connection.HookConnection),
            ("connection, in an async function", connection.AsyncHookConnection),
            ("TypeComparator", TypeComparator),
        ],
    ),
    ("Models as SQL", [("metadata_to_sql", metadata_to_sql)]),
    ("Answers", [(c.__name__, c) for c in (results.Plan, results.Change, results.Result)]),
    ("Tests of an application", [("testing", testing), ("testing.on_database", testing.on_database)]),
    (
        "Errors",
        [(name, c) for name, c in vars(errors).items() if inspect.isclass(c) and c.__module__ == errors.__name__],
    ),
]


def signature(name: str, thing: Any) -> str:
    """With each parameter on a line of its own, where there are many; a class by how it is made."""
    if inspect.ismodule(thing):
        return f"from {thing.__name__} import …"
    if dataclasses.is_dataclass(thing):
        return f"class {name}\n" + "\n".join(f"    {f.name}: {f.type}" for f in dataclasses.fields(thing))
    if inspect.isclass(thing) and issubclass(thing, Exception):
        return f"class {name}({thing.__bases__[0].__name__})"
    if inspect.isclass(thing) and thing is not CRUDRouter:
        return f"class {name}"
    function = thing.__init__ if inspect.isclass(thing) else thing
    of = inspect.signature(function)
    given = [*parameters(of)]
    end = "" if inspect.isclass(thing) else f" -> {of.return_annotation}"
    line = f"{name}({', '.join(given)}){end}"
    return line if len(line) < 100 else f"{name}(\n" + "".join(f"    {part},\n" for part in given) + f"){end}"


def parameters(of: inspect.Signature) -> Iterator[str]:
    star = False
    for p in of.parameters.values():
        if p.name in ("self", "cls"):
            continue
        if p.kind is p.KEYWORD_ONLY and not star:
            star = True
            yield "*"
        stars = {p.VAR_POSITIONAL: "*", p.VAR_KEYWORD: "**"}.get(p.kind, "")
        yield f"{stars}{p.name}: {p.annotation}" + ("" if p.default is p.empty else f" = {p.default!r}")


def said(thing: Any) -> str:
    texts = [inspect.cleandoc(t) for t in (thing.__doc__, thing.__init__.__doc__ if thing is CRUDRouter else None) if t]
    assert texts, f"{thing} says nothing of itself"
    return "\n\n".join(map(as_list, texts))


def as_list(text: str) -> str:
    """Lines that say something of parameters become a list; what follows one belongs to it."""
    lines, inside = [], False
    for line in text.split("\n"):
        named = re.match(r"([a-z_]+(?:, [a-z_]+)*): ", line)
        inside = bool(named) or (inside and line != "")
        lines.append(f"- `{named[1]}`: {line[named.end() :]}" if named else f"  {line}" if inside else line)
    return "\n".join(lines)


def methods(thing: Any) -> str:
    """What a connection of a hook can do."""
    if not inspect.isclass(thing) or thing.__module__ != connection.__name__:
        return ""
    found = [
        (n, getattr(m, "fget", m)) for n, m in vars(thing).items() if n in ("execute", "scalar", "session", "run_sync")
    ]
    lines = [f"- `{n}`: {' '.join((m.__doc__ or '').split())}" for n, m in found if m.__doc__]
    return "\n\n" + "\n".join(lines) if lines else ""


def page() -> str:
    text = HEAD
    for title, things in SECTIONS:
        text += f"\n## {title}\n"
        for name, thing in things:
            text += (
                f"\n### {name}\n\n```\n{signature(name.split(',')[0], thing)}\n```\n\n{said(thing)}{methods(thing)}\n"
            )
    return text


def test_the_reference_is_what_the_code_says() -> None:
    if os.environ.get("MOULT_REWRITE"):
        PAGE.write_text(page(), encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == page()


def test_all_that_is_public_is_in_it() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for name in fastapi_easy.__all__:
        assert name == "__version__" or f"### {name}" in text, name
    for name in inspect.signature(FastAPI_Easy.init_app).parameters:
        assert re.search(rf"^    {name}:", text, re.M), name
    assert textwrap.dedent(text) == text
