import json

import pytest

from kaldra.cli import diagnosis, recovery, up
from kaldra.cli.deploy import Ground, last_ground, remember_ground
from kaldra.cli.pulumi import Pulumi
from kaldra.cli.ui import Console
from kaldra.cli.workspace import Workspace
from kaldra.errors import KaldraError
from kaldra.stack.settings import Settings

IMAGE = {"type": "docker:index/image:Image", "urn": "urn:image"}
POD = {"type": "kubernetes:apps/v1:Deployment", "urn": "urn:deployment"}
OLD = Ground(cluster="c1", registry="r1")


@pytest.fixture
def calls(tmp_path, monkeypatch):
    """What Pulumi and the recovery are asked to do."""
    monkeypatch.setenv("KALDRA_STATE", str(tmp_path))
    made = []
    monkeypatch.setattr(Pulumi, "change", lambda _self, _title, *a: made.append(a))
    monkeypatch.setattr(recovery, "settle", lambda _pulumi: made.append(("settle",)))
    return made


@pytest.fixture
def pulumi(calls):
    return Pulumi(Workspace("try", Settings(target="dev")), {}, Console(quiet=True))


def deployed(pulumi, *resources, **more):
    pulumi.workspace.checkpoint.parent.mkdir(parents=True)
    latest = {"resources": list(resources), **more}
    pulumi.workspace.checkpoint.write_text(json.dumps({"checkpoint": {"latest": latest}}))
    remember_ground(pulumi.workspace, OLD)


OPTIONS = ("up", "--stack", "try", "--yes", "--skip-preview")
REFRESH = ("--refresh", "--run-program")
UP = (*OPTIONS, *REFRESH)


def test_on_the_same_ground_only_up_runs(pulumi, calls):
    deployed(pulumi, IMAGE, POD)
    up.deploy(pulumi, OLD)
    assert calls == [UP]


def test_a_new_cluster_is_looked_at_first(pulumi, calls):
    deployed(pulumi, IMAGE, POD)
    new = Ground(cluster="c2", registry="r1")
    up.deploy(pulumi, new)
    assert calls == [("settle",), UP]
    assert last_ground(pulumi.workspace) == new


def test_a_new_registry_gets_every_image_again(pulumi, calls):
    deployed(pulumi, IMAGE, POD)
    up.deploy(pulumi, Ground(cluster="c1", registry="r2"))
    assert calls == [("settle",), (*OPTIONS, "--replace=urn:image", *REFRESH)]


def test_unfinished_operations_are_settled_first(pulumi, calls):
    deployed(pulumi, POD, pending_operations=[{"type": "creating"}])
    up.deploy(pulumi, OLD)
    assert calls == [("settle",), UP]


def test_a_first_deployment_settles_nothing(pulumi, calls):
    up.deploy(pulumi, OLD)
    assert calls == [UP]


def test_a_failed_up_does_not_pass_for_done_and_is_explained(pulumi, calls, monkeypatch):
    deployed(pulumi, IMAGE)

    def fail(*_):
        raise KaldraError("broken")

    monkeypatch.setattr(Pulumi, "change", fail)
    monkeypatch.setattr(Console, "raw", lambda _self, text: calls.append(text))
    monkeypatch.setattr(diagnosis, "explain", lambda _: "pod api-1: CrashLoopBackOff")
    with pytest.raises(KaldraError, match="broken"):
        up.deploy(pulumi, Ground(cluster="c2", registry="r2"))
    assert last_ground(pulumi.workspace) == OLD
    assert calls[-1] == "pod api-1: CrashLoopBackOff"
