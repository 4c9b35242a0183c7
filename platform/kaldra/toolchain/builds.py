"""What is built from Go modules, and how its versions are stamped."""

from kaldra.toolchain.gobuild import Build
from kaldra.toolchain.pins import KUBERNETES, PULUMI

_KUBERNETES_VERSION = "k8s.io/component-base/version"
_MAJOR, _MINOR, _ = KUBERNETES.split(".")

PULUMI_CLI = Build(
    name="pulumi",
    outputs={"pulumi": "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"},
    stamps={"github.com/pulumi/pulumi/sdk/v3/go/common/version.Version": f"v{PULUMI}"},
    packages=1686,
    kept={
        "scripts/exec": f"github.com/pulumi/pulumi/sdk/v3@v{PULUMI}/python/cmd",
        "scripts/dynamic": f"github.com/pulumi/pulumi/sdk/v3@v{PULUMI}/python/dist",
    },
)
"""The CLI, and the two scripts that the Python language host runs."""

LANGUAGE_HOST = Build(
    name="language",
    outputs={
        "pulumi-language-python": (
            "github.com/pulumi/pulumi/sdk/v3/python/cmd/pulumi-language-python"
        )
    },
    stamps={"github.com/pulumi/pulumi/sdk/v3/go/common/version.Version": f"v{PULUMI}"},
    packages=534,
)
"""The last language host inside the SDK module; newer ones are in a module that is not served."""

NODE = Build(
    name="node",
    outputs={
        "kube": "./kube",
        "etcd": "go.etcd.io/etcd/server/v3",
        "coredns": "./coredns",
        "pause": "./pause",
        "kind": "sigs.k8s.io/kind",
    },
    stamps={
        f"{_KUBERNETES_VERSION}.gitVersion": f"v{KUBERNETES}",
        f"{_KUBERNETES_VERSION}.gitMajor": _MAJOR,
        f"{_KUBERNETES_VERSION}.gitMinor": _MINOR,
        f"{_KUBERNETES_VERSION}.gitTreeState": "clean",
    },
    packages=3045,
)
"""Kubernetes in one binary, what kubeadm runs beside it, and kind: one list, compiled once."""
