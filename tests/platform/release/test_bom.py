import json
from importlib import resources

import jsonschema_rs
import pytest

from kaldra.release import bom
from kaldra.release.naming import Source
from tests.platform.release.images import CONTENTS


def is_valid(document):
    folder = resources.files("cyclonedx.schema") / "_res"
    files = [f"{name}.SNAPSHOT.schema.json" for name in ("bom-1.6", "spdx", "jsf-0.82")]
    schemas = [json.loads((folder / file).read_text()) for file in files]
    referred = [f"http://cyclonedx.org/schema/{file}" for file in files]
    registry = jsonschema_rs.Registry(list(zip(referred, schemas, strict=True)))
    return jsonschema_rs.Draft7Validator(schemas[0], registry=registry).is_valid(document)


@pytest.fixture(scope="module")
def document():
    """Of an image; the same text each time."""
    texts = {bom.document("kaldra-api", CONTENTS, Source("c0ffee", 1)) for _ in range(2)}
    (text,) = texts
    return json.loads(text)


def test_it_is_valid_and_tells_which_image_it_is_of(document):
    assert is_valid(document)
    root = document["metadata"]["component"]
    assert (root["name"], root["type"]) == ("kaldra-api", "container")
    told = {(each["name"], each["value"]) for each in root["properties"]}
    assert {("kaldra:image", CONTENTS.image_id), ("kaldra:layer", CONTENTS.layers[1])} <= told


def test_every_package_has_its_worldwide_name(document):
    assert {each["purl"] for each in document["components"]} == {
        "pkg:deb/debian/libpython3-stdlib@3.11.2-1%2Bb1?arch=amd64&distro=debian-12",
        "pkg:deb/debian/libssl3@3.0.22-1?arch=amd64&distro=debian-12",
        "pkg:generic/python@3.11.16",
        "pkg:pypi/httpx2@2.16.2",
        "pkg:pypi/some-thing@1",
    }


def test_licences_are_spdx_where_they_are_and_words_elsewhere(document):
    found = {each["name"]: each.get("licenses") for each in document["components"]}
    assert found["httpx2"] == [{"license": {"id": "BSD-3-Clause"}}]
    assert found["some-thing"] == [{"license": {"name": "As you like it"}}]
    assert found["libssl3"] is None
