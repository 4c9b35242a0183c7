"""A service on Kubernetes: account, configuration, secrets, deployment and address."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi

from kaldra.stack import pods
from kaldra.stack.resources import KubernetesObject
from kaldra.stack.services import PART_OF, Service
from kaldra.stack.settings import VERSION


@dataclass(frozen=True)
class Rollout:
    """How a workload's pods are replaced."""

    timeout_seconds: int
    replicas: int | None
    """None leaves the number to an autoscaler: both setting it would undo each other's work."""
    min_ready_seconds: int = 0
    """How long a new pod has to serve before an old one goes."""


class Workload(pulumi.ComponentResource):
    """One service, reachable in the cluster under its own name."""

    def __init__(  # noqa: PLR0913  each is one independent input of the component
        self,
        spec: Service,
        *,
        image: pulumi.Input[str],
        namespace: pulumi.Input[str],
        secrets: Mapping[str, pulumi.Input[Mapping[str, str]]],
        rollout: Rollout,
        traits: pods.Traits,
        pull_secret: pulumi.Input[str] | None = None,
        node_port: int | None = None,
        after: list[pulumi.Resource] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("kaldra:index:Workload", spec.name, None, opts)
        self._spec = spec
        self._namespace = namespace
        self._labels = labels(spec.name)
        self._selector = {"app.kubernetes.io/name": spec.name}
        child = pulumi.ResourceOptions(parent=self)
        account = KubernetesObject(
            ("v1", "ServiceAccount"),
            spec.name,
            {"metadata": self._metadata(spec.name), "automountServiceAccountToken": False},
            child,
        )
        # Named automatically and never changed in place: new content is a new object, so that
        # the deployment rolls forward as an update and the old pods keep what they started with.
        config = KubernetesObject(
            ("v1", "ConfigMap"),
            f"{spec.name}-env",
            {"metadata": self._metadata(), "immutable": True, "data": dict(spec.environment)},
            child,
        )
        mounted = {
            name: KubernetesObject(
                ("v1", "Secret"),
                f"{spec.name}-{name}",
                {"metadata": self._metadata(), "immutable": True, "stringData": secrets[name]},
                child,
            )
            for name in spec.secret_directories
        }
        sources = pods.Sources(
            image=image,
            account=account.object_name,
            environment=config.object_name,
            secrets={name: secret.object_name for name, secret in mounted.items()},
            pull_secret=pull_secret,
        )
        template = pods.template(spec, sources, traits, self._labels)
        timeout = f"{rollout.timeout_seconds}s"
        self.deployment = KubernetesObject(
            ("apps/v1", "Deployment"),
            spec.name,
            {"metadata": self._metadata(spec.name), "spec": self._deployment(template, rollout)},
            pulumi.ResourceOptions(
                parent=self,
                depends_on=after or [],
                custom_timeouts=pulumi.CustomTimeouts(create=timeout, update=timeout),
            ),
        )
        self.service = KubernetesObject(
            ("v1", "Service"),
            spec.name,
            {"metadata": self._metadata(spec.name), "spec": self._service(node_port)},
            child,
        )
        self.register_outputs({})

    def _metadata(self, name: str | None = None) -> dict[str, Any]:
        metadata = {"namespace": self._namespace, "labels": self._labels}
        return {**metadata, "name": name} if name else metadata

    def _deployment(self, template: Mapping[str, Any], rollout: Rollout) -> dict[str, Any]:
        spec: dict[str, Any] = {
            "revisionHistoryLimit": 5,
            "progressDeadlineSeconds": rollout.timeout_seconds,
            "selector": {"matchLabels": self._selector},
            "strategy": {
                "type": "RollingUpdate",
                "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1},
            },
            "template": template,
        }
        if rollout.replicas is not None:
            spec["replicas"] = rollout.replicas
        if rollout.min_ready_seconds:
            spec["minReadySeconds"] = rollout.min_ready_seconds
        return spec

    def _service(self, node_port: int | None) -> dict[str, Any]:
        port: dict[str, Any] = {
            "name": "http",
            "port": self._spec.port,
            "targetPort": "http",
            "protocol": "TCP",
        }
        if node_port:
            port["nodePort"] = node_port
        return {
            "type": "NodePort" if node_port else "ClusterIP",
            "selector": self._selector,
            "ports": [port],
        }


def labels(name: str) -> dict[str, str]:
    """Labels of everything that belongs to one service."""
    return {
        "app.kubernetes.io/name": name,
        "app.kubernetes.io/part-of": PART_OF,
        "app.kubernetes.io/version": VERSION,
        "app.kubernetes.io/managed-by": "pulumi",
    }
