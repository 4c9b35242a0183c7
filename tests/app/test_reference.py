"""What comes from the code agrees with it: `./kaldra reference` writes it."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from pydantic import TypeAdapter

from app.examples import DIRECTORY
from app.factory import create_app
from app.settings import Settings
from contract.apps import AlphaAnswer, GeoAnswer, ProductAnswer, SafeguardAnswer
from contract.signal import Signal
from contract.window import WindowAnswer
from core.kernel import Kernel

SCRIPT = Path(__file__).resolve().parents[2] / "docs" / "reference" / "generate.py"
ANSWERS: dict[str, Any] = {
    "signal.json": Signal,
    "batch.ndjson": Signal,
    "window.json": WindowAnswer,
    "alpha.json": AlphaAnswer,
    "geo.json": GeoAnswer,
    "product.json": ProductAnswer,
    "safeguard.json": SafeguardAnswer,
}
DOCUMENT = create_app(Settings.load({})).openapi()
SCHEMAS = DOCUMENT["components"]["schemas"]
OPERATIONS = [
    (f"{method.upper()} {path}", operation)
    for path, item in DOCUMENT["paths"].items()
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
    """But for the answers: their numbers may be those of older data."""
    for path, content in generate.everything().items():
        if path.parent != DIRECTORY:
            assert path.read_text(encoding="utf-8") == content, path


def test_an_example_answers_the_example_of_its_request(generate: ModuleType):
    """Exact numbers may be those of older data; fields and their values must be today's."""
    answers = generate.example_answers(Kernel.load())
    assert answers.keys() == {path.name for path in DIRECTORY.iterdir()}
    for name, model in ANSWERS.items():
        for text in (answers[name], (DIRECTORY / name).read_text(encoding="utf-8")):
            for line in text.splitlines():
                TypeAdapter(model).validate_json(line)


@pytest.mark.parametrize(("name", "operation"), OPERATIONS, ids=[name for name, _ in OPERATIONS])
def test_every_route_is_documented_with_an_example(name: str, operation: dict[str, Any]):
    assert operation["summary"]
    assert operation["tags"]
    (media,) = operation["responses"]["200"]["content"].values()
    assert "example" in media
    if "requestBody" in operation:
        (asked,) = operation["requestBody"]["content"].values()
        model = asked["schema"]["$ref"].rpartition("/")[2]
        assert SCHEMAS[model]["examples"]
