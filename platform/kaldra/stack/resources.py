"""Resources by their type's name, as both providers' SDKs register them.

The SDKs are thousands of generated classes: importing the few that are used takes over a second of
every command, more than all else the program does. What they add is little, and is here: API
version and kind, secrets marked, and the provider's version. The content is the provider's own.
"""

from collections.abc import Mapping
from typing import Any

import pulumi

KUBERNETES = "4.34.2"
DOCKER = "5.2.0"
"""Versions of the providers; their packages of the same version say what they know."""

Content = Mapping[str, Any]


class KubernetesObject(pulumi.CustomResource):
    """An object of a cluster, such as a `Deployment` of `apps/v1`."""

    metadata: pulumi.Output[dict[str, Any]]

    def __init__(
        self,
        kind: tuple[str, str],
        name: str,
        content: Content,
        opts: pulumi.ResourceOptions,
    ) -> None:
        """`kind` is API version and kind; `name` the program's, the object's is in its metadata."""
        api_version, kind_name = kind
        group = api_version if "/" in api_version else f"core/{api_version}"
        properties = {"apiVersion": api_version, "kind": kind_name, **content}
        own = pulumi.ResourceOptions(version=KUBERNETES)
        if kind_name == "Secret":
            properties["stringData"] = pulumi.Output.secret(properties["stringData"])
            own.additional_secret_outputs = ["data", "stringData"]
        super().__init__(
            f"kubernetes:{group}:{kind_name}",
            name,
            properties,
            pulumi.ResourceOptions.merge(opts, own),
        )

    @property
    def object_name(self) -> pulumi.Output[str]:
        """The object's own name, also where it is made automatically."""
        name: pulumi.Output[str] = self.metadata["name"]
        return name


class KubernetesProvider(pulumi.ProviderResource):
    """The provider, bound to one kubeconfig and context."""

    def __init__(self, name: str, *, kubeconfig: str, context: str | None) -> None:
        super().__init__(
            "kubernetes",
            name,
            {"kubeconfig": kubeconfig, "context": context},
            pulumi.ResourceOptions(version=KUBERNETES),
        )


class DockerResource(pulumi.CustomResource):
    """Something that pulumi-docker makes: `Image`, `Network`, `Container`."""

    def __init__(
        self, kind: str, name: str, content: Content, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(
            f"docker:index/{kind.lower()}:{kind}",
            name,
            dict(content),
            pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(version=DOCKER)),
        )
