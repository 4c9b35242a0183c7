"""Values of secrets are where they are needed, and nowhere else: not even in a verbose log."""

import base64

import pytest

from tests.e2e import traces
from tests.e2e.docker import docker, saved
from tests.e2e.staging.registry import ACCOUNTS
from tests.e2e.staging.stage import CALLER, KEY, SERVICES, Stage

OTHER_KEY = KEY[::-1]
SECRET = {"API key": KEY, **ACCOUNTS}
LOOKING = ("preview --diff", "refresh --preview-only", "destroy --preview-only")


def told(content: bytes) -> list[str]:
    """Names of the secrets that a content gives away."""
    return traces.told(content, {**SECRET, "other API key": OTHER_KEY})


@pytest.mark.parametrize("name", SECRET)
def test_a_secret_is_found_where_it_is(name: str):
    value = SECRET[name]
    for around in ("", "a", "ab", "user:"):
        whole = f"{around}{value}{around}".encode()
        assert told(whole) == [name]
        assert told(base64.b64encode(whole)) == [name]
        assert told(base64.urlsafe_b64encode(whole)) == [name]


def test_in_no_file_of_the_state(stage: Stage):
    files = [p for p in stage.state.rglob("*") if p.is_file() and not p.is_symlink()]
    assert files
    assert [(p, told(traces.unpacked(p))) for p in files if told(traces.unpacked(p))] == []
    assert told((stage.root / f"Pulumi.{stage.stack}.yaml").read_bytes()) == []


def test_in_nothing_that_was_printed(stage: Stage):
    assert stage.transcript
    assert told("\n".join(stage.transcript).encode()) == []
    assert told(stage.kaldra("logs").output.encode()) == []
    assert told(stage.kubectl("get", "events", "--output=yaml").encode()) == []


def test_in_no_preview_of_a_change(stage: Stage):
    with stage.different_secret(f"apiKeys.{CALLER}", OTHER_KEY):
        said = stage.shell("pulumi preview --diff --non-interactive").output
        assert "kaldra-api-api-keys" in said
        assert told(said.encode()) == []
    stage.settled = True


@pytest.mark.parametrize("verb", LOOKING)
def test_in_no_verbose_log_of_the_engine(stage: Stage, verb: str):
    with stage.different_secret(f"apiKeys.{CALLER}", OTHER_KEY):
        said = stage.shell(f"pulumi {verb} --non-interactive {traces.ENGINE_LOG}").output
    stage.settled = True
    assert "*** Starting " in said
    assert told(said.encode()) == []


def test_in_no_export(stage: Stage):
    assert told(stage.shell("pulumi stack export; pulumi stack output").output.encode()) == []


def test_in_no_rendered_file(stage: Stage):
    stage.kaldra("render", "--out", "rendered-for-secrets")
    folder = stage.root / "rendered-for-secrets"
    files = [file for file in folder.rglob("*") if file.is_file()]
    assert any("secret" in file.name for file in files)
    assert [file.name for file in files if told(file.read_bytes())] == []


def test_in_no_image_and_no_history(stage: Stage):
    for image in stage.images().values():
        assert told(saved(image)) == []
        assert told(docker("history", "--no-trunc", image).encode()) == []


def test_in_no_environment_and_in_no_other_pod(stage: Stage):
    assert told(stage.kubectl("get", "pods,deployments,configmaps", "--output=yaml").encode()) == []
    for service in SERVICES:
        for pod in stage.pods(service):
            name = pod["metadata"]["name"]
            assert told(stage.kubectl("exec", name, "--", "printenv").encode()) == []
            seen = stage.kubectl("exec", name, "--", "python3", "-c", traces.ALL_SEEN).encode()
            assert told(seen) == (["API key"] if service == "kaldra-api" else [])


def test_in_the_cluster_only_in_secrets_of_their_own(stage: Stage):
    names = {n for n, o in stage.objects("secrets").items() if told(str(o["data"]).encode())}
    assert {name.rpartition("-")[0] for name in names} == {"kaldra-registry", "kaldra-api-api-keys"}
