# SPDX-License-Identifier: MIT
"""python -m fastapi_easy.ddl app.models:Base --dialect postgresql - prints the models as SQL, for `moult --to 'cmd:…'`."""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Sequence

from sqlalchemy import MetaData, Table

from fastapi_easy._target import TargetError, load
from fastapi_easy.ddl import metadata_to_sql
from fastapi_easy.errors import DDLError, DDLWarning


def metadata_of(target: str) -> MetaData:
    found = load(target)
    metadata = found if isinstance(found, MetaData) else getattr(found, "metadata", None)
    if not isinstance(metadata, MetaData):
        raise TargetError(f"{target} is {type(found).__name__}: neither a MetaData nor a class with one, such as Base")
    return metadata


def show(message: Warning | str, category: type[Warning], *_: object, **__: object) -> None:
    if issubclass(category, DDLWarning):
        print(f"warning: {message}", file=sys.stderr)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m fastapi_easy.ddl",
        description="Prints SQLAlchemy models as SQL, such as moult takes by --to 'cmd:python -m fastapi_easy.ddl …'.",
    )
    parser.add_argument("models", nargs="+", metavar="MODULE:NAME", help="a declarative base, SQLModel, or a MetaData")
    parser.add_argument("--dialect", required=True, help="postgresql, sqlite, mysql or mariadb; a driver may be named")
    parser.add_argument("--server-version", metavar="VERSION", help="such as 16.2 or 10.11.6-MariaDB")
    parser.add_argument("--only", action="append", metavar="TABLE", help="only this table; may be given several times")
    args = parser.parse_args(arguments)
    sys.path.insert(0, "")
    warnings.showwarning = show
    try:
        metadatas = list(dict.fromkeys(metadata_of(target) for target in args.models))
        text = metadata_to_sql(metadatas, args.dialect, server_version=args.server_version,
                               only=chosen(metadatas, args.only))  # fmt: skip
    except (DDLError, TargetError) as wrong:
        print(f"error: {wrong}", file=sys.stderr)
        return 1
    sys.stdout.buffer.write(text.encode())  # the same bytes whatever the locale
    return 0


def chosen(metadatas: Sequence[MetaData], names: Sequence[str] | None) -> list[Table] | None:
    if names is None:
        return None
    tables = {name: table for m in metadatas for name, table in m.tables.items()}
    for name in names:
        if name not in tables:
            raise DDLError(
                f"there is no table {name} in these models; there are: {', '.join(sorted(tables)) or 'none'}"
            )
    return [tables[name] for name in names]


if __name__ == "__main__":
    sys.exit(main())
