import subprocess
import sys
from collections.abc import Iterator

import grpc
import pytest
from google.protobuf import empty_pb2

from kaldra.errors import KaldraError
from kaldra.plugins.diffs import Change, Diff, Kind, compare
from kaldra.plugins.host import Host
from kaldra.plugins.protocol import provider_pb2, provider_pb2_grpc
from kaldra.plugins.provider import Checked, Failure, Found, InitError, Provider
from kaldra.plugins.values import UNKNOWN, Secret, reveal
from tests.platform.plugins.engine import CallFailedError, Engine, serving, urn

URN = urn("toy:index:Thing", "thing")


class Toy(Provider):
    """Keeps things in memory; `mood` decides how a creation ends."""

    name, version = "toy", "1.2.3"

    def configure(self, settings):
        self.settings = settings

    def check(self, resource, olds, news, seed, autonaming):
        if "size" not in news:
            return Checked(news, [Failure("size", "is required")])
        return Checked({**news, "name": news.get("name", resource.name), "type": resource.type})

    def diff(self, resource, id_, old_inputs, old_state, news):
        changes = compare(old_inputs, news)
        return Diff(
            {
                path: Change(c.kind, replace=path[0] == "name", input_only=c.input_only)
                for path, c in changes.items()
            }
        )

    def create(self, resource, inputs, *, timeout, preview):
        if preview:
            return "", {**inputs, "url": UNKNOWN}
        mood = inputs.get("mood")
        if mood == "refuse":
            raise KaldraError(f"cannot store {reveal(inputs['key'])}", hint="try another")
        if mood == "break":
            raise ValueError(reveal(inputs["key"]))
        if mood == "half":
            raise InitError(Found("id-1", {**inputs, "url": "x"}, inputs), ["not ready", "at all"])
        if mood == "wait":
            self.cancelled.wait(30)
            raise KaldraError("cancelled" if self.cancelled.is_set() else "never cancelled")
        return "id-1", {**inputs, "url": "http://thing"}

    def read(self, resource, id_, inputs, state):
        return None if id_ == "gone" else Found(id_, state, inputs)

    def update(self, resource, id_, old_inputs, old_state, news, *, timeout, preview):
        return {**news, "timeout": timeout}

    def delete(self, resource, id_, inputs, state, *, timeout):
        raise KaldraError(f"kept {id_}")


@pytest.fixture
def engine() -> Iterator[Engine]:
    with serving(Toy(Host())) as connected:
        yield connected


def test_values_keep_secrets_unknowns_and_whole_numbers(engine):
    inputs = {"size": 3, "half": 0.5, "key": Secret({"a": ["b", UNKNOWN]}), "none": None, "e": {}}
    checked = engine.check(URN, inputs)
    assert checked == {**inputs, "name": "thing", "type": "toy:index:Thing"}
    assert isinstance(checked["size"], int)


def test_check_failures_are_answered_not_raised(engine):
    answer = engine.Check(provider_pb2.CheckRequest(urn=URN))
    assert [(f.property, f.reason) for f in answer.failures] == [("size", "is required")]


def test_preview_has_no_id_and_unknown_outputs(engine):
    id_, state = engine.create(URN, {"size": 1}, preview=True)
    assert (id_, state["url"]) == ("", UNKNOWN)


def test_diff_names_each_path_and_its_kind(engine):
    old = {"name": "a", "labels": {"x.y/z": "1", "gone": "1"}, "list": [{"n": 1}]}
    new = {"name": "b", "labels": {"x.y/z": "2"}, "list": [{"n": 1}, {"n": 2}]}
    diff = engine.diff(URN, "id", (old, {}), new)
    kinds = {path: change.kind for path, change in diff.detailedDiff.items()}
    of = provider_pb2.PropertyDiff
    assert kinds == {
        "name": of.UPDATE_REPLACE,
        'labels["x.y/z"]': of.UPDATE,
        "labels.gone": of.DELETE,
        "list[1]": of.ADD,
    }
    assert list(diff.replaces) == ["name"]
    assert list(diff.diffs) == ["labels", "list", "name"]


