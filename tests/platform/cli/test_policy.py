from pathlib import Path
from typing import Any

import pytest
import yaml

from kaldra.cli import policy
from kaldra.cli.ui import Console
from kaldra.errors import ConfigurationError
from kaldra.paths import REPO

QUIET = Console(quiet=True)


@pytest.fixture
def rendered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the stacks render to; each rendering is counted under "times"."""
    monkeypatch.setenv("KALDRA_STATE", str(tmp_path / "state"))
    told: dict[str, Any] = {"times": 0, "objects": {}}

    def manifests(_stack: str) -> Any:
        told["times"] += 1
        return told["objects"]

    monkeypatch.setattr(policy, "manifests", manifests)
    return told


def test_a_pod_that_breaks_a_rule_is_refused(rendered):
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "bad"}, "spec": {}}
    rendered["objects"] = {"pod.yaml": pod}
    for _ in range(2):  # a refusal is not remembered
        with pytest.raises(ConfigurationError, match=r"Pod bad: .+\(.+\)") as caught:
            policy.require(QUIET, "dev")
    assert "./kaldra render --stack dev" in caught.value.hint


def test_a_good_verdict_is_kept_until_an_input_changes(rendered, monkeypatch):
    policy.require(QUIET, "dev")
    policy.require(QUIET, "dev")
    assert rendered["times"] == 1
    monkeypatch.setattr(policy, "inputs", lambda _stack: "other")
    policy.require(QUIET, "dev")
    assert rendered["times"] == 2


def test_each_stack_on_a_cluster_has_a_verdict_of_its_own(rendered):
    for stack in ("dev", "staging", "local"):
        policy.require(QUIET, stack)
    assert rendered["times"] == 2


def test_a_setting_is_an_input(tmp_path, monkeypatch):
    for name in ("Pulumi.yaml", "Pulumi.dev.yaml", "requirements.lock"):
        (tmp_path / name).write_bytes((REPO / name).read_bytes())
    monkeypatch.setattr(policy, "REPO", tmp_path)
    before = policy.inputs("dev")
    document = yaml.safe_load((tmp_path / "Pulumi.dev.yaml").read_text())
    document["config"]["kaldra:apiPort"] = 8001
    (tmp_path / "Pulumi.dev.yaml").write_text(yaml.safe_dump(document))
    assert policy.inputs("dev") != before
