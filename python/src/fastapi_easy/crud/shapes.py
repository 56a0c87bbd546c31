# SPDX-License-Identifier: MIT
"""How a column's type looks in an API: what a client may send, what it gets, and what it may ask about it."""

from __future__ import annotations

import base64
import binascii
import datetime
import decimal
import enum
import json
import re
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import sqlalchemy as sa
from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema
from pydantic_core import to_jsonable_python

BIGGEST = 2**63 - 1  # what the widest integer column of any engine holds
DEEPEST = 100  # levels of a JSON value; pydantic writes no more than some 250
SAME = ("eq", "ne", "in", "not_in")
ORDER = ("gt", "gte", "lt", "lte")
TEXT = ("contains", "icontains", "startswith", "endswith")


@dataclass(frozen=True)
class Shape:
    """The sides of one type. `asked` is `taken` as it comes in a path or a query, where all is text."""

    taken: Any
    asked: Any
    given: Any
    operators: tuple[str, ...] = ()
    show: Callable[[Any], Any] | None = None  # what is stored -> what is given, where they differ
    json: bool = False  # None is a value of its own here, the JSON null

    @property
    def ordered(self) -> bool:
        """Whether a list may be sorted by it."""
        return bool(self.operators)

    @property
    def text(self) -> bool:
        return "contains" in self.operators


# --- checks of what comes in ------------------------------------------------------------------------------------------


def no_nul(value: str) -> str:
    """PostgreSQL stores no NUL; what one engine refuses none takes."""
    if "\x00" in value:
        raise ValueError("must not hold the character NUL")
    return value


def a_number(value: Any) -> Any:
    """In JSON a number is a number; true, "5" and [5] are not."""
    if isinstance(value, (bool, str, bytes)):
        raise ValueError("must be a number")
    return value


def a_text(value: Any) -> Any:
    """A point in time is a text; a number would be taken for seconds since 1970."""
    if isinstance(value, (bool, int, float, bytes)) or (
        isinstance(value, str) and re.fullmatch(r"\s*[-+]?[\d._]+\s*", value)
    ):
        raise ValueError("must be a text in the form of ISO 8601")
    return value


def in_utc(value: datetime.datetime) -> datetime.datetime:
    """One zone for all engines, for not all of them keep it; a time without a zone is in UTC."""
    try:
        return value.astimezone(datetime.timezone.utc) if value.tzinfo else value.replace(tzinfo=datetime.timezone.utc)
    except OverflowError as far:
        raise ValueError("is outside of the years 1 to 9999 in UTC") from far


def in_utc_without_zone(value: datetime.datetime) -> datetime.datetime:
    return in_utc(value).replace(tzinfo=None)


def without_zone(value: datetime.time) -> datetime.time:
    if value.tzinfo is not None:
        raise ValueError("must be a time without a zone, such as 13:45:00")
    return value


def from_base64(value: Any) -> Any:
    if not isinstance(value, str):
        raise ValueError("must be a text in base64")
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError) as wrong:
        raise ValueError("must be a text in base64") from wrong


def storable(value: Any) -> Any:
    """JSON that every engine can store and give back: no NUL, no lone surrogates, no NaN or infinity."""
    if isinstance(value, int) and not -BIGGEST - 1 <= value <= BIGGEST:
        raise ValueError("is a number that is too large")  # SQLite would round one that is the whole value
    rest = [(value, 1)]
    while rest:
        part, level = rest.pop()
        if isinstance(part, str):
            no_nul(part)
        if not isinstance(part, (dict, list, tuple)):
            continue
        if level > DEEPEST:
            raise ValueError(f"has more than {DEEPEST} levels")
        rest.extend((inner, level + 1) for inner in part)
        if isinstance(part, dict):
            rest.extend((inner, level + 1) for inner in part.values())
    try:
        json.dumps(value, allow_nan=False, ensure_ascii=False, default=to_jsonable_python).encode()
    except ValueError as wrong:
        raise ValueError("holds what JSON cannot: NaN, infinity, or half a character") from wrong
    return value


