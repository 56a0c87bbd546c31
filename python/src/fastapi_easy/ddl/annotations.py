# SPDX-License-Identifier: MIT
"""What moult must be told beside the schema: old names and fills, from `info=` and from Python-side defaults.

A mark (NUL, number, NUL; SQL cannot hold a NUL) is put behind a column while it is compiled. When the text is
finished, each mark becomes a remark at the end of its line.
"""

from __future__ import annotations

import json
import re
from typing import Any

from sqlalchemy import JSON, Column, Table, exc, literal, text
from sqlalchemy.engine import Dialect
from sqlalchemy.sql.elements import ClauseElement

from fastapi_easy.errors import DDLError

MARK = re.compile("\0(\\d+)\0")
PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


class Marks:
    """The annotations of one text, by the number of their mark."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def add(self, words: list[str]) -> str:
        if not words:
            return ""
        self.notes.append(" ".join(words))
        return f"\0{len(self.notes) - 1}\0"

    def column(self, column: Column[Any], dialect: Dialect) -> str:
        where = f"column {column.table.fullname}.{column.name}"
        words = renamed(column.info, where)
        fill = fill_of(column, where, dialect)
        return self.add(words if fill is None else [*words, f"@fill {fill}"])

    def table(self, table: Table) -> str:
        where = f"table {table.fullname}"
        if "fill" in table.info:
            raise DDLError(f"{where}: info has a 'fill', which belongs to a column")
        return self.add(renamed(table.info, where))

    def finish(self, statement: str) -> str:
        """The statement with a semicolon, and its remarks; one of the whole table comes behind the semicolon."""
        body, behind = statement.strip().rstrip(";").rstrip(), ""
        if last := re.search(MARK.pattern + r"\Z", body):
            body, behind = body[: last.start()], " " + remark(self.notes[int(last[1])])
        end = "\n;" if "--" in body.rsplit("\n", 1)[-1] else ";"
        return "\n".join(self.line(line) for line in body.split("\n")) + end + behind

    def line(self, line: str) -> str:
        notes = [self.notes[int(number)] for number in MARK.findall(line)]
        return " ".join([MARK.sub("", line).rstrip(), *map(remark, notes)]) if notes else line


def remark(note: str) -> str:
    if "\n" not in note and "\r" not in note:
        return f"-- {note}"
    if "*/" in note or "/*" in note:
        raise DDLError(f"this cannot be written as a remark of SQL, for it holds the marks of one: {note!r}")
    return f"/* {note} */"


def renamed(info: dict[Any, Any], where: str) -> list[str]:
    old = info.get("renamed_from")
    if old is None:
        return []
    if not isinstance(old, str) or not old or "\0" in old:
        raise DDLError(f"{where}: info 'renamed_from' is {old!r}; it must be the one name that was used before")
    name = old if PLAIN_NAME.match(old) else '"' + old.replace('"', '""') + '"'
    return [f"@renamed from={name}"]


def fill_of(column: Column[Any], where: str, dialect: Dialect) -> str | None:
    """The expression for rows that are there already: `info={"fill": …}`, else the Python-side default of a column
    that is NOT NULL and has no default of the database, for those rows never went through Python."""
    if "fill" in column.info:
        fill = column.info["fill"]
        expression = text(fill) if isinstance(fill, str) else fill
        try:
            out = written(expression, column, dialect)
        except (exc.CompileError, NotImplementedError, TypeError, ValueError) as wrong:
            raise DDLError(f"{where}: its fill {fill!r} cannot be written as SQL: {wrong}") from wrong
        if not out.strip():
            raise DDLError(f"{where}: its fill is empty; write an SQL expression, such as \"''\"")
        return out
    default = column.default
    if (
        default is None
        or column.nullable
        or column.primary_key
        or column.server_default is not None
        or not (default.is_scalar or default.is_clause_element)
    ):
        return None
    try:
        return written(default.arg, column, dialect)  # type: ignore[attr-defined]
    except (exc.CompileError, NotImplementedError, TypeError, ValueError):
        return None  # moult asks for a fill when there are rows, and says how it is written


def written(value: Any, column: Column[Any], dialect: Dialect) -> str:
    """A value or an expression as SQL of the dialect."""
    if not isinstance(value, ClauseElement) and not hasattr(value, "__clause_element__"):
        if isinstance(value, bytes):
            return f"'\\x{value.hex()}'" if dialect.name == "postgresql" else f"X'{value.hex()}'"
        if isinstance(column.type, JSON):  # it has no literals in SQLAlchemy 2.0; databases read it from a text
            value = json.dumps(value)
        else:
            value = literal(value, column.type)
    return compiled(literal(value) if isinstance(value, str) else value, dialect)


def compiled(expression: Any, dialect: Dialect) -> str:
    return str(expression.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
