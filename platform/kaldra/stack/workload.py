"""A service on Kubernetes: account, configuration, secrets, deployment and address."""

from collections.abc import Mapping

import pulumi
from pulumi_kubernetes.apps.v1 import Deployment
from pulumi_kubernetes.core.v1 import ConfigMap, Secret, Service, ServiceAccount

from kaldra.stack.services import PART_OF, USER_ID
from kaldra.stack.services import Service as ServiceSpec

DRAIN_MARGIN_SECONDS = 5
"""What a pod gets beyond the service's own grace period before it is killed."""


class Workload(pulumi.ComponentResource):
    """One service, reachable in the cluster under its own name."""

    def __init__(  # noqa: PLR0913  each is one independent input of the component
        self,
        spec: ServiceSpec,
        *,
        image: pulumi.Input[str],
        namespace: pulumi.Input[str],
        secrets: Mapping[str, pulumi.Input[Mapping[str, str]]],
        rollout_timeout_seconds: int,
        version: str,
        node_port: int | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("kaldra:index:Workload", spec.name, None, opts)
        self._spec = spec
        self._namespace = namespace
        self._labels = {
            "app.kubernetes.io/name": spec.name,
            "app.kubernetes.io/part-of": PART_OF,
            "app.kubernetes.io/version": version,
            "app.kubernetes.io/managed-by": "pulumi",
        }
        self._selector = {"app.kubernetes.io/name": spec.name}
        child = pulumi.ResourceOptions(parent=self)
        account = ServiceAccount(
            spec.name,
            metadata=self._metadata(spec.name),
            automount_service_account_token=False,
            opts=child,
        )
        # Named automatically and never changed in place: new content is a new object, so that
        # the deployment rolls forward as an update and the old pods keep what they started with.
        config = ConfigMap(
            f"{spec.name}-env",
            metadata=self._metadata(),
            immutable=True,
            data=dict(spec.environment),
            opts=child,
        )
        mounted = {
            name: Secret(
                f"{spec.name}-{name}",
                metadata=self._metadata(),
                immutable=True,
                string_data=secrets[name],
                opts=child,
            )
            for name in spec.secret_directories
        }
        self.deployment = Deployment(
            spec.name,
            metadata=self._metadata(spec.name),
            spec=self._deployment(image, account, config, mounted, rollout_timeout_seconds),
            opts=pulumi.ResourceOptions(
                parent=self,
                custom_timeouts=pulumi.CustomTimeouts(
                    create=f"{rollout_timeout_seconds}s", update=f"{rollout_timeout_seconds}s"
                ),
            ),
        )
        self.service = Service(
            spec.name,
            metadata=self._metadata(spec.name),
            spec={
                "type": "NodePort" if node_port else "ClusterIP",
                "selector": self._selector,
                "ports": [
                    {
                        "name": "http",
                        "port": spec.port,
                        "targetPort": "http",
                        "protocol": "TCP",
                        **({"nodePort": node_port} if node_port else {}),
                    }
                ],
            },
            opts=child,
        )
        self.register_outputs({})

    def _metadata(self, name: str | None = None) -> dict[str, pulumi.Input[object]]:
        metadata: dict[str, pulumi.Input[object]] = {
            "namespace": self._namespace,
            "labels": self._labels,
        }
        return {**metadata, "name": name} if name else metadata

    def _deployment(
        self,
        image: pulumi.Input[str],
        account: ServiceAccount,
        config: ConfigMap,
        mounted: Mapping[str, Secret],
        timeout: int,
    ) -> dict[str, object]:
        spec = self._spec
        return {
            "replicas": spec.replicas,
            "revisionHistoryLimit": 5,
            "progressDeadlineSeconds": timeout,
            "selector": {"matchLabels": self._selector},
            "strategy": {
                "type": "RollingUpdate",
                "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1},
            },
            "template": {
                "metadata": {"labels": self._labels},
                "spec": {
                    "serviceAccountName": account.metadata["name"],
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
                    "containers": [self._container(image, config, mounted)],
                    "volumes": [
                        {"name": "tmp", "emptyDir": {"sizeLimit": f"{spec.tmp_mebibytes}Mi"}},
                        *(
                            {
                                "name": name,
                                "secret": {
                                    "secretName": secret.metadata["name"],
                                    "defaultMode": 0o440,
                                },
                            }
                            for name, secret in mounted.items()
                        ),
                    ],
                },
            },
        }

    def _container(
        self, image: pulumi.Input[str], config: ConfigMap, mounted: Mapping[str, Secret]
    ) -> dict[str, object]:
        spec = self._spec
        resources = spec.resources
        return {
            "name": spec.name,
            "image": image,
            "imagePullPolicy": "IfNotPresent",
            "ports": [{"name": "http", "containerPort": spec.port, "protocol": "TCP"}],
            "envFrom": [{"configMapRef": {"name": config.metadata["name"]}}],
            "resources": {
                "requests": {
                    "cpu": f"{resources.cpu_request}m",
                    "memory": f"{resources.memory_request}Mi",
                },
                "limits": {
                    "cpu": f"{resources.cpu_limit}m",
                    "memory": f"{resources.memory_limit}Mi",
                },
            },
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
                    for name in mounted
                ),
            ],
        }


def _probe(path: str, *, period: int, failures: int) -> dict[str, object]:
    return {
        "httpGet": {"path": path, "port": "http", "scheme": "HTTP"},
        "periodSeconds": period,
        "failureThreshold": failures,
        "timeoutSeconds": 2,
    }
