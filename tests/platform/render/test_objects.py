"""Manifests made of declared resources."""

import base64

from kaldra.render import objects

CANARY = "canary-7d01"
MARK = {objects._SECRET_MARK: objects._SECRET_SIGNATURE}


def made(kind="core/v1:ConfigMap", **inputs):
    """File name and manifest of the resource `x`."""
    return objects.manifest(f"kubernetes:{kind}", "x", inputs)


def test_an_automatic_name_follows_the_content_and_the_file_keeps_its_name():
    files, manifests = zip(*(made(data={"LEVEL": level}) for level in "IID"), strict=True)
    first, same, other = (manifest["metadata"]["name"] for manifest in manifests)
    assert first == same != other
    assert first.startswith("x-")
    assert set(files) == {"configmap-x.yaml"}


def test_a_marked_value_is_redacted_and_nothing_beside_it():
    marked = {**MARK, "value": {"token": CANARY, "list": [CANARY, 7]}}
    _, found = made("apps/v1:Deployment", spec={"replicas": 2.0, "given": marked})
    redacted = {"token": objects.REDACTED, "list": [objects.REDACTED, objects.REDACTED]}
    assert found["spec"] == {"replicas": 2, "given": redacted}


def test_a_secret_is_redacted_even_where_nobody_marked_it():
    encoded = base64.b64encode(CANARY.encode()).decode()
    given = {"key": CANARY, ".dockerconfigjson": CANARY}
    _, found = made("core/v1:Secret", stringData=given, data={"other": encoded})
    # The API server reads what a Secret of the type dockerconfigjson holds.
    assert found["stringData"] == {".dockerconfigjson": '{"auths":{}}', "key": "redacted"}
    assert base64.b64decode(found["data"]["other"]) == b"redacted"


def test_fields_come_in_one_order():
    file, found = made(data={"b": "1", "a": "2"}, metadata={"labels": {}, "name": "y"})
    assert file == "configmap-y.yaml"
    assert list(found) == ["apiVersion", "kind", "metadata", "data"]
    assert list(found["metadata"]) == ["name", "labels"]
    assert list(found["data"]) == ["a", "b"]
