"""A service on Kubernetes: account, configuration, secrets, Deployment and Service."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi
import pulumi_kubernetes as k8s

from kaldra.stack.kubernetes import labels
from kaldra.stack.kubernetes.pod import PodArgs, pod_template
from kaldra.stack.services import ServiceSpec


@dataclass(frozen=True)
class WorkloadArgs:
    """Inputs of a `Workload`."""

    service: ServiceSpec
    image: pulumi.Input[str]
    namespace: pulumi.Input[str]
    rollout_timeout_seconds: int
    secrets: Mapping[str, pulumi.Input[Mapping[str, str]]] = field(default_factory=dict)
    """Entries of each secret in the service's `secret_directories`."""
    pull_secret: pulumi.Input[str] | None = None
    replicas: int | None = None
    """None leaves the number of pods to an autoscaler."""
    min_ready_seconds: int | None = None
    spread: bool = False
    """Whether pods prefer different nodes and zones."""
    pod_annotations: Mapping[str, str] = field(default_factory=dict)
    node_port: int | None = None
    """Publishes the Service on every node; None keeps it inside the cluster."""
    depends_on: Sequence[pulumi.Resource] = ()
    """What must exist before the first pod."""


class Workload(pulumi.ComponentResource):
    """One service, reachable in the cluster under its own name."""

    def __init__(
        self, name: str, args: WorkloadArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("kaldra:index:Workload", name, None, opts)
        self._name = name
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        account = k8s.core.v1.ServiceAccount(
            name,
            metadata=self._metadata(name),
            automount_service_account_token=False,
            opts=self._child,
        )
        config = self._config_map()
        secrets = {key: self._secret(key) for key in args.service.secret_directories}
        self.deployment = self._deployment(
            PodArgs(
                service=args.service,
                image=args.image,
                labels=labels.of_service(name),
                annotations=args.pod_annotations,
                service_account=account.metadata.name,
                config_map=config.metadata.name,
                secrets={key: secret.metadata.name for key, secret in secrets.items()},
                pull_secret=args.pull_secret,
                spread=args.spread,
            )
        )
        self.service = self._service()
        self.register_outputs({})

    def _metadata(self, name: str | None = None) -> k8s.meta.v1.ObjectMetaArgs:
        """Without a name the provider appends a random suffix to the resource's."""
        return k8s.meta.v1.ObjectMetaArgs(
            name=name, namespace=self._args.namespace, labels=labels.of_service(self._name)
        )

    # ConfigMap and Secrets are immutable and named automatically: new content is a new object, so
    # the Deployment rolls forward, and old pods keep what they started with.

    def _config_map(self) -> k8s.core.v1.ConfigMap:
        return k8s.core.v1.ConfigMap(
            f"{self._name}-env",
            metadata=self._metadata(),
            immutable=True,
            data=dict(self._args.service.variables),
            opts=self._child,
        )

    def _secret(self, key: str) -> k8s.core.v1.Secret:
        return k8s.core.v1.Secret(
            f"{self._name}-{key}",
            metadata=self._metadata(),
            immutable=True,
            string_data=self._args.secrets[key],
            opts=self._child,
        )

    def _deployment(self, pod: PodArgs) -> k8s.apps.v1.Deployment:
        timeout = f"{self._args.rollout_timeout_seconds}s"
        return k8s.apps.v1.Deployment(
            self._name,
            metadata=self._metadata(self._name),
            spec=k8s.apps.v1.DeploymentSpecArgs(
                replicas=self._args.replicas,
                min_ready_seconds=self._args.min_ready_seconds,
                revision_history_limit=5,
                progress_deadline_seconds=self._args.rollout_timeout_seconds,
                selector=k8s.meta.v1.LabelSelectorArgs(match_labels=labels.selector(self._name)),
                strategy=k8s.apps.v1.DeploymentStrategyArgs(
                    type="RollingUpdate",
                    rolling_update=k8s.apps.v1.RollingUpdateDeploymentArgs(
                        max_unavailable=0, max_surge=1
                    ),
                ),
                template=pod_template(pod),
            ),
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=self._args.depends_on,
                custom_timeouts=pulumi.CustomTimeouts(create=timeout, update=timeout),
            ),
        )

    def _service(self) -> k8s.core.v1.Service:
        return k8s.core.v1.Service(
            self._name,
            metadata=self._metadata(self._name),
            spec=k8s.core.v1.ServiceSpecArgs(
                type="NodePort" if self._args.node_port else "ClusterIP",
                selector=labels.selector(self._name),
                ports=[
                    k8s.core.v1.ServicePortArgs(
                        name=name,
                        port=port,
                        target_port=name,
                        protocol="TCP",
                        node_port=self._args.node_port if name == "http" else None,
                    )
                    for name, port in self._args.service.ports.items()
                ],
            ),
            opts=self._child,
        )
