# SPDX-License-Identifier: MIT
"""Every type: what goes in comes out, in the same form on every engine; and it can be asked about."""

from __future__ import annotations

from typing import Any

import pytest

from crud.models import Base, Kinds
from fastapi_easy import CRUDRouter


def deep(levels: int) -> list[Any]:
    return [deep(levels - 1)] if levels > 1 else []


# column -> what is sent, and what comes back when it is not the same
VALUES = {
    "small": [(-5, None)],
    "big": [(2**63 - 1, None), (-(2**63), None)],
    "real": [(1.5, None), (-1e300, None), (3, 3.0)],
    "money": [("1.5", "1.50"), (2, "2.00"), (99999999.99, "99999999.99")],
    "flag": [(True, None), (False, None)],
    "short": [("äß漢字x", None), ("", None)],
    "long": [("a\n\t'\"\\%_\u2028\U0001f600" * 100, None)],
    "day": [("2024-02-29", None), ("0001-01-01", None), ("9999-12-31", None)],
    "clock": [("13:45:01", None), ("13:45:01.000123", None), ("09:30", "09:30:00")],
    "moment": [("2024-01-02T03:04:05", None), ("2024-01-02T03:04:05+02:00", "2024-01-02T01:04:05")],
    "zoned": [("2024-01-02T03:04:05Z", None), ("2024-01-02T03:04:05+02:00", "2024-01-02T01:04:05Z")],
    "length": [("P1DT2H", None), ("-PT1S", None)],
    "data": [("aGk=", None), ("", None), ("AP8=", None)],
    "json": [({"a": [1, None, {"b": "ä"}]}, None), ([], None), ("x", None), (False, None), (1.5, None),
             ([2**70], None), (deep(100), None)],
    "color": [("blue", None)],
    "shape": [("FLAT", None)],
    "word": [("no", None)],
    "token": [("12345678-1234-5678-1234-567812345678", None),
              ("12345678123456781234567812345678", "12345678-1234-5678-1234-567812345678")],
}  # fmt: skip


@pytest.fixture
def api(make):
    return make(Base.metadata, [CRUDRouter(Kinds)])


def test_what_goes_in_comes_out(api):
    for name, pairs in VALUES.items():
        for sent, expected in pairs:
            made = api.post("/kinds", {name: sent})
            assert made.status_code == 201, (name, sent, made.text)
            want = sent if expected is None else expected
            assert made.json()[name] == want and type(made.json()[name]) is type(want), name
            again = api.get(made.headers["location"])
            assert again.json() == made.json()
            changed = api.patch(made.headers["location"], {name: None})
            assert changed.status_code == 200 and changed.json()[name] is None, changed.text


def test_every_value_can_be_asked_for(api):
    for name, pairs in VALUES.items():
        if name in ("data", "json"):
            continue
        sent = pairs[0][0]
        made = api.post("/kinds", {name: sent}).json()
        found = api.get("/kinds", **{name: sent if isinstance(sent, str) else str(sent).lower()})
        assert found.status_code == 200, found.text
        assert made["id"] in [item["id"] for item in found.json()["items"]], name
        assert api.get(f"/kinds?{name}__is_null=false").json()["total"] == 1
        assert api.get(f"/kinds?sort=-{name}").json()["items"][0][name] == made[name]
        api.delete(f"/kinds/{made['id']}")


def test_a_computed_column_is_read_only(api):
    made = api.post("/kinds", {"small": 21})
    assert made.json()["double"] == 42
    assert api.patch(made.headers["location"], {"small": 4}).json()["double"] == 8
    assert api.patch(made.headers["location"], {"double": 4}).status_code == 422


def test_null_in_a_json_column_is_the_null_of_sql(api):
    made = api.post("/kinds", {"json": None})
    assert api.get("/kinds?json__is_null=true").json()["total"] == 1
    api.patch(made.headers["location"], {"json": {"a": 1}})
    assert api.get("/kinds?json__is_null=true").json()["total"] == 0
    api.patch(made.headers["location"], {"json": None})
    assert api.get("/kinds?json__is_null=true").json()["total"] == 1
