"""What `--json` prints holds to the schemas in docs/reference/cli/, and they are current."""

import json
import subprocess
from dataclasses import asdict
from datetime import UTC, datetime

import jsonschema_rs
import pytest

from kaldra.cli import doctor, health, json_output, log_records, preview, reference, status
from kaldra.cli.drift import Drift
from kaldra.paths import REPO
from kaldra.toolchain.findings import Finding

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
DRIFT = Drift("Deployment kaldra-api", "changed", ("spec.replicas: 1 in the state, 2 found",))
WORKLOAD = health.Workload("kaldra-api", 1, 1, "localhost:5001/kaldra-api@sha256:1234")

DOCUMENTS = {
    "doctor": doctor.Report("dev", [Finding("kind", "0.33.0", problem="gone", fix="./kaldra up")]),
    "preview": preview.Preview("dev", preview.changes(STEPS), 1),
    "status": status.Status(
        "dev",
        "http://x",
        "{}",
        "",
        [WORKLOAD],
        {"pod": ["app/a.py"]},
        [RELEASE],
        [DRIFT],
        well=True,
    ),
}


def valid(verb: str, document: object) -> bool:
    schema = json.loads((REPO / "docs" / "reference" / "cli" / f"{verb}.json").read_text())
    return jsonschema_rs.is_valid(schema, document)


def test_schemas_are_current():
    found = {path: path.read_text() for path in (REPO / "docs/reference/cli").iterdir()}
    assert found == reference.schemas(), "run: ./kaldra reference"


@pytest.mark.parametrize("verb", DOCUMENTS)
def test_a_document_holds_to_its_schema(verb, capsys):
    json_output.write(DOCUMENTS[verb])
    printed = json.loads(capsys.readouterr().out)
    assert valid(verb, printed)
    assert not valid(verb, {**printed, "stack": 1})


@pytest.mark.parametrize("text", ["plain", '{"message": "m", "level": "INFO", "status": 200}'])
def test_a_log_record_holds_to_its_schema(text):
    record = log_records.parse(f"2026-11-29T12:00:00Z {text}", source="pod", service="api")
    assert record is not None
    assert valid("logs", json.loads(json.dumps(asdict(record))))
    assert not valid("logs", {})


def test_a_preview_lists_what_changes_and_no_values():
    assert preview.changes(STEPS) == [
        preview.Change("update", "Deployment kaldra-api", URN, ["spec.template"]),
        preview.Change("create", "Deployment kaldra-api", URN, []),
    ]


def test_a_status_for_reading():
    assert list(status.lines(DOCUMENTS["status"])) == [
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
