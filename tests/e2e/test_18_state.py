"""Pulumi itself with a program of a few lines: locks, compressed state, releases, passphrases."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from kaldra.cli import program, releases, takeover, workspace
from kaldra.cli import pulumi as driver
from kaldra.cli.pulumi import Pulumi
from kaldra.cli.ui import Console
from kaldra.cli.workspace import Workspace, environment, prepare_state
from kaldra.errors import KaldraError
from tests.e2e.clone import eventually, write_stack
from tests.e2e.process_tree import kill_tree

PROGRAM = """
import os, pathlib, time, pulumi
pulumi.export("apiImage", os.environ["IMAGE"])
pulumi.export("key", pulumi.Output.secret("canary"))
if wait := os.environ.get("WAIT"):
    pathlib.Path(wait).touch()
    time.sleep(600)
"""
OF_A_TEAM = {"secretsProvider": "passphrase"}
OLD = "a passphrase that a clone made"


@pytest.fixture
def project(platform, tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("KALDRA_STATE", str(tmp_path / "state"))
    for module in (driver, takeover, workspace):
        monkeypatch.setattr(module, "REPO", tmp_path)
    (tmp_path / "state").mkdir()
    (tmp_path / "state/bin").symlink_to(platform.state / "bin")
    (tmp_path / "Pulumi.yaml").write_text("name: kaldra\nruntime: python\n")
    (tmp_path / "__main__.py").write_text(PROGRAM)
    monkeypatch.setattr(program, "PROGRAM", str(tmp_path / "__main__.py"))
    write_stack(tmp_path, "try", target="dev")
    return tmp_path


def opened(passphrase: str = "", **variables: str) -> Pulumi:
    stack = Workspace.open("try")
    prepare_state(stack)
    given = {"PULUMI_CONFIG_PASSPHRASE": passphrase} if passphrase else {}
    return Pulumi(stack, {**environment(stack), **given, **variables}, Console(quiet=True))


def up(image: str, **variables: str) -> Pulumi:
    pulumi = opened(IMAGE=f"r/api@sha256:{image}", **variables)
    deployed = pulumi.ensure_stack()
    pulumi.change("up", f"--message={releases.message(deployed.images)}")
    return pulumi


def test_releases_are_known_whatever_the_state_looks_like(project):
    before = (project / "Pulumi.try.yaml").read_text()
    for image in "1234":
        up(image, PULUMI_DIY_BACKEND_GZIP="true" if image == "2" else "false")
    deployed = opened().deployment()
    assert deployed is not None
    found = releases.updates(deployed)
    assert [release.digests["api"][-1] for release in found] == list("4321")
    previous = releases.previous(found)
    assert previous is not None
    assert previous.number == 3
    assert (project / "Pulumi.try.yaml").read_text() == before


def as_told(_process: object, hint: str) -> None:
    subprocess.run(["sh", "-c", hint.rpartition(": ")[2]], check=True)  # noqa: S607


@pytest.mark.parametrize("end", [as_told, lambda process, _hint: kill_tree(process)])
def test_a_dead_lock_in_any_folder_is_removed_and_a_live_one_kept(project, end):
    backend = (project / "shared").as_uri()
    write_stack(project, "try", salted=False, target="dev", stateBackend=backend, **OF_A_TEAM)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PULUMI_CONFIG_PASSPHRASE", "the team's")
        waiting = project / "waiting"
        first = opened(IMAGE="r/api@sha256:1", WAIT=str(waiting))
        first.ensure_stack()
        with subprocess.Popen(
            [workspace.GUARD / "pulumi", "up", "--yes", "--skip-preview", "--non-interactive"],
            cwd=project,
            env={**os.environ, **first.variables},
            stdout=subprocess.DEVNULL,
        ) as process:
            eventually(waiting.exists, "the program running")
            told = f"Another run works on .* .pid {process.pid}"
            with pytest.raises(KaldraError, match=told) as caught:
                up("2")
            end(process, caught.value.hint)
        up("2")


def test_a_wrong_passphrase_is_told(project, monkeypatch):
    write_stack(project, "try", salted=False, target="dev", **OF_A_TEAM)
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "right")
    up("1")
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "wrong")
    with pytest.raises(KaldraError) as caught:
        up("2")
    assert "is not the one this stack was made with" in caught.value.hint


def test_a_state_that_was_deleted_is_made_again_with_the_same_file(project):
    before = (project / "Pulumi.try.yaml").read_text()
    up("1")
    shutil.rmtree(project / "state/state")
    up("2")
    assert (project / "Pulumi.try.yaml").read_text() == before


@pytest.fixture
def former(project) -> Path:
    """A stack that a clone encrypted with its own passphrase."""
    write_stack(project, "try", salted=False, target="dev")
    pulumi = opened(OLD, IMAGE="r/api@sha256:1")
    pulumi.ensure_stack()
    pulumi.change("up")
    (project / "state/passphrase").write_text(f"{OLD}\n")
    return project


def test_a_former_stack_is_taken_over_under_the_salt_in_git_also_after_an_interrupt(former):
    write_stack(former, "try", target="dev")
    before = (former / "Pulumi.try.yaml").read_text()
    takeover.take_over(opened())
    (former / "state/passphrase.old").rename(former / "state/passphrase")
    takeover.take_over(opened())
    pulumi = up("1")
    assert pulumi.read("stack", "output", "--json", "--show-secrets")["key"] == "canary"
    assert (former / "Pulumi.try.yaml").read_text() == before
    assert (former / "state/passphrase.old").read_text() == f"{OLD}\n"
    takeover.take_over(pulumi)


def test_secrets_in_the_file_of_a_former_stack_are_taken_over(former):
    opened(OLD).run("config", "set", "--secret", "kaldra:apiKeys", "{}", "--stack", "try")
    takeover.take_over(opened())
    shown = opened().read("config", "--show-secrets", "--json")
    assert shown["kaldra:apiKeys"]["value"] == "{}"
