# SPDX-License-Identifier: MIT
"""The endpoints of a model: list, create, read, change and delete, made from the model alone."""

from fastapi_easy.crud.router import CRUDRouter

__all__ = ["CRUDRouter"]
