"""The policy pack, in an environment of its own, asked as the engine asks it."""

import copy
import json
import subprocess
import sys
from pathlib import Path

import pytest

from kaldra import rules
from tests.platform.stack.program import declare, declare_staging

HERE = Path(__file__).parent
PACK = HERE.parents[2] / "platform" / "policy"
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""How the engine sends a text that a preview does not know."""


@pytest.fixture(scope="module")
def python(tmp_path_factory):
    """Python with what the pack requires: pulumi-policy is kept out of the project's own."""
    folder = tmp_path_factory.mktemp("pack")
    uv = Path(sys.executable).with_name("uv")
    subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, folder], check=True)
    done = subprocess.run(
        [uv, "pip", "install", "--quiet", "--python", folder / "bin" / "python",
         "--requirement", PACK / "requirements.txt"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode != 0:
        pytest.skip(f"pulumi-policy cannot be had here: {done.stderr[-300:]}")
    return folder / "bin" / "python"


def resources(declared, change=lambda _resource: None):
    sent = [
        {"type": d.type, "name": d.name, "properties": copy.deepcopy(d.inputs)} for d in declared
    ]
    for resource in sent:
        change(resource)
    return sent


def with_image(image):
    def change(resource):
        if resource["type"].endswith(":Deployment"):
            pod = resource["properties"]["spec"]["template"]["spec"]
            pod["containers"][0]["image"] = image

    return change


def test_the_pack_tells_what_the_rules_tell(python):
    staging = declare_staging()
    asked = [
        resources(declare()),
        resources(staging),
        resources(declare(), with_image(UNKNOWN)),
        resources(staging, with_image(UNKNOWN)),
        resources(staging, with_image("ghcr.io/4iam/kaldra/kaldra-api:v0.1.0")),
        resources([d for d in staging if "PodDisruptionBudget" not in d.type]),
    ]
    done = subprocess.run(
        [python, HERE / "analyze.py", PACK / "__main__.py"],
        input=json.dumps(asked), capture_output=True, text=True, check=True,
    )  # fmt: skip
    answers = json.loads(done.stdout)
    known = (*rules.POD_RULES, *rules.OBJECT_RULES, *rules.STACK_RULES)
    assert answers[0]["policies"] == [rule.name for rule in known]
    for clean in answers[:4]:
        assert clean["faults"] == []
    assert {fault["policy"] for fault in answers[4]["faults"]} == {"image-digest"}
    # In the order in which the program happened to declare the two.
    assert sorted((fault["policy"], fault["urn"]) for fault in answers[5]["faults"]) == [
        ("disruption-budget", "kubernetes:apps/v1:Deployment::kaldra-api"),
        ("disruption-budget", "kubernetes:apps/v1:Deployment::kaldra-core"),
    ]
