# SPDX-License-Identifier: MIT
"""What a model has, attribute by attribute: which are its key, which a client may set, and what stands for a missing one."""

from __future__ import annotations

import dataclasses
import typing
import warnings
from collections.abc import Collection
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import sqlalchemy as sa
from pydantic import PydanticSchemaGenerationError, TypeAdapter
from sqlalchemy.exc import NoInspectionAvailable
from sqlalchemy.orm import ColumnProperty, Mapped, Mapper

from fastapi_easy.crud.shapes import Shape, shape_of
from fastapi_easy.errors import FastAPIEasyError

SECRETS = ("password", "passwd", "secret", "api_key", "private_key", "token_hash", "credential")


class ModelError(FastAPIEasyError, ValueError):
    """A class that CRUDRouter cannot serve, or an option that names what the model has not."""


class SecretWarning(UserWarning):
    """A column that looks like a secret is in the answers."""


class _Missing(Enum):
    """What stands for an attribute that a client does not send."""

    NOTHING = "it must be sent"
    LATER = "the database or a function makes it"


NOTHING, LATER = _Missing.NOTHING, _Missing.LATER


@dataclass(frozen=True)
class Attribute:
    """One column attribute of a model."""

    name: str
    column: sa.ColumnElement[Any]
    shape: Shape
    nullable: bool
    key: bool  # a part of the primary key
    made: bool  # the database or the mapper makes it; no client sets it
    default: Any  # NOTHING, LATER or a value
    text: str | None = None  # for people
    private: bool = False  # info={"private": True}: in no answer of any router
    metadata: tuple[Any, ...] = field(default=(), compare=False)  # constraints that a SQLModel declares


def mapper_of(model: type) -> Mapper[Any]:
    """The mapper of a model class; ModelError for anything else."""
    name = getattr(model, "__name__", repr(model))
    try:
        found: Any = sa.inspect(model)
    except NoInspectionAvailable as no:
        raise ModelError(
            f"{name} is no model: CRUDRouter takes a class of SQLAlchemy or of SQLModel with a table"
        ) from no
    if not isinstance(found, Mapper):
        raise ModelError(f"{name} is no model class: give the class itself, not an object of it")
    return found


def attributes_of(model: type) -> dict[str, Attribute]:
    """All column attributes of the model, in the order of its table; the key first where the model has it first."""
    mapper = mapper_of(model)
    hints = _hints(model)
    found: dict[Any, Attribute] = {p.key: _attribute(mapper, p, hints.get(p.key)) for p in mapper.column_attrs}
    for attribute in found.values():
        if attribute.key and isinstance(attribute.column.type, sa.LargeBinary):
            raise ModelError(f"{model.__name__}.{attribute.name}: a key that is bytes cannot be a part of a path")
    order: dict[Any, int] = {column: i for i, column in enumerate(mapper.columns)}
    return dict(sorted(found.items(), key=lambda item: order.get(item[1].column, len(order))))


def key_of(model: type, attributes: dict[str, Attribute]) -> tuple[Attribute, ...]:
    """The attributes of the primary key, in its order."""
    mapper = mapper_of(model)
    return tuple(attributes[mapper.get_property_by_column(column).key] for column in mapper.primary_key)


def _attribute(mapper: Mapper[Any], prop: ColumnProperty[Any], hint: Any) -> Attribute:
    column = prop.columns[0]
    info = _sqlmodel_field(mapper.class_, prop.key)
    text = (
        (info.description if info is not None else None)
        or getattr(column, "doc", None)
        or getattr(column, "comment", None)
    )
    shape = shape_of(column.type, hint)
    if not isinstance(column, sa.Column):
        return Attribute(prop.key, column, shape, nullable=True, key=False, made=True, default=LATER, text=text)
    key = any(c in mapper.primary_key for c in prop.columns)
    default = _first_default(mapper.class_, prop, info)
    return Attribute(
        prop.key,
        column,
        shape,
        nullable=bool(column.nullable) and not key,
        key=key,
        made=_made(mapper, column, key, default),
        default=default,
        text=text,
        private=bool(column.info.get("private")),
        metadata=_constraints(info),
    )


