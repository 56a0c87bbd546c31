# SPDX-License-Identifier: MIT
"""The endpoints of the shop."""

from fastapi_easy import CRUDRouter
from shop.models import Category, Customer, Order, OrderLine, Product, Review

ROUTERS = [
    CRUDRouter(Customer, search=["first_name", "last_name", "email"], include=["orders", "reviews"]),
    CRUDRouter(Category, search=["name"], include=["parent", "products"]),
    CRUDRouter(Product, search=["name"], default_sort="name", include=["category", "reviews"]),
    CRUDRouter(Order, include=["customer", "lines"], default_sort="-placed"),
    CRUDRouter(
        OrderLine, prefix="/order-lines", include=["product"], endpoints=["list", "create", "read", "replace", "delete"]
    ),
    CRUDRouter(Review, pagination="cursor", search=["text"]),
]
