"""What a program declares, and a resource as the engine takes it through its life."""

from typing import Any

from kaldra.plugins.protocol import provider_pb2
from tests.platform.plugins.conftest import Kubernetes
from tests.platform.plugins.engine import urn

CONFIG = urn("kubernetes:core/v1:ConfigMap", "env")
SECRET = urn("kubernetes:core/v1:Secret", "keys")
DEPLOYMENT = urn("kubernetes:apps/v1:Deployment", "web")
SERVICE = urn("kubernetes:core/v1:Service", "web")
NAMESPACE = urn("kubernetes:core/v1:Namespace", "prod")
ACCOUNT = urn("kubernetes:core/v1:ServiceAccount", "web")

OF = provider_pb2.PropertyDiff


def metadata(name: str) -> dict[str, Any]:
    return {"name": name, "namespace": "prod"}


def deployment(**spec: Any) -> dict[str, Any]:
    labels = {"app": "web"}
    container = {"name": "web", "image": "web:1", "resources": {"limits": {"memory": "2048Mi"}}}
    return {
        "metadata": {**metadata("web"), "annotations": {"pulumi.com/skipAwait": "true"}},
        "spec": {
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {"hostNetwork": False, "containers": [container]},
            },
            **spec,
        },
    }


class Made:
    """A resource as the engine keeps it, taken through the calls an update makes."""

    def __init__(self, k: Kubernetes, resource: str, program: dict[str, Any]) -> None:
        self.engine, self.urn = k.engine, resource
        self.inputs = k.engine.check(resource, program)
        self.id, self.state = k.engine.create(resource, self.inputs)

    def diff(self, program: dict[str, Any]) -> Any:
        self.news = self.engine.check(self.urn, program, self.inputs)
        return self.engine.diff(self.urn, self.id, (self.inputs, self.state), self.news)

    def kinds(self, program: dict[str, Any]) -> dict[str, int]:
        return {path: c.kind for path, c in self.diff(program).detailedDiff.items()}

    def update(self, program: dict[str, Any], *, preview: bool = False) -> dict[str, Any]:
        news = self.engine.check(self.urn, program, self.inputs)
        olds = self.inputs, self.state
        state: dict[str, Any] = self.engine.update(self.urn, self.id, olds, news, preview=preview)
        if not preview:
            self.inputs, self.state = news, state
        return state

    def refresh(self) -> None:
        self.inputs, self.state = self.engine.read(self.urn, self.id, (self.inputs, self.state))

    def delete(self, timeout: float = 0) -> None:
        self.engine.delete(self.urn, self.id, (self.inputs, self.state), timeout=timeout)
