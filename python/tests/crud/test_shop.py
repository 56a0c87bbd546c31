# SPDX-License-Identifier: MIT
"""The shop under a generator of requests: no server error, and no answer that its own description does not tell.

MOULT_TORTURE=1 asks for twenty times as many.
"""

from __future__ import annotations

import asyncio
import os
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from fastapi_easy.engine import attach, engine_for

schemathesis = pytest.importorskip("schemathesis", reason="it is in the newest stack alone")

import hypothesis  # noqa: E402
from schemathesis.core.result import Ok  # noqa: E402
from schemathesis.generation import GenerationMode  # noqa: E402
from schemathesis.specs.openapi import checks  # noqa: E402

TIMES = 20 if os.environ.get("MOULT_TORTURE") else 1
# Not asked: whether all that fits the schema is taken, for a CHECK of a table and a cursor's inside are in no schema; and
# what Allow says of a path that two routes share, which is FastAPI's affair.
NOT_ASKED = [checks.positive_data_acceptance, checks.allow_header_conformance]

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:.*httpx.*"),
    pytest.mark.parametrize("url", ["sqlite", "postgresql+psycopg"], indirect=True),
]

ROWS = [
    ("/customers", {"first_name": "Ada", "last_name": "Lovelace", "email": "ada@example.com"}),
    ("/categories", {"name": "Books"}),
    ("/products", {"name": "Elements", "price": "25.50", "category_id": 1}),
    ("/orders", {"customer_id": 1, "note": "ring twice"}),
    ("/order-lines", {"order_id": 1, "product_id": 1, "price": "25.50"}),
    ("/reviews", {"customer_id": 1, "product_id": 1, "stars": 5}),
]


@pytest.fixture
def shop(url: str) -> Any:
    from shop.api import ROUTERS
    from shop.models import Base

    app = FastAPI()
    database = attach(app, engine_for(url))
    for router in ROUTERS:
        app.include_router(router)
    asyncio.run(database.run(lambda session: Base.metadata.create_all(session.connection()) or session.commit()))
    yield schemathesis.openapi.from_asgi("/openapi.json", app)
    asyncio.run(database.dispose())


def settings(examples: int, **more: Any) -> Any:
    few = [hypothesis.Phase.explicit, hypothesis.Phase.generate]
    return hypothesis.settings(
        max_examples=examples * TIMES,
        deadline=None,
        database=None,
        derandomize=TIMES == 1,
        phases=few,
        suppress_health_check=list(hypothesis.HealthCheck),
        **more,
    )


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
def test_every_endpoint_by_itself(shop, mode):
    asked = 0
    for found in shop.get_all_operations():
        assert isinstance(found, Ok)

        @settings(12)
        @hypothesis.given(case=found.ok().as_strategy(generation_mode=mode))
        def ask(case: Any) -> None:
            nonlocal asked
            asked += 1
            case.call_and_validate(excluded_checks=NOT_ASKED)

        if mode is GenerationMode.POSITIVE or found.ok().method.upper() in ("POST", "PATCH", "PUT", "GET"):
            ask()
    assert asked > 200


def test_one_after_another(shop):
    """What one answer gives, such as an id, goes into the next request; some rows are there already."""
    answers: list[int] = []
    client = TestClient(shop.app)
    for path, body in ROWS:
        assert client.post(path, json=body).status_code == 201
    shop.config.generation.update(modes=[GenerationMode.POSITIVE])  # what is refused leads nowhere

    class Machine(shop.as_state_machine()):  # type: ignore[misc]
        def validate_response(self, response: Any, case: Any, **_: Any) -> None:
            answers.append(response.status_code)
            case.validate_response(response, excluded_checks=NOT_ASKED)

    Machine.run(settings=settings(10, stateful_step_count=12))
    assert {200, 204, 404} <= set(answers)
