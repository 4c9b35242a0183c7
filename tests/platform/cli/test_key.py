import subprocess
from io import StringIO
from pathlib import Path

import pytest

from kaldra.cli import key
from kaldra.cli.ui import Console
from kaldra.errors import ConfigurationError, KaldraError

QUIET = Console(StringIO(), quiet=True)


@pytest.fixture
def made(state: Path) -> str:
    """The key that a dev stack made for itself."""
    (state / "dev-secrets.json").write_text('{"apiKeys": {"dev": "a-key-of-its-own"}}')
    return "a-key-of-its-own"


def test_the_curl_command_reads_the_key_itself(made, capsys):
    key.run(QUIET, stack="dev", name="dev", curl=True)
    command = capsys.readouterr().out
    assert made not in command
    shown = command.replace("curl ", "printf '%s ' ")
    done = subprocess.run(["/bin/sh", "-c", shown], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == (
        f"-H X-API-Key: {made} http://127.0.0.1:8000/engine/vocabulary/archetypes"
    )


def test_before_the_first_deployment_no_key_is_made(state):
    with pytest.raises(KaldraError, match="has no key yet"):
        key.run(QUIET, stack="dev", name="", curl=False)
    assert list(state.iterdir()) == []


@pytest.mark.parametrize("name", ["", "carol"])
def test_a_name_has_to_be_one_of_those_known(name):
    with pytest.raises(ConfigurationError, match=r"alice, bob") as caught:
        key.choose({"alice": "a", "bob": "b"}, name, "mine")
    assert caught.value.hint == "./kaldra key NAME --stack mine"
    assert key.choose({"alice": "a", "bob": "b"}, "bob", "mine") == ("bob", "b")
