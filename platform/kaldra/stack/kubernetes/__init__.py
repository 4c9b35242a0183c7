"""The platform on Kubernetes, in one namespace of one cluster."""

from collections.abc import Mapping

import pulumi

from kaldra.stack import secrets
from kaldra.stack.kubernetes import autoscaling, ingress, monitoring, network_policies, quota
from kaldra.stack.kubernetes.namespace import declare
from kaldra.stack.kubernetes.workload import Workload, WorkloadArgs
from kaldra.stack.services import SERVICES
from kaldra.stack.settings import Settings


def deploy(settings: Settings, images: Mapping[str, pulumi.Input[str]]) -> pulumi.Output[str]:
    """Declare the platform; `images` by service name. Returns the namespace's name."""
    namespace = declare(settings)
    network_policies.create(namespace)
    limits = quota.create(namespace) if settings.scaled else []
    contents = {k: pulumi.Output.secret(v) for k, v in secrets.contents(settings).items()}
    for service in SERVICES:
        args = WorkloadArgs(namespace, service, images[service.name], contents, limits)
        Workload(args, namespace.opts)
        if settings.scaled:
            autoscaling.create(namespace, service)
    if settings.scaled:
        ingress.create(namespace)
        monitoring.create(namespace)
    return namespace.name
