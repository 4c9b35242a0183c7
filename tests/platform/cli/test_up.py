"""What a failed `up` leaves; tests/e2e/test_08_recovery.py has what one repairs."""

import json
from unittest.mock import Mock

import pytest

from kaldra.cli import diagnosis, up
from kaldra.cli.pulumi import Deployment, Pulumi
from kaldra.cli.ui import Console
from kaldra.cli.workspace import Workspace
from kaldra.errors import KaldraError
from kaldra.stack.settings import Settings


def test_a_failed_up_does_not_pass_for_done_and_is_explained(state, monkeypatch):
    console = Mock(spec=Console)
    pulumi = Pulumi(
        Workspace("try", Settings(target="dev")), {}, console, {"cluster": "c2", "registry": "r1"}
    )
    before = {"cluster": "c1", "registry": "r1"}
    pulumi.workspace.identities.write_text(json.dumps(before))
    image = {"type": up.IMAGE_TYPE, "urn": "urn"}
    monkeypatch.setattr(Pulumi, "ensure_stack", lambda self: Deployment(self, [image]))
    monkeypatch.setattr(Pulumi, "change", Mock(side_effect=KaldraError("broken")))
    monkeypatch.setattr(diagnosis, "explain", lambda _: "pod api-1: CrashLoopBackOff")
    with pytest.raises(KaldraError, match="broken"):
        up.deploy(pulumi)
    assert up.last_cluster(pulumi.workspace) == before
    console.raw.assert_called_once_with("pod api-1: CrashLoopBackOff")