# --- what is given back ----------------------------------------------------------------------------------------------


def shown_json(value: Any) -> Any:
    """A type that nothing is known about."""
    return to_jsonable_python(value, serialize_unknown=True, bytes_mode="base64")


def shown_bytes(value: Any) -> Any:
    return base64.b64encode(value).decode() if isinstance(value, (bytes, bytearray, memoryview)) else value


def shown_in_utc(value: Any) -> Any:
    """SQLite and MySQL give a time back without the zone it was stored in, which is UTC."""
    if isinstance(value, datetime.datetime) and value.tzinfo is None:
        return value.replace(tzinfo=datetime.timezone.utc)
    return value


# --- the types -------------------------------------------------------------------------------------------------------


def shape_of(column_type: sa.types.TypeEngine[Any], hint: Any = None) -> Shape:
    """The shape of a type. `hint` is the model's own annotation; for JSON it says more than the column does."""
    if isinstance(column_type, sa.types.TypeDecorator) and not isinstance(column_type, sa.Interval):
        return _decorated(column_type, hint)
    for kind, make in MAKERS:
        if isinstance(column_type, kind):
            return make(column_type, hint)
    return _by_python_type(column_type, hint)


def _decorated(column_type: sa.types.TypeDecorator[Any], hint: Any) -> Shape:
    """It takes what the type below it takes; what it gives is its own affair."""
    below = shape_of(column_type.impl_instance, hint)
    operators = tuple(o for o in below.operators if o in (*SAME, *ORDER))
    return Shape(below.taken, below.asked, Any, operators, shown_json, below.json)


def _by_python_type(column_type: sa.types.TypeEngine[Any], hint: Any) -> Shape:
    """A type of one engine alone, which may say what its values are in Python."""
    try:
        made = BY_PYTHON_TYPE.get(column_type.python_type)
    except NotImplementedError:
        made = None
    if made is not None:
        return made(column_type, hint)
    scalar = Annotated[str, AfterValidator(no_nul)] | int | float | bool
    return Shape(scalar, scalar, Any, (), shown_json)


def _text(column_type: Any, _hint: Any) -> Shape:
    length = getattr(column_type, "length", None)
    limit = [] if length is None else [Field(max_length=length)]
    taken = _annotated(str, *limit, AfterValidator(no_nul))
    return Shape(taken, Annotated[str, AfterValidator(no_nul)], str, (*SAME, *ORDER, *TEXT))


def _integer(_type: Any, _hint: Any) -> Shape:
    number = Annotated[int, Field(ge=-BIGGEST - 1, le=BIGGEST)]
    return Shape(Annotated[number, BeforeValidator(a_number)], number, int, (*SAME, *ORDER))


def _numeric(column_type: sa.Numeric[Any], _hint: Any) -> Shape:
    if not column_type.asdecimal:
        return _float()
    digits = Field(max_digits=column_type.precision or 100, decimal_places=column_type.scale, allow_inf_nan=False)
    taken = Annotated[decimal.Decimal, digits]
    asked = Annotated[decimal.Decimal, Field(max_digits=100, allow_inf_nan=False)]
    return Shape(taken, asked, decimal.Decimal, (*SAME, *ORDER))


def _float(*_: Any) -> Shape:
    number = Annotated[float, Field(allow_inf_nan=False)]
    return Shape(Annotated[number, BeforeValidator(a_number)], number, float, (*SAME, *ORDER))


def _boolean(_type: Any, _hint: Any) -> Shape:
    return Shape(Annotated[bool, Field(strict=True)], bool, bool, SAME)


def _datetime(column_type: sa.DateTime, _hint: Any) -> Shape:
    fit = in_utc if column_type.timezone else in_utc_without_zone
    moment = Annotated[datetime.datetime, BeforeValidator(a_text), AfterValidator(fit)]
    return Shape(moment, moment, datetime.datetime, (*SAME, *ORDER), shown_in_utc if column_type.timezone else None)


