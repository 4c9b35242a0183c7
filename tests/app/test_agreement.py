"""The gateway's own models and the core's, compared through their OpenAPI documents."""

from typing import Any
from unittest.mock import Mock

import pytest

from app.factory import create_app as create_gateway
from app.settings import Settings as GatewaySettings
from core.http.requests import LONGEST_TEXT, MOST_TEXTS
from core.kernel import Kernel
from core.service import create_app as create_core
from core.settings import Settings as CoreSettings

Document = dict[str, Any]
Shape = dict[str, Any]

ROUTES = {
    "/engine/kaldra/signal": "/v1/signal",
    "/engine/kaldra/batch": "/v1/batch",
    "/engine/kaldra/window": "/v1/window",
    "/alpha/analyze": "/v1/apps/alpha",
    "/geo/analyze": "/v1/apps/geo",
    "/product/analyze": "/v1/apps/product",
    "/safeguard/evaluate": "/v1/apps/safeguard",
}
SAID_ONLY_FOR_PEOPLE = {"title", "description", "examples", "default"}

GATEWAY = create_gateway(GatewaySettings.load({})).openapi()
CORE = create_core(CoreSettings.load({}), Mock(spec=Kernel)).openapi()


def resolved(document: Document, value: Any) -> Any:
    """A schema without references and without what is said only for people."""
    if isinstance(value, list):
        return [resolved(document, item) for item in value]
    if not isinstance(value, dict):
        return value
    if "$ref" in value:
        return resolved(document, document["components"]["schemas"][value["$ref"].split("/")[-1]])
    properties = value.get("properties", {})
    kept = {k: v for k, v in value.items() if k not in SAID_ONLY_FOR_PEOPLE | {"properties"}}
    shape = {key: resolved(document, item) for key, item in kept.items()}
    if properties:
        shape["properties"] = {k: resolved(document, item) for k, item in properties.items()}
    return shape


def request_of(document: Document, path: str) -> Shape:
    body = document["paths"][path]["post"]["requestBody"]["content"]["application/json"]
    return dict(resolved(document, body["schema"]))


def answer_of(document: Document, path: str) -> Shape:
    (content,) = document["paths"][path]["post"]["responses"]["200"]["content"].values()
    return dict(resolved(document, content["schema"]))


def differences(ours: Shape, theirs: Shape, where: str = "") -> list[str]:
    """Where our shape is not one that every answer of theirs can have; ours may be narrower."""
    options = theirs.get("anyOf")
    if options:
        return _optional(ours, options, where)
    kind = theirs.get("type", "string" if "const" in theirs else None)
    if ours.get("type", kind) != kind:
        return [f"{where}: {ours.get('type')} here, {kind} there"]
    if kind == "object":
        return _object(ours, theirs, where)
    if kind == "array":
        return differences(ours["items"], theirs["items"], f"{where}[]")
    listed = set(theirs.get("enum", ()))
    return [f"{where}: other values"] if listed and set(ours.get("enum", ())) != listed else []


def _object(ours: Shape, theirs: Shape, where: str) -> list[str]:
    if "properties" in theirs:
        return _fields(ours, theirs, where)
    each = theirs["additionalProperties"]
    if "properties" not in ours:
        return differences(ours["additionalProperties"], each, f"{where}.*")
    inner = ours["properties"].items()
    return [d for name, item in inner for d in differences(item, each, f"{where}.{name}")]


def _optional(ours: Shape, options: list[Shape], where: str) -> list[str]:
    mine = [option for option in ours.get("anyOf", [ours]) if option != {"type": "null"}]
    rest = [option for option in options if option != {"type": "null"}]
    if len(rest) < len(options) and "anyOf" not in ours:
        return [f"{where}: may be null there"]
    return differences(mine[0], rest[0], where)


def _fields(ours: Shape, theirs: Shape, where: str) -> list[str]:
    mine, other = ours.get("properties", {}), theirs["properties"]
    if mine.keys() != other.keys():
        return [f"{where}: fields {sorted(mine.keys() ^ other.keys())}"]
    if set(ours.get("required", ())) - set(theirs.get("required", ())):
        return [f"{where}: required here only"]
    found: list[str] = []
    for name, item in other.items():
        narrowed = mine[name]
        if name not in theirs.get("required", ()) and "anyOf" in narrowed:
            narrowed = narrowed["anyOf"][0]
        found += differences(narrowed, item, f"{where}.{name}")
    return found


@pytest.mark.parametrize(("path", "core_path"), ROUTES.items())
def test_both_take_the_same(path: str, core_path: str):
    assert request_of(GATEWAY, path) == request_of(CORE, core_path)


@pytest.mark.parametrize(("path", "core_path"), ROUTES.items())
def test_what_the_core_answers_is_what_the_gateway_promises(path: str, core_path: str):
    assert not differences(answer_of(GATEWAY, path), answer_of(CORE, core_path))


def test_both_have_the_same_vocabulary():
    (gateway,) = (p for p in GATEWAY["paths"] if p.startswith("/engine/vocabulary"))
    (core,) = (p for p in CORE["paths"] if p.startswith("/v1/vocabulary"))
    ours = GATEWAY["paths"][gateway]["get"]["parameters"]
    theirs = CORE["paths"][core]["get"]["parameters"]
    assert [resolved(GATEWAY, p) for p in ours if p["in"] != "header"] == [
        resolved(CORE, p) for p in theirs
    ]


def test_limits_of_texts():
    body = request_of(GATEWAY, "/engine/kaldra/batch")["properties"]["texts"]
    assert (body["maxItems"], body["items"]["maxLength"]) == (MOST_TEXTS, LONGEST_TEXT)
    assert (MOST_TEXTS, LONGEST_TEXT) == (1000, 50_000)
