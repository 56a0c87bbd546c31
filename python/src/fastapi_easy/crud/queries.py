# SPDX-License-Identifier: MIT
"""The query of a request: read from the URL, checked against a schema, and told in OpenAPI."""

from __future__ import annotations

import difflib
import warnings
from collections.abc import Collection, Mapping
from typing import Any

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model
from starlette.requests import Request

from fastapi_easy.crud.schemas import safe_name

MISSING: dict[str, Any] = {"default_factory": lambda: None}  # no default that OpenAPI would show


class Query:
    """The parameters that an endpoint understands. Each one comes once, but for lists."""

    def __init__(self, fields: Mapping[str, tuple[Any, Any]], lists: Collection[str], split: Collection[str]) -> None:
        """`fields`: name -> (annotation, settings of Field); `lists` come many times, `split` ones also as `a,b`."""
        self.lists, self.split = frozenset(lists), frozenset(split)
        self.names = {safe_name(name): name for name in fields}
        made: dict[str, Any] = {
            safe_name(name): (
                annotation,
                Field(**(settings if "default" in settings else MISSING | settings), alias=name),
            )
            for name, (annotation, settings) in fields.items()
        }
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Field name .* shadows an attribute in parent")  # such as json, copy
            self.model = create_model("Query", __config__=ConfigDict(protected_namespaces=()), **made)
        self.known = frozenset(fields)
        self.defaults = {name: settings["default"] for name, (_, settings) in fields.items() if "default" in settings}

    def read(self, request: Request, others: Collection[str] = ()) -> dict[str, Any]:
        """What was asked, by name; `others` are read by someone else, such as a dependency."""
        if not request.scope["query_string"]:
            return dict(self.defaults)
        given: dict[str, Any] = {}
        errors: list[dict[str, Any]] = []
        for name, value in request.query_params.multi_items():
            if name in self.known:
                self._take(given, name, value, errors)
            elif name not in others:
                errors.append(_unknown(name, value, self.known))
        try:
            values = self._values(given)
        except ValidationError as wrong:
            errors += [{**e, "loc": ("query", *e["loc"])} for e in wrong.errors(include_url=False)]
            values = {}
        if errors:
            raise RequestValidationError(errors)
        return values

    def _take(self, given: dict[str, Any], name: str, value: str, errors: list[dict[str, Any]]) -> None:
        if name in self.split:
            given.setdefault(name, []).extend(value.split(",") if value else [])  # "sort=" asks for nothing
        elif name in self.lists:
            given.setdefault(name, []).append(value)
        elif name in given:
            errors.append({"type": "given_twice", "loc": ("query", name), "msg": "is there twice", "input": value})
        else:
            given[name] = value

    def _values(self, given: dict[str, Any]) -> dict[str, Any]:
        made: BaseModel = self.model.model_validate(given)
        return self.defaults | {self.names[name]: getattr(made, name) for name in made.model_fields_set}

    def parameters(self) -> list[dict[str, Any]]:
        """As OpenAPI tells them."""
        schema = self.model.model_json_schema(by_alias=True)
        shared = schema.get("$defs", {})
        return [self._parameter(name, _inlined(part, shared)) for name, part in schema.get("properties", {}).items()]

    def _parameter(self, name: str, schema: dict[str, Any]) -> dict[str, Any]:
        schema.pop("title", None)
        description = schema.pop("description", None)
        told = {"name": name, "in": "query", "required": False, "schema": schema}
        if name in self.split:
            told |= {"style": "form", "explode": False}
        return told | ({"description": description} if description else {})


def _inlined(part: Any, shared: Mapping[str, Any]) -> Any:
    """A schema without references: the parameters of a query have no place for shared parts."""
    if isinstance(part, dict):
        if "$ref" in part:
            rest = {k: v for k, v in part.items() if k != "$ref"}
            return {**_inlined(shared[part["$ref"].rsplit("/", 1)[1]], shared), **rest}
        return {k: _inlined(v, shared) for k, v in part.items()}
    return [_inlined(p, shared) for p in part] if isinstance(part, list) else part


def _unknown(name: str, value: str, known: Collection[str]) -> dict[str, Any]:
    close = difflib.get_close_matches(name, known, n=1)
    hint = f"; did you mean {close[0]!r}?" if close else ""
    return {
        "type": "unknown_parameter",
        "loc": ("query", name),
        "msg": f"there is no such parameter{hint}",
        "input": value,
    }
