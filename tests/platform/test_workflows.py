"""GitHub's workflows: what they call exists, and what pull requests run may do little.

actionlint, shellcheck and zizmor read them in `./kaldra lint`: actions are pinned, rights are few
and secrets are behind an environment.
"""

import pytest
import yaml

from kaldra.paths import REPO
from tests import commands

FOLDER = REPO / ".github" / "workflows"
OTHER_PROGRAMS = {
    "Comment": "gh: what may write runs nothing of the pull request, and so no ./kaldra",
    "Sign without a key": "cosign: the signature is the workflow's own",
}


def documents():
    parsed = {f.stem: yaml.safe_load(f.read_text("utf-8")) for f in sorted(FOLDER.glob("*.yml"))}
    # YAML 1.1 takes the bare key `on` for a truth.
    return {name: {**document, "on": document[True]} for name, document in parsed.items()}


def runs():
    return [
        pytest.param(step, id=f"{name}.{key}.{step['name']}")
        for name, document in documents().items()
        for key, job in document["jobs"].items()
        for step in job["steps"]
        if "run" in step
    ]


@pytest.mark.parametrize("step", runs())
def test_what_a_step_runs_is_a_verb_with_options_that_exist(step):
    called = list(commands.calls(step["run"]))
    assert called or step["name"] in OTHER_PROGRAMS
    for words in called:
        assert commands.fault(words) == ""


def test_every_job_ends():
    jobs = [job for document in documents().values() for job in document["jobs"].values()]
    assert all(job["timeout-minutes"] <= 90 for job in jobs)


def test_what_pull_requests_run_has_neither_secrets_nor_rights_to_write():
    for job in documents()["kaldra-ci"]["jobs"].values():
        assert "secrets." not in yaml.safe_dump(job)
        if "write" in job["permissions"].values():
            assert "head.repo.full_name == github.repository" in job["if"]
            assert not any("actions/checkout@" in step.get("uses", "") for step in job["steps"])


def test_a_release_is_of_a_version_and_deployed_by_digest():
    release = documents()["kaldra-release"]
    assert release["on"] == {"push": {"tags": ["v[0-9]+.[0-9]+.[0-9]+"]}}
    steps = {step["name"]: step for step in release["jobs"]["deploy"]["steps"] if "name" in step}
    deployed = steps["The very images that were signed"]
    assert deployed["env"]["IMAGES"] == "${{ needs.publish.outputs.images }}"
    assert "sign" in release["jobs"]["deploy"]["needs"]
    assert release["jobs"]["deploy"]["environment"] == "staging"
