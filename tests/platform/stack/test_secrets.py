import os
import subprocess
import sys

import pytest

from kaldra.errors import ConfigurationError
from kaldra.paths import REPO
from kaldra.stack import secrets
from kaldra.stack.settings import Settings
from tests.processes import ran


def test_a_dev_stack_makes_its_key_once_and_keeps_it(own_state):
    first = secrets.own_keys()
    assert secrets.contents(Settings(target="dev")) == {"api-keys": first}
    assert len(first["dev"]) >= 32
    assert (own_state / "dev-secrets.json").stat().st_mode & 0o777 == 0o600


def test_a_key_from_the_configuration_wins():
    settings = Settings.from_config({"target": "dev", "apiKeys": {"ci": "k" * 16}}, "x")
    assert secrets.contents(settings) == {"api-keys": {"ci": "k" * 16}}


def test_a_damaged_secrets_file_is_named_and_left_alone(own_state):
    own_state.mkdir()
    file = own_state / "dev-secrets.json"
    file.write_text("{")
    with pytest.raises(ConfigurationError, match=r"dev-secrets\.json") as caught:
        secrets.own_keys()
    assert file.read_text() == "{"
    subprocess.run(["sh", "-c", caught.value.hint], check=True)  # noqa: S607
    assert secrets.own_keys()["dev"]


@pytest.mark.parametrize("umask", [0o077, 0o000])
def test_what_a_container_mounts_has_modes_of_its_own(own_state, umask):
    before = os.umask(umask)
    try:
        directory = secrets.as_directory("keys", {"a": "b"})
        # What an older version made under that umask is put right.
        directory.chmod(0o700)
        (directory / "a").chmod(0o400)
        assert secrets.as_directory("keys", {"a": "b"}) == directory
    finally:
        os.umask(before)
    assert directory.parent.stat().st_mode & 0o777 == 0o700
    assert directory.stat().st_mode & 0o777 == 0o755
    assert (directory / "a").stat().st_mode & 0o777 == 0o444
    assert [p.name for p in directory.parent.iterdir()] == [directory.name]


def test_an_ordinary_user_writes_them_a_second_time(tmp_path):
    """Files without write permission, as root never notices."""
    code = "from kaldra.stack.secrets import as_directory as d; [d('k', {'a': 'b'}) for _ in 'ab']"
    ordinary = [] if os.geteuid() else ["setpriv", "--bounding-set=-dac_override"]
    env = {**os.environ, "KALDRA_STATE": str(tmp_path), "PYTHONPATH": str(REPO / "platform")}
    done = ran(*ordinary, sys.executable, "-c", code, env=env)
    assert done.returncode == 0, done.stderr
