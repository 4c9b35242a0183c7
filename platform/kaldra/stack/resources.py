"""Objects of a cluster, registered as the SDK of pulumi-kubernetes registers them.

Its classes are generated for every kind there is, and come only by the hundred: importing those of
five API groups took 1.0 s of every command, more than all else the program does. What they add is
little, and is here: API version and kind, secrets marked, and the provider's version. The content
is what Kubernetes documents, and the provider the official one.
"""

from collections.abc import Mapping
from typing import Any

import pulumi

VERSION = "4.25.0"
"""Of the provider; pulumi_kubernetes has the same."""


class KubernetesObject(pulumi.CustomResource):
    """An object of a cluster, such as a `Deployment` of `apps/v1`."""

    metadata: pulumi.Output[dict[str, Any]]

    def __init__(
        self,
        kind: tuple[str, str],
        name: str,
        content: Mapping[str, Any],
        opts: pulumi.ResourceOptions,
    ) -> None:
        """`kind` is API version and kind; `name` the program's, the object's is in its metadata."""
        api_version, kind_name = kind
        group = api_version if "/" in api_version else f"core/{api_version}"
        properties = {"apiVersion": api_version, "kind": kind_name, **content}
        own = pulumi.ResourceOptions(version=VERSION)
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
