"""What a stack renders to is checked before a deployment; test_deploy.py has its secrets."""

from unittest.mock import Mock

import pytest

from kaldra.cli import policy
from kaldra.cli.ui import Console
from kaldra.errors import ConfigurationError
from kaldra.paths import REPO
from kaldra.stack.settings import settings_of_stack_file

QUIET = Console(quiet=True)


def settings_without_secrets(stack, repo, *, complete):
    assert complete
    return settings_of_stack_file(stack, repo)


@pytest.fixture
def manifests(state, monkeypatch):
    """What renders the stacks, here to nothing."""
    manifests = Mock(return_value={})
    monkeypatch.setattr(policy, "manifests", manifests)
    # The staging stack in git has none.
    monkeypatch.setattr(policy, "settings_of_stack_file", settings_without_secrets)
    return manifests


def test_a_pod_that_breaks_a_rule_is_refused(manifests):
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "bad"}, "spec": {}}
    manifests.return_value = {"pod.yaml": pod}
    for _ in range(2):  # a refusal is not remembered
        with pytest.raises(ConfigurationError, match=r"Pod bad: .+\(.+\)") as caught:
            policy.require(QUIET, "dev")
    assert "./kaldra render --stack dev" in caught.value.hint


def test_a_stack_on_a_cluster_is_rendered_once_until_an_input_changes(manifests, monkeypatch):
    for stack in ("dev", "staging", "local", "dev", "staging"):
        policy.require(QUIET, stack)
    assert [call.args for call in manifests.call_args_list] == [("dev",), ("staging",)]
    monkeypatch.setattr(policy, "inputs", lambda _stack: "other")
    policy.require(QUIET, "dev")
    assert manifests.call_count == 3


def test_a_setting_is_an_input(tmp_path, monkeypatch):
    for name in ("Pulumi.yaml", "Pulumi.dev.yaml", "requirements.lock"):
        (tmp_path / name).write_bytes((REPO / name).read_bytes())
    monkeypatch.setattr(policy, "REPO", tmp_path)
    before = policy.inputs("dev")
    with (tmp_path / "Pulumi.dev.yaml").open("a") as file:
        file.write("  kaldra:apiPort: 8001\n")
    assert policy.inputs("dev") != before
