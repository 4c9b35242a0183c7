import pytest

from kaldra.cluster.spec import ClusterSpec
from tests.conftest import unused_port


@pytest.fixture
def spec(tmp_path) -> ClusterSpec:
    """A cluster whose ports are free."""
    ports = unused_port(), unused_port()
    return ClusterSpec("demo", *ports, tmp_path / "kubeconfig", "node:1", "registry:1")
