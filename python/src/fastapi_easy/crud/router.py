# SPDX-License-Identifier: MIT
"""CRUDRouter: the endpoints of a model. What each of them does is a method here, on a plain Session, and can be overridden."""

from __future__ import annotations

import dataclasses
import inspect
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Literal

import sqlalchemy as sa
from fastapi import APIRouter, HTTPException, Request, params
from pydantic import BaseModel
from sqlalchemy.orm import Session

from fastapi_easy.crud.endpoints import ACTIONS, route_of
from fastapi_easy.crud.errors import explain, invalid
from fastapi_easy.crud.fields import ModelError
from fastapi_easy.crud.filters import searched
from fastapi_easy.crud.pages import Asked, Found
from fastapi_easy.crud.resource import Options, Resource
from fastapi_easy.crud.route import CRUDRoute
from fastapi_easy.crud.schemas import values_of

DEFAULT = ("list", "create", "read", "update", "delete")
OVERRIDABLE = [
    "before_create",
    "after_create",
    "before_update",
    "after_update",
    "before_delete",
    "after_delete",
    "on_error",
    "select",
    "list_items",
    "read_item",
    "create_item",
    "update_item",
    "replace_item",
    "delete_item",
]


class CRUDRouter(APIRouter):
    """The endpoints of one model: `app.include_router(CRUDRouter(model=User))`.

    The operations and hooks below run in one transaction a request, on a `Session` whose `info["request"]` is the
    request; they are plain functions, for async engines too.
    """

    def __init__(
        self,
        model: type,
        *,
        prefix: str | None = None,
        tags: list[str] | None = None,
        read_schema: type[BaseModel] | None = None,
        create_schema: type[BaseModel] | None = None,
        update_schema: type[BaseModel] | None = None,
        exclude: Collection[str] = (),
        read_only: Collection[str] = (),
        write_only: Collection[str] = (),
        endpoints: Collection[str] = DEFAULT,
        dependencies: Sequence[params.Depends] | Mapping[str, Sequence[params.Depends]] = (),
        filters: Collection[str] | Literal["*"] = "*",
        search: Collection[str] = (),
        sort: Collection[str] | Literal["*"] = "*",
        default_sort: str | None = None,
        include: Collection[str] | Mapping[str, type[BaseModel]] = (),
        limit: int = 50,
        max_limit: int = 200,
        max_bulk: int = 100,
        max_body: int = 1024 * 1024,
        pagination: Literal["offset", "cursor"] = "offset",
        query: Callable[[sa.Select[Any], Request], sa.Select[Any]] | None = None,
        session: Callable[..., Any] | None = None,
        migrate: bool = True,
        **router_kwargs: Any,
    ) -> None:
        """Makes the endpoints.

        prefix: of all paths, default "/" and the table's name; tags: in OpenAPI, default the model's name.
        read_schema, create_schema, update_schema: in the place of the generated ones.
        exclude: attributes that do not exist for clients, `relation.column` for those of a relation;
        read_only: never taken; write_only: never given, and nothing can be asked about them.
        endpoints: of list, create, read, update, replace, delete, bulk_create, bulk_update, bulk_delete.
        dependencies: for all endpoints, or by endpoint; "*" holds for every one.
        filters, sort: the attributes that a list takes, default all that are shown; search: those that `q=` looks into;
        default_sort: an attribute, with "-" before it to go down; include: relations that may be read along.
        limit, max_limit: rows on a page; max_bulk: items in a bulk request; max_body: bytes of a body.
        query: narrows what the endpoints see, by the request: all of them answer 404 for the rest, and no write leads out.
        session: a dependency that gives a Session or AsyncSession, default that of the application.
        migrate: whether the tables of the model's metadata are looked after at the application's start.
        """
        options = Options(
            read_schema,
            create_schema,
            update_schema,
            exclude,
            read_only,
            write_only,
            filters,
            search,
            sort,
            default_sort,
            include,
            limit,
            max_limit,
            max_bulk,
            pagination,
        )
        resource = Resource(model, options)
        super().__init__(
            prefix=f"/{resource.path_name}" if prefix is None else prefix,
            tags=[resource.name] if tags is None else list(tags),
            **router_kwargs,
        )
        self.resource = resource
        self.model, self.migrate = model, migrate
        self.scope_query, self.session_dependency = query, session
        self.endpoints = frozenset(endpoints)
        self._own: list[Any] = []
        self._refuse_coroutines()
        self._add_endpoints(dependencies, max_body)

    # --- hooks: in the transaction of the write, before it is committed ---

    def before_create(self, session: Session, data: dict[str, Any]) -> None:
        """`data` is what the new row will be made of; it may be changed."""

    def after_create(self, session: Session, row: Any) -> None:
        """The row is in the database, not yet committed."""

    def before_update(self, session: Session, row: Any, data: dict[str, Any]) -> None:
        """`data` is what will be set in the row; it may be changed."""

    def after_update(self, session: Session, row: Any) -> None:
        """The row is changed in the database, not yet committed."""

    def before_delete(self, session: Session, row: Any) -> None:
        """The row will be deleted."""

    def after_delete(self, session: Session, row: Any) -> None:
        """The row is deleted in the database, not yet committed."""

    def on_error(self, error: Exception) -> Exception | None:
        """What to raise instead of an error of the database, such as an HTTPException; None for the usual answer."""
        return None

    # --- operations ---

    def select(self, session: Session) -> sa.Select[Any]:
        """All rows that this request may see."""
        statement: sa.Select[Any] = sa.select(self.model)
        return statement if self.scope_query is None else self.scope_query(statement, session.info["request"])

    def list_items(self, session: Session, asked: Asked) -> Found:
        """A page of rows."""
        conditions = [
            filter.condition(getattr(self.model, filter.attribute.name), value) for filter, value in asked.filters
        ]
        if asked.q is not None:
            conditions.append(searched(self.resource.search, asked.q))
        statement = self.select(session).where(*conditions)
        page = statement.order_by(*asked.order.clauses).options(*self._loaders(asked.include))
        if self.resource.options.pagination == "cursor":
            return self._after_cursor(session, page, asked)
        rows = session.scalars(page.limit(asked.limit).offset(asked.offset)).unique().all()
        if 0 < len(rows) < asked.limit or (not rows and not asked.offset):
            return Found(rows, total=asked.offset + len(rows))
        return Found(rows, total=self._count(session, statement))

    def read_item(self, session: Session, key: Sequence[Any], include: Sequence[str] = ()) -> Any:
        """One row; 404 when there is none that this request may see."""
        statement = self.select(session).where(*self.resource.where_key(key)).options(*self._loaders(include))
        row = session.scalars(statement).unique().one_or_none()
        if row is None:
            raise HTTPException(404, f"there is no such {self.resource.name}")
        return row

    def create_item(self, session: Session, data: BaseModel) -> Any:
        """Makes a row."""
        values = values_of(data)
        self.before_create(session, values)
        row = self._set(None, values)
        session.add(row)
        session.flush()
        row = self._as_stored(session, row)
        self.after_create(session, row)
        return row

    def update_item(self, session: Session, key: Sequence[Any], data: BaseModel) -> Any:
        """Sets what was sent."""
        return self._change(session, key, values_of(data))

    def replace_item(self, session: Session, key: Sequence[Any], data: BaseModel) -> Any:
        """Sets everything: what was not sent gets its default, where that is a value or NULL."""
        return self._change(session, key, {**self.resource.defaults(), **values_of(data)})

    def delete_item(self, session: Session, key: Sequence[Any]) -> None:
        """Deletes a row, and what its relations say goes with it."""
        row = self.read_item(session, key)
        self.before_delete(session, row)
        session.delete(row)
        session.flush()
        self.after_delete(session, row)

    # --- how ---

    def _change(self, session: Session, key: Sequence[Any], values: dict[str, Any]) -> Any:
        row = self.read_item(session, key)
        self.before_update(session, row, values)
        self._set(row, values)
        session.flush()
        row = self._as_stored(session, row)
        self.after_update(session, row)
        return row

    def _set(self, row: Any, values: dict[str, Any]) -> Any:
        """A new row of these values, or the row with them; what a validator of the model refuses is the client's to mend."""
        nulls = {name for name, value in values.items() if value is None and self.resource.json_null(name)}
        plain = {name: value for name, value in values.items() if name not in nulls}
        try:
            if row is None:
                row = _new(self.model, plain)
            else:
                for name, value in plain.items():
                    setattr(row, name, value)
        except (ValueError, AssertionError) as refused:
            raise invalid("value_error", str(refused), "body") from refused
        for name in nulls:
            _set_null(row, name)
        return row

    def _as_stored(self, session: Session, row: Any) -> Any:
        """The row as the database has it now; 403 when it has left what this request may see."""
        if self.scope_query is None:
            session.refresh(row)
            return row
        statement = self.select(session).where(*self.resource.where_key(self.resource.key_values(row)))
        found = session.scalars(statement.execution_options(populate_existing=True)).unique().one_or_none()
        if found is None:
            raise HTTPException(403, f"this {self.resource.name} would be outside of what you may see")
        return found

    def _after_cursor(self, session: Session, page: sa.Select[Any], asked: Asked) -> Found:
        if asked.cursor is not None:
            page = page.where(asked.order.after(asked.order.place(asked.cursor)))
        rows = session.scalars(page.limit(asked.limit + 1)).unique().all()
        more = len(rows) > asked.limit
        rows = rows[: asked.limit]
        return Found(rows, next=asked.order.cursor(rows[-1]) if more else None)

    def _count(self, session: Session, statement: sa.Select[Any]) -> int:
        keys = [getattr(self.model, a.name) for a in self.resource.key]
        inner = statement.with_only_columns(*keys, maintain_column_froms=True).order_by(None)
        return session.scalar(sa.select(sa.func.count()).select_from(inner.subquery())) or 0

    def _loaders(self, include: Sequence[str]) -> list[Any]:
        return [self.resource.relations[name].loader() for name in include]

    def answer_for(self, error: Exception, place: str, deleting: bool) -> Exception | None:
        """What a client is told of an error; None when it is no fault of the request."""
        return self.on_error(error) or explain(error, self.resource.table, place, deleting)

    # --- routes ---

    def _add_endpoints(self, dependencies: Any, max_body: int) -> None:
        wanted, name = self.endpoints, self.resource.name
        if unknown := wanted - set(ACTIONS):
            known = ", ".join(ACTIONS)
            raise ModelError(f"CRUDRouter({name}, endpoints=...): there is no {min(unknown)!r}; there are: {known}")
        by_name = dependencies if isinstance(dependencies, Mapping) else {"*": dependencies}
        for one in by_name:
            if one != "*" and one not in wanted:
                raise ModelError(f"CRUDRouter({name}, dependencies=...): it has no endpoint {one!r}")
        plain, self.route_class = self.route_class, type("CRUDRoute", (CRUDRoute,), {"max_body": max_body})
        for one in ACTIONS:
            if one in wanted:
                super().add_api_route(**route_of(self, one, [*by_name.get("*", ()), *by_name.get(one, ())]))
        self.route_class = plain
        self._own = list(self.routes)

    def add_api_route(self, path: str, endpoint: Callable[..., Any], **settings: Any) -> None:
        """A route that a user adds wins over a generated one: it is looked at first, and takes the place of its like."""
        super().add_api_route(path, endpoint, **settings)
        added = self.routes[-1]
        replaced = [route for route in self._own if _alike(route, added)]
        self._own = [route for route in self._own if route not in replaced]
        self.routes[:] = [r for r in self.routes if r not in replaced and r not in self._own] + self._own

    def include_router(self, router: APIRouter, **settings: Any) -> None:
        """The routes of a router in this one come before the generated ones as well."""
        super().include_router(router, **settings)
        self.routes[:] = [r for r in self.routes if r not in self._own] + self._own

    def _refuse_coroutines(self) -> None:
        for name in OVERRIDABLE:
            if inspect.iscoroutinefunction(getattr(self, name)):
                raise ModelError(
                    f"{type(self).__name__}.{name} must be a plain function: it runs in a session's thread, "
                    "for async engines too"
                )


def _new(model: type, values: dict[str, Any]) -> Any:
    """A new row; what the model's own constructor does not take is set after it."""
    if not dataclasses.is_dataclass(model):
        return model(**values)
    taken = {field.name for field in dataclasses.fields(model) if field.init}
    row = model(**{name: value for name, value in values.items() if name in taken})
    for name in values.keys() - taken:
        setattr(row, name, values[name])
    return row


def _set_null(row: Any, name: str) -> None:
    """The NULL of SQL in a JSON column, where None would be the null of JSON; a Mutable takes nothing but None."""
    try:
        setattr(row, name, sa.null())
    except ValueError:
        setattr(row, name, None)


def _alike(one: Any, other: Any) -> bool:
    bare = [re.sub(r"\{[^}]*\}", "{}", route.path) for route in (one, other)]
    return bare[0] == bare[1] and bool(set(one.methods) & set(other.methods))
