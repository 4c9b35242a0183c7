"""The pod of a service: confined, probed, limited, spread over the nodes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pulumi

from kaldra.stack.services import USER_ID, Service

DRAIN_MARGIN_SECONDS = 5
"""What a pod gets beyond the service's own grace period before it is killed."""

LOG_MEBIBYTES = 64
"""Room for a container's logs on its node, beside its own temporary files."""

Text = pulumi.Input[str]


@dataclass(frozen=True)
class Sources:
    """Objects that a pod refers to, by their names in the cluster."""

    image: Text
    account: Text
    environment: Text
    secrets: Mapping[str, Text]
    pull_secret: Text | None = None


@dataclass(frozen=True)
class Traits:
    """What a target adds to a pod."""

    spread: bool = False
    """Over nodes and zones, as far as there are any."""
    annotations: Mapping[str, str] = field(default_factory=dict)


def template(
    spec: Service, sources: Sources, traits: Traits, labels: Mapping[str, str]
) -> dict[str, Any]:
    """The template of a workload's pods.

    There is no preStop hook: the services themselves go on serving after SIGTERM, while /ready
    fails, until nobody sends them anything (KALDRA_DRAIN_SECONDS).
    """
    metadata: dict[str, Any] = {"labels": labels}
    if traits.annotations:
        metadata["annotations"] = dict(traits.annotations)
    pod: dict[str, Any] = {
        "serviceAccountName": sources.account,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": spec.grace_seconds + DRAIN_MARGIN_SECONDS,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": USER_ID,
            "runAsGroup": USER_ID,
            "fsGroup": USER_ID,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [_container(spec, sources)],
        "volumes": [
            {"name": "tmp", "emptyDir": {"sizeLimit": f"{spec.tmp_mebibytes}Mi"}},
            *(
                {"name": name, "secret": {"secretName": secret, "defaultMode": 0o440}}
                for name, secret in sources.secrets.items()
            ),
        ],
    }
    if sources.pull_secret is not None:
        pod["imagePullSecrets"] = [{"name": sources.pull_secret}]
    if traits.spread:
        pod |= _spread({"app.kubernetes.io/name": spec.name})
    return {"metadata": metadata, "spec": pod}


def _container(spec: Service, sources: Sources) -> dict[str, Any]:
    return {
        "name": spec.name,
        "image": sources.image,
        # By digest: what a node has under it is what is meant.
        "imagePullPolicy": "IfNotPresent",
        "ports": [{"name": "http", "containerPort": spec.port, "protocol": "TCP"}],
        "envFrom": [{"configMapRef": {"name": sources.environment}}],
        "resources": resources(spec),
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "startupProbe": _probe(spec.ready_path, period=1, failures=60),
        "readinessProbe": _probe(spec.ready_path, period=2, failures=1),
        # Slow on purpose: a busy service is not a dead one.
        "livenessProbe": _probe(spec.live_path, period=10, failures=6),
        "volumeMounts": [
            {"name": "tmp", "mountPath": "/tmp"},  # noqa: S108  the container's own
            *(
                {"name": name, "mountPath": spec.secret_directories[name], "readOnly": True}
                for name in sources.secrets
            ),
        ],
    }


def resources(spec: Service) -> dict[str, dict[str, str]]:
    """Requests and limits of the one container of a pod."""
    given, disk = spec.resources, spec.tmp_mebibytes + LOG_MEBIBYTES
    return {
        "requests": {
            "cpu": f"{given.cpu_request}m",
            "memory": f"{given.memory_request}Mi",
            "ephemeral-storage": f"{disk}Mi",
        },
        "limits": {
            "cpu": f"{given.cpu_limit}m",
            "memory": f"{given.memory_limit}Mi",
            "ephemeral-storage": f"{2 * disk}Mi",
        },
    }


def _probe(path: str, *, period: int, failures: int) -> dict[str, object]:
    return {
        "httpGet": {"path": path, "port": "http", "scheme": "HTTP"},
        "periodSeconds": period,
        "failureThreshold": failures,
        "timeoutSeconds": 2,
    }


def _spread(selector: Mapping[str, str]) -> dict[str, Any]:
    """Prefer nodes and zones with fewer pods of the service, those of the same release counted.

    Preferred, not required: while a node is drained the others take its pods.
    """
    return {
        "topologySpreadConstraints": [
            {
                "maxSkew": 1,
                "topologyKey": key,
                "whenUnsatisfiable": "ScheduleAnyway",
                "labelSelector": {"matchLabels": dict(selector)},
                "matchLabelKeys": ["pod-template-hash"],
            }
            for key in ("kubernetes.io/hostname", "topology.kubernetes.io/zone")
        ],
        "affinity": {
            "podAntiAffinity": {
                "preferredDuringSchedulingIgnoredDuringExecution": [
                    {
                        "weight": 100,
                        "podAffinityTerm": {
                            "topologyKey": "kubernetes.io/hostname",
                            "labelSelector": {"matchLabels": dict(selector)},
                        },
                    }
                ]
            }
        },
    }
