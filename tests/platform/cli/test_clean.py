"""What `clean` gathers from the engine, the cache and the clones, and what it removes."""

import json
import os
from io import StringIO
from pathlib import Path

import pytest

from kaldra.cli import clean, garbage
from kaldra.cli.garbage import Garbage
from kaldra.cli.ui import Console
from kaldra.cli.workspace import Workspace
from kaldra.errors import KaldraError
from kaldra.stack import secrets
from kaldra.stack.settings import Settings
from kaldra.toolchain.files import remember_clone, sharing

QUIET = Console(StringIO(), quiet=True)
FORMER, RELEASED, THEIRS = ("sha256:" + letter * 64 for letter in "abc")


def former(id_: str) -> dict[str, object]:
    labels = {garbage.TITLE_LABEL: "kaldra-api"}
    return {"Id": id_, "Labels": labels, "RepoTags": None, "Size": 3, "Created": 0}


@pytest.fixture
def workspace(tmp_path, cache, docker, monkeypatch) -> Workspace:
    """A stack on Docker alone that is not deployed from here."""
    monkeypatch.setenv("KALDRA_STATE", str(tmp_path / "state"))
    (tmp_path / "state").mkdir()
    workspace = Workspace("try", Settings(target="local"))
    monkeypatch.setattr(Workspace, "open", classmethod(lambda _cls, _stack: workspace))
    mounted = {"Source": str(tmp_path / "state" / "secrets" / "api-keys-mounted")}
    docker.answers |= {
        "GET /system/df": {"Images": [former(FORMER), former(RELEASED), former(THEIRS)]},
        "GET /containers/json": [{"ImageID": "sha256:else", "Mounts": [mounted]}],
        "GET /images/json": [former(FORMER)] * clean.GATHERED,
        **{f"DELETE /images/{id_}": [] for id_ in (FORMER, RELEASED, THEIRS)},
    }
    return workspace


@pytest.fixture
def other(tmp_path, workspace, monkeypatch) -> Path:
    """Another clone that has used the cache."""
    (tmp_path / "other").mkdir()
    with monkeypatch.context() as patch:
        patch.setenv("KALDRA_STATE", str(tmp_path / "other"))
        remember_clone()
    return tmp_path / "other"


def written(path: Path, text: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def look(*, everything: bool = True) -> list[str]:
    return [each.name for each in clean.look(QUIET, Workspace.open("try"), everything=everything)]


def test_what_another_clone_needs_stays(other, tmp_path, cache):
    history = other / "state" / ".pulumi" / "history" / "kaldra" / "try" / "1.history.json"
    written(history, json.dumps({"message": f"Replaces kaldra-api={THEIRS}"}))
    written(tmp_path / "state" / "state/.pulumi/stacks/kaldra/dev.json", RELEASED)
    used = written(cache / "built" / "node-1" / "kube")
    (other / "bin").mkdir()
    (other / "bin" / "kubectl").symlink_to(used)
    written(other / "pulumi/plugins/resource-kubernetes-v1/kaldra-origin", "registries provider-1")
    written(cache / "built" / "provider-1" / "program")
    unused = written(cache / "built" / "node-2" / "kube").parent
    assert look() == [FORMER, str(unused)]
    assert look(everything=False) == [FORMER]
    os.utime(unused, (0, 0))
    assert look(everything=False) == [FORMER, str(unused)]


def test_a_clone_that_is_gone_needs_nothing(other):
    other.rmdir()
    assert look() == [FORMER, RELEASED, THEIRS]


def test_the_history_of_the_stack_itself_keeps_nothing(workspace, tmp_path):
    history = tmp_path / "state" / "state/.pulumi/history/kaldra/try"
    written(history / "1.history.json", RELEASED)
    assert RELEASED in look()


def test_what_a_container_uses_stays(workspace, docker):
    docker.answers["GET /containers/json"] = [{"ImageID": THEIRS}]
    assert look() == [FORMER, RELEASED]


def test_keys_that_are_mounted_or_present_stay(workspace, tmp_path):
    written(tmp_path / "state" / "dev-secrets.json", '{"apiKeys": {"dev": "a-key"}}')
    secrets.as_directory("api-keys", {"dev": "a-key"})
    for name in ("api-keys-mounted", "api-keys-former"):
        written(tmp_path / "state" / "secrets" / name / "dev")
    former_ones = [Path(name).name for name in look() if "secrets" in name]
    assert former_ones == ["api-keys-former"]


def test_a_dry_run_removes_nothing(workspace, docker, capsys):
    clean.run(QUIET, stack="try", dry_run=True, everything=False, assume_yes=False)
    assert "image        sha256:aaaaaaaaaaaa" in capsys.readouterr().out
    assert docker.changes() == []


def test_each_is_removed_and_one_that_refuses_hinders_no_other(workspace, docker):
    docker.answers[f"DELETE /images/{FORMER}"] = (409, {"message": "it is used"})
    found = [Garbage("image", FORMER, 1, "why"), Garbage("image", RELEASED, 1, "why")]
    clean.remove(QUIET, workspace, found)
    assert docker.changes() == [f"DELETE /images/{FORMER}", f"DELETE /images/{RELEASED}"]


def test_nothing_is_removed_while_another_run_deploys(workspace, docker):
    with sharing(clean.LOCK):
        with pytest.raises(KaldraError, match="nothing was removed"):
            clean.run(QUIET, stack="try", dry_run=False, everything=False, assume_yes=True)
        clean.after_up(QUIET, workspace)
    assert docker.changes() == []


def test_an_up_cleans_once_images_have_gathered(workspace, docker):
    enough = docker.answers["GET /images/json"]
    docker.answers["GET /images/json"] = enough[1:]
    clean.after_up(QUIET, workspace)
    assert docker.changes() == []
    docker.answers["GET /images/json"] = enough
    for _ in range(2):  # what it had to leave does not count again
        clean.after_up(QUIET, workspace)
        assert len(docker.changes()) == 3


def test_links_of_tools_are_not_followed(workspace, cache, docker):
    tool = written(cache / "built" / "checker-1" / "program").parent
    (tool / "python").symlink_to("x" * 300)  # cannot be followed, even by root
    clean.after_up(QUIET, workspace)
    assert f"DELETE /images/{FORMER}" in docker.changes()


def test_a_file_that_cannot_be_read_fails_no_up(workspace, docker, monkeypatch):
    def look(*_: object, **__: object) -> list[Garbage]:
        raise PermissionError(13, "Permission denied", "/closed")

    monkeypatch.setattr(clean, "look", look)
    clean.after_up(QUIET, workspace)
    assert docker.changes() == []
