from typing import Any

import pytest

from kaldra.plugins.kubernetes.objects import normalized, protected, pruned, same_quantity, split_id
from kaldra.plugins.values import UNKNOWN, Secret

MEMORY = ("spec", "template", "spec", "containers", 0, "resources", "limits", "memory")
CPU = (*MEMORY[:-1], "cpu")


@pytest.mark.parametrize(
    ("path", "old", "new", "same"),
    [
        (MEMORY, "2Gi", "2048Mi", True),
        (MEMORY, "2Gi", "2G", False),
        (CPU, "500m", 0.5, True),
        (CPU, "1", 1, True),
        (CPU, "1e3", "1k", True),
        (CPU, "0.1", "100m", True),
        (CPU, "half", "500m", False),
        (("spec", "hard", "requests.cpu"), "1", "1000m", True),
        (("spec", "volumes", 0, "emptyDir", "sizeLimit"), "1Mi", "1024Ki", True),
        (("spec", "metrics", 0, "resource", "target", "value"), "1", "1000m", True),
        (("spec", "template", "spec", "containers", 0, "env", 0, "value"), "1", "1000m", False),
        (("data", "limits", "memory"), "1Gi", "1024Mi", False),
        (("spec", "template", "metadata", "labels", "sizeLimit"), "1Gi", "1024Mi", False),
    ],
)
def test_quantities_are_compared_where_quantities_are(path, old, new, same):
    assert same_quantity(path, old, new) is same


def test_live_state_is_cut_to_what_the_program_sets():
    live = {"spec": {"a": 1, "added": 2, "list": [{"x": 1, "y": 2}, {"x": 3}]}, "status": {}}
    shape = {"spec": {"a": 0, "gone": 1, "list": [{"x": 0}]}}
    assert pruned(live, shape) == {"spec": {"a": 1, "list": [{"x": 1}]}}


def test_secrets_take_the_servers_form_even_where_parts_are_unknown():
    obj: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "s", "resourceVersion": "7"},
        "data": {"a": "  ZGF0YQ==\n", "both": "b2xk"},
        "stringData": {"both": "new", "later": UNKNOWN},
    }
    assert normalized(obj) == {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "s"},
        "data": {"a": "ZGF0YQ==", "both": "bmV3", "later": UNKNOWN},
    }
    assert obj["metadata"]["resourceVersion"] == "7", "the original is left alone"


def test_a_list_with_a_secret_in_it_is_secret_as_a_whole():
    value = {"env": [{"a": "1"}, {"b": "2"}], "open": [1]}
    like = {"env": [{"a": Secret("1")}], "open": [1]}
    assert protected(value, like) == {"env": Secret(value["env"]), "open": [1]}


def test_ids():
    assert split_id("prod/web") == ("prod", "web")
    assert split_id("prod") == ("", "prod")
