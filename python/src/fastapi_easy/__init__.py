# SPDX-License-Identifier: MIT
"""fastapi_easy - declare your models, start your application: the database is right.

Names are imported when they are first used, so that `fastapi_easy.ddl` works without FastAPI.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from fastapi_easy._version import __version__

if TYPE_CHECKING:
    from fastapi_easy import migration as migration
    from fastapi_easy.app import FastAPI_Easy as FastAPI_Easy
    from fastapi_easy.crud import CRUDRouter as CRUDRouter
    from fastapi_easy.ddl import metadata_to_sql as metadata_to_sql
    from fastapi_easy.migration import TypeComparator as TypeComparator

_HOME = {
    "CRUDRouter": "fastapi_easy.crud",
    "FastAPI_Easy": "fastapi_easy.app",
    "TypeComparator": "fastapi_easy.migration",
    "metadata_to_sql": "fastapi_easy.ddl",
    "migration": "fastapi_easy.migration",
}

__all__ = ["CRUDRouter", "FastAPI_Easy", "TypeComparator", "__version__", "metadata_to_sql", "migration"]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'fastapi_easy' has no attribute {name!r}")
    home = import_module(_HOME[name])
    return home if home.__name__ == f"fastapi_easy.{name}" else getattr(home, name)
