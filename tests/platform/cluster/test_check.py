import socket

import pytest

from kaldra.cluster import check
from kaldra.cluster.kind import Condition
from kaldra.cluster.kubeconfig import ApiServer


@pytest.fixture
def found(docker, monkeypatch):
    """Sets what is found of the cluster."""
    monkeypatch.setattr(check, "require_privileged_containers", lambda: None)
    docker.answers["GET /containers/json"] = []

    def find(condition: Condition, server: ApiServer | None = None) -> None:
        monkeypatch.setattr(check, "examine", lambda _spec: condition)
        monkeypatch.setattr(check, "api_server", lambda *_: server)

    return find


def test_without_an_engine_the_next_command_is_told(no_docker, spec):
    for finding in (check.check_cluster(spec), check.check_registry(spec)):
        assert "does not run" in finding.problem
        assert finding.fix == "./kaldra up"


def test_a_cluster_yet_to_be_made_is_well(found, spec):
    found(Condition.ABSENT)
    assert check.check_cluster(spec).problem == ""
    assert check.check_registry(spec).problem == ""


def test_a_port_that_is_taken_is_told_beforehand(found, spec):
    found(Condition.ABSENT)
    with socket.create_server(("127.0.0.1", spec.api_port)):
        finding = check.check_cluster(spec)
    assert f"Port {spec.api_port} " in finding.problem
    assert "kaldra:apiPort" in finding.fix


@pytest.mark.parametrize("condition", [Condition.PAUSED, Condition.STOPPED])
def test_a_cluster_that_up_would_mend_says_so(found, spec, condition):
    found(condition)
    finding = check.check_cluster(spec)
    assert finding.problem == condition.value
    assert finding.fix == "./kaldra up"


@pytest.mark.parametrize(("ready", "problem"), [(True, ""), (False, "its API server is not ready")])
def test_a_running_cluster_is_asked(found, spec, monkeypatch, ready, problem):
    found(Condition.RUNNING, ApiServer("127.0.0.1", 6443, ""))
    monkeypatch.setattr(ApiServer, "ready", lambda _self: ready)
    assert check.check_cluster(spec).problem == problem


def test_another_kubernetes_version_is_told(found, spec, monkeypatch):
    found(Condition.RUNNING, ApiServer("127.0.0.1", 6443, ""))
    monkeypatch.setattr(ApiServer, "ready", lambda _self: True)
    monkeypatch.setattr(check, "outdated_version", lambda _name: "1.34.2")
    finding = check.check_cluster(spec)
    assert "1.34.2" in finding.problem
    assert finding.fix == "./kaldra down --all, then ./kaldra up"


def test_a_lost_kubeconfig_is_told(found, spec):
    found(Condition.RUNNING)
    assert str(spec.kubeconfig) in check.check_cluster(spec).problem
