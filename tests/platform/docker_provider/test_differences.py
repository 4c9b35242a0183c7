import pytest
from pulumi.provider.experimental.property_value import PropertyValue
from pulumi.provider.experimental.provider import PropertyDiffKind

from kaldra.docker_provider.container_spec import DEFAULTS, nanoseconds
from kaldra.docker_provider.differences import answer, changes
from kaldra.docker_provider.values import UNKNOWN, properties, wrap_properties

OLD = {
    "envs": ["A=1", "B=2"],
    "command": ["a", "b"],
    "healthcheck": {"interval": "1m30s"},
    "cpus": "0.5",
    "restart": "no",
    "tmpfs": {"/data": "x"},
}


@pytest.mark.parametrize(
    ("new", "found"),
    [
        ({"envs": ["B=2", "A=1"]}, {}),
        ({"restart": None, "hostname": "", "mustRun": True}, {}),
        ({"command": ["b", "a"]}, {"command": "UPDATE"}),
        ({"envs": UNKNOWN}, {"envs": "UPDATE"}),
        ({"cpus": None}, {"cpus": "DELETE"}),
        ({"user": "1"}, {"user": "ADD"}),
        ({"envs": []}, {"envs": "DELETE"}),
        (
            {"healthcheck": {"retries": 1}},
            {"healthcheck.interval": "DELETE", "healthcheck.retries": "ADD"},
        ),
        ({"tmpfs": {"/data": "y"}}, {'tmpfs["/data"]': "UPDATE"}),
    ],
)
def test_what_differs_is_told_by_path(new, found):
    new = {key: value for key, value in {**OLD, **new}.items() if value is not None}
    assert changes(OLD, new, DEFAULTS) == found


def test_the_engine_is_told_what_is_replaced_and_what_was_lost():
    found = {'tmpfs["/data"]': "UPDATE", "l.k": "DELETE"}
    told = answer(found, replaces=lambda name: name == "l", lost="name")
    assert {path: (diff.kind, diff.input_diff) for path, diff in told.detailed_diff.items()} == {
        'tmpfs["/data"]': (PropertyDiffKind.UPDATE, True),
        "l.k": (PropertyDiffKind.DELETE_REPLACE, True),
        "name": (PropertyDiffKind.UPDATE, False),
    }
    assert told.replaces == ["l.k"]
    assert told.diffs == ["l", "name", "tmpfs"]


@pytest.mark.parametrize(("text", "value"), [("0", 0), ("1m30s", 90 * 10**9), ("1.5ms", 1_500_000)])
def test_durations(text, value):
    assert nanoseconds(text) == value


@pytest.mark.parametrize("text", ["", "5", "5 s", "s5"])
def test_what_is_not_a_duration_is_an_error(text):
    with pytest.raises(ValueError, match="is not a duration"):
        nanoseconds(text)


@pytest.mark.parametrize("notes", [True, False])
def test_notes_and_nulls_are_no_inputs(notes):
    port = {"internal": 80}
    noted = {"__defaults": ["ip"], "ports": [{"__defaults": ["ip"], **port}]}
    received = {**wrap_properties(noted, {}), "name": PropertyValue(None)}
    assert properties(received, notes=notes) == (noted if notes else {"ports": [port]})
