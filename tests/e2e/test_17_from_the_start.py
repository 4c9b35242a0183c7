"""What docs/how-to/recover.md says of a state that is given up, with the names of these tests."""

import re

import pytest

from kaldra.versions import PULUMI_PLUGINS
from tests.e2e.clone import STACK, Clone
from tests.e2e.machine import NAME

pytestmark = pytest.mark.extended

GIVEN_UP = f"""
docker rm -f -v {NAME}-control-plane {NAME}-registry
docker volume rm {NAME}-registry
docker network rm {NAME}
rm -r .kaldra
"""
FROM_THE_START = f"""
./kaldra down --stack {STACK} --all
rm -rf .kaldra .venv .venv.lock
"""


def test_a_state_is_given_up(breakable: Clone):
    breakable.run("bash", "-euc", GIVEN_UP)
    breakable.up()
    breakable.kaldra("preview", "--expect-no-changes")


@pytest.mark.usefixtures("alone")
def test_everything_is_made_from_the_start(breakable: Clone):
    breakable.run("bash", "-euc", FROM_THE_START)
    breakable.up()
    assert not (breakable.root / ".venv").is_symlink()


def test_pulumi_lists_both_plugins(platform: Clone):
    listed = platform.shell('eval "$(./kaldra env)"\npulumi plugin ls')
    for name, version in PULUMI_PLUGINS.items():
        assert re.search(rf"^{name}\s+resource\s+{re.escape(version)}\s", listed, re.MULTILINE)
    substitute = "plugin docker: this project's substitute" in platform.kaldra("preview")
    doctor = platform.shell("./kaldra doctor --stack e2e || true")
    assert ("(substitute)" in doctor) == substitute
