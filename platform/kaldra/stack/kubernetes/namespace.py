"""A stack's namespace, with its provider, and what all objects in it have in common."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as k8s
from pulumi_kubernetes.core import v1 as core
from pulumi_kubernetes.meta import v1 as meta

from kaldra.stack.services import PART_OF, Service
from kaldra.stack.settings import VERSION, Settings

PLATFORM = {"app.kubernetes.io/part-of": PART_OF}
"""Label of every object."""


def name_label(service: Service) -> dict[str, str]:
    """What selects a service's pods: it never changes."""
    return {"app.kubernetes.io/name": service.name}


def selector(service: Service) -> meta.LabelSelectorArgs:
    """Of a service's pods."""
    return meta.LabelSelectorArgs(match_labels=name_label(service))


def labels(service: Service) -> dict[str, str]:
    """Labels of the objects and pods of one service: Kubernetes' recommended ones."""
    return {
        **name_label(service),
        **PLATFORM,
        "app.kubernetes.io/version": VERSION,
        "app.kubernetes.io/managed-by": "pulumi",
    }


@dataclass(frozen=True)
class Namespace:
    """Where a stack's objects are declared."""

    settings: Settings
    opts: pulumi.ResourceOptions
    name: pulumi.Output[str]
    pull_secrets: list[core.LocalObjectReferenceArgs] | None
    """The Secret with the account that images are pulled with."""

    def metadata(
        self, name: str | None = None, own: Mapping[str, str] = PLATFORM
    ) -> meta.ObjectMetaArgs:
        """With its `own` labels. Without a name the provider appends a suffix to the resource's."""
        return meta.ObjectMetaArgs(name=name, namespace=self.name, labels=own)


def declare(settings: Settings) -> Namespace:
    """Declare the provider, the namespace with Pod Security `restricted`, and the pull secret."""
    # Bound to one context, never to the current one. Without a path kubeconfig is "", not None: for
    # None the SDK passes on KUBECONFIG, which the plugin then takes for one file.
    provider = k8s.Provider(
        "cluster", kubeconfig=settings.kubeconfig_path, context=settings.context or None
    )
    opts = pulumi.ResourceOptions(provider=provider)
    security = {"enforce": "restricted", "enforce-version": "latest"}
    own = {f"pod-security.kubernetes.io/{key}": value for key, value in security.items()}
    metadata = meta.ObjectMetaArgs(name=settings.namespace, labels=PLATFORM | own)
    name = core.Namespace(settings.namespace, metadata=metadata, opts=opts).metadata.name
    account = settings.registry.pull if settings.scaled else None
    if account is None:
        return Namespace(settings, opts, name, None)
    username, password = account.username, account.password.get_secret_value()
    auth = base64.b64encode(f"{username}:{password}".encode()).decode()
    entry = {"username": username, "password": password, "auth": auth}
    auths = {"auths": {settings.registry_address.partition("/")[0]: entry}}
    # Named automatically and immutable, so that a new account is a new Secret.
    secret = core.Secret(
        "kaldra-registry",
        metadata=meta.ObjectMetaArgs(namespace=name, labels=PLATFORM),
        type="kubernetes.io/dockerconfigjson",
        immutable=True,
        string_data={".dockerconfigjson": pulumi.Output.secret(json.dumps(auths, sort_keys=True))},
        opts=opts,
    )
    references = [core.LocalObjectReferenceArgs(name=secret.metadata.name)]
    return Namespace(settings, opts, name, references)
