"""What verbs tell of a stack; tests/e2e/test_07_verbs.py holds `--json` to the schemas."""

import subprocess
from datetime import UTC, datetime

from kaldra.cli import health, preview, status
from kaldra.paths import REPO

URN = "urn:pulumi:dev::kaldra::kubernetes:apps/v1:Deployment::kaldra-api"
STEPS = [
    {"op": "same", "urn": URN},
    {"op": "update", "urn": URN, "detailedDiff": {"spec.template": {"kind": "update"}}},
    {"op": "create", "urn": URN},
]
RELEASE = status.DeployedRelease(
    3,
    datetime(2026, 11, 29, tzinfo=UTC),
    "abc",
    {"kaldra-api": "sha256:1234"},
    "3 (then)",
    rollback=True,
)
DRIFT = status.Drift(
    "Deployment kaldra-api", "changed", ("spec.replicas: 1 in the state, 2 found",)
)
WORKLOAD = health.Workload("kaldra-api", 1, 1, "localhost:5001/kaldra-api@sha256:1234")


def test_a_preview_lists_what_changes_and_no_values():
    assert preview.changes(STEPS) == [
        preview.Change("update", "Deployment kaldra-api", URN, ["spec.template"]),
        preview.Change("create", "Deployment kaldra-api", URN, []),
    ]


def test_a_status_for_reading():
    live = {"pod": ["app/a.py"]}
    found = status.Status(
        "dev", "http://x", "{}", "", [WORKLOAD], live, [RELEASE], [DRIFT], well=True
    )
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
