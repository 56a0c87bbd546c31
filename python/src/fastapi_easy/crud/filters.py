# SPDX-License-Identifier: MIT
"""What may be asked of a list: `age__gte=18`, typed by the columns; what is not known is refused."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Annotated, Any

import sqlalchemy as sa
from pydantic import Field

from fastapi_easy.crud.fields import Attribute
from fastapi_easy.crud.shapes import list_of

MANY = 200  # so many values at most in one `__in`

COMPARE: dict[str, Callable[[Any, Any], sa.ColumnElement[bool]]] = {
    "eq": lambda column, value: column == value,
    "ne": lambda column, value: column != value,
    "gt": lambda column, value: column > value,
    "gte": lambda column, value: column >= value,
    "lt": lambda column, value: column < value,
    "lte": lambda column, value: column <= value,
    "in": lambda column, values: column.in_(values),
    "not_in": lambda column, values: column.not_in(values),
    "contains": lambda column, value: column.contains(value, autoescape=True),
    "icontains": lambda column, value: column.icontains(value, autoescape=True),
    "startswith": lambda column, value: column.startswith(value, autoescape=True),
    "endswith": lambda column, value: column.endswith(value, autoescape=True),
    "is_null": lambda column, wanted: column.is_(None) if wanted else column.is_not(None),
}


@dataclass(frozen=True)
class Filter:
    """One parameter of a query."""

    name: str
    attribute: Attribute
    operator: str

    @property
    def many(self) -> bool:
        return self.operator in ("in", "not_in")

    @property
    def annotation(self) -> Any:
        if self.operator == "is_null":
            return bool
        if self.many:
            return Annotated[list_of(self.attribute.shape.asked), Field(max_length=MANY)]
        return self.attribute.shape.asked

    def condition(self, column: Any, value: Any) -> sa.ColumnElement[bool]:
        return COMPARE[self.operator](column, value)


def filters_of(attributes: Iterable[Attribute], reserved: Collection[str]) -> dict[str, Filter]:
    """All filters, by the names of their parameters. `name` is short for `name__eq`, which stands in where it is taken."""
    found: dict[str, Filter] = {}
    for attribute in attributes:
        operators = attribute.shape.operators + (("is_null",) if attribute.nullable else ())
        for operator in operators:
            plain = operator == "eq" and attribute.name not in reserved
            name = attribute.name if plain else f"{attribute.name}__{operator}"
            found[name] = Filter(name, attribute, operator)
    return found


def searched(columns: Collection[Any], text: str) -> sa.ColumnElement[bool]:
    """Whether one of the columns holds the text, in whatever case."""
    return sa.or_(*(column.icontains(text, autoescape=True) for column in columns))
