"""What comes from the code agrees with it: `./kaldra reference` writes it."""

import json
import re
import runpy
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from pydantic import TypeAdapter

from app.factory import create_app
from app.routers.guarded import EXAMPLES as DIRECTORY
from app.settings import Settings
from contract.apps import AlphaAnswer, GeoAnswer, ProductAnswer, SafeguardAnswer
from contract.signal import Signal
from contract.window import WindowAnswer
from core.kernel import Kernel
from serving.errors import ErrorEnvelope
from serving.streaming import NDJSON
from tests.fakes import cores

SCRIPT = Path(__file__).resolve().parents[2] / "docs" / "reference" / "generate.py"
GENERATE = runpy.run_path(str(SCRIPT))
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


def test_generated_files_are_current():
    """But for the answers: their numbers may be those of older data."""
    for path, content in GENERATE["everything"]().items():
        if path.parent != DIRECTORY:
            assert path.read_text(encoding="utf-8") == content, path


def test_an_example_answers_the_example_of_its_request():
    """Exact numbers may be those of older data; fields and their values must be today's."""
    answers = GENERATE["example_answers"](Kernel.load())
    assert answers.keys() == {path.name for path in DIRECTORY.iterdir()}
    for name, model in ANSWERS.items():
        for text in (answers[name], (DIRECTORY / name).read_text(encoding="utf-8")):
            for line in text.splitlines():
                TypeAdapter(model).validate_json(line)


@pytest.fixture(scope="module")
def core() -> FastAPI:
    return cores.real()


@pytest.mark.parametrize(("name", "operation"), OPERATIONS, ids=[name for name, _ in OPERATIONS])
def test_every_route_has_a_sentence_and_an_example_that_works(gateway, core, name, operation):
    """What Swagger UI fills in by itself is answered as its example of the answer says."""
    assert re.fullmatch(r"[A-Z].*\.", operation["summary"])
    assert operation["tags"]
    method, path = name.split()
    for parameter in operation.get("parameters", []):
        schema = parameter["schema"]
        path = path.replace(f"{{{parameter['name']}}}", schema.get("default", schema["enum"][0]))
    body = None
    if "requestBody" in operation:
        (asked,) = operation["requestBody"]["content"].values()
        body = SCHEMAS[asked["schema"]["$ref"].rpartition("/")[2]]["examples"][0]
        assert {"400", "401", "413", "415", "422", "429", "503"} <= operation["responses"].keys()
    answer = gateway(core, KALDRA_AUTH="off").request(method, path, json=body)
    assert answer.status_code == HTTPStatus.OK
    ((media_type, media),) = operation["responses"]["200"]["content"].items()
    assert answer.headers["content-type"].partition(";")[0] == media_type
    example = media["example"]
    if media_type == NDJSON:
        example, found = (json.loads(text.splitlines()[0]) for text in (example, answer.text))
    else:
        found = answer.json()
    assert _keys(found) == _keys(example)


def _keys(value: Any) -> Any:
    """Fields of an object, or of a list's first one."""
    first = value[0] if isinstance(value, list) else value
    return first.keys()


def test_errors_are_described_with_examples():
    for name, operation in OPERATIONS:
        for status, answer in operation["responses"].items():
            if status == "200":
                continue
            (media,) = answer["content"].values()
            assert ErrorEnvelope.model_validate(media["example"]).error.code, (name, status)
