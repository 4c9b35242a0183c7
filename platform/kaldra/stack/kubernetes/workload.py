"""A service on Kubernetes: account, configuration, secrets, Deployment and Service."""

from collections.abc import Mapping, Sequence

import pulumi
from pulumi_kubernetes.apps import v1 as apps
from pulumi_kubernetes.core import v1 as core

from kaldra.stack.kubernetes.cluster import Cluster, labels, name_label, selector
from kaldra.stack.kubernetes.pod import template
from kaldra.stack.services import Service

DEV_NODE_PORT = 30080
"""Port of the dev cluster's node that kind maps to 127.0.0.1:<apiPort>."""

MIN_READY_SECONDS = 3
"""How long a new pod must be ready on staging before an old one is stopped."""


class Workload(pulumi.ComponentResource):
    """One service, reachable in the cluster under its own name."""

    def __init__(
        self,
        cluster: Cluster,
        service: Service,
        image: pulumi.Input[str],
        contents: Mapping[str, pulumi.Output[dict[str, str]]],
        *,
        after: Sequence[pulumi.Resource],
    ) -> None:
        """`contents` are those of the stack's secrets; `after` must exist before the first pod."""
        name = service.name
        super().__init__("kaldra:index:Workload", name, None, cluster.opts)
        child = pulumi.ResourceOptions(parent=self)
        metadata = cluster.metadata(name, labels(service))
        # ConfigMap and Secrets are immutable and named automatically: new content is a new object,
        # so the Deployment rolls forward, and old pods keep what they started with.
        unnamed = cluster.metadata(own=labels(service))
        account = core.ServiceAccount(
            name, metadata=metadata, automount_service_account_token=False, opts=child
        )
        config = core.ConfigMap(
            f"{name}-env",
            metadata=unnamed,
            immutable=True,
            data=service.variables(cluster.settings),
            opts=child,
        )
        secrets = {
            key: core.Secret(
                f"{name}-{key}",
                metadata=unnamed,
                immutable=True,
                string_data=contents[key],
                opts=child,
            ).metadata.name
            for key in service.secret_directories
        }
        timeout = f"{cluster.settings.rollout_timeout_seconds}s"
        timeouts = pulumi.CustomTimeouts(create=timeout, update=timeout)
        pod = template(
            cluster, service, image, account.metadata.name, config.metadata.name, secrets
        )
        apps.Deployment(
            name,
            metadata=metadata,
            spec=_deployment(cluster, service, pod),
            opts=pulumi.ResourceOptions(parent=self, depends_on=after, custom_timeouts=timeouts),
        )
        core.Service(name, metadata=metadata, spec=_service(cluster, service), opts=child)
        self.register_outputs({})


def _deployment(
    cluster: Cluster, service: Service, pod: core.PodTemplateSpecArgs
) -> apps.DeploymentSpecArgs:
    settings = cluster.settings
    return apps.DeploymentSpecArgs(
        # Never set beside an autoscaler: each would undo the other's work.
        replicas=None if settings.scaled else settings.replicas_of(service.key),
        min_ready_seconds=MIN_READY_SECONDS if settings.scaled else None,
        revision_history_limit=5,
        progress_deadline_seconds=settings.rollout_timeout_seconds,
        selector=selector(service),
        strategy=apps.DeploymentStrategyArgs(
            type="RollingUpdate",
            rolling_update=apps.RollingUpdateDeploymentArgs(max_unavailable=0, max_surge=1),
        ),
        template=pod,
    )


def _service(cluster: Cluster, service: Service) -> core.ServiceSpecArgs:
    published = cluster.settings.target == "dev" and service.exposed
    return core.ServiceSpecArgs(
        type="NodePort" if published else "ClusterIP",
        selector=name_label(service),
        ports=[
            core.ServicePortArgs(
                name=name,
                port=port,
                target_port=name,
                protocol="TCP",
                node_port=DEV_NODE_PORT if published and name == "http" else None,
            )
            for name, port in service.ports(cluster.settings).items()
        ],
    )
