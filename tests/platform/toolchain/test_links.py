import os

import pytest

from kaldra.toolchain import links

pytestmark = pytest.mark.usefixtures("clone")


def test_choice_holds_for_its_version_only(program):
    kind = program("v1/kind", "")
    links.choose("kind", "0.33.0", {"kind": kind})
    assert (links.folder() / "kind").readlink() == kind
    assert links.chosen("kind", "0.33.0", ["kind"])
    assert not links.chosen("kind", "0.34.0", ["kind"])
    assert not links.chosen("kubectl", "1.35.4", ["kubectl"])


def test_later_choice_replaces_the_link(program):
    links.choose("kind", "1", {"kind": program("v1/kind", "")})
    links.choose("kind", "2", {"kind": program("v2/kind", "")})
    assert (links.folder() / "kind").readlink().parent.name == "v2"
    assert [p.name for p in links.folder().iterdir()] == ["kind"]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda kind, _record: os.utime(kind, ns=(0, 0)),  # another program in its place
        lambda kind, _record: kind.unlink(),
        lambda _kind, record: record.write_text("{"),
    ],
)
def test_program_or_record_that_changed_is_chosen_anew(program, clone, spoil):
    kind = program("v1/kind", "")
    links.choose("kind", "1", {"kind": kind})
    spoil(kind, clone / "tools" / "kind.json")
    assert not links.chosen("kind", "1", ["kind"])
    links.choose("kind", "1", {"kind": program("v1/kind", "")})
    assert links.chosen("kind", "1", ["kind"])
