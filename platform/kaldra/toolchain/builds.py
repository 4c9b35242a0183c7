"""What is built from Go modules, and how its versions are stamped."""

from pathlib import Path

from kaldra.paths import home
from kaldra.toolchain.files import locked, publishing
from kaldra.toolchain.gobuild import Build
from kaldra.toolchain.gotrim import Trim
from kaldra.toolchain.pins import KUBERNETES, PULUMI

_KUBERNETES_VERSION = "k8s.io/component-base/version"
_MAJOR, _MINOR, _ = KUBERNETES.split(".")

_PULUMI_MODULE = "github.com/pulumi/pulumi/pkg/v3"
PULUMI_CLI = Build(
    name="pulumi",
    outputs={"pulumi": f"{_PULUMI_MODULE}/cmd/pulumi"},
    stamps={"github.com/pulumi/pulumi/sdk/v3/go/common/version.Version": f"v{PULUMI}"},
    tags=("disable_grpc_modules",),  # Envoy's protocols, of use inside of Google's cloud only
    niceness=10,  # the node image waits for the node's programs, and nothing for these
    kept={
        "scripts/exec": f"github.com/pulumi/pulumi/sdk/v3@v{PULUMI}/python/cmd",
        "scripts/dynamic": f"github.com/pulumi/pulumi/sdk/v3@v{PULUMI}/python/dist",
    },
    trims=(
        Trim(_PULUMI_MODULE, "cmd/pulumi/cloud", ("envelope.go", "resolve.go")),
        Trim(
            _PULUMI_MODULE,
            "operations",
            ("doc.go", "operations.go", "operations_cloud_aws.go", "resources.go"),
        ),
        Trim(_PULUMI_MODULE, "authhelpers"),
        Trim(_PULUMI_MODULE, "secrets/cloud"),
        Trim("gocloud.dev", "blob/gcsblob"),
        Trim("gocloud.dev", "blob/azureblob"),
        Trim("github.com/alecthomas/chroma", "quick"),
    ),
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
    niceness=15,
)
"""The last language host inside the SDK module; newer ones are in a module that is not served."""

_KUBERNETES_STAMPS = {
    f"{_KUBERNETES_VERSION}.gitVersion": f"v{KUBERNETES}",
    f"{_KUBERNETES_VERSION}.gitMajor": _MAJOR,
    f"{_KUBERNETES_VERSION}.gitMinor": _MINOR,
    f"{_KUBERNETES_VERSION}.gitTreeState": "clean",
}
NODE = Build(
    name="node",
    outputs={
        "kube": "./kube",
        "etcd": "go.etcd.io/etcd/server/v3",
        "coredns": "./coredns",
        "pause": "./pause",
        "kind": "sigs.k8s.io/kind",
    },
    stamps=_KUBERNETES_STAMPS,
    trims=(Trim("k8s.io/client-go", "kubernetes/fake", ("doc.go", "register.go")),),
)
"""Kubernetes in one binary, what kubeadm runs beside it, and kind: one list, compiled once."""

KUBECTL = Build(
    name="node",
    outputs={"kubectl": "k8s.io/kubernetes/cmd/kubectl"},
    stamps=_KUBERNETES_STAMPS,
)
"""kubectl alone, for a cluster that is elsewhere."""


def pulumi_bundle(cli: Path, language: Path) -> Path:
    """The CLI, its language host and their scripts in one folder: they look beside themselves."""
    folder = home() / "built" / f"pulumi-{PULUMI}-{PULUMI_CLI.key}-{LANGUAGE_HOST.key}"
    with locked("pulumi-bundle"):
        if folder.is_dir():
            return folder
        with publishing(folder) as partial:
            for program in (
                cli / "pulumi",
                language / "pulumi-language-python",
                cli / "scripts/exec/pulumi-language-python-exec",
                cli / "scripts/dynamic/pulumi-resource-pulumi-python",
            ):
                target = partial / program.name
                target.hardlink_to(program)
                target.chmod(0o755)
    return folder
