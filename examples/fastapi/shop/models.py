# SPDX-License-Identifier: MIT
"""A small shop: six models, with relations, enums and JSON."""

from __future__ import annotations

import datetime
import decimal
import enum
from typing import Any

from sqlalchemy import JSON, CheckConstraint, DateTime, ForeignKey, Numeric, String, UniqueConstraint, func
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Base(DeclarativeBase):
    """What all models of the shop share."""


class Status(enum.Enum):
    """How far an order is."""

    NEW = "new"
    PAID = "paid"
    SENT = "sent"


class Customer(Base):
    """Who buys."""

    __tablename__ = "customers"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(200), unique=True)
    first_name: Mapped[str] = mapped_column(String(60))
    last_name: Mapped[str] = mapped_column(String(60))
    settings: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    since: Mapped[datetime.datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    orders: Mapped[list[Order]] = relationship(back_populates="customer", passive_deletes="all")
    reviews: Mapped[list[Review]] = relationship(back_populates="customer", cascade="all, delete-orphan")


class Category(Base):
    """What products are sorted into; a tree."""

    __tablename__ = "categories"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(60), unique=True)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("categories.id"))
    parent: Mapped[Category | None] = relationship(remote_side=[id])
    products: Mapped[list[Product]] = relationship(back_populates="category", passive_deletes="all")


class Product(Base):
    """What is sold."""

    __tablename__ = "products"
    __table_args__ = (CheckConstraint("price >= 0", name="price_not_negative"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    price: Mapped[decimal.Decimal] = mapped_column(Numeric(10, 2))
    stock: Mapped[int] = mapped_column(default=0)
    tags: Mapped[list[str]] = mapped_column(JSON, default=list, server_default="[]")
    category_id: Mapped[int | None] = mapped_column(ForeignKey("categories.id"))
    category: Mapped[Category | None] = relationship(back_populates="products")
    reviews: Mapped[list[Review]] = relationship(back_populates="product", cascade="all, delete-orphan")


class Order(Base):
    """What a customer bought at once."""

    __tablename__ = "orders"

    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"))
    status: Mapped[Status] = mapped_column(default=Status.NEW)
    note: Mapped[str | None] = mapped_column(String(500), info={"renamed_from": "remark"})
    placed: Mapped[datetime.datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    customer: Mapped[Customer] = relationship(back_populates="orders")
    lines: Mapped[list[OrderLine]] = relationship(back_populates="order", cascade="all, delete-orphan")


class OrderLine(Base):
    """So many of one product in an order."""

    __tablename__ = "order_lines"
    __table_args__ = (CheckConstraint("quantity > 0", name="quantity_positive"),)

    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"), primary_key=True)
    quantity: Mapped[int] = mapped_column(default=1)
    price: Mapped[decimal.Decimal] = mapped_column(Numeric(10, 2))
    order: Mapped[Order] = relationship(back_populates="lines")
    product: Mapped[Product] = relationship()


class Review(Base):
    """What a customer thinks of a product; once."""

    __tablename__ = "reviews"
    __table_args__ = (
        UniqueConstraint("customer_id", "product_id", name="one_review"),
        CheckConstraint("stars BETWEEN 1 AND 5", name="one_to_five_stars"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id", ondelete="CASCADE"))
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id", ondelete="CASCADE"))
    stars: Mapped[int]
    text: Mapped[str | None] = mapped_column(String(2000))
    written_on: Mapped[datetime.date] = mapped_column(
        default=lambda: datetime.datetime.now(datetime.timezone.utc).date()
    )
    customer: Mapped[Customer] = relationship(back_populates="reviews")
    product: Mapped[Product] = relationship(back_populates="reviews")
