# SPDX-License-Identifier: MIT
"""From an operation of a CRUDRouter to an endpoint of FastAPI: its signature, its answers in OpenAPI, its session."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote

from fastapi import Body, Depends, HTTPException, Path, Request, Response, params
from fastapi.exceptions import RequestValidationError
from pydantic_core import to_jsonable_python
from sqlalchemy.orm import Session

from fastapi_easy.crud.errors import Invalid, Problem
from fastapi_easy.crud.pages import Asked, Found
from fastapi_easy.crud.resource import Resource
from fastapi_easy.crud.route import OTHERS
from fastapi_easy.crud.schemas import filled
from fastapi_easy.crud.shapes import list_of
from fastapi_easy.engine import database_of, enforce_foreign_keys, run_in

if TYPE_CHECKING:
    from fastapi_easy.crud.router import CRUDRouter

# The names of an endpoint's parameters beside the key's, which are the model's own.
REQUEST, RESPONSE, SESSION, DATA = (
    "fastapi_easy_request",
    "fastapi_easy_response",
    "fastapi_easy_session",
    "fastapi_easy_data",
)

PROBLEMS = {
    403: "It would be outside of what you may see",
    404: "There is no such row",
    409: "It conflicts with what is there",
    413: "The body is too large",
}


@dataclass(frozen=True)
class Call:
    """One request, as an operation sees it."""

    router: CRUDRouter
    request: Request
    session: Session
    key: tuple[Any, ...]
    data: Any
    asked: dict[str, Any]

    @property
    def resource(self) -> Resource:
        return self.router.resource


# --- what each endpoint does, on a plain Session ---------------------------------------------------------------------


def _list(call: Call) -> Response:
    resource, asked = call.resource, call.asked
    found = call.router.list_items(call.session, _asked(resource, asked))
    items = [resource.show(row, asked.get("include", ())) for row in found.items]
    return _json(resource.dump(filled(resource.page, {"items": items, **_place(resource, asked, found)})))


def _asked(resource: Resource, values: dict[str, Any]) -> Asked:
    order = resource.order(values["sort"]) if values.get("sort") else resource.default_order
    filters = [(resource.filters[name], value) for name, value in values.items() if name in resource.filters]
    return Asked(
        filters,
        values.get("q"),
        order,
        values["limit"],
        values.get("offset", 0),
        values.get("cursor"),
        values.get("include", ()),
    )


def _place(resource: Resource, asked: dict[str, Any], found: Found) -> dict[str, Any]:
    if resource.options.pagination == "cursor":
        return {"limit": asked["limit"], "next": found.next}
    return {"total": found.total, "limit": asked["limit"], "offset": asked["offset"]}


def _read(call: Call) -> Response:
    include = call.asked.get("include", ())
    row = call.router.read_item(call.session, call.key, include)
    return _json(call.resource.dump(call.resource.show(row, include)))


def _create(call: Call) -> Response:
    row = call.router.create_item(call.session, call.data)
    made = _written(call, row, 201)
    if "read" in call.router.endpoints:
        made.headers["location"] = _address(call, call.resource.key_values(row))
    call.session.commit()
    return made


def _update(call: Call) -> Response:
    made = _written(call, call.router.update_item(call.session, call.key, call.data))
    call.session.commit()
    return made


def _replace(call: Call) -> Response:
    made = _written(call, call.router.replace_item(call.session, call.key, call.data))
    call.session.commit()
    return made


def _delete(call: Call) -> Response:
    call.router.delete_item(call.session, call.key)
    call.session.commit()
    return Response(status_code=204)


def _bulk_create(call: Call) -> Response:
    return _bulk(call, lambda item: call.router.create_item(call.session, item), 201)


def _bulk_update(call: Call) -> Response:
    resource = call.resource
    return _bulk(
        call, lambda item: call.router.update_item(call.session, resource.key_in(item), resource.without_key(item)), 200
    )


def _bulk_delete(call: Call) -> Response:
    for i, item in enumerate(call.data):
        with _told(call, i, deleting=True):
            call.router.delete_item(call.session, call.resource.key_in(item))
    call.session.commit()
    return Response(status_code=204)


def _bulk(call: Call, operation: Callable[[Any], Any], status: int) -> Response:
    """All of them or none: an error says which one it was, and undoes the others."""
    rows = []
    for i, item in enumerate(call.data):
        with _told(call, i):
            rows.append(operation(item))
    items = [call.resource.show(row) for row in rows]
    made = _json(call.resource.dump(filled(call.resource.items, {"items": items})), status)
    call.session.commit()
    return made


def _written(call: Call, row: Any, status: int = 200) -> Response:
    """The answer is made before the commit: nothing has to be read again after it."""
    return _json(call.resource.dump(call.resource.show(row)), status)


def _json(content: bytes, status: int = 200) -> Response:
    return Response(content, status, media_type="application/json")


def _address(call: Call, key: Sequence[Any]) -> str:
    parts = (quote(str(to_jsonable_python(part)), safe="") for part in key)
    return "/".join((call.request.url.path.rstrip("/"), *parts))


# --- the list of them ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Action:
    """One kind of endpoint."""

    title: str
    method: str
    path: str  # "" for the rows as a whole, "key" for one row
    status: int
    perform: Callable[[Call], Response]
    problems: tuple[int, ...] = ()
    data: str = ""  # the name of its schema in Resource
    answer: str = ""

    @property
    def writes(self) -> bool:
        return self.method != "GET"


ACTIONS = {
    "list": Action("List", "GET", "", 200, _list, answer="page"),
    "create": Action("Create", "POST", "", 201, _create, (409, 413), "create", "read"),
    "read": Action("Read", "GET", "key", 200, _read, (404,), answer="read"),
    "update": Action("Update", "PATCH", "key", 200, _update, (404, 409, 413), "update", "read"),
    "replace": Action("Replace", "PUT", "key", 200, _replace, (404, 409, 413), "replace", "read"),
    "delete": Action("Delete", "DELETE", "key", 204, _delete, (404, 409, 413)),
    "bulk_create": Action("Create many", "POST", "/bulk-create", 201, _bulk_create, (409, 413), "create", "items"),
    "bulk_update": Action(
        "Update many", "POST", "/bulk-update", 200, _bulk_update, (404, 409, 413), "keyed_update", "items"
    ),
    "bulk_delete": Action("Delete many", "POST", "/bulk-delete", 204, _bulk_delete, (404, 409, 413), "keyed"),
}


def route_of(router: CRUDRouter, name: str, dependencies: Sequence[params.Depends]) -> dict[str, Any]:
    """The arguments of add_api_route for one of the actions."""
    action, resource = ACTIONS[name], router.resource
    base = "" if router.prefix else "/"
    path = base + action.path if action.path != "key" else "/" + "/".join(f"{{{a.name}}}" for a in resource.key)
    problems = action.problems + ((403,) if router.scope_query is not None and action.data else ())
    responses: dict[int | str, dict[str, Any]] = {
        p: {"model": Problem, "description": PROBLEMS[p]} for p in sorted(problems)
    }
    responses[422] = {"model": Invalid, "description": "Something in the request is wrong"}
    query = _query(name, resource)
    return {
        "path": path.replace("//", "/"),
        "endpoint": _endpoint(router, name),
        "methods": [action.method],
        "status_code": action.status,
        "response_model": getattr(resource, action.answer) if action.answer else None,
        "responses": responses,
        "dependencies": list(dependencies),
        "name": f"{name}_{resource.path_name}",
        "summary": f"{action.title} {resource.name}",
        "openapi_extra": {"parameters": query.parameters()} if query is not None and query.known else None,
    }


def _query(name: str, resource: Resource) -> Any:
    return {"list": resource.list_query, "read": resource.read_query}.get(name)


def _endpoint(router: CRUDRouter, name: str) -> Callable[..., Any]:
    action, resource = ACTIONS[name], router.resource
    key, query = tuple(a.name for a in resource.key) if action.path == "key" else (), _query(name, resource)

    async def endpoint(**given: Any) -> Response:
        request = given[REQUEST]
        asked = query.read(request, request.scope.get(OTHERS, ())) if query is not None else {}
        place = tuple(given[part] for part in key)

        def work(session: Session) -> Response:
            return _perform(action, Call(router, request, session, place, given.get(DATA), asked))

        made = await (run_in(given[SESSION], work) if SESSION in given else database_of(request).run(work))
        made.headers.raw.extend(given[RESPONSE].headers.raw)  # what dependencies have set
        return made

    endpoint.__signature__ = _signature(router, action)  # type: ignore[attr-defined]
    endpoint.__name__ = name
    endpoint.__fastapi_easy__ = router  # type: ignore[attr-defined]  # how the application's start finds the router
    return endpoint


def _signature(router: CRUDRouter, action: Action) -> inspect.Signature:
    """What FastAPI reads: the key in the path, the body, the session."""
    given: list[tuple[str, Any]] = [(REQUEST, Request), (RESPONSE, Response)]
    if action.path == "key":
        given += [(a.name, Annotated[a.shape.asked, Path(description=a.text)]) for a in router.resource.key]
    if action.data:
        schema = getattr(router.resource, action.data)
        many: Any = Annotated[list_of(schema), Body(min_length=1, max_length=router.resource.options.max_bulk)]
        given.append((DATA, many if action.path.startswith("/") else Annotated[schema, Body()]))
    if router.session_dependency is not None:
        given.append((SESSION, Annotated[Any, Depends(router.session_dependency)]))
    return inspect.Signature([inspect.Parameter(n, inspect.Parameter.KEYWORD_ONLY, annotation=a) for n, a in given])


def _perform(action: Action, call: Call) -> Response:
    call.session.info["request"] = call.request
    if call.router.session_dependency is not None:
        enforce_foreign_keys(call.session.get_bind(call.router.model))
    try:
        with _told(call, deleting=action.perform is _delete):
            return action.perform(call)
    except BaseException:
        call.session.rollback()
        raise


@contextmanager
def _told(call: Call, item: int | None = None, deleting: bool = False) -> Iterator[None]:
    """Turns what a database refuses into an answer; `item` is its place in a bulk request."""
    try:
        yield
    except (HTTPException, RequestValidationError) as answer:
        raise _at(answer, item) from answer.__cause__
    except Exception as error:
        place = "query" if call.request.method == "GET" else "body" if call.data is not None else "path"
        told = call.router.answer_for(error, place, deleting)
        if told is None:
            raise
        raise _at(told, item) from error


def _at(answer: Exception, item: int | None) -> Exception:
    if item is None:
        return answer
    if isinstance(answer, HTTPException):
        return HTTPException(answer.status_code, f"item {item}: {answer.detail}", answer.headers)
    if isinstance(answer, RequestValidationError):
        return RequestValidationError([{**e, "loc": (e["loc"][0], item, *e["loc"][1:])} for e in answer.errors()])
    return answer