def test_no_change_is_no_diff(engine):
    same = {"name": "a", "key": Secret("s"), "none": None}
    diff = engine.diff(URN, "id", (same, {}), {"name": "a", "key": "s"})
    assert diff.changes == provider_pb2.DiffResponse.DIFF_NONE


def test_an_error_is_the_users_message_without_secrets(engine):
    with pytest.raises(CallFailedError) as caught:
        engine.create(URN, {"mood": "refuse", "key": Secret("hunter22")})
    assert str(caught.value) == "cannot store [secret]\ntry another"
    assert caught.value.code is grpc.StatusCode.FAILED_PRECONDITION


def test_a_state_s_copy_of_the_inputs_masks_nothing_by_itself(engine):
    engine.read(URN, "id", ({}, {"__inputs": Secret({"image": "registry/name"})}))
    with pytest.raises(CallFailedError, match="cannot store registry/name"):
        engine.create(URN, {"mood": "refuse", "key": "registry/name"})


def test_an_unexpected_error_is_masked_too(engine):
    with pytest.raises(CallFailedError) as caught:
        engine.create(URN, {"mood": "break", "key": Secret("hunter22")})
    assert "ValueError" in str(caught.value)
    assert "hunter22" not in str(caught.value)


def test_a_half_made_resource_is_kept_with_its_reasons(engine):
    with pytest.raises(CallFailedError) as caught:
        engine.create(URN, {"mood": "half", "key": Secret("hunter22")})
    assert list(caught.value.failed.reasons) == ["not ready", "at all"]
    assert caught.value.failed.id == "id-1"
    assert caught.value.kept == {"mood": "half", "key": Secret("hunter22"), "url": "x"}


def test_cancel_ends_a_wait(engine):
    waiting = engine.stub.Create.future(
        provider_pb2.CreateRequest(urn=URN, properties={"mood": "wait"})
    )
    engine.cancel()
    assert "cancelled" in waiting.exception(timeout=20).details()


def test_update_read_and_delete_arrive(engine):
    assert engine.update(URN, "id", ({}, {}), {"size": 2}, timeout=7) == {"size": 2, "timeout": 7}
    assert engine.read(URN, "id", ({"size": 1}, {"url": "u"})) == ({"size": 1}, {"url": "u"})
    assert engine.read(URN, "gone", ({}, {})) is None
    with pytest.raises(CallFailedError, match="kept id"):
        engine.delete(URN, "id", ({}, {}))


def test_what_it_does_not_offer_is_refused_by_name(engine):
    with pytest.raises(CallFailedError, match="has no function toy:index:look"):
        engine.Invoke(provider_pb2.InvokeRequest(tok="toy:index:look"))


def test_compare_tells_absent_from_null_and_true_from_one():
    assert compare({"a": None}, {}) == {}
    assert compare({"a": 1}, {"a": True}) == {("a",): Change(Kind.UPDATE)}
    assert compare({}, {"a": {"b": 1}}) == {("a",): Change(Kind.ADD)}
    assert compare({"a": UNKNOWN}, {"a": UNKNOWN}) == {("a",): Change(Kind.UPDATE)}


def test_a_plugin_process_prints_its_port_and_leaves_when_told(tmp_path):
    body = (
        "import sys\n"
        "from kaldra.plugins.provider import Provider\n"
        "from kaldra.plugins.serve import main\n"
        "class Toy(Provider):\n"
        "    name, version = 'toy', '1.2.3'\n"
        "    configure = check = diff = create = read = update = delete = None\n"
        "Toy.__abstractmethods__ = frozenset()\n"
        "assert 'pulumi' not in sys.modules, 'the SDK is too slow to start with'\n"
        "main(Toy)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", body, "-v=9", "127.0.0.1:1"],
        stdout=subprocess.PIPE,
        text=True,
        env={"PYTHONPATH": ":".join(sys.path)},
    )
    try:
        assert process.stdout
        port = int(process.stdout.readline())
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            info = provider_pb2_grpc.ResourceProviderStub(channel).GetPluginInfo(
                empty_pb2.Empty(), timeout=20
            )
        assert info.version == "1.2.3"
        process.send_signal(2)
        assert process.wait(timeout=10) == 0
    finally:
        process.kill()
        process.communicate()
