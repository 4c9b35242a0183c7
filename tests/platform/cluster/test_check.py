import socket

import pytest

from kaldra.cluster import check
from kaldra.cluster.kubeconfig import ApiServer

UP = "./kaldra up"


@pytest.fixture
def found(docker, monkeypatch):
    """Sets what is found of the cluster."""
    monkeypatch.setattr(check, "require_privileged_containers", lambda: None)
    docker.answers["GET /containers/json"] = []

    def find(condition: str, *, ready: bool | None = None, version: str = "") -> None:
        server = None if ready is None else ApiServer("https://127.0.0.1:6443", "")
        monkeypatch.setattr(check, "examine", lambda _spec: condition)
        monkeypatch.setattr(check, "api_server", lambda *_: server)
        monkeypatch.setattr(ApiServer, "ready", lambda _self: ready)
        monkeypatch.setattr(check, "outdated_version", lambda _spec: version)

    return find


def test_without_an_engine_the_next_command_is_told(no_docker, spec):
    for finding in check.collect(spec):
        assert "does not run" in finding.problem
        assert finding.fix == UP


def test_a_cluster_yet_to_be_made_is_well(found, spec):
    found("absent")
    assert [finding.problem for finding in check.collect(spec)] == ["", ""]


def test_a_port_that_is_taken_is_told_beforehand(found, spec):
    found("absent")
    with socket.create_server(("127.0.0.1", spec.api_port)):
        finding, _ = check.collect(spec)
    assert f"Port {spec.api_port} " in finding.problem
    assert "kaldra:apiPort" in finding.fix


@pytest.mark.parametrize(
    ("condition", "facts", "problem", "fix"),
    [
        ("paused", {}, "paused", UP),
        ("stopped", {}, "stopped", UP),
        ("running", {}, "kubeconfig does not lead to it", UP),
        ("running", {"ready": False}, "its API server is not ready", "docker logs demo-"),
        ("running", {"ready": True}, "", ""),
        ("running", {"ready": True, "version": "1.34.2"}, "1.34.2", "./kaldra down --all, then "),
    ],
)
def test_what_is_wrong_with_a_cluster_is_told_with_what_helps(
    found, spec, condition, facts, problem, fix
):
    found(condition, **facts)
    finding, _ = check.collect(spec)
    assert problem in finding.problem
    assert finding.fix.startswith(fix)
    assert bool(finding.problem) == bool(finding.fix) == bool(problem)
