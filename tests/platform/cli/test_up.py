import pytest

from kaldra.cli import diagnosis, up
from kaldra.cli.deploy import ClusterIdentity, load_identity, save_identity
from kaldra.cli.pulumi import Deployment, Pulumi
from kaldra.cli.ui import Console
from kaldra.cli.workspace import Workspace
from kaldra.errors import KaldraError
from kaldra.stack.settings import Settings

IMAGE = {"type": "docker:index/image:Image", "urn": "urn"}
STACK = {"type": "pulumi:pulumi:Stack", "outputs": {"apiImage": "r/api@sha256:1"}}
OLD = ClusterIdentity(cluster="c1", registry="r1")
SETTLE = ("refresh", "--clear-pending-creates")
UP = ("up", "--refresh", "--message=Replaces api=r/api@sha256:1")


@pytest.fixture
def calls(monkeypatch):
    """What Pulumi is asked to change."""
    made = []
    monkeypatch.setattr(Pulumi, "change", lambda _self, *words: made.append(words))
    return made


@pytest.fixture
def pulumi(calls, state):
    pulumi = Pulumi(Workspace("try", Settings(target="dev")), {}, Console(quiet=True))
    save_identity(pulumi.workspace, OLD)
    return pulumi


@pytest.fixture
def deployed(monkeypatch):
    def deployed(*resources, pending=False):
        found = Deployment([STACK, *resources] if resources else [], pending=pending)
        monkeypatch.setattr(Pulumi, "ensure_stack", lambda _self: found)

    return deployed


@pytest.mark.parametrize(
    ("cluster", "pending", "expected"),
    [
        (OLD, False, [UP]),
        (None, False, [UP]),
        (ClusterIdentity(cluster="c2", registry="r1"), False, [UP]),
        (ClusterIdentity(cluster="c1", registry="r2"), False, [SETTLE, (*UP, "--replace=urn")]),
        (OLD, True, [SETTLE, UP]),
    ],
)
def test_what_pulumi_is_asked_to_change(pulumi, calls, deployed, cluster, pending, expected):
    deployed(IMAGE, pending=pending)
    up.deploy(pulumi, cluster)
    assert calls == expected
    assert load_identity(pulumi.workspace) == (cluster or OLD)


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
