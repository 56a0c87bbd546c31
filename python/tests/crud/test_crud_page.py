# SPDX-License-Identifier: MIT
"""docs/crud.md: its code runs, and its requests get the answers that it shows ("…" stands for anything)."""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any

import httpx

from crud.conftest import ROOT
from easy import moult

PAGE = ROOT / "python" / "docs" / "crud.md"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.M | re.S)
REQUEST = re.compile(r"(?P<method>[A-Z]+) (?P<path>\S+)(?: (?P<body>\{.*\}))?(?: \((?P<name>[\w-]+): (?P<value>.*)\))?")


def test_the_page_does_what_it_says(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MOULT_BINARY", moult())
    blocks = BLOCK.findall(PAGE.read_text(encoding="utf-8"))
    assert {kind for kind, _ in blocks} == {"python", "http"}
    asyncio.run(walk(blocks))


async def walk(blocks: list[tuple[str, str]]) -> None:
    names: dict[str, Any] = {"__name__": "page"}
    for kind, text in blocks:
        if kind == "python":
            exec(compile(text, str(PAGE), "exec", dont_inherit=True), names)
            continue
        for exchange in text.strip().split("\n\n"):
            await ask(names["app"], *exchange.splitlines())


async def ask(app: Any, request: str, answer: str) -> None:
    asked = REQUEST.fullmatch(request)
    assert asked, request
    headers = {asked["name"]: asked["value"]} if asked["name"] else {}
    body = {"json": json.loads(asked["body"])} if asked["body"] else {}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        got = await client.request(asked["method"], asked["path"], headers=headers, **body)
    status, _, expected = answer.partition(" ")
    assert got.status_code == int(status), (request, got.text)
    assert not expected or alike(json.loads(expected), got.json()), (request, got.text)


def alike(expected: Any, got: Any) -> bool:
    if expected == "…":
        return True
    if isinstance(expected, dict) and isinstance(got, dict):
        return list(expected) == list(got) and all(alike(expected[k], got[k]) for k in expected)
    if isinstance(expected, list) and isinstance(got, list):
        return len(expected) == len(got) and all(map(alike, expected, got))
    return bool(expected == got)
