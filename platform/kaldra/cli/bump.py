"""Where other files contain the versions of `kaldra.versions`, and how they are updated."""

import re
from collections.abc import Iterator
from pathlib import Path

from kaldra import versions

PROSE = ("README.md", "docs/**/*.md", "bench/*.py", "serving/*.py", "tests/**/*.py")
"""Files that contain the product's version in text, examples and commands."""


def outdated(repo: Path) -> dict[Path, str]:
    """Files with an outdated version, with their updated text."""
    before: dict[Path, str] = {}
    after: dict[Path, str] = {}
    for files, pattern, version in (*_places(), *_prose(repo)):
        for path in repo.glob(files):
            text = before.setdefault(path, path.read_text(encoding="utf-8"))
            after[path] = _replaced(pattern, version, after.get(path, text))
    return {path: text for path, text in after.items() if text != before[path]}


def _places() -> Iterator[tuple[str, str, str]]:
    """Files, pattern whose only group is the version, version."""
    lists = "platform/kaldra/toolchain/go"
    yield "pyproject.toml", r'^version = "(.+)"$', versions.PRODUCT
    yield "*/__init__.py", r'^__version__ = "(.+)"$', versions.PRODUCT
    yield "platform/images/Dockerfile", r'image\.version="(.+)"$', versions.PRODUCT
    yield "pyproject.toml", r'"pulumi==(.+)"', versions.PULUMI
    manifest = "platform/kaldra/cluster/data/metrics-server.yaml"
    yield manifest, r"metrics-server/metrics-server:v(.+)$", versions.METRICS_SERVER
    for name, version in versions.PULUMI_PLUGINS.items():
        yield "pyproject.toml", rf'"pulumi-{name}==(.+)"', version
        yield "docs/reference/plugins.md", rf"^\| `{name}` (\S+) \|", version
    in_list = {
        "actionlint": {r"rhysd/actionlint": versions.ACTIONLINT},
        "language": {r"pulumi/pulumi/sdk/v3": versions.PULUMI_LANGUAGE_HOST},
        "pulumi": {r"pulumi/pulumi/(?:pkg|sdk)/v3": versions.PULUMI},
        "node/sdk-kubernetes": {r"pulumi/pulumi/sdk/v3": versions.PULUMI_CODEGEN},
        "node": {
            r"pulumi/pulumi/(?:pkg|sdk)/v3": versions.PULUMI_CODEGEN,
            r"pulumi/pulumi-kubernetes/provider/v4": versions.KUBERNETES_PROVIDER_MODULE,
            r"k8s\.io/kubernetes": versions.KUBERNETES,
            r"k8s\.io/[a-z-]+ => k8s\.io/[a-z-]+": versions.KUBERNETES.replace("1.", "0.", 1),
            r"etcd\.io/etcd/server/v3": versions.ETCD,
            r"coredns/coredns": versions.COREDNS,
            r"sigs\.k8s\.io/kind": versions.KIND,
            r"sigs\.k8s\.io/metrics-server": versions.METRICS_SERVER,
        },
    }
    for name, modules in in_list.items():
        for module, version in modules.items():
            yield f"{lists}/{name}/go.mod", rf"{module} v(\S+)$", version


def _prose(repo: Path) -> Iterator[tuple[str, str, str]]:
    project = (repo / "pyproject.toml").read_text(encoding="utf-8")
    former = re.findall(r'^version = "(.+)"$', project, re.MULTILINE)[0]
    for files in PROSE:
        yield files, rf"(?<![\w.])v?({re.escape(former)})(?![\w.]*\d)", versions.PRODUCT


def _replaced(pattern: str, version: str, text: str) -> str:
    def put(found: re.Match[str]) -> str:
        start, end = found.start(1) - found.start(), found.end(1) - found.start()
        return f"{found[0][:start]}{version}{found[0][end:]}"

    return re.sub(pattern, put, text, flags=re.MULTILINE)
