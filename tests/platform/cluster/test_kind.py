import socket
from pathlib import Path
from typing import Any

import pytest

from kaldra.cluster import kind
from kaldra.cluster.kind import delete_cluster, ensure_cluster
from kaldra.cluster.spec import KIND_LABEL, ClusterSpec
from kaldra.errors import ConfigurationError, KaldraError
from kaldra.versions import KUBERNETES, NODE_IMAGE
from tests.fakes.archives import archive
from tests.fakes.programs import program
from tests.fakes.progress import QuietProgress

NODE = "/containers/demo-control-plane"
MINE = {KIND_LABEL: "demo"}
FAKE_KIND = """\
#!/bin/sh
echo "$@" > {folder}/arguments
[ ! -e "{kubeconfig}.lock" ] || exit 1
touch {folder}/made
"""


@pytest.fixture
def engine(docker, monkeypatch, tmp_path):
    """An engine on an ordinary host, with a cluster's network."""
    monkeypatch.setattr(kind, "require_privileged_containers", lambda: None)
    monkeypatch.setenv("KALDRA_STATE", str(tmp_path / "state"))
    docker.answers |= {
        "GET /networks/demo": {},
        "GET /containers/json": [],
        f"PUT {NODE}/archive": {},
        "DELETE /networks/demo": {},
    }
    return docker


@pytest.fixture
def made(tmp_path: Path, spec: ClusterSpec) -> Path:
    """Where a `kind` that only remembers leaves what it was told."""
    script = FAKE_KIND.format(folder=tmp_path, kubeconfig=spec.kubeconfig)
    program(tmp_path / "state" / "bin" / "kind", script)
    return tmp_path


def node(*, running=True, labels=MINE, port=0, image="") -> dict[str, Any]:
    bindings = {"30080/tcp": [{"HostPort": str(port)}]} if port else {}
    return {
        "Id": "node1",
        "State": {"Running": running},
        "Config": {"Labels": labels, "Image": image},
        "HostConfig": {"PortBindings": bindings},
    }


@pytest.fixture
def complete(engine, spec, monkeypatch):
    """The creation of the node that is found was completed."""
    content = archive({f"certs.d/localhost:{spec.registry_port}/hosts.toml": ""})
    monkeypatch.setattr(kind.docker_client, "archive", lambda *_: content)


@pytest.mark.parametrize(
    ("found", "message", "hint"),
    [
        ({"port": 1}, r"created with port 1.*kaldra:apiPort", "./kaldra down --all"),
        ({"labels": {}}, "not a node of kind", "Set kaldra:clusterName"),
    ],
)
def test_another_port_or_another_ones_container_is_refused(engine, spec, found, message, hint):
    engine.answers[f"GET {NODE}/json"] = node(**found)
    with pytest.raises(ConfigurationError, match=message) as raised:
        ensure_cluster(spec, QuietProgress())
    assert hint in raised.value.hint
    assert engine.changes() == []


@pytest.mark.parametrize(
    ("image", "told"),
    [
        ("kaldra/node:v1.34.2-abc", True),
        (f"kaldra/node:v{KUBERNETES}-abc", False),
        (NODE_IMAGE, False),
    ],
)
def test_another_kubernetes_version_is_told_and_kept(engine, spec, monkeypatch, image, told):
    engine.answers[f"GET {NODE}/json"] = node(image=image)
    monkeypatch.setattr(kind, "is_ready", lambda _spec: True)
    notes = QuietProgress()
    ensure_cluster(spec, notes)
    assert engine.changes() == []
    assert ["./kaldra down --all" in said for said in notes.said] == ([True] if told else [])


def test_what_makes_a_new_cluster_count_as_complete_comes_last(engine, spec, made):
    engine.answers[f"GET {NODE}/json"] = lambda _body: node() if (made / "made").exists() else None
    Path(f"{spec.kubeconfig}.lock").touch()
    assert ensure_cluster(spec, QuietProgress()) == "node1"
    assert (made / "arguments").read_text() == (
        f"export kubeconfig --kubeconfig {spec.kubeconfig} --name demo\n"
    )
    assert engine.changes()[-1] == f"PUT {NODE}/archive"


@pytest.mark.parametrize("running", [True, False])
def test_a_complete_cluster_that_does_not_answer_is_kept(
    engine, spec, made, complete, monkeypatch, running
):
    engine.answers[f"GET {NODE}/json"] = node(running=running)
    engine.answers[f"POST {NODE}/start"] = {}
    monkeypatch.setattr(kind, "is_ready", lambda _spec: False)
    monkeypatch.setattr(kind, "READY_SECONDS", 0.0)
    with pytest.raises(KaldraError, match="everything in it are kept"):
        ensure_cluster(spec, QuietProgress())
    assert not any(change.startswith("DELETE") for change in engine.changes())


def test_a_node_that_cannot_be_started_is_kept(engine, spec, complete):
    engine.answers[f"GET {NODE}/json"] = node(running=False)
    engine.answers[f"POST {NODE}/start"] = (500, {"message": "port is already allocated"})
    with pytest.raises(KaldraError, match="port is already allocated"):
        ensure_cluster(spec, QuietProgress())
    assert engine.changes() == [f"POST {NODE}/start"]


def test_a_taken_port_is_told_before_anything_is_made(engine, spec):
    taken = socket.create_server(("127.0.0.1", spec.api_port))
    with taken, pytest.raises(ConfigurationError, match="which the gateway needs") as raised:
        ensure_cluster(spec, QuietProgress())
    assert "kaldra:apiPort" in raised.value.hint
    assert engine.changes() == []


def test_a_failing_kind_shows_what_it_said(engine, spec, made):
    program(made / "state" / "bin" / "kind", "echo 'ERROR: no space left'\nexit 1")
    with pytest.raises(KaldraError, match=r"kind create cluster failed(.|\n)*no space left"):
        ensure_cluster(spec, QuietProgress())
    assert engine.changes() == []


@pytest.mark.parametrize(
    ("network", "removed", "told"),
    [
        (None, [], []),
        ({}, ["DELETE /networks/demo"], []),
        ({"Containers": {"1": {"Name": "guest"}}}, [], ["Network demo stays: guest is on it."]),
    ],
)
def test_absent_parts_and_a_network_that_others_are_on_are_no_error(
    engine, spec, network, removed, told
):
    engine.answers["GET /networks/demo"] = network
    progress = QuietProgress()
    delete_cluster(spec, progress)
    registry = ["DELETE /containers/demo-registry", "DELETE /volumes/demo-registry"]
    assert engine.changes() == registry + removed
    assert progress.said == told


def test_a_reduced_host_needs_an_engine_that_knows_it(docker, monkeypatch):
    class Reduced:
        missing_capabilities = ("CAP_SYS_RESOURCE",)

    monkeypatch.setattr(kind, "machine", Reduced)
    docker.answers["GET /info"] = {"DefaultRuntime": "runc"}
    with pytest.raises(KaldraError, match="CAP_SYS_RESOURCE"):
        kind.require_privileged_containers()
    docker.answers["GET /info"] = {"DefaultRuntime": "runc-reduced"}
    kind.require_privileged_containers()
