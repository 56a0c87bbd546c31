# SPDX-License-Identifier: MIT
"""What a CRUDRouter offers, point by point, over real requests."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from fastapi import Depends, Header, HTTPException, Request
from fastapi.openapi.utils import get_openapi
from sqlmodel import SQLModel

from crud.models import Base, Hero, Member, Post, User
from fastapi_easy import CRUDRouter

ANN = {"name": "ann", "age": 30}


def test_one_line_and_no_schemas_written(make):
    api = make(Base.metadata, [CRUDRouter(model=User)])
    assert api.post("/users", ANN).status_code == 201
    assert api.get("/users/1").json() | {"created": None} == {
        "id": 1, "name": "ann", "age": 30, "color": "red", "meta": None, "created": None}  # fmt: skip
    assert api.names("/users") == ["ann"]
    assert api.patch("/users/1", {"age": 31}).json()["age"] == 31
    assert api.delete("/users/1").status_code == 204
    assert api.get("/users/1").status_code == 404


def test_sync_and_async_engines_with_one_body_of_code(make, url):
    api = make(Base.metadata, [CRUDRouter(User)])
    assert api.database.is_async == any(driver in url for driver in ("aiosqlite", "asyncpg"))
    assert api.post("/users", ANN).json()["name"] == "ann"


def test_list_by_limit_and_offset_with_a_maximum(make):
    api = make(Base.metadata, [CRUDRouter(User, limit=2, max_limit=3)])
    for name in "abcde":
        api.post("/users", {"name": name})
    page = api.get("/users").json()
    assert [i["name"] for i in page["items"]] == ["a", "b"] and (page["total"], page["limit"], page["offset"]) == (
        5,
        2,
        0,
    )
    page = api.get("/users?limit=3&offset=3").json()
    assert [i["name"] for i in page["items"]] == ["d", "e"] and page["total"] == 5
    assert api.get("/users?offset=100").json()["total"] == 5
    assert api.get("/users?limit=4").status_code == 422
    assert api.get("/users?limit=0").status_code == 422


def test_list_by_cursor(make):
    api = make(Base.metadata, [CRUDRouter(User, pagination="cursor", limit=2)])
    for name, age in zip("abcde", (3, None, 3, 1, None), strict=True):
        api.post("/users", {"name": name, "age": age})
    for sort, expected in (("", "abcde"), ("age", "dacbe"), ("-age,-name", "cadeb"), ("name", "abcde")):
        seen, cursor = "", ""
        while cursor is not None:
            page = api.get(f"/users?sort={sort}" + (f"&cursor={cursor}" if cursor else "")).json()
            seen, cursor = seen + "".join(i["name"] for i in page["items"]), page["next"]
        assert seen == expected, sort


FILTERS = {
    "age=30": "ac", "age__ne=30": "b", "age__gt=29": "abc", "age__gte=31": "b", "age__lt=31": "ac", "age__lte=29": "",
    "age__in=30&age__in=41": "abc", "age__not_in=30": "b", "age__is_null=true": "d", "age__is_null=false": "abc",
    "name__contains=n": "ad", "name__icontains=N": "ad", "name__startswith=a": "a", "name__endswith=e": "c",
    "color=blue": "d", "color__in=red&color__in=blue": "abcd", "age__gte=30&age__lte=40": "ac", "name__contains=%25": "",
    "name__contains=_": "", "created__gte=2020-01-01T00:00:00Z": "abcd", "created__lt=2020-01-01": "",
}  # fmt: skip


def test_filter_by_field_and_operator(make):
    api = make(Base.metadata, [CRUDRouter(User)])
    for name, age, color in (("ann", 30, "red"), ("bob", 41, "red"), ("cole", 30, "red"), ("dan", None, "blue")):
        api.post("/users", {"name": name, "age": age, "color": color})
    for query, expected in FILTERS.items():
        assert "".join(n[0] for n in api.names(f"/users?{query}")) == expected, query


def test_an_unknown_filter_is_refused(make):
    api = make(Base.metadata, [CRUDRouter(User)])
    answer = api.get("/users?aeg=30")
    assert answer.status_code == 422 and "did you mean 'age'?" in answer.text
    assert api.get("/users/1?x=1").status_code == 422


def test_sort_by_a_white_list(make):
    api = make(Base.metadata, [CRUDRouter(User, sort=["name", "age"], default_sort="-name")])
    for name, age in zip("abc", (2, None, 1), strict=True):
        api.post("/users", {"name": name, "age": age})
    assert api.names("/users") == ["c", "b", "a"]
    assert api.names("/users?sort=age") == ["c", "a", "b"]
    assert api.names("/users?sort=-age") == ["a", "c", "b"]
    for bad in ("color", "nope", "name;drop table users", "--name", "name desc"):
        assert api.get("/users", sort=bad).status_code == 422, bad


def test_free_text_search_over_named_columns(make):
    api = make(Base.metadata, [CRUDRouter(User, search=["name"]), CRUDRouter(Post)])
    for name in ("Ann", "Hanna", "Bob"):
        api.post("/users", {"name": name})
    assert api.names("/users?q=aNN") == ["Ann", "Hanna"]
    assert api.names("/users?q=%25") == []
    assert api.get("/posts?q=x").status_code == 422


def test_create_answers_201_with_location_and_body(make):
    api = make(Base.metadata, [CRUDRouter(User), CRUDRouter(Member)])
    answer = api.post("/users", ANN)
    assert (answer.status_code, answer.headers["location"], answer.json()["id"]) == (201, "/users/1", 1)
    answer = api.post("/members", {"org": "a b?ü", "number": 7})
    assert answer.headers["location"] == "/members/a%20b%3F%C3%BC/7"
    assert api.get(answer.headers["location"]).json() == {"org": "a b?ü", "number": 7, "role": "guest"}


def test_patch_by_default_and_put_when_asked_for(make):
    api = make(Base.metadata, [CRUDRouter(User), CRUDRouter(Member, endpoints=["create", "read", "replace", "update"])])
    api.post("/users", ANN)
    assert api.put("/users/1", ANN).status_code == 405
    api.post("/members", {"org": "a", "number": 1, "role": "boss"})
    assert api.patch("/members/a/1", {}).json()["role"] == "boss"
    assert api.put("/members/a/1", {"role": None}).json()["role"] is None
    assert api.put("/members/a/1", {}).json()["role"] == "guest"
    assert api.put("/members/a/2", {}).status_code == 404


def test_delete_answers_204_and_never_deletes_all(make):
    api = make(Base.metadata, [CRUDRouter(User)])
    api.post("/users", ANN)
    answer = api.delete("/users/1")
    assert (answer.status_code, answer.content) == (204, b"")
    assert api.delete("/users/1").status_code == 404
    assert api.delete("/users").status_code == 405


BULK = ["list", "create", "bulk_create", "bulk_update", "bulk_delete"]


def test_bulk_when_asked_for_in_one_transaction_and_capped(make):
    api = make(Base.metadata, [CRUDRouter(User, endpoints=BULK, max_bulk=3), CRUDRouter(Member)])
    assert api.post("/members/bulk-create", []).status_code == 404
    made = api.post("/users/bulk-create", [{"name": "a"}, {"name": "b"}])
    assert made.status_code == 201 and [i["id"] for i in made.json()["items"]] == [1, 2]
    twice = api.post("/users/bulk-create", [{"name": "c"}, {"name": "a"}])
    assert twice.status_code == 409 and twice.json()["detail"].startswith("item 1: ")
    wrong = api.post("/users/bulk-create", [{"name": "c"}, {"name": "d", "age": -1}])
    assert wrong.status_code == 422 and wrong.json()["detail"][0]["loc"][:2] == ["body", 1]
    assert api.names("/users") == ["a", "b"]
    changed = api.post("/users/bulk-update", [{"id": 1, "age": 5}, {"id": 2, "name": "B"}])
    assert [(i["name"], i["age"]) for i in changed.json()["items"]] == [("a", 5), ("B", None)]
    assert api.post("/users/bulk-update", [{"id": 1, "age": 6}, {"id": 9}]).status_code == 404
    assert api.names("/users", "age") == [5, None]
    assert api.post("/users/bulk-create", [{"name": str(i)} for i in range(4)]).status_code == 422
    assert api.post("/users/bulk-create", []).status_code == 422
    assert api.post("/users/bulk-delete", [{"id": 1}, {"id": 9}]).status_code == 404
    assert api.post("/users/bulk-delete", [{"id": 1}, {"id": 2}]).status_code == 204
    assert api.names("/users") == []


def test_relations_are_read_by_include_and_written_by_foreign_key(make):
    api = make(Base.metadata, [CRUDRouter(User, include=["posts"]), CRUDRouter(Post, include=["user"])])
    api.post("/users", ANN)
    assert api.post("/posts", {"user_id": 1, "text": "hi"}).json() == {"id": 1, "user_id": 1, "text": "hi"}
    assert "posts" not in api.get("/users/1").json()
    assert api.get("/users/1?include=posts").json()["posts"] == [{"id": 1, "user_id": 1, "text": "hi"}]
    assert api.get("/users?include=posts").json()["items"][0]["posts"][0]["text"] == "hi"
    assert api.get("/posts/1?include=user").json()["user"]["name"] == "ann"
    assert api.get("/posts/1?include=nobody").status_code == 422


def test_composite_keys_in_the_path(make):
    api = make(Base.metadata, [CRUDRouter(Member)])
    api.post("/members", {"org": "x", "number": 1})
    assert api.post("/members", {"org": "x", "number": 1}).status_code == 409
    assert api.get("/members/x/1").json()["role"] == "guest"
    assert api.patch("/members/x/1", {"role": "boss"}).json()["role"] == "boss"
    assert api.patch("/members/x/1", {"number": 2}).status_code == 422
    assert api.get("/members/x/a").status_code == 422
    assert api.delete("/members/x/1").status_code == 204


def test_sqlmodel(make):
    api = make(
        SQLModel.metadata, [CRUDRouter(Hero, endpoints=["list", "create", "read", "update", "replace", "delete"])]
    )
    assert api.post("/heroes", {"name": "x", "secret_name": "y"}).json() == {"id": 1, "name": "x", "power": 1}
    assert api.post("/heroes", {"name": "z", "power": 11}).status_code == 422
    assert api.post("/heroes", {"name": "z" * 31}).status_code == 422
    assert api.patch("/heroes/1", {"power": 5}).json()["power"] == 5
    assert api.patch("/heroes/1", {"power": -1}).status_code == 422
    assert api.put("/heroes/1", {"name": "q"}).json() == {"id": 1, "name": "q", "power": 1}
    assert api.get("/heroes?secret_name=y").status_code == 422
    assert api.delete("/heroes/1").status_code == 204


def test_every_route_is_typed_in_openapi_errors_too(make_sqlite):
    everything = ["list", "create", "read", "update", "replace", "delete", "bulk_create", "bulk_update", "bulk_delete"]
    api = make_sqlite(Base.metadata, [CRUDRouter(User, endpoints=everything, include=["posts"])])
    told = get_openapi(title="", version="", routes=api.app.routes)
    expected = {
        ("get", "/users"): "200 422", ("post", "/users"): "201 409 413 422", ("get", "/users/{id}"): "200 404 422",
        ("patch", "/users/{id}"): "200 404 409 413 422", ("put", "/users/{id}"): "200 404 409 413 422",
        ("delete", "/users/{id}"): "204 404 409 413 422", ("post", "/users/bulk-create"): "201 409 413 422",
        ("post", "/users/bulk-update"): "200 404 409 413 422", ("post", "/users/bulk-delete"): "204 404 409 413 422",
    }  # fmt: skip
    seen = {(m, p): " ".join(sorted(o["responses"])) for p, item in told["paths"].items() for m, o in item.items()}
    assert seen == expected
    for item in told["paths"].values():
        for operation in item.values():
            for status, answer in operation["responses"].items():
                assert status == "204" or answer["content"]["application/json"]["schema"]["$ref"], operation
    parameters = {p["name"]: p["schema"] for p in told["paths"]["/users"]["get"]["parameters"]}
    assert parameters["age__gte"]["type"] == "integer" and parameters["limit"]["maximum"] == 200
    assert parameters["color"]["enum"] == ["red", "blue"] and parameters["sort"]["items"]["enum"][:2] == ["id", "-id"]
    assert {"UserRead", "UserCreate", "UserUpdate", "UserPage"} <= set(told["components"]["schemas"])
    assert told["components"]["schemas"]["UserCreate"]["required"] == ["name"]
    assert told["components"]["schemas"]["UserRead"]["properties"]["age"]["description"] == "in years"


def test_unique_409_foreign_key_409_not_found_404_check_422(make):
    api = make(Base.metadata, [CRUDRouter(User), CRUDRouter(Post)])
    api.post("/users", ANN)
    answer = api.post("/users", ANN)
    assert (answer.status_code, answer.json()["detail"]) == (409, "there is such a row already: name must be unique")
    assert api.post("/posts", {"user_id": 9, "text": ""}).status_code == 409
    post = api.post("/posts", {"user_id": 1, "text": ""}).headers["location"]
    assert api.delete("/users/1").status_code == 409
    assert api.patch(post, {"user_id": 9}).status_code == 409
    assert api.get("/users/9").status_code == 404
    answer = api.patch("/users/1", {"age": -1})
    assert answer.status_code == 422 and "age_not_negative" in answer.text
    assert api.patch("/users/1", {"name": None}).status_code == 422
    assert api.get("/users/1").json()["age"] == 30


def as_admin(x_key: str = Header("")) -> None:
    if x_key != "admin":
        raise HTTPException(401)


def own_rows(statement: sa.Select[Any], request: Request) -> sa.Select[Any]:
    return statement.where(User.age == int(request.headers.get("x-age", "0")))


def test_auth_by_dependencies_per_endpoint_and_row_scope(make):
    needed = {"delete": [Depends(as_admin)], "create": [Depends(as_admin)]}
    api = make(Base.metadata, [CRUDRouter(User, dependencies=needed, query=own_rows)])
    api.client.headers.update({"x-age": "30", "x-key": "admin"})
    assert api.post("/users", ANN).status_code == 201
    outside = api.post("/users", {"name": "bob", "age": 31})
    assert outside.status_code == 403
    assert api.patch("/users/1", {"age": 31}).status_code == 403
    assert api.names("/users") == ["ann"]
    api.client.headers["x-age"] = "31"
    assert api.names("/users") == [] and api.get("/users").json()["total"] == 0
    for answer in (api.get("/users/1"), api.patch("/users/1", {}), api.delete("/users/1")):
        assert answer.status_code == 404
    del api.client.headers["x-key"]
    assert api.delete("/users/1").status_code == 401
    assert api.get("/users").status_code == 200


def test_endpoints_can_be_switched_off(make):
    api = make(Base.metadata, [CRUDRouter(User, endpoints=("list", "read"))])
    assert api.get("/users").status_code == 200
    assert api.post("/users", ANN).status_code == 405
    assert api.delete("/users/1").status_code == 405
    with pytest.raises(ValueError, match="there is no 'remove'"):
        CRUDRouter(User, endpoints=["remove"])


def test_one_endpoint_can_be_overridden(make):
    class Users(CRUDRouter):
        def delete_item(self, session, key):
            self.read_item(session, key).age = 0  # a soft delete

    router = Users(User)

    @router.get("/{id}")
    def read_user(id: str) -> str:
        return f"mine: {id}"

    @router.get("/me")
    def read_me() -> str:
        return "me"

    api = make(Base.metadata, [router])
    api.post("/users", ANN)
    assert api.get("/users/1").json() == "mine: 1"
    assert api.delete("/users/1").status_code == 204
    assert api.names("/users", "age") == [0]


def test_works_with_the_stack_that_is_installed(make_sqlite):
    """The oldest and the newest: `make test` runs all of this on both."""
    api = make_sqlite(Base.metadata, [CRUDRouter(User)])
    assert api.get("/openapi.json").status_code == 200
