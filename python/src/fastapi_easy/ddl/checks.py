# SPDX-License-Identifier: MIT
"""What in the models would be lost or changed silently on the way to SQL: refused, or warned of, before it is written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import Enum, MetaData, Table
from sqlalchemy.engine import Dialect
from sqlalchemy.types import ARRAY, TypeEngine

from fastapi_easy.errors import DDLError

from .dialects import warn_of_ignored_options


def check(
    metadatas: Sequence[MetaData], tables: Sequence[Table], dialect: Dialect, warn: Callable[[str], None]
) -> None:
    if not tables:
        warn("there is no table in these models: nothing is declared")
    check_twice(metadatas, tables)
    check_schemas(tables, dialect)
    check_enums(tables, dialect)
    for table in tables:
        for index in sorted(table.indexes, key=lambda i: str(i.name)):
            warn_of_ignored_options(index, f"index {index.name} of table {table.fullname}", dialect, warn)
        for constraint in sorted(table.constraints, key=lambda c: str(c.name)):
            warn_of_ignored_options(
                constraint, f"constraint {constraint.name} of table {table.fullname}", dialect, warn
            )


def check_twice(metadatas: Sequence[MetaData], tables: Iterable[Table]) -> None:
    if len(metadatas) == 1:
        return
    seen: set[str] = set()
    for table in tables:
        if table.fullname in seen:
            raise DDLError(
                f"table {table.fullname} is declared by two of these models' metadatas; there can be only one"
            )
        seen.add(table.fullname)


def check_schemas(tables: Iterable[Table], dialect: Dialect) -> None:
    if dialect.name == "sqlite":
        for table in tables:
            if table.schema is not None:
                raise DDLError(
                    f"table {table.fullname} is in the schema {table.schema!r}; SQLite has none, there it would be another "
                    "database file that is attached. Leave schema= out, or give it only where the database has schemas"
                )


def check_enums(tables: Iterable[Table], dialect: Dialect) -> None:
    """Two types of one name and different values: the first that is created would serve for both."""
    if not getattr(dialect, "supports_native_enum", False) or dialect.name in ("mysql", "mariadb"):
        return
    seen: dict[tuple[str | None, str], tuple[list[str], str]] = {}
    for table in tables:
        for column in table.columns:
            where = f"{table.fullname}.{column.name}"
            for enum in enums_of(column.type, dialect):
                key, values = (enum.schema, str(enum.name)), list(enum.enums)
                first, first_where = seen.setdefault(key, (values, where))
                if first != values:
                    raise DDLError(
                        f"the type {enum.name} has the values {', '.join(first)} in {first_where} and {', '.join(values)} in "
                        f"{where}; give one of them another name: Enum(…, name=…)"
                    )


def enums_of(kind: TypeEngine[Any], dialect: Dialect) -> Iterator[Enum]:
    impl: Any = kind.dialect_impl(dialect)
    impl = getattr(impl, "impl_instance", impl)
    if isinstance(impl, ARRAY):
        yield from enums_of(impl.item_type, dialect)
    elif isinstance(impl, Enum) and impl.native_enum and impl.name:
        yield impl
