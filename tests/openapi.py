"""What the contract tests of both services have in common."""

from typing import Any

import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, settings
from schemathesis.config import SchemathesisConfig
from schemathesis.schemas import BaseSchema
from starlette.types import ASGIApp, Receive, Scope, Send

EXAMPLES = 10

bounded: Any = settings(
    max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)
"""As many random examples as a test run can afford, beside those that cover each constraint."""


class Lasting:
    """An application without its end: schemathesis starts and ends what it calls in each case."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            await self.app(scope, receive, send)
            return
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})


def contract_of(described: FastAPI) -> tuple[BaseSchema, Lasting]:
    """The service's OpenAPI document, and what it is tried on until a fixture replaces it."""
    subject = Lasting(described)
    contract = schemathesis.openapi.from_dict(described.openapi(), config=SchemathesisConfig())
    contract.app = subject
    return contract, subject
