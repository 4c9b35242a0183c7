"""Networks in a real engine, created by the plugin's process."""

from typing import Any

import pytest
from pulumi.runtime.proto.provider_pb2 import DiffResponse

from tests.platform.docker_provider.engine.conftest import PREFIX
from tests.platform.docker_provider.engine.plugin import CallFailedError, Plugin, urn

pytestmark = pytest.mark.e2e
URN = urn("Network", "net")
NAME = f"{PREFIX}-net"
GIVEN = {"name": NAME, "labels": [{"label": "io.kaldra.stack", "value": "test"}]}


@pytest.fixture
def made(plugin: Plugin) -> Any:
    """A network."""
    with plugin.made(URN, GIVEN) as made:
        yield made


def test_it_is_created_with_the_official_plugins_defaults(made, docker_engine):
    assert docker_engine.inspect_network(NAME)["Id"] == made.id
    assert made.inputs["__defaults"] == ["ipamDriver"]
    assert made.state["driver"] == "bridge"
    assert made.diff().changes == DiffResponse.DIFF_NONE


def test_every_change_replaces_it_and_so_does_its_absence(made, docker_engine):
    assert made.diff({**made.inputs, "internal": True}).replaces == ["internal"]
    docker_engine.remove_network(NAME)
    assert made.diff().replaces == ["name"]
    assert made.read() is None


def test_one_left_by_a_killed_run_is_taken_over_and_another_one_is_not(plugin, made):
    assert plugin.create(URN, made.inputs).id == made.id
    internal = {**made.inputs, "internal": True}
    with pytest.raises(CallFailedError, match=f"docker network inspect {NAME}") as refused:
        plugin.create(URN, internal)
    refused.value.follow()
    plugin.create(URN, internal).delete()


def test_what_is_missing_or_not_supported_is_refused_by_name(plugin):
    assert set(plugin.failures(URN, {"ipamConfigs": [{"subnet": "10.0.0.0/8"}]})) == {
        "ipamConfigs",
        "name",
    }
