import socket
from typing import Any

import pytest

from kaldra.cluster.registry import IDENTITY_LABEL, ensure_registry, stored
from kaldra.cluster.spec import LABEL
from kaldra.errors import ConfigurationError, KaldraError
from kaldra.toolchain import docker_client
from tests.fakes.archives import archive
from tests.fakes.progress import QuietProgress

CONTAINER = "/containers/demo-registry"


def container(port: int, *, running: bool = True, paused: bool = False) -> dict[str, Any]:
    return {
        "State": {"Running": running, "Paused": paused},
        "HostConfig": {"PortBindings": {"5000/tcp": [{"HostPort": str(port)}]}},
    }


@pytest.fixture
def engine(docker):
    docker.answers |= {
        "GET /containers/json": [],
        "GET /networks/bridge": {"Options": {}},
        "POST /networks/create": {},
        "GET /images/registry:1/json": {"Id": "sha256:1"},
        "POST /volumes/create": {},
        "GET /volumes/demo-registry": {
            "CreatedAt": "2026-01-01T00:00:00Z",
            "Labels": {LABEL: "demo", IDENTITY_LABEL: "0f3a"},
        },
        "POST /containers/create": {"Id": "1"},
        f"POST {CONTAINER}/start": {},
        f"DELETE {CONTAINER}": {},
    }
    return docker


def test_a_registry_is_made_on_the_loopback_with_labelled_storage(engine, spec):
    ensure_registry(spec, QuietProgress())
    assert engine.changes() == [
        "POST /networks/create",
        "POST /volumes/create",
        "POST /containers/create",
        f"POST {CONTAINER}/start",
    ]
    labels = engine.bodies["POST /volumes/create"]["Labels"]
    assert labels[LABEL] == "demo"
    assert len(labels[IDENTITY_LABEL]) == 32
    assert engine.bodies["POST /networks/create"]["Labels"] == {LABEL: "demo"}
    made = engine.bodies["POST /containers/create"]
    assert made["Labels"] == {LABEL: "demo"}
    assert made["HostConfig"]["PortBindings"] == {
        "5000/tcp": [{"HostIp": "127.0.0.1", "HostPort": str(spec.registry_port)}]
    }
    assert made["HostConfig"]["Binds"] == ["demo-registry:/var/lib/registry"]


def test_a_registry_on_another_port_is_created_again_with_its_storage(engine, spec):
    engine.answers[f"GET {CONTAINER}/json"] = container(1)
    ensure_registry(spec, QuietProgress())
    assert f"DELETE {CONTAINER}" in engine.changes()
    assert "POST /containers/create" in engine.changes()
    assert not any("DELETE /volumes" in change for change in engine.changes())


def test_a_paused_registry_goes_on_though_its_port_is_taken(engine, spec):
    engine.answers[f"GET {CONTAINER}/json"] = container(spec.registry_port, paused=True)
    engine.answers[f"POST {CONTAINER}/unpause"] = {}
    with socket.create_server(("127.0.0.1", spec.registry_port)):
        ensure_registry(spec, QuietProgress())
    assert engine.changes() == ["POST /networks/create", f"POST {CONTAINER}/unpause"]


def test_a_taken_port_is_told_before_anything_is_made(engine, spec):
    taken = socket.create_server(("127.0.0.1", spec.registry_port))
    with taken, pytest.raises(ConfigurationError, match="the local registry"):
        ensure_registry(spec, QuietProgress())
    assert "POST /containers/create" not in engine.changes()


def test_a_registry_that_does_not_start_says_where_to_look(engine, spec):
    engine.answers[f"POST {CONTAINER}/start"] = (500, {"message": "no such network"})
    with pytest.raises(KaldraError, match="no such network") as raised:
        ensure_registry(spec, QuietProgress())
    assert raised.value.hint == "docker logs demo-registry"


def test_an_image_that_only_the_publisher_has_is_pulled(engine, spec):
    del engine.answers["GET /images/registry:1/json"]
    engine.answers["POST /images/create"] = {}
    ensure_registry(spec, QuietProgress())
    assert "POST /images/create" in engine.changes()


A, B = "a" * 64, "b" * 64
FILES = {
    f"repositories/kaldra-api/_manifests/revisions/sha256/{A}/link": f"sha256:{A}",
    f"repositories/kaldra-api/_manifests/revisions/sha256/{B}/link": f"sha256:{B}",
    "repositories/kaldra-api/_manifests/tags/dev/current/link": f"sha256:{B}",
    f"repositories/kaldra-api/_manifests/tags/dev/index/sha256/{A}/link": f"sha256:{A}",
    f"repositories/kaldra-api/_layers/sha256/{A}/link": f"sha256:{A}",
    f"repositories/team/core/_manifests/revisions/sha256/{A}/link": f"sha256:{A}",
}
IMAGES = [f"kaldra-api@sha256:{A}", f"kaldra-api@sha256:{B}", f"team/core@sha256:{A}"]


@pytest.mark.parametrize(
    ("content", "images", "tagged"),
    [(archive(FILES), IMAGES, {f"sha256:{B}"}), (None, [], frozenset())],
)
def test_images_and_what_has_a_tag_now(spec, monkeypatch, content, images, tagged):
    monkeypatch.setattr(docker_client, "archive", lambda *_: content)
    assert stored(spec) == (images, tagged)
