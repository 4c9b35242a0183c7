"""The list over a stack that only pretends; tests/e2e/test_09_local.py has a real one."""

import io
from datetime import UTC, datetime
from unittest.mock import Mock

import pytest

from kaldra.cli import build, checklist, health, releases
from kaldra.cli.pulumi import Deployment, Pulumi
from kaldra.cli.ui import Console
from kaldra.cli.workspace import Workspace
from kaldra.errors import KaldraError
from kaldra.stack.settings import Settings
from kaldra.toolchain import inventory
from kaldra.toolchain.inventory import Finding

PULUMI = Pulumi(Workspace("dev", Settings(target="dev")), {}, Console(io.StringIO()))
TWO = [{"type": "a"}, {"type": "b"}]
NOT_DEPLOYED = KaldraError("Stack dev is not deployed.", hint="./kaldra up --stack dev")


def release(*, succeeded):
    return releases.Release(4, succeeded, datetime(2026, 11, 29, tzinfo=UTC), "", {}, {})


WELL = (
    (inventory, "check_engine", Finding("Docker Engine", "27", "here")),
    (Workspace, "open", PULUMI.workspace),
    (checklist, "deployed_or_fail", Deployment(PULUMI, TWO)),
    (releases, "updates", [release(succeeded=True)]),
    (health, "workloads", [health.Workload("kaldra-core", 1, 1, "image")]),
    (health, "ask_gateway", '{"status": "KALDRA API Gateway online", "version": "0.1.0"}'),
    (Pulumi, "read", {"changeSummary": {"delete": 2}}),
    (build, "run", None),
)
"""What the checks find where all is well."""


@pytest.mark.parametrize(
    ("owner", "name", "answer", "marks"),
    [
        (inventory, "check_engine", Finding("Docker", problem="off", fix="start it"), "✘✔✔✔✔✔✔"),
        (releases, "updates", [release(succeeded=False)], "✔✔✘✔✔✔✔"),
        (health, "workloads", [health.Workload("kaldra-core", 0, 1, "starting")], "✔✔✔✘✔✔✔"),
        (health, "ask_gateway", "{}", "✔✔✔✔✘✔✔"),
        (Pulumi, "read", {"changeSummary": {"delete": 1}}, "✔✔✔✔✔✘✔"),
        (checklist, "deployed_or_fail", Deployment(PULUMI, TWO, pending=True), "✔✔✔✔✔✘✔"),
        (checklist, "deployed_or_fail", NOT_DEPLOYED, "✔✔✘✘✘✘✔"),
    ],
)
def test_what_does_not_hold_is_crossed_with_its_fix(
    monkeypatch, capsys, owner, name, answer, marks
):
    for where, what, found in (*WELL, (owner, name, answer)):
        raised = found if isinstance(found, KaldraError) else None
        monkeypatch.setattr(where, what, Mock(return_value=found, side_effect=raised))
    with pytest.raises(SystemExit) as ended:
        checklist.run(Console(io.StringIO()), stack="dev", assume_yes=False)
    assert ended.value.code == 1
    told = capsys.readouterr().out.splitlines()
    assert "".join(line[0] for line in told if line[0] != " ") == marks
    assert sum(line.startswith("     → ") for line in told) == marks.count("✘")
