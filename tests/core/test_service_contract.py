from typing import Any
from unittest.mock import Mock

import schemathesis

from core.kernel import Kernel
from core.service import create_app
from core.settings import Settings
from tests.contract import bounded, schema_of

core = schema_of(create_app(Settings.load({}), Mock(spec=Kernel)))


@core.parametrize()
@bounded
def test_the_core_keeps_its_contract(case: schemathesis.Case[Any], core_url: str):
    case.call_and_validate(base_url=core_url)
