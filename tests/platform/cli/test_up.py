import pytest

from kaldra.cli import diagnosis, up
from kaldra.cli.deploy import ClusterIdentity, load_identity, save_identity
from kaldra.cli.pulumi import Deployment, Pulumi
from kaldra.cli.ui import Console
from kaldra.cli.workspace import Workspace
from kaldra.errors import KaldraError
from kaldra.stack.settings import Settings

IMAGE = {"type": "docker:index/image:Image", "urn": "urn:image"}
STACK = {"type": "pulumi:pulumi:Stack", "outputs": {"apiImage": "r/api@sha256:1"}}
OLD = ClusterIdentity(cluster="c1", registry="r1")
UP = ("up", "--refresh", "--message=Replaces api=r/api@sha256:1")


@pytest.fixture
def calls(monkeypatch):
    """What Pulumi is asked to change."""
    made = []
    monkeypatch.setattr(Pulumi, "change", lambda _self, *words: made.append(words))
    return made


@pytest.fixture
def pulumi(calls, tmp_path, monkeypatch):
    monkeypatch.setenv("KALDRA_STATE", str(tmp_path))
    pulumi = Pulumi(Workspace("try", Settings(target="dev")), {}, Console(quiet=True))
    save_identity(pulumi.workspace, OLD)
    return pulumi


@pytest.fixture
def deployed(monkeypatch):
    def deployed(*resources, pending=False):
        found = Deployment([STACK, *resources] if resources else [], pending=pending)
        monkeypatch.setattr(Pulumi, "ensure_stack", lambda _self: found)

    return deployed


@pytest.mark.parametrize("cluster", [OLD, None, ClusterIdentity(cluster="c2", registry="r1")])
def test_an_update_refreshes_and_notes_what_it_replaces(pulumi, calls, deployed, cluster):
    deployed(IMAGE)
    up.deploy(pulumi, cluster)
    assert calls == [UP]
    assert load_identity(pulumi.workspace) == (cluster or OLD)


def test_a_new_registry_gets_every_image_again(pulumi, calls, deployed):
    deployed(IMAGE)
    up.deploy(pulumi, ClusterIdentity(cluster="c1", registry="r2"))
    assert calls == [("refresh", "--clear-pending-creates"), (*UP, "--replace=urn:image")]


def test_unfinished_operations_are_settled_first(pulumi, calls, deployed):
    deployed(IMAGE, pending=True)
    up.deploy(pulumi, OLD)
    assert calls == [("refresh", "--clear-pending-creates"), UP]


def test_a_first_deployment_settles_nothing(pulumi, calls, deployed):
    deployed()
    up.deploy(pulumi, ClusterIdentity(cluster="c2", registry="r2"))
    assert [call[0] for call in calls] == ["up"]


def test_a_failed_up_does_not_pass_for_done_and_is_explained(pulumi, deployed, monkeypatch):
    deployed(IMAGE)
    said = []

    def fail(*_):
        raise KaldraError("broken")

    monkeypatch.setattr(Pulumi, "change", fail)
    monkeypatch.setattr(Console, "raw", lambda _self, text: said.append(text))
    monkeypatch.setattr(diagnosis, "explain", lambda _: "pod api-1: CrashLoopBackOff")
    with pytest.raises(KaldraError, match="broken"):
        up.deploy(pulumi, ClusterIdentity(cluster="c2", registry="r1"))
    assert load_identity(pulumi.workspace) == OLD
    assert said == ["pod api-1: CrashLoopBackOff"]
