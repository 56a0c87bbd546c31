# SPDX-License-Identifier: MIT
"""Small applications for the tests of an application's start, and what they left in the database."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from sqlalchemy import Column, Integer, MetaData, String, Table
from sqlalchemy.orm import DeclarativeBase

from fastapi_easy import CRUDRouter


def model(name: str = "users", *columns: str, base: type[DeclarativeBase] | None = None) -> Any:
    """A model of a base of its own, with a key and columns of text that may be NULL."""

    class Base(DeclarativeBase):
        pass

    base = base or Base
    attributes: dict[str, Any] = {"__tablename__": name, "id": Column(Integer, primary_key=True)}
    attributes |= {column: Column(String(50)) for column in columns or ("name",)}
    return type(name.capitalize(), (base,), attributes)


def router(name: str = "users", *columns: str, **options: Any) -> CRUDRouter:
    return CRUDRouter(model=model(name, *columns), **options)


def table(name: str, metadata: MetaData | None = None) -> MetaData:
    metadata = metadata or MetaData()
    Table(name, metadata, Column("id", Integer, primary_key=True))
    return metadata


def application(*routers: CRUDRouter, **options: Any) -> FastAPI:
    app = FastAPI(**options)
    for each in routers:
        app.include_router(each)
    return app


def rows(path: Path, sql: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(path)) as connection, connection:
        return connection.execute(sql).fetchall()


def tables(path: Path) -> set[str]:
    """Those of the application."""
    found = rows(path, "SELECT name FROM sqlite_schema WHERE type = 'table'") if path.exists() else []
    return {name for (name,) in found if not name.startswith(("_moult_", "sqlite_"))}
