import copy
from typing import Any

import pytest

from kaldra.cli.untouched import unchanged
from kaldra.plugins.kubernetes.kinds import Kind

DEPLOYMENT = {
    "type": "kubernetes:apps/v1:Deployment",
    "custom": True,
    "outputs": {
        "metadata": {
            "name": "kaldra-api",
            "namespace": "kaldra",
            "uid": "1",
            "generation": 3.0,
            "resourceVersion": "70",
            "labels": {"app": "kaldra-api"},
        }
    },
}
CONFIG = {
    "type": "kubernetes:core/v1:ConfigMap",
    "custom": True,
    "outputs": {
        "metadata": {
            "name": "env-1", "namespace": "kaldra", "uid": "2", "resourceVersion": "12",
        }
    },
}  # fmt: skip
STATE: list[dict[str, Any]] = [
    {"type": "pulumi:providers:kubernetes", "custom": True, "outputs": {}},
    {"type": "kaldra:index:Workload"},
    DEPLOYMENT,
    CONFIG,
]


class Cluster:
    def __init__(self) -> None:
        self.objects: dict[str, dict[str, Any]] = {
            "Deployment": copy.deepcopy(DEPLOYMENT["outputs"]["metadata"]),  # type: ignore[index]
            "ConfigMap": copy.deepcopy(CONFIG["outputs"]["metadata"]),  # type: ignore[index]
        }
        self.objects["Deployment"]["generation"] = 3

    def listed(self, kind: Kind, namespace: str) -> list[dict[str, Any]]:
        assert namespace == "kaldra"
        stranger = {"metadata": {"name": "stranger", "uid": "9"}}
        found = self.objects.get(kind.name)
        return [stranger, {"metadata": found}] if found else [stranger]


def test_the_same_objects_are_unchanged_whatever_their_status_does() -> None:
    cluster = Cluster()
    cluster.objects["Deployment"]["resourceVersion"] = "99"
    assert unchanged(STATE, cluster)


@pytest.mark.parametrize(
    ("kind", "field", "value"),
    [
        ("Deployment", "generation", 4),
        ("Deployment", "uid", "7"),
        ("Deployment", "labels", {}),
        ("ConfigMap", "resourceVersion", "13"),
        ("ConfigMap", "uid", "7"),
    ],
)
def test_a_changed_object_is_seen(kind: str, field: str, value: object) -> None:
    cluster = Cluster()
    cluster.objects[kind][field] = value
    assert not unchanged(STATE, cluster)


def test_a_deleted_object_is_seen() -> None:
    cluster = Cluster()
    del cluster.objects["Deployment"]
    assert not unchanged(STATE, cluster)


def test_a_state_that_cannot_tell_is_no_proof() -> None:
    assert not unchanged([], Cluster())
    blank = {"type": "kubernetes:core/v1:Secret", "custom": True, "outputs": {}}
    assert not unchanged([*STATE, blank], Cluster())
