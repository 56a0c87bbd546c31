# SPDX-License-Identifier: MIT
"""Models → SQL: the DDL of SQLAlchemy metadata as text, in a database's own dialect, without that database.

It is what `MetaData.create_all` would send (types, sequences, tables, indexes, comments, and whatever listeners add), in
an order that is the same in every process, with what moult must know beside it as annotations.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby
from typing import Any

from sqlalchemy import ForeignKeyConstraint, MetaData, Table, exc
from sqlalchemy.engine import Dialect
from sqlalchemy.engine.mock import MockConnection
from sqlalchemy.sql.ddl import AddConstraint, CreateIndex, CreateSequence, ExecutableDDLElement
from sqlalchemy.sql.elements import TextClause

from fastapi_easy.errors import DDLError, DDLWarning

from .annotations import Marks
from .checks import check
from .dialects import Version, dialect_of

__all__ = ["metadata_to_sql"]

# SQLAlchemy keeps notes in the metadata while it writes; two writers at once would read each other's.
_writing = threading.RLock()


def metadata_to_sql(
    metadata: MetaData | Iterable[MetaData],
    dialect: str | Dialect,
    *,
    server_version: Version = None,
    only: Iterable[Table] | None = None,
) -> str:
    """The DDL of all tables of `metadata`, or of those in `only`; a table with `info={"moult": False}` is left out.

    `dialect` is a name such as "postgresql", "sqlite", "mysql+pymysql" (its driver need not be installed), a URL, or a
    Dialect. `server_version` ("16.2", "10.11.6-MariaDB") matters where a type or a clause depends on it.
    DDLError says what in the models cannot be written down; DDLWarning what has no effect.
    """
    metadatas = [metadata] if isinstance(metadata, MetaData) else list(dict.fromkeys(metadata))
    return write(metadatas, dialect, server_version, None if only is None else set(only), warn_the_caller)


def warn_the_caller(message: str) -> None:
    warnings.warn(message, DDLWarning, stacklevel=6)


def write(
    metadatas: Sequence[MetaData],
    dialect: str | Dialect,
    server_version: Version,
    chosen: set[Table] | None,
    warn: Callable[[str], None],
) -> str:
    """As `metadata_to_sql`, for those who have a place of their own for warnings."""
    marks = Marks()
    target = dialect_of(dialect, server_version, marks)
    tables = [t for m in metadatas for t in m.tables.values() if is_wanted(t, chosen)]
    check(metadatas, tables, target, warn)
    with _writing, rules_kept(tables):
        written = [*schemas(tables, target)]
        for each in metadatas:
            written += statements(each, [t for t in tables if t.metadata is each], target)
    return "".join(f"{marks.finish(text)}\n\n" for text in in_order(written))[:-1]


def is_wanted(table: Table, chosen: set[Table] | None) -> bool:
    return table.info.get("moult", True) is not False and (chosen is None or table in chosen)


@contextmanager
def rules_kept(tables: Iterable[Table]) -> Iterator[None]:
    """Where foreign keys form a cycle, SQLAlchemy switches them off in the tables for good, to add them afterwards; the
    same models written for another dialect later would have none."""
    keys = [c for t in tables for c in t.constraints if isinstance(c, ForeignKeyConstraint)]
    before = [(key, key._create_rule) for key in keys]
    try:
        yield
    finally:
        for key, rule in before:
            key._create_rule = rule


class Recorder(MockConnection):
    """A connection that writes down what it is asked to run."""

    def __init__(self, dialect: Dialect) -> None:
        super().__init__(dialect, self.record)
        self.written: list[tuple[str, str]] = []

    def record(self, element: Any, *_: Any, **__: Any) -> None:
        if not isinstance(element, ExecutableDDLElement | TextClause):
            raise DDLError(
                f"a listener of these models runs {str(element).split(None, 1)[0]}, which is no DDL; "
                "rows are written by the application, or by a migration hook"
            )
        try:
            text = str(element.compile(dialect=self.dialect))
        except exc.CompileError as wrong:
            raise DDLError(f"{place_of(element)}: {wrong.args[0]}") from wrong
        self.written.append((kind_of(element), text))

    def exec_driver_sql(self, statement: str, *_: Any, **__: Any) -> None:
        self.written.append(("text", statement))


def place_of(element: Any) -> str:
    target = getattr(element, "element", None)
    table = target if isinstance(target, Table) else getattr(target, "table", None)
    name = getattr(target, "name", None)
    if isinstance(target, Table):
        return f"table {target.fullname}"
    if isinstance(table, Table):
        return f"{type(target).__name__.lower()} {name or 'without a name'} of table {table.fullname}"
    return f"{type(element).__name__} {name or ''}".rstrip()


def kind_of(element: Any) -> str:
    """What may be sorted among its like, for SQLAlchemy keeps it in sets."""
    for kind in (CreateIndex, AddConstraint, CreateSequence):
        if isinstance(element, kind):
            return kind.__name__
    return "CreateType" if type(element).__name__ in ("CreateEnumType", "CreateDomainType") else "other"


def schemas(tables: Iterable[Table], dialect: Dialect) -> Iterator[tuple[str, str]]:
    """SQLAlchemy creates no schema; what is declared must hold them."""
    quote = dialect.identifier_preparer.quote_schema
    for name in sorted({t.schema for t in tables if t.schema} - {"public"}):
        yield "CreateSchema", f"CREATE SCHEMA IF NOT EXISTS {quote(name)}"


def statements(metadata: MetaData, tables: Sequence[Table], dialect: Dialect) -> list[tuple[str, str]]:
    recorder = Recorder(dialect)
    try:
        metadata.create_all(recorder, tables=tables, checkfirst=False)
    except (DDLError, exc.SQLAlchemyError) as wrong:
        raise wrong if isinstance(wrong, DDLError) else DDLError(str(wrong)) from wrong
    except Exception as wrong:
        raise DDLError(
            f"a listener of these models failed without a database: {type(wrong).__name__}: {wrong}. "
            "Give what it shall run as sqlalchemy.DDL(…), or let it only execute DDL and read no result"
        ) from wrong
    return recorder.written


def in_order(written: list[tuple[str, str]]) -> Iterator[str]:
    """Runs of indexes, added constraints, sequences and types in the order of their text; a type only once."""
    types: set[str] = set()
    for kind, run in groupby(written, key=lambda entry: entry[0]):
        texts = [text for _, text in run]
        if kind in ("CreateIndex", "AddConstraint", "CreateSequence", "CreateType"):
            texts.sort()
        for text in texts:
            if kind != "CreateType" or text not in types:
                yield text
            if kind == "CreateType":
                types.add(text)
