"""The resource types covered: where each lives in the API, and what of it cannot change.

What forces a replacement is what the official provider replaces for, so that a stack moves between
the two without one; anything else the server calls immutable is found out by a dry run.
"""

from dataclasses import dataclass

from kaldra.plugins.diffs import Path
from kaldra.plugins.provider import UnknownTypeError


@dataclass(frozen=True)
class Kind:
    """One kind of object."""

    api_version: str
    name: str
    plural: str
    namespaced: bool = True
    immutable: tuple[Path, ...] = ()
    """Paths beyond name and namespace whose change needs a new object."""

    @property
    def group_version(self) -> str:
        """API version with the group always named, as in type tokens: `core/v1`, `apps/v1`."""
        return self.api_version if "/" in self.api_version else f"core/{self.api_version}"

    def path(self, namespace: str, name: str = "") -> str:
        """URL path of the collection, or of one object."""
        root = f"/apis/{self.api_version}" if "/" in self.api_version else "/api/v1"
        scope = f"/namespaces/{namespace}" if self.namespaced else ""
        return f"{root}{scope}/{self.plural}" + (f"/{name}" if name else "")


_SELECTOR = (("spec", "selector"),)
_CONTENT: tuple[Path, ...] = (("data",), ("binaryData",), ("stringData",), ("type",))

_KINDS = [
    Kind("v1", "Namespace", "namespaces", namespaced=False),
    Kind("v1", "ConfigMap", "configmaps", immutable=_CONTENT[:2]),
    Kind("v1", "Secret", "secrets", immutable=(_CONTENT[0], *_CONTENT[2:])),
    Kind("v1", "ServiceAccount", "serviceaccounts"),
    Kind("v1", "Service", "services", immutable=(("spec", "clusterIP"),)),
    Kind("v1", "ResourceQuota", "resourcequotas", immutable=(("spec", "scopes"),)),
    Kind("v1", "LimitRange", "limitranges"),
    Kind("apps/v1", "Deployment", "deployments", immutable=_SELECTOR),
    Kind("policy/v1", "PodDisruptionBudget", "poddisruptionbudgets"),
    Kind("networking.k8s.io/v1", "NetworkPolicy", "networkpolicies"),
    Kind("networking.k8s.io/v1", "Ingress", "ingresses"),
    Kind("autoscaling/v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers"),
    Kind("monitoring.coreos.com/v1", "ServiceMonitor", "servicemonitors"),
]

# What is looked at while waiting and explaining, but never declared.
REPLICA_SET = Kind("apps/v1", "ReplicaSet", "replicasets")
POD = Kind("v1", "Pod", "pods")
EVENT = Kind("v1", "Event", "events")

_BY_TOKEN = {f"kubernetes:{kind.group_version}:{kind.name}": kind for kind in _KINDS}


def kind_of(resource_type: str) -> Kind:
    """Look up a type token such as `kubernetes:apps/v1:Deployment`; UnknownTypeError if absent."""
    try:
        return _BY_TOKEN[resource_type]
    except KeyError:
        raise UnknownTypeError(resource_type, "kubernetes") from None
