"""What goes wrong: a clear reason, the old release goes on serving, and the next `up` works."""

import base64
import json
import re
from collections.abc import Iterator

import pytest
import yaml

from tests.e2e.docker import docker
from tests.e2e.staging.authority import Authority
from tests.e2e.staging.infrastructure import NODES
from tests.e2e.staging.load import constant_load
from tests.e2e.staging.stage import SERVICES, STACK, STACK_FILE, Stage

NO_IMAGE = f"sha256:{'0' * 63}1"


@pytest.fixture
def mended(serving: Stage) -> Iterator[Stage]:
    """A stack that a test breaks: what it was before serves all the time, and again at the end."""
    before = running(serving)
    serving.deployed = False
    with serving.impatient(), constant_load(serving):
        yield serving
        assert running(serving) == before
    assert serving.up().code == 0
    serving.await_core()


@pytest.fixture
def untouched(serving: Stage) -> Iterator[Stage]:
    """A stack whose `up` ends before it changes what runs."""
    before, generations = running(serving), generation(serving)
    with constant_load(serving):
        yield serving
    assert (running(serving), generation(serving)) == (before, generations)
    assert serving.up().code == 0
    serving.await_core()


def running(stage: Stage) -> dict[str, set[str]]:
    """Images of the pods that serve."""
    found = {}
    for service in SERVICES:
        ready = [p for p in stage.pods(service) if p["status"]["containerStatuses"][0]["ready"]]
        found[service] = {pod["spec"]["containers"][0]["image"] for pod in ready}
    return found


def generation(stage: Stage) -> list[int]:
    return [item["metadata"]["generation"] for item in stage.objects("deployments").values()]


# Failures of a rollout ------------------------------------------------------------------------


def test_an_image_that_does_not_exist(mended: Stage):
    digests = json.dumps({"core": NO_IMAGE, "api": NO_IMAGE})
    with mended.configured(f"imageDigests: {digests}"):
        said = mended.up(code=1).output
    assert f"kaldra-api@{NO_IMAGE}" in said
    assert "not found" in said


def test_a_password_that_does_not_pull(mended: Stage):
    with (
        mended.release("unpulled"),
        mended.different_secret("registry.pull.password", "not-the-password"),
    ):
        said = mended.up(code=1).output
    assert re.search(r"401 Unauthorized|authorization failed|authentication required", said)
    assert "not-the-password" not in said


def test_a_quota_that_leaves_no_room(mended: Stage):
    tight = f'quota: {{"pods": 4}}\n  kaldra:logLevel: {"WARNING"}'
    with mended.configured(tight):
        said = mended.up(code=1).output
    assert "exceeded quota: kaldra" in said


# Failures before anything changes ---------------------------------------------------------------


def test_a_password_that_does_not_push(untouched: Stage):
    with (
        untouched.release("unpushed"),
        untouched.different_secret("registry.push.password", "not-the-password"),
    ):
        said = untouched.up(code=1).output
    assert untouched.infrastructure.registry.address in said
    assert "unauthorized" in said
    assert "kaldra:registry.push" in said
    assert "not-the-password" not in said


def test_a_registry_whose_certificate_has_expired(untouched: Stage):
    registry = untouched.infrastructure.registry
    registry.certify(expired=True)
    registry.restart()
    try:
        with untouched.release("untrusted"):
            said = untouched.up(code=1).output
    finally:
        registry.certify()
        registry.restart()
    assert registry.address in said
    assert "certificate has expired" in said


def test_a_cluster_that_is_not_there(untouched: Stage):
    with other_kubeconfig(untouched, server="https://127.0.0.1:1"):
        said = untouched.up(code=1).output
    assert f"The cluster of stack {STACK}" in said
    assert "127.0.0.1:1 was refused" in said
    assert f"Check kaldra:kubeContext and kaldra:kubeconfig in {STACK_FILE}" in said


def test_credentials_of_the_cluster_that_have_expired(untouched: Stage):
    with other_kubeconfig(untouched, expired=True):
        said = untouched.up(code=1).output
    assert f"The cluster of stack {STACK}" in said
    assert "must be logged in to the server" in said or "Unauthorized" in said


def other_kubeconfig(stage: Stage, *, server: str = "", expired: bool = False):
    """Another kubeconfig in the stack's file: to another address, or with an old certificate."""
    document = yaml.safe_load((stage.state / "kubeconfig").read_text())
    if server:
        document["clusters"][0]["cluster"]["server"] = server
    if expired:
        user = document["users"][0]["user"]
        for part, content in zip(("certificate", "key"), old_credentials(stage), strict=True):
            user[f"client-{part}-data"] = base64.b64encode(content).decode()
    file = stage.root.parent / "other-kubeconfig"
    file.write_text(yaml.safe_dump(document))
    return stage.edited(STACK_FILE, str(stage.state / "kubeconfig"), str(file))


def old_credentials(stage: Stage) -> list[bytes]:
    """Certificate and key of an administrator of the cluster, of the day before yesterday."""
    folder = stage.root.parent / "cluster authority"
    authority = Authority.new(folder)
    for file in ("ca.crt", "ca.key"):
        text = docker("exec", NODES[0], "cat", f"/etc/kubernetes/pki/{file}")
        (folder / file).write_text(text + "\n")
    files = authority.sign("kubernetes-admin", "DNS:admin", expired=True)
    return [file.read_bytes() for file in files]
