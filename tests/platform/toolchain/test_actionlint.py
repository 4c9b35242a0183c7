from kaldra import versions
from kaldra.toolchain import actionlint, links
from kaldra.toolchain.probe import Route
from tests.fakes.programs import program
from tests.fakes.progress import QuietProgress


def installed(folder, version):
    return program(folder / "actionlint", f"echo v{version}")


def ensure(monkeypatch, tmp_path, path):
    monkeypatch.setenv("KALDRA_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("PATH", str(path))
    monkeypatch.setattr(actionlint, "route", lambda: Route.REGISTRIES)
    return actionlint.ensure(QuietProgress()).resolve()


def test_one_of_the_pinned_version_on_path_is_used(monkeypatch, tmp_path):
    mine = installed(tmp_path / "bin", versions.ACTIONLINT)
    assert ensure(monkeypatch, tmp_path, mine.parent) == mine


def test_another_version_is_not_used_but_built(monkeypatch, tmp_path):
    other = installed(tmp_path / "bin", "1.0.0")
    built = installed(tmp_path / "built", versions.ACTIONLINT)
    monkeypatch.setattr(actionlint.gobuild, "build", lambda *_: built.parent)
    assert ensure(monkeypatch, tmp_path, other.parent) == built
    assert links.chosen("actionlint", versions.ACTIONLINT, ["actionlint"])


def test_the_module_list_names_the_pinned_version():
    text = (actionlint.gobuild.MODULES / "actionlint" / "go.mod").read_text()
    assert f"github.com/rhysd/actionlint v{versions.ACTIONLINT}" in text
