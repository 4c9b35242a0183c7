"""Which cluster a stack's kubectl talks to, with a real kubectl and several kubeconfigs."""

import shutil
from pathlib import Path

import pytest
import yaml

from kaldra import environment
from kaldra.cli import kubectl
from kaldra.cli.workspace import Workspace
from kaldra.errors import KaldraError
from kaldra.stack.settings import Settings
from kaldra.toolchain.builds import NODE

SERVER = ("config", "view", "--minify", "--output=jsonpath={.clusters[0].cluster.server}")


def write(path: Path, *contexts: str, current: str = "") -> None:
    """A kubeconfig; each context's cluster has the file's name in its address."""
    path.parent.mkdir(parents=True, exist_ok=True)
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": current,
        "clusters": [
            {"name": name, "cluster": {"server": f"https://{path.stem}.{name}"}}
            for name in contexts
        ],
        "contexts": [{"name": n, "context": {"cluster": n, "user": n}} for n in contexts],
        "users": [{"name": name, "user": {"token": "t"}} for name in contexts],
    }
    path.write_text(yaml.safe_dump(document))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, state: Path) -> Path:
    """The caller's folder, which is the user's home too."""
    built = NODE.folder / "kube"
    found = str(built) if built.exists() else shutil.which("kubectl")
    if found is None:
        pytest.skip("no kubectl on this machine")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "kubectl").symlink_to(found)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("KUBECONFIG", raising=False)
    write(tmp_path / "one.yaml", "other", current="other")
    write(tmp_path / "two.yaml", "far", "other")
    write(tmp_path / "three.yaml", "far")
    write(tmp_path / ".kube" / "config", "far", "home", current="home")
    return tmp_path


def server(
    monkeypatch: pytest.MonkeyPatch, folder: Path, listed: str = "", **settings: object
) -> str:
    """The API server of a stack, where the caller's KUBECONFIG is `listed`."""
    if listed:
        given = environment.clean({"KUBECONFIG": listed}, folder)["KUBECONFIG"]
        monkeypatch.setenv("KUBECONFIG", given)
    values = {"target": "staging", "kubeContext": "far", **settings}
    return kubectl.read(Workspace("far", Settings.model_validate(values)), *SERVER)


@pytest.mark.parametrize(
    ("listed", "expected"),
    [
        ("", "https://config.far"),
        ("missing.yaml::one.yaml:two.yaml:three.yaml", "https://two.far"),
    ],
)
def test_the_first_listed_file_with_the_context_decides(monkeypatch, folder, listed, expected):
    assert server(monkeypatch, folder, listed) == expected


def test_a_context_in_none_of_the_files_is_named(monkeypatch, folder):
    with pytest.raises(KaldraError, match=r'context "?far"?'):
        server(monkeypatch, folder, "missing.yaml:one.yaml")


def test_a_file_of_the_stack_comes_before_the_list(monkeypatch, folder):
    own = str(folder / "three.yaml")
    assert server(monkeypatch, folder, "two.yaml", kubeconfig=own) == "https://three.far"


def test_a_dev_stack_ignores_the_list(monkeypatch, folder):
    write(folder / "kubeconfig", "kind-kaldra-dev")
    found = server(monkeypatch, folder, "two.yaml", target="dev", kubeContext=None)
    assert found == "https://kubeconfig.kind-kaldra-dev"
