# SPDX-License-Identifier: MIT
"""What a database refuses, told to a client: 409 for what another row stands against, 422 for what is wrong in itself."""

from __future__ import annotations

import re
from enum import Enum
from typing import Any

import sqlalchemy as sa
from fastapi import HTTPException
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, StatementError
from sqlalchemy.orm.exc import StaleDataError


class Problem(BaseModel):
    """Why a request was not done."""

    detail: str


class InvalidPart(BaseModel):
    """One thing that is wrong in a request, and where."""

    model_config = ConfigDict(extra="allow")

    loc: list[str | int]
    msg: str
    type: str


class Invalid(BaseModel):
    """What is wrong in a request, thing by thing."""

    detail: list[InvalidPart]


class Kind(Enum):
    """What was violated."""

    UNIQUE = "unique"
    FOREIGN_KEY = "foreign_key"
    NOT_NULL = "not_null"
    CHECK = "check"


STATES = {
    "23505": Kind.UNIQUE,
    "23P01": Kind.UNIQUE,
    "23503": Kind.FOREIGN_KEY,
    "23001": Kind.FOREIGN_KEY,
    "23502": Kind.NOT_NULL,
    "23514": Kind.CHECK,
}
NUMBERS = {
    1062: Kind.UNIQUE,
    1586: Kind.UNIQUE,
    1451: Kind.FOREIGN_KEY,
    1452: Kind.FOREIGN_KEY,
    1216: Kind.FOREIGN_KEY,
    1217: Kind.FOREIGN_KEY,
    1048: Kind.NOT_NULL,
    1364: Kind.NOT_NULL,
    3819: Kind.CHECK,
    4025: Kind.CHECK,
}
TEXTS = {
    "UNIQUE constraint failed": Kind.UNIQUE,
    "FOREIGN KEY constraint failed": Kind.FOREIGN_KEY,
    "NOT NULL constraint failed": Kind.NOT_NULL,
    "CHECK constraint failed": Kind.CHECK,
}
# MySQL: out of range, not such a value, too long, wrong in a column of this type.
BAD_VALUES = {1264, 1265, 1366, 1406, 1292, 3140}


def explain(error: Exception, table: sa.FromClause, place: str, deleting: bool) -> Exception | None:
    """The answer to a client; None for what is no fault of its request. `place`: the part of the request to blame."""
    if isinstance(error, StaleDataError):
        return HTTPException(409, "the row was changed or deleted by someone else in the meantime: read it again")
    if isinstance(error, DBAPIError) and error.orig is not None:
        return _refused(error, table, place, deleting)
    if isinstance(error, StatementError):
        # A value that its column's type could not bring to the database.
        return invalid("value_error", "a value does not fit its column", place)
    if isinstance(error, (OverflowError, UnicodeEncodeError)):
        return invalid("value_error", "a value does not fit its column", place)
    return None


def invalid(kind: str, message: str, *place: str) -> RequestValidationError:
    """A 422 in the form of FastAPI's own."""
    return RequestValidationError([{"type": kind, "loc": place, "msg": message, "input": None}])


def _refused(error: DBAPIError, table: sa.FromClause, place: str, deleting: bool) -> Exception | None:
    kind = kind_of(error)
    if kind is None:
        bad = isinstance(error, DataError) or _number(error) in BAD_VALUES or _state(error).startswith("22")
        return invalid("value_error", "a value does not fit its column", place) if bad else None
    if kind is Kind.UNIQUE:
        columns = unique_columns(error, table)
        return HTTPException(409, f"there is such a row already: {' and '.join(columns) or 'a value'} must be unique")
    if kind is Kind.FOREIGN_KEY or deleting:
        text = "other rows still refer to this one" if deleting else "it refers to a row that is not there"
        return HTTPException(409, text)
    if kind is Kind.NOT_NULL:
        return invalid("missing", "a value is required", place, *_column_of_null(error))
    return invalid("check_violation", f"a rule of the table is violated{_rule(error)}", place)


def kind_of(error: DBAPIError) -> Kind | None:
    """What was violated, whatever the driver; None when it is something else."""
    found = STATES.get(_state(error)) or NUMBERS.get(_number(error))
    if found is not None or not isinstance(error, IntegrityError):
        return found
    return next((kind for text, kind in TEXTS.items() if text in str(error.orig)), Kind.CHECK)


def unique_columns(error: DBAPIError, table: sa.FromClause) -> list[str]:
    """The columns that must be unique, as far as the engine says which; never the values."""
    text = str(error.orig)
    sqlite = re.search(r"UNIQUE constraint failed: (.*)", text)
    if sqlite:
        return [name.strip().rsplit(".", 1)[-1] for name in sqlite[1].split(",")]
    named = _constraint(error, text)
    if named is None or not isinstance(table, sa.Table):
        return []
    there: list[Any] = [*table.constraints, *table.indexes]
    for constraint in there:
        if constraint.name == named:
            return [column.name for column in constraint.columns]
    if named in ("PRIMARY", f"{table.name}_pkey"):
        return [column.name for column in table.primary_key]
    # PostgreSQL's own name for a constraint without one; MySQL's is the column's.
    return [c.name for c in table.columns if named in (c.name, f"{table.name}_{c.name}_key", f"{table.name}.{c.name}")]


def _constraint(error: DBAPIError, text: str) -> str | None:
    original: Any = error.orig
    named = getattr(getattr(original, "diag", None), "constraint_name", None)
    named = named or getattr(getattr(original, "__cause__", None), "constraint_name", None)
    if named:
        return str(named)
    found = re.search(r"constraint \"([^\"]+)\"|for key '([^']+)'", text)
    return (found[1] or found[2].rsplit(".", 1)[-1]) if found else None


def _column_of_null(error: DBAPIError) -> list[str]:
    found = re.search(r"NOT NULL constraint failed: [^.\s]+\.(\w+)|column \"(\w+)\"|[Cc]olumn '(\w+)'", str(error.orig))
    return [next(part for part in found.groups() if part)] if found else []


def _rule(error: DBAPIError) -> str:
    """The name of the CHECK, where it has one; not its text, which is nobody's outside."""
    found = re.search(r"CHECK constraint failed: (\w+)$|check constraint \"(\w+)\"|CONSTRAINT `(\w+)`", str(error.orig))
    name = next((part for part in found.groups() if part), "") if found else ""
    return f": {name}" if name else ""


def _state(error: DBAPIError) -> str:
    original: Any = error.orig
    return str(getattr(original, "sqlstate", None) or getattr(original, "pgcode", None) or "")


def _number(error: DBAPIError) -> int:
    arguments = getattr(error.orig, "args", ())
    return arguments[0] if arguments and isinstance(arguments[0], int) else 0
