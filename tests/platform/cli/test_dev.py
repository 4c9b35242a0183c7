"""`./kaldra dev` up to what runs; tests/e2e/test_10_live.py edits it."""

import hashlib

import pytest

from kaldra.cli import dev, instances
from kaldra.cli.workspace import Workspace
from kaldra.errors import ConfigurationError
from kaldra.paths import REPO
from kaldra.stack.services import API, CORE, named
from kaldra.stack.settings import Settings


@pytest.mark.parametrize(
    ("settings", "hint"),
    [
        (Settings(target="staging"), "./kaldra dev"),
        (Settings(target="dev", live=False), "./kaldra up --stack mine"),
    ],
)
def test_a_stack_that_takes_no_live_code_is_refused(settings: Settings, hint: str):
    with pytest.raises(ConfigurationError) as caught:
        instances.require_live(Workspace(stack="mine", settings=settings))
    assert hint in caught.value.hint


def test_an_unknown_service_is_refused_with_those_that_exist():
    assert named("api") is named("kaldra-api") is API
    with pytest.raises(ConfigurationError) as caught:
        named("gateway")
    assert caught.value.hint == "Valid names: core, api"


def test_a_service_is_compared_by_its_own_code():
    found = dev.digests(CORE)
    file = REPO / "core" / "kernel.py"
    assert found["core/kernel.py"] == hashlib.sha256(file.read_bytes()).hexdigest()
    assert {path.partition("/")[0] for path in found} == {"core", "contract", "serving"}
