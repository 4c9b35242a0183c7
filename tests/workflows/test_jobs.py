"""The jobs of kaldra-ci for a pull request, run with act: `./kaldra test -m workflows`."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.clone import copy_of_repo
from tests.fakes.docker import FakeDocker, fake_docker
from tests.workflows import act

pytestmark = [pytest.mark.workflows, pytest.mark.timeout(act.JOB_SECONDS)]

TEAM = """
  kaldra:stateBackend: s3://of-a-team
  kaldra:secretsProvider: awskms://alias/of-a-team
  kaldra:apiKeys:
    web:
      secure: v1:of-a-team
secretsprovider: awskms://alias/of-a-team
encryptedkey: of-a-team
encryptionsalt: v1:of-a-team
"""
"""What a team adds to the staging stack's file."""
ADDRESS = "    address: ghcr.io/4iam/kaldra\n"
PUSH = "    push:\n      username: pusher\n      password:\n        secure: v1:of-a-team\n"


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Repository of a team; the branch `change` changes a setting of stack dev."""
    root = tmp_path_factory.mktemp("origin") / "kaldra"
    root.mkdir()
    copy_of_repo(root)
    (root / ".venv").unlink()
    staging = root / "Pulumi.staging.yaml"
    text = staging.read_text()
    assert ADDRESS in text
    staging.write_text(text.replace(ADDRESS, ADDRESS + PUSH) + TEAM.lstrip("\n"))
    act.git(root, "init", "--quiet", "--initial-branch=main")
    act.git(root, "add", "--all")
    act.git(root, "commit", "--quiet", "--message=base")
    act.git(root, "switch", "--quiet", "--create", "change")
    with (root / "Pulumi.dev.yaml").open("a") as dev:
        dev.write("  kaldra:logLevel: DEBUG\n")
    act.git(root, "commit", "--quiet", "--all", "--message=change")
    return root


@pytest.fixture
def runner(tmp_path: Path, origin: Path) -> act.Runner:
    return act.Runner(origin, tmp_path)


class Engine(dict[str, Any]):
    """Answers of an engine that has every image."""

    def get(self, key: str, default: Any = None) -> Any:
        if key.startswith("GET /images/"):
            return {"Id": f"sha256:{'1' * 64}", "RepoTags": [], "RepoDigests": []}
        return super().get(key, default)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[FakeDocker]:
    with fake_docker(tmp_path) as docker:
        docker.answers = Engine(docker.answers)
        yield docker


def test_the_check_passes(runner: act.Runner) -> None:
    assert " passed" in runner.job("check", **os.environ)


def test_the_difference_is_an_artifact(runner: act.Runner) -> None:
    runner.job("diff", **os.environ)
    text = (runner.artifacts / "diff" / "diff.md").read_text(encoding="utf-8")
    assert "KALDRA_LOG_LEVEL" in text
    assert "DEBUG" in text


def test_every_stack_is_previewed_and_nothing_made(runner: act.Runner, engine: FakeDocker) -> None:
    log = runner.job("preview", **{**os.environ, "DOCKER_HOST": f"unix://{engine.socket}"})
    for stack in ("local", "dev", "preview"):
        assert f"pulumi:pulumi:Stack::kaldra-{stack}" in log
    assert "of-a-team" not in log
    assert engine.changes() == []
