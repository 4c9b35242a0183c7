"""What goes wrong: a clear reason, the old release goes on serving, and the next `up` works."""

import base64
import json
import re
from collections.abc import Iterator

import pytest
import yaml

from tests.e2e.docker import docker
from tests.e2e.staging import authority
from tests.e2e.staging.infrastructure import NODES
from tests.e2e.staging.stage import SERVICES, STACK, Stage

NO_IMAGE = f"sha256:{'0' * 63}1"


@pytest.fixture
def mended(serving: Stage) -> Iterator[Stage]:
    """A stack that a test breaks: what it was before serves all the time, and again at the end."""
    before = running(serving)
    serving.deployed = False
    with serving.impatient(), serving.constant_load():
        yield serving
        assert running(serving) == before
    serving.up()
    serving.await_core()


@pytest.fixture
def untouched(serving: Stage) -> Iterator[Stage]:
    """A stack whose `up` ends before it changes what runs; one after these tests ends well."""
    before, generations = running(serving), generation(serving)
    with serving.constant_load():
        yield serving
    assert (running(serving), generation(serving)) == (before, generations)


def running(stage: Stage) -> dict[str, set[str]]:
    """Images of the pods that serve."""
    return {
        service: {
            pod["spec"]["containers"][0]["image"]
            for pod in stage.pods(service)
            if pod["status"]["containerStatuses"][0]["ready"]
        }
        for service in SERVICES
    }


def generation(stage: Stage) -> list[int]:
    return [item["metadata"]["generation"] for item in stage.objects("deployments").values()]


# Failures of a rollout ------------------------------------------------------------------------


def test_an_image_that_does_not_exist(mended: Stage):
    digests = json.dumps({"core": NO_IMAGE, "api": NO_IMAGE})
    with mended.configured(f"imageDigests: {digests}"):
        said = mended.up(code=1)
    assert f"kaldra-api@{NO_IMAGE}" in said
    assert "not found" in said


def test_a_password_that_does_not_pull(mended: Stage):
    other = mended.different_secret("registry.pull.password", "not-the-password")
    with mended.release("unpulled"), other:
        said = mended.up(code=1)
    assert re.search(r"401 Unauthorized|authorization failed|authentication required", said)
    assert "not-the-password" not in said


# Failures before anything changes ---------------------------------------------------------------


def test_a_password_that_does_not_push(untouched: Stage):
    other = untouched.different_secret("registry.push.password", "not-the-password")
    with untouched.release("unpushed"), other:
        said = untouched.up(code=1)
    assert untouched.registry.address in said
    assert "unauthorized" in said
    assert "kaldra:registry.push" in said
    assert "not-the-password" not in said


def test_a_registry_whose_certificate_has_expired(untouched: Stage):
    registry = untouched.registry
    registry.certify(expired=True)
    registry.restart()
    try:
        with untouched.release("untrusted"):
            said = untouched.up(code=1)
    finally:
        registry.certify()
        registry.restart()
    assert registry.address in said
    assert "certificate has expired" in said


def test_a_cluster_that_is_not_there(untouched: Stage):
    with other_kubeconfig(untouched, "cluster", {"server": "https://127.0.0.1:1"}):
        said = untouched.up(code=1)
    assert f"The cluster of stack {STACK}" in said
    assert "127.0.0.1:1 was refused" in said
    assert f"Check kaldra:kubeContext and kaldra:kubeconfig in {untouched.stack_file}" in said


def test_credentials_of_the_cluster_that_have_expired(untouched: Stage):
    with other_kubeconfig(untouched, "user", old_credentials(untouched)):
        said = untouched.up(code=1)
    assert f"The cluster of stack {STACK}" in said
    assert "must be logged in to the server" in said or "Unauthorized" in said


def other_kubeconfig(stage: Stage, part: str, values: dict[str, str]):
    """Another kubeconfig in the stack's file, with other values of its cluster or user."""
    own, other = stage.state / "kubeconfig", stage.root.parent / "other-kubeconfig"
    document = yaml.safe_load(own.read_text())
    document[f"{part}s"][0][part].update(values)
    other.write_text(yaml.safe_dump(document))
    return stage.edited(stage.stack_file, str(own), str(other))


def old_credentials(stage: Stage) -> dict[str, str]:
    """Certificate and key of an administrator of the cluster, of the day before yesterday."""
    folder = stage.root.parent / "cluster authority"
    folder.mkdir()
    for file in ("ca.crt", "ca.key"):
        text = docker("exec", NODES[0], "cat", f"/etc/kubernetes/pki/{file}")
        (folder / file).write_text(text + "\n")
    files = authority.sign(folder, "kubernetes-admin", "DNS:admin", expired=True)
    return {
        f"client-{part}-data": base64.b64encode(file.read_bytes()).decode()
        for part, file in zip(("certificate", "key"), files, strict=True)
    }
