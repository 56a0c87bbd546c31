# SPDX-License-Identifier: MIT
"""How a router is bent to a purpose: hooks, sessions of one's own, schemas of one's own; and what it refuses to be bent to."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from fastapi import APIRouter, Depends, FastAPI, HTTPException, Query, Response
from fastapi.security import APIKeyQuery
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from crud.models import Base, Hero, Member, Post, User
from fastapi_easy import CRUDRouter
from fastapi_easy.crud.fields import ModelError, SecretWarning

ANN = {"name": "ann", "age": 30}


class Hooked(CRUDRouter):
    """Writes down what happens, in the transaction of the write."""

    def before_create(self, session, data):
        data["meta"] = {"by": session.info["request"].headers.get("x-user")}

    def after_create(self, session, row):
        session.add(Post(user_id=row.id, text=f"created {row.name}"))

    def before_update(self, session, row, data):
        if row.name == "fixed":
            raise HTTPException(403, "this one stays")
        data["meta"] = {"was": row.age}

    def after_update(self, session, row):
        session.add(Post(user_id=row.id, text=f"updated to {row.age}"))
        if row.age == 99:
            raise HTTPException(418)

    def before_delete(self, session, row):
        for post in session.query(Post).filter_by(user_id=row.id):
            session.delete(post)

    def after_delete(self, session, row):
        if row.name == "loved":
            raise HTTPException(418)

    def on_error(self, error):
        return HTTPException(400, "no") if "age_not_negative" in str(error) else None


def test_hooks_run_in_the_transaction_of_the_write(make):
    api = make(Base.metadata, [Hooked(User), CRUDRouter(Post)])
    api.client.headers["x-user"] = "me"
    assert api.post("/users", ANN).json()["meta"] == {"by": "me"}
    assert api.patch("/users/1", {"age": 31}).json()["meta"] == {"was": 30}
    assert api.names("/posts", "text") == ["created ann", "updated to 31"]
    assert api.patch("/users/1", {"age": 99}).status_code == 418
    assert api.names("/users", "age") == [31] and len(api.names("/posts", "text")) == 2
    assert api.patch("/users/1", {"age": -1}).json()["detail"] == "no"
    assert api.delete("/users/1").status_code == 204
    assert api.names("/posts", "text") == []
    for name, status in (("fixed", 403), ("loved", 418)):
        place = api.post("/users", {"name": name}).headers["location"]
        answer = api.patch(place, {}) if name == "fixed" else api.delete(place)
        assert answer.status_code == status
        assert api.get(place).status_code == 200


def test_a_session_of_ones_own(make):
    seen: list[Any] = []
    router = APIRouter()

    async def own():
        found = api.database.session()
        session = await anext(found)
        seen.append(session)
        yield session
        await found.aclose()

    router.include_router(CRUDRouter(User, session=own))
    api = make(Base.metadata, [router])
    assert api.post("/users", ANN).status_code == 201
    assert api.post("/users", ANN).status_code == 409
    assert api.post("/users", {"name": "b"}).status_code == 201
    assert api.get("/users").json()["total"] == 2
    assert isinstance(seen[0], AsyncSession if api.database.is_async else Session)


class Public(BaseModel):
    name: str
    shout: str = ""

    @classmethod
    def of(cls, user: User) -> Public:
        return cls(name=user.name, shout=user.name.upper())


class Given(BaseModel):
    name: str
    age: int = 5


def test_schemas_of_ones_own(make):
    api = make(Base.metadata, [CRUDRouter(User, read_schema=Public, create_schema=Given, update_schema=Given)])
    assert api.post("/users", {"name": "ann", "color": "blue"}).json() == {"name": "ann", "shout": ""}
    assert api.get("/users").json()["items"] == [{"name": "ann", "shout": ""}]
    assert api.run(lambda session: session.get(User, 1).age) is None
    assert api.patch("/users/1", {"name": "bob"}).json()["name"] == "bob"


def test_excluded_read_only_and_write_only(make):
    router = CRUDRouter(
        User, exclude=["meta", "posts.text"], read_only=["age"], write_only=["color"], include=["posts"]
    )
    api = make(Base.metadata, [router, CRUDRouter(Post)])
    made = api.post("/users", {"name": "ann", "color": "blue"}).json()
    assert set(made) == {"id", "name", "age", "created"}
    assert api.run(lambda session: session.get(User, 1).color.value) == "blue"
    api.post("/posts", {"user_id": 1, "text": "secret"})
    assert api.get("/users/1?include=posts").json()["posts"] == [{"id": 1, "user_id": 1}]
    for query in ("color=blue", "meta__is_null=true", "sort=color"):
        assert api.get(f"/users?{query}").status_code == 422, query
    assert api.post("/users", {"name": "b", "age": 5}).status_code == 422
    assert api.post("/users", {"name": "b", "meta": {}}).status_code == 422


def test_a_secret_in_the_answers_is_said_loudly():
    class Other(DeclarativeBase):
        pass

    class Account(Other):
        __tablename__ = "accounts"
        id: Mapped[int] = mapped_column(primary_key=True)
        password_hash: Mapped[str]

    with pytest.warns(SecretWarning, match="Account.password_hash is in the answers"):
        CRUDRouter(Account)
    CRUDRouter(Account, write_only=["password_hash"])


def test_a_dependency_may_read_the_query_set_headers_and_refuse(make_sqlite):
    def tenant(response: Response, tenant: str = Query()) -> None:
        response.headers["x-tenant"] = tenant

    key = APIKeyQuery(name="api_key", auto_error=False)
    app = FastAPI(dependencies=[Depends(tenant)])
    api = make_sqlite(Base.metadata, [CRUDRouter(User, dependencies=[Depends(key)])], app=app)
    answer = api.get("/users?tenant=a&api_key=x&age__gte=1")
    assert (answer.status_code, answer.headers["x-tenant"]) == (200, "a")
    assert api.get("/users?tenant=a&tenannt=b").status_code == 422
    assert api.get("/users").status_code == 422
    parameters = api.get("/openapi.json?tenant=a").json()["paths"]["/users"]["get"]["parameters"]
    assert {"tenant", "api_key"} - {p["name"] for p in parameters} <= {"api_key"}
    assert {"limit", "age__gte"} <= {p["name"] for p in parameters}


def test_a_failure_that_is_no_fault_of_the_request_is_a_500(make_sqlite, caplog):
    api = make_sqlite(Base.metadata, [CRUDRouter(User)])
    api.run(lambda session: session.connection().exec_driver_sql("DROP TABLE posts") and session.commit())
    api.run(lambda session: session.connection().exec_driver_sql("DROP TABLE users") and session.commit())
    with caplog.at_level(logging.CRITICAL):
        assert api.get("/users").status_code == 500


def test_two_routers_of_one_model(make_sqlite):
    few = CRUDRouter(User, prefix="/people", exclude=["meta", "age", "color", "created"], endpoints=["list"])
    api = make_sqlite(Base.metadata, [CRUDRouter(User), few])
    api.post("/users", ANN)
    assert api.get("/people").json()["items"] == [{"id": 1, "name": "ann"}]
    told = api.get("/openapi.json").json()["paths"]
    answers = [told[path]["get"]["responses"]["200"]["content"]["application/json"] for path in ("/users", "/people")]
    assert answers[0]["schema"]["$ref"] != answers[1]["schema"]["$ref"]


def test_the_endpoints_tell_which_router_they_belong_to():
    """So the start of the application finds the models of routers that were included, nested or mounted."""
    router = CRUDRouter(User)
    assert len(router.routes) == 5 and all(route.endpoint.__fastapi_easy__ is router for route in router.routes)
    assert router.model is User and router.migrate and not CRUDRouter(User, migrate=False).migrate


class Missing(CRUDRouter):
    async def after_create(self, session, row):
        pass


REFUSED = {
    "no model: CRUDRouter takes a class": lambda: CRUDRouter(dict),
    "no model class: give the class": lambda: CRUDRouter(User()),
    "is no model": lambda: CRUDRouter(Base),
    "exclude=...\\): there is no 'nme'": lambda: CRUDRouter(User, exclude=["nme"]),
    "exclude='name'": lambda: CRUDRouter(User, exclude="name"),
    "there is no 'pots'": lambda: CRUDRouter(User, include=["pots"]),
    "there is no 'txt'": lambda: CRUDRouter(User, include=["posts"], exclude=["posts.txt"]),
    "exclude=...\\): there is no 'posts'": lambda: CRUDRouter(User, exclude=["posts.text"]),
    "filters=...\\): 'age' is in no answer": lambda: CRUDRouter(User, filters=["age"], write_only=["age"]),
    "sort=...\\): 'meta' has no order": lambda: CRUDRouter(User, sort=["meta"]),
    "search=...\\): 'age' is no text": lambda: CRUDRouter(User, search=["age"]),
    "default_sort=...\\): there is no 'nme'": lambda: CRUDRouter(User, default_sort="-nme"),
    "limit=500 is not between": lambda: CRUDRouter(User, limit=500),
    "pagination is": lambda: CRUDRouter(User, pagination="page"),
    "there is no 'remove'": lambda: CRUDRouter(User, endpoints=["remove"]),
    "it has no endpoint 'replace'": lambda: CRUDRouter(User, dependencies={"replace": []}),
    "after_create must be a plain function": lambda: Missing(User),
    "secret_name'? is in no answer": lambda: CRUDRouter(Hero, search=["secret_name"]),
}


@pytest.mark.parametrize("text", REFUSED)
def test_what_cannot_be_meant_is_refused_at_once(text):
    with pytest.raises(ModelError, match=text):
        REFUSED[text]()


def test_a_router_within_a_router_and_a_mounted_application(make):
    outer, app, inner = APIRouter(prefix="/api"), FastAPI(), FastAPI()
    outer.include_router(CRUDRouter(User))
    inner.include_router(CRUDRouter(Member))
    app.mount("/inner", inner)
    api = make(Base.metadata, [outer], app=app)
    assert api.post("/api/users", ANN).headers["location"] == "/api/users/1"
    made = api.post("/inner/members", {"org": "x", "number": 1})
    assert (made.status_code, made.headers["location"]) == (201, "/inner/members/x/1")
    assert api.get("/inner/members/x/1").status_code == 200
