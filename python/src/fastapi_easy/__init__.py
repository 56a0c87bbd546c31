# SPDX-License-Identifier: MIT
"""fastapi_easy - declare your models, start your application: the database is right.

Names are imported when they are first used, so that `fastapi_easy.ddl` works without FastAPI.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from fastapi_easy._version import __version__

if TYPE_CHECKING:
    from fastapi_easy.crud import CRUDRouter as CRUDRouter
    from fastapi_easy.ddl import metadata_to_sql as metadata_to_sql

_HOME = {
    "CRUDRouter": "fastapi_easy.crud",
    "metadata_to_sql": "fastapi_easy.ddl",
}

__all__ = ["CRUDRouter", "__version__", "metadata_to_sql"]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'fastapi_easy' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)
