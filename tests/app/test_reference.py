"""What is generated from the code is current: `python docs/reference/generate.py`."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from app.factory import create_app
from app.settings import Settings

SCRIPT = Path(__file__).resolve().parents[2] / "docs" / "reference" / "generate.py"
OPERATIONS = [
    (f"{method.upper()} {path}", operation)
    for path, item in create_app(Settings.load({})).openapi()["paths"].items()
    for method, operation in item.items()
]


@pytest.fixture
def generate(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.setattr(sys, "path", sys.path[:])
    spec = importlib.util.spec_from_file_location("generate", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_generated_files_are_current(generate: ModuleType):
    for path, content in generate.everything().items():
        assert path.read_text(encoding="utf-8") == content, path.name


@pytest.mark.parametrize(("name", "operation"), OPERATIONS, ids=[name for name, _ in OPERATIONS])
def test_every_route_is_documented_with_an_example(name: str, operation: dict[str, Any]):
    assert operation["summary"]
    assert operation["description"]
    assert operation["tags"]
    (media,) = operation["responses"]["200"]["content"].values()
    assert "example" in media
