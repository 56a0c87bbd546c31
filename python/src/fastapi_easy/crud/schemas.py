# SPDX-License-Identifier: MIT
"""The schemas of a model: UserRead, UserCreate, UserUpdate, UserReplace, made from its attributes."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from typing import Annotated, Any, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, create_model
from pydantic_core import PydanticSerializationError

from fastapi_easy.crud.fields import LATER, NOTHING, Attribute

Spec: TypeAlias = tuple[Any, dict[str, Any]]  # an annotation, and what goes into Field()


class Taken(BaseModel):
    """What clients send: a name that is not known is an error, not a silence."""

    model_config = ConfigDict(extra="forbid", protected_namespaces=(), populate_by_name=False)


class Given(BaseModel):
    """What clients get."""

    model_config = ConfigDict(protected_namespaces=(), from_attributes=True)


def read_schema(name: str, module: str, attributes: Iterable[Attribute], related: Mapping[str, Any]) -> type[BaseModel]:
    """The answer: every attribute, and the relations that a client asked for."""
    fields = {a.name: (_or_null(a.shape.given, a.nullable), _described(a)) for a in attributes}
    fields |= {name: (annotation, _may_be_missing()) for name, annotation in related.items()}
    return _schema(name, module, Given, fields)


def create_schema(name: str, module: str, attributes: Iterable[Attribute]) -> type[BaseModel]:
    """What makes a new row: what has a default may be left out."""
    return _schema(name, module, Taken, {a.name: (_taken(a), _with_default(a)) for a in attributes})


def replace_schema(name: str, module: str, attributes: Iterable[Attribute]) -> type[BaseModel]:
    """What replaces a row: as for a new one, without the key, which is in the path."""
    return create_schema(name, module, [a for a in attributes if not a.key])


def update_schema(name: str, module: str, attributes: Iterable[Attribute]) -> type[BaseModel]:
    """What changes a row: what is left out stays as it is."""
    fields = {a.name: (_taken(a), _may_be_missing(a.text)) for a in attributes if not a.key}
    return _schema(name, module, Taken, fields)


def keyed_schema(name: str, module: str, key: Iterable[Attribute], rest: type[BaseModel] | None) -> type[BaseModel]:
    """An item of a bulk request: the key, and what else it holds."""
    fields = {a.name: (a.shape.taken, {"description": a.text}) for a in key}
    return _schema(name, module, rest or Taken, fields)


def values_of(data: BaseModel) -> dict[str, Any]:
    """What a client really sent, by the names of the model's attributes."""
    fields = type(data).model_fields
    return {fields[name].alias or name: getattr(data, name) for name in data.model_fields_set}


def filled(schema: type[BaseModel], values: dict[str, Any]) -> BaseModel:
    """An object of a generated schema over values that come from the database, and are not checked once more."""
    made = schema.__new__(schema)
    for name, value in (
        ("__dict__", values),
        ("__pydantic_fields_set__", set(values)),
        ("__pydantic_extra__", None),
        ("__pydantic_private__", None),
    ):
        object.__setattr__(made, name, value)
    return made


def filler(schema: type[BaseModel], attributes: Iterable[Attribute]) -> Callable[[Any], dict[str, Any]]:
    """A function from an object of the model to the values of its schema."""
    names = {field.alias or name: name for name, field in schema.model_fields.items()}
    attributes = tuple(attributes)
    all_names = [(names[a.name], a.name) for a in attributes]
    shown = [(names[a.name], a.shape.show) for a in attributes if a.shape.show is not None]

    def fill(row: Any) -> dict[str, Any]:
        values = {name: getattr(row, source) for name, source in all_names}
        for name, show in shown:
            if values[name] is not None:
                values[name] = show(values[name])
        return values

    return fill


def safe_name(name: str) -> str:
    """A name that pydantic takes for a field: it may not start with an underscore or hide what a schema works with."""
    hides = name.startswith("model_") and hasattr(BaseModel, name)
    return f"field_{name}" if name.startswith("_") or hides else name


def _schema(name: str, module: str, base: type[BaseModel], fields: Mapping[str, Spec]) -> type[BaseModel]:
    made: dict[str, Any] = {}
    for field, (annotation, settings) in fields.items():
        if safe_name(field) != field:
            settings = settings | {"alias": field}
        made[safe_name(field)] = (annotation, Field(**settings))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Field name .* shadows an attribute in parent")  # such as json, copy
        return create_model(name, __base__=base, __module__=module, **made)


def _or_null(annotation: Any, nullable: bool) -> Any:
    return annotation | None if nullable and annotation is not Any else annotation


def _taken(attribute: Attribute) -> Any:
    annotation = attribute.shape.taken
    for part in attribute.metadata:
        annotation = Annotated[annotation, part]
    if attribute.key and attribute.shape.text:
        annotation = Annotated[annotation, AfterValidator(in_a_path)]
    return _or_null(annotation, attribute.nullable)


def in_a_path(value: str) -> str:
    """A key is a part of the row's address."""
    if not value or "/" in value or value in (".", ".."):
        raise ValueError("is a part of a path: it must not be empty, '.' or '..', nor hold '/'")
    return value


def _described(attribute: Attribute) -> dict[str, Any]:
    return {"description": attribute.text}


def _may_be_missing(text: str | None = None) -> dict[str, Any]:
    """Not required, and without a default that would be shown: null is not what a missing one means."""
    return {"default_factory": lambda: None, "description": text}


def _with_default(attribute: Attribute) -> dict[str, Any]:
    default = attribute.default
    if default is NOTHING:
        return _described(attribute)
    if default is LATER or not _is_json(default):
        return _may_be_missing(attribute.text)
    return {"default": default, "description": attribute.text}


def _is_json(value: Any) -> bool:
    if not isinstance(value, (str, int, float, bool, Enum, dict, list, type(None))):
        return False
    try:
        TypeAdapter(Any).dump_json(value)
    except PydanticSerializationError:
        return False
    return True
