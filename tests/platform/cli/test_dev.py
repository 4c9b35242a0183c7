"""`./kaldra dev` up to what runs; tests/e2e/test_10_live.py edits it."""

import hashlib
import json
import os
import subprocess
import time
from pathlib import Path

import pytest

from kaldra.cli import dev, instances, live
from kaldra.cli.workspace import Workspace
from kaldra.errors import ConfigurationError
from kaldra.paths import REPO
from kaldra.stack.services import API, CORE, named
from kaldra.stack.settings import Settings
from tests.serving.reloading import Small


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


def test_a_debugger_attaches_through_a_receiver(tmp_path: Path, free_port: int):
    """Without debugpy beside the service, as in an image; also after a reload."""
    small = Small(tmp_path, free_port, KALDRA_DRAIN_SECONDS="0")
    question = json.dumps({
        "seq": 1, "type": "request", "command": "initialize", "arguments": {"adapterID": "test"},
    })  # fmt: skip
    with small.start(), small.receiver() as receiver:
        for message in ({"debug": dev.debugpy()}, {"write": {}}):
            assert receiver.request(**message) == {}
            with subprocess.Popen(
                [*small.receive, "--debugger"],
                env=small.environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
            ) as process:
                process.stdin.write(f"Content-Length: {len(question)}\r\n\r\n{question}".encode())
                process.stdin.flush()
                found = b""
                while b'"success"' not in found:
                    piece = os.read(process.stdout.fileno(), 1 << 16)
                    assert piece, found
                    found += piece
                assert b'"success": true' in found
                process.kill()
        assert (small.live / "packages" / "debugpy" / "__init__.py").exists()


def test_a_save_is_seen_and_an_editors_temporary_file_is_not(tmp_path: Path):
    seen: list[str] = []
    changes = live.changes({tmp_path}, 0.05)
    next(changes)
    for name in (".Dockerfile.swp", "Dockerfile", "main.py"):
        (tmp_path / name).touch()
    deadline = time.monotonic() + 10
    while len(seen) < 2 and time.monotonic() < deadline:
        seen += [path.name for path in next(changes)]
    assert seen == ["Dockerfile", "main.py"]
