"""What the contract tests of both services have in common."""

from typing import Any

import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, settings
from schemathesis.config import SchemathesisConfig
from schemathesis.schemas import BaseSchema

EXAMPLES = 10

bounded: Any = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
"""As many examples as a test run can afford, the same each time."""


def schema_of(app: FastAPI) -> BaseSchema:
    """The service's own OpenAPI document, to be tested against a running one."""
    return schemathesis.openapi.from_dict(app.openapi(), config=SchemathesisConfig())
