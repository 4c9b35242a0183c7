"""The platform on Kubernetes, in one namespace of one cluster."""

from collections.abc import Mapping

import pulumi
import pulumi_kubernetes as k8s

from kaldra.stack import secrets, services
from kaldra.stack.kubernetes import autoscaling, ingress, monitoring, network_policies, quota
from kaldra.stack.kubernetes.namespace import create_namespace, create_pull_secret
from kaldra.stack.kubernetes.pod import WorkloadArgs
from kaldra.stack.kubernetes.workload import Workload
from kaldra.stack.settings import Settings


def deploy(settings: Settings, images: Mapping[str, pulumi.Input[str]]) -> pulumi.Output[str]:
    """Declare the platform; `images` by service name. Returns the namespace's name."""
    # Bound to one context, never to the current one. Without a path kubeconfig is "", not None: for
    # None the SDK passes on KUBECONFIG, which the plugin then takes for one file.
    provider = k8s.Provider(
        "cluster", kubeconfig=settings.kubeconfig_path, context=settings.context or None
    )
    opts = pulumi.ResourceOptions(provider=provider)
    namespace = create_namespace(settings, opts)
    network_policies.create(settings, namespace, opts)
    limits = quota.create(settings, namespace, opts) if settings.scaled else []
    pull_secret = create_pull_secret(settings, namespace, opts) if settings.scaled else None
    contents = {k: pulumi.Output.secret(v) for k, v in secrets.contents(settings).items()}
    for service in services.specs(settings):
        args = WorkloadArgs(
            service=service,
            settings=settings,
            image=images[service.name],
            namespace=namespace,
            secrets={name: contents[name] for name in service.secret_directories},
            pull_secret=pull_secret,
            depends_on=limits,
        )
        Workload(args, opts)
        if settings.scaled:
            autoscaling.create(settings, service, namespace, opts)
    if settings.scaled:
        ingress.create(settings, namespace, opts)
        monitoring.create(settings, namespace, opts)
    return namespace