def _date(_type: Any, _hint: Any) -> Shape:
    day = Annotated[datetime.date, BeforeValidator(a_text)]
    return Shape(day, day, datetime.date, (*SAME, *ORDER))


def _time(column_type: sa.Time, _hint: Any) -> Shape:
    form = WithJsonSchema({"type": "string", "pattern": r"^\d\d:\d\d(:\d\d(\.\d{1,6})?)?$"})
    check = [] if column_type.timezone else [AfterValidator(without_zone), form]
    time = _annotated(datetime.time, BeforeValidator(a_text), *check)
    return Shape(time, time, datetime.time if column_type.timezone else Annotated[datetime.time, form], (*SAME, *ORDER))


def _interval(_type: Any, _hint: Any) -> Shape:
    length = Annotated[datetime.timedelta, BeforeValidator(a_text)]
    return Shape(length, length, datetime.timedelta, (*SAME, *ORDER))


def _uuid(column_type: sa.Uuid[Any], _hint: Any) -> Shape:
    if column_type.as_uuid:
        return Shape(uuid.UUID, uuid.UUID, uuid.UUID, SAME)
    text = Annotated[str, AfterValidator(lambda value: str(uuid.UUID(value)))]
    return Shape(text, text, str, SAME)


def _enum(column_type: sa.Enum, _hint: Any) -> Shape:
    values: Any = column_type.enum_class
    if values is None:
        values = one_of(column_type.enums)
    elif not all(isinstance(member.value, (str, int)) for member in values):
        return _enum_by_name(values)
    return Shape(values, values, values, SAME)


def _enum_by_name(members: type[enum.Enum]) -> Shape:
    """The values are no JSON: the names stand for them."""
    names: Any = one_of(members.__members__)
    taken = Annotated[names, AfterValidator(members.__getitem__)]
    return Shape(taken, taken, names, SAME, lambda value: value.name if isinstance(value, enum.Enum) else value)


def _binary(_type: Any, _hint: Any) -> Shape:
    form = WithJsonSchema({"type": "string", "format": "byte", "contentEncoding": "base64"})
    taken = Annotated[bytes, BeforeValidator(from_base64), form]
    return Shape(taken, taken, Annotated[str, form], (), shown_bytes)


def _json(_type: Any, hint: Any) -> Shape:
    inner = Any if hint is None else hint
    return Shape(Annotated[inner, AfterValidator(storable)], Any, inner, json=True)


def _array(column_type: sa.ARRAY[Any], _hint: Any) -> Shape:
    item = shape_of(column_type.item_type)
    taken, given = item.taken, item.given
    for _ in range(column_type.dimensions or 1):
        taken, given = list_of(taken), list_of(given)
    return Shape(taken, taken, given, (), shown_json, json=True)  # SQLite has none: a variant in JSON stands for it


def list_of(item: Any) -> Any:
    """list[item], of a type that is known at run time only."""
    return list.__class_getitem__(item)


def one_of(names: Iterable[str]) -> Any:
    """Literal of these names."""
    return Literal.__getitem__(tuple(names))


def _annotated(base: Any, *parts: Any) -> Any:
    for part in parts:
        base = Annotated[base, part]
    return base


# The order matters: an Enum is a String, a Float is a Numeric.
MAKERS: tuple[tuple[type, Callable[[Any, Any], Shape]], ...] = (
    (sa.Enum, _enum),
    (sa.Uuid, _uuid),
    (sa.JSON, _json),
    (sa.ARRAY, _array),
    (sa.String, _text),
    (sa.Boolean, _boolean),
    (sa.Integer, _integer),
    (sa.Float, _float),
    (sa.Numeric, _numeric),
    (sa.DateTime, _datetime),
    (sa.Date, _date),
    (sa.Time, _time),
    (sa.Interval, _interval),
    (sa.types._Binary, _binary),
)
BY_PYTHON_TYPE: dict[type, Callable[[Any, Any], Shape]] = {
    int: _integer,
    float: _float,
    datetime.timedelta: _interval,
    dict: _json,
    list: _json,
}
