"""What verbs tell of a stack; tests/e2e/test_07_verbs.py holds `--json` to the schemas."""

import subprocess
from datetime import UTC, datetime

import pytest

from kaldra.cli import health, preview, status
from kaldra.cli.preview import Change
from kaldra.cli.status import Drift
from kaldra.paths import REPO

API = "Deployment kaldra-api"
URN = "urn:pulumi:dev::kaldra::kaldra:index:Workload$kubernetes:apps/v1:Deployment::kaldra-api"


def step(op, before=None, after=None, **more):
    """A step in what Pulumi previews."""
    states = {"oldState": {"inputs": before or {}}, "newState": {"inputs": after or {}}}
    return {"op": op, "urn": URN, **states, **more}


BEFORE = {"spec": {"replicas": 2, "paused": False}, "__defaults": ["a"]}
AFTER = {"spec": {"replicas": 0, "paused": False}, "__defaults": []}
ONLY_PULUMI_SEES = step("update", detailedDiff={"spec.template": {}})


@pytest.mark.parametrize(
    ("read", "steps", "found"),
    [
        (preview.changes, [step("same"), step("refresh"), step("read")], []),
        (preview.changes, [ONLY_PULUMI_SEES], [Change("update", API, URN, ["spec.template"])]),
        (preview.changes, [step("create", None, AFTER)], [Change("create", API, URN, [])]),
        (status.drift_in, [step("refresh"), step("same")], []),
        (status.drift_in, [ONLY_PULUMI_SEES], [Drift(API, "changed", ("spec.template",))]),
        (status.drift_in, [step("delete")], [Drift(API, "deleted", ())]),
        (
            status.drift_in,
            [step("update", BEFORE, AFTER)],
            [Drift(API, "changed", ("spec.replicas: 2 in the state, 0 found",))],
        ),
    ],
)
def test_what_would_change_or_was_changed_is_named(read, steps, found):
    assert read(steps) == found


def test_a_status_for_reading():
    ended, digests = datetime(2026, 11, 29, tzinfo=UTC), {"kaldra-api": "sha256:1234"}
    found = status.Status(
        "dev", "http://x", "{}", "",
        [health.Workload("kaldra-api", 1, 1, "localhost:5001/kaldra-api@sha256:1234")],
        {"pod": ["app/a.py"]},
        [status.DeployedRelease(3, ended, "abc", digests, "3 (then)", rollback=True)],
        [Drift(API, "changed", ("spec.replicas: 1 in the state, 2 found",))],
        well=True,
    )  # fmt: skip
    assert list(status.lines(found)) == [
        "✓ kaldra-api  1/1 ready  localhost:5001/kaldra-api@sha256:1234",
        "✓ http://x/status/  {}",
        "! pod LIVE: 1 file differs from the image (app/a.py)",
        "  release 3 (then)  kaldra-api 1234  ← ./kaldra rollback",
        "✗ Deployment kaldra-api was changed since it was deployed",
        "    spec.replicas: 1 in the state, 2 found",
    ]


def test_a_shell_completes_verbs_options_and_stacks():
    script = f"source <({REPO}/kaldra completion bash); cd {REPO}\n" + "".join(
        f"COMP_WORDS=(./kaldra {words}) COMP_CWORD={place}; _kaldra_completion ./kaldra\n"
        'echo "${COMPREPLY[@]}"\n'
        for words, place in (("logs --le", 2), ('up --stack "lo"', 3))
    )
    done = subprocess.run(["/bin/bash", "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["--level", "local"]
