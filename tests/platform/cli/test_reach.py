import stat
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from kaldra.cli import reach
from kaldra.cli.ui import Console
from kaldra.cli.workspace import Workspace
from kaldra.errors import KaldraError
from kaldra.stack.settings import Settings

CONSOLE = Console(quiet=True)


@pytest.fixture
def kubectl(tmp_path, monkeypatch):
    """A function that puts a script in kubectl's place."""
    monkeypatch.setenv("KALDRA_STATE", str(tmp_path))

    def write(script):
        program = tmp_path / "bin" / "kubectl"
        program.parent.mkdir()
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)

    return write


@pytest.fixture
def workspace():
    values = {"target": "dev", "kubeContext": "far", "kubeconfig": "/far/config"}
    return Workspace("far", Settings.model_validate(values))


@pytest.fixture
def gateway():
    """The port of a gateway that says it is online."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'{"status":"online"}')

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


def test_a_cluster_that_answers_is_used_by_its_context(kubectl, workspace, tmp_path):
    kubectl(f'echo "$@" > "{tmp_path}/asked"')
    reach.require_cluster(workspace)
    asked = (tmp_path / "asked").read_text()
    assert asked.startswith("--kubeconfig=/far/config --context=far")
    assert "get --raw=/readyz" in asked


def test_a_cluster_that_does_not_is_named_with_its_own_words(kubectl, workspace):
    kubectl('echo "E1 noise" >&2; echo "error: connection refused" >&2; exit 1')
    with pytest.raises(KaldraError) as caught:
        reach.require_cluster(workspace)
    said = "The cluster of stack far (context far of /far/config) cannot be used: "
    assert str(caught.value) == f"{said}connection refused"
    assert "kaldra:kubeContext" in caught.value.hint


def test_the_gateway_is_asked_through_a_forward_that_ends(kubectl, workspace, gateway, tmp_path):
    kubectl(
        f'echo "Forwarding from 127.0.0.1:{gateway} -> 8000"; '
        f"trap 'touch {tmp_path}/ended; exit' TERM; while :; do sleep 0.05; done"
    )
    assert reach.ask_gateway(workspace, CONSOLE) == '{"status":"online"}'
    assert (tmp_path / "ended").exists()


def test_no_pod_to_forward_to_is_told(kubectl, workspace):
    kubectl('echo "error: unable to forward port because pod is not running"; exit 1')
    with pytest.raises(KaldraError, match=r"No pod .* can be asked: .*not running"):
        reach.ask_gateway(workspace, CONSOLE)


DEPLOYMENTS = """{"items": [
  {"metadata": {"name": "kaldra-api"}, "status": {"readyReplicas": 2}},
  {"metadata": {"name": "kaldra-core"}, "status": {"readyReplicas": %s}}
]}"""


@pytest.fixture
def doubled(monkeypatch):
    """A stack that promises two pods of each service, and asks for them without a pause."""
    monkeypatch.setattr(reach, "ASK_AGAIN_SECONDS", 0.0)
    values = {"kubeContext": "far", "coreReplicas": 2, "apiReplicas": 2}
    return Workspace("far", Settings.model_validate({"target": "dev", **values}))


def test_up_waits_for_the_pods_that_an_autoscaler_adds(kubectl, doubled, tmp_path):
    (tmp_path / "one").write_text(DEPLOYMENTS % 1)
    (tmp_path / "two").write_text(DEPLOYMENTS % 2)
    asked = tmp_path / "asked"
    kubectl(
        f'case "$(cat {asked})" in ..) cat {tmp_path}/two;; *) cat {tmp_path}/one;; esac; '
        f"printf . >> {asked}"
    )
    asked.write_text("")
    reach.wait_for_pods(doubled, CONSOLE)
    assert asked.read_text() == "..."


def test_pods_that_never_come_are_told(kubectl, doubled, tmp_path):
    at_once = doubled.settings.model_copy(update={"rollout_timeout_seconds": 0})
    (tmp_path / "one").write_text(DEPLOYMENTS % 1)
    kubectl(f"cat {tmp_path}/one")
    with pytest.raises(KaldraError, match=r"have not brought kaldra-core 1 of 2\."):
        reach.wait_for_pods(Workspace("far", at_once), CONSOLE)
