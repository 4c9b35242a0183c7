"""What the contract tests of both services have in common."""

from typing import Any

import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, settings
from schemathesis.config import SchemathesisConfig
from schemathesis.schemas import BaseSchema

EXAMPLES = 10

bounded: Any = settings(
    max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)
"""As many random examples as a test run can afford, beside those that cover each constraint."""


def contract_of(described: FastAPI) -> BaseSchema:
    """The service's OpenAPI document; the application that keeps it may be another one."""
    contract = schemathesis.openapi.from_dict(described.openapi(), config=SchemathesisConfig())
    contract.app = described
    return contract
