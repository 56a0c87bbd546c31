# SPDX-License-Identifier: MIT
"""Values of SQL as moult's JSON, and back: whole numbers of any size, blobs, texts that are no UTF-8, infinities."""

from __future__ import annotations

import base64
import math
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

EXACT = 1 << 53  # what JSON's readers hold exactly


def to_json(value: Any) -> Any:
    """A parameter. TypeError for what no database has; SQLAlchemy has turned its own types into these before."""
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, int):
        return value if -EXACT < value < EXACT else {"integer": str(value)}
    if isinstance(value, float):
        return value if math.isfinite(value) else {"real": str(value)}
    if isinstance(value, bytes | bytearray | memoryview):
        return {"blob": base64.b64encode(bytes(value)).decode()}
    if isinstance(value, datetime):
        return value.isoformat(" ")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, Decimal | UUID):
        return str(value)
    raise TypeError(f"a value of type {type(value).__name__} cannot be a parameter of SQL")


def from_json(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    ((kind, text),) = value.items()
    if kind == "integer":
        return int(text)
    if kind == "real":
        return float(text)
    data = base64.b64decode(text)
    return data if kind == "blob" else data.decode("utf-8", "surrogateescape")
