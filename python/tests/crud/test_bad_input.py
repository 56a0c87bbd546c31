# SPDX-License-Identifier: MIT
"""Whatever a client sends gets a clear answer, changes nothing, and never makes the server fail."""

from __future__ import annotations

import json

import pytest

from crud.models import Base, Kinds, Member, User
from fastapi_easy import CRUDRouter

BIG = 2**63
ANN = {"name": "ann"}

QUERIES = [
    "nope=1", "age=x", "age=1.5", f"age={BIG}", f"age={'9' * 5000}", "age__gte=", "age=1&age=2", "limit=1000000", "limit=-1",
    "limit=x", "offset=-1", f"offset={BIG}", "offset=1e9", "sort=1;drop table users", "sort=password", "sort=name'--", "sort=-",
    "sort=,", "sort=name,",
    "sort=name,name,name,name,name,name,name,name", "color=green", "color=RED", "name=%00", "name__contains=%00", "q=%00",
    "created__gte=yesterday", "created__gte=2020-13-01", "created__gte=12345", "created__lt=0001-01-01T00:00:00%2B23:00",
    "age__is_null=perhaps", "include=posts", "cursor=x", "id__in=1&id__in=x", "age__regexp=1", "__class__=1", "=1",
    "&".join(f"id__in={i}" for i in range(201)), f"q={'x' * 201}",
]  # fmt: skip

BODIES = [
    b"", b"null", b"[]", b'"x"', b"{", b'{"name": "a"', b"\xff\xfe", b'{"name": "\xff"}', b"[" * 100_000, b"{}",
    b'{"name": null}',
    b'{"name": 5}', b'{"name": ["a"]}', b'{"name": "a", "age": "5"}', b'{"name": "a", "age": true}',
    b'{"name": "a", "age": 1.5}',
    b'{"name": "a", "age": NaN}', b'{"name": "a", "age": Infinity}', b'{"name": "a", "age": 1e400}',
    b'{"name": "a", "age": -1}',
    b'{"name": "a", "age": 9223372036854775808}', b'{"name": "a", "age": ' + b"9" * 5000 + b"}", b'{"name": "\\u0000"}',
    b'{"name": "\\ud800"}', b'{"name": "a", "\\ud800": 1}', b'{"name": "a", "color": "green"}', b'{"name": "a", "color": {}}',
    b'{"name": "a", "nope": 1}', b'{"name": "a", "id": 5}', b'{"name": "a", "meta": {"x": "\\u0000"}}', b'{"name": " a"}',
    b'{"name": "a", "meta": {"x": "\\ud800"}}', b'{"name": "a", "meta": {"\\udfff": 1}}', b'{"name": "a", "meta": {"x": NaN}}',
    b'{"name": "a", "meta": [1]}', b'{"name": "' + b"x" * 41 + b'"}',
    b'{"name": "a", "meta": ' + b'{"a":' * 101 + b"1" + b"}" * 102,
    b'{"name": "a", "meta": ' + b'{"a":' * 900 + b"1" + b"}" * 901,
    b'{"name": "a", "meta": ' + b'{"a":' * 5000 + b"1" + b"}" * 5001,
]  # fmt: skip

VALUES = {
    "small": ["1", 2**70, 1.5, True, []], "big": [BIG, -BIG - 1, "x"], "real": ["1", True, 10**400], "flag": [0, 1, "true", 2],
    "money": ["1.234", "12345678901", "x", True, "NaN", "1e1000000"], "short": ["123456", 1, "\x00"], "long": ["a\x00"],
    "day": ["2020-02-30", 5, "5", "", "99999-01-01", "2020-01-01T01:00:00"], "clock": ["25:00", 5, "12:00Z", "x"],
    "moment": ["2020-01-01T25:00", 5, "1e9", "0001-01-01T00:00:00+10:00", "9999-12-31T23:59:59-10:00", "\ud800"],
    "zoned": ["x", 1.5, "0001-01-01T00:00:00+10:00"], "length": [5, "1", "P", "P999999999999D"],
    "data": ["%", 5, "aGk", "\x00"],
    "json": ["\x00", {"\x00": 1}, float("nan"), 2**64], "color": ["RED", 1, ""], "shape": ["round", [1, 2], 1],
    "word": ["maybe", 1], "token": ["x", 1, "0" * 31], "double": [1], "id": ["x"],
}  # fmt: skip


@pytest.fixture
def api(make):
    api = make(Base.metadata, [CRUDRouter(User, search=["name"]), CRUDRouter(Kinds), CRUDRouter(Member)])
    api.post("/users", ANN)
    return api


