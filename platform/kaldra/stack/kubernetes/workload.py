"""A service on Kubernetes: account, configuration, secrets, Deployment and Service."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
from pulumi_kubernetes.apps import v1 as apps
from pulumi_kubernetes.core import v1 as core

from kaldra.stack.kubernetes.namespace import Namespace, labels, name_label, selector
from kaldra.stack.kubernetes.pod import template
from kaldra.stack.services import Service

DEV_NODE_PORT = 30080
"""Port of the dev cluster's node that kind maps to 127.0.0.1:<apiPort>."""

MIN_READY_SECONDS = 3
"""How long a new pod must be ready on staging before an old one is stopped."""


@dataclass(frozen=True)
class WorkloadArgs:
    """What a service needs to run in a namespace."""

    namespace: Namespace
    service: Service
    image: pulumi.Input[str]
    secrets: Mapping[str, pulumi.Output[dict[str, str]]]
    """Contents of the stack's secrets, by directory; the service takes its own."""
    depends_on: Sequence[pulumi.Resource]
    """What must exist before the first pod."""


class Workload(pulumi.ComponentResource):
    """One service, reachable in the cluster under its own name."""

    def __init__(self, args: WorkloadArgs, opts: pulumi.ResourceOptions) -> None:
        namespace, service, name = args.namespace, args.service, args.service.name
        super().__init__("kaldra:index:Workload", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        metadata = namespace.metadata(name, labels(service))
        # ConfigMap and Secrets are immutable and named automatically: new content is a new object,
        # so the Deployment rolls forward, and old pods keep what they started with.
        unnamed = namespace.metadata(own=labels(service))
        account = core.ServiceAccount(
            name, metadata=metadata, automount_service_account_token=False, opts=child
        )
        config = core.ConfigMap(
            f"{name}-env",
            metadata=unnamed,
            immutable=True,
            data=service.variables(namespace.settings),
            opts=child,
        )
        secrets = {
            key: core.Secret(
                f"{name}-{key}",
                metadata=unnamed,
                immutable=True,
                string_data=args.secrets[key],
                opts=child,
            ).metadata.name
            for key in service.secret_directories
        }
        timeout = f"{namespace.settings.rollout_timeout_seconds}s"
        timeouts = pulumi.CustomTimeouts(create=timeout, update=timeout)
        pod = template(
            namespace, service, args.image, account.metadata.name, config.metadata.name, secrets
        )
        apps.Deployment(
            name,
            metadata=metadata,
            spec=_deployment(namespace, service, pod),
            opts=pulumi.ResourceOptions(
                parent=self, depends_on=args.depends_on, custom_timeouts=timeouts
            ),
        )
        core.Service(name, metadata=metadata, spec=_service(namespace, service), opts=child)
        self.register_outputs({})


def _deployment(
    namespace: Namespace, service: Service, pod: core.PodTemplateSpecArgs
) -> apps.DeploymentSpecArgs:
    settings = namespace.settings
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


def _service(namespace: Namespace, service: Service) -> core.ServiceSpecArgs:
    published = namespace.settings.target == "dev" and service.exposed
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
            for name, port in service.ports(namespace.settings).items()
        ],
    )
