from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import pytest

from kaldra.plugins.host import Host, Severity
from kaldra.plugins.kubernetes.provider import KubernetesProvider
from tests.platform.plugins.cluster import Cluster, running
from tests.platform.plugins.engine import Engine, serving


class RecordingHost(Host):
    """A host whose messages stay here."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[tuple[Severity, str]] = []

    def _log(self, severity: Severity, text: str, urn: str, *, ephemeral: bool = False) -> None:
        self.said.append((severity, self.mask(text)))

    def texts(self, severity: Severity) -> list[str]:
        return [text for said, text in self.said if said is severity]


@dataclass
class Kubernetes:
    """A provider, the engine's side of it, and the cluster it works on."""

    engine: Engine
    cluster: Cluster
    host: RecordingHost = field(default_factory=RecordingHost)


def kubeconfig(server: str, **user: Any) -> dict[str, Any]:
    return {
        "current-context": "here",
        "contexts": [{"name": "here", "context": {"cluster": "c", "user": "u"}}],
        "clusters": [{"name": "c", "cluster": {"server": server}}],
        "users": [{"name": "u", "user": user}],
    }


@pytest.fixture
def kubernetes() -> Iterator[Kubernetes]:
    host = RecordingHost()
    provider = KubernetesProvider(host)
    with running() as cluster, closing(provider), serving(provider) as engine:
        cluster.add("namespaces", {"metadata": {"name": "prod"}})
        engine.configure(kubeconfig=kubeconfig(cluster.url))
        yield Kubernetes(engine, cluster, host)
