"""The platform on Kubernetes: namespace, both workloads, nothing outside one context.

What `dev` has, `staging` has too; what a cluster for others needs beyond that comes on top.
"""

import base64
import functools
import json

import pulumi
import pulumi_kubernetes as kubernetes

from kaldra.stack import metrics, network, secrets, services
from kaldra.stack.images import Images
from kaldra.stack.pods import Traits
from kaldra.stack.resources import KubernetesObject
from kaldra.stack.services import PART_OF, Service
from kaldra.stack.settings import Settings
from kaldra.stack.workload import Rollout, Workload

DEV_NODE_PORT = 30080
"""Port of the dev cluster's node that kind maps to 127.0.0.1:<apiPort>."""

MIN_READY_SECONDS = 3
"""How long a new pod serves on staging before an old one goes: one that ends at once is no pod."""

Name = pulumi.Output[str]


def deploy(settings: Settings, images: Images) -> Name:
    """Declare the platform; returns the namespace's name."""
    # Bound to one kubeconfig and context, never to the ambient one.
    provider = kubernetes.Provider(
        "cluster", kubeconfig=settings.kubeconfig_path, context=settings.context or None
    )
    options = pulumi.ResourceOptions(provider=provider)
    namespace = _namespace(settings, options)
    core, api = services.core(settings), services.api(settings)
    network.policies(settings, namespace, {"core": core, "api": api}, options)
    workload = functools.partial(
        Workload,
        namespace=namespace,
        pull_secret=_pull_secret(settings, namespace, options),
        after=_limits(settings, namespace, core, api, options),
        opts=options,
    )
    workload(
        core,
        image=images.core,
        secrets={},
        rollout=_rollout(settings, core),
        traits=_traits(settings, core),
    )
    workload(
        api,
        image=images.api,
        secrets={"api-keys": pulumi.Output.secret(secrets.api_keys(settings))},
        rollout=_rollout(settings, api),
        traits=_traits(settings, api),
        node_port=DEV_NODE_PORT if settings.target == "dev" else None,
    )
    if settings.scaled:
        _staging(settings, namespace, core, api, options)
    return namespace


def _namespace(settings: Settings, options: pulumi.ResourceOptions) -> Name:
    metadata = {
        "name": settings.namespace,
        "labels": {
            "app.kubernetes.io/part-of": PART_OF,
            "pod-security.kubernetes.io/enforce": "restricted",
            "pod-security.kubernetes.io/enforce-version": "latest",
        },
    }
    namespace = KubernetesObject(
        ("v1", "Namespace"), settings.namespace, {"metadata": metadata}, options
    )
    return namespace.object_name


def _rollout(settings: Settings, service: Service) -> Rollout:
    return Rollout(
        timeout_seconds=settings.rollout_timeout_seconds,
        replicas=None if settings.scaled else service.replicas,
        min_ready_seconds=MIN_READY_SECONDS if settings.scaled else 0,
    )


def _traits(settings: Settings, service: Service) -> Traits:
    return Traits(spread=settings.scaled, annotations=metrics.annotations(settings, service))


def _pull_secret(
    settings: Settings, namespace: Name, options: pulumi.ResourceOptions
) -> Name | None:
    """The account that nodes pull with, as a Secret; named anew when it changes."""
    account = settings.registry_pull
    if account is None or not settings.scaled:
        return None
    server = settings.registry.partition("/")[0]
    plain = f"{account.username}:{account.password.get_secret_value()}"
    entry = {
        "username": account.username,
        "password": account.password.get_secret_value(),
        "auth": base64.b64encode(plain.encode()).decode(),
    }
    text = pulumi.Output.secret(json.dumps({"auths": {server: entry}}, sort_keys=True))
    secret = KubernetesObject(
        ("v1", "Secret"),
        "kaldra-registry",
        {
            "metadata": {
                "namespace": namespace,
                "labels": {"app.kubernetes.io/part-of": PART_OF},
            },
            "type": "kubernetes.io/dockerconfigjson",
            "immutable": True,
            "stringData": {".dockerconfigjson": text},
        },
        options,
    )
    return secret.object_name


def _limits(
    settings: Settings,
    namespace: Name,
    core: Service,
    api: Service,
    options: pulumi.ResourceOptions,
) -> list[pulumi.Resource]:
    if not settings.scaled:
        return []
    from kaldra.stack import limits  # noqa: PLC0415  for staging alone

    largest = [(core, settings.core_max_replicas), (api, settings.api_max_replicas)]
    return limits.limits(settings, namespace, largest, options)


def _staging(
    settings: Settings,
    namespace: Name,
    core: Service,
    api: Service,
    options: pulumi.ResourceOptions,
) -> None:
    """Declare what a cluster for others needs beyond the workloads."""
    from kaldra.stack.entrance import entrance  # noqa: PLC0415  for staging alone
    from kaldra.stack.scale import scale  # noqa: PLC0415

    for service, most in ((core, settings.core_max_replicas), (api, settings.api_max_replicas)):
        scale(service.name, (service.replicas, most), settings, namespace, options)
    entrance(settings, api, namespace, options)
    metrics.monitor(settings, namespace, options)
