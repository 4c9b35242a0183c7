from typing import Any
from unittest.mock import Mock

import pytest
import schemathesis

from core.kernel import Kernel
from core.service import create_app
from core.settings import Settings
from serving.application import Service
from tests.openapi import bounded, contract_of

contract = contract_of(create_app(Settings.load({}), Mock(spec=Kernel)))


@pytest.fixture
def core(kernel: Kernel) -> Service:
    """A core that computes, in place of the one that only describes itself."""
    return create_app(Settings.load({}), kernel)


@contract.parametrize()
@bounded
def test_the_core_keeps_its_contract(case: schemathesis.Case[Any], core: Service):
    case.call_and_validate(app=core)
