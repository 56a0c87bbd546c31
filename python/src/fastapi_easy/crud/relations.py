# SPDX-License-Identifier: MIT
"""Relations that a client may ask for with `include=`: what of them is shown, and how they are loaded."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel
from sqlalchemy.orm import RelationshipProperty, selectinload

from fastapi_easy.crud.fields import ModelError, attributes_of, check_names, mapper_of, warn_of_secrets
from fastapi_easy.crud.schemas import filled, filler, read_schema
from fastapi_easy.crud.shapes import list_of


@dataclass(frozen=True)
class Relation:
    """One relation of a model."""

    name: str
    attribute: Any  # of the class, for the loader
    many: bool
    schema: type[BaseModel]
    show: Callable[[Any], BaseModel]

    @property
    def annotation(self) -> Any:
        return list_of(self.schema) if self.many else self.schema | None

    def value(self, row: Any) -> Any:
        found = getattr(row, self.name)
        if self.many:
            return [self.show(item) for item in found]
        return None if found is None else self.show(found)

    def loader(self) -> Any:
        return selectinload(self.attribute)


def relations_of(
    model: type, wanted: Collection[str] | Mapping[str, type[BaseModel]], hidden: Collection[str], name: str
) -> dict[str, Relation]:
    """`hidden` are the names that stay out, as `relation.column`; `name` is what the schemas' names begin with."""
    if not wanted:
        return {}  # and so the models that it refers to need not be there yet
    known = mapper_of(model).relationships
    check_names(model, "include", wanted, list(known.keys()))
    given = wanted if isinstance(wanted, Mapping) else {}
    return {one: _relation(model, known[one], given.get(one), hidden, name) for one in wanted}


def _relation(
    model: type, prop: RelationshipProperty[Any], schema: type[BaseModel] | None, hidden: Collection[str], name: str
) -> Relation:
    if prop.lazy in ("dynamic", "write_only"):
        raise ModelError(f"{model.__name__}.{prop.key} is {prop.lazy}: it cannot be loaded for include=")
    target = prop.mapper.class_
    many = bool(prop.uselist)
    if schema is not None:
        return Relation(
            prop.key,
            getattr(model, prop.key),
            many,
            schema,
            lambda row: schema.model_validate(row, from_attributes=True),
        )
    out = {h.split(".", 1)[1] for h in hidden if h.startswith(f"{prop.key}.")}
    attributes = attributes_of(target)
    check_names(target, f"exclude of {prop.key}", out, attributes)
    shown = [a for a in attributes.values() if a.name not in out and not a.private]
    warn_of_secrets(target, [a.name for a in shown], f"'{prop.key}.")
    made = read_schema(f"{name}{target.__name__}", model.__module__, shown, {})
    fill = filler(made, shown)
    return Relation(prop.key, getattr(model, prop.key), many, made, lambda row: filled(made, fill(row)))
