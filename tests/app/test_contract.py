from typing import Any

import schemathesis

from app.factory import create_app
from app.settings import Settings
from tests.conftest import API_KEY
from tests.contract import bounded, schema_of

gateway = schema_of(create_app(Settings.load({})))


@gateway.parametrize()
@bounded
def test_the_gateway_keeps_its_contract(case: schemathesis.Case[Any], api_url: str):
    case.call_and_validate(base_url=api_url, headers={"X-API-Key": API_KEY})
