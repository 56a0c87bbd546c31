# SPDX-License-Identifier: MIT
"""The models of these tests."""

from __future__ import annotations

import datetime
import decimal
import enum
import uuid
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship, validates
from sqlmodel import Field, SQLModel


class Base(DeclarativeBase):
    pass


class Color(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Shape(enum.Enum):
    """Values that are no JSON."""

    ROUND = (1, 2)
    FLAT = (3, 4)


class User(Base):
    __tablename__ = "users"
    __table_args__ = (sa.CheckConstraint("age >= 0", name="age_not_negative"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(40), unique=True)
    age: Mapped[int | None] = mapped_column(comment="in years")
    color: Mapped[Color] = mapped_column(default=Color.RED)
    meta: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON)
    created: Mapped[datetime.datetime] = mapped_column(server_default=sa.func.now())
    posts: Mapped[list[Post]] = relationship(back_populates="user", passive_deletes="all")

    @validates("name")
    def _no_spaces(self, _key: str, value: str) -> str:
        if value.startswith(" "):
            raise ValueError("a name does not start with a space")
        return value


class Post(Base):
    __tablename__ = "posts"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    text: Mapped[str]
    user: Mapped[User] = relationship(back_populates="posts")


class Member(Base):
    __tablename__ = "members"

    org: Mapped[str] = mapped_column(sa.String(20), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    role: Mapped[str | None] = mapped_column(default="guest")


class Kinds(Base):
    """One column of each type."""

    __tablename__ = "kinds"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    small: Mapped[int | None] = mapped_column(sa.SmallInteger)
    big: Mapped[int | None] = mapped_column(sa.BigInteger)
    real: Mapped[float | None]
    money: Mapped[decimal.Decimal | None] = mapped_column(sa.Numeric(10, 2, asdecimal=True))
    flag: Mapped[bool | None]
    short: Mapped[str | None] = mapped_column(sa.String(5))
    long: Mapped[str | None] = mapped_column(sa.Text)
    day: Mapped[datetime.date | None]
    clock: Mapped[datetime.time | None]
    moment: Mapped[datetime.datetime | None]
    zoned: Mapped[datetime.datetime | None] = mapped_column(sa.DateTime(timezone=True))
    length: Mapped[datetime.timedelta | None]
    data: Mapped[bytes | None]
    json: Mapped[Any | None] = mapped_column(sa.JSON)
    color: Mapped[Color | None]
    shape: Mapped[Shape | None]
    word: Mapped[str | None] = mapped_column(sa.Enum("yes", "no", name="word"))
    token: Mapped[uuid.UUID | None]
    double: Mapped[int | None] = mapped_column(sa.Integer, sa.Computed("small * 2", persisted=True))


class Hero(SQLModel, table=True):
    __tablename__ = "heroes"

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(max_length=30, unique=True, description="as it is on the costume")
    power: int = Field(default=1, ge=0, le=10)
    secret_name: str | None = Field(default=None, sa_column_kwargs={"info": {"private": True}})
