"""The platform on Kubernetes, in one namespace of one cluster."""

from collections.abc import Mapping

import pulumi

from kaldra.stack import secrets
from kaldra.stack.kubernetes import autoscaling, ingress, monitoring, network_policies, quota
from kaldra.stack.kubernetes.cluster import connect
from kaldra.stack.kubernetes.workload import Workload
from kaldra.stack.services import SERVICES
from kaldra.stack.settings import Settings


def deploy(settings: Settings, images: Mapping[str, pulumi.Input[str]]) -> pulumi.Output[str]:
    """Declare the platform; `images` by service name. Returns the namespace's name."""
    cluster = connect(settings)
    network_policies.create(cluster)
    limits = quota.create(cluster) if settings.scaled else []
    contents = {k: pulumi.Output.secret(v) for k, v in secrets.contents(settings).items()}
    for service in SERVICES:
        Workload(cluster, service, images[service.name], contents, after=limits)
        if settings.scaled:
            autoscaling.create(cluster, service)
    if settings.scaled:
        ingress.create(cluster)
        monitoring.create(cluster)
    return cluster.namespace