def _first_default(model: type, prop: ColumnProperty[Any], info: Any) -> Any:
    """Of all columns that are one attribute: with joined tables, a child's key is made with its parent's."""
    declared = {f.name: f for f in dataclasses.fields(model)} if dataclasses.is_dataclass(model) else {}
    own = declared.get(prop.key)
    if own is not None and own.default_factory is not dataclasses.MISSING:
        return LATER
    if own is not None and own.init and isinstance(own.default, (str, int, float, bool, Enum)):
        return own.default
    found = [_default(column, info) for column in prop.columns if isinstance(column, sa.Column)]
    return next((default for default in found if default is not NOTHING), NOTHING)


def _made(mapper: Mapper[Any], column: sa.Column[Any], key: bool, default: Any) -> bool:
    always = isinstance(column.identity, sa.Identity) and column.identity.always
    by_mapper = column is mapper.polymorphic_on or column is mapper.version_id_col
    return bool(column.computed is not None or always or by_mapper or (key and default is not NOTHING))


def _default(column: sa.Column[Any], info: Any) -> Any:
    """What stands for the attribute when it is not sent."""
    if info is not None and not info.is_required() and info.default_factory is None and info.default is not None:
        return info.default
    if column.default is not None and column.default.is_scalar:
        return getattr(column.default, "arg", LATER)
    made_later = (column.default, column.server_default, column.identity, column.computed)
    if any(m is not None for m in made_later) or column is column.table._autoincrement_column:
        return LATER
    if info is not None and info.default_factory is not None:
        return LATER
    return None if column.nullable else NOTHING


def _constraints(info: Any) -> tuple[Any, ...]:
    """What a SQLModel demands of the values; what it says of the column is in the column."""
    return tuple(m for m in getattr(info, "metadata", ()) if not type(m).__module__.startswith("sqlmodel"))


def _sqlmodel_field(model: type, name: str) -> Any:
    """The field of a SQLModel; None for a model of SQLAlchemy."""
    fields = getattr(model, "model_fields", None)
    return fields.get(name) if isinstance(fields, dict) else None


def _hints(model: type) -> dict[str, Any]:
    """The model's own annotations of its JSON columns, where pydantic understands them."""
    try:
        declared = typing.get_type_hints(model)
    except Exception:  # a name that only a type checker sees
        return {}
    return {name: hint for name, hint in ((n, _bare(h)) for n, h in declared.items()) if _understood(hint)}


def _bare(hint: Any) -> Any:
    """Mapped[X | None] -> X: whether it may be missing is said by the column."""
    if typing.get_origin(hint) is Mapped:
        hint = typing.get_args(hint)[0]
    rest = [part for part in typing.get_args(hint) if part is not type(None)]
    if type(None) in typing.get_args(hint) and len(rest) == 1:
        return rest[0]
    return hint


def _understood(hint: Any) -> bool:
    try:
        TypeAdapter(hint).json_schema()
    except (PydanticSchemaGenerationError, TypeError, ValueError, NameError, RuntimeError):
        return False
    except Exception:  # pydantic's own errors of schemas share no ancestor
        return False
    return True


def check_names(model: type, option: str, names: Collection[str], known: Collection[str]) -> None:
    """Refuses a name in an option that nothing has: a typing error must not switch a protection off."""
    if isinstance(names, str):
        raise ModelError(f"CRUDRouter({model.__name__}, {option}={names!r}): give a list of names")
    for name in names:
        if name not in known:
            raise ModelError(
                f"CRUDRouter({model.__name__}, {option}=...): there is no {name!r}; there are: {', '.join(known)}"
            )


def warn_of_secrets(model: type, shown: Collection[str], of: str = "'") -> None:
    """Says loudly which columns leave in every answer although their names say that they should not."""
    for name in shown:
        if any(secret in name.lower() for secret in SECRETS):
            warnings.warn(
                f"{model.__name__}.{name} is in the answers: give CRUDRouter exclude=[{of}{name}'], or declare "
                "the column with info={'private': True}",
                SecretWarning,
                stacklevel=2,
            )
