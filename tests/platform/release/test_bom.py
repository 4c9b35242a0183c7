import json
from importlib import resources

import jsonschema_rs

from kaldra.release import bom
from kaldra.release.naming import Source
from tests.platform.release.images import CONTENTS


def made():
    return json.loads(bom.document("kaldra-api", CONTENTS, Source("c0ffee", 1_767_323_045)))


def is_valid(document):
    folder = resources.files("cyclonedx.schema") / "_res"
    files = [f"{name}.SNAPSHOT.schema.json" for name in ("bom-1.6", "spdx", "jsf-0.82")]
    schemas = [json.loads((folder / file).read_text()) for file in files]
    referred = [f"http://cyclonedx.org/schema/{file}" for file in files]
    registry = jsonschema_rs.Registry(list(zip(referred, schemas, strict=True)))
    return jsonschema_rs.Draft7Validator(schemas[0], registry=registry).is_valid(document)


def test_the_document_is_valid_and_the_same_each_time():
    text = bom.document("kaldra-api", CONTENTS, Source("c0ffee", 1))
    assert is_valid(json.loads(text))
    assert text == bom.document("kaldra-api", CONTENTS, Source("c0ffee", 1))


def test_every_package_has_its_worldwide_name():
    assert {each["purl"] for each in made()["components"]} == {
        "pkg:deb/debian/libpython3-stdlib@3.11.2-1%2Bb1?arch=amd64&distro=debian-12",
        "pkg:deb/debian/libssl3@3.0.22-1?arch=amd64&distro=debian-12",
        "pkg:generic/python@3.11.16",
        "pkg:pypi/httpx2@2.16.2",
        "pkg:pypi/some-thing@1",
    }


def test_licences_are_spdx_where_they_are_and_words_elsewhere():
    found = {each["name"]: each.get("licenses") for each in made()["components"]}
    assert found["httpx2"] == [{"license": {"id": "BSD-3-Clause"}}]
    assert found["some-thing"] == [{"license": {"name": "As you like it"}}]
    assert found["libssl3"] is None


def test_it_tells_which_image_it_is_of():
    root = made()["metadata"]["component"]
    assert root["name"] == "kaldra-api"
    assert root["type"] == "container"
    told = [(each["name"], each["value"]) for each in root["properties"]]
    assert ("kaldra:image", CONTENTS.image_id) in told
    assert ("kaldra:layer", CONTENTS.layers[1]) in told
