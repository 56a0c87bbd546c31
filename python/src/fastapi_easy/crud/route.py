# SPDX-License-Identifier: MIT
"""The route of a CRUDRouter: limits the body, and sees to it that whatever a request holds, its errors can be answered."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from fastapi import HTTPException, Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from fastapi.security import APIKeyQuery
from pydantic import BaseModel
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.types import Message

OTHERS = "fastapi_easy.query"  # in the scope: names in the query that a dependency reads


class BodyTooLarge(HTTPException):
    """413."""

    def __init__(self, limit: int) -> None:
        super().__init__(413, f"the body is larger than {limit} bytes")


class CRUDRoute(APIRoute):
    """Used for the generated routes, not for those that a user adds to the router."""

    max_body = 0  # set by the router, in a subclass

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()
        others = query_names(_dependant(handle, self.dependant))
        limit = self.max_body

        async def limited(request: Request) -> Response:
            request.scope[OTHERS] = others
            if request.method != "GET":
                request = Request(request.scope, receive_at_most(request, limit))
            try:
                return await handle(request)
            except RequestValidationError as invalid:
                raise RequestValidationError(answerable(invalid.errors())) from None
            except StarletteHTTPException as refused:
                if refused.status_code != 400 or refused.detail != "There was an error parsing the body":
                    raise
                problem = {
                    "type": "json_invalid",
                    "loc": ("body",),
                    "msg": "the body cannot be read as JSON",
                    "input": None,
                }
                raise RequestValidationError([problem]) from refused

        return limited


def receive_at_most(request: Request, limit: int) -> Callable[[], Awaitable[Message]]:
    """The request's body, refused as soon as it is known to be too large."""
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared[:20]) > limit:
        raise BodyTooLarge(limit)
    seen = 0

    async def receive() -> Message:
        nonlocal seen
        message = await request.receive()
        seen += len(message.get("body", b""))
        if seen > limit:
            raise BodyTooLarge(limit)
        return message

    return receive


def answerable(errors: Any, depth: int = 0) -> Any:
    """The same, with nothing in it that cannot be written as JSON: half characters, NaN, endless depth."""
    if isinstance(errors, dict):
        return (
            {answerable(k): answerable(v, depth + 1) for k, v in errors.items() if k != "url"} if depth < 6 else "..."
        )
    if isinstance(errors, (list, tuple)):
        return type(errors)(answerable(part, depth + 1) for part in errors) if depth < 6 else "..."
    if isinstance(errors, str):
        return (
            errors.encode("utf-8", "replace").decode()
            if len(errors) < 200
            else errors[:200].encode("utf-8", "replace").decode() + "..."
        )
    if isinstance(errors, bool) or errors is None:
        return errors
    if isinstance(errors, int):
        return errors if abs(errors) < 2**63 else "..."
    if isinstance(errors, float):
        return errors if abs(errors) < float("inf") else str(errors)
    return answerable(str(errors))


def query_names(dependant: Dependant) -> frozenset[str]:
    """The parameters in the query that the dependencies of a route read."""
    found: set[str] = set()
    for field in dependant.query_params:
        annotation = field.field_info.annotation
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            found.update(part.alias or name for name, part in annotation.model_fields.items())
        else:
            found.add(field.alias)
    if isinstance(dependant.call, APIKeyQuery):
        found.add(dependant.call.model.name)
    for scheme in getattr(dependant, "security_requirements", None) or ():
        if isinstance(scheme.security_scheme, APIKeyQuery):
            found.add(scheme.security_scheme.model.name)
    return frozenset(found.union(*map(query_names, dependant.dependencies)))


def _dependant(handle: Callable[..., Any], own: Dependant) -> Dependant:
    """What the handler resolves: also the dependencies of the application and of routers around, unknown to the route."""
    names = handle.__code__.co_freevars
    if handle.__closure__ is not None and "dependant" in names:
        found = handle.__closure__[names.index("dependant")].cell_contents
        if isinstance(found, Dependant):
            return found
    return own
