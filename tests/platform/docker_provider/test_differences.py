import pytest
from pulumi.provider.experimental.provider import PropertyDiffKind

from kaldra.docker_provider.container_spec import DEFAULTS, UNORDERED
from kaldra.docker_provider.differences import answer, changes, compare, nanoseconds
from kaldra.docker_provider.values import UNKNOWN

OLD = {
    "envs": ["A=1", "B=2"],
    "command": ["a", "b"],
    "healthcheck": {"interval": "1m30s"},
    "cpus": "0.5",
    "restart": "no",
}


@pytest.mark.parametrize(
    "new",
    [
        {**OLD, "envs": ["B=2", "A=1"]},
        {**OLD, "restart": None, "hostname": "", "mustRun": True},
        {**OLD, "__defaults": ["name"]},
    ],
)
def test_order_and_defaults_are_no_difference(new):
    assert changes(OLD, new, UNORDERED, DEFAULTS) == {}


@pytest.mark.parametrize(
    ("new", "path", "kind"),
    [
        ({**OLD, "command": ["b", "a"]}, ("command",), PropertyDiffKind.UPDATE),
        ({**OLD, "envs": UNKNOWN}, ("envs",), PropertyDiffKind.UPDATE),
        ({**OLD, "cpus": None}, ("cpus",), PropertyDiffKind.DELETE),
        ({**OLD, "user": "1"}, ("user",), PropertyDiffKind.ADD),
        ({**OLD, "envs": []}, ("envs",), PropertyDiffKind.DELETE),
        ({**OLD, "tmpfs": {"/data": "x"}}, ("tmpfs",), PropertyDiffKind.ADD),
    ],
)
def test_what_differs_is_told_by_path(new, path, kind):
    assert changes(OLD, new, UNORDERED, DEFAULTS) == {path: kind}


def test_paths_are_written_as_the_engine_does():
    found = compare({"tmpfs": {"/data": "a"}, "l": {"k": 1}}, {"tmpfs": {"/data": "b"}, "l": {}})
    told = answer(found, replaces=lambda name: name == "l")
    assert sorted(told.detailed_diff) == ["l.k", 'tmpfs["/data"]']
    assert told.replaces == ["l.k"]
    assert told.diffs == ["l", "tmpfs"]


@pytest.mark.parametrize(("text", "value"), [("0", 0), ("1m30s", 90 * 10**9), ("1.5ms", 1_500_000)])
def test_durations(text, value):
    assert nanoseconds(text) == value


@pytest.mark.parametrize("text", ["", "5", "5 s", "s5"])
def test_what_is_not_a_duration_is_an_error(text):
    with pytest.raises(ValueError, match="is not a duration"):
        nanoseconds(text)
