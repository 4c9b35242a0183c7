from typing import Any
from unittest.mock import Mock

import pytest
import schemathesis

from core.kernel import Kernel
from core.service import create_app
from core.settings import Settings
from tests.fakes import cores
from tests.openapi import bounded, contract_of

contract, subject = contract_of(create_app(Settings.load({}), Mock(spec=Kernel)))


@pytest.fixture(scope="module")
def _core() -> None:
    """A core that computes, in place of the one that only describes itself."""
    subject.app = cores.real()


@contract.parametrize()
@pytest.mark.usefixtures("_core")
@bounded
def test_the_core_keeps_its_contract(case: schemathesis.Case[Any]):
    case.call_and_validate()
