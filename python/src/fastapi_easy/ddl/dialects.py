# SPDX-License-Identifier: MIT
"""A dialect to write DDL for, without a database and without its driver."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import exc
from sqlalchemy.engine import Dialect, make_url
from sqlalchemy.sql import compiler, elements
from sqlalchemy.sql.ddl import CreateColumn

from fastapi_easy.errors import DDLError

from .annotations import Marks

Version = str | tuple[Any, ...] | None


def named_dialect(name: str) -> Dialect:
    """ "postgresql", "mysql+pymysql", "sqlite", or a whole URL, of which only this part is looked at."""
    try:
        cls = make_url(name if ":" in name else f"{name}://").get_dialect()
    except (exc.ArgumentError, exc.NoSuchModuleError) as unknown:
        raise DDLError(
            f"there is no dialect {name!r}; the known ones are postgresql, sqlite, mysql and mariadb"
        ) from unknown
    return plain(cls)


def plain(cls: type[Dialect]) -> Dialect:
    """With parameters as ":name": those of some drivers begin with %, and they would double each % of the DDL."""
    return cls(paramstyle="named")  # type: ignore[call-arg]


def dialect_of(wanted: str | Dialect, server_version: Version, marks: Marks) -> Dialect:
    """Our own instance, whose compilers note what `marks` is told about columns and tables."""
    if isinstance(wanted, str):
        out = named_dialect(wanted)
    else:
        out = plain(type(wanted))
        if getattr(wanted, "server_version_info", None):
            set_version(out, wanted.server_version_info or (), mariadb=bool(getattr(wanted, "is_mariadb", False)))
    if server_version:
        set_version(out, version_numbers(server_version), mariadb="mariadb" in str(server_version).lower())
    out.statement_compiler = careful_statements(out.statement_compiler)
    out.ddl_compiler = annotating_ddl(out.ddl_compiler, marks)
    return out


def version_numbers(version: str | tuple[Any, ...]) -> tuple[Any, ...]:
    """ "16.2", "10.11.6-MariaDB" and (16, 2) as numbers."""
    if isinstance(version, tuple):
        return version
    numbers = []
    for part in version.strip().split("-")[0].split("."):
        if not part.isdigit():
            break
        numbers.append(int(part))
    if not numbers:
        raise DDLError(f"{version!r} is no version of a server; write it as '16.2' or '10.11.6-MariaDB'")
    return tuple(numbers)


def set_version(dialect: Any, numbers: tuple[Any, ...], *, mariadb: bool) -> None:
    """What SQLAlchemy concludes from a server's version when it connects, as far as DDL depends on it."""
    dialect.server_version_info = numbers
    if dialect.name in ("mysql", "mariadb"):
        mariadb = mariadb or dialect.name == "mariadb"
        dialect._set_mariadb(mariadb, numbers)
        if not isinstance(type(dialect)._support_default_function, property):  # SQLAlchemy 2.0 asks the version itself
            dialect._support_default_function = numbers >= ((10, 2, 1) if mariadb else (8, 0, 13))
        dialect.supports_native_uuid = dialect.supports_native_uuid and numbers >= (10, 7)


def careful_statements(base: type[compiler.SQLCompiler]) -> type[compiler.SQLCompiler]:
    class Careful(base):  # type: ignore[valid-type, misc]
        """In text(), ":x" is a parameter, and one without a value is written as NULL: 'x :y' would become 'x NULL'."""

        def visit_textclause(self, textclause: elements.TextClause, **kw: Any) -> str:
            for name, parameter in textclause._bindparams.items():
                if parameter.required:
                    raise exc.CompileError(
                        f"SQLAlchemy takes ':{name}' in {textclause.text!r} for a parameter and would write NULL there; "
                        f"write '\\:{name}' (in Python \"\\\\:{name}\") for the characters themselves"
                    )
            return str(super().visit_textclause(textclause, **kw))

    return Careful


def annotating_ddl(base: type[compiler.DDLCompiler], marks: Marks) -> type[compiler.DDLCompiler]:
    class Annotating(base):  # type: ignore[valid-type, misc]
        """Marks the places of annotations, which only the finished text can take: a comma may follow a column."""

        def visit_create_column(self, create: CreateColumn, first_pk: bool = False, **kw: Any) -> str | None:
            column = create.element
            try:
                text = super().visit_create_column(create, first_pk=first_pk, **kw)
            except exc.CompileError as wrong:
                raise DDLError(f"column {column.table.fullname}.{column.name}: {wrong.args[0]}") from wrong
            return None if text is None else str(text) + marks.column(column, self.dialect)

        def post_create_table(self, table: Any) -> str:
            return str(super().post_create_table(table)) + marks.table(table)

    return Annotating


def warn_of_ignored_options(item: Any, where: str, dialect: Dialect, warn: Callable[[str], None]) -> None:
    """A partial index of PostgreSQL is a full one on MySQL: SQLAlchemy leaves out what other dialects have, silently."""
    own = {dialect.name, "mysql"} if dialect.name == "mariadb" else {dialect.name}
    given: dict[str, set[str]] = {}
    for key in item.dialect_kwargs:
        name, _, option = key.partition("_")
        given.setdefault(name, set()).add(option)
    here = set().union(*(given.get(name, set()) for name in own))
    for name in sorted(set(given) - own):
        for option in sorted(given[name] - here):
            warn(
                f"{where}: {name}_{option} has no effect on {dialect.name}; say with {dialect.name}_… what it shall be there"
            )
