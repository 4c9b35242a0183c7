"""The namespace, and the account that its pods' images are pulled with."""

import base64
import json

import pulumi
import pulumi_kubernetes as k8s

from kaldra.stack.kubernetes import labels
from kaldra.stack.settings import Settings


def create_namespace(settings: Settings, opts: pulumi.ResourceOptions) -> pulumi.Output[str]:
    """Declare the namespace, with Pod Security `restricted`; returns its name."""
    namespace = k8s.core.v1.Namespace(
        settings.namespace,
        metadata=k8s.meta.v1.ObjectMetaArgs(
            name=settings.namespace,
            labels={
                **labels.PLATFORM,
                "pod-security.kubernetes.io/enforce": "restricted",
                "pod-security.kubernetes.io/enforce-version": "latest",
            },
        ),
        opts=opts,
    )
    name: pulumi.Output[str] = namespace.metadata.name
    return name


def create_pull_secret(
    settings: Settings, namespace: pulumi.Input[str], opts: pulumi.ResourceOptions
) -> pulumi.Output[str] | None:
    """Declare `registry.pull` as a Secret; returns its name, or None where the stack has none."""
    account = settings.registry.pull
    if account is None:
        return None
    username, password = account.username, account.password.get_secret_value()
    auth = base64.b64encode(f"{username}:{password}".encode()).decode()
    entry = {"username": username, "password": password, "auth": auth}
    server = settings.registry_address.partition("/")[0]
    # Named automatically and immutable, so that a new account is a new Secret.
    secret = k8s.core.v1.Secret(
        "kaldra-registry",
        metadata=k8s.meta.v1.ObjectMetaArgs(namespace=namespace, labels=labels.PLATFORM),
        type="kubernetes.io/dockerconfigjson",
        immutable=True,
        string_data={
            ".dockerconfigjson": pulumi.Output.secret(
                json.dumps({"auths": {server: entry}}, sort_keys=True)
            )
        },
        opts=opts,
    )
    name: pulumi.Output[str] = secret.metadata.name
    return name
