"""What is built from Go modules, and how its versions are stamped."""

from pathlib import Path

from kaldra import versions
from kaldra.paths import home
from kaldra.toolchain.files import link_or_copy, locked, publishing
from kaldra.toolchain.gobuild import Build

MODULES = Path(__file__).parent / "go"
_PULUMI_VERSION = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version"
_PULUMI_SDK = f"github.com/pulumi/pulumi/sdk/v3@v{versions.PULUMI}/python"
_MAJOR, _MINOR, _ = versions.KUBERNETES.split(".")
_KUBERNETES_STAMPS = {
    f"k8s.io/component-base/version.{name}": value
    for name, value in {
        "gitVersion": f"v{versions.KUBERNETES}",
        "gitMajor": _MAJOR,
        "gitMinor": _MINOR,
        "gitTreeState": "clean",
    }.items()
}

NODE = Build(
    name="node",
    modules=MODULES / "node",
    outputs={
        "kube": "./kube",
        "etcd": "go.etcd.io/etcd/server/v3",
        "coredns": "./coredns",
        "pause": "./pause",
        "kind": "sigs.k8s.io/kind",
    },
    stamps=_KUBERNETES_STAMPS,
)
"""Kubernetes in one binary, what kubeadm runs beside it, and kind: one list, compiled once."""

KUBECTL = Build(
    name="kubectl",
    modules=MODULES / "node",
    outputs={"kubectl": "k8s.io/kubernetes/cmd/kubectl"},
    stamps=_KUBERNETES_STAMPS,
)
"""kubectl alone, for a cluster that is elsewhere."""

# The node image waits for the node's programs; nothing waits for these, so they yield the CPU.
_PROVIDER = "github.com/pulumi/pulumi-kubernetes/provider/v4"
_PROVIDER_DATA = (
    f"{_PROVIDER}@v{versions.KUBERNETES_PROVIDER_MODULE}/cmd/pulumi-resource-kubernetes"
)
KUBERNETES_PROVIDER = Build(
    name="kubernetes-provider",
    modules=MODULES / "node",
    outputs={"pulumi-resource-kubernetes": "./provider"},
    stamps={f"{_PROVIDER}/pkg/version.Version": versions.PULUMI_PLUGINS["kubernetes"]},
    embedded={
        f"provider/{name}": f"{_PROVIDER_DATA}/{name}"
        for name in ("schema.json", "terraform-mapping.json")
    },
    niceness=10,
)
"""Pulumi's provider plugin for Kubernetes, on the node's list: most packages are the same."""
COMPONENTS_LEFT_OUT = (
    "helm.sh/v4 Chart",
    "yaml/v2 ConfigFile",
    "yaml/v2 ConfigGroup",
    "kustomize/v2 Directory",
)
"""What `go/node/sdk-kubernetes` leaves out of that build."""

PULUMI_CLI = Build(
    name="pulumi",
    modules=MODULES / "pulumi",
    outputs={"pulumi": "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"},
    stamps={_PULUMI_VERSION: f"v{versions.PULUMI}"},
    tags=("disable_grpc_modules",),  # Envoy's protocols, of use inside of Google's cloud only
    niceness=10,
    kept={"scripts/exec": f"{_PULUMI_SDK}/cmd", "scripts/dynamic": f"{_PULUMI_SDK}/dist"},
)
"""The CLI, and the two scripts that the Python language host runs."""

LANGUAGE_HOST = Build(
    name="language",
    modules=MODULES / "language",
    outputs={
        "pulumi-language-python": (
            "github.com/pulumi/pulumi/sdk/v3/python/cmd/pulumi-language-python"
        )
    },
    stamps={_PULUMI_VERSION: f"v{versions.PULUMI_LANGUAGE_HOST}"},
    niceness=15,
)
"""The last language host inside the SDK module; newer ones are in a module that is not served."""

ACTIONLINT = Build(
    name="actionlint",
    modules=MODULES / "actionlint",
    outputs={"actionlint": "github.com/rhysd/actionlint/cmd/actionlint"},
    stamps={"github.com/rhysd/actionlint.version": f"v{versions.ACTIONLINT}"},
)


def pulumi_bundle(cli: Path, language: Path) -> Path:
    """A folder with the CLI, its language host and their scripts, where they find each other."""
    folder = home() / "built" / f"pulumi-{versions.PULUMI}-{PULUMI_CLI.key}-{LANGUAGE_HOST.key}"
    programs = (
        cli / "pulumi",
        language / "pulumi-language-python",
        cli / "scripts/exec/pulumi-language-python-exec",
        cli / "scripts/dynamic/pulumi-resource-pulumi-python",
    )
    with locked("pulumi-bundle"):
        if not folder.is_dir():
            with publishing(folder) as partial:
                for program in programs:
                    link_or_copy(program, partial / program.name)
    return folder
