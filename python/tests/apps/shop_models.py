# SPDX-License-Identifier: MIT
"""Models with a bit of everything, for tests that compare whole texts."""

from __future__ import annotations

import enum
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    DDL,
    JSON,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    LargeBinary,
    MetaData,
    Numeric,
    String,
    Table,
    event,
    func,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention={"ix": "ix_%(table_name)s_%(column_0_N_name)s"})


class Status(enum.Enum):
    open = "open"
    paid = "paid"


tags = Table(
    "order_tags",
    Base.metadata,
    Column("order_id", ForeignKey("orders.id", ondelete="CASCADE"), primary_key=True),
    Column("tag", String(40), primary_key=True),
)


class Customer(Base):
    __tablename__ = "customers"
    __table_args__ = (
        CheckConstraint("email LIKE '%@%'", name="has_at"),
        Index("customers_by_name", text("lower(name)")),
        Index("customers_by_both", "name", "email"),
        {"info": {"renamed_from": "clients"}, "comment": "people, 100% of them"},
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80), info={"renamed_from": "full name"})
    email: Mapped[str] = mapped_column(String(80), unique=True, index=True)
    last_order_id: Mapped[int | None] = mapped_column(ForeignKey("orders.id", use_alter=True))
    settings: Mapped[dict[str, Any]] = mapped_column(JSON, default={"lang": "en"})
    photo: Mapped[bytes | None] = mapped_column(LargeBinary)


class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"), index=True)
    status: Mapped[Status] = mapped_column(default=Status.open)
    total: Mapped[Decimal] = mapped_column(Numeric(10, 2), server_default="0", info={"fill": "0"})
    note: Mapped[str] = mapped_column(String(200), default="it's")
    made_at: Mapped[str] = mapped_column(String(40), default=func.lower("NOW"))
    customer: Mapped[Customer] = relationship(foreign_keys=[customer_id])


event.listen(
    Base.metadata, "after_create", DDL("CREATE VIEW open_orders AS SELECT id FROM orders WHERE status = 'open';")
)
nothing = MetaData()
