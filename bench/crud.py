#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""crud.py - what a request costs with a CRUDRouter, and with the same endpoints written by hand on the same stack.

usage: $(scripts/venv newest) bench/crud.py [--requests N]

Prints JSON: {"sync": {"list": {"subject": ns, "floor": ns}, ...}, "async": {...}}. Requests are ASGI calls in one process, one
at a time, so that neither a server nor a client is measured. The two take turns request by request, and of each the first
decile counts: what else the machine does only adds to a request.
"""

import argparse
import asyncio
import json
import pathlib
import statistics
import sys
import tempfile
import time
from typing import Annotated, Any

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "python" / "src"))

from fastapi import APIRouter, Depends, FastAPI, HTTPException, Query, Request, Response  # noqa: E402
from pydantic import BaseModel, ConfigDict, Field  # noqa: E402
from sqlalchemy import Engine, String, func, select  # noqa: E402
from sqlalchemy.exc import IntegrityError  # noqa: E402
from sqlalchemy.ext.asyncio import AsyncSession  # noqa: E402
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column  # noqa: E402

from fastapi_easy import CRUDRouter  # noqa: E402
from fastapi_easy.engine import attach, engine_for  # noqa: E402

ROWS, WARM = 1000, 20


class Base(DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(100), unique=True)
    name: Mapped[str] = mapped_column(String(100))
    age: Mapped[int | None]
    active: Mapped[bool] = mapped_column(default=True)


# --- by hand ---------------------------------------------------------------------------------------------------------


class UserCreate(BaseModel):
    email: str = Field(max_length=100)
    name: str = Field(max_length=100)
    age: int | None = None
    active: bool = True


class UserUpdate(BaseModel):
    email: str | None = Field(None, max_length=100)
    name: str | None = Field(None, max_length=100)
    age: int | None = None
    active: bool | None = None


class UserRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: int
    email: str
    name: str
    age: int | None
    active: bool


class UserPage(BaseModel):
    items: list[UserRead]
    total: int
    limit: int
    offset: int


def page_statement(age: int | None, age__gte: int | None, name: str | None, sort: str) -> Any:
    statement = select(User)
    if age is not None:
        statement = statement.where(User.age == age)
    if age__gte is not None:
        statement = statement.where(User.age >= age__gte)
    if name is not None:
        statement = statement.where(User.name == name)
    column = getattr(User, sort.lstrip("-"))
    return statement, statement.order_by(column.desc() if sort.startswith("-") else column)


Sort = Annotated[str, Query(pattern="^-?(id|name|age)$")]
Limit = Annotated[int, Query(ge=1, le=200)]
Offset = Annotated[int, Query(ge=0)]


def included(router: APIRouter) -> FastAPI:
    """As a CRUDRouter is: in a router of its own."""
    app = FastAPI()
    app.include_router(router)
    return app


def sync_app(engine: Engine) -> FastAPI:
    router = APIRouter()

    def session():
        with Session(engine) as opened:
            yield opened

    Opened = Annotated[Session, Depends(session)]

    @router.get("/users", response_model=UserPage)
    def list_users(s: Opened, age: int | None = None, age__gte: int | None = None, name: str | None = None,
                   sort: Sort = "id", limit: Limit = 50, offset: Offset = 0):
        statement, page = page_statement(age, age__gte, name, sort)
        items = s.scalars(page.limit(limit).offset(offset)).all()
        total = s.scalar(select(func.count()).select_from(statement.subquery()))
        return {"items": items, "total": total, "limit": limit, "offset": offset}

    @router.get("/users/{id}", response_model=UserRead)
    def read_user(id: int, s: Opened):
        user = s.get(User, id)
        if user is None:
            raise HTTPException(404)
        return user

    @router.post("/users", response_model=UserRead, status_code=201)
    def create_user(data: UserCreate, s: Opened, request: Request, response: Response):
        user = User(**data.model_dump())
        s.add(user)
        try:
            s.commit()
        except IntegrityError as error:
            raise HTTPException(409) from error
        s.refresh(user)
        response.headers["location"] = f"{request.url.path}/{user.id}"
        return user

    @router.patch("/users/{id}", response_model=UserRead)
    def update_user(id: int, data: UserUpdate, s: Opened):
        user = s.get(User, id)
        if user is None:
            raise HTTPException(404)
        for name, value in data.model_dump(exclude_unset=True).items():
            setattr(user, name, value)
        try:
            s.commit()
        except IntegrityError as error:
            raise HTTPException(409) from error
        s.refresh(user)
        return user

    @router.delete("/users/{id}", status_code=204)
    def delete_user(id: int, s: Opened):
        user = s.get(User, id)
        if user is None:
            raise HTTPException(404)
        s.delete(user)
        s.commit()

    return included(router)


def async_app(engine: Any) -> FastAPI:
    router = APIRouter()

    async def session():
        async with AsyncSession(engine) as opened:
            yield opened

    Opened = Annotated[AsyncSession, Depends(session)]

    @router.get("/users", response_model=UserPage)
    async def list_users(s: Opened, age: int | None = None, age__gte: int | None = None, name: str | None = None,
                         sort: Sort = "id", limit: Limit = 50, offset: Offset = 0):
        statement, page = page_statement(age, age__gte, name, sort)
        items = (await s.scalars(page.limit(limit).offset(offset))).all()
        total = await s.scalar(select(func.count()).select_from(statement.subquery()))
        return {"items": items, "total": total, "limit": limit, "offset": offset}

    @router.get("/users/{id}", response_model=UserRead)
    async def read_user(id: int, s: Opened):
        user = await s.get(User, id)
        if user is None:
            raise HTTPException(404)
        return user

    @router.post("/users", response_model=UserRead, status_code=201)
    async def create_user(data: UserCreate, s: Opened, request: Request, response: Response):
        user = User(**data.model_dump())
        s.add(user)
        try:
            await s.commit()
        except IntegrityError as error:
            raise HTTPException(409) from error
        await s.refresh(user)
        response.headers["location"] = f"{request.url.path}/{user.id}"
        return user

    @router.patch("/users/{id}", response_model=UserRead)
    async def update_user(id: int, data: UserUpdate, s: Opened):
        user = await s.get(User, id)
        if user is None:
            raise HTTPException(404)
        for name, value in data.model_dump(exclude_unset=True).items():
            setattr(user, name, value)
        try:
            await s.commit()
        except IntegrityError as error:
            raise HTTPException(409) from error
        await s.refresh(user)
        return user

    @router.delete("/users/{id}", status_code=204)
    async def delete_user(id: int, s: Opened):
        user = await s.get(User, id)
        if user is None:
            raise HTTPException(404)
        await s.delete(user)
        await s.commit()

    return included(router)


# --- the measurement -------------------------------------------------------------------------------------------------


class Client:
    """Calls an application as a server does."""

    def __init__(self, app: FastAPI) -> None:
        self.app = app

    async def ask(self, method: str, target: str, body: Any = None) -> tuple[int, bytes]:
        path, _, query = target.partition("?")
        content = b"" if body is None else json.dumps(body).encode()
        headers = [(b"host", b"bench")]
        if content:
            headers += [(b"content-type", b"application/json"), (b"content-length", str(len(content)).encode())]
        scope = {"type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http", "path": path,
                 "raw_path": path.encode(), "query_string": query.encode(), "root_path": "", "headers": headers,
                 "client": ("127.0.0.1", 1), "server": ("bench", 80)}
        seen: dict[str, Any] = {"body": b""}

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": content, "more_body": False}

        async def send(message: Any) -> None:
            if message["type"] == "http.response.start":
                seen["status"] = message["status"]
            else:
                seen["body"] += message.get("body", b"")

        await self.app(scope, receive, send)
        return seen["status"], seen["body"]

    async def timed(self, what: str, i: int) -> int:
        """Nanoseconds of the i-th request of a kind."""
        if what == "delete":
            _, body = await self.ask("POST", "/users", {"email": f"gone{i}@example.org", "name": "gone"})
        requests = {
            "list": ("GET", f"/users?offset={i * 7 % 900}", None, 200),
            "filtered list": ("GET", f"/users?age__gte={20 + i % 50}&sort=-name&limit=20", None, 200),
            "read": ("GET", f"/users/{1 + i * 13 % ROWS}", None, 200),
            "create": ("POST", "/users", {"email": f"new{i}@example.org", "name": "new", "age": i % 90}, 201),
            "update": ("PATCH", f"/users/{1 + i * 13 % ROWS}", {"age": (i * 31) % 90}, 200),
            "delete": ("DELETE", f"/users/{json.loads(body)['id'] if what == 'delete' else 0}", None, 204),
        }
        method, target, sent, expected = requests[what]
        began = time.perf_counter_ns()
        status, answer = await self.ask(method, target, sent)
        took = time.perf_counter_ns() - began
        assert status == expected, (what, status, answer)
        return took


async def prepared(folder: pathlib.Path, driver: str, name: str) -> tuple[Any, Any]:
    """A database with its rows, and an application that it is attached to."""
    engine = engine_for(f"{driver}:///{folder / name}.db")
    app = FastAPI()
    database = attach(app, engine)

    def fill(session: Session) -> None:
        session.connection().exec_driver_sql("PRAGMA synchronous = OFF")
        Base.metadata.create_all(session.connection())
        session.add_all(User(email=f"u{i}@example.org", name=f"name {i * 7919 % 1009}", age=i % 90) for i in range(ROWS))
        session.commit()

    await database.run(fill)
    return app, database


async def measured(folder: pathlib.Path, kind: str, requests: int) -> dict[str, dict[str, float]]:
    driver = "sqlite" if kind == "sync" else "sqlite+aiosqlite"
    app, ours = await prepared(folder, driver, f"{kind}-subject")
    app.include_router(CRUDRouter(User))
    _, theirs = await prepared(folder, driver, f"{kind}-floor")
    clients = {"subject": Client(app), "floor": Client((sync_app if kind == "sync" else async_app)(theirs.engine))}
    await agree(clients)
    found = {}
    for what in ("list", "filtered list", "read", "create", "update", "delete"):
        times: dict[str, list[int]] = {"subject": [], "floor": []}
        for i in range(requests):
            for who in ("subject", "floor") if i % 2 else ("floor", "subject"):
                times[who].append(await clients[who].timed(what, i))
        found[what] = {who: statistics.quantiles(some[WARM:], n=10)[0] for who, some in times.items()}
    await ours.dispose()
    await theirs.dispose()
    return found


async def agree(clients: dict[str, Client]) -> None:
    """Both must answer the same, or the comparison would mean nothing."""
    for target in ("/users?limit=3&sort=-name", "/users?age__gte=80&limit=2", "/users/7"):
        answers = [json.loads((await client.ask("GET", target))[1]) for client in clients.values()]
        assert answers[0] == answers[1], target


def main() -> None:
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--requests", default=1000, type=int)
    requests = parser.parse_args().requests
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps({kind: asyncio.run(measured(pathlib.Path(folder), kind, requests)) for kind in ("sync", "async")}))


if __name__ == "__main__":
    main()
