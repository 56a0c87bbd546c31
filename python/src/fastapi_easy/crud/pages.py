# SPDX-License-Identifier: MIT
"""The order of a list, and its pages: by offset, or by a cursor that goes on after the last row seen."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import sqlalchemy as sa
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, TypeAdapter, ValidationError

from fastapi_easy.crud.fields import Attribute
from fastapi_easy.crud.filters import Filter

Item = TypeVar("Item")


@dataclass(frozen=True)
class Asked:
    """What a client asked of a list."""

    filters: Sequence[tuple[Filter, Any]]
    q: str | None
    order: Order
    limit: int
    offset: int = 0
    cursor: str | None = None
    include: Sequence[str] = ()


@dataclass(frozen=True)
class Found:
    """A page of rows: how many there are in all, or the cursor of the next page."""

    items: Sequence[Any]
    total: int | None = None
    next: str | None = None


class OffsetPage(BaseModel, Generic[Item]):
    """Some of the rows, and how many there are."""

    items: list[Item]
    total: int
    limit: int
    offset: int


class CursorPage(BaseModel, Generic[Item]):
    """Some of the rows; `next` is the cursor of those that follow, null on the last page."""

    items: list[Item]
    limit: int
    next: str | None


class Order:
    """An order that leaves no two rows equal: what was asked for, then the key. NULLs come last, in every engine."""

    def __init__(
        self, model: type, names: Sequence[str], key: Sequence[Attribute], attributes: dict[str, Attribute]
    ) -> None:
        asked = [(attributes[name.lstrip("-")], name.startswith("-")) for name in names]
        there = {attribute.name for attribute, _ in asked}
        self.parts = asked + [(a, False) for a in key if a.name not in there]
        self.columns = [getattr(model, attribute.name) for attribute, _ in self.parts]
        self.clauses = self._clauses()  # what goes into ORDER BY
        self.text = ",".join(("-" if down else "") + attribute.name for attribute, down in self.parts)

    def _clauses(self) -> list[Any]:
        found: list[Any] = []
        for (attribute, down), column in zip(self.parts, self.columns, strict=True):
            if attribute.nullable:
                found.append(sa.case((column.is_(None), 1), else_=0))
            found.append(column.desc() if down else column.asc())
        return found

    def after(self, values: Sequence[Any]) -> sa.ColumnElement[bool]:
        """The condition of the rows that come after one with these values."""
        ways: list[Any] = []
        equal: list[Any] = []
        for (attribute, down), column, value in zip(self.parts, self.columns, values, strict=True):
            if value is not None:
                mark = sa.literal(value, attribute.column.type)
                later = column < mark if down else column > mark
                ways.append(sa.and_(*equal, sa.or_(later, column.is_(None)) if attribute.nullable else later))
            equal.append(column.is_(None) if value is None else column == sa.literal(value, attribute.column.type))
        return sa.or_(sa.false(), *ways)

    def cursor(self, row: Any) -> str:
        """The place of a row, as a text for a URL; it holds what it is sorted by, and is no secret."""
        values = [_shown(attribute, getattr(row, attribute.name)) for attribute, _ in self.parts]
        told = json.dumps([self.text, TypeAdapter(Any).dump_python(values, mode="json")], separators=(",", ":"))
        return base64.urlsafe_b64encode(told.encode()).decode().rstrip("=")

    def place(self, cursor: str) -> list[Any]:
        """The values of a cursor; a RequestValidationError for one that was not made by this order."""
        try:
            told = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
            text, values = told
            if text != self.text or len(values) != len(self.parts):
                raise ValueError("another order")
            return [self._value(attribute, value) for (attribute, _), value in zip(self.parts, values, strict=True)]
        except (ValueError, TypeError, KeyError, binascii.Error, RecursionError, ValidationError) as wrong:
            raise RequestValidationError(
                [
                    {
                        "type": "wrong_cursor",
                        "loc": ("query", "cursor"),
                        "input": cursor,
                        "msg": "is no cursor of this list in this order: take it from `next` of a page, with the same sort",
                    }
                ]
            ) from wrong

    @staticmethod
    def _value(attribute: Attribute, value: Any) -> Any:
        if value is None:
            if not attribute.nullable:
                raise ValueError("not nullable")
            return None
        return TypeAdapter(attribute.shape.asked).validate_python(value)


def _shown(attribute: Attribute, value: Any) -> Any:
    show = attribute.shape.show
    return value if show is None or value is None else show(value)
