"""Manifests made of declared resources."""

import base64

import pytest

from kaldra.errors import KaldraError
from kaldra.render import objects

CANARY = "canary-7d01"
MARK = {objects._SECRET_MARK: objects._SECRET_SIGNATURE}
CONFIG_MAP = "kubernetes:core/v1:ConfigMap"
SECRET = "kubernetes:core/v1:Secret"


def test_an_automatic_name_follows_the_content():
    first, same, other = (
        objects.manifest(CONFIG_MAP, "env", {"data": {"LEVEL": level}})["metadata"]["name"]
        for level in ("INFO", "INFO", "DEBUG")
    )
    assert first == same != other
    assert first.startswith("env-")


def test_a_file_keeps_its_name_when_an_automatic_name_changes():
    declared = [("env", objects.manifest(CONFIG_MAP, "env", {"data": {"LEVEL": "DEBUG"}}))]
    assert list(objects.by_file(declared)) == ["configmap-env.yaml"]


def test_a_marked_value_is_redacted_and_nothing_beside_it():
    marked = {**MARK, "value": {"token": CANARY, "list": [CANARY, 7]}}
    inputs = {"metadata": {"name": "x"}, "spec": {"replicas": 2.0, "given": marked}}
    made = objects.manifest("kubernetes:apps/v1:Deployment", "x", inputs)
    redacted = {"token": objects.REDACTED, "list": [objects.REDACTED, objects.REDACTED]}
    assert made["spec"] == {"replicas": 2, "given": redacted}


def test_a_secret_is_redacted_even_where_nobody_marked_it():
    encoded = base64.b64encode(CANARY.encode()).decode()
    inputs = {"stringData": {"key": CANARY}, "data": {"other": encoded}}
    made = objects.manifest(SECRET, "keys", inputs)
    assert made["stringData"] == {"key": "redacted"}
    assert base64.b64decode(made["data"]["other"]) == b"redacted"


def test_a_redacted_docker_config_is_one_that_the_api_server_reads():
    inputs = {"type": "kubernetes.io/dockerconfigjson", "stringData": {".dockerconfigjson": CANARY}}
    made = objects.manifest(SECRET, "pull", inputs)
    assert made["stringData"] == {".dockerconfigjson": '{"auths":{}}'}


def test_two_objects_never_share_a_file():
    twice = [("x", objects.manifest(CONFIG_MAP, "x", {"metadata": {"name": "same"}}))] * 2
    with pytest.raises(KaldraError, match=r"configmap-same\.yaml"):
        objects.by_file(twice)


def test_fields_come_in_one_order():
    inputs = {"data": {"b": "1", "a": "2"}, "metadata": {"labels": {}, "name": "x"}}
    made = objects.by_file([("x", objects.manifest(CONFIG_MAP, "x", inputs))])
    found = made["configmap-x.yaml"]
    assert list(found) == ["apiVersion", "kind", "metadata", "data"]
    assert list(found["metadata"]) == ["name", "labels"]
    assert list(found["data"]) == ["a", "b"]
