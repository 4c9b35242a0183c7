from collections.abc import Iterator

import pytest

from kaldra.plugins.docker.provider import DockerProvider
from kaldra.plugins.host import Host
from kaldra.plugins.protocol import provider_pb2
from kaldra.plugins.values import Props
from tests.platform.plugins.docker_fakes import FakeEngine, engine_at
from tests.platform.plugins.engine import CallFailedError, Engine, serving, urn

URN = urn("docker:index/network:Network", "kaldra")
NONE = provider_pb2.DiffResponse.DIFF_NONE
WANTED: Props = {"name": "kaldra", "labels": [{"label": "stack", "value": "local"}]}


@pytest.fixture
def docker(tmp_path) -> Iterator[FakeEngine]:
    with engine_at(tmp_path / "docker.sock") as fake:
        yield fake


@pytest.fixture
def engine(docker, tmp_path) -> Iterator[Engine]:
    with serving(DockerProvider(Host())) as connected:
        connected.configure(host=f"unix://{tmp_path}/docker.sock")
        yield connected


def make(engine: Engine, wanted: Props = WANTED) -> tuple[str, Props, Props]:
    inputs = engine.check(URN, wanted)
    id_, state = engine.create(URN, inputs)
    return id_, inputs, state


def test_it_is_made_as_asked_for(engine, docker):
    id_, inputs, state = make(
        engine,
        {
            **WANTED,
            "internal": True,
            "options": {"com.docker.network.bridge.name": "br-x"},
            "ipamConfigs": [{"subnet": "10.7.0.0/16", "gateway": "10.7.0.1"}],
        },
    )
    asked = docker.asked("POST", "/networks/create")[0][1]
    assert (asked["Name"], asked["Driver"], asked["Internal"]) == ("kaldra", "bridge", True)
    assert asked["Labels"] == {"stack": "local"}
    assert asked["IPAM"]["Config"][0]["Subnet"] == "10.7.0.0/16"
    assert (state["id"], state["name"], state["scope"]) == (id_, "kaldra", "local")
    assert state["__meta"] == '{"schema_version":"1"}'
    assert inputs["__defaults"] == ["ipamDriver"]


def test_the_pool_the_engine_chose_is_in_the_state_and_no_difference(engine):
    id_, inputs, state = make(engine)
    assert state["ipamConfigs"] == [{"subnet": "10.9.0.0/16"}]
    assert engine.diff(URN, id_, (inputs, state), inputs).changes == NONE
    assert engine.read(URN, id_, (inputs, state)) == (inputs, state)


def test_any_change_replaces_the_old_one_going_first(engine):
    id_, inputs, state = make(engine)
    diff = engine.diff(URN, id_, (inputs, state), engine.check(URN, {**WANTED, "internal": True}))
    assert list(diff.replaces) == ["internal"]
    assert diff.deleteBeforeReplace


def test_labels_have_no_order(engine):
    labels = [{"label": "a", "value": "1"}, {"label": "b", "value": "2"}]
    id_, inputs, state = make(engine, {**WANTED, "labels": labels})
    turned = engine.check(URN, {**WANTED, "labels": labels[::-1]})
    assert engine.diff(URN, id_, (inputs, state), turned).changes == NONE


def test_one_that_is_gone_is_made_again(engine, docker):
    id_, inputs, state = make(engine)
    del docker.networks["kaldra"]
    assert engine.read(URN, id_, (inputs, state)) is None
    assert list(engine.diff(URN, id_, (inputs, state), inputs).replaces) == ["name"]
    engine.delete(URN, id_, (inputs, state))


def test_an_automatic_name_is_kept(engine):
    inputs = engine.check(URN, {})
    assert inputs["name"].startswith("kaldra-")
    assert "name" in inputs["__defaults"]
    assert engine.check(URN, {}, inputs)["name"] == inputs["name"]
    id_, state = engine.create(URN, inputs)
    assert not engine.diff(URN, id_, (inputs, state), inputs).deleteBeforeReplace


def test_one_exactly_alike_is_taken_over(engine):
    assert make(engine)[0] == make(engine)[0]


def test_another_ones_of_the_same_name_is_left_alone(engine, docker):
    make(engine)
    with pytest.raises(CallFailedError, match="not this stack's") as caught:
        make(engine, {**WANTED, "labels": [{"label": "stack", "value": "other"}]})
    assert "docker network inspect kaldra" in str(caught.value)


def test_one_in_use_is_waited_for_then_its_users_are_named(engine, docker, monkeypatch):
    monkeypatch.setattr("kaldra.plugins.docker.network._EMPTY_SECONDS", 0.1)
    id_, inputs, state = make(engine)
    docker.networks["kaldra"]["Containers"] = {"x": {"Name": "lodger"}}
    answer = docker.answer

    def refuse(method, path, query, body):
        if method == "DELETE":
            return 403, {"message": "network kaldra has active endpoints"}
        return answer(method, path, query, body)

    docker.answer = refuse
    with pytest.raises(CallFailedError, match="docker rm -f lodger"):
        engine.delete(URN, id_, (inputs, state))


def test_a_preview_makes_nothing(engine, docker):
    inputs = engine.check(URN, WANTED)
    assert engine.create(URN, inputs, preview=True)[1]["name"] == "kaldra"
    assert "kaldra" not in docker.networks


def test_a_name_docker_would_not_take_is_refused_before(engine):
    with pytest.raises(AssertionError, match="is no name for Docker"):
        engine.check(URN, {"name": "with space"})
