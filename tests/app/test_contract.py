from typing import Any

import httpx2
import pytest
import schemathesis

from app.factory import create_app
from app.settings import Settings
from serving.application import Service
from tests.app.conftest import KEY, KEYS
from tests.fakes import cores
from tests.fakes.transports import InProcess
from tests.openapi import bounded, contract_of

contract = contract_of(create_app(Settings.load({})))


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Service:
    """A gateway with keys, in front of a real core."""
    keys = tmp_path_factory.mktemp("api-keys")
    for name, key in KEYS.items():
        (keys / name).write_text(key)
    settings = Settings.load({"KALDRA_API_KEYS_DIR": str(keys), "KALDRA_RATE_LIMIT": "0"})
    return create_app(settings, InProcess(httpx2.ASGITransport(cores.real())))


@contract.parametrize()
@bounded
def test_the_gateway_keeps_its_contract(case: schemathesis.Case[Any], gateway: Service):
    case.call_and_validate(app=gateway, headers=KEY)