def test_every_bad_query_is_refused_and_told_where(api):
    for query in QUERIES:
        answer = api.get(f"/users?{query}")
        assert answer.status_code == 422, (query[:80], answer.status_code, answer.text[:300])
        assert answer.json()["detail"][0]["loc"][0] == "query", query


def test_every_bad_body_is_refused_and_told_where(api):
    for body in BODIES:
        for method, path in (("POST", "/users"), ("PATCH", "/users/1")):
            answer = api.request(method, path, content=body, headers={"content-type": "application/json"})
            if method == "PATCH" and body == b"{}":
                continue
            assert answer.status_code == 422, (method, body[:80], answer.status_code, answer.text[:300])
            assert answer.json()["detail"][0]["loc"][0] == "body"
    assert api.get("/users").json()["total"] == 1
    assert api.get("/users/1").json()["name"] == "ann"


def test_every_value_that_does_not_fit_its_type_is_refused(api):
    for name, values in VALUES.items():
        for value in values:
            body = json.dumps({name: value})
            answer = api.request("POST", "/kinds", content=body, headers={"content-type": "application/json"})
            assert answer.status_code == 422, (name, value, answer.status_code, answer.text[:300])
    assert api.get("/kinds").json()["total"] == 0


def test_a_number_beyond_the_column_is_no_server_error(api, url):
    """SQLite stores 64 bits in every INTEGER; PostgreSQL refuses what a column cannot hold."""
    expected = 201 if url.startswith("sqlite") else 422
    assert api.post("/users", {"name": "b", "age": 2**31}).status_code == expected
    assert api.post("/kinds", {"small": 2**20}).status_code == expected
    assert api.get(f"/users?age__gte={2**40}").status_code in (200, 422)
    assert api.get(f"/users/{2**40}").status_code in (404, 422)
    assert api.get(f"/users/{BIG}").status_code == 422


def test_a_page_of_a_million_is_empty(api):
    answer = api.get("/users?offset=1000000")
    assert (answer.status_code, answer.json()["items"], answer.json()["total"]) == (200, [], 1)
    assert api.get(f"/users?offset={BIG - 1}").json()["items"] == []


def test_text_is_never_sql(api):
    evil = "'; DROP TABLE users; --"
    assert api.get("/users", name=evil, name__contains="%' OR '1'='1", q='" OR 1=1 --').json()["total"] == 0
    assert api.patch("/users/1", {"name": evil}).json()["name"] == evil
    assert api.get("/users", name=evil).json()["total"] == 1


def test_bad_paths(api):
    for path in ("/users/x", "/users/1.5", f"/users/{'9' * 5000}", "/members/%00/1", "/kinds/x"):
        assert api.get(path).status_code == 422, path
    assert api.get("/users/-1").status_code == 404


def test_a_key_must_fit_into_a_path(api):
    for org in ("", "a/b", ".", ".."):
        assert api.post("/members", {"org": org, "number": 1}).status_code == 422, org


def test_a_body_that_is_too_large_is_413(make):
    api = make(Base.metadata, [CRUDRouter(User, max_body=1000)])
    for method, path in (("POST", "/users"), ("PATCH", "/users/1"), ("DELETE", "/users/1")):
        assert api.request(method, path, content=b"x" * 1001).status_code == 413

    async def pieces():
        for _ in range(1001):
            yield b"x"

    answer = api.request("POST", "/users", content=pieces())
    assert answer.status_code == 413 and "1000 bytes" in answer.json()["detail"]


def test_a_body_that_is_not_json(api):
    assert (
        api.request("POST", "/users", content=b'{"name": "b"}', headers={"content-type": "text/plain"}).status_code
        == 422
    )
    assert api.request("POST", "/users", data={"name": "b"}).status_code == 422


def test_a_cursor_of_another_order_or_from_nowhere_is_refused(make):
    api = make(Base.metadata, [CRUDRouter(User, pagination="cursor", limit=1)])
    for name in "abc":
        api.post("/users", {"name": name})
    cursor = api.get("/users?sort=name").json()["next"]
    assert api.get("/users", sort="name", cursor=cursor).status_code == 200
    for sort, bad in (
        ("-name", cursor),
        ("name", "x" + cursor),
        ("name", cursor[:-3]),
        ("name", "ä"),
        ("name", "W10"),
        ("name", ""),
    ):
        assert api.get("/users", sort=sort, cursor=bad).status_code == 422, bad
