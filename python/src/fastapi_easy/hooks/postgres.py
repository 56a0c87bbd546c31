# SPDX-License-Identifier: MIT
"""PostgreSQL's types over moult, which gives texts where a driver would give Python's objects."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import types
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql.base import PGDialect

Processor = Callable[[Any], Any]
HOURS = re.compile(r"[+-]\d\d\Z")


def moment(kind: Any) -> Processor:
    """A text of ISO 8601 as a datetime, date or time; what Python cannot hold (infinity, 44 BC) stays a text."""

    def read(value: Any) -> Any:
        if not isinstance(value, str):
            return value
        fraction = re.sub(r"\.(\d+)", lambda m: "." + m[1].ljust(6, "0"), value)  # Python 3.10 wants six digits
        try:
            return kind.fromisoformat(fraction + ":00" if HOURS.search(fraction) and kind is not date else fraction)
        except ValueError:
            return value

    return read


def given(read: Processor) -> Processor:
    return lambda value: None if value is None else read(value)


class OverDateTime(types.DateTime):
    def result_processor(self, dialect: Any, coltype: Any) -> Processor:
        return moment(datetime)


class OverDate(types.Date):
    def result_processor(self, dialect: Any, coltype: Any) -> Processor:
        return moment(date)


class OverTime(types.Time):
    def result_processor(self, dialect: Any, coltype: Any) -> Processor:
        return moment(time)


class OverBoolean(types.Boolean):
    def result_processor(self, dialect: Any, coltype: Any) -> Processor:
        return given(bool)


class OverNumeric(types.Numeric):  # type: ignore[type-arg]
    def bind_processor(self, dialect: Any) -> None:
        return None

    def result_processor(self, dialect: Any, coltype: Any) -> Processor:
        return given((lambda value: Decimal(str(value))) if self.asdecimal else float)


class OverUuid(types.Uuid):  # type: ignore[type-arg]
    def bind_processor(self, dialect: Any) -> Processor:
        return given(str)

    def result_processor(self, dialect: Any, coltype: Any) -> Processor:
        return given(UUID if self.as_uuid else str)


class OverArray(ARRAY):  # type: ignore[type-arg]
    def bind_processor(self, dialect: Any) -> Processor:
        item = self.item_type.dialect_impl(dialect).bind_processor(dialect)
        return given(lambda value: array_text(value, item))

    def result_processor(self, dialect: Any, coltype: Any) -> Processor:
        item = self.item_type.dialect_impl(dialect).result_processor(dialect, coltype)
        number = (
            int
            if isinstance(self.item_type, types.Integer)
            else float
            if isinstance(self.item_type, types.Float)
            else None
        )
        return given(lambda value: array_read(value, item or number))


def array_text(value: Any, item: Processor | None) -> str:
    """A list as PostgreSQL writes it: {a,"b,c",NULL}."""
    if isinstance(value, list | tuple):
        return "{" + ",".join(array_text(each, item) for each in value) + "}"
    if value is None:
        return "NULL"
    value = item(value) if item else value
    text = ("t" if value else "f") if isinstance(value, bool) else str(value)
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


TOKEN = re.compile(r'[{},]|"(?:[^"\\]|\\.)*"|[^{},"]+', re.S)


def array_read(text: str, item: Processor | None) -> list[Any]:
    """The lists that PostgreSQL's text of an array means. Bounds before it ([2:3]=) are passed over."""
    stack: list[list[Any]] = [[]]
    for token in TOKEN.findall(text[text.index("{") :]):
        if token == "{":
            stack.append([])
        elif token == "}":
            stack[-2].append(stack.pop())
        elif token.startswith('"'):
            word = re.sub(r"\\(.)", r"\1", token[1:-1], flags=re.S)
            stack[-1].append(item(word) if item else word)
        elif token != ",":
            stack[-1].append(None if token == "NULL" else item(token) if item else token)
    return stack[0][0]  # type: ignore[no-any-return]


class PostgresOverMoult(PGDialect):
    """The base of the dialect for hooks; see connection.py."""

    supports_statement_cache = True
    server_version_info = (13,)
    colspecs = {  # noqa: RUF012
        **PGDialect.colspecs,
        types.DateTime: OverDateTime,
        types.Date: OverDate,
        types.Time: OverTime,
        types.Boolean: OverBoolean,
        types.Numeric: OverNumeric,
        types.Uuid: OverUuid,
        types.ARRAY: OverArray,
    }
