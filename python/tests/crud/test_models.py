# SPDX-License-Identifier: MIT
"""Models of every make: what a generated schema may stumble over."""

from __future__ import annotations

import warnings
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.mutable import MutableDict
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    MappedAsDataclass,
    column_property,
    mapped_column,
    relationship,
    synonym,
)
from sqlmodel import SQLModel

from crud.sql_models import Player, Team
from fastapi_easy import CRUDRouter


class Base(DeclarativeBase):
    pass


class Lower(sa.TypeDecorator[str]):
    impl = sa.String(20)
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Any) -> Any:
        return None if value is None else value.lower()


class Odd(Base):
    """Names that pydantic, FastAPI, or the parameters of a list have as well."""

    __tablename__ = "odd things"

    id: Mapped[int] = mapped_column("the id", primary_key=True)
    _hidden: Mapped[int | None]
    model_config: Mapped[int | None]
    model_dump: Mapped[str | None]
    json: Mapped[str | None]
    limit: Mapped[int | None]
    sort: Mapped[str | None]
    request: Mapped[str | None]
    data: Mapped[dict[str, Any] | None] = mapped_column(MutableDict.as_mutable(sa.JSON))
    名前: Mapped[str | None] = mapped_column("名 前", sa.String(20))
    low: Mapped[str | None] = mapped_column(Lower)
    twice: Mapped[int | None]
    alias = synonym("twice")


Odd.four_times = column_property(Odd.twice * 2)


class Made(Base):
    """What the database or a function makes."""

    __tablename__ = "made"

    id: Mapped[int] = mapped_column(sa.Identity(always=True), primary_key=True)
    version: Mapped[int] = mapped_column()
    by_server: Mapped[int] = mapped_column(server_default="7")
    by_function: Mapped[int] = mapped_column(default=lambda: 8)
    by_value: Mapped[int] = mapped_column(default=9)
    changes: Mapped[int] = mapped_column(default=0, onupdate=lambda: 1)
    needed: Mapped[int]

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class Animal(Base):
    __tablename__ = "animals"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(10))
    name: Mapped[str]

    __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "animal"}  # noqa: RUF012


class Dog(Animal):
    __tablename__ = "dogs"

    id: Mapped[int] = mapped_column(sa.ForeignKey("animals.id"), primary_key=True)
    barks: Mapped[bool] = mapped_column(default=True)

    __mapper_args__ = {"polymorphic_identity": "dog"}  # noqa: RUF012


class Cat(Animal):
    purrs: Mapped[bool | None]

    __mapper_args__ = {"polymorphic_identity": "cat"}  # noqa: RUF012


class DataBase(MappedAsDataclass, DeclarativeBase):
    pass


class Point(DataBase):
    __tablename__ = "points"

    id: Mapped[int] = mapped_column(init=False, primary_key=True)
    x: Mapped[int]
    y: Mapped[int] = mapped_column(default=3)
    note: Mapped[str | None] = mapped_column(init=False, default=None)


class Arrays(Base):
    __tablename__ = "arrays"

    id: Mapped[int] = mapped_column(primary_key=True)
    numbers: Mapped[list[int] | None] = mapped_column(sa.ARRAY(sa.Integer).with_variant(sa.JSON, "sqlite"))


@pytest.fixture(autouse=True)
def only_loud_ones():
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*'alias' attribute")  # FastAPI 0.115 beside a newer pydantic
        yield


def test_names_that_others_have_too(make):
    api = make(Base.metadata, [CRUDRouter(Odd)])
    sent = {
        "_hidden": 1,
        "model_config": 2,
        "model_dump": "a",
        "json": "b",
        "limit": 3,
        "sort": "c",
        "request": "d",
        "名前": "漢",
    }
    made = api.post("/odd-things", sent)
    assert made.status_code == 201 and made.headers["location"] == "/odd-things/1", made.text
    assert made.json().items() >= sent.items()
    for query in (
        "_hidden=1",
        "model_dump=a",
        "json=b",
        "limit__eq=3",
        "sort__eq=c",
        "request=d",
        "名前=漢",
        "sort=-_hidden,sort",
    ):
        assert api.get(f"/odd-things?{query}").json()["total"] == 1, query
    assert (
        api.patch("/odd-things/1", {"model_dump": "z", "_hidden": None}).json().items()
        >= {"model_dump": "z", "_hidden": None}.items()
    )


def test_a_type_of_ones_own_a_watched_json_and_an_expression(make):
    api = make(Base.metadata, [CRUDRouter(Odd)])
    made = api.post("/odd-things", {"low": "ABC", "data": {"a": 1}, "twice": 4}).json()
    assert (made["low"], made["data"], made["four_times"]) == ("abc", {"a": 1}, 8)
    assert api.get("/odd-things?low=ABC").json()["total"] == 1
    assert api.patch("/odd-things/1", {"data": None}).json()["data"] is None
    assert api.post("/odd-things", {"four_times": 1}).status_code == 422
    assert api.post("/odd-things", {"alias": 1}).status_code == 422


