"""The list over a stack that only pretends; tests/e2e/test_09_local.py has a real one."""

import io
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from kaldra.cli import build, checklist, health, releases
from kaldra.cli.pulumi import Deployment
from kaldra.cli.ui import Console
from kaldra.cli.workspace import Workspace
from kaldra.errors import KaldraError
from kaldra.stack.settings import Settings
from kaldra.toolchain import inventory
from kaldra.toolchain.inventory import Finding

ANSWER = '{"status": "KALDRA API Gateway online", "version": "0.1.0"}'


@pytest.fixture
def world(monkeypatch):
    """What the checks find."""
    settings = Settings(target="dev")
    previewed = {"changeSummary": {"delete": 2}}
    world = SimpleNamespace(
        engine=Finding("Docker Engine", "27", "here"),
        deployed=Deployment([{"type": "a"}, {"type": "b"}]),
        pulumi=SimpleNamespace(workspace=Workspace("dev", settings), read=lambda *_: previewed),
        previewed=previewed,
        succeeded=True,
        workloads=[health.Workload("kaldra-core", 1, 1, "image")],
        answer=ANSWER,
    )

    def release(*_):
        ended = datetime(2026, 11, 29, tzinfo=UTC)
        return [releases.Release(4, world.succeeded, ended, "", {}, {})]

    monkeypatch.setattr(inventory, "check_engine", lambda: world.engine)
    monkeypatch.setattr(Workspace, "open", classmethod(lambda _cls, _stack: world.pulumi.workspace))
    monkeypatch.setattr(checklist, "deployed_or_fail", lambda *_: (world.pulumi, world.deployed))
    monkeypatch.setattr(releases, "updates", release)
    monkeypatch.setattr(health, "workloads", lambda _: world.workloads)
    monkeypatch.setattr(health, "ask_gateway", lambda *_, **__: world.answer)
    monkeypatch.setattr(build, "run", lambda *_, **__: None)
    return world


def lines(capsys):
    """What is printed by a check that fails."""
    with pytest.raises(SystemExit) as ended:
        checklist.run(Console(io.StringIO()), stack="dev", assume_yes=False)
    assert ended.value.code == 1
    return capsys.readouterr().out.splitlines()


@pytest.mark.parametrize(
    ("changed", "crossed"),
    [
        ({"engine": Finding("Docker Engine", problem="off", fix="start it")}, 1),
        ({"succeeded": False}, 3),
        ({"workloads": [health.Workload("kaldra-core", 0, 1, "starting")]}, 4),
        ({"answer": "{}"}, 5),
        ({"previewed": {"delete": 1}}, 6),
        ({"deployed": Deployment([{"type": "a"}, {"type": "b"}], pending=True)}, 6),
    ],
)
def test_what_does_not_hold_is_crossed_with_its_fix(world, capsys, changed, crossed):
    world.previewed["changeSummary"] = changed.pop("previewed", {"delete": 2})
    vars(world).update(changed)
    told = lines(capsys)
    assert [line[2] for line in told if line[0] == "✘"] == [str(crossed)]
    assert sum(line.startswith("     → ") for line in told) == 1


def test_a_stack_that_is_not_deployed_fails_what_needs_it(world, capsys, monkeypatch):
    def not_deployed(*_):
        raise KaldraError("Stack dev is not deployed.", hint="./kaldra up --stack dev")

    monkeypatch.setattr(checklist, "deployed_or_fail", not_deployed)
    assert [line[0] for line in lines(capsys) if line[0] != " "] == list("✔✔✘✘✘✘✔")
