# SPDX-License-Identifier: MIT
"""What a CRUDRouter serves: a model, seen through the router's options. Made once, and only read afterwards."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeAlias

import sqlalchemy as sa
from pydantic import AfterValidator, BaseModel, Field, TypeAdapter, create_model

from fastapi_easy.crud import schemas
from fastapi_easy.crud.fields import (
    LATER,
    NOTHING,
    Attribute,
    ModelError,
    attributes_of,
    check_names,
    key_of,
    mapper_of,
    warn_of_secrets,
)
from fastapi_easy.crud.filters import Filter, filters_of
from fastapi_easy.crud.pages import CursorPage, OffsetPage, Order
from fastapi_easy.crud.queries import Query
from fastapi_easy.crud.relations import relations_of
from fastapi_easy.crud.shapes import BIGGEST, list_of, no_nul, one_of

Names: TypeAlias = Collection[str]
Choice: TypeAlias = Collection[str] | Literal["*"]
Pagination: TypeAlias = Literal["offset", "cursor"]
RESERVED = ("limit", "offset", "cursor", "sort", "q", "include")


@dataclass(frozen=True)
class Options:
    """The options of a CRUDRouter that say what is served, as its user gave them."""

    read_schema: type[BaseModel] | None
    create_schema: type[BaseModel] | None
    update_schema: type[BaseModel] | None
    exclude: Names
    read_only: Names
    write_only: Names
    filters: Choice
    search: Names
    sort: Choice
    default_sort: str | None
    include: Names | Mapping[str, type[BaseModel]]
    limit: int
    max_limit: int
    max_bulk: int
    pagination: Pagination


class Resource:
    """A model with its schemas, and with what may be asked about it."""

    def __init__(self, model: type, options: Options) -> None:
        self.model, self.options = model, options
        self.table = mapper_of(model).local_table
        self.name = model.__name__
        self.path_name = re.sub(r"[^\w.-]+", "-", str(getattr(self.table, "name", self.name)))
        everything = attributes_of(model)
        self._check(everything)
        self.attributes = {name: a for name, a in everything.items() if name not in options.exclude}
        self.key = key_of(model, everything)
        self.shown = [a for a in self.attributes.values() if not (a.private or a.name in options.write_only)]
        self.taken = [a for a in self.attributes.values() if not (a.made or a.name in options.read_only)]
        self.relations = relations_of(model, options.include, [n for n in options.exclude if "." in n], self.name)
        self._schemas()
        self._queries()

    def _check(self, known: Mapping[str, Attribute]) -> None:
        options = self.options
        plain = options.exclude if isinstance(options.exclude, str) else [n for n in options.exclude if "." not in n]
        for option, names in (
            ("exclude", plain),
            ("read_only", options.read_only),
            ("write_only", options.write_only),
            ("search", options.search),
        ):
            check_names(self.model, option, names, known)
        for name in options.exclude:
            if "." in name:
                check_names(self.model, "exclude", [name.split(".", 1)[0]], list(options.include))
        for option, choice in (("filters", options.filters), ("sort", options.sort)):
            if choice != "*":
                check_names(self.model, option, choice, known)
        if not 1 <= options.limit <= options.max_limit:
            raise ModelError(
                f"CRUDRouter({self.name}): limit={options.limit} is not between 1 and max_limit={options.max_limit}"
            )
        if options.pagination not in ("offset", "cursor"):
            raise ModelError(f"CRUDRouter({self.name}): pagination is 'offset' or 'cursor', not {options.pagination!r}")

    # --- schemas ---

    def _schemas(self) -> None:
        name, module, options = self.name, self.model.__module__, self.options
        related = {relation.name: relation.annotation for relation in self.relations.values()}
        self.read = options.read_schema or schemas.read_schema(f"{name}Read", module, self.shown, related)
        self.create = options.create_schema or schemas.create_schema(f"{name}Create", module, self.taken)
        self.update = options.update_schema or schemas.update_schema(f"{name}Update", module, self.taken)
        self.replace = schemas.replace_schema(f"{name}Replace", module, self.taken)
        self.keyed = schemas.keyed_schema(f"{name}Key", module, self.key, None)
        self.keyed_update = schemas.keyed_schema(f"{name}BulkUpdate", module, self.key, self.update)
        page: Any = OffsetPage if options.pagination == "offset" else CursorPage
        read: Any = self.read
        self.page = create_model(f"{name}Page", __base__=page[read], __module__=module)
        self.items = create_model(f"{name}Items", __module__=module, items=(list_of(read), ...))
        self._dump = {made: TypeAdapter(made) for made in (self.read, self.page, self.items)}
        if options.read_schema is None:
            warn_of_secrets(self.model, [a.name for a in self.shown])
            self._fill: Callable[[Any], dict[str, Any]] | None = schemas.filler(self.read, self.shown)
        else:
            self._fill = None

    def show(self, row: Any, include: Sequence[str] = ()) -> BaseModel:
        """The answer for a row, with the relations that were asked for."""
        if self._fill is None:
            return self.read.model_validate(row, from_attributes=True)
        values = self._fill(row)
        for name in include:
            values[schemas.safe_name(name)] = self.relations[name].value(row)
        return schemas.filled(self.read, values)

    def dump(self, answer: BaseModel) -> bytes:
        """As JSON. What was not asked for is not there."""
        return self._dump[type(answer)].dump_json(
            answer, by_alias=True, exclude_unset=self._fill is not None, warnings=False
        )

    # --- what may be asked ---

    def _queries(self) -> None:
        options = self.options
        visible = {a.name: a for a in self.shown}
        chosen = (
            visible
            if options.filters == "*"
            else {n: visible[n] for n in self._visible("filters", options.filters, visible)}
        )
        self.filters: dict[str, Filter] = filters_of(chosen.values(), RESERVED)
        self.search = [getattr(self.model, name) for name in self._searched(visible)]
        self.sortable = (
            {n: a for n, a in visible.items() if a.shape.ordered}
            if options.sort == "*"
            else {n: visible[n] for n in self._visible("sort", options.sort, visible)}
        )
        self.default_order = self.order([options.default_sort] if options.default_sort else [])
        self.list_query, self.read_query = self._list_query(), self._read_query()

    def _visible(self, option: str, names: Names, visible: Mapping[str, Attribute]) -> Names:
        """What no answer shows cannot be filtered or sorted by either: that would tell it letter by letter."""
        for name in names:
            if name not in visible:
                raise ModelError(
                    f"CRUDRouter({self.name}, {option}=...): {name!r} is in no answer, so nothing may be asked about it"
                )
            if option == "sort" and not visible[name].shape.ordered:
                raise ModelError(f"CRUDRouter({self.name}, sort=...): {name!r} has no order")
        return names

    def _searched(self, visible: Mapping[str, Attribute]) -> Names:
        for name in self._visible("search", self.options.search, visible):
            if not visible[name].shape.text:
                raise ModelError(f"CRUDRouter({self.name}, search=...): {name!r} is no text")
        return self.options.search

    def order(self, names: Sequence[str]) -> Order:
        """The order by these attributes, each with a '-' before it to go down."""
        check_names(self.model, "default_sort", [name.lstrip("-") for name in names], self.attributes)
        return Order(self.model, names, self.key, self.attributes)

    def _list_query(self) -> Query:
        fields: dict[str, tuple[Any, dict[str, Any]]] = {
            "limit": (Annotated[int, Field(ge=1, le=self.options.max_limit)], {"default": self.options.limit}),
        }
        if self.options.pagination == "offset":
            fields["offset"] = (Annotated[int, Field(ge=0, le=BIGGEST)], {"default": 0})
        else:
            fields["cursor"] = (Annotated[str, Field(max_length=4096)], {"description": "`next` of the page before"})
        if self.sortable:
            ways = one_of(way + name for name in self.sortable for way in ("", "-"))
            fields["sort"] = (
                Annotated[list_of(ways), Field(max_length=len(self.sortable))],
                {"description": "names, with a - before those that go down"},
            )
        if self.search:
            text = "a text that " + " or ".join(self.options.search) + " holds"
            fields["q"] = (
                Annotated[str, Field(min_length=1, max_length=200), AfterValidator(no_nul)],
                {"description": text},
            )
        fields |= self._include_field()
        fields |= {f.name: (f.annotation, {}) for f in self.filters.values()}
        return Query(fields, [f.name for f in self.filters.values() if f.many], ("sort", "include"))

    def _read_query(self) -> Query:
        return Query(self._include_field(), (), ("include",))

    def _include_field(self) -> dict[str, tuple[Any, dict[str, Any]]]:
        if not self.relations:
            return {}
        names: Any = Annotated[list_of(one_of(self.relations)), Field(max_length=len(self.relations))]
        return {"include": (names, {"description": "relations to read along"})}

    def where_key(self, key: Sequence[Any]) -> list[sa.ColumnElement[bool]]:
        """The condition that tells one row."""
        return [getattr(self.model, a.name) == value for a, value in zip(self.key, key, strict=True)]

    def key_values(self, row: Any) -> tuple[Any, ...]:
        """The key of a row."""
        return tuple(getattr(row, a.name) for a in self.key)

    def key_in(self, item: BaseModel) -> tuple[Any, ...]:
        """The key that an item of a bulk request names."""
        return tuple(getattr(item, schemas.safe_name(a.name)) for a in self.key)

    def without_key(self, item: BaseModel) -> BaseModel:
        """The rest of such an item."""
        key = {schemas.safe_name(a.name) for a in self.key}
        return schemas.filled(self.update, {n: getattr(item, n) for n in item.model_fields_set - key})

    # --- values ---

    def defaults(self) -> dict[str, Any]:
        """What a replaced row gets where its client says nothing: the defaults that are values."""
        return {a.name: copy.deepcopy(a.default) for a in self.taken if not a.key and a.default not in (LATER, NOTHING)}

    def json_null(self, name: str) -> bool:
        """Whether None would be the null of JSON here, where the NULL of SQL is meant."""
        attribute = self.attributes.get(name)
        return attribute is not None and attribute.shape.json and attribute.nullable