def test_what_is_made_is_read_only_and_what_has_a_default_optional(make):
    api = make(Base.metadata, [CRUDRouter(Made)])
    schemas = api.get("/openapi.json").json()["components"]["schemas"]
    assert set(schemas["MadeCreate"]["properties"]) == {"by_server", "by_function", "by_value", "changes", "needed"}
    assert schemas["MadeCreate"]["required"] == ["needed"]
    assert schemas["MadeCreate"]["properties"]["by_value"]["default"] == 9
    assert "default" not in schemas["MadeCreate"]["properties"]["by_server"]
    made = api.post("/made", {"needed": 1}).json()
    assert made == {
        "id": 1, "version": 1, "by_server": 7, "by_function": 8, "by_value": 9, "changes": 0, "needed": 1}  # fmt: skip
    assert api.post("/made", {"needed": 1, "by_server": None}).status_code == 422
    changed = api.patch("/made/1", {"needed": 2}).json()
    assert (changed["version"], changed["changes"]) == (2, 1)
    assert api.patch("/made/1", {"version": 5}).status_code == 422


def test_joined_and_single_table_inheritance(make):
    api = make(Base.metadata, [CRUDRouter(Animal), CRUDRouter(Dog), CRUDRouter(Cat, prefix="/cats")])
    assert api.post("/dogs", {"name": "rex"}).json() == {"id": 1, "kind": "dog", "name": "rex", "barks": True}
    assert api.post("/cats", {"name": "tom", "purrs": True}).json()["kind"] == "cat"
    assert api.patch("/dogs/1", {"name": "max", "barks": False}).json()["name"] == "max"
    assert api.names("/animals") == ["max", "tom"]
    assert api.names("/cats") == ["tom"]
    assert api.get("/dogs/2").status_code == 404
    assert api.post("/animals", {"name": "x", "kind": "dog"}).status_code == 422
    assert api.delete("/dogs/1").status_code == 204
    assert api.names("/animals") == ["tom"]


def test_a_model_that_is_a_dataclass(make):
    api = make(DataBase.metadata, [CRUDRouter(Point)])
    assert api.post("/points", {"x": 1}).json() == {"id": 1, "x": 1, "y": 3, "note": None}
    assert api.post("/points", {"x": 1, "y": 2, "note": "n"}).json()["note"] == "n"
    assert api.post("/points", {"y": 1}).status_code == 422


def test_arrays(make):
    api = make(Base.metadata, [CRUDRouter(Arrays)])
    assert api.post("/arrays", {"numbers": [1, 2]}).json()["numbers"] == [1, 2]
    for bad in (["a"], 1, [None], [2**70]):
        assert api.post("/arrays", {"numbers": bad}).status_code == 422, bad
    assert api.post("/arrays", {"numbers": None}).json()["numbers"] is None
    assert api.get("/arrays?numbers__is_null=false").json()["total"] == 1


def test_sqlmodel_with_relations_and_json(make):
    api = make(SQLModel.metadata, [CRUDRouter(Team, include=["players"]), CRUDRouter(Player, include=["team"])])
    assert api.post("/teams", {"name": "x"}).status_code == 422
    assert api.post("/teams", {"name": "xy", "tags": [1]}).status_code == 422
    assert api.post("/teams", {"name": "xy"}).json() == {"id": 1, "name": "xy", "tags": []}
    assert api.post("/players", {"team_id": 1}).status_code == 201
    assert api.post("/players", {"team_id": 2}).status_code == 409
    assert api.get("/teams/1?include=players").json()["players"] == [{"id": 1, "team_id": 1}]
    assert api.get("/players/1?include=team").json()["team"]["name"] == "xy"


def test_a_relation_that_cannot_be_read_along_is_refused():
    class Other(DeclarativeBase):
        pass

    class Parent(Other):
        __tablename__ = "parents"
        id: Mapped[int] = mapped_column(primary_key=True)
        children = relationship("Child", lazy="dynamic")

    class Child(Other):
        __tablename__ = "children"
        id: Mapped[int] = mapped_column(primary_key=True)
        parent_id: Mapped[int] = mapped_column(sa.ForeignKey("parents.id"))

    with pytest.raises(ValueError, match="is dynamic"):
        CRUDRouter(Parent, include=["children"])


def test_a_key_of_bytes_is_refused():
    class Other(DeclarativeBase):
        pass

    class Blob(Other):
        __tablename__ = "blobs"
        id: Mapped[bytes] = mapped_column(primary_key=True)

    with pytest.raises(ValueError, match="bytes"):
        CRUDRouter(Blob)
