# SPDX-License-Identifier: MIT
"""Which models an application has: those of every CRUDRouter that is in it when it starts, however it got there.

Routers are found by their endpoints, each marked with its router (`__fastapi_easy__`): older FastAPI copies routes and
forgets the router, newer ones keep a tree of included routers; endpoints are the same objects in both.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import MetaData

from fastapi_easy.errors import ConfigurationError

MARK = "__fastapi_easy__"


def routers_of(app: Any) -> list[Any]:
    """The CRUDRouters of the application, in the order of their routes, mounted applications included."""
    found: dict[int, Any] = {}
    for route in walk(app, set()):
        router = getattr(getattr(route, "endpoint", None), MARK, None)
        if router is not None:
            found.setdefault(id(router), router)
    return list(found.values())


def walk(node: Any, seen: set[int]) -> Iterator[Any]:
    """A node and all below it: routers, included routers, mounts, hosts, applications."""
    if node is None or id(node) in seen:
        return
    seen.add(id(node))
    yield node
    for name in ("routes", "original_router", "app", "router"):
        below = getattr(node, name, None)
        if isinstance(below, list | tuple):
            for each in below:
                yield from walk(each, seen)
        elif name != "routes" and hasattr(below, "routes"):
            yield from walk(below, seen)


def metadata_of(app: Any, named: Iterable[MetaData] = ()) -> list[MetaData]:
    """Each metadata once: those that init_app was given, then those of the routers' models."""
    found: dict[int, MetaData] = {id(m): m for m in named}
    for router in routers_of(app):
        if getattr(router, "migrate", True):
            metadata = getattr(router.model, "metadata", None)
            if not isinstance(metadata, MetaData):
                raise ConfigurationError(f"{router.model.__qualname__} has no MetaData: it is no model with a table")
            found.setdefault(id(metadata), metadata)
    return list(found.values())
