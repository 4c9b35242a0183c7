"""What docs/how-to/recover.md says of a state that is given up, with the names of these tests."""

import re

from kaldra.versions import PULUMI_PLUGINS
from tests.e2e.clone import NAME, STACK, Clone

LOST = f"""
docker rm -f -v {NAME}-control-plane {NAME}-registry
docker volume rm {NAME}-registry
docker network rm {NAME}
rm -r .kaldra
"""
FROM_THE_START = f"""
./kaldra down --stack {STACK} --all
rm -rf .kaldra .venv .venv.lock
"""
SALT = "encryptionsalt: v1:cZF/InZql/U=:v1:MQbK/cAkbSt9ACR3:1gAfXfZyDGDKCTEax1O3TR62tt3yVg==\n"
"""As plain pulumi writes it."""


def test_a_state_without_its_passphrase_is_given_up(breakable: Clone):
    (breakable.state / "passphrase").unlink()
    said = breakable.kaldra("up", code=2).output
    assert f"The passphrase of stack {STACK} is missing" in said
    breakable.run("bash", "-euc", LOST)
    file = breakable.root / f"Pulumi.{STACK}.yaml"
    without = re.sub(r"(?m)^encryptionsalt:.*\n", "", file.read_text())
    file.write_text(SALT + without)
    said = breakable.kaldra("up", code=2).output
    assert f"Pulumi.{STACK}.yaml belongs to a passphrase that this clone does not have" in said
    file.write_text(without)
    breakable.up()
    assert breakable.get("/status/")[0] == 200
    breakable.kaldra("preview", "--expect-no-changes")


def test_everything_is_made_from_the_start(breakable: Clone):
    breakable.run("bash", "-euc", FROM_THE_START)
    breakable.up()
    assert not (breakable.root / ".venv").is_symlink()
    assert breakable.get("/status/")[0] == 200


def test_pulumi_lists_both_plugins(platform: Clone):
    listed = platform.shell('eval "$(./kaldra env)"\npulumi plugin ls').output
    for name, version in PULUMI_PLUGINS.items():
        assert re.search(rf"^{name}\s+resource\s+{re.escape(version)}\s", listed, re.MULTILINE)
    substitute = "plugin docker: this project's substitute" in platform.kaldra("preview").output
    doctor = platform.kaldra("doctor", code=None).output
    assert ("(substitute)" in doctor) == substitute
