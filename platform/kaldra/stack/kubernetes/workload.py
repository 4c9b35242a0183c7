"""A service on Kubernetes: account, configuration, secrets, Deployment and Service."""

import pulumi
import pulumi_kubernetes as k8s

from kaldra.stack.kubernetes import labels
from kaldra.stack.kubernetes.pod import WorkloadArgs, pod_template

DEV_NODE_PORT = 30080
"""Port of the dev cluster's node that kind maps to 127.0.0.1:<apiPort>."""

MIN_READY_SECONDS = 3
"""How long a new pod must be ready on staging before an old one is stopped."""


class Workload(pulumi.ComponentResource):
    """One service, reachable in the cluster under its own name."""

    def __init__(self, args: WorkloadArgs, opts: pulumi.ResourceOptions) -> None:
        self._name = args.service.name
        super().__init__("kaldra:index:Workload", self._name, None, opts)
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        account = k8s.core.v1.ServiceAccount(
            self._name,
            metadata=self._metadata(self._name),
            automount_service_account_token=False,
            opts=self._child,
        )
        # ConfigMap and Secrets are immutable and named automatically: new content is a new object,
        # so the Deployment rolls forward, and old pods keep what they started with.
        config = k8s.core.v1.ConfigMap(
            f"{self._name}-env",
            metadata=self._metadata(),
            immutable=True,
            data=dict(args.service.variables),
            opts=self._child,
        )
        secrets = {
            key: k8s.core.v1.Secret(
                f"{self._name}-{key}",
                metadata=self._metadata(),
                immutable=True,
                string_data=content,
                opts=self._child,
            ).metadata.name
            for key, content in args.secrets.items()
        }
        pod = pod_template(args, account.metadata.name, config.metadata.name, secrets)
        self._deployment(pod)
        self._service()
        self.register_outputs({})

    def _metadata(self, name: str | None = None) -> k8s.meta.v1.ObjectMetaArgs:
        """Without a name the provider appends a random suffix to the resource's."""
        return k8s.meta.v1.ObjectMetaArgs(
            name=name, namespace=self._args.namespace, labels=labels.of_service(self._name)
        )

    def _deployment(self, pod: k8s.core.v1.PodTemplateSpecArgs) -> None:
        settings = self._args.settings
        timeout = f"{settings.rollout_timeout_seconds}s"
        k8s.apps.v1.Deployment(
            self._name,
            metadata=self._metadata(self._name),
            spec=k8s.apps.v1.DeploymentSpecArgs(
                # Never set beside an autoscaler: each would undo the other's work.
                replicas=None if settings.scaled else self._args.service.replicas,
                min_ready_seconds=MIN_READY_SECONDS if settings.scaled else None,
                revision_history_limit=5,
                progress_deadline_seconds=settings.rollout_timeout_seconds,
                selector=k8s.meta.v1.LabelSelectorArgs(match_labels=labels.selector(self._name)),
                strategy=k8s.apps.v1.DeploymentStrategyArgs(
                    type="RollingUpdate",
                    rolling_update=k8s.apps.v1.RollingUpdateDeploymentArgs(
                        max_unavailable=0, max_surge=1
                    ),
                ),
                template=pod,
            ),
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=self._args.depends_on,
                custom_timeouts=pulumi.CustomTimeouts(create=timeout, update=timeout),
            ),
        )

    def _service(self) -> None:
        published = self._args.settings.target == "dev" and self._args.service.exposed
        k8s.core.v1.Service(
            self._name,
            metadata=self._metadata(self._name),
            spec=k8s.core.v1.ServiceSpecArgs(
                type="NodePort" if published else "ClusterIP",
                selector=labels.selector(self._name),
                ports=[
                    k8s.core.v1.ServicePortArgs(
                        name=name,
                        port=port,
                        target_port=name,
                        protocol="TCP",
                        node_port=DEV_NODE_PORT if published and name == "http" else None,
                    )
                    for name, port in self._args.service.ports.items()
                ],
            ),
            opts=self._child,
        )
