import json
import os
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from types import ModuleType
from typing import Any

import pytest

from kaldra.paths import REPO

WRAPPER = REPO / "platform/kaldra/toolchain/data/runc-reduced"
ASKED = ["CAP_CHOWN", "CAP_SYS_RESOURCE", "CAP_NET_ADMIN"]
GRANTED = ["CAP_CHOWN", "CAP_NET_ADMIN"]


@pytest.fixture
def executed() -> list[str]:
    return []


@pytest.fixture
def wrapper(monkeypatch, executed) -> ModuleType:
    loader = SourceFileLoader("runc_reduced", str(WRAPPER))
    spec = spec_from_loader(loader.name, loader)
    assert spec
    module = module_from_spec(spec)
    loader.exec_module(module)
    monkeypatch.setattr(module, "held", lambda: set(GRANTED))
    monkeypatch.setattr(os, "execv", lambda _path, arguments: executed.extend(arguments))
    return module


def process() -> dict[str, Any]:
    kinds = ("bounding", "effective", "permitted")
    return {"args": ["sleep"], "capabilities": {kind: list(ASKED) for kind in kinds}}


@pytest.mark.parametrize("option", [["--bundle", "{}"], ["--bundle={}"], ["-b", "{}"]])
@pytest.mark.parametrize("command", ["create", "run"])
def test_a_container_asks_for_what_the_host_has(wrapper, executed, tmp_path, command, option):
    configuration = tmp_path / "config.json"
    configuration.write_text(json.dumps({"process": process(), "root": {"path": "rootfs"}}))
    arguments = [command, *(part.format(tmp_path) for part in option), "id"]

    wrapper.main(arguments)

    written = json.loads(configuration.read_text())
    assert set(map(tuple, written["process"]["capabilities"].values())) == {tuple(GRANTED)}
    assert written["process"]["args"] == ["sleep"]
    assert written["root"] == {"path": "rootfs"}
    assert executed == [wrapper.RUNC, *arguments]


def test_a_process_added_to_a_container_asks_for_what_the_host_has(wrapper, executed, tmp_path):
    file = tmp_path / "process.json"
    file.write_text(json.dumps(process()))

    wrapper.main(["--root", "/run", "exec", "--process", str(file), "id"])

    assert json.loads(file.read_text())["capabilities"]["effective"] == GRANTED
    assert executed[-1] == "id"


def test_other_commands_pass_unchanged(wrapper, executed):
    wrapper.main(["--root", "/run", "state", "id"])
    assert executed == [wrapper.RUNC, "--root", "/run", "state", "id"]
