"""GitHub's workflows: what they call exists, what they may do is little, what they use is pinned.

actionlint, shellcheck and zizmor read them in `./kaldra lint`.
"""

import re

import pytest
import yaml

from kaldra.paths import REPO
from tests import commands

FILES = sorted((REPO / ".github" / "workflows").glob("*.yml"))
TEXTS = {file.stem: file.read_text(encoding="utf-8") for file in FILES}
PINNED = re.compile(r"[\w.-]+(?:/[\w.-]+)+@[0-9a-f]{40} # v\d+\.\d+\.\d+")
OTHER_PROGRAMS = {
    "Comment": "gh: what may write runs nothing of the pull request, and so no ./kaldra",
    "Sign without a key": "cosign: the signature is the workflow's own",
}


def documents():
    # YAML 1.1 takes the bare key `on` for a truth.
    return {
        name: {("on" if key is True else key): value for key, value in yaml.safe_load(text).items()}
        for name, text in TEXTS.items()
    }


def jobs():
    return [
        pytest.param(job, id=f"{name}.{key}")
        for name, document in documents().items()
        for key, job in document["jobs"].items()
    ]


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


def test_every_action_is_pinned_by_commit_and_everywhere_the_same():
    used = [line for text in TEXTS.values() for line in re.findall(r"uses: (.*)", text)]
    assert used
    for line in used:
        assert PINNED.fullmatch(line), line
    versions = {line.split("@")[0]: line for line in used}
    assert set(used) == set(versions.values())


@pytest.mark.parametrize("job", jobs())
def test_a_job_ends_and_says_what_it_may_do(job):
    assert job["timeout-minutes"] <= 90
    assert job["permissions"]
    assert job["name"]


@pytest.mark.parametrize("job", jobs())
def test_secrets_are_behind_an_environment(job):
    assert "secrets." not in yaml.safe_dump(job) or "environment" in job


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
