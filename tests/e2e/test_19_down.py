"""Everything goes away again."""

import pytest

from tests.e2e.clone import Clone
from tests.e2e.docker import leftovers
from tests.e2e.machine import NAME


def test_down_takes_the_stack_away_and_keeps_the_cluster(platform: Clone):
    platform.settled = False
    platform.kaldra("down")
    assert platform.get("/status/")[0] == 0
    assert "kaldra" not in platform.objects("namespaces")
    platform.kaldra("down")
    assert f"container {NAME}-control-plane" in leftovers()


@pytest.mark.usefixtures("alone")
def test_down_all_leaves_no_container_network_volume_or_cluster(clone: Clone):
    clone.kaldra("down", "--all")
    clone.kaldra("down", "--all")
    # Needs the Docker Engine, and so starts it again where `down --all` stopped it.
    clone.run("./kaldra", "build", "--tag", NAME)
    assert leftovers() == []
    assert not (clone.state / "kubeconfig").exists()
    assert not clone.checkpoint.exists()
