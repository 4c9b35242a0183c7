"""The platform on Kubernetes: namespace, both workloads, nothing outside one context."""

import functools

import pulumi
import pulumi_kubernetes as kubernetes
from pulumi_kubernetes.core.v1 import Namespace

from kaldra.stack import secrets, services
from kaldra.stack.images import Images
from kaldra.stack.services import PART_OF, VERSION
from kaldra.stack.settings import Settings
from kaldra.stack.workload import Workload

DEV_NODE_PORT = 30080
"""Port of the dev cluster's node that kind maps to 127.0.0.1:<apiPort>."""


def provider(settings: Settings) -> kubernetes.Provider:
    """A provider bound to one kubeconfig and context, never to the ambient one."""
    return kubernetes.Provider(
        "cluster", kubeconfig=settings.kubeconfig_path, context=settings.context
    )


def deploy(settings: Settings, images: Images) -> pulumi.Output[str]:
    """Declare the platform; returns the namespace's name."""
    options = pulumi.ResourceOptions(provider=provider(settings))
    namespace = Namespace(
        settings.namespace,
        metadata={
            "name": settings.namespace,
            "labels": {
                "app.kubernetes.io/part-of": PART_OF,
                "pod-security.kubernetes.io/enforce": "restricted",
                "pod-security.kubernetes.io/enforce-version": "latest",
            },
        },
        opts=options,
    )
    name: pulumi.Output[str] = namespace.metadata["name"]
    workload = functools.partial(
        Workload,
        namespace=name,
        rollout_timeout_seconds=settings.rollout_timeout_seconds,
        version=VERSION,
        opts=options,
    )
    workload(services.core(settings), image=images.core, secrets={})
    workload(
        services.api(settings),
        image=images.api,
        secrets={"api-keys": pulumi.Output.secret(secrets.api_keys(settings))},
        node_port=DEV_NODE_PORT,
    )
    return name
